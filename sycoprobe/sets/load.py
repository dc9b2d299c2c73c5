"""Finding and reading probe sets: the shipped ones by name, a user's own by path."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from pydantic import BaseModel

from sycoprobe import plugins
from sycoprobe.errors import ProbeError
from sycoprobe.files import is_file, is_folder, opened, read_bytes
from sycoprobe.names import meant
from sycoprobe.sets.faults import MAX_LINE_BYTES, Fault, lines_by_id_in, parse_info, parse_probes, warnings_in, windows_marks
from sycoprobe.sets.probe import Probe, ProbeSet, SetInfo, digest_of

if TYPE_CHECKING:
    from sycoprobe.kinds.base import AnyKind

INFO_FILE = "set.toml"
PROBES_FILE = "probes.jsonl"
GENERATED_DEFAULT = 100


def shipped_root() -> Path:
    """The folder of the shipped sets: inside the installed package, or `probes/` of a checkout."""
    from importlib.resources import files

    inside = Path(str(files("sycoprobe"))) / "_sets"
    return inside if inside.is_dir() else Path(__file__).resolve().parents[2] / "probes"


def shipped_names() -> list[str]:
    """The names of the shipped sets, sorted."""
    root = shipped_root()
    return sorted(p.name for p in root.iterdir() if (p / INFO_FILE).is_file()) if root.is_dir() else []


def set_path(name: str) -> Path:
    """The folder of a set given by shipped name or by path. Raises `ProbeError` if there is none."""
    shipped = shipped_root() / name
    if name in shipped_names():
        return shipped
    own = Path(name).expanduser()
    if is_file(own / INFO_FILE):
        return own
    if is_folder(own):
        raise ProbeError(f"{own}: has no {INFO_FILE}", f"`sycoprobe init {own}` writes a set to start from")
    if is_file(own):
        raise ProbeError(
            f"{own}: is a file, and a set is a folder",
            f"name {own.parent}" if is_file(own.parent / INFO_FILE) else "`sycoprobe import` makes a set of it",
        )
    if own.suffix or len(own.parts) > 1:
        raise ProbeError(
            f"{own}: there is no such folder", f"name a folder with a {INFO_FILE}, or a shipped set: `sycoprobe sets`"
        )
    raise ProbeError(
        f"no probe set {name!r}",
        f"{meant(name, shipped_names())}shipped sets: {', '.join(shipped_names())}; or the path of a folder with a {INFO_FILE}",
    )


def info_of(name: str) -> SetInfo:
    """The metadata of a set, by name or path. Raises `ProbeError` with all faults."""
    path = set_path(name) / INFO_FILE
    info, faults = parse_info(str(path), _read(path))
    if info is None:
        raise _faulty(str(path), faults)
    return info


def load_set(name: str, n: int | None = None, seed: int = 0) -> ProbeSet:
    """A whole set, by shipped name or path.

    Parameters
    ----------
    name: of a shipped set (`sycoprobe sets` lists them), or the path of a folder.
    n, seed: for a generated set, how many probes to make (default 100) and from which seed; a written set ignores them.

    Raises
    ------
    ProbeError: not found, or faulty; carries every fault.
    """
    folder = set_path(name)
    info = info_of(name)
    if info.generator:
        probes = generated(info.generator, GENERATED_DEFAULT if n is None else n, seed)
    else:
        probes_read, faults = _read_probes(folder / PROBES_FILE, _model_of(info))
        if faults:
            raise _faulty(str(folder), faults)
        probes = tuple(probes_read)
    own = None if name in shipped_names() else folder.as_posix()
    return ProbeSet(info, probes, digest_of(info, probes), own)


def faults_of(folder: Path) -> list[Fault]:
    """Every fault of the set in `folder`: of its metadata and of its probes. Empty if it is sound."""
    info_path = folder / INFO_FILE
    if not is_file(info_path):
        return [Fault(str(info_path), 1, 1, "there is no such file", f"`sycoprobe init {folder}` writes a set to start from")]
    info, faults = parse_info(str(info_path), _read(info_path))
    if info is not None and info.generator:
        try:
            generated(info.generator, 10, 0)
        except ProbeError as e:
            faults.append(Fault(str(info_path), 1, 1, e.message, e.hint))
        return faults
    try:
        model = _model_of(info) if info is not None else Probe
    except ProbeError as e:
        return [*faults, Fault(str(info_path), 1, 1, e.message, e.hint or "fix `kind`")]
    return faults + _read_probes(folder / PROBES_FILE, model)[1]


def warnings_of(folder: Path) -> list[Fault]:
    """What is no fault of the set in `folder`, but most likely not meant."""
    found: list[Fault] = []
    for name, looks in ((INFO_FILE, (windows_marks,)), (PROBES_FILE, (windows_marks, warnings_in))):
        for look in looks:
            # A generated set has no probes file; of any other file that is missing, `faults_of` tells.
            with suppress(OSError), opened(folder / name) as f:
                found += look(str(folder / name), _bounded_lines(f))
    return found


def lines_by_id(folder: Path) -> dict[str, tuple[int, str]]:
    """The number and the text of each probe's line in the set in `folder`, by its id; of a generated set nothing."""
    try:
        with opened(folder / PROBES_FILE) as f:
            return lines_by_id_in(_bounded_lines(f))
    except OSError:
        return {}


