"""What `sycoprobe doctor` finds out: everything a run of this model depends on, tried once, each fault with its fix."""

from sycoprobe.examining.checks import Check, Examination, Status, Step
from sycoprobe.examining.examination import doctor, examine

__all__ = ["Check", "Examination", "Status", "Step", "doctor", "examine"]
