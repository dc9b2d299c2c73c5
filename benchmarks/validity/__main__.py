"""`python -m benchmarks.validity`."""

from benchmarks.validity import main

main()
