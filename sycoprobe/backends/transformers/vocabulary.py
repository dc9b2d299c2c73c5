"""What tokens spell, marks of thinking included."""

from __future__ import annotations

from typing import Any

from sycoprobe.extract.thinking_marks import special_marks


class Vocabulary:
    """What a tokenizer's tokens spell."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._marks: dict[tuple[str, ...], dict[int, str]] = {}

    def token(self, token: int) -> str:
        """One token by itself."""
        return str(self._tokenizer.decode([token]))

    def text(self, tokens: list[int], own: tuple[str, ...]) -> str:
        """What tokens spell. Special tokens are left out, but for those that tell thinking from the answer."""
        marks = self._marks.get(own)
        if marks is None:
            marks = self._marks[own] = _marks_in(self._tokenizer, own)
        parts: list[str] = []
        plain: list[int] = []
        for token in (*tokens, None):
            if token is not None and token not in marks:
                plain.append(token)
                continue
            if plain:
                said = self._tokenizer.decode(plain, skip_special_tokens=True, clean_up_tokenization_spaces=False)
                parts.append(str(said))
                plain = []
            if token is not None:
                parts.append(marks[token])
        return "".join(parts)


def _marks_in(tokenizer: Any, own: tuple[str, ...]) -> dict[int, str]:
    """The special tokens that are marks around thinking, which decoding would leave out."""
    known = special_marks(own)
    added = getattr(tokenizer, "added_tokens_decoder", {})
    return {i: t.content for i, t in added.items() if t.special and t.content.lower() in known}
