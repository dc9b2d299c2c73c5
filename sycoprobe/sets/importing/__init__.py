"""Foreign rows to probes: pure parsing, with every row accounted for. Files are read and written in `sycoprobe/sets/imports.py`."""
