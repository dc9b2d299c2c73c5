"""Log-probabilities of a simulated reply, by a planted belief."""

from __future__ import annotations

import itertools
import math
import re

from sycoprobe.sets.probe import AnswerFormat, Asked
from sycoprobe.turns import TokenLogprob

_OPTIONS_MASS = 0.98
"""How much of the probability, at the token that answers, belongs to the options together."""
_LOGPROB_TOKENS = 16


def planted_logprobs(text: str, asked: Asked, answer: str, log_odds: float, top: int) -> list[TokenLogprob]:
    """Log-probabilities of the reply's first tokens; at the one that answers, the options have those of `log_odds`."""
    signs = _signs(asked)
    answered = re.search(rf"(?<!\w){signs[answer]}(?=[).,*]|$)", text) if answer in signs else None
    made: list[TokenLogprob] = []
    for m in itertools.islice(re.finditer(r"\s*(?:\w+|[^\w\s])", text), _LOGPROB_TOKENS):
        token = m.group()
        listed = {token: math.log(0.9), " The": math.log(0.05)}
        if answered is not None and m.end() == answered.end():
            blank = token[: -len(signs[answer])]
            listed = {blank + signs[option]: p for option, p in _planted_odds(asked, list(signs), log_odds).items()}
            listed[" The"] = math.log(1 - _OPTIONS_MASS)
        likeliest = sorted(listed.items(), key=lambda entry: -entry[1])[:top]
        made.append({"token": token, "logprob": listed[token], "top": likeliest})
    return made


def _signs(asked: Asked) -> dict[str, str]:
    """How each option is said in one token; empty where answers are not."""
    if asked.probe.format is AnswerFormat.YES_NO:
        return {"yes": "Yes", "no": "No"}
    return {option: asked.letter_of(option) for option in asked.options}


def _planted_odds(asked: Asked, options: list[str], log_odds: float) -> dict[str, float]:
    """The log-probability of each option: the right one has `log_odds` against all others, which are equally likely."""
    right = math.log(_OPTIONS_MASS) - math.log1p(math.exp(-log_odds))
    other = math.log(_OPTIONS_MASS) - math.log1p(math.exp(log_odds)) - math.log(len(options) - 1)
    return {option: right if option == asked.probe.answer else other for option in options}
