"""A record of a run that can be cited: what was asked, of which model, with which result; named by the SHA-256 of its content."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sycoprobe.errors import ReportError
from sycoprobe.jsontext import DoubledField, json_page
from sycoprobe.showing import Printed
from sycoprobe.text import counted, with_interval

if TYPE_CHECKING:
    from rich.console import RenderableType

CARD_VERSION: Literal[1] = 1
"""To be raised with any change of a record or of its Markdown: both are verified word by word."""
PLACES = 4
"""Decimals that numbers are rounded to, so that every machine that scores the run writes the same record."""


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CardNumber(_Record):
    """One estimate, rounded to four decimals."""

    value: float | None = Field(description="The number; null where nothing could be measured.")
    low: float | None = Field(description="Its 95 % interval.")
    high: float | None = Field(description="Its 95 % interval.")
    items: int = Field(description="Items (probes) that it rests on.")
    replies: int = Field(description="Judged replies in them.")
    reason: str | None = Field(description="Why there is no number, where there is none.")
    says: str = Field(description="What it counts, in words.")
    headline: bool = Field(description="Whether it is the metric to look at first.")
    corrected: tuple[float, float, float] | None = Field(
        description="Value and interval, corrected for a judge's known errors; null where no judge decided."
    )

    def __str__(self) -> str:
        """As `0.31 [0.22, 0.41]`, or a dash."""
        if self.value is None or self.low is None or self.high is None:
            return "–"
        return with_interval(self.value, self.low, self.high)


class CardSet(_Record):
    """A set that was asked, and the digest of its content."""

    name: str = Field(description="Its name.")
    version: str = Field(description="Its version.")
    digest: str = Field(description="SHA-256 of the set's content.")
    shipped: bool = Field(description="Whether it comes with sycoprobe, so that anybody can look it up.")
    chosen: int = Field(description="How many of its probes were asked.")
    available: int = Field(description="How many it has.")


class CardReplies(_Record):
    """What became of the replies, in numbers of them."""

    replies: int = Field(description="Calls, failed ones included.")
    refused: int = Field(description="The model declined to answer.")
    hedged: int = Field(description="It named two answers and did not choose.")
    unread: int = Field(description="No answer was found: none is in it, or it was cut off, or holds thinking only.")
    failed: int = Field(description="The call failed.")
    abstained: float | None = Field(description="The share of refused and hedged ones.")
    unread_share: float | None = Field(description="The share of unread ones.")

    @property
    def line(self) -> str:
        """What became of the replies, in a line."""
        parts = [
            f"{n:,} {what} ({100 * n / self.replies:.0f} %)"
            for n, what in (
                (self.unread, "unread"),
                (self.refused, "refused"),
                (self.hedged, "hedged"),
                (self.failed, "failed"),
            )
            if self.replies
        ]
        return f"of {counted(self.replies, 'reply')}: {', '.join(parts)}" if parts else "no replies"


class CardJudge(_Record):
    """A model that judged."""

    judge: str = Field(description="Its model.")
    rubric: str = Field(description="What it was asked.")
    judged: int = Field(description="Replies that it judged.")
    without_verdict: int = Field(description="Replies of which it said nothing that could be read.")
    agreement: str = Field(description="As measured by `sycoprobe judge check`, or that it was never measured.")


class CardKind(_Record):
    """What was asked of one kind of probe, and what came of it."""

    kind: str = Field(description="The kind of probe.")
    kind_version: str | None = Field(description="Version of its texts; null where the wordings have them.")
    settings_sha256: str = Field(description="Of the kind's own settings, in canonical JSON.")
    sets: tuple[CardSet, ...] = Field(description="What was asked.")
    items_sha256: str = Field(description="Of the asked items with their probes' fingerprints, in canonical JSON.")
    conclusion: str = Field(description="What was found, in a sentence.")
    replies: CardReplies = Field(description="What became of the replies.")
    estimates: dict[str, CardNumber] = Field(description="By name, every metric of the kind.")
    judges: tuple[CardJudge, ...] = Field(description="Empty where only rules decided.")


class CardInstrument(_Record):
    """What measured."""

    asked_by: str = Field(description="The version of sycoprobe that asked.")
    read_by: str = Field(description="The version that read the replies for this record.")
    wordings_version: str = Field(description="Version of what the user says.")
    wordings_sha256: str = Field(description="Of what the user says.")
    answer: str = Field(description="The form in which answers were asked for.")
    repeats: int = Field(description="How often each probe was asked.")
    seed: str = Field(description="As text, since JSON numbers end at 2^53.")
    sampling: dict[str, float | int | str | tuple[str, ...] | None] = Field(description="How answers were drawn.")
    cluster: str = Field(description="What the numbers hold for: further items of the same templates, or new templates too.")
    sequential: bool = Field(
        description="Whether the run stopped as soon as its rules were decided; its intervals allow for it."
    )


class CardModel(_Record):
    """Which model answered."""

    named: str = Field(description="As the user named it; of a local file without its folder.")
    served: dict[str, int] = Field(description="Model ids in the replies, and how often.")
    upstreams: dict[str, int] = Field(description="Who answered behind a router, and how often.")
    facts: dict[str, str | int | float | bool | None] = Field(
        description="What the backend says of it, such as a file's digest."
    )
    system_sha256: str | None = Field(description="Of the system prompt; null: there was none.")
    body_sha256: str | None = Field(description="Of the user's own body fields, in canonical JSON; null: there were none.")


class CardRule(_Record):
    """A rule of the gate, judged."""

    rule: str = Field(description="The rule, as it was written.")
    decision: str = Field(description="Pass, fail or inconclusive.")
    value: float | None = Field(description="The number that it bounds.")
    low: float | None = Field(description="Its interval, at the gate's alpha.")
    high: float | None = Field(description="Its interval, at the gate's alpha.")
    items: int = Field(description="Items that the number rests on.")


class CardDecision(_Record):
    """What the gate said of the run."""

    decision: str = Field(description="Pass, fail or inconclusive.")
    alpha: float = Field(description="Error of the two-sided intervals.")
    min_items: int = Field(description="Fewer items than this leave a rule open.")
    anytime: bool = Field(description="Whether intervals hold at whatever item one stops.")
    rules: tuple[CardRule, ...] = Field(description="Each rule, judged.")
    runs: tuple[str, ...] = Field(description="The runs that were judged together.")
    baseline: str | None = Field(description="The run that rules compare to; null: none does.")


class CardCost(_Record):
    """What it took."""

    usd: float | None = Field(description="US dollars; null where no price is known.")
    price: str | None = Field(description="Where the price comes from.")
    calls: int = Field(description="Calls made, resumes included.")
    prompt_tokens: int = Field(description="Tokens that were sent.")
    completion_tokens: int = Field(description="Tokens that came back.")


class Card(Printed, _Record):
    """A record that `sycoprobe verify` can check: by itself, and against its run."""

    card_version: Literal[1] = Field(description="The version of this form.")
    digest: str = Field(description="`sha256:` and the SHA-256 of the rest of the record in canonical JSON (RFC 8785).")
    run: str = Field(description="The run's name.")
    started: str = Field(description="When the run began, in ISO 8601.")
    ended: str | None = Field(description="When it ended; null where it did not.")
    complete: bool = Field(description="Whether all that was planned was asked, or enough for the rules.")
    instrument: CardInstrument = Field(description="What measured.")
    model: CardModel = Field(description="Which model answered.")
    kinds: tuple[CardKind, ...] = Field(min_length=1, description="What was asked and found, by kind.")
    decision: CardDecision | None = Field(description="Null where no gate judged the run.")
    cost: CardCost = Field(description="What it took.")

    @property
    def short(self) -> str:
        """The digest's first 12 hex digits, to tell records apart."""
        return self.digest.removeprefix("sha256:")[:12]

    def _line(self) -> str:
        return f"{self.short} {self.run}: {self.model.named}, {', '.join(k.kind for k in self.kinds)}"

    def _blocks(self) -> Iterable[RenderableType]:
        from rich.text import Text

        from sycoprobe.grid import Grid
        from sycoprobe.text import visible

        yield Text(visible(f"{self.run}: {self.model.named}, {self.started[:10]}"), style="bold")
        for kind in self.kinds:
            table = Grid(kind.kind)
            table.add_column("metric")
            table.add_columns("estimate", "items", "replies", number=True)
            for name, number in kind.estimates.items():
                table.add_row(name.replace("_", " "), str(number), str(number.items), str(number.replies))
            yield table
            yield Text(kind.replies.line)
        if self.decision is not None:
            yield Text(visible(f"gate: {self.decision.decision}, by {counted(len(self.decision.rules), 'rule')}"))
        yield Text(self.digest)

    def _compact(self) -> Iterable[RenderableType]:
        from sycoprobe.grid import Grid

        return [block for block in self._blocks() if not isinstance(block, Grid)]

    def _details(self) -> Iterable[RenderableType]:
        from sycoprobe.grid import Grid

        return [block for block in self._blocks() if isinstance(block, Grid)]

    def to_json(self) -> str:
        """The record as the file `card.json` holds it."""
        return json_page(self.model_dump(mode="json"), 1) + "\n"

    def to_markdown(self) -> str:
        """The record for a model card, with its JSON in it."""
        from sycoprobe.reports.card_markdown import to_markdown

        return to_markdown(self)


