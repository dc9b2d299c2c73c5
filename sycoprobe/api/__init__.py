"""Everything the command line does, from Python: plan, run, resume, score, gate, bless, compare."""

from sycoprobe.api.board import Board, board
from sycoprobe.api.comparing import compare_html
from sycoprobe.api.conduct import Conduct, price_range
from sycoprobe.api.entry import arun, arun_all, run, run_all
from sycoprobe.api.folders import DEFAULT_OUT, find_run, find_runs, load_report, model_slug, new_folders, run_name
from sycoprobe.api.gate import again, bless, compare, gate, self_check
from sycoprobe.api.pages import write_html
from sycoprobe.api.planning import plan, plan_of, until_decided, wordings
from sycoprobe.api.preparing import Prepared, baseline_needed, prepare
from sycoprobe.api.running import aresume, resume, resume_all, score, start, start_all, versions
from sycoprobe.errors import Interrupted, RunFailed
from sycoprobe.journal import repair
from sycoprobe.money.budget import Caps
from sycoprobe.planning import Planned

__all__ = [
    "DEFAULT_OUT",
    "Board",
    "Caps",
    "Conduct",
    "Interrupted",
    "Planned",
    "Prepared",
    "RunFailed",
    "again",
    "aresume",
    "arun",
    "arun_all",
    "baseline_needed",
    "bless",
    "board",
    "compare",
    "compare_html",
    "find_run",
    "find_runs",
    "gate",
    "load_report",
    "model_slug",
    "new_folders",
    "plan",
    "plan_of",
    "prepare",
    "price_range",
    "repair",
    "resume",
    "resume_all",
    "run",
    "run_all",
    "run_name",
    "score",
    "self_check",
    "start",
    "start_all",
    "until_decided",
    "versions",
    "wordings",
    "write_html",
]
