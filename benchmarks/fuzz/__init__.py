"""Mutated inputs of every sort that sycoprobe reads, in one process: nothing but a clear error may come of them, and within two seconds."""
