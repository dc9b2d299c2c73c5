"""Loading a model: from a folder, a GGUF file or the hub, and what is to be known of it."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, redirect_stderr
from pathlib import Path
from typing import Any

from sycoprobe.backends.base import BackendOptions
from sycoprobe.backends.openai import Mode
from sycoprobe.backends.store import sha256_of
from sycoprobe.backends.transformers.drawing import Draw
from sycoprobe.backends.transformers.engine import Engine
from sycoprobe.backends.transformers.failures import one_line, out_of_memory
from sycoprobe.errors import MissingExtraError, ModelError, SycoprobeError
from sycoprobe.sets.forms import template_thinks


def load(name: str, options: BackendOptions) -> tuple[Engine, dict[str, Any]]:
    """The model and the facts about it. Raises `ModelError`, `MissingExtraError`."""
    place, given = _place(name)
    local = isinstance(place, Path)
    if not local:
        options.notify(f"fetching {place} from the hub, unless it is there already; its licence stands on its page")
    # The progress bar for GGUF heeds no switch.
    with quiet(), redirect_stderr(io.StringIO()) if "gguf_file" in given else nullcontext():
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
            f"hf:{name}: {len(missing)} parameters are not in the weights and would be random ({one_line(missing[0])} …)",
            "name a whole causal language model",
        )
    defaults = Draw(0.0, 1.0, 0)
    if own.do_sample:
        defaults = Draw(_or(own.temperature, 1.0), _or(own.top_p, 1.0), _or(own.top_k, 0))
    mode: Mode = "chat" if tokenizer.chat_template else "completion"
    ends = {i for part in (own.eos_token_id, model.config.eos_token_id, tokenizer.eos_token_id) for i in _ids(part)}
    positions = _positions(model.config, tokenizer)
    shown = given.get("gguf_file", place.name) if isinstance(place, Path) else name
    engine = Engine(shown, model, tokenizer, mode=mode, positions=positions, defaults=defaults, ends=ends, options=options)
    with quiet():
        try:
            engine.try_out()
        except Exception as e:
            hint = "another number format or device may be needed; or use another model"
            raise ModelError(f"hf:{name}: cannot be run: {type(e).__name__}: {one_line(e)}", hint) from e
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
    said = one_line(error)
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
    if out_of_memory(error):
        return ModelError(f"hf:{name}: the weights do not fit into memory: {said}", "use a smaller or a quantised model")
    hint = "check the folder"
    if not Path(name).expanduser().exists():
        hint = "check the name and your network, unset HF_HUB_OFFLINE if it is set, and HF_TOKEN opens gated models"
    return ModelError(f"hf:{name}: cannot be loaded: {type(error).__name__}: {said}", hint)


@contextmanager
def quiet() -> Iterator[None]:
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


def _ids(given: Any) -> tuple[int, ...]:
    return () if given is None else (given,) if isinstance(given, int) else tuple(given)


def _or(value: Any, default: Any) -> Any:
    return default if value is None else value
