"""The store of local models: finding, fetching and verifying GGUF files. A file at its final path is always whole."""

from sycoprobe.backends.store.catalogue import KnownModel, Part, cache_folder, known_models, sha256_of, stored
from sycoprobe.backends.store.fetching import fetch
from sycoprobe.backends.store.gguf import Gguf, read_gguf
from sycoprobe.backends.store.resolving import resolve

__all__ = ["Gguf", "KnownModel", "Part", "cache_folder", "fetch", "known_models", "read_gguf", "resolve", "sha256_of", "stored"]
