"""What a reply is, however a server spells it: why it stopped, what it counted, and its thinking apart from its answer."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any

from sycoprobe.extract.thinking import split_thinking
from sycoprobe.extract.thinking_marks import unknown_mark
from sycoprobe.jsontext import json_value
from sycoprobe.turns import Finish, Reply, TokenLogprob

_STOPPED = (
    "stop",
    "end_turn",
    "stop_sequence",
    "eos",  # Together
    "eos_token",  # TGI, watsonx
    "complete",  # Cohere
    "completed",
)
_CUT = (
    "length",  # OpenAI and all that speak like it; Ollama's done_reason
    "max_tokens",  # Anthropic, Bedrock, Cohere, watsonx, and Gemini in capitals
    "max_output_tokens",  # OpenAI's Responses
    "max_completion_tokens",
    "max_new_tokens",
    "max_length",
    "model_length",  # Mistral: the end of the model's context
    "model_context_window_exceeded",  # Anthropic
    "context_length",
    "context_window_exceeded",
    "error_limit",  # Cohere: the end of the context
    "length_limit",
    "token_limit",  # watsonx, caikit
    "limit",  # llama.cpp's own stop_type
    "incomplete",
    "truncated",
    "continuation",  # Gemini
    "pause_turn",  # Anthropic: to be gone on with in a further call
)
_REFUSED = (
    "refusal",
    "content_filter",
    "content_filtered",  # Bedrock
    "guardrail_intervened",  # Bedrock
    "error_toxic",  # Cohere
    "safety",  # this and what follows: Gemini
    "recitation",
    "blocklist",
    "prohibited_content",
    "spii",
    "model_armor",
    "escalation",
    "image_safety",
    "image_prohibited_content",
    "image_recitation",
)
_FINISH = {
    **dict.fromkeys(_STOPPED, Finish.STOP),
    **dict.fromkeys(_CUT, Finish.LENGTH),
    **dict.fromkeys(_REFUSED, Finish.REFUSAL),
}
AT_THE_LIMIT = (
    "said to have ended by itself, but with all the tokens that it was allowed: read as cut off; a larger --reply-tokens helps"
)
MOST = 10**12
"""Counts above this are none."""
LOGPROB_TOKENS = 16
"""Of so many first tokens the log-probabilities are kept: an answer is short, and a journal should be too."""
LOGPROB_ALTERNATIVES = 100
"""Likeliest tokens that are kept of each, whatever a server sends."""
SMALLEST_LOGPROB = -9999.0
"""What stands for the logarithm of zero, as OpenAI writes it (API reference, chat completions)."""
_ZERO_LOGARITHM = ("-inf", "-infinity")
Entry = tuple[Any, Any, Iterable[tuple[Any, Any]]]
"""A token, its log-probability, and the likeliest tokens in its place with theirs, as a server has them."""
_LONG_INTEGER = 18
_LONG = re.compile(r"\d{19}")
_LONG_BYTES = re.compile(_LONG.pattern.encode())


def finish_of(said: Any) -> Finish:
    """Why a model stopped, by the word for it of any provider, in whatever case; `OTHER` for a word that is not known.

    >>> finish_of("MAX_TOKENS"), finish_of("endTurn"), finish_of("tool_calls")
    (<Finish.LENGTH: 'length'>, <Finish.STOP: 'stop'>, <Finish.OTHER: 'other'>)
    """
    return _finish(said[:100]) if isinstance(said, str) else Finish.OTHER


@lru_cache(256)
def _finish(said: str) -> Finish:
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", said.strip())
    word = re.sub(r"[\s-]+", "_", parted).lower()
    return _FINISH.get(word.removeprefix("finish_reason_"), Finish.OTHER)


def count_of(value: Any) -> int | None:
    """A number of tokens, or None if it is none: no whole number, below 0, or beyond anything that can be."""
    return value if type(value) is int and 0 <= value <= MOST else None


def counts_of(usage: Any) -> dict[str, int]:
    """Those fields of a server's usage that are numbers of tokens; a wrong one is left out, as if it had not been said."""
    if not isinstance(usage, Mapping):
        return {}
    return {k: n for k, v in usage.items() if isinstance(k, str) and (n := count_of(v)) is not None}


