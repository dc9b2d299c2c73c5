"""Which file a local model's name stands for."""

from __future__ import annotations

from pathlib import Path

from sycoprobe.backends.store import catalogue
from sycoprobe.backends.store.catalogue import stored
from sycoprobe.backends.store.fetching import Say, fetch, from_hub
from sycoprobe.errors import ModelError
from sycoprobe.names import meant


def resolve(name: str, say: Say) -> Path:
    """The GGUF file that `name` stands for; fetched first if it is a known model that may be.

    Parameters
    ----------
    name: a known model, a path that ends in .gguf, or `hf:org/repo/file.gguf`.
    say: told what is fetched, from where, how large and under which licence.

    Raises
    ------
    ModelError: unknown, not found, not fetched, or damaged.
    MissingExtraError: `hf:` without the extra [hub].
    """
    if name.startswith("hf:"):
        return from_hub(name.removeprefix("hf:"), say)
    known = catalogue.known_models().get(name)
    if known is None:
        path = Path(name).expanduser()
        if path.suffix == ".gguf":
            if not path.is_file():
                raise ModelError(
                    f"{path}: there is no such file", "name a GGUF file, or one of: " + ", ".join(catalogue.known_models())
                )
            return path
        raise ModelError(
            f"no local model {name!r}",
            f"{meant(name, catalogue.known_models())}known: {', '.join(catalogue.known_models())}; or local:/path/model.gguf, local:hf:org/repo/file.gguf",
        )
    found = stored(known)
    if found is not None:
        return found
    if not known.implicit:
        raise ModelError(
            f"{name} has not been fetched; it comes under its own terms ({known.licence})",
            f"if you accept them: `sycoprobe models fetch {name}`",
        )
    return fetch(name, say)
