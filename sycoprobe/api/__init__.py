"""Everything the command line does, from Python: plan, run, resume, score, gate, bless, compare, and records of runs."""

from sycoprobe.api.board import Board, board
from sycoprobe.api.carding import card
from sycoprobe.api.comparing import compare_html
from sycoprobe.api.conduct import Conduct, price_range
from sycoprobe.api.conversations import Conversations, conversations
from sycoprobe.api.entry import arun, arun_all, run, run_all
from sycoprobe.api.folders import DEFAULT_OUT, find_run, find_runs, load_report, model_slug, new_folders, run_name
from sycoprobe.api.gate import again, bless, compare, gate, self_check
from sycoprobe.api.listing import runs
from sycoprobe.api.pages import write_html
from sycoprobe.api.planning import plan, plan_of, until_decided, wordings
from sycoprobe.api.preparing import Prepared, baseline_needed, prepare
from sycoprobe.api.running import aresume, resume, resume_all, score, start, start_all, versions
from sycoprobe.api.verifying import verify
from sycoprobe.errors import Interrupted, RunFailed
from sycoprobe.journal import repair
from sycoprobe.money.budget import Caps
from sycoprobe.planning import Planned

__all__ = [
    "DEFAULT_OUT",
    "Board",
    "Caps",
    "Conduct",
    "Conversations",
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
    "card",
    "compare",
    "compare_html",
    "conversations",
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
    "runs",
    "score",
    "self_check",
    "start",
    "start_all",
    "until_decided",
    "verify",
    "versions",
    "wordings",
    "write_html",
]
