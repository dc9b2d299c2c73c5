"""An assistant behind a gateway: headers and body fields arrive in every dialect, and a secret among them gets out nowhere."""

from __future__ import annotations

import itertools
import json
import logging
from pathlib import Path
from typing import Any

import pytest

from sycoprobe import api
from sycoprobe.api import Conduct
from sycoprobe.backends import open_backend
from sycoprobe.backends.base import BackendOptions
from sycoprobe.backends.extras import body_of, headers_of
from sycoprobe.errors import BackendError, JournalError, PlanError, SycoprobeError
from sycoprobe.examining import doctor
from sycoprobe.gating.baselines import Conditions, mismatches
from sycoprobe.planning import Planned
from sycoprobe.planning.plan import Plan
from sycoprobe.reports.build import build
from tests.batch_server import BatchServer
from tests.loopback import Asked, LoopbackServer, Made
from tests.makers import write_set
from tests.test_secrets import DIALECTS, echoing
from tests.vendor import asked, bodies

SECRET = "gateway-planted/Q7x+zT0aB9=e"
NAMED = "from-a-variable-77aa88bb"
OWN_KEY = {"anthropic": "x-api-key", "azure": "api-key", "gemini": "x-goog-api-key"}
"""The header in which each sends its key; elsewhere it is a bearer token."""
Requests = list[tuple[str, dict[str, str], Any]]


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for _, variable, _ in DIALECTS.values():
        monkeypatch.setenv(variable, "sk-planted-0123456789")
    monkeypatch.setenv("TEAM_KEY", NAMED)


def serving(dialect: str, seen: Requests) -> LoopbackServer:
    """A server of the dialect that keeps method, headers and body of every request."""
    turn = itertools.cycle([bodies(f"{dialect}.json")["normal"]])

    def route(came: Asked) -> Made:
        body = json.loads(came.body) if came.body else None
        seen.append((f"{came.method} {came.path}", came.headers, body))
        if came.method == "GET" or "/api/show" in came.path:
            return 200, {}, b'{"data": [{"id": "m"}], "models": [{"name": "m"}]}'
        return 200, {}, json.dumps(next(turn)).encode()

    return LoopbackServer(route=route)


def requests(dialect: str, *headers: str, body: tuple[str, ...] = (), strict: bool = False) -> Requests:
    """All that a backend sends from its start to its first reply."""
    seen: Requests = []
    model, _, root = DIALECTS[dialect]
    with serving(dialect, seen) as server:
        url = server.url.removesuffix("/v1") + root
        options = BackendOptions(base_url=url, headers=headers_of(headers), body=body_of(body), strict=strict)
        asked(open_backend(model, options))
    assert any(what.startswith("POST") for what, *_ in seen) and any(what.startswith("GET") for what, *_ in seen)
    return seen


