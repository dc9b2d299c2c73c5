"""Who asks money for a model, and at which address; and what is free by nature."""

from __future__ import annotations

import ipaddress
import os
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

FREE = {
    "local": "free: runs on this machine",
    "hf": "free: runs on this machine",
    "sim": "free: a simulation",
    "replay": "free: replays answers that were paid for before",
}


@dataclass(frozen=True, slots=True)
class Vendor:
    """Where a backend's own provider lives, and what genai-prices calls it. A host that starts with a dot stands for all below."""

    id: str
    hosts: tuple[str, ...]
    variable: str
    batch: float = 0.5


VENDORS = {
    "openai": Vendor("openai", ("api.openai.com",), "OPENAI_BASE_URL"),
    "responses": Vendor("openai", ("api.openai.com",), "OPENAI_BASE_URL"),
    "anthropic": Vendor("anthropic", ("api.anthropic.com",), "ANTHROPIC_BASE_URL"),
    "gemini": Vendor("google", ("generativelanguage.googleapis.com",), "GEMINI_BASE_URL"),
    "azure": Vendor(
        "azure", (".openai.azure.com", ".services.ai.azure.com", ".cognitiveservices.azure.com"), "AZURE_OPENAI_ENDPOINT"
    ),
    # What OpenRouter charges in batch mode is each provider's choice, so no discount is counted on.
    "openrouter": Vendor("openrouter", ("openrouter.ai",), "OPENROUTER_BASE_URL", batch=1.0),
}


def why_free(backend: str, name: str, base_url: str | None) -> str | None:
    """Why a model costs nothing, or None."""
    if backend == "ollama":
        # Ollama's hosted models are tagged `cloud` or `…-cloud`, and a server of one's own passes calls of them on.
        hosted = re.search(r"(^|[:-])cloud$", name)
        return (
            None
            if hosted or not _is_near(_host(base_url or os.environ.get("OLLAMA_HOST")))
            else "free: runs on a machine of yours"
        )
    if backend == "openrouter" and name.endswith(":free") and is_own(VENDORS[backend], base_url):
        return "free: OpenRouter charges nothing for its :free models"
    return FREE.get(backend)


def is_own(vendor: Vendor, base_url: str | None) -> bool:
    """Whether a model is asked at its vendor's own address."""
    address = base_url or os.environ.get(vendor.variable)
    if not address:
        return True
    host = _host(address)
    return any(host.endswith(own) if own.startswith(".") else host == own for own in vendor.hosts)


def _is_near(host: str) -> bool:
    """Whether a host is this machine or one in the same house: no name or address on the public internet."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "." not in host or host.endswith((".local", ".localhost", ".lan", ".internal", ".home.arpa"))
    return address.is_private or address.is_loopback or address.is_link_local or address.is_unspecified


def _host(address: str | None) -> str:
    """The host of an address, lower case; '' for none, and '?.?' for what is no address."""
    if not address:
        return ""
    try:
        return (urlsplit(address if "://" in address else f"//{address}").hostname or "?.?").rstrip(".")
    except ValueError:
        return "?.?"
