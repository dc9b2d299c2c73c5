"""A server's address: where it comes from, and how it may be shown."""

from __future__ import annotations

import os
import re
from functools import lru_cache
from urllib.parse import urlsplit

from sycoprobe.backends.base import BackendOptions
from sycoprobe.errors import BackendError
from sycoprobe.turns import ErrorKind


def address(options: BackendOptions, variable: str, default: str) -> str:
    """The server's address: the user's, else that in the environment variable, else the provider's. Raises `BackendError`, fatal."""
    if options.base_url:
        return without_endpoint(checked_url(options.base_url, "--base-url"))
    return without_endpoint(checked_url(os.environ.get(variable) or default, variable))


def without_endpoint(url: str) -> str:
    """An address as it is documented for one call, without the path of that call: what is pasted from a `curl` line works too.

    >>> without_endpoint("http://localhost:8000/v1/chat/completions")
    'http://localhost:8000/v1'
    """
    return re.sub(r"/(?:chat/completions|completions|responses|messages)/?$", "", url)


def checked_url(url: str, origin: str) -> str:
    """The address without blanks around it. `origin` says who gave it. Raises `BackendError`."""
    url = url.strip()
    wrong = ""
    try:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0 or re.search(r"\s", url):
            wrong = "is not an address"
        elif "@" in parts.netloc:
            wrong = "holds a user name or password"
        elif parts.query or parts.fragment:
            wrong = "is not an address that a path can be added to: it has a ? or #"
    except ValueError:
        wrong = "is not an address"
    if wrong:
        raise BackendError(
            f"{origin} {without_secrets(url)!r} {wrong}",
            "write it like http://localhost:8000/v1, and put a key into the environment",
            kind=ErrorKind.CONNECT,
            fatal=True,
        )
    return url


def without_secrets(url: str) -> str:
    """The address, or what was given for one, without user name, password and query."""
    scheme, mark, rest = url.partition("://") if "://" in url else ("", "", url)
    return scheme + mark + re.split(r"[?#]", rest.rpartition("@")[2])[0]


@lru_cache(64)
def without_path(model: str) -> str:
    """A model's id; of one that is a path on the server's disk (as local servers name their files), the last part only."""
    return re.split(r"[/\\]", model.rstrip("/\\"))[-1] if re.match(r"/|~|[A-Za-z]:[/\\]|\\\\", model) else model
