"""`python -m sycoprobe`: the command `sycoprobe`, also where its script is not on the path."""

from sycoprobe.cli.main import main

if __name__ == "__main__":
    main()
