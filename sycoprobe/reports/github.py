"""A gate's pull-request comment: found by its marker and its author and updated, else created."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from sycoprobe.errors import GateError

if TYPE_CHECKING:
    import httpx

    from sycoprobe.reports.findings import Gated

_PAGE = 100


def title_of(gated: Gated, environment: Mapping[str, str]) -> str:
    """What tells a gate from others of the same pull request: workflow, job, its place in a matrix, then models, kinds and sets.

    The Action passes the matrix on in SYCOPROBE_MATRIX, as JSON, since a job's name is the same all over it.
    """
    try:
        matrix = json.loads(environment.get("SYCOPROBE_MATRIX") or "null")
    except ValueError:
        matrix = None
    places = [f"{key}={value}" for key, value in matrix.items()] if isinstance(matrix, dict) else []
    job = [environment.get("GITHUB_WORKFLOW", ""), environment.get("GITHUB_JOB", ""), ", ".join(places)]
    return " / ".join(part for part in (*job, gated.name) if part)


def post_comment(body: str, marker: str, environment: Mapping[str, str] | None = None, pull_request: int | None = None) -> str:
    """Put `body`, which begins with `marker`, onto the pull request that this CI job belongs to, and say what was done.

    Parameters
    ----------
    environment: where GITHUB_TOKEN, GITHUB_REPOSITORY, GITHUB_REF and, for an own server, GITHUB_API_URL stand
        (default: the process's). The token is sent to that server only and appears in no message.
    pull_request: its number (default: from GITHUB_REF, `refs/pull/N/merge`).

    Raises
    ------
    GateError: something is missing, or the server refuses.

    A comment that somebody else wrote is left alone, whatever it begins with.
    """
    import httpx

    env = os.environ if environment is None else environment
    number = pull_request or _number(env.get("GITHUB_REF", ""))
    token, repository = env.get("GITHUB_TOKEN", ""), env.get("GITHUB_REPOSITORY", "")
    if not token or not re.fullmatch(r"[\w.-]+/[\w.-]+", repository):
        raise GateError(
            "GITHUB_TOKEN or GITHUB_REPOSITORY is not set",
            "run this inside GitHub Actions, with `pull-requests: write` permission",
        )
    base = env.get("GITHUB_API_URL", "https://api.github.com").rstrip("/")
    headers = {
        "Authorization": f"Bearer {token}",
        "Accept": "application/vnd.github+json",
        "X-GitHub-Api-Version": "2022-11-28",
    }
    try:
        with httpx.Client(base_url=base, headers=headers, timeout=30.0) as client:
            found = _existing(client, f"/repos/{repository}/issues/{number}/comments", marker)
            if found is not None:
                done = client.patch(f"/repos/{repository}/issues/comments/{found}", json={"body": body})
                what = "updated"
            else:
                done = client.post(f"/repos/{repository}/issues/{number}/comments", json={"body": body})
                what = "wrote"
            done.raise_for_status()
    except httpx.HTTPStatusError as e:
        raise GateError(
            f"GitHub answered {e.response.status_code} to {e.request.method} {e.request.url.path}",
            "the token needs the permission `pull-requests: write`; a pull request from a fork has none",
        ) from None
    except httpx.HTTPError as e:
        raise GateError(f"{base} cannot be reached: {type(e).__name__}", "try again") from None
    except (ValueError, TypeError, KeyError, AttributeError):
        raise GateError(f"{base} answered with something else than comments", "GITHUB_API_URL must be GitHub's API") from None
    return f"{what} the comment on pull request {number}"


def _existing(client: httpx.Client, path: str, marker: str) -> int | None:
    """The id of the first comment that begins with the marker and is of the token's own. Raises `ValueError` for an answer that is no list."""
    page, mine = 1, None
    while True:
        answer = client.get(path, params={"per_page": _PAGE, "page": page})
        answer.raise_for_status()
        comments = answer.json()
        if not isinstance(comments, list):
            raise ValueError("not a list of comments")
        for comment in comments:
            if not str(comment.get("body", "")).startswith(marker):
                continue
            if "user" not in comment:
                return int(comment["id"])
            mine = mine or _login(client)
            if (comment["user"] or {}).get("login") == mine:
                return int(comment["id"])
        if len(comments) < _PAGE:
            return None
        page += 1


def _login(client: httpx.Client) -> str:
    """Who the token speaks for. `GET /user` refuses the tokens of Actions and Apps; to those `viewer` answers."""
    import httpx

    base = str(client.base_url).rstrip("/").removesuffix("/v3")
    query = {"query": "query { viewer { login } }"}
    for method, url, body in (("GET", "/user", None), ("POST", f"{base}/graphql", query)):
        try:
            said = client.request(method, url, json=body).raise_for_status().json()
        except (httpx.HTTPError, ValueError):
            continue
        found = said.get("data", {}).get("viewer", said) if isinstance(said, dict) else {}
        if isinstance(found, dict) and isinstance(found.get("login"), str):
            return str(found["login"])
    return "github-actions[bot]"


def _number(ref: str) -> int:
    found = re.fullmatch(r"refs/pull/(\d+)/(?:merge|head)", ref)
    if found is None:
        raise GateError("this CI job belongs to no pull request", "name one with --pr NUMBER, or leave the comment out")
    return int(found[1])
