"""Weights on this machine through Hugging Face transformers and torch: `-m hf:PATH_OR_ID`, many dialogs in one batch.

Calls that wait at the same time are answered together: one forward pass gives each of them its next token. What is and what is
not reproducible: each row draws its tokens with its own generator, seeded by its call, and has its own limit and end, so that
it does not matter what stands beside it in the batch, except that the sums behind a logit may be added up in another order. That
changes logits by float noise, which can turn the choice between two tokens that are all but equally likely; hardly ever in
float32, now and then in bfloat16. `--concurrency 1` rules it out on one machine.

Kept simple on purpose: the branches of one conversation do not share the work on their common prefix, a row that is done
idles until its batch is, and the weights stand on one device. Code that comes with a model is never executed.
"""

from __future__ import annotations

import asyncio
import gc
import hashlib
import io
import re
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext, redirect_stderr, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sycoprobe.backends.base import BackendOptions, Notify, Request
from sycoprobe.backends.dialect import ALTERNATION, SYSTEM
from sycoprobe.backends.dialogs import STOPS, system_joined, transcript_prompt, turns_merged
from sycoprobe.backends.openai import Mode
from sycoprobe.backends.store import sha256_of
from sycoprobe.errors import BackendError, MissingExtraError, ModelError, SycoprobeError
from sycoprobe.extract.replies import LOGPROB_TOKENS
from sycoprobe.extract.thinking import split_thinking
from sycoprobe.extract.thinking_marks import opened_by, special_marks
from sycoprobe.keys import redacted
from sycoprobe.sets.forms import template_thinks
from sycoprobe.text import visible
from sycoprobe.turns import ErrorKind, Finish, Message, Reply, TokenLogprob

WINDOW = 0.02
"""Seconds for which a batch waits for further calls: those that follow from the batch before arrive together."""
_NO_MEMORY = re.compile(r"out of memory|can't allocate memory|cannot allocate memory|failed to allocate", re.I)


def open_backend(name: str, options: BackendOptions) -> TransformersBackend:
    """The model in the folder or GGUF file `name`, or of that id on the hub (`org/repo` or `org/repo@revision`).

    Raises
    ------
    MissingExtraError: torch, transformers or jinja2 is not installed.
    ModelError: no model was named.
    """
    from importlib.util import find_spec

    missing = [package for package in ("torch", "transformers", "jinja2") if find_spec(package) is None]
    if missing:
        raise MissingExtraError(
            f"hf: models need the extra [hf] ({', '.join(missing)} missing)",
            'pip install "sycoprobe[hf]" (in a clone: pip install ".[hf]")',
        )
    if not name:
        raise ModelError("hf: no model was named", "write -m hf:/path/to/folder or -m hf:org/repo")
    return TransformersBackend(name, options)


