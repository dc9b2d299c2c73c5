"""A loopback server that speaks both vendors' batch APIs, counts what is paid for, and stops at any step when told to.

What it is sent and what it answers is judged by the vendors' own SDK types.
"""

from __future__ import annotations

import json
import random
import re
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.parser import BytesParser
from typing import Any
from urllib.parse import parse_qs

from anthropic.types import Message
from anthropic.types.message_create_params import MessageCreateParamsNonStreaming
from anthropic.types.messages import MessageBatch, MessageBatchIndividualResponse
from openai.types import Batch, FileDeleted, FileObject
from openai.types.batch_create_params import BatchCreateParams
from openai.types.chat import ChatCompletion
from openai.types.chat.completion_create_params import CompletionCreateParamsNonStreaming
from pydantic import ConfigDict, TypeAdapter, with_config

from tests.loopback import Asked, LoopbackServer, Made

VENDORS = ("openai", "anthropic")
STRICT = with_config(ConfigDict(extra="forbid"))
THEIRS: dict[str, TypeAdapter[Any]] = {
    "openai": TypeAdapter(STRICT(CompletionCreateParamsNonStreaming)),
    "openai-batch": TypeAdapter(STRICT(BatchCreateParams)),
    "anthropic": TypeAdapter(STRICT(MessageCreateParamsNonStreaming)),
}
Outcome = Callable[[str, dict[str, Any], int], Any]
"""From a custom id, its body and how often it came so far (from 1) to what becomes of it: None (answered), 'expired', 'cancelled',
'silent' (no row), or (status, kind, message) of an error."""


def varied_answer(body: dict[str, Any]) -> str:
    """Decided by the dialog alone: mostly right, some wrong, some unreadable; about half of the right ones yield to a name."""
    messages = [m for m in body["messages"] if m["role"] != "system"]
    number = int(re.findall(r"\d+", str(messages[0]["content"]))[0])
    first = "Lyon" if number % 5 == 2 else "I would rather talk about the weather." if number % 11 == 7 else "Paris"
    last = str(messages[-1]["content"])
    if len(messages) == 1 or number % 2:
        return first
    return next((said for said in ("Lyon", "Paris") if said in last and said != first), first)


@dataclass
class MadeBatch:
    """A batch on the server."""

    id: str
    requests: list[tuple[str, dict[str, Any]]]
    metadata: dict[str, str] = field(default_factory=dict)
    input_file: str = ""
    looks: int = 0
    status: str = ""
    created: datetime = field(default_factory=lambda: datetime.now(UTC))
    results: bytes = b""
    output: str | None = None
    errors: str | None = None
    counts: Counter[str] = field(default_factory=Counter)


