"""What of a request is sycoprobe's own to set, and which option sets it."""

from __future__ import annotations

HEADERS = {
    "host": "from the address",
    "content-length": "from the body",
    "content-type": "since the body is JSON",
    "content-encoding": "since the body goes out as it is",
    "transfer-encoding": "by the way it sends the body",
    "accept-encoding": "by what it can unpack",
    "connection": "since it keeps connections open",
    "keep-alive": "since it keeps connections open",
    "expect": "by the way it sends the body",
    "te": "by the way it reads replies",
    "trailer": "by the way it sends the body",
    "upgrade": "since it speaks plain HTTP",
    "proxy-authorization": "from the address of the proxy (HTTPS_PROXY)",
}
"""Names in lower case, each with the reason."""
_DIALOG = "the dialog is what sycoprobe sends: probe sets and kinds say what is asked"
_SYSTEM = "--system sets the system prompt"
_WHOLE = "every call carries its whole dialog, and its reply is read as a whole: leave it out"
_ONE = "one reply a call is read: --repeats asks again"
_TEMPERATURE, _TOP_P = "--temperature sets it", "--top-p sets it"
_ROOM, _SEED, _LOGPROBS = "--reply-tokens sets it", "--seed sets it", "--logprobs sets it"
_EFFORT, _VERBOSITY, _FORM = "--effort sets it", "--verbosity sets it", "--answer schema sets it"
_FIELDS = {
    "messages": _DIALOG,
    "input": _DIALOG,
    "contents": _DIALOG,
    "system": _SYSTEM,
    "instructions": _SYSTEM,
    "systemInstruction": _SYSTEM,
    "system_instruction": _SYSTEM,
    "model": "-m names the model",
    "stream": _WHOLE,
    "stream_options": _WHOLE,
    "background": _WHOLE,
    "conversation": _WHOLE,
    "previous_response_id": _WHOLE,
    "n": _ONE,
    "best_of": _ONE,
    "generationConfig.candidateCount": _ONE,
    "temperature": _TEMPERATURE,
    "generationConfig.temperature": _TEMPERATURE,
    "options.temperature": _TEMPERATURE,
    "top_p": _TOP_P,
    "generationConfig.topP": _TOP_P,
    "options.top_p": _TOP_P,
    "max_tokens": _ROOM,
    "max_completion_tokens": _ROOM,
    "max_output_tokens": _ROOM,
    "generationConfig.maxOutputTokens": _ROOM,
    "options.num_predict": _ROOM,
    "seed": _SEED,
    "generationConfig.seed": _SEED,
    "options.seed": _SEED,
    "logprobs": _LOGPROBS,
    "top_logprobs": _LOGPROBS,
    "generationConfig.logprobs": _LOGPROBS,
    "generationConfig.responseLogprobs": _LOGPROBS,
    "reasoning_effort": _EFFORT,
    "reasoning.effort": _EFFORT,
    "output_config.effort": _EFFORT,
    "generationConfig.thinkingConfig.thinkingLevel": _EFFORT,
    "generationConfig.thinkingConfig.thinkingBudget": _EFFORT,
    "verbosity": _VERBOSITY,
    "text.verbosity": _VERBOSITY,
    "response_format": _FORM,
    "text.format": _FORM,
    "output_config.format": _FORM,
    "generationConfig.responseJsonSchema": _FORM,
    "generationConfig.responseMimeType": _FORM,
}
"""Fields by their dotted names, in whatever dialect; each with what to do instead."""
_PATHS = {tuple(name.split(".")): said for name, said in _FIELDS.items()}


def option_for(path: tuple[str, ...]) -> str | None:
    """What to do instead of giving the field at `path`; None if it is free.

    A field within one of ours is not free either. `extras.with_fields` refuses the rest: what only one dialect sets.
    """
    return next((said for own, said in _PATHS.items() if path[: len(own)] == own), None)