class TransformersBackend:
    """One model in this process; a thread of its own works on one batch after the other."""

    def __init__(self, name: str, options: BackendOptions) -> None:
        self._name = name
        self._options = options
        self._engine: _Engine | None = None
        self._thread: ThreadPoolExecutor | None = None
        self._queue: deque[_Row] = deque()
        self._arrived = asyncio.Event()
        self._batches: asyncio.Task[None] | None = None

    async def start(self) -> dict[str, Any]:
        """Load the weights; see `Backend.start`. Raises `ModelError`, and `MissingExtraError` for a package that this model needs."""
        self._thread = ThreadPoolExecutor(1, "sycoprobe-hf")
        loop = asyncio.get_running_loop()
        engine, facts = await loop.run_in_executor(self._thread, _loaded, self._name, self._options)
        self._engine = engine
        self._batches = asyncio.create_task(self._work(engine, self._thread))
        return facts

    async def complete(self, request: Request) -> Reply:
        """One turn; see `Backend.complete`. The time allowed begins with the work on it. Nothing is tried twice: it would come to the same."""
        assert self._batches is not None, "start() comes first"  # noqa: S101
        loop = asyncio.get_running_loop()
        row = _Row(request, loop, loop.create_future())
        self._queue.append(row)
        self._arrived.set()
        limit = request.sampling.timeout
        try:
            await row.begun.wait()
            async with asyncio.timeout(limit):
                return await row.answer
        except TimeoutError:
            hint = "--timeout allows it longer; a lower --concurrency makes smaller batches"
            message = f"{self._name} gave no answer within {limit:g} s"
            raise BackendError(message, hint, kind=ErrorKind.TIMEOUT, retryable=True) from None
        finally:
            row.over = True

    async def close(self) -> None:
        """Stop at the next token and free the model; safe to call twice."""
        batches, self._batches = self._batches, None
        engine, self._engine = self._engine, None
        thread, self._thread = self._thread, None
        if engine is not None:
            engine.stopping = True
        if batches is not None:
            batches.cancel()
            await asyncio.gather(batches, return_exceptions=True)
        if thread is not None:
            await asyncio.to_thread(thread.shutdown, cancel_futures=True)
        for row in self._queue:
            row.fail(BackendError("the model was closed", kind=ErrorKind.INTERNAL))
        self._queue.clear()
        if engine is not None:
            engine.free()

    async def _work(self, engine: _Engine, thread: ThreadPoolExecutor) -> None:
        """Answer what waits, a batch at a time."""
        loop = asyncio.get_running_loop()
        while True:
            await self._arrived.wait()
            if len(self._queue) < engine.rows:
                await asyncio.sleep(WINDOW)
            batch = [self._queue.popleft() for _ in range(min(engine.rows, len(self._queue)))]
            if not self._queue:
                self._arrived.clear()
            for row in batch:
                row.begun.set()
            await loop.run_in_executor(thread, engine.answer, [row for row in batch if not row.over])


@dataclass(slots=True, eq=False)
class _Row:
    """A call under way. Lives in the event loop; the engine's thread hands its answer over."""

    request: Request
    loop: asyncio.AbstractEventLoop
    answer: asyncio.Future[Reply]
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    over: bool = False
    """Whether nobody waits for more of it."""

    def give(self, reply: Reply) -> None:
        self._hand_over(lambda: self.answer.set_result(reply))

    def fail(self, error: BackendError) -> None:
        self._hand_over(lambda: self.answer.set_exception(error))

    def _hand_over(self, settle: Callable[[], None]) -> None:
        def settled() -> None:
            if not self.answer.done():
                settle()
            self.begun.set()

        self.over = True
        with suppress(RuntimeError):  # the loop is closed, and with it whoever waited
            self.loop.call_soon_threadsafe(settled)


@dataclass(frozen=True, slots=True)
class _Draw:
    """How a row's tokens are drawn; temperature 0: always the likeliest."""

    temperature: float
    top_p: float
    top_k: int


@dataclass(slots=True, eq=False)
class _Draft:
    """A row with its prompt, and what the model has written so far."""

    row: _Row
    prompt: list[int]
    limit: int
    draw: _Draw
    opened: str
    """The mark with which the prompt itself opened a block of thinking; empty if it did not."""
    generator: Any
    notes: tuple[str, ...]
    tokens: list[int] = field(default_factory=list)
    logprobs: list[TokenLogprob] = field(default_factory=list)


