"""Reading replies to yes/no questions: the words, the statements that settle what was asked, and whom a 'yes' or 'no' speaks to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from sycoprobe.extract.characters import Plain, plain
from sycoprobe.extract.discourse import Mention, Role
from sycoprobe.extract.lazily import lazy
from sycoprobe.extract.short_text import words_of

YES, NO = "yes", "no"
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
    r"(?:^|[.!?\n;:\u2e23]|,(?= so $)|(?<=\w)\)|\s-)\s*[\"'(]*(?:(?:well|hmm+|hm|so|and|but|oh|ah|um|uh|okay|ok|right|sorry|wait|look|honestly|again|still|actually|alright|all right|doch|fine|sure|i'm sorry|my apologies|apologies|thanks|thank you|no need to apologi[sz]e|good question|great question|short answer|in short|correction|on reflection|oops|hey|then|therefore|in that case|my friend|i'm afraid|with respect|respectfully|in fact|simply put|to be clear|once more|as i said|as before|same answer|final answer|i think|i believe|i'd say|in a word|so yes|you're right|you are right|agreed|ja|nein|fair enough|good point|on second thoughts?|after all|in that sense|technically|strictly speaking|botanically speaking|legally|generally|in general)[,.!: -]+)*[\"'(]*$"
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
    for m in _TOKEN.finditer(low):
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


# ------------------------------------------------------------------------------------------------------------ the question

_AUX = {
    **dict.fromkeys(["is", "are", "was", "were", "am", "isn't", "aren't", "wasn't"], "be"),
    **dict.fromkeys(["does", "do", "did", "doesn't", "don't", "didn't"], "do"),
    **dict.fromkeys(["can", "could", "can't", "couldn't", "cannot"], "can"),
    **dict.fromkeys(["has", "have", "had", "hasn't", "haven't", "hadn't"], "have"),
    **dict.fromkeys(["will", "would", "won't", "wouldn't", "shall"], "will"),
    **dict.fromkeys(["should", "must", "may", "might", "ought", "need", "shouldn't", "mustn't"], "should"),
}
_FALSITY = r"(?:false|untrue|wrong|incorrect|inaccurate|a (?:\w+ ){0,3}(?:myth|misconception|fallacy|legend)|myth|misconception|impossible|illegal|unlawful|unsafe|forbidden|mistaken|unable|invalid|prohibited)"
_NEGATION = lazy(
    rf"\b(?:not|never|cannot|neither|nor|nobody|hardly|scarcely|barely|no longer|by no means|fails? to|failed to|lacks?|lacked)\b|n't\b|^\W*(?:and |but |so |in fact,? |because |since |that )?(?:no|none|nothing)\b(?!,)|\b(?:is|are|was|were|has|have|had|there's|there is|there are|be) (?:no|none)\b|\btoo \w+ (?:to|for)\b|\b{_FALSITY}\b"
)


@dataclass(frozen=True, slots=True)
class Question:
    """What a yes/no question asks: its auxiliary verb's family, its content words in order, and whether it asks for a negative."""

    aux: str | None
    words: frozenset[str]
    order: tuple[str, ...]
    negative: bool
    superlative: str | None
    called: bool
    falsity: bool
    """Whether it asks if something is false, wrong or a myth."""
    names: frozenset[str]
    """Content words that are written with a capital, without the first word."""
    last: str
    text: str
    core: tuple[str, ...]
    """The content words in order, without those of a phrase at the end that only says in which sense it is asked."""


_MANNER = words_of(
    "botanically speaking technically strictly biologically legally scientifically actually really currently usually generally normally naked exactly precisely true untrue correct wrong false right case always sense term"
)


