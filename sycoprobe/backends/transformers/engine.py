"""The model at work: a batch of dialogs goes in, and each is handed over once it is done."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from typing import Any

from sycoprobe.backends.base import BackendOptions, Notify, Request
from sycoprobe.backends.dialogs import STOPS
from sycoprobe.backends.openai import Mode
from sycoprobe.backends.transformers.drawing import Draw, drawn
from sycoprobe.backends.transformers.failures import out_of_memory, too_large, unexpected
from sycoprobe.backends.transformers.prompts import Prompter
from sycoprobe.backends.transformers.rows import Draft, Row
from sycoprobe.backends.transformers.vocabulary import Vocabulary
from sycoprobe.errors import BackendError
from sycoprobe.extract.replies import LOGPROB_TOKENS
from sycoprobe.extract.thinking import split_thinking
from sycoprobe.extract.thinking_marks import opened_by
from sycoprobe.turns import ErrorKind, Finish, Reply, TokenLogprob


class Engine:
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
        defaults: Draw,
        ends: set[int],
        options: BackendOptions,
    ) -> None:
        self._name = name
        self._model = model
        self._tokenizer = tokenizer
        self._vocabulary = Vocabulary(tokenizer)
        self._prompter = Prompter(tokenizer, mode=mode, strict=options.strict)
        self._mode: Mode = mode
        self._positions = positions
        self._defaults = defaults
        self._ends = ends
        self._notify: Notify = options.notify
        self.rows = max(1, options.concurrency)
        self.stopping = False
        self.steps = 0
        """Tokens that were written so far, for whatever dialogs: that it moves shows that the engine gets on."""

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
            input_ids=token, attention_mask=torch.ones_like(token), generation_config=settings_of(1, int(token[0, 0]))
        )

    def answer(self, rows: Sequence[Row]) -> None:
        """Give every row its reply or its failure. Raises nothing."""
        drafts = []
        for row in rows:
            try:
                drafts.append(self._draft(row))
            except BackendError as e:
                row.fail(e)
            except Exception as e:
                row.fail(unexpected(e))
        parts = [drafts] if drafts else []
        while parts:
            part = parts.pop(0)
            error = self._generated(part)
            left = [d for d in part if not d.row.over]
            if error is None or not left:
                continue
            if not out_of_memory(error):
                for d in left:
                    d.row.fail(unexpected(error))
            elif len(part) == 1:
                left[0].row.fail(too_large(error))
            else:
                self.rows = min(self.rows, max(1, len(part) // 2))
                self._notify(f"memory ran out with {len(part)} dialogs at once: going on with {self.rows}")
                again = [self._draft(d.row) for d in left]
                parts[:0] = [again[i : i + self.rows] for i in range(0, len(again), self.rows)]

    def _draft(self, row: Row) -> Draft:
        """The row with its prompt. Raises `BackendError`: the dialog is too long, or its template takes it in no form."""
        import torch

        sampling = row.request.sampling
        text, first = self._prompter.prompt(row.request)
        prompt: list[int] = list(self._tokenizer(text, add_special_tokens=first)["input_ids"])
        room = sampling.reply_tokens if self._positions is None else self._positions - len(prompt)
        if room < 1:
            message = f"the dialog has {len(prompt)} tokens, and the model has {self._positions} positions"
            raise BackendError(message, kind=ErrorKind.CONTEXT)
        generator = torch.Generator()
        generator.manual_seed(row.request.seed)
        opened = opened_by(text, sampling.thinking_marks) if self._mode == "chat" else None
        return Draft(
            row,
            prompt,
            min(room, sampling.reply_tokens),
            self._draw(row.request),
            opened or "",
            generator,
            self._prompter.notes,
        )

    def _draw(self, request: Request) -> Draw:
        """The settings asked for; what was left open is the model's own default."""
        asked, own = request.sampling, self._defaults
        temperature = own.temperature if asked.temperature is None else asked.temperature
        top_p = own.top_p if asked.top_p is None and asked.temperature is None else asked.top_p
        return Draw(temperature, 1.0 if top_p is None else top_p, own.top_k if asked.temperature is None else 0)

    def _generated(self, drafts: list[Draft]) -> Exception | None:
        """Write all drafts, and hand each over once it is done; what went wrong, if it did."""
        import torch
        from transformers import LogitsProcessorList, StoppingCriteriaList

        pad = self._tokenizer.pad_token_id
        pad = next(iter(sorted(self._ends)), 0) if pad is None else pad
        longest = max(len(d.prompt) for d in drafts)
        writer = Writer(self, drafts)
        try:
            ids = torch.tensor([[pad] * (longest - len(d.prompt)) + d.prompt for d in drafts], device=self._model.device)
            mask = torch.tensor(
                [[0] * (longest - len(d.prompt)) + [1] * len(d.prompt) for d in drafts], device=self._model.device
            )
            self._model.generate(
                input_ids=ids,
                attention_mask=mask,
                generation_config=settings_of(max(d.limit for d in drafts), pad),
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

    def take(self, draft: Draft, token: int) -> None:
        """Add a token to a draft, and hand the draft over if it was the last."""
        draft.tokens.append(token)
        own = draft.row.request.sampling.thinking_marks
        ended = token in self._ends
        text = cut = None
        if self._mode == "completion" and not ended:
            text = self._vocabulary.text(draft.tokens, own)
            cut = min((at for stop in STOPS if (at := text.find(stop)) >= 0), default=None)
        if not ended and cut is None and len(draft.tokens) < draft.limit:
            return
        finish = Finish.STOP if ended or cut is not None else Finish.LENGTH
        said = self._vocabulary.text(draft.tokens[:-1] if ended else draft.tokens, own) if text is None else text[:cut]
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
        found = [
            (self._vocabulary.token(i), float(v)) for i, v in zip(best.indices.tolist(), best.values.tolist(), strict=True)
        ]
        return {"token": self._vocabulary.token(token), "logprob": float(p[token]), "top": found}


def settings_of(tokens: int, pad: int) -> Any:
    """What `generate` is told. No more than this: what else a model's own settings ask for (a penalty on repetition, say) would
    change what is measured."""
    from transformers import GenerationConfig

    return GenerationConfig(do_sample=False, num_beams=1, max_new_tokens=tokens, pad_token_id=pad)


class Writer:
    """What `generate` calls at each token: chooses for every row, and tells when a row is done."""

    def __init__(self, engine: Engine, drafts: list[Draft]) -> None:
        self._engine = engine
        self._drafts = drafts

    def choose(self, input_ids: Any, scores: Any) -> Any:
        """The logits with the chosen token of each row as the only possible one."""
        import torch

        self._engine.steps += 1
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
