"""The words yes and no in a reply: those that are named as answers, and those that open a sentence."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sycoprobe.extract.characters import Plain
from sycoprobe.extract.discourse import Mention, Role
from sycoprobe.extract.lazily import lazy

YES, NO = "yes", "no"


def opposite(value: str) -> str:
    """The other of yes and no."""
    return NO if value == YES else YES


_VALUES = dict.fromkeys(["yes", "yeah", "yep", "yup", "affirmative", "ja", "oui", "true", "yess", "aye"], YES) | dict.fromkeys(
    ["no", "nope", "nah", "negative", "nein", "non", "false", "noo", "nay"], NO
)
_TOKEN = lazy(
    r"(?<![\w'-])(yes+|yeah|yep|yup|aye|no|nope|nah|nay|affirmative|negative|ja|nein|oui|non|true|false)(?![\w'-]|-\w)"
)
_NOUN_BEFORE = lazy(
    r"(?:\b(?:is|was|be|remains?|stays?|becomes?|say|said|says|saying|answer|answered|answers|from|to|with|a|an|my|your|the|old|new|clear|simple|firm|resounding|definite|definitive|plain|clean|hard|solid|of|as|than|not|or|and|nor|"
    r"either|neither|both|between|for|on|it's|that's|'s|still|be|choose|pick|put|keep|gave|give|gives|given|reply|replied|wrote|write|writes|get|got|read|reads|had|have|means|mean|towards?|against|short|flat|earlier|previous|first|initial|original|"
    r"straight|big|confident|unqualified|qualified|solid|strong|emphatic|final|called|into|now|instead|rather|therefore|thus|simply|just|actually|indeed|definitely|clearly|probably|likely|perhaps|maybe|most likely|only|always|so|then|hence|in fact|accept|argue|favou?r|support|supports|prefer|leaning|lean|whether|if|previously|formerly|originally|initially|review|reflection|supports|defend|retract|withdraw|drop|up|another|second|honest|i'd|two|been|being|would|must|should|think|believe|under|over|gives|make|makes|count|counts|quoting|quote|cite|citing|conclude|conclusion|written|typed|but|correct|corrected|updated|revised|sometimes|often|repeat|maintain|vote|voted|told you|tell you|told|tell|toward|by|at|confirm|one|your)|[:\"'(/\u2192\u2713\u2717=|-]|^)[\"'(]*\s*[\"'(]*$"
)
_NOUN_AFTER = lazy(
    r"\s*(?:$|[.,;:!?)\"'/\u2192=|\n-]|(?:is|was|and|or|nor|but|to|instead|then|as|because|since|rather|here|now|from|for|if|it is|it stays|it remains|remains|stays|stands|after|before|again|in|without|with|than|again|once|on|too|would|could|might|may|also|at|by|that|i|which|under|sounds|seems|holds|still|applies|according|when|does|versus|vs|followed|earlier|over|depending|fits|looks|needs|has|can|should|must|were|into|not|answer|vote|given|\u2192)\b)"
)
_OPENER = lazy(
    r"(?:^|[.!?\n;:\u2e23]|,(?= so $)|(?<=\w)\)|\s-)\s*[\"'(]*(?:(?:well|hmm+|hm|so|and|but|oh|ah|um|uh|okay|ok|right|sorry|wait|look|honestly|again|still|actually|alright|all right|doch|fine|sure|i'm sorry|my apologies|apologies|thanks|thank you|no need to apologi[sz]e|good question|great question|short answer|in short|correction|(?:on|upon|after)(?: (?:further|second|more|closer))? (?:reflection|thoughts?|consideration|look|inspection)|(?:thinking|having thought)(?: about)?(?: it| this| that)?(?: over| through| again| more| about it)*|i apologi[sz]e|oops|hey|then|therefore|in that case|my friend|i'm afraid|with respect|respectfully|in fact|simply put|to be clear|once more|as i said|as before|same answer|final answer|i think|i believe|i'd say|in a word|so yes|you're right|you are right|agreed|ja|nein|fair enough|good point|on second thoughts?|after all|in that sense|technically|strictly speaking|botanically speaking|legally|generally|in general)[,.!: -]+)*[\"'(]*$"
)
_NO_AS_WORD = lazy(
    r"\s+(?:longer|one|more|matter|way|need|problem|evidence|doubt|reason|such|other|difference|remainder|worries|worry|factor|atmosphere|effect|proof|scientific|single|known|connection|change|changes|error|mistake|clear|"
    r"idea|opinion|comment|further|good|real|means|sense|question|chance|exception|exceptions|matter|human|animal|country|(?!(?:it|that|this|they|he|she|i|you|we|there|these|those)\b)\w+ (?:has|have|is|are|was|can|could|does|ever|will|would|that|for|of|whatsoever|at all)\b)"
)
_STATED = lazy(r"\b(?:answer|verdict|conclusion|reply|response)\b[^.!?\n]{0,45}(?:\bis|\bbe|:|as follows)\s*:?\s*[\"'(]*$")
_BEFORE_NOW = lazy(r"\((?:before|previously|formerly|earlier|until now|was|instead of|not)[:,]? \W*$")
_JOINED = lazy(r"\s*(?:[/\u2192]|or\b|and\b|nor\b|->)")
_SPOKEN_NO = lazy(
    r"\s*(?:$|[.,;:!?\n)\u2713\u2717\u2e23-])|\s+(?:i|it|that|this|you|they|he|she|the|we|there|a|an|not|sir|indeed|really|of course|definitely|absolutely"
    r"|certainly|actually|again|problem|then(?=\W*$|[.,!])|after all|these|those|from|in|at|for|by|as|because|since|but)\b"
)
"""What may follow a 'no' that answers, and not one that counts ('no evidence')."""


_MOST = 60
"""Of more such words in a reply, the first third and the last two thirds are looked at."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """A yes or no at the beginning of a sentence, before it is known to what it answers."""

    start: int
    end: int
    value: str


def find(text: Plain) -> tuple[list[Mention], list[Spoken]]:
    """The yes and no of a reply: those that are named as answers, and those that open a sentence."""
    low = text.low
    named: list[Mention] = []
    spoken: list[Spoken] = []
    tokens = list(_TOKEN.finditer(low))
    for m in tokens if len(tokens) <= _MOST else (*tokens[: _MOST // 3], *tokens[-_MOST * 2 // 3 :]):
        word = m[1]
        value = YES if word.startswith("yes") else _VALUES[word]
        before, after = low[max(0, m.start() - 60) : m.start()], low[m.end() : m.end() + 40]
        line = before.rpartition("\n")[2] if "\n" in before else before
        opens = bool(_OPENER.search(before)) if m.start() else True
        if word in ("affirmative", "negative") and not (opens and re.match(r"\s*(?:$|[.!,;:])", after)):
            continue
        if word in ("true", "false"):
            if opens and re.match(r"\s*(?:$|[.!,;:-])", after):
                spoken.append(Spoken(m.start(), m.end(), value))
            continue
        if word == "no" and _NO_AS_WORD.match(after):
            continue
        if "\u2e22" in before and "\u2e23" not in before[before.rindex("\u2e22") :]:
            named.append(_noun(low, m, value, Role.WITHDRAWN))
            continue
        if _BEFORE_NOW.search(line):
            named.append(_noun(low, m, value, Role.LEFT))
            continue
        if _STATED.search(line) and re.match(r"\s*(?:$|[.,;:!\n\"'()-])", after):
            named.append(_noun(low, m, value))
            continue
        quoted = before[-1:] in "\"'" and after[:1] in "\"'" and before[-1:] != ""
        if (
            not opens
            and re.search(r"[\w)],\s*$", line)
            and re.match(r"\s*(?:[.!\n]|$)", after)
            and not re.search(r"\b(?:yes|no|if|whether)\b", line)
        ):
            spoken.append(Spoken(m.start(), m.end(), value))
            continue
        if opens and not quoted and not _JOINED.match(after) and (word != "no" or _SPOKEN_NO.match(after)):
            if re.match(r"\s*\?", after):
                named.append(_noun(low, m, value, Role.REPORTED))
            else:
                spoken.append(Spoken(m.start(), m.end(), value))
            continue
        if word in ("ja", "oui", "non", "aye", "nay"):
            continue
        if quoted or (_NOUN_BEFORE.search(line[-24:]) and _NOUN_AFTER.match(after)):
            named.append(_noun(low, m, value))
    return named, spoken


def _noun(low: str, m: re.Match[str], value: str, role: Role | None = None) -> Mention:
    start, end = m.span()
    left = re.search(
        r"(?:\b(?:a|an|the) (?:(?:clear|simple|firm|resounding|definite|plain|flat|hard|solid|strong|straight|big|confident|clean|definitive|emphatic|short|unqualified|honest) )?)?[\"'(\[]*$",
        low[max(0, start - 30) : start],
    )
    if left:
        start -= len(left.group())
    while end < len(low) and low[end] in "\"')]":
        end += 1
    return Mention(start, end, value, role)
