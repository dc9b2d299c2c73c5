"""Foreign files to a set, every row accounted for. `reading` and `writing` touch files; the rest is pure; `sycoprobe/imports.py` puts them together."""
