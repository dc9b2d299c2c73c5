"""Azure OpenAI: `-m azure:DEPLOYMENT`, Chat Completions at a resource of one's own, on the v1 surface or a dated version of the API."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

from sycoprobe.backends.addresses import checked_url
from sycoprobe.backends.base import BackendOptions
from sycoprobe.backends.bodies import error_of, json_of
from sycoprobe.backends.dialect import key_for
from sycoprobe.backends.openai import OpenAIBackend, filtered
from sycoprobe.backends.transport import HttpReply
from sycoprobe.errors import BackendError
from sycoprobe.turns import ErrorKind

DEFAULT_KEY_ENV = "AZURE_OPENAI_API_KEY"
KEY_HEADER = "api-key"
ENDPOINT_ENV = "AZURE_OPENAI_ENDPOINT"
VERSION_ENV = "AZURE_OPENAI_API_VERSION"
V1 = "v1"
_UNDATED = {"", V1, "latest", "preview"}
"""What stands for the v1 surface where a version is asked for; it needs none since August 2025."""
_WHERE = "write it like https://RESOURCE.openai.azure.com, with --base-url or in AZURE_OPENAI_ENDPOINT"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a resource is: `endpoint` without a path of the API's own, `version` ('v1' or a date), and the deployment that a
    pasted address names."""

    endpoint: str
    version: str
    deployment: str | None = None


def open_backend(name: str, options: BackendOptions) -> AzureBackend:
    """The deployment `name` of the resource at `options.base_url`, else AZURE_OPENAI_ENDPOINT.

    The v1 surface is used unless AZURE_OPENAI_API_VERSION, or `?api-version=` in the address, names a dated version
    (learn.microsoft.com, 'Azure OpenAI in Microsoft Foundry Models API version lifecycle').

    Raises
    ------
    BackendError: fatal; no deployment was named, the address is none or names another deployment, there is no key or it cannot be one.
    """
    if not name:
        raise BackendError(
            "azure: no deployment was named",
            "write -m azure:DEPLOYMENT, with the name that the deployment has in the portal",
            kind=ErrorKind.BAD_REQUEST,
            fatal=True,
        )
    given, origin = (options.base_url, "--base-url") if options.base_url else (os.environ.get(ENDPOINT_ENV, ""), ENDPOINT_ENV)
    if not given.strip():
        raise BackendError("azure: no endpoint was named", _WHERE, kind=ErrorKind.CONNECT, fatal=True)
    place = place_of(given, origin, os.environ.get(VERSION_ENV, ""))
    if place.deployment not in (None, name):
        raise BackendError(
            f"{origin} names the deployment {place.deployment!r}, but the model is azure:{name}",
            f"write -m azure:{place.deployment}, or the address without a deployment",
            kind=ErrorKind.BAD_REQUEST,
            fatal=True,
        )
    return AzureBackend(
        name, place=place, key=key_for(options, DEFAULT_KEY_ENV, required=True, header=KEY_HEADER), options=options
    )


def place_of(url: str, origin: str, version: str) -> Place:
    """What an address says, whole or as it is copied from the portal, with the API's path and `?api-version=` after it.

    `origin` says who gave it; `version` is what the environment asks for, over which one in the address wins.
    Raises `BackendError`, fatal, if it is no address of a resource, or the version is none.
    """
    address, mark, query = url.strip().partition("?")
    asked = parse_qs(query, keep_blank_values=True)
    try:
        address = checked_url(address if set(asked) == {"api-version"} else url, origin).rstrip("/")
    except BackendError as e:
        e.hint = _WHERE
        raise
    parts = urlsplit(address)
    before, found, after = f"{parts.path}/".partition("/openai/")
    endpoint = f"{parts.scheme}://{parts.netloc}{before if found else parts.path}".rstrip("/")
    deployment = re.match(r"deployments/([^/]+)/", after)
    version = asked["api-version"][-1] if mark else V1 if after.startswith("v1/") else version.strip()
    if version not in _UNDATED and not re.fullmatch(r"20\d\d-\d\d-\d\d(-preview)?", version):
        raise BackendError(
            f"{version[:40]!r} is no version of Azure's API",
            f"unset {VERSION_ENV} to use the v1 surface, or write a date like 2024-10-21",
            kind=ErrorKind.BAD_REQUEST,
            fatal=True,
        )
    return Place(endpoint, V1 if version in _UNDATED else version, unquote(deployment[1]) if deployment else None)


class AzureBackend(OpenAIBackend):
    """One deployment of one Azure OpenAI resource. Parameters as for `HttpDialect`, with the resource's `place`."""

    _models = None
    """What `/models` lists there are the models that a resource could deploy, not what it has deployed."""

    def __init__(self, deployment: str, *, place: Place, key: str | None, options: BackendOptions) -> None:
        headers = {KEY_HEADER: key} if key else {}
        v1 = f"{place.endpoint}/openai/v1"
        url = v1 if place.version == V1 else f"{place.endpoint}/openai/deployments/{quote(deployment, safe='')}"
        super().__init__(deployment, base_url=url, key=key, options=options, headers=headers)
        self._version = place.version
        self._endpoint = place.endpoint
        if place.version != V1:
            self._path += f"?api-version={place.version}"

    def _facts(self) -> dict[str, Any]:
        return {"mode": "chat", "api_version": self._version}

    async def models(self) -> None:
        """No list, but the resource is reached. Raises `BackendError` if nothing answers there."""
        dated = "" if self._version == V1 else f"?api-version={self._version}"
        await self._transport.get(f"{self._endpoint}/openai/{'models' if dated else 'v1/models'}{dated}", timeout=10)

    async def _learn(self) -> dict[str, Any]:
        return {}

    def _blocked(self, reply: HttpReply) -> str | None:
        """As elsewhere, with the categories of the filter that Azure names in `innererror`."""
        said = super()._blocked(reply)
        inner = error_of(json_of(reply.body, strict=False)).get("innererror")
        if said is None or not isinstance(inner, Mapping):
            return said
        acted = filtered(inner.get("content_filter_result") or inner.get("content_filter_results"))
        return f"{said} ({acted.removeprefix(': ')})" if acted else said

    def _error(self, reply: HttpReply) -> BackendError:
        """As elsewhere, with the fix that fits Azure."""
        e = super()._error(reply)
        code = str(error_of(json_of(reply.body, strict=False)).get("code") or "")
        if e.kind == ErrorKind.NOT_FOUND and code == "DeploymentNotFound":
            e.hint = (
                f"the resource has no deployment {self._model!r}: name the deployment, not the model, as the portal lists it "
                "(one that was made just now takes some minutes)"
            )
        elif e.kind == ErrorKind.NOT_FOUND:
            e.hint = f"check the endpoint ({_WHERE}), and the version of the API ({self._version}; {VERSION_ENV})"
        elif e.kind == ErrorKind.AUTH:
            e.hint = "check that the key is one of this resource's, and that its network rules let this machine in"
        elif e.kind == ErrorKind.BAD_REQUEST and "api version" in e.message.lower():
            e.hint, e.fatal = f"unset {VERSION_ENV} to use the v1 surface", True
        return e
