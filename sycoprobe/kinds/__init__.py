"""Probe kinds: each a small definition of arms, turns, readings and measures."""