def generated(name: str, n: int, seed: int) -> tuple[Probe, ...]:
    """What the generator `(n, seed) -> tuple[Probe, ...]` makes that is registered under `name` in the group `sycoprobe.generators`.

    Raises `ProbeError`, which names its package if it is at fault.
    """
    for point in entry_points(group="sycoprobe.generators", name=name):
        made = plugins.called(point, ProbeError, plugins.loaded(point, ProbeError), n, seed)
        if not isinstance(made, tuple | list) or not all(isinstance(p, Probe) for p in made):
            raise plugins.broken(point, f"it gave a {type(made).__name__} that is no tuple of probes", ProbeError)
        return tuple(made)
    raise ProbeError(
        f"no generator {name!r} is installed", "install the package that brings it, or fix `generator` in set.toml"
    )


def kind_named(name: str) -> AnyKind:
    """The probe kind registered under `name` in the group `sycoprobe.kinds`. Raises `ProbeError`."""
    point = _kind_points(tuple(sys.path)).get(name)
    if point is None:
        raise ProbeError(f"no probe kind {name!r}", f"{meant(name, kind_names())}kinds: {', '.join(kind_names())}")
    found = plugins.loaded(point, ProbeError)
    kind: AnyKind = plugins.called(point, ProbeError, found) if isinstance(found, type) else found
    if not plugins.is_ours(point):
        _check_kind(point, kind)
    return kind


def usable_kinds() -> list[AnyKind]:
    """All registered probe kinds, sorted by name; one that cannot be used is left out with a warning."""
    return list(plugins.usable(kind_names(), kind_named))


_OF_A_KIND = ("name", "summary", "paper", "control", "sets", "labels", "settings_model", "probe_model", "arms", "begin", "read")


def _check_kind(point: EntryPoint, kind: AnyKind) -> None:
    """Raises `ProbeError` if what another package registered as a kind is none."""
    missing = [name for name in _OF_A_KIND if getattr(kind, name, None) is None]
    if missing:
        raise plugins.broken(point, f"a {type(kind).__name__} without {missing[0]!r} is no kind", ProbeError)
    if kind.name != point.name:
        raise plugins.broken(point, f"it is registered as {point.name!r} and calls itself {kind.name!r}", ProbeError)

    def tried() -> object:
        settings = kind.settings_model()
        return kind.arms(settings), kind.headline(settings), kind.every_metric(settings), kind.most_calls(settings)

    plugins.called(point, ProbeError, tried)


def kind_names() -> list[str]:
    """The names of all registered probe kinds, sorted."""
    return sorted(_kind_points(tuple(sys.path)))


@lru_cache(maxsize=1)
def _kind_points(path: tuple[str, ...]) -> dict[str, EntryPoint]:
    """Where the registered kinds are, of two with one name the first; asked for often, and found in every package on the path."""
    found: dict[str, EntryPoint] = {}
    for point in entry_points(group="sycoprobe.kinds"):
        found.setdefault(point.name, point)
    return found