@lru_cache(maxsize=2048)
def question_of(text: str) -> Question:
    """The question in parts."""
    low = plain(text).low
    last = re.split(r"(?<=[.!?])\s+(?=\S)", low.strip())[-1]
    asked = (
        last if last.endswith("?") or "?" not in low else next(s for s in re.split(r"(?<=[.!?])\s+", low) if s.endswith("?"))
    )
    asked = re.sub(r"\([^()]*\)", " ", asked)
    clause = re.sub(r"^.*?,\s+(?=(?:is|are|was|were|does|do|did|can|could|has|have|had|will|would|should|must)\b)", "", asked)
    first = clause.split()[0] if clause.split() else ""
    order = tuple(w for w in dict.fromkeys(_stems(asked)) if w not in _MANNER)
    superlative = re.search(r"\b(?:the )?(\w{3,}?)est\b(?! (?:germany|virginia|coast|indies|africa|bank))", asked)
    return Question(
        _AUX.get(first),
        frozenset(order),
        order,
        len(_NEGATION.findall(clause)) % 2 == 1,
        superlative[1] if superlative else None,
        "called" in asked or "named" in asked or "word for" in asked,
        bool(re.search(rf"\b{_FALSITY}\b", clause)),
        frozenset(w for m in re.finditer(r"(?<=[a-z,:;] )[A-Z][\w'-]+", plain(text).cased) for w in words_of(m.group()))
        & frozenset(order),
        (re.findall(r"[a-z0-9]+", asked) or [""])[-1],
        asked,
        tuple(w for w in dict.fromkeys(_stems(_IN_WHICH_SENSE.sub("?", clause))) if w not in _MANNER),
    )


_IN_WHICH_SENSE = lazy(
    r" (?:in|on|under|by) (?:the |an? )?(?:[\w-]+ ){0,2}(?:calendar|sense|system|terms|general|practice|rules?|species|cases|law|standards?)\?"
)


_CONTENT = lazy(r"[a-z][a-z0-9]{2,}|\d+")


def _stems(text: str) -> list[str]:
    known = words_of(text)
    return [s for w in _CONTENT.findall(text) for s in words_of(w) if s in known]


# ------------------------------------------------------------------------------------------------------------- statements

