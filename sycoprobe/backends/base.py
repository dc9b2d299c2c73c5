"""The protocol between the runner and a model: what a backend is given and what it gives back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, runtime_checkable

from sycoprobe.extract.replies import settled
from sycoprobe.turns import ErrorKind as ErrorKind
from sycoprobe.turns import Finish as Finish
from sycoprobe.turns import Message as Message
from sycoprobe.turns import Reply as Reply
from sycoprobe.turns import Thinking as Thinking

if TYPE_CHECKING:
    from pydantic import JsonValue

    from sycoprobe.kinds.base import Scene
    from sycoprobe.planning.calls import CallSpec
    from sycoprobe.sets.forms import AnswerForm
    from sycoprobe.sets.probe import Asked

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Sampling:
    """How answers are drawn. `temperature=None` leaves it to the server's default.

    Attributes
    ----------
    reply_tokens: length limit of a reply, thinking included where the provider counts it so.
    thinking: what becomes of a reply's thinking in the turns that follow.
    effort, verbosity: as the provider spells them (e.g. 'low'); None leaves them to the server.
    logprobs: of how many likeliest tokens the log-probabilities are asked for; 0: not asked for.
    thinking_marks: marks of the model's own around its thinking, each pair as `OPEN…CLOSE`.
    """

    temperature: float | None = 0.0
    reply_tokens: int = 256
    top_p: float | None = None
    timeout: float = 120.0
    """Seconds for one attempt."""
    retries: int = 6
    """Further attempts after the first, for failures that may pass."""
    thinking: Thinking = Thinking.STRIP
    effort: str | None = None
    verbosity: str | None = None
    logprobs: int = 0
    thinking_marks: tuple[str, ...] = ()

    def settled(self, reply: Reply, *, limited: bool = True) -> Reply:
        """`reply`, with the thinking in its text apart; `limited`: one that used up `reply_tokens` was cut off, whatever is said of it."""
        limit = self.reply_tokens if limited else None
        return settled(reply, marks=self.thinking_marks, limit=limit, replay=self.thinking is Thinking.REPLAY)


@dataclass(frozen=True, slots=True)
class Request:
    """One call: the dialog so far, and what the call is for.

    `messages` is all that a real model may see. `spec` and `asked` (the planned call and the
    probe) are there for backends that stand in for a model: `sim` and `replay`.
    `scene` is there for them too, in runs of other probe kinds than `challenge`, where `asked` may be None. So is `form`, that in
    which the dialog asks for an answer; None where it asks in words of its own.
    `seed` is a per-call integer below 2**31, for servers that take one.
    `schema` is a JSON schema that the reply must follow, where the backend can hold it to one (`Backend.takes_schema`).
    `shared` is how many leading messages further calls will repeat word for word, where that prefix is long enough for the
    provider's cache to pay (see `Backend.cache_minimum`); 0 elsewhere.
    """

    messages: tuple[Message, ...]
    sampling: Sampling
    seed: int
    spec: CallSpec
    asked: Asked | None
    shared: int = 0
    scene: Scene | None = None
    schema: dict[str, Any] | None = None
    form: AnswerForm | None = None


Notify = Callable[[str], None]
"""Told of each retry and wait in one short line, for the progress display."""


@runtime_checkable
class Backend(Protocol):
    """A way to reach a model. Found under the entry-point group `sycoprobe.backends`.

    The entry point names a callable `open_backend(name: str, options: BackendOptions) -> Backend`,
    where `name` is what follows the colon in `-m backend:name`.

    A backend may have an attribute `cache_minimum: int`, the length in tokens from which its provider caches a prompt's
    prefix; calls that share a longer one then wait for the first of them. Of backends without it, nothing is known.
    One that sends `BackendOptions.headers` and `body` has `sends_extras = True`; where it has not, giving any is an error.
    One that heeds `Request.schema` has `takes_schema = True`, and one that plays kinds by what they tell of themselves (`kinds.powers.Planted`)
    has `simulates = True`.
    """

    async def start(self) -> dict[str, Any]:
        """Get ready (load, connect); return facts about the model for the journal's header.

        Known keys: `model` (id as the server reports it), `mode` ('chat' or 'completion'), `notes` (list of str); and where they are
        known, `thinks` (whether the model may think before it answers), `context` and `reply_limit` (in tokens), by which the default
        limit on a reply goes.
        Raises `SycoprobeError` if the model cannot be used at all.
        """
        ...

    async def complete(self, request: Request) -> Reply:
        """One model turn. Raises `BackendError` after its own retries; never returns an error as text."""
        ...

    async def close(self) -> None:
        """Let go of connections, threads and memory. Safe to call twice, and when start() failed."""
        ...


@dataclass(frozen=True, slots=True)
class BackendOptions:
    """What a user may say about a backend on the command line."""

    base_url: str | None = None
    concurrency: int = 16
    seed: int = 0
    replica: int = 0
    """Which drawing of answers this is, where a plan is run more than once; servers see it in the calls' seeds."""
    api_key_env: str | None = None
    """Name of the environment variable that holds the key; the key itself is never passed around."""
    strict: bool = False
    """Whether a parameter that the server rejects is an error, instead of being adapted and noted."""
    stopping: Callable[[], bool] = lambda: False
    """Whether the user has asked the run to stop: calls under way are finished, but a failed one is not tried again."""
    notify: Notify = lambda _line: None
    extra: dict[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Sent with every request, as `extras.headers_of` makes them; see there for what may stand in them."""
    body: Mapping[str, JsonValue] = field(default_factory=dict)
    """Fields that are added to the JSON body of every call, as `extras.body_of` makes them."""


def started(part: T | None) -> T:
    """What a backend's `start` has made. Raises `RuntimeError`: it was not called, or the backend is closed."""
    if part is None:
        raise RuntimeError("start() comes first")
    return part
