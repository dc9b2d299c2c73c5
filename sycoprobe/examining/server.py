"""The steps that a server takes part in: its key, the way to it, its clock, its list of models, its limits."""

from __future__ import annotations

from urllib.parse import urlsplit

from sycoprobe.backends import diagnosis
from sycoprobe.backends.base import Backend
from sycoprobe.backends.dialect import HttpDialect
from sycoprobe.backends.transport import HttpReply, is_loopback
from sycoprobe.errors import BackendError
from sycoprobe.examining.asking import Asker
from sycoprobe.examining.checks import Status, Step
from sycoprobe.examining.findings import Findings
from sycoprobe.examining.shown import duration
from sycoprobe.examining.subject import Subject, named
from sycoprobe.keys import Lookup, faults_of, origin_of

CLOCK = 60.0
"""Seconds between two clocks above which dates in headers mislead."""


class ServerSteps:
    """What is between us and a hosted model."""

    def __init__(self, subject: Subject, findings: Findings, asker: Asker) -> None:
        self._subject = subject
        self._findings = findings
        self._asker = asker
        self.limits: list[str] = []
        """What the server told of its limits, last."""

    def key(self, lookups: list[Lookup], backend: Backend) -> bool:
        """Whether a key is missing that calls cannot do without."""
        if not lookups:
            own = bool(self._subject.options.headers)
            self._findings.skip("a header that was given takes its place" if own else "this backend takes no key", Step.KEY)
            return False
        found = next((x for x in lookups if x.error is None and origin_of(x.variable)), None)
        if found is None:
            failed = next((x for x in lookups if x.error), None)
            names = " or ".join(dict.fromkeys(x.variable for x in lookups))
            faults = [f"{v} {fault}" for v in dict.fromkeys(x.variable for x in lookups) for fault in faults_of(v)]
            if failed is None or failed.error is None:
                self._findings.note(
                    Step.KEY,
                    Status.WARN if faults else Status.OK,
                    "; ".join(faults) or f"none ({names} is not set); this server is asked without one",
                    "set it again, or unset it" if faults else "",
                )
                return False
            self._findings.note(Step.KEY, Status.FAIL, "; ".join([failed.error.message, *faults]), failed.error.hint)
            return True
        variable, origin = found.variable, origin_of(found.variable)
        self._subject.key_from = f"{variable} (in {origin})"
        faults = faults_of(variable)
        fix = f"copy the key again and set {variable} to it alone" if faults else ""
        if isinstance(backend, HttpDialect):
            parts = urlsplit(backend.url)
            if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
                faults.append(f"is sent to {parts.hostname} unencrypted")
                fix = fix or "write https:// in --base-url if the server can; else use a key that opens nothing else"
        said = f"{variable}, found in {origin}"
        self._findings.note(
            Step.KEY, Status.WARN if faults else Status.OK, f"{said}; it {', and '.join(faults)}" if faults else said, fix
        )
        return False

    async def network(self, url: str) -> bool:
        """Whether the server answers: the steps from the proxy to the clock."""
        self._asker.tell(f"reaching {url}")
        proxy = diagnosis.proxy_on_the_way(url)
        try:
            await diagnosis.check_proxy(url)
        except BackendError as e:
            self._findings.note(Step.PROXY, Status.FAIL, f"{e.message} ({proxy.variable or 'system settings'})", e.hint)
            self._findings.skip("the proxy cannot be used", Step.REACHABLE, Step.CLOCK)
            return False
        if proxy.shown:
            self._findings.note(Step.PROXY, Status.OK, f"{proxy.shown}, from {proxy.variable or 'the settings of the system'}")
        else:
            self._findings.note(
                Step.PROXY, Status.OK, f"none: {proxy.why} ({proxy.variable} is set)" if proxy.variable else "none"
            )
        try:
            reached = await diagnosis.reach(url, min(10.0, self._asker.sampling.timeout))
        except BackendError as e:
            self._findings.note(Step.REACHABLE, Status.FAIL, e.message, e.hint)
            self._findings.skip("the server cannot be reached", Step.CLOCK)
            return False
        tls = ", certificate trusted" if url.startswith("https") else ""
        self._findings.note(Step.REACHABLE, Status.OK, f"{urlsplit(url).netloc} answered in {reached.seconds:.2f} s{tls}")
        self._clock(reached.ahead)
        return True

    def _clock(self, ahead: float | None) -> None:
        if ahead is None:
            self._findings.skip("the server does not tell its time", Step.CLOCK)
        elif abs(ahead) <= CLOCK:
            self._findings.note(Step.CLOCK, Status.OK, f"within {max(1, round(abs(ahead)))} s of the server's")
        else:
            self._findings.note(
                Step.CLOCK,
                Status.WARN,
                f"this machine's clock is {duration(abs(ahead))} {'behind' if ahead > 0 else 'ahead of'} the server's",
                "set it by the network (timedatectl set-ntp true, or the system's settings), unless it is the server's that is wrong: "
                "waits and rate limits go by dates",
            )

    async def is_listed(self, backend: HttpDialect) -> None:
        """Whether the server lists the model."""
        try:
            ids = await backend.models()
        except Exception as e:  # whatever a plug-in raises is a finding
            error = named(e)
            self._findings.note(
                Step.LISTED,
                Status.WARN,
                f"the server's list of models cannot be read: {error.message}",
                self._subject.fix(error),
            )
            return
        if not ids:
            self._findings.skip("the server keeps no list of models", Step.LISTED)
            return
        self._subject.listed = ids
        if self._subject.name in ids:
            self._findings.note(Step.LISTED, Status.OK, f"{self._subject.name}, one of {len(ids):,}")
        else:
            near = self._subject.near()
            meant = f"did you mean {' or '.join(f'{self._subject.scheme}:{n}' for n in near)}? " if near else ""
            first = f"It lists {', '.join(ids[:5])}{' …' if len(ids) > 5 else ''}"
            self._findings.note(
                Step.LISTED,
                Status.WARN,
                f"the server does not list {self._subject.name!r} among its {len(ids):,}",
                f"{meant}{first}",
            )

    def see(self, reply: HttpReply) -> None:
        """To be shown every reply of the server."""
        self.limits = diagnosis.limits_in(reply.headers) or self.limits