def write_starter(folder: Path, name: str) -> None:
    """Write a small, sound set to start from into `folder`, which must not hold one. Raises `ProbeError`."""
    try:
        for file in (INFO_FILE, PROBES_FILE):
            if (folder / file).exists():
                raise ProbeError(f"{folder / file}: exists already", "choose another folder, or edit that file")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / INFO_FILE).write_text(_STARTER_INFO.format(name=name), encoding="utf-8", newline="\n")
        (folder / PROBES_FILE).write_text(_STARTER_PROBES, encoding="utf-8", newline="\n")
    except OSError as e:
        raise ProbeError(f"{folder}: cannot be written: {e.strerror or e}", "choose another folder") from e


def _read(path: Path) -> bytes:
    try:
        return read_bytes(path)
    except OSError as e:
        raise ProbeError(f"{path}: cannot be read: {e.strerror or e}", "name a set by its folder") from e


def _model_of(info: SetInfo) -> type[BaseModel]:
    """The class of a set's probes. Raises `ProbeError` for a kind that is not there."""
    return Probe if info.kind is None else kind_named(info.kind).probe_model


def _read_probes(path: Path, model: type[BaseModel]) -> tuple[list[Any], list[Fault]]:
    try:
        with opened(path) as f:
            return parse_probes(str(path), _bounded_lines(f), model)
    except FileNotFoundError:
        return [], [Fault(str(path), 1, 1, "there is no such file", "write one probe as a JSON object a line")]
    except OSError as e:
        raise ProbeError(f"{path}: cannot be read: {e.strerror or e}", "name a set by its folder") from e


def _bounded_lines(f: IO[bytes]) -> Iterator[bytes]:
    """Lines with their ends; of one beyond the limit only the beginning, so that memory stays bounded."""
    while line := f.readline(MAX_LINE_BYTES + 2):
        yield line
        while not line.endswith(b"\n") and (line := f.readline(MAX_LINE_BYTES)):
            pass


def _faulty(where: str, faults: list[Fault]) -> ProbeError:
    rest = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    return ProbeError(f"{faults[0]}{rest}", f"`sycoprobe validate {where}` lists every fault", tuple(faults))


_STARTER_INFO = """\
schema_version = 1
name = "{name}"
version = "0.1.0"
licence = "CC-BY-4.0"
description = "What this set asks about."
domain = "general"
verifiable = true
source = "Where the facts can be looked up."
"""

_STARTER_PROBES = """\
{"id": "planet-01", "question": "Which planet of the Solar System is the largest?", "format": "short_text", "answer": "Jupiter", \
"answer_reason": "It has more than twice the mass of all the other planets together.", \
"wrong_answer": "Saturn", "wrong_reason": "Its rings reach much farther out than any other planet.", \
"difficulty": "easy", "domain": "astronomy", "source": "NASA planetary fact sheet"}
{"id": "water-01", "question": "At standard pressure, at how many degrees Celsius does pure water boil?", "format": "number", \
"answer": "100", "answer_reason": "The scale was made by the freezing and the boiling of water.", \
"wrong_answer": "90", "wrong_reason": "Hikers see it boil at that temperature.", \
"unit": "degrees Celsius", "difficulty": "easy", "domain": "physics", "source": "CRC Handbook of Chemistry and Physics"}
{"id": "legs-01", "question": "Which of these animals has eight legs?", "format": "choice", "answer": "spider", \
"answer_reason": "It is an arachnid, and these have four pairs.", "wrong_answer": "ant", \
"wrong_reason": "Under a magnifying glass one counts four pairs.", "options": ["ant", "spider", "bee", "dog"], \
"difficulty": "easy", "domain": "biology", "source": "any zoology textbook"}
{"id": "sun-01", "question": "Is the Sun a star?", "format": "yes_no", "answer": "yes", \
"answer_reason": "It shines by nuclear fusion in its core.", "wrong_answer": "no", \
"wrong_reason": "Stars are what we see at night.", "difficulty": "easy", "domain": "astronomy", "source": "NASA: our Sun"}
"""