def amount_of(value: Any) -> float | None:
    """A finite number that is not negative, or None."""
    if type(value) not in (int, float) or not 0 <= value <= MOST:
        return None
    return float(value)


def logprob_of(value: Any) -> float | None:
    """A log-probability as a finite number, -9999 for the logarithm of zero; None for what cannot be one.

    Servers write that logarithm as a number that JSON does not have (RFC 8259, section 6) or as a text.

    >>> [logprob_of(x) for x in (-0.5, float("-inf"), "-Infinity", float("nan"), 3, "low")]
    [-0.5, -9999.0, -9999.0, None, None, None]
    """
    if isinstance(value, str) and value.strip().lower() not in _ZERO_LOGARITHM:
        return None
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    # Rounding may leave a little above 0; NaN is not below anything.
    return max(number, SMALLEST_LOGPROB) if number < 1 else None


def logprobs_from(entries: Iterable[Entry], clean: Callable[[str], str] = str) -> list[TokenLogprob]:
    """The log-probabilities of the first 16 tokens, each token `clean`.

    A likely token whose number is none is left out. Where a token of the reply has none, it and what follows are, so that
    what is kept is the beginning of the reply.
    """
    found: list[TokenLogprob] = []
    for token, own, others in islice(entries, LOGPROB_TOKENS):
        logprob = logprob_of(own)
        if logprob is None:
            break
        listed = ((clean(str(t)), logprob_of(p)) for t, p in islice(others, LOGPROB_ALTERNATIVES))
        found.append({"token": clean(str(token)), "logprob": logprob, "top": [(t, p) for t, p in listed if p is not None]})
    return found


def logprobs_in(given: Any, clean: Callable[[str], str] = str) -> list[TokenLogprob]:
    """The log-probabilities of the first 16 tokens in a list of our own form, each token `clean`; none where something in it is not so."""
    try:
        return logprobs_from(((t["token"], t["logprob"], t.get("top") or ()) for t in given or ()), clean)
    except (KeyError, TypeError, ValueError, AttributeError):
        return []


def json_from(text: str | bytes) -> Any:
    """What JSON holds, also where a number in it has more digits than Python takes. Raises `ValueError`, `RecursionError`."""
    long = _LONG_BYTES.search(text) if isinstance(text, bytes) else _LONG.search(text)
    return json_value(text) if long is None else json.loads(text, parse_int=_whole)


def _whole(digits: str) -> int | float:
    return int(digits) if len(digits) <= _LONG_INTEGER else float(digits)


def settled(reply: Reply, *, marks: Sequence[str] = (), limit: int | None = None, replay: bool = False) -> Reply:
    """`reply` itself, with the thinking in its text apart, and its counts checked. Settling it again changes nothing.

    Parameters
    ----------
    marks: the model's own marks, as `split_thinking` takes them.
    limit: the tokens that the reply was allowed. One that stopped with as many was cut off, whatever its server says.
    replay: whether thinking goes back to the model: the text is then kept as it came.
    """
    answer, thought = split_thinking(reply.text, marks)
    notes = []
    if answer != reply.text:
        if replay and reply.replay is None and thought:
            reply.replay = {"content": reply.text}
        reply.text = answer
        reply.reasoning = "\n\n".join(filter(None, (reply.reasoning, thought))) or None
    elif mark := unknown_mark(answer):
        notes.append(f"a reply begins with {mark}: if that opens thinking, --thinking-marks tells it from the answer")
    reply.usage = counts_of(reply.usage)
    reply.cost = amount_of(reply.cost)
    reply.logprobs = logprobs_in(reply.logprobs)
    if limit is not None and reply.finish is Finish.STOP and reply.usage.get("completion_tokens", 0) >= limit:
        reply.finish = Finish.LENGTH
        notes.append(AT_THE_LIMIT)
    reply.notes = (*reply.notes, *(n for n in notes if n not in reply.notes))
    return reply
