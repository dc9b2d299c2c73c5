"""What an OpenAI-compatible server that people run themselves says of itself: which engine it is, and how long its context."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sycoprobe.backends.addresses import without_path
from sycoprobe.keys import redacted

_OWNERS = {"vllm": "vLLM", "sglang": "SGLang", "llamacpp": "llama.cpp"}
"""What engines write into `owned_by` of the models that they list."""


def facts_of(model: str, *, listed: Any, props: Any, version: Any, lm_studio: Any) -> dict[str, Any]:
    """The facts that are known of the server: `engine`, `context` (tokens of one dialog), `model_file`, `system_role`
    (False, where the chat template has none); {} if none.

    Parameters
    ----------
    model: as it is asked for.
    listed: the body of `GET /v1/models`, in which vLLM, SGLang and llama.cpp name themselves.
    props: that of llama.cpp's `GET /props` (its server's README; the context is that of one slot).
    version: that of vLLM's `GET /version` (its API server's routes).
    lm_studio: that of LM Studio's `GET /api/v0/models` (its REST API v0).

    All of it is what some server sent: only short words and whole numbers are taken, and of paths the last part.
    """
    found = _entry(listed, model)
    if isinstance(props, Mapping) and ("build_info" in props or "default_generation_settings" in props):
        return _llama_cpp(props)
    if (entry := _entry(lm_studio, model)) is not None and "max_context_length" in entry:
        return _known("LM Studio", entry.get("loaded_context_length") or entry.get("max_context_length"))
    engine = _OWNERS.get(str(found.get("owned_by"))) if found else None
    if engine is None or found is None:
        return {}
    build = _word(version.get("version")) if engine == "vLLM" and isinstance(version, Mapping) else ""
    return _known(f"{engine} {build}".strip(), found.get("max_model_len"))


def _llama_cpp(props: Mapping[str, Any]) -> dict[str, Any]:
    settings, caps = props.get("default_generation_settings"), props.get("chat_template_caps")
    facts = _known(
        f"llama.cpp {_word(props.get('build_info'))}".strip(), settings.get("n_ctx") if isinstance(settings, Mapping) else None
    )
    path = props.get("model_path")
    if isinstance(path, str) and (file := _word(without_path(path))):
        facts["model_file"] = file
    if isinstance(caps, Mapping) and caps.get("supports_system_role") is False:
        facts["system_role"] = False  # left alone, llama.cpp moves a system prompt, or drops it, and says nothing of it
    return facts


def _known(engine: str, context: Any) -> dict[str, Any]:
    length = context if isinstance(context, int) and not isinstance(context, bool) and context > 0 else None
    return {"engine": engine, **({"context": length} if length else {})}


def _entry(listed: Any, model: str) -> Mapping[str, Any] | None:
    """The model's entry in a list of models; the only one there is, where it goes by another name."""
    data = listed.get("data") if isinstance(listed, Mapping) else None
    entries = [e for e in data if isinstance(e, Mapping)] if isinstance(data, list) else []
    named = next((e for e in entries if e.get("id") == model), None)
    return named or (entries[0] if len(entries) == 1 else None)


def _word(value: Any) -> str:
    """A short printable text without keys; empty for anything else."""
    return redacted(value)[:80] if isinstance(value, str) and value.isprintable() else ""
