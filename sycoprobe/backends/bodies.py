"""What the body of an HTTP reply holds, and what came where it is no answer of an API."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from sycoprobe.backends.addresses import without_secrets
from sycoprobe.errors import BackendError
from sycoprobe.extract.replies import json_from
from sycoprobe.keys import redacted
from sycoprobe.text import shortened
from sycoprobe.turns import ErrorKind

if TYPE_CHECKING:
    from sycoprobe.backends.transport import HttpReply

_LOOKED_AT = 20_000
"""Bytes of a body that is no JSON, in which is looked for what it is."""
_READ = 4000
"""Characters of an error's text that are read."""
_TITLE = re.compile(r"<title[^<>]{0,200}>([^<]{1,500})", re.I)
_PAGE = re.compile(
    r"\s*(?:<\?xml[^>]{0,200}>\s*)?(?:<!--[^>]{0,500}>\s*)?<(?:!doctype html|html|head|body|title|script|meta)\b", re.I
)
_STREAM = re.compile(r"\s*(?:data|event|id|retry)\s?:|\s*:(?!\S*[{\[])")
_NO_SUCH_PATH = re.compile(
    r"unexpected endpoint|(?:unknown|invalid|no such|unsupported) (?:api )?(?:endpoint|path|route|url)\b|no (?:route|handler) (?:for|matches)|cannot (?:post|get) /",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Foreign:
    """What came instead of an API's answer, in a few words, and the fix."""

    said: str
    fix: str


def foreign(reply: HttpReply) -> Foreign | None:
    """What a reply is, where its body is a web page, a stream, empty or some other text instead of JSON; None where it may be an answer."""
    body = reply.body[:_LOOKED_AT].decode("utf-8", "replace").lstrip("\ufeff")
    if body.lstrip()[:1] in ("{", "["):
        return None
    kind = reply.headers.get("content-type", "")
    if _PAGE.match(body):
        found = _TITLE.search(body)
        title = shortened(redacted(html.unescape(found[1]).strip()), 60) if found else ""
        return Foreign(
            f"a web page came, not an API's answer{f': “{title}”' if title else ''}",
            "check --base-url; if it is right, something on the way sends the page: log in there, or go round that proxy or CDN",
        )
    if "text/event-stream" in kind or _STREAM.match(body):
        fix = "have it answer in one piece (some servers have a setting for it), or put a gateway before it that does"
        return Foreign("the server streams although it was asked not to", fix)
    if not body.strip():
        return Foreign("the body is not JSON: it is empty", "look at the server's log, and check --base-url")
    return Foreign(f"the body is not JSON: {shortened(redacted(body), 80)}", "check --base-url: is it the address of an API?")


def redirect(reply: HttpReply, url: str) -> Foreign:
    """A redirect, which is not followed, since it would take the key along. `url` is what was asked for."""
    target = reply.headers.get("location", "")
    try:
        whole = urljoin(url, target)
        here, there = urlsplit(url), urlsplit(whole)
    except ValueError:
        whole = target = ""
    if not target:
        return Foreign("a redirect that does not say where to", "check --base-url")
    shown = shortened(redacted(without_secrets(whole)), 200)
    if here.scheme == "http" and there.scheme == "https" and here.hostname == there.hostname:
        return Foreign(f"a redirect to {shown}", "write https:// in --base-url (and the port of the new address)")
    return Foreign(f"a redirect to {shown}", "if you trust that address, give it as --base-url, without what follows its /v1")


def no_such_path(said: str) -> bool:
    """Whether a server's words mean that it has nothing at the address that was asked."""
    return _NO_SUCH_PATH.search(said[:2000]) is not None


def json_of(body: bytes, *, strict: bool = True) -> Any:
    """What a body holds; where it is no JSON, None or (`strict`) a `BackendError`."""
    try:
        return json_from(body)
    except (ValueError, RecursionError):
        if strict:
            raise BackendError("the body is not JSON", kind=ErrorKind.BAD_BODY, retryable=True) from None
        return None


def error_of(data: Any) -> dict[str, Any]:
    """The error object in a body, whatever its shape, of each of its texts the beginning: keys are looked for in all that is shown."""
    error = data.get("error", data) if isinstance(data, dict) else None
    given = error if isinstance(error, dict) else {"message": str(error)} if error else {}
    return {name: said[:_READ] if isinstance(said, str) else said for name, said in given.items()}
