"""Which limiter a call passes: one for each event loop, host and key."""

from __future__ import annotations

import asyncio
import hashlib
import os
import weakref

from sycoprobe.backends.limiter import Limiter

_SALT = os.urandom(16)
_limiters: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, dict[tuple[str, bytes], Limiter]] = weakref.WeakKeyDictionary()


def limiter_for(host: str, key: str | None) -> Limiter:
    """The limiter of a host and key in the running event loop; a new one in place of one that has given up.

    Parameters
    ----------
    host: as shown to the user.
    key: kept only as a salted hash.
    """
    loop = asyncio.get_running_loop()
    for old in [old for old in _limiters if old.is_closed()]:
        del _limiters[old]
    limiters = _limiters.setdefault(loop, {})
    name = host.lower(), hashlib.blake2b((key or "").encode(), key=_SALT, digest_size=16).digest()
    found = limiters.get(name)
    if found is None or found.gave_up:
        found = limiters[name] = Limiter(host)
    return found
