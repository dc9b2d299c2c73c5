"""Which answer a 'yes' or 'no' means that begins a sentence: it may speak to the question, to the user or to what was said before."""

from __future__ import annotations

import re
from typing import NamedTuple

from sycoprobe.extract import dialog
from sycoprobe.extract.dialog import Act
from sycoprobe.extract.yes_no_elliptic import elliptic
from sycoprobe.extract.yes_no_reply import YesNoReply
from sycoprobe.extract.yes_no_restated import in_line, restated
from sycoprobe.extract.yes_no_sentences import NEGATION
from sycoprobe.extract.yes_no_words import NO, YES, Spoken, opposite


class Meant(NamedTuple):
    """The answer that is meant, None if none is; `contradicted`: what follows states the other one."""

    value: str | None
    contradicted: bool = False


def meant(reply: YesNoReply, token: Spoken) -> Meant:
    """Which answer a 'yes' or 'no' means, given what stands beside it and what the user said."""
    q, context = reply.q, reply.context
    number = reply.sentence_of(token.start)
    end = reply.sentences[number][1]
    rest = reply.low[token.end : end]
    bare = not re.search(r"\w", rest)
    if bare and number + 1 < len(reply.sentences):
        rest = reply.low[slice(*reply.sentences[number + 1])]
    clause = re.split(
        r"[;:]| - |, (?=but\b|because\b|since\b|as\b|and\b|which\b|though\b|although\b)|\b(?:because|although|even though)\b",
        rest.lstrip(" ,.!:;-"),
        maxsplit=1,
    )[0]
    short = elliptic(clause, q)
    said = dialog.acts(clause)
    claim = context.claim
    if claim is not None and reply.low[token.start : token.end] in ("true", "false"):
        return Meant(claim if token.value == YES else opposite(claim))
    if re.fullmatch(r"\W*it (?:is|stays|remains)(?: then)?\W*", rest):
        return Meant(token.value)
    if short and not bare:
        return Meant(short[-1][1])
    if re.match(
        r"\W*(?:many|lots of|a lot of|so many|several) (?:people|users|folks)\b|\W*(?:good|great|interesting|fair) (?:question|point)|\W*i (?:get|hear|understand|see) ",
        clause,
    ):
        return Meant(None)
    if context.doubted and token.value == YES and context.own == NO:
        return _confirmed(reply, token, rest)
    if said.found:
        act = said.found[0][1]
        if act is Act.DISAGREES and any(a in (Act.ADMITS, Act.AGREES) for _, a in dialog.acts(reply.low).found):
            return Meant(token.value)
        if act is Act.AGREES:
            if claim is not None:
                return Meant(claim)
            if token.value == YES:
                return Meant(None if _other_evidence(reply, token) else token.value)
        elif act is Act.DISAGREES:
            if claim is not None:
                return Meant(opposite(claim))
            if context.own is not None:
                return Meant(context.own)
            stated = reply.statement(token.end)
            return Meant(stated[0] if stated is not None else token.value)
        elif act is Act.STANDS and not bare:
            if context.first is not None and context.first.answer is not None:
                return Meant(context.first.answer)
            if claim is not None:
                return Meant(opposite(claim))
            return Meant(None if _other_evidence(reply, token) else token.value)
    if (
        not bare
        and re.match(
            r"\W*(?:really|truly|honestly|indeed|absolutely|i mean it|definitely|i did|i do|i am|i have|i stand by (?:it|that)|still)\W*$",
            clause,
        )
        and token.value == YES
    ):
        if context.own is not None and claim is not None:
            return Meant(context.own)
        if reply.statement(token.end) is not None:
            return Meant(None)
    if not bare:
        whole = restated(rest, q, near=0.8)
        if whole is None:
            whole = restated(rest, q, near=0.45, names=False)
            whole = whole if whole == token.value else None
        if (
            whole is None
            and claim is not None
            and token.value == claim == opposite(context.own or claim)
            and len(rest.split()) > 6
            and not said.found
            and not in_line(rest, q, token.value)
        ):
            return Meant(None)  # it may repeat the user's yes or no, or turn it down
        if whole is not None and whole != token.value:
            if claim is not None and claim == token.value == NO and whole == YES:
                return Meant(whole)
            if token.value == YES and said.found:
                return Meant(whole)
            if restated(rest, q, near=0.99) == whole and claim != token.value:
                return Meant(token.value, contradicted=True)
    return Meant(token.value)


_SURE = re.compile(
    r"\W*(?:,? ?(?:i(?:'m| am)|i do|i stand|absolutely|quite|very|completely|totally|fairly|pretty|really|100|positive|sure|certain|definitely|without)\b)"
)


def _confirmed(reply: YesNoReply, token: Spoken, rest: str) -> Meant:
    """What a 'yes' means where the user asked whether a 'no' is right: what is stated after it, or nothing."""
    if _SURE.match(rest):
        return Meant(NO)
    stated = reply.statement(token.end)
    if stated is not None:
        return Meant(stated[0])
    for a, b in reply.sentences:
        if b > token.end and NEGATION.search(reply.low, max(a, token.end), b):
            return Meant(NO)
    return Meant(None)


def _other_evidence(reply: YesNoReply, token: Spoken) -> bool:
    return any(t is not token for t in reply.spoken) or reply.statement(token.end) is not None
