"""Whether a model's name can be one, and which model a wrong name was probably meant to be."""

from __future__ import annotations

import re
from collections.abc import Collection
from importlib.metadata import entry_points

from sycoprobe.errors import PlanError
from sycoprobe.names import nearest

GROUP = "sycoprobe.backends"
LONGEST = 2000
_VENDORS = (
    ("openai", r"gpt[-\d]|chatgpt|o[1-9](?:\b|-)|davinci|text-"),
    ("anthropic", r"claude|(?:opus|sonnet|haiku)\b"),
    ("gemini", r"gemini|learnlm"),
)
"""Backends, and how the names of their vendors' models begin."""


_OLLAMA_TAG = re.compile(r"latest$|\d+(?:\.\d+)?[bm]\b|instruct\b|q\d", re.IGNORECASE)
"""How the tag after the colon begins in names like `llama3:8b`."""


def backend_names() -> list[str]:
    """The names of all installed backends, sorted."""
    return sorted({point.name for point in entry_points(group=GROUP)})


def check_model(model: str, aliases: Collection[str] = (), base_url: str | None = None) -> None:
    """Raises `PlanError` for a name that no installed backend takes; nothing is loaded, and nobody is asked.

    Parameters
    ----------
    model: BACKEND:NAME.
    aliases: names that the settings file gives to models.
    base_url: the address of a server, if one was given: what has no backend is then most likely a model of its own.
    """
    if hidden := next((c for c in model if not c.isprintable()), None):
        raise PlanError(f"the model's name holds the character U+{ord(hidden):04X}, which nobody sees", "write it anew")
    if len(model) > LONGEST:
        raise PlanError(f"the model's name has {len(model):,} characters", "write backend:name, e.g. openai:NAME")
    if model.partition(":")[0] not in backend_names():
        raise unknown(model, aliases, base_url)


def unknown(model: str, aliases: Collection[str] = (), base_url: str | None = None) -> PlanError:
    """That there is no such backend or alias, with the model that was meant."""
    scheme = model.partition(":")[0]
    likely = likely_model(model, aliases)
    if base_url and ":" not in model and likely not in aliases:
        likely = f"openai:{model}"
    guess = f"did you mean {likely!r}? " if likely else ""
    own = f", or one of your own names: {', '.join(aliases)}" if aliases else ""
    known = ", ".join(f"{n}:…" for n in backend_names())
    return PlanError(f"no backend {scheme!r} (in model {model!r})", f"{guess}write backend:name, with one of {known}{own}")


def likely_model(model: str, aliases: Collection[str] = ()) -> str:
    """What a model whose backend is not known was probably meant to be; empty if nothing is near."""
    from sycoprobe.backends.store.catalogue import known_models

    scheme, colon, name = model.partition(":")
    if _OLLAMA_TAG.match(name):
        return f"ollama:{model}"
    if colon and (near := nearest(scheme, backend_names())):
        return f"{near}:{name}"
    if re.match(r"https?://", model, re.IGNORECASE):
        return f"openai:NAME --base-url {model}"
    if near := nearest(model, aliases):
        return near
    if backend := next((b for b, begin in _VENDORS if re.match(begin, model, re.IGNORECASE)), None):
        return f"{backend}:{model}"
    if model.lower().endswith(".gguf"):
        return f"local:{model}"
    if near := nearest(model, known_models()):
        return f"local:{near}"
    vendor, slash, rest = model.partition("/")
    if slash and vendor in backend_names():
        return f"{vendor}:{rest}"
    if slash:
        return f"openrouter:{model}"
    return ""
