"""Ways to reach a model; `open_backend` finds one by the entry points of `sycoprobe.backends`.

How to write a backend that speaks HTTP
---------------------------------------
`dialect.HttpDialect` has connections, keys, retries, rate limits, the names of failures, and adapting to what a server rejects. A
dialect says where calls go (`_path`), what is sent (`_body`) and how a reply with status 200 is read (`_read`):

- `_body` takes the messages from `_dialog`, which has them in a form that the server takes, and passes the parameters through
  `_wanted`, which leaves out what is None and what the server rejected. What may be adapted is `adaptable` (`adapting`).
- `_read` raises `BackendError` for a body that is no reply. It fills in what the server tells (`turns.Reply`): thinking goes into
  `reasoning`, a provider's refusal into `refusal`. Texts pass `keys.scrubbed` and messages of errors `keys.redacted`, which take out
  a key that a server echoes.
- `_error`, `_error_in_200`, `_is_quota` and `_blocked` name failures; override one where the server has words of its own.

The whole of a backend, `-m mine:NAME`:

    from __future__ import annotations

    from sycoprobe.backends.addresses import address
    from sycoprobe.backends.base import BackendOptions, Request
    from sycoprobe.backends.bodies import error_of, json_of
    from sycoprobe.backends.dialect import HttpDialect, key_for
    from sycoprobe.backends.transport import HttpReply
    from sycoprobe.errors import BackendError
    from sycoprobe.extract.replies import finish_of
    from sycoprobe.keys import scrubbed
    from sycoprobe.turns import ErrorKind, Finish, Reply


    def open_backend(name: str, options: BackendOptions) -> Mine:
        url = address(options, "MINE_BASE_URL", "https://api.example.com/v1")
        key = key_for(options, "MINE_API_KEY", required=options.base_url is None)
        headers = {"authorization": f"Bearer {key}"} if key else {}
        return Mine(name, base_url=url, key=key, options=options, headers=headers)


    class Mine(HttpDialect):
        _path = "/chat/completions"

        def _body(self, request: Request) -> dict[str, object]:
            s = request.sampling
            values = {"temperature": s.temperature, "top_p": s.top_p, "max_tokens": s.reply_tokens, "seed": request.seed}
            messages = [{"role": m["role"], "content": m["content"]} for m in self._dialog(request)]
            return {"model": self._model, "messages": messages, **self._wanted(values)}

        def _read(self, reply: HttpReply) -> Reply:
            data = json_of(reply.body)
            if isinstance(data, dict) and data.get("error"):
                raise self._error_in_200(error_of(data))
            try:
                choice = data["choices"][0]
                message = choice["message"]
            except (KeyError, IndexError, TypeError) as e:
                raise BackendError("the body is no reply", kind=ErrorKind.BAD_BODY, retryable=True) from e
            text, thinking, refusal = (scrubbed(message.get(k) or "") for k in ("content", "reasoning_content", "refusal"))
            called = bool(message.get("tool_calls")) and not text
            finish = Finish.REFUSAL if refusal else Finish.OTHER if called else finish_of(choice.get("finish_reason"))
            usage = {k: v for k, v in (data.get("usage") or {}).items() if k in ("prompt_tokens", "completion_tokens")}
            return Reply(
                text, finish, reasoning=thinking or None, refusal=refusal or None, usage=usage, notes=self._adaptations()
            )

It is found once it is registered:

    [project.entry-points."sycoprobe.backends"]
    mine = "my_package.mine:open_backend"
"""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import Any

from sycoprobe import plugins
from sycoprobe.backends.base import Backend, BackendOptions
from sycoprobe.backends.naming import GROUP, backend_names, check_model, likely_model, unknown
from sycoprobe.errors import PlanError, SycoprobeError
from sycoprobe.jsontext import json_text, json_value
from sycoprobe.keys import redacted

__all__ = ["GROUP", "backend_names", "check_model", "likely_model", "open_backend"]


def open_backend(model: str, options: BackendOptions) -> Backend:
    """The backend for `model`, written `backend:name`; not yet started.

    Raises
    ------
    PlanError: there is no such backend, its package is broken, or it does not send the headers and body fields that were given.
    SycoprobeError: what the backend itself objects to.
    """
    scheme, colon, name = model.partition(":")
    for point in entry_points(group=GROUP, name=scheme):
        opener = plugins.loaded(point, PlanError)
        backend: Backend = plugins.called(point, PlanError, opener, name if colon else "", options)
        if not isinstance(backend, Backend):
            raise plugins.broken(
                point, f"it gave a {type(backend).__name__}, which has no start, complete and close", PlanError
            )
        _check_extras(backend, scheme, options)
        return backend
    raise unknown(model)


async def facts_of(model: str, backend: Backend) -> dict[str, Any]:
    """What a backend says of its model when it starts.

    Raises
    ------
    SycoprobeError: it cannot be used.
    PlanError: its package is broken: it raised something else, or told something that is no JSON.
    """
    try:
        facts = await backend.start()
        return dict(json_value(json_text(facts)))
    except SycoprobeError:
        raise
    except OSError:
        raise
    except Exception as e:
        said = f"{type(e).__name__}: {e}" if str(e) else type(e).__name__
        package = type(backend).__module__.partition(".")[0]
        raise PlanError(
            f"the backend of {model} cannot be used: its start raised {redacted(said)[:200]}", f"look at the package {package}"
        ) from e


def _check_extras(backend: Backend, scheme: str, options: BackendOptions) -> None:
    given = [name for name, value in (("headers", options.headers), ("body fields", options.body)) if value]
    if given and not getattr(backend, "sends_extras", False):
        raise PlanError(
            f"{' and '.join(given)} go only to servers over HTTP, and {scheme}: is none",
            "leave headers and body out, or name a server: -m openai:NAME --base-url URL",
        )
