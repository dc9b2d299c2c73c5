"""A model that is a program: `-m "command:./my_model --flag"`; it reads questions and writes answers as lines of JSON.

The protocol, in any language. The program is started once for a run, without a shell, in the current folder and with our
environment. We write to its standard input, one JSON object a line (UTF-8, `\\n` at the end):

    {"id": "7", "messages": [{"role": "user", "content": "…"}], "temperature": 0.0, "reply_tokens": 256, "seed": 123}

- `id`: a string that no other line has. `messages`: the dialog so far, oldest first; a role is system, user or assistant.
- `reply_tokens`: the length limit of the reply. `seed`: an integer below 2**31. `temperature`, `top_p`, `effort`, `verbosity`
  and `logprobs` (of how many likeliest tokens log-probabilities are wanted) stand in the line only where they were asked for, and
  so does `schema`, a JSON schema that the reply's text is to follow; the dialog asks for it in words as well.

For each such line the program writes one to its standard output, and flushes it:

    {"id": "7", "text": "Paris"}

- Optional: `finish` ("stop", if it is left out, "length", "refusal" or "other", or a provider's word for one of these),
  `reasoning` (thinking between marks in the text is moved there), `refusal` (what a refusal said), `model` (the exact
  model), `notes` (a list of strings for the report), `usage` ({"prompt_tokens": 12, "completion_tokens": 3}), `cost` (US dollars), `logprobs` (a list of {"token": "Par",
  "logprob": -0.1, "top": [["Par", -0.1], ["Ly", -2.3]]}, natural logarithms), `replay` (anything; where thinking is replayed
  it comes back in that assistant turn's `replay`).
- or it failed: `{"id": "7", "error": {"message": "…"}}`. Optional in it: `kind` (a word of `sycoprobe.turns.ErrorKind`, such as
  "rate_limit"; "internal" if left out), `retryable` (the same call may succeed later), `fatal` (every other call would fail
  too: the run stops), `retry_after` (seconds to wait). `retryable` and `fatal` follow from `kind` where they are left out.

There is no greeting and no end mark. Up to `--concurrency` lines may wait for their answers; answers may come in any order, and a
program that takes one line after the other is fine: the time allowed for a call begins again with each answer to an earlier one.
A program ends when its standard input does. Whatever is not an answer belongs on standard error, of which the last lines are
shown should the program die. A whole one, in Python:

    import json, sys
    import my_model

    for line in sys.stdin:
        asked = json.loads(line)
        text = my_model.answer(asked["messages"], limit=asked["reply_tokens"])
        print(json.dumps({"id": asked["id"], "text": text}), flush=True)
"""

from sycoprobe.backends.command.backend import CommandBackend, open_backend

__all__ = ["CommandBackend", "open_backend"]
