"""The model that is examined: what it is called, what is known of it by now, and how its failures can be fixed."""

from __future__ import annotations

import difflib
from urllib.parse import urlsplit

from sycoprobe.backends import likely_model
from sycoprobe.backends.base import BackendOptions
from sycoprobe.errors import BackendError, SycoprobeError
from sycoprobe.turns import ErrorKind


class Subject:
    """The model under examination.

    Attributes
    ----------
    model: as it is named in a run; `scheme` is its backend and `name` the rest.
    options: for its backend.
    listed: the models that its server lists.
    aliases: the names that the settings file gives to models.
    key_from: where its key was found.
    """

    def __init__(self, model: str, options: BackendOptions) -> None:
        self.options = options
        self.listed: list[str] = []
        self.aliases: list[str] = []
        self.key_from = ""
        self.rename(model)

    def rename(self, model: str) -> None:
        """Examine this model instead: the one that an alias stands for."""
        self.model = model
        self.scheme, _, self.name = model.partition(":")

    def likely(self) -> str:
        """What a model whose backend is not known was probably meant to be; empty if nothing is near."""
        return likely_model(self.model, self.aliases) or ("" if ":" in self.model else f"openai:{self.model}")

    def near(self) -> list[str]:
        """Models that the server lists under a name like this one."""
        near = difflib.get_close_matches(self.name, self.listed, 3, 0.5)
        return near or [i for i in self.listed if self.name.lower() in i.lower()][:3]

    def fix(self, error: SycoprobeError) -> str:
        """The fix of a failed call, with what is known by now of the key, the model's name and the address."""
        kind = error.kind if isinstance(error, BackendError) else None
        if kind == ErrorKind.AUTH and self.key_from:
            return f"the server refuses the key in {self.key_from}: is it whole, of this provider, and allowed this model?"
        if kind == ErrorKind.AUTH:
            return "the server wants a key: set the variable named above, or name another with --api-key-env"
        if kind == ErrorKind.NOT_FOUND and "HTTP 404" in error.message:
            near = self.near()
            if near and self.name not in self.listed:
                return f"did you mean -m {self.scheme}:{near[0]}?"
            url = self.options.base_url or ""
            if self.scheme == "openai" and url and not self.listed and not urlsplit(url).path.strip("/"):
                return f"such addresses mostly end in /v1: --base-url {url.rstrip('/')}/v1"
        if kind == ErrorKind.TIMEOUT and not error.hint:
            return "a larger --timeout if it is only slow; else look at the server's log"
        if kind == ErrorKind.RATE_LIMIT and not error.hint:
            return "others use the same key, or its limit is low: wait, and run with a small -c"
        return error.hint


def named(error: Exception) -> SycoprobeError:
    """The error as one of ours; what a plug-in raises otherwise is its fault."""
    if isinstance(error, SycoprobeError):
        return error
    return SycoprobeError(f"{type(error).__name__}: {error}", "this is a fault of the backend: tell who wrote it")