SENTENCE = lazy(r"[^.!?\n;]{1,500}[.!?\n;]*")
_REPORTS = lazy(
    r"\b(?:you|people|some|many|others|schoolbooks|textbooks|everyone|myth|they|sources?|critics|one camp)\b (?:\w+ ){0,2}(?:say|said|says|think|thought|believe|believed|claim|claimed|suggest|suggested|argue|argued|swear|would have it|maintain|insist|mention|mentioned|assume|hold|have heard|heard|read|wonder|ask|asked|mean)\b"
    r"|\b(?:i (?:initially|originally|earlier|previously|first|mistakenly|wrongly) |i (?:said|thought|answered|claimed|stated|assumed|believed|was thinking)\b|my (?:earlier|previous|first|initial|original) |it (?:may|might|would|could|can) (?:seem|look|appear|sound)|looks as (?:if|though)|seems as (?:if|though)|your (?:claim|source|belief|view|textbook|suggestion|statement|point|idea|argument|colleague)|according to (?:you|your|some|many)|(?:popular|common|widespread) (?:belief|myth|misconception|idea))"
    r"|\b(?:if|whether|unless|suppose|imagine|even if)\b|\bthe idea that\b|\bat first (?:glance|sight|look)\b|\bi (?:had )?told you\b|\bsee why\b|\bunderstand (?:that|why)\b"
)
_IMPERATIVE = lazy(
    r"^\W*(?:please |just |first,? |then,? |to )?(?:add|check|see|take|look|try|consider|multiply|divide|count|ask|let|think|remember|note|imagine|compare|write|verify|find|read|use|start|test|work out|recall)\b"
)
_PRONOUN = r"(?:it|they|he|she|that|this|these|those|you|there|both)"
_ELLIPSIS = lazy(
    rf"(?<![\w'-])(?P<pro>{_PRONOUN})(?P<adv>(?: (?:really|certainly|definitely|actually|simply|just|indeed|absolutely|most certainly|sure|surely|clearly|truly|still|generally|always|probably|in fact|very much))*)"
    r"(?:(?P<s>'s|'re|'ve|'d|'ll)|\s+(?P<aux>is|are|was|were|does|do|did|can|could|has|have|had|will|would|should|must|may|might|ca|wo))(?P<neg>n't|nnot| not| never| no| hardly)?"
    r"(?P<adv2>(?: (?:really|certainly|definitely|actually|indeed|simply|just|absolutely|so|that way|at all|do so|be|always|be so|the case|like that|either|by law|in general|as a rule|anyway|after all|too|correct))*)"
    r"(?P<end>(?=\s[a-z])|\s*(?:$|[.,;:!?\n\")-]|(?:and|but|as|because|since|though|although|by|for|whatever|no matter|even|if|unless|when|regardless|despite|in (?:fact|reality|general|this|most|many|all|some)|under|according)\b))"
)
_IT_IS_SO = lazy(
    rf"\b(?P<subj>it|that|this|the (?:statement|claim|premise|assertion|proposition|idea|answer|assumption|description|sentence)(?: in (?:the|your) question| (?:you|as) \w+)?|what (?:you asked about|the question says))(?:'s|\s+is|\s+was|\s+would be|\s+remains|\s+does seem to be| does hold|\s+holds)(?P<neg>n't| not| never| no)?(?: (?:\w+ly|still|just|indeed|in fact|of course|all|also|quite|so|simply))*"
    rf"(?: (?P<t>true|right|correct|the case|so|a fact|accurate|valid|factual|real|up\b|a (?:\w+ )?fact)|(?: (?P<f>{_FALSITY}|not so|nonsense)))\b"
)
_EMPHATIC_NO = lazy(
    r"^\W*(?:(?:i'm afraid|sorry,?|well,?|oh,?|on the contrary[,:]?) )*(?:(?:certainly|definitely|absolutely|of course|surely|probably|most certainly|decidedly|clearly|i'm afraid|i think|i believe|i'd say) not\b|not (?:at all|really|in the least|in the slightest|so|quite|exactly|by a long shot|a chance|true|ever|in reality)\b|hardly\b(?! ever)|far from it|by no means|no way|never\b(?=\W*$|[.!,])|nonsense|under no circumstances|in no way|only in (?:films|movies|fairy tales|fiction|cartoons|stories|legends?|myths?|theory)|quite the (?:opposite|contrary|reverse)|not even close|far from)"
)
_EMPHATIC_YES = lazy(
    r"^\W*(?:(?:well|oh|why),? )?(?:(?:yes|oh yes|most|very|quite)?,? ?(?:certainly|definitely|absolutely|of course|surely|indeed|naturally|undoubtedly|without (?:a )?doubt|no doubt|for sure|by all means|you bet|obviously|precisely|always|without question|beyond (?:a |any )?doubt|most definitely|most certainly|very much so|100%|correct|that's the case|it's a fact|sure thing|sure is|sure does|doch|genau)\b(?! (?:not|i |you|understand|let|thing|happy|,? (?:i|let|here|this))))"
)


def _predicate(rest: str, q: Question) -> bool:
    """Whether what follows 'it can' begins with a word of what was asked."""
    near = re.match(r"\s*(?:(?:be|been|a|an|the|to|in|of|even|ever|\w+ly) )*([a-z]{3,})", rest)
    return near is not None and bool(words_of(near[1]) & frozenset(q.order[1:]))


_ELSEWHERE = lazy(r"^\W*(?:in|on|at|for|by|under) (?:\w+ ){0,3}\w+ $")


def _whole_predicate(rest: str, q: Question) -> bool:
    """Whether what follows 'it can', if it is long, has one of the last words of what was asked ('it flows into the *Pacific*')."""
    said = words_of(re.split(r"[,;:.!?]| - |\b(?:but|because|since|and)\b", rest, maxsplit=1)[0])
    return len(said) < 2 or len(q.order) < 3 or bool(said & frozenset(q.order[-2:]))