def calls(seen: Requests) -> Requests:
    """The requests that ask the model something."""
    return [r for r in seen if r[0].startswith("POST") and "/api/show" not in r[0]]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_headers_are_on_every_request_and_body_fields_in_every_call(dialect: str) -> None:
    plain = requests(dialect)
    seen = requests(
        dialect, "X-Team: search", "X-Key=$TEAM_KEY", "User-Agent: our-ci",
        body=('provider.order=["a", "b"]', "user_tier=gold", "limits.rate=3", "api_key=${TEAM_KEY}"),
    )  # fmt: skip
    for _, headers, _ in seen:
        assert (headers["x-team"], headers["x-key"], headers["user-agent"]) == ("search", NAMED, "our-ci")
    own = OWN_KEY.get(dialect, "authorization")
    assert all(headers[own].endswith("sk-planted-0123456789") for _, headers, _ in seen), "the key goes out all the same"
    assert [what for what, *_ in plain] == [what for what, *_ in seen]
    fields = {"provider": {"order": ["a", "b"]}, "user_tier": "gold", "limits": {"rate": 3}, "api_key": NAMED}
    assert [body for *_, body in calls(seen)] == [{**body, **fields} for *_, body in calls(plain)]
    others = [(what, body) for what, _, body in seen if (what, body) not in [(w, b) for w, _, b in calls(seen)]]
    assert others == [(what, body) for what, _, body in plain if what not in {w for w, *_ in calls(plain)}]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_an_authorization_of_the_users_own_takes_the_place_of_the_key(dialect: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(DIALECTS[dialect][1])
    monkeypatch.delenv("GOOGLE_API_KEY", raising=False)
    for set_ in (False, True):
        if set_:
            monkeypatch.setenv(DIALECTS[dialect][1], "sk-planted-0123456789")
        for _, headers, _ in requests(dialect, "Authorization: Bearer ${TEAM_KEY}"):
            assert headers["authorization"] == f"Bearer {NAMED}"
            assert not any("sk-planted" in value for value in headers.values()), "two keys would go to one server"
    own = OWN_KEY.get(dialect, "authorization")
    assert all(headers[own] == NAMED for _, headers, _ in requests(dialect, f"{own.title()}: $TEAM_KEY"))


def test_fields_of_an_object_stand_beside_our_own_in_it() -> None:
    *_, body = calls(requests("ollama", body=("options.num_ctx=8192",)))[0]
    assert body["options"]["num_ctx"] == 8192 and "seed" in body["options"]
    *_, body = calls(requests("gemini", body=("generationConfig.topK=5",)))[0]
    assert body["generationConfig"]["topK"] == 5 and "maxOutputTokens" in body["generationConfig"]
    with pytest.raises(BackendError, match="store: sycoprobe sets this field itself"):
        requests("responses", body=("store=true",))


@pytest.mark.parametrize("vendor", ["openai", "anthropic"])
def test_batches_carry_both_in_every_request_and_entry(tmp_path: Path, vendor: str) -> None:
    write_set(tmp_path / "set", 6)
    headers = headers_of(["X-Key: $TEAM_KEY"])
    with BatchServer() as server:
        planned = made(tmp_path, server.url, f"{vendor}:m", 'metadata={"user_id": "team-a"}')
        report = started(planned, tmp_path, Conduct(headers=headers, batch=True, poll=0.2))
        assert report.status.complete
        assert {h.get("x-key") for h in server.headers} == {NAMED}
        assert {json.dumps(json.loads(b)["metadata"]) for b in server.bodies} == {'{"user_id": "team-a"}'}


def made(tmp_path: Path, url: str, model: str, *fields: str, system: str | None = None) -> Planned:
    planned = api.plan(str(tmp_path / "set"), model=model, base_url=url, seed=3, reply_tokens=256, system=system)
    return planned.changed(planned.plan.model_copy(update={"body": body_of(fields)}))


def started(planned: Planned, out: Path, conduct: Conduct, name: str = "x") -> Any:
    import asyncio

    return asyncio.run(api.start(planned, out=out, name=name, conduct=conduct))


def files_in(folder: Path) -> str:
    return "".join(p.read_bytes().decode("utf-8", "replace") for p in folder.rglob("*") if p.is_file())


@pytest.mark.long
@pytest.mark.parametrize("echo", ["reply", "error"])
@pytest.mark.parametrize("dialect", DIALECTS)
def test_what_a_header_holds_is_in_no_file_and_on_no_stream_even_where_the_server_echoes_it(
    dialect: str,
    echo: str,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    caplog.set_level(logging.DEBUG)
    model, _, root = DIALECTS[dialect]
    write_set(tmp_path / "set", 4)

    def said(value: str) -> Any:
        return json.loads(json.dumps(echoing(bodies(f"{dialect}.json")["normal"])).replace("sk-planted/Q7x+zT0aB9=e", value))

    def route(came: Asked) -> Made:
        values = f"{came.headers['x-team-pass']} {came.headers['x-key']} {came.headers['authorization'].split()[-1]}"
        if came.method == "GET":
            return 200, {"x-echo": values}, json.dumps({"data": [{"id": values}], "models": [{"name": values}]}).encode()
        if echo == "error":
            return 403, {"x-echo": values}, json.dumps({"error": {"message": f"no: {values}", "code": values}}).encode()
        return 200, {"x-echo": values}, json.dumps(said(values)).encode()

    headers = headers_of([f"X-Team-Pass: {SECRET}", "X-Key: $TEAM_KEY", "Authorization: Basic dXNlcjpwYXNzd29yZA"])
    with LoopbackServer(route=route) as server:
        url = server.url.removesuffix("/v1") + root
        planned = made(tmp_path, url, model, "tier=gold", "gateway.token=$TEAM_KEY")
        conduct = Conduct(headers=headers, retries=0, concurrency=2, notify=print)
        for going in (
            lambda: started(planned, tmp_path / "r", conduct),
            lambda: api.resume("x", out=tmp_path / "r", conduct=conduct),
        ):
            try:
                print(going())
            except SycoprobeError as e:
                print(e, repr(e), e.hint)
        print(
            doctor(model, base_url=url, headers=headers, body=planned.plan.body, timeout=2, tell=print), conduct, planned.plan
        )
    out, err = capfd.readouterr()
    written = files_in(tmp_path / "r")
    for secret in (SECRET, NAMED, "dXNlcjpwYXNzd29yZA"):
        for where, text in (("files", written), ("stdout", out), ("stderr", err), ("the log", caplog.text)):
            assert secret not in text, f"{secret} in {where}: …{text[max(0, text.find(secret) - 200) :][:300]}"
    assert '"headers":["X-Team-Pass","X-Key","Authorization"]' in written.replace(": ", ":").replace(", ", ",")
    assert "gold" in written and "$TEAM_KEY" in written, "what decides what is asked is kept"
    assert "[key]" in out + written


def test_the_report_names_what_was_sent_and_a_resume_needs_the_headers_again(tmp_path: Path) -> None:
    write_set(tmp_path / "set", 6)
    headers = headers_of(["X-Team: search", "X-Api-Key: $TEAM_KEY"])
    with LoopbackServer(keep=True) as server:
        planned = made(tmp_path, server.url, "openai:m", "user=ci", "provider.order=[1]")
        assert not started(planned, tmp_path, Conduct(headers=headers, max_calls=3)).status.complete
        for given in (headers_of([]), headers_of(["x-team: search"])):
            with pytest.raises(JournalError, match=r"headers that are not given now: .*X-Api-Key") as caught:
                api.resume("x", out=tmp_path, conduct=Conduct(headers=given, max_calls=100))
            assert "--header" in caught.value.hint
        asked_before = len(server.seen)
        report = api.resume("x", out=tmp_path, conduct=Conduct(headers=headers, max_calls=100))
        assert report.status.complete
        after = [body for _, body, _ in server.seen[asked_before:] if "messages" in body]
        assert after and all(body["user"] == "ci" and body["provider"] == {"order": [1]} for body in after)
    assert "sent with the headers X-Team, X-Api-Key and the body fields user, provider.order" in build(tmp_path / "x").notes


def test_a_variable_that_is_missing_stops_a_run_before_its_first_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TEAM_KEY")
    write_set(tmp_path / "set", 2)
    with LoopbackServer() as server:
        for fields, headers in ((["k=$TEAM_KEY"], []), ([], ["X-K: $TEAM_KEY"])):
            planned = made(tmp_path, server.url, "openai:m", *fields)
            with pytest.raises(PlanError, match="TEAM_KEY, which holds nothing"):
                started(planned, tmp_path, Conduct(headers=headers_of(headers)))
        assert server.requests == 0 and not (tmp_path / "x").exists()


def test_body_fields_are_conditions_and_headers_are_not(tmp_path: Path) -> None:
    write_set(tmp_path / "set", 2)
    plain, soft, firm = (
        Conditions.of(made(tmp_path, "http://h/v1", "openai:m", *fields).plan)
        for fields in ((), ("mode=soft",), ("mode=firm",))
    )
    assert "body" not in plain.plan, "baselines of before stay as they are"
    assert mismatches(soft, soft) == []
    for was, now in ((plain, soft), (soft, plain), (soft, firm)):
        assert any(said.startswith("body was ") for said in mismatches(was, now))
    assert "soft" not in soft.model_dump_json().replace(str(tmp_path), "")


def test_a_plan_of_before_there_were_body_fields_is_read_as_one_without_any(tmp_path: Path) -> None:
    write_set(tmp_path / "set", 2)
    plan = made(tmp_path, "http://h/v1", "openai:m").plan
    earlier = plan.model_dump(mode="json", exclude={"body"})
    assert Plan.model_validate(earlier) == plan
