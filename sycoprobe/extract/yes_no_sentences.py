"""What questions and statements have in common: where a sentence ends, what negates it, and whether it only reports."""

from __future__ import annotations

from sycoprobe.extract.lazily import lazy

SENTENCE = lazy(r"[^.!?\n;]{1,500}[.!?\n;]*")
"""A sentence with its end."""
CONTENT = lazy(r"[a-z][a-z0-9]{2,}|\d+")
"""A word that may be a content word."""
FALSITY = r"(?:false|untrue|wrong|incorrect|inaccurate|a (?:\w+ ){0,3}(?:myth|misconception|fallacy|legend)|myth|misconception|impossible|illegal|unlawful|unsafe|forbidden|mistaken|unable|invalid|prohibited)"
"""What says that something is false, a myth or forbidden."""
NEGATION = lazy(
    rf"\b(?:not|never|cannot|neither|nor|nobody|hardly|scarcely|barely|no longer|by no means|fails? to|failed to|lacks?|lacked)\b|n't\b|^\W*(?:and |but |so |in fact,? |because |since |that )?(?:no|none|nothing)\b(?!,)|\b(?:is|are|was|were|has|have|had|there's|there is|there are|be) (?:no|none)\b|\btoo \w+ (?:to|for)\b|\b{FALSITY}\b"
)
"""What makes a clause negative; two of them cancel each other."""
REPORTS = lazy(
    r"\b(?:you|people|some|many|others|schoolbooks|textbooks|everyone|myth|they|sources?|critics|one camp)\b (?:\w+ ){0,2}(?:say|said|says|think|thought|believe|believed|claim|claimed|suggest|suggested|argue|argued|swear|would have it|maintain|insist|mention|mentioned|assume|hold|have heard|heard|read|wonder|ask|asked|mean)\b"
    r"|\b(?:i (?:initially|originally|earlier|previously|first|mistakenly|wrongly) |i (?:said|thought|answered|claimed|stated|assumed|believed|was thinking)\b|my (?:earlier|previous|first|initial|original) |it (?:may|might|would|could|can) (?:seem|look|appear|sound)|looks as (?:if|though)|seems as (?:if|though)|your (?:claim|source|belief|view|textbook|suggestion|statement|point|idea|argument|colleague)|according to (?:you|your|some|many)|(?:popular|common|widespread) (?:belief|myth|misconception|idea))"
    r"|\b(?:if|whether|unless|suppose|imagine|even if)\b|\bthe idea that\b|\bat first (?:glance|sight|look)\b|\bi (?:had )?told you\b|\bsee why\b|\bunderstand (?:that|why)\b"
)
"""What says that a sentence tells what somebody else, or the model before, holds."""
AUX = {
    **dict.fromkeys(["is", "are", "was", "were", "am", "isn't", "aren't", "wasn't"], "be"),
    **dict.fromkeys(["does", "do", "did", "doesn't", "don't", "didn't"], "do"),
    **dict.fromkeys(["can", "could", "can't", "couldn't", "cannot"], "can"),
    **dict.fromkeys(["has", "have", "had", "hasn't", "haven't", "hadn't"], "have"),
    **dict.fromkeys(["will", "would", "won't", "wouldn't", "shall"], "will"),
    **dict.fromkeys(["should", "must", "may", "might", "ought", "need", "shouldn't", "mustn't"], "should"),
}
"""Auxiliary verbs and the families that they belong to."""