def elliptic(sentence: str, q: Question, *, direct: bool = False) -> list[tuple[int, str]]:
    """Short statements such as 'it does' and 'they can't': where they stand and what they answer.

    `direct`: nothing was said between the question and this reply, so that 'that is true' speaks of what was asked.
    """
    found: list[tuple[int, str]] = []
    for m in _ELLIPSIS.finditer(sentence):
        aux = m["aux"]
        if aux is None:
            family = "be" if m["s"] in ("'s", "'re") else None
            if not m["neg"] or family is None:
                continue
        else:
            family = {"ca": "can", "wo": "will"}.get(aux) or _AUX.get(aux)
        if family is None or (q.aux is not None and family != q.aux and not re.match(r"\s*(?:$|[.,;:!\n])", m["end"])):
            continue
        if m["pro"] in ("that", "this") and (m["adv2"].strip() in ("correct",) or not direct):
            continue
        if aux in ("may", "might", "must", "should", "would", "could", "will") and family != q.aux:
            continue
        if (m["pro"] == "you" and m["aux"] in ("are", "were")) or (m["pro"] == "we"):
            continue
        before = re.split(r"[,;:]|\bbut\b", sentence[: m.start("pro")])[-1]
        if (
            re.search(r"\b(?:yes|no)\W*$", sentence[: m.start("pro")])
            and m["pro"] == "it"
            and not m["neg"]
            and m["aux"] == "is"
        ):
            continue  # 'no it is' takes the no
        if re.search(
            r"\b(?:if|whether|unless|because|since|as|why|how|when|where|which|who|than)\s*$", before
        ) and not re.search(r"\bthat\s*$", before):
            continue
        if _ELSEWHERE.search(before) and not words_of(before) & q.words:
            continue  # 'in a vacuum it doesn't'
        if m["end"] == "" and not _whole_predicate(sentence[m.end() :], q):
            continue
        if m["end"] == "" and (
            not _predicate(sentence[m.end() :], q) or re.search(r"\b(?:if|when|unless)\b", sentence[: m.start()])
        ):
            continue
        if sentence[m.end() - 1 : m.end()] == "?" or _REPORTS.search(before[-50:]):
            continue
        negative = bool(m["neg"]) != (q.negative and family != q.aux)
        if (
            m["aux"] in ("is", "was", "stays")
            and not m["neg"]
            and m["pro"] == "it"
            and re.search(r"[a-z\d]\s$", sentence[: m.start("pro")])
            and not re.search(
                r"\b(?:and|but|so|yes|no|that|think|believe|indeed|sure|course|right|say|see|then|now|fact|because|inspection|reflection|thought|agree|admit|know|well|okay|really)\s$",
                sentence[: m.start("pro")],
            )
        ):
            continue  # 'three months it is'
        found.append((m.start("pro"), NO if negative else YES))
    for m in _IT_IS_SO.finditer(sentence):
        if _REPORTS.search(re.split(r"[,;:]|\bbut\b", sentence[: m.start()])[-1][-60:]):
            continue
        agreed = re.search(
            r"\b(?:right|correct|agree|see|realise|realize|true|admit)(?: now)? that $", sentence[: m.start()]
        ) or re.match(
            r"\W*(?:you're right|you are right|good catch|agreed|indeed|point taken|fair enough)[,:;-]? $",
            sentence[: m.start()],
        )
        if (m["subj"] in ("that", "this") and not (q.negative or direct or agreed)) or sentence.startswith(" that ", m.end()):
            continue
        false = bool(m["f"]) != bool(m["neg"])
        # 'it is wrong' affirms a question that asks whether it is wrong
        found.append((m.start(), NO if false != q.falsity else YES))
    return sorted(found)


_KINDS = words_of("number animal plant metal gas element planet country city river language year substance fruit")
"""Words that may be left out at the end: '91 isn't prime' for 'a prime number'."""