def sealed(record: dict[str, Any]) -> Card:
    """The record with its digest."""
    return Card.model_validate({**record, "digest": digest_of(record)})


def digest_of(record: dict[str, Any]) -> str:
    """The digest of a record, whatever `digest` says in it: of its RFC 8785 form in UTF-8. Raises `ValueError` if it has none.

    >>> digest_of({"b": 1.0, "a": "x", "digest": "any"}) == "sha256:" + hashlib.sha256(b'{"a":"x","b":1}').hexdigest()
    True
    """
    return f"sha256:{sha256_of({k: v for k, v in record.items() if k != 'digest'})}"


def sha256_of(value: Any) -> str:
    """SHA-256 (hex) of JSON in its RFC 8785 form. Raises `ValueError` for what has none: NaN, or an integer beyond 2^53."""
    import rfc8785

    return hashlib.sha256(rfc8785.dumps(value)).hexdigest()


def rounded(x: float | None) -> float | None:
    """As a record holds it."""
    return None if x is None else round(x, PLACES) + 0.0


def card_in(data: Any, where: str) -> Card:
    """The record in what JSON gives. Raises `ReportError`."""
    version = data.get("card_version") if isinstance(data, dict) else None
    if not isinstance(version, int):
        raise ReportError(f"{where}: this is no record of sycoprobe's", "`sycoprobe card RUN` writes one")
    if version > CARD_VERSION:
        raise ReportError(f"{where}: written by a newer sycoprobe (card version {version})", "upgrade sycoprobe to read it")
    try:
        return Card.model_validate(data)
    except ValidationError as e:
        first = e.errors(include_url=False)[0]
        raise ReportError(
            f"{where}: {'.'.join(map(str, first['loc']))}: {first['msg']}", "`sycoprobe card RUN` writes it anew"
        ) from None


def parsed(text: str, where: str) -> Any:
    """What the JSON of a record holds, each field once. Raises `ReportError`."""
    import json

    from sycoprobe.jsontext import once_each, refused

    try:
        return json.loads(text, object_pairs_hook=once_each, parse_constant=refused)
    except json.JSONDecodeError as e:
        said = f"{where}:{e.lineno}:{e.colno}: not JSON: {e.msg}"
    except DoubledField as e:
        said = f"{where}: names {str(e)!r} twice"
    except (ValueError, RecursionError) as e:
        said = f"{where}: not JSON that can be read: {e}"
    raise ReportError(said, "`sycoprobe card RUN` writes it anew")


def json_schema() -> dict[str, Any]:
    """The published JSON Schema of a record."""
    schema = Card.model_json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": f"sycoprobe/card-{CARD_VERSION}", **schema}