class _Engine:
    """Model, tokenizer and how they are driven; all of it runs in the backend's one thread.

    `rows` is how many dialogs are answered at once: the concurrency, and less after the memory ran out.
    """

    def __init__(
        self,
        name: str,
        model: Any,
        tokenizer: Any,
        *,
        mode: Mode,
        positions: int | None,
        defaults: _Draw,
        ends: set[int],
        options: BackendOptions,
    ) -> None:
        self._name = name
        self._model = model
        self._tokenizer = tokenizer
        self._mode: Mode = mode
        self._positions = positions
        self._defaults = defaults
        self._ends = ends
        self._strict = options.strict
        self._notify: Notify = options.notify
        self._adapted: dict[str, str] = {}
        self._marks: dict[tuple[str, ...], dict[int, str]] = {}
        self.rows = max(1, options.concurrency)
        self.stopping = False

    def free(self) -> None:
        """Let go of the weights."""
        import torch

        self._model = self._tokenizer = None
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def try_out(self) -> None:
        """Have one token written, so that a model that does not run here is found out at once. Raises whatever it raises."""
        import torch

        token = torch.tensor([[min(self._ends, default=0)]], device=self._model.device)
        self._model.generate(
            input_ids=token, attention_mask=torch.ones_like(token), generation_config=_settings(1, int(token[0, 0]))
        )

    def answer(self, rows: Sequence[_Row]) -> None:
        """Give every row its reply or its failure. Raises nothing."""
        drafts = []
        for row in rows:
            try:
                drafts.append(self._draft(row))
            except BackendError as e:
                row.fail(e)
            except Exception as e:
                row.fail(_unexpected(e))
        parts = [drafts] if drafts else []
        while parts:
            part = parts.pop(0)
            error = self._generated(part)
            left = [d for d in part if not d.row.over]
            if error is None or not left:
                continue
            if not _out_of_memory(error):
                for d in left:
                    d.row.fail(_unexpected(error))
            elif len(part) == 1:
                left[0].row.fail(_too_large(error))
            else:
                self.rows = min(self.rows, max(1, len(part) // 2))
                self._notify(f"memory ran out with {len(part)} dialogs at once: going on with {self.rows}")
                again = [self._draft(d.row) for d in left]
                parts[:0] = [again[i : i + self.rows] for i in range(0, len(again), self.rows)]

    def _draft(self, row: _Row) -> _Draft:
        """The row with its prompt. Raises `BackendError`: the dialog is too long, or its template takes it in no form."""
        import torch

        sampling = row.request.sampling
        text, first = self._prompt(row.request)
        prompt: list[int] = list(self._tokenizer(text, add_special_tokens=first)["input_ids"])
        room = sampling.reply_tokens if self._positions is None else self._positions - len(prompt)
        if room < 1:
            message = f"the dialog has {len(prompt)} tokens, and the model has {self._positions} positions"
            raise BackendError(message, kind=ErrorKind.CONTEXT)
        generator = torch.Generator()
        generator.manual_seed(row.request.seed)
        notes = tuple(f"adapted: {name} -> {instead}" for name, instead in self._adapted.items())
        opened = opened_by(text, sampling.thinking_marks) if self._mode == "chat" else None
        return _Draft(row, prompt, min(room, sampling.reply_tokens), self._draw(row.request), opened or "", generator, notes)

    def _draw(self, request: Request) -> _Draw:
        """The settings asked for; what was left open is the model's own default."""
        asked, own = request.sampling, self._defaults
        temperature = own.temperature if asked.temperature is None else asked.temperature
        top_p = own.top_p if asked.top_p is None and asked.temperature is None else asked.top_p
        return _Draw(temperature, 1.0 if top_p is None else top_p, own.top_k if asked.temperature is None else 0)

    def _prompt(self, request: Request) -> tuple[str, bool]:
        """The dialog as the model reads it, and whether the tokenizer is to add the tokens that begin a text."""
        for name, value in (("reasoning_effort", request.sampling.effort), ("verbosity", request.sampling.verbosity)):
            taken = self._mode == "chat" and name in str(self._tokenizer.chat_template)
            if value is not None and not taken and name not in self._adapted:
                self._adapt(name, "left out", f"the model has no setting {name}")
        if self._mode == "completion":
            return transcript_prompt(request.messages), True
        return self._templated(request), False

    def _templated(self, request: Request) -> str:
        """The dialog in the model's chat template, which may have no place for a system turn, or want turns to alternate."""
        import jinja2

        effort = {} if request.sampling.effort is None else {"reasoning_effort": request.sampling.effort}
        verbosity = {} if request.sampling.verbosity is None else {"verbosity": request.sampling.verbosity}

        def rendered(dialog: Sequence[Message]) -> str:
            turns = [{"role": m["role"], "content": m["content"], **(m.get("replay") or {})} for m in dialog]
            said: str = self._tokenizer.apply_chat_template(
                turns, tokenize=False, add_generation_prompt=True, **effort, **verbosity
            )
            return said

        joined = [system_joined, turns_merged]
        ways: list[tuple[tuple[str, str | None], ...]] = [(), ((SYSTEM.name, SYSTEM.instead),)]
        ways += [((ALTERNATION.name, ALTERNATION.instead),), (*ways[1], (ALTERNATION.name, ALTERNATION.instead))]
        known = [w for w in ways if {name for name, _ in w} == set(self._adapted) & {SYSTEM.name, ALTERNATION.name}]
        tried: Exception | None = None
        for way in [*known, *(w for w in ways if w not in known)]:
            names = {name for name, _ in way}
            dialog: Sequence[Message] = request.messages
            for name, form in zip((SYSTEM.name, ALTERNATION.name), joined, strict=True):
                dialog = form(dialog) if name in names else dialog
            try:
                text = rendered(dialog)
            except (jinja2.TemplateError, TypeError, ValueError) as e:
                tried = tried or e
                continue
            for name, instead in way:
                if name not in self._adapted:
                    self._adapt(name, instead or "left out", f"the chat template takes no {name}: {_one_line(tried)}")
            return text
        raise BackendError(f"the chat template cannot take the dialog: {_one_line(tried)}", kind=ErrorKind.BAD_REQUEST)

    def _adapt(self, name: str, instead: str, why: str) -> None:
        if self._strict:
            hint = f"leave out --strict to have it adapted ({instead}) and noted in the report, or change the setting"
            raise BackendError(why, hint, kind=ErrorKind.BAD_REQUEST, fatal=True)
        self._adapted[name] = instead

    def _generated(self, drafts: list[_Draft]) -> Exception | None:
        """Write all drafts, and hand each over once it is done; what went wrong, if it did."""
        import torch
        from transformers import LogitsProcessorList, StoppingCriteriaList

        pad = self._tokenizer.pad_token_id
        pad = next(iter(sorted(self._ends)), 0) if pad is None else pad
        longest = max(len(d.prompt) for d in drafts)
        writer = _Writer(self, drafts)
        try:
            ids = torch.tensor([[pad] * (longest - len(d.prompt)) + d.prompt for d in drafts], device=self._model.device)
            mask = torch.tensor(
                [[0] * (longest - len(d.prompt)) + [1] * len(d.prompt) for d in drafts], device=self._model.device
            )
            self._model.generate(
                input_ids=ids,
                attention_mask=mask,
                generation_config=_settings(max(d.limit for d in drafts), pad),
                logits_processor=LogitsProcessorList([writer.choose]),
                stopping_criteria=StoppingCriteriaList([writer.done]),
            )
        except Exception as e:
            # Its frames hold the tensors that have to go before anything is tried again.
            error = e.with_traceback(None)
            error.__context__ = None
        else:
            return None
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        return error

    def take(self, draft: _Draft, token: int) -> None:
        """Add a token to a draft, and hand the draft over if it was the last."""
        draft.tokens.append(token)
        own = draft.row.request.sampling.thinking_marks
        ended = token in self._ends
        text = cut = None
        if self._mode == "completion" and not ended:
            text = self._text(draft.tokens, own)
            cut = min((at for stop in STOPS if (at := text.find(stop)) >= 0), default=None)
        if not ended and cut is None and len(draft.tokens) < draft.limit:
            return
        finish = Finish.STOP if ended or cut is not None else Finish.LENGTH
        said = self._text(draft.tokens[:-1] if ended else draft.tokens, own) if text is None else text[:cut]
        said, thought = split_thinking(draft.opened + said, own)
        draft.row.give(
            Reply(
                said.strip(),
                finish,
                self._name,
                reasoning=thought,
                usage={"prompt_tokens": len(draft.prompt), "completion_tokens": len(draft.tokens)},
                notes=draft.notes,
                logprobs=draft.logprobs,
                replay={"reasoning_content": thought} if thought else None,
            )
        )

    def logprobs_of(self, logits: Any, token: int, top: int) -> TokenLogprob | None:
        """The log-probability of `token` and of the likeliest, as the model has them: before temperature and top_p."""
        if token in self._ends:
            return None
        p = logits.log_softmax(-1)
        best = p.topk(min(top, p.shape[-1]))
        found = [(self._token(i), float(v)) for i, v in zip(best.indices.tolist(), best.values.tolist(), strict=True)]
        return {"token": self._token(token), "logprob": float(p[token]), "top": found}

    def _token(self, token: int) -> str:
        return str(self._tokenizer.decode([token]))

    def _text(self, tokens: list[int], own: tuple[str, ...]) -> str:
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


def _settings(tokens: int, pad: int) -> Any:
    """What `generate` is told. No more than this: what else a model's own settings ask for (a penalty on repetition, say) would
    change what is measured."""
    from transformers import GenerationConfig

    return GenerationConfig(do_sample=False, num_beams=1, max_new_tokens=tokens, pad_token_id=pad)


class _Writer:
    """What `generate` calls at each token: chooses for every row, and tells when a row is done."""

    def __init__(self, engine: _Engine, drafts: list[_Draft]) -> None:
        self._engine = engine
        self._drafts = drafts

    def choose(self, input_ids: Any, scores: Any) -> Any:
        """The logits with the chosen token of each row as the only possible one."""
        import torch

        logits = scores.float()
        likeliest = logits.argmax(-1).tolist()
        broken = logits.isnan().any(-1).tolist()
        chosen = list(likeliest)
        for i, draft in enumerate(self._drafts):
            if draft.row.over:
                continue
            if broken[i]:
                hint = "the weights may be damaged, or not made for this number format"
                draft.row.fail(BackendError("the model's logits are not numbers", hint, kind=ErrorKind.INTERNAL))
                continue
            own = logits[i].cpu()
            if draft.draw.temperature > 0:
                chosen[i] = drawn(own, draft.draw, draft.generator)
            top = draft.row.request.sampling.logprobs
            if top and len(draft.logprobs) < LOGPROB_TOKENS and (found := self._engine.logprobs_of(own, chosen[i], top)):
                draft.logprobs.append(found)
            self._engine.take(draft, chosen[i])
        forced = torch.full_like(scores, -torch.inf)
        forced.scatter_(1, torch.tensor(chosen, device=scores.device)[:, None], 0.0)
        return forced

    def done(self, input_ids: Any, scores: Any, **_: Any) -> Any:
        import torch

        over = [self._engine.stopping or d.row.over for d in self._drafts]
        return torch.tensor(over, device=input_ids.device)


def drawn(logits: Any, draw: _Draw, generator: Any) -> int:
    """A token drawn by one uniform number through the inverse of the distribution function.

    top_k, then temperature, then top_p (nucleus sampling: Holtzman et al. 2020, 'The Curious Case of Neural Text Degeneration').
    """
    import torch

    scaled = logits.double() / draw.temperature
    if draw.top_k and draw.top_k < scaled.shape[-1]:
        scaled[scaled < scaled.topk(draw.top_k).values[-1]] = -torch.inf
    p = scaled.softmax(-1)
    order = None
    if draw.top_p < 1:
        p, order = p.sort(descending=True, stable=True)
        p = p[(p.cumsum(-1) - p) < draw.top_p]
    reached = p.cumsum(-1)
    share = torch.rand((), generator=generator, dtype=torch.float64) * reached[-1]
    index = min(int(torch.searchsorted(reached, share, right=True)), len(p) - 1)
    return index if order is None else int(order[index])


def _loaded(name: str, options: BackendOptions) -> tuple[_Engine, dict[str, Any]]:
    """The model and the facts about it. Raises `ModelError`, `MissingExtraError`."""
    place, given = _place(name)
    local = isinstance(place, Path)
    if not local:
        options.notify(f"fetching {place} from the hub, unless it is there already; its licence stands on its page")
    # The progress bar for GGUF heeds no switch.
    with _quiet(), redirect_stderr(io.StringIO()) if "gguf_file" in given else nullcontext():
        import torch
        import transformers

        shared = {"trust_remote_code": False, **given}
        try:
            tokenizer = transformers.AutoTokenizer.from_pretrained(place, **shared)
            model, loading = transformers.AutoModelForCausalLM.from_pretrained(
                place, dtype="auto", output_loading_info=True, **shared
            )
            accelerator = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else None
            model = model.to(accelerator or "cpu").eval()
        except Exception as e:
            raise _load_error(name, e) from e
        own = model.generation_config
        model.generation_config = transformers.GenerationConfig()
    if missing := sorted(loading["missing_keys"]):
        raise ModelError(
            f"hf:{name}: {len(missing)} parameters are not in the weights and would be random ({_one_line(missing[0])} …)",
            "name a whole causal language model",
        )
    defaults = _Draw(0.0, 1.0, 0)
    if own.do_sample:
        defaults = _Draw(_or(own.temperature, 1.0), _or(own.top_p, 1.0), _or(own.top_k, 0))
    mode: Mode = "chat" if tokenizer.chat_template else "completion"
    ends = {i for part in (own.eos_token_id, model.config.eos_token_id, tokenizer.eos_token_id) for i in _ids(part)}
    positions = _positions(model.config, tokenizer)
    shown = given.get("gguf_file", place.name) if isinstance(place, Path) else name
    engine = _Engine(shown, model, tokenizer, mode=mode, positions=positions, defaults=defaults, ends=ends, options=options)
    with _quiet():
        try:
            engine.try_out()
        except Exception as e:
            hint = "another number format or device may be needed; or use another model"
            raise ModelError(f"hf:{name}: cannot be run: {type(e).__name__}: {_one_line(e)}", hint) from e
    facts: dict[str, Any] = {
        "model": shown,
        "mode": mode,
        "thinks": template_thinks(str(tokenizer.chat_template or "")),
        "engine": f"transformers {transformers.__version__}, torch {torch.__version__}",
        "device": str(model.device),
        "dtype": str(model.dtype).removeprefix("torch."),
        "batch": engine.rows,
        "defaults": {"temperature": defaults.temperature, "top_p": defaults.top_p, "top_k": defaults.top_k},
        "notes": [],
    }
    if isinstance(place, Path):
        facts["sha256"] = _digest(place, given.get("gguf_file"))
    elif revision := getattr(model.config, "_commit_hash", None):
        facts["revision"] = revision
    if mode == "chat":
        facts["chat_template_sha256"] = hashlib.sha256(str(tokenizer.chat_template).encode()).hexdigest()
    else:
        facts["notes"] = [
            "the model has no chat template (pre-trained only): driven in completion mode with a plain dialog transcript"
        ]
    return engine, facts


def _place(name: str) -> tuple[Path | str, dict[str, str]]:
    """Where the model is: a folder, or an id on the hub; and what else has to be said to load it. Raises `ModelError`."""
    path = Path(name).expanduser()
    if path.suffix == ".gguf" and path.is_file():
        return path.parent, {"gguf_file": path.name}
    if path.is_dir():
        if not (path / "config.json").is_file():
            raise ModelError(f"hf:{name}: the folder has no config.json", "name a folder that `save_pretrained` wrote")
        return path, {}
    repo, _, revision = name.partition("@")
    if not re.fullmatch(r"[\w.-]+(?:/[\w.-]+)?", repo) or repo.startswith((".", "/")):
        raise ModelError(f"hf:{name}: there is no such folder", "write -m hf:/path/to/folder or -m hf:org/repo")
    return repo, {"revision": revision} if revision else {}


def _load_error(name: str, error: Exception) -> SycoprobeError:
    """What loading failed of, in one line."""
    said = _one_line(error)
    package = re.search(r"pip install `?([A-Za-z0-9_-]+)", str(error))
    if package or isinstance(error, ImportError):
        wanted = package[1] if package else getattr(error, "name", None)
        hint = f"pip install {wanted}" if wanted else "install what it names"
        return MissingExtraError(f"hf:{name}: this model needs a further package: {said}", hint)
    if "trust_remote_code" in str(error) or "custom code" in str(error):
        return ModelError(
            f"hf:{name}: the model comes with code of its own, which is never executed here",
            "serve it with something that you trust with that (vLLM, say), and use -m openai:NAME --base-url …",
        )
    if _out_of_memory(error):
        return ModelError(f"hf:{name}: the weights do not fit into memory: {said}", "use a smaller or a quantised model")
    hint = "check the folder"
    if not Path(name).expanduser().exists():
        hint = "check the name and your network, unset HF_HUB_OFFLINE if it is set, and HF_TOKEN opens gated models"
    return ModelError(f"hf:{name}: cannot be loaded: {type(error).__name__}: {said}", hint)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without transformers' warnings and progress bars; its settings are as before afterwards."""
    from huggingface_hub import utils as hub
    from transformers.utils import logging

    level, bars, hub_bars = logging.get_verbosity(), logging.is_progress_bar_enabled(), not hub.are_progress_bars_disabled()  # type: ignore[attr-defined]
    logging.set_verbosity(logging.CRITICAL)
    logging.disable_progress_bar()
    hub.disable_progress_bars()  # type: ignore[attr-defined]
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()
        if hub_bars:
            hub.enable_progress_bars()  # type: ignore[attr-defined]


def _digest(folder: Path, gguf: str | None) -> str:
    """The SHA-256 of the file of weights; of several, that of their digests and names as `sha256sum *.safetensors` lists them."""
    patterns = [gguf] if gguf else ["*.safetensors", "*.bin"]
    files = next((found for p in patterns if (found := sorted(folder.glob(p)))), [])
    digests = [(sha256_of(f), f.name) for f in files]
    if len(digests) == 1:
        return digests[0][0]
    return hashlib.sha256("".join(f"{digest}  {name}\n" for digest, name in digests).encode()).hexdigest()


def _positions(config: Any, tokenizer: Any) -> int | None:
    """How many tokens a dialog and its answer may have together; None if that is not known."""
    text = config.get_text_config()
    for name in ("max_position_embeddings", "n_positions", "max_seq_len", "seq_length"):
        if isinstance(n := getattr(text, name, None), int) and n > 0:
            return n
    n = tokenizer.model_max_length
    return n if isinstance(n, int) and 0 < n < 10**7 else None


def _marks_in(tokenizer: Any, own: tuple[str, ...]) -> dict[int, str]:
    """The special tokens that are marks around thinking, which decoding would leave out."""
    known = special_marks(own)
    added = getattr(tokenizer, "added_tokens_decoder", {})
    return {i: t.content for i, t in added.items() if t.special and t.content.lower() in known}


def _ids(given: Any) -> tuple[int, ...]:
    return () if given is None else (given,) if isinstance(given, int) else tuple(given)


def _or(value: Any, default: Any) -> Any:
    return default if value is None else value


def _out_of_memory(error: BaseException) -> bool:
    return isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and bool(_NO_MEMORY.search(str(error))))


def _too_large(error: Exception) -> BackendError:
    hint = "use a smaller or a quantised model, fewer --reply-tokens, or a machine with more memory"
    return BackendError(f"memory ran out with a single dialog: {_one_line(error)}", hint, kind=ErrorKind.INTERNAL, fatal=True)


def _unexpected(error: Exception) -> BackendError:
    return BackendError(f"the model raised {type(error).__name__}: {_one_line(error)}", kind=ErrorKind.INTERNAL)


def _one_line(said: object) -> str:
    return visible(" ".join(redacted(str(said)).split()))[:300]