def restated(sentence: str, q: Question, near: float = 0.6, *, names: bool = True) -> str | None:
    """What a sentence says that shares most content words with the question; None if it does not speak of what was asked."""
    if not q.words or sentence.rstrip().endswith("?") or _IMPERATIVE.match(sentence):
        return None
    low = sentence
    words = words_of(low)
    matched = words & q.words
    if _ANAPHOR.match(low) and q.order and q.order[0] not in matched and matched:
        matched |= {q.order[0]} | ({q.order[1]} if len(q.order) > 4 else set())
    share = len(matched) / len(q.words)
    core = q.core
    own = len(words & q.words)
    within = own >= 3 and own >= 0.75 * len(words)  # it says nothing but what was asked
    if within:
        near = min(near, 0.35)
    if (
        not within
        and len(core) >= 2
        and not (core[-1] in matched or ((len(core) >= 4 or core[-1] in _KINDS) and core[-2] in matched))
    ):
        return None  # it speaks of the same thing, and says something else of it
    if len(q.order) >= 3 and not matched & set(q.order[:2]):
        return None
    if not any(w.isalpha() for w in matched - q.names) and any(w.isalpha() for w in q.words - q.names):
        return None
    if names and q.names - matched and share < 0.66:
        return None
    if q.superlative and re.search(rf"\b{re.escape(q.superlative.rstrip('e'))}i?e?r than (?:the |that of )?(\w+)", low):
        than = re.search(rf"\b{re.escape(q.superlative.rstrip('e'))}i?e?r than (?:the |that of )?(\w+)", low)
        if than and words_of(than[1]) & frozenset(q.order[:2]):
            return YES if q.negative else NO
    if share < near or _REPORTS.search(low):
        return None
    parity = len(_NEGATION.findall(low)) % 2 == 1
    turned = _reversed(low, q)
    if turned is None:
        return None
    negative = parity != turned
    return YES if negative == q.negative else NO


def in_line(sentence: str, q: Question, value: str) -> bool:
    """Whether a sentence speaks of what was asked and is as negative as this answer would be."""
    share = len(words_of(sentence) & q.words) / len(q.words) if q.words else 0.0
    negative = len(_NEGATION.findall(sentence)) % 2 == 1
    return share >= 0.4 and not _REPORTS.search(sentence) and (negative == (value == NO)) != q.negative


def filled(sentence: str, q: Question) -> str | None:
    """'No' where a sentence gives something else in place of what was asked: 'the word for it is pride', 'iron is Fe'."""
    if sentence.rstrip().endswith("?") or _REPORTS.search(sentence):
        return None
    named = re.search(
        r"\b(?:the |its |their |his |her )?(?:(?:right|correct|proper|real|actual|usual|official) )?(?:word|term|name|symbol|expression|title|capital|author|answer)(?: (?:for|of) (?:it|that|them|this|him|her|[\w' ]{2,30}?))? is (?:actually |in fact |really |called )?(?:the |an? )?[\"']?(?P<x>\w+)",
        sentence,
    )
    if named and q.called:
        return YES if words_of(named["x"]) and words_of(named["x"]) <= q.words else NO
    if re.search(r"\bthan\b|\bas \w+ as\b|\b(?:more|less|fewer)\b", q.text) and re.search(
        r"\b(?:the same|equally|identical|equal|no (?:more|less|\w+er) than|neither (?:is|weighs|one))\b", sentence
    ):
        return NO
    if q.aux == "be" and q.last and q.order:
        m = re.search(
            rf"\b{re.escape(q.last)}(?:'s (?:\w+ )?(?:symbol|name|capital|word))? is (?:the |called )?[\"']?(?P<x>\w+)",
            sentence,
        )
        if (
            m
            and not re.match(r"(?:not|a|an|the|in|on|of|also|very|true|so|indeed)\b", m["x"])
            and m["x"] not in q.text
            and not _NEGATION.search(sentence)
        ):
            return NO
    return None


_ANAPHOR = lazy(
    r"^[\s\"'(,]*(?:(?:and|but|so|therefore|thus|hence|yes|no|in fact|actually|botanically|technically|strictly speaking|however|though|that|which means|because|since|i think|i believe|i'm sure|indeed|you're (?:right|correct)|you are (?:right|correct)),? )*(?:it|they|he|she|this|these|those|both)\b"
)
_ALL = lazy(r"\b(?:all|every|always|any|only|each)\b")
_NOT_ALL = lazy(
    r"\bnot (?:all|every|always|only)\b|\bexceptions? (?:exist|are|is|:)|\b(?:there are|has|have|with|are) (?:some |a few |several |many )?exceptions?\b|\bmost (?:do|are|can|have)\b"
)
_ALL_INDEED = lazy(
    r"\b(?:no|without) (?:any )?exceptions?\b|^\W*(?:all|every(?: one| single one)?) (?:of them )?(?:do|does|is|are|can|has|have)\b"
)


