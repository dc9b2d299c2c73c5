"""`doctor`, from Python."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path

from pydantic import JsonValue

from sycoprobe.backends.base import BackendOptions
from sycoprobe.backends.extras import body_of, headers_of
from sycoprobe.examining.checks import Examination
from sycoprobe.examining.examiner import Examiner
from sycoprobe.loops import run_alone
from sycoprobe.settings.run import DEFAULT_MODEL


def doctor(
    model: str = DEFAULT_MODEL,
    *,
    base_url: str | None = None,
    api_key_env: str | None = None,
    headers: Mapping[str, str] | None = None,
    body: Mapping[str, JsonValue] | None = None,
    timeout: float = 60.0,
    reply_tokens: int | None = None,
    config: str | Path | None = None,
    tell: Callable[[str], None] = lambda _line: None,
) -> Examination:
    """Try everything that a run of `model` depends on, with at most seven short calls; no fault is raised, each becomes a check.

    Parameters
    ----------
    model, base_url, api_key_env: as for `sycoprobe.run`; `model` may also be an alias from the settings.
    headers, body: of the user's own, as for `sycoprobe.run`.
    timeout: seconds for one attempt.
    reply_tokens: length limit of a reply; None: what a run of this model in the default form has.
    config: the settings file that holds aliases (default: the one here or above).
    tell: told what is being tried, and of waits and fetches, a line each.
    """
    return run_alone(
        lambda: examine(
            model,
            base_url=base_url,
            api_key_env=api_key_env,
            headers=headers,
            body=body,
            timeout=timeout,
            reply_tokens=reply_tokens,
            config=config,
            tell=tell,
        ),
        called="sycoprobe.doctor",
        instead="sycoprobe.examine",
    )


async def examine(
    model: str = DEFAULT_MODEL,
    *,
    base_url: str | None = None,
    api_key_env: str | None = None,
    headers: Mapping[str, str] | None = None,
    body: Mapping[str, JsonValue] | None = None,
    timeout: float = 60.0,
    reply_tokens: int | None = None,
    config: str | Path | None = None,
    tell: Callable[[str], None] = lambda _line: None,
) -> Examination:
    """`doctor`, to be awaited where an event loop runs: the same parameters and result."""
    options = BackendOptions(base_url, 1, api_key_env=api_key_env, headers=headers_of(headers or {}), body=body_of(body or {}))
    examiner = Examiner(model, options, timeout, reply_tokens, tell, config)
    began = time.monotonic()
    await examiner.examine()
    return examiner.result(time.monotonic() - began)
