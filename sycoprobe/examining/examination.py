"""`doctor`, from Python."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping

from pydantic import JsonValue

from sycoprobe import api
from sycoprobe.backends.base import BackendOptions
from sycoprobe.examining.checks import Examination
from sycoprobe.examining.examiner import Examiner


def doctor(
    model: str = api.DEFAULT_MODEL,
    *,
    base_url: str | None = None,
    api_key_env: str | None = None,
    headers: Mapping[str, str] | None = None,
    body: Mapping[str, JsonValue] | None = None,
    timeout: float = 60.0,
    reply_tokens: int | None = None,
    tell: Callable[[str], None] = lambda _line: None,
) -> Examination:
    """`examine`, from synchronous code."""
    return asyncio.run(
        examine(
            model,
            base_url=base_url,
            api_key_env=api_key_env,
            headers=headers,
            body=body,
            timeout=timeout,
            reply_tokens=reply_tokens,
            tell=tell,
        )
    )


async def examine(
    model: str = api.DEFAULT_MODEL,
    *,
    base_url: str | None = None,
    api_key_env: str | None = None,
    headers: Mapping[str, str] | None = None,
    body: Mapping[str, JsonValue] | None = None,
    timeout: float = 60.0,
    reply_tokens: int | None = None,
    tell: Callable[[str], None] = lambda _line: None,
) -> Examination:
    """Try everything that a run of `model` depends on, with at most seven short calls; no fault is raised, each becomes a check.

    Parameters
    ----------
    model, base_url, api_key_env: as for `sycoprobe.run`; `model` may also be an alias from the settings.
    headers, body: of the user's own, as `headers_of` and `body_of` of `sycoprobe.backends.extras` make them.
    timeout: seconds for one attempt.
    reply_tokens: length limit of a reply; None: what a run of this model in the default form has.
    tell: told what is being tried, and of waits and fetches, a line each.
    """
    options = BackendOptions(base_url, 1, api_key_env=api_key_env, headers=headers or {}, body=body or {})
    examiner = Examiner(model, options, timeout, reply_tokens, tell)
    began = time.monotonic()
    await examiner.examine()
    return examiner.result(time.monotonic() - began)