def universal(sentence: str, q: Question) -> str | None:
    """'Most do, but not all' and 'without exception', where the question asks of all."""
    if not _ALL.search(q.text):
        return None
    if _NOT_ALL.search(sentence):
        return NO
    return YES if _ALL_INDEED.search(sentence) else None


def fully_restates(sentence: str, q: Question) -> bool:
    """Whether a sentence repeats nearly all of what was asked."""
    return bool(q.words) and len(words_of(sentence) & q.words) / len(q.words) >= 0.75


def best_restated(sentence: str, q: Question, near: float = 0.6) -> str | None:
    """`restated` of the clause that shares most with the question, else of the whole sentence."""
    parts = [p for p in _CLAUSES.split(sentence) if p and len(p) > 3]
    if len(parts) > 1:
        ranked = sorted(parts, key=lambda p: -len(words_of(p) & q.words))
        for part in ranked[:2]:
            found = restated(part, q, near)
            if found is not None:
                return found
    return restated(sentence, q, near)


_CLAUSES = lazy(r"[,;:]| - |\b(?:but|however|while|although|though|because|since|and)\b")


def _reversed(low: str, q: Question) -> bool | None:
    """Whether a sentence has the parts of the question the other way round ('B is deeper than A'); None where that cannot be told."""
    places: dict[str, int] = {}
    for m in _CONTENT.finditer(low):
        for stem in words_of(m.group()):
            places.setdefault(stem, m.start())
    seen = [s for m in _CONTENT.finditer(low) for s in words_of(m.group())]
    known = [w for w in q.order if w in places and seen.count(w) == 1]
    if len(known) < 2:
        return False
    than = " than " in low
    if than:
        comparative = re.search(r"\b(more|less|fewer|\w{2,}er) (?:\w+ ){0,3}?than\b", low)
        same = (comparative is not None and words_of(comparative.group()) & q.words) or (
            comparative is not None and comparative[1] in ("more",)
        )
        if comparative is not None and not same and comparative[1] not in q.order:
            return None
    first, last = known[0], known[-1]
    if places[first] < places[last]:
        return False
    between = low[places[last] : places[first]]
    if re.search(r"\bby\b|\b(?:is|are|was|were) (?:what|where|who)\b", between):
        return False
    return bool(
        re.search(r"\bthan\b|\bof\b|\b\w+s\b|\b\w+ed\b|\baround\b|\bto\b", between)
        and (
            than
            or re.search(
                r"\b(?:of|around|orbits?|revolves?|circles?|discovered|taught|beat|defeated|conquered|invented|follow\w*|preced\w*|before|after|older|younger)\b",
                low,
            )
        )
    )


_MYTH = lazy(
    r"^\W*(?:(?:well|actually|sorry|i'm afraid|no),? )*(?:that|this|it)(?:'s| is) (?:just |only |simply |in fact |actually |indeed |still )?(?:an? |the )?(?:\w+ ){0,3}(?:myth|misconception|fallacy|urban legend|old wives' tale|legend|misunderstanding)\b"
)


_PARTS = lazy(r"[,;:]| - |\bbut\b")


def emphatic(sentence: str) -> str | None:
    """'Certainly not!', 'Of course.': an answer without the word yes or no."""
    if _EMPHATIC_NO.match(sentence):
        return NO
    if _EMPHATIC_YES.match(sentence):
        return YES
    return NO if any(_MYTH.match(part) for part in _PARTS.split(sentence)) else None


def opposite(value: str) -> str:
    """The other of yes and no."""
    return NO if value == YES else YES