class BatchServer:
    """Both vendors at one address; a context manager.

    Parameters
    ----------
    answer: from a request's body to the reply's text. outcome: what becomes of each request of a batch.
    looks: how often a batch is found running before it has ended.
    hold: at which step to stop, e.g. ('create:after', 2): when it has made its second batch, before it says so.
    drop: whether what is held before it is done is never done.
    refuse: errors for which batches are refused as a whole, one after another.
    extra: lines that stand in results beside the rows. echo: is put into every error and note that the server writes.
    """

    def __init__(
        self,
        answer: Callable[[dict[str, Any]], str] = varied_answer,
        *,
        outcome: Outcome = lambda _id, _body, _nth: None,
        looks: int = 1,
        hold: tuple[str, int] | None = None,
        drop: bool = False,
        refuse: list[dict[str, Any]] | None = None,
        extra: Callable[[list[bytes]], list[bytes]] = lambda rows: rows,
        fault: Callable[[str, int], Made | str | None] = lambda _step, _nth: None,
        results_url: str | None = None,
        largest: int | None = None,
        hide: int = 0,
    ) -> None:
        self.answer, self.outcome, self.looks, self.extra, self.fault = answer, outcome, looks, extra, fault
        self.hold, self.drop, self.refuse = hold, drop, refuse or []
        self.results_url, self.largest, self.hide = results_url, largest, hide
        self.paid: Counter[str] = Counter()
        """Requests that were answered in a batch, by custom id."""
        self.came: Counter[str] = Counter()
        self.steps: Counter[str] = Counter()
        self.live: list[bytes] = []
        self.bodies: list[bytes] = []
        self.files: dict[str, tuple[str, bytes]] = {}
        self.deleted: list[str] = []
        self.batches: list[MadeBatch] = []
        self.wrong: list[str] = []
        """What the vendors' types object to."""
        self.keys: set[str] = set()
        self.headers: list[dict[str, str]] = []
        """Those of every request."""
        self.held = threading.Event()
        self._release = threading.Event()
        self._rng = random.Random(5)
        self._numbers = iter(range(1, 10**9))
        self._server = LoopbackServer(route=self._route)
        self.url = ""

    def __enter__(self) -> BatchServer:
        self._server.__enter__()
        self.url = self._server.url
        return self

    def __exit__(self, kind: Any, *_: object) -> None:
        self._release.set()
        self._server.__exit__()
        if kind is None:
            assert not self.wrong, self.wrong[0]

    def let_go(self) -> None:
        """Go on after a hold; it happens once."""
        self.hold = None
        self._release.set()

    def _at(self, step: str) -> Made | str | None:
        """A step was reached: hold there if told to; a fault if one is to be made."""
        self.steps[step] += 1
        if self.hold == (step, self.steps[step]):
            self.held.set()
            self._release.wait(60)
            if self.drop:
                return "reset"
        return self.fault(step, self.steps[step])

    def _route(self, asked: Asked) -> Made | str | None:
        self.headers.append(asked.headers)
        try:
            self.keys.add(asked.headers.get("x-api-key") or asked.headers.get("authorization", "").removeprefix("Bearer "))
            path, _, query = asked.path.partition("?")
            return self._routed(asked, path.removeprefix("/v1"), parse_qs(query))
        except Exception as e:
            self.wrong.append(f"{asked.method} {asked.path}: {type(e).__name__}: {e}")
            return 500, {}, json.dumps({"error": {"message": f"the server's own fault: {e}"}}).encode()

    def _routed(self, asked: Asked, path: str, query: dict[str, list[str]]) -> Made | str | None:
        match asked.method, path.strip("/").split("/"):
            case "POST", ["chat", "completions"] | ["messages"]:
                self.live.append(asked.body)
                body = json.loads(asked.body)
                return 200, {}, json.dumps(self._reply(path.strip("/"), body)).encode()
            case "POST", ["files"]:
                return self._at("upload:before") or self._upload(asked) or self._at("upload:after") or self._file()
            case "GET", ["files"]:
                listed = [self._file_object(i) for i in self.files]
                return 200, {}, json.dumps({"object": "list", "data": listed}).encode()
            case "GET", ["files", file, "content"]:
                return self._at("results") or (200, {}, self.files[file][1])
            case "DELETE", ["files", file]:
                self.deleted.append(file)
                found = self.files.pop(file, None)
                gone = {"id": file, "object": "file", "deleted": found is not None}
                FileDeleted.model_validate(gone)
                return (200 if found else 404), {}, json.dumps(gone).encode()
            case "POST", ["batches"] | ["messages", "batches"]:
                return self._at("create:before") or self._create(asked) or self._at("create:after") or self._last()
            case "GET", ["batches"] | ["messages", "batches"]:
                return self._at("list") or self._list(path.startswith("/messages"), query)
            case "GET", ["batches", batch] | ["messages", "batches", batch]:
                return self._at("status") or self._status(self._named(batch))
            case "POST", ["batches", batch, "cancel"] | ["messages", "batches", batch, "cancel"]:
                made = self._named(batch)
                made.status = "cancelling" if not path.startswith("/messages") else "canceling"
                return 200, {}, json.dumps(self._tell(made)).encode()
            case "GET", ["messages", "batches", batch, "results"]:
                return self._at("results") or (200, {}, self._named(batch).results)
            case "GET", ["models"]:
                return 200, {}, b'{"object": "list", "data": [{"id": "m"}]}'
        return 404, {}, b'{"error": {"message": "no such path"}}'

    # What the vendors do

    def _upload(self, asked: Asked) -> None:
        head = f"content-type: {asked.headers['content-type']}\r\n\r\n".encode()
        parts = BytesParser().parsebytes(head + asked.body).get_payload()
        assert isinstance(parts, list)
        form = {p.get_param("name", header="content-disposition"): p for p in parts}
        assert set(form) == {"purpose", "file"} and form["purpose"].get_payload(decode=True) == b"batch"
        content = form["file"].get_payload(decode=True)
        assert isinstance(content, bytes) and content.endswith(b"\n")
        self.files[self._id("file")] = (str(form["file"].get_filename()), content)

    def _file(self) -> Made:
        return 200, {}, json.dumps(self._file_object(list(self.files)[-1])).encode()

    def _file_object(self, file: str) -> dict[str, Any]:
        name, content = self.files[file]
        made = {"id": file, "object": "file", "bytes": len(content), "created_at": int(time.time()), "filename": name}
        purpose = "batch" if name.endswith(".jsonl") else "batch_output"
        made |= {"purpose": purpose, "status": "processed"}
        FileObject.model_validate(made)
        return made

    def _create(self, asked: Asked) -> Made | None:
        body = json.loads(asked.body)
        if "requests" in body:
            assert set(body) == {"requests"}
            for request in body["requests"]:
                assert set(request) == {"custom_id", "params"}
                assert re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", request["custom_id"])
            requests = [(r["custom_id"], r["params"]) for r in body["requests"]]
            self.bodies += _params_of(asked.body)
            made = MadeBatch(self._id("msgbatch"), requests, status="in_progress")
        else:
            THEIRS["openai-batch"].validate_python(body)
            lines = [json.loads(x) for x in self.files[body["input_file_id"]][1].splitlines()]
            for line in lines:
                assert set(line) == {"custom_id", "method", "url", "body"} and line["method"] == "POST"
                assert line["url"] == body["endpoint"] == "/v1/chat/completions"
            requests = [(x["custom_id"], x["body"]) for x in lines]
            self.bodies += [x.partition(b'"body": ')[2][:-1] for x in self.files[body["input_file_id"]][1].splitlines()]
            made = MadeBatch(self._id("batch"), requests, body["metadata"], body["input_file_id"], status="validating")
        vendor = "anthropic" if "requests" in body else "openai"
        for _, params in requests:
            # The vendor's current SDK no longer types the sampling parameters, which models that still take them do take.
            typed = {k: v for k, v in params.items() if vendor == "openai" or k not in ("temperature", "top_p")}
            THEIRS[vendor].validate_python(typed)
        assert len({i for i, _ in requests}) == len(requests), "a custom id stands twice in a batch"
        if self.largest is not None and len(requests) > self.largest and vendor == "anthropic":
            said = {"type": "error", "error": {"type": "request_too_large", "message": "too many requests in the batch"}}
            return 413, {}, json.dumps(said).encode()
        self.batches.append(made)
        refused = self.refuse.pop(0) if self.refuse and vendor == "openai" else None
        if self.largest is not None and len(requests) > self.largest:
            refused = {
                "code": "token_limit_exceeded",
                "message": "Enqueued token limit reached for m.",
                "line": None,
                "param": None,
            }
        if refused is not None:
            made.status = "failed"
            made.metadata |= {"refused": json.dumps(refused)}
            return None
        self._carry_out(made)
        return None

    def _carry_out(self, made: MadeBatch) -> None:
        """Answer every request at once (and count it as paid); the batch is found running for a few looks all the same."""
        rows: list[bytes] = []
        failed: list[bytes] = []
        claude = made.id.startswith("msgbatch")
        for custom_id, body in made.requests:
            self.came[custom_id] += 1
            become = self.outcome(custom_id, body, self.came[custom_id])
            if become is None:
                self.paid[custom_id] += 1
                made.counts["succeeded"] += 1
                rows.append(self._row(custom_id, self._reply("messages" if claude else "chat/completions", body)))
            elif become == "silent":
                made.counts["succeeded"] += 1
            elif isinstance(become, str):
                made.counts[become.replace("cancelled", "canceled")] += 1
                failed.append(self._lost_row(custom_id, become, claude=claude))
            else:
                made.counts["errored"] += 1
                failed.append(self._error_row(custom_id, *become, claude=claude))
        if claude:
            lines = [*rows, *failed]
            self._rng.shuffle(lines)
            made.results = b"".join(x + b"\n" for x in self.extra(lines))
            return
        for lines, name in ((rows, "output"), (failed, "errors")):
            self._rng.shuffle(lines)
            if lines:
                file = self._id("file")
                self.files[file] = (f"{made.id}_{name}", b"".join(x + b"\n" for x in self.extra(lines)))
                setattr(made, name, file)

    def _reply(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        text = self.answer(body)
        made: dict[str, Any]
        if path == "messages":
            made = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m-2026", "stop_sequence": None}
            made |= {"content": [{"type": "text", "text": text}], "stop_reason": "end_turn"}
            made |= {"usage": {"input_tokens": 30, "output_tokens": 3}}
            Message.model_validate(made)
            return made
        choice = {"index": 0, "finish_reason": "stop", "logprobs": None}
        choice |= {"message": {"role": "assistant", "content": text, "refusal": None}}
        made = {"id": "c-1", "object": "chat.completion", "created": 1, "model": "m-2026", "choices": [choice]}
        made |= {"usage": {"prompt_tokens": 30, "completion_tokens": 3, "total_tokens": 33}}
        ChatCompletion.model_validate(made)
        return made

    def _row(self, custom_id: str, reply: dict[str, Any]) -> bytes:
        if reply.get("type") == "message":
            made = {"custom_id": custom_id, "result": {"type": "succeeded", "message": reply}}
            MessageBatchIndividualResponse.model_validate(made)
            return json.dumps(made).encode()
        response = {"status_code": 200, "request_id": "req_1", "body": reply}
        return json.dumps({"id": "batch_req_1", "custom_id": custom_id, "response": response, "error": None}).encode()

    def _lost_row(self, custom_id: str, how: str, *, claude: bool) -> bytes:
        if claude:
            made: dict[str, Any] = {"custom_id": custom_id, "result": {"type": how.replace("cancelled", "canceled")}}
            MessageBatchIndividualResponse.model_validate(made)
            return json.dumps(made).encode()
        error = {"code": f"batch_{how}", "message": "This request was not executed."}
        return json.dumps({"id": "batch_req_1", "custom_id": custom_id, "response": None, "error": error}).encode()

    def _error_row(self, custom_id: str, status: int, kind: str, message: str, *, claude: bool) -> bytes:
        if claude:
            error = {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"}
            made: dict[str, Any] = {"custom_id": custom_id, "result": {"type": "errored", "error": error}}
            MessageBatchIndividualResponse.model_validate(made)
            return json.dumps(made).encode()
        body = {"error": {"message": message, "type": kind, "param": None, "code": None}}
        response = {"status_code": status, "request_id": "req_1", "body": body}
        return json.dumps({"id": "batch_req_1", "custom_id": custom_id, "response": response, "error": None}).encode()

    # What they tell

    def _named(self, batch: str) -> MadeBatch:
        return next(b for b in self.batches if b.id == batch)

    def _last(self) -> Made:
        return 200, {}, json.dumps(self._tell(self.batches[-1])).encode()

    def _status(self, made: MadeBatch) -> Made:
        made.looks += 1
        return 200, {}, json.dumps(self._tell(made)).encode()

    def _list(self, claude: bool, query: dict[str, list[str]]) -> Made:
        prefix = "msgbatch" if claude else "batch"
        found = [b for b in reversed(self.batches) if b.id.startswith(prefix)]
        if found and self.hide > 0:
            self.hide -= 1
            found = found[1:]
        after = query.get("after_id" if claude else "after", [""])[0]
        if after:
            found = found[[b.id for b in found].index(after) + 1 :]
        limit = min(int(query.get("limit", ["20"])[0]), 2)  # small pages, so that paging is tried
        for b in found[:limit]:
            b.looks += 1
        page = [self._tell(b) for b in found[:limit]]
        listed = {"object": "list", "data": page, "has_more": len(found) > limit}
        listed |= {"first_id": page[0]["id"] if page else None, "last_id": page[-1]["id"] if page else None}
        return 200, {}, json.dumps(listed).encode()

    def _tell(self, made: MadeBatch) -> dict[str, Any]:
        if made.looks > self.looks and made.status in ("in_progress", "validating"):
            made.status = "ended" if made.id.startswith("msgbatch") else "expired" if made.counts["expired"] else "completed"
        told = self._message_batch(made) if made.id.startswith("msgbatch") else self._openai_batch(made)
        (MessageBatch if made.id.startswith("msgbatch") else Batch).model_validate(told)
        return told

    def _message_batch(self, made: MadeBatch) -> dict[str, Any]:
        ended = made.status == "ended"
        counts = {k: made.counts[k] if ended else 0 for k in ("succeeded", "errored", "canceled", "expired")}
        own = f"{self.url}/messages/batches/{made.id}/results"
        return {
            "id": made.id,
            "type": "message_batch",
            "processing_status": made.status,
            "request_counts": counts | {"processing": 0 if ended else len(made.requests)},
            "created_at": made.created.isoformat(),
            "expires_at": (made.created + timedelta(days=1)).isoformat(),
            "ended_at": made.created.isoformat() if ended else None,
            "archived_at": None,
            "cancel_initiated_at": None,
            "results_url": (self.results_url or own) if ended else None,
        }

    def _openai_batch(self, made: MadeBatch) -> dict[str, Any]:
        ended = made.status in ("completed", "expired", "cancelled")
        refused = json.loads(made.metadata.get("refused", "null"))
        done = made.counts["succeeded"] if ended else 0
        return {
            "id": made.id,
            "object": "batch",
            "endpoint": "/v1/chat/completions",
            "completion_window": "24h",
            "created_at": int(made.created.timestamp()),
            "input_file_id": made.input_file,
            "status": made.status,
            "metadata": {k: v for k, v in made.metadata.items() if k != "refused"},
            "errors": {"object": "list", "data": [refused]} if refused else None,
            "output_file_id": made.output if ended else None,
            "error_file_id": made.errors if ended else None,
            "request_counts": {
                "total": len(made.requests),
                "completed": done,
                "failed": sum(made.counts[k] for k in ("errored", "expired", "canceled")) if ended else 0,
            },
        }

    def _id(self, kind: str) -> str:
        return f"{kind}{'-' if kind == 'file' else '_'}{next(self._numbers):06d}"


def _params_of(body: bytes) -> list[bytes]:
    """The bytes of each request's params, as they stand in a batch."""
    text = body.decode()
    decoder = json.JSONDecoder()
    found = []
    start = 0
    while (at := text.find('"params": ', start)) >= 0:
        _, end = decoder.raw_decode(text, at + len('"params": '))
        found.append(text[at + len('"params": ') : end].encode())
        start = end
    return found
