"""What will be asked, before anything is: the plan, its conversations and calls, and what they cost."""

from sycoprobe.planning.calls import CallSpec
from sycoprobe.planning.making import Wanted, make_plan
from sycoprobe.planning.plan import Part, Plan, SamplingPlan, SetRef, Until
from sycoprobe.planning.planned import Conversation, Cost, Planned, PlannedPart

__all__ = [
    "CallSpec",
    "Conversation",
    "Cost",
    "Part",
    "Plan",
    "Planned",
    "PlannedPart",
    "SamplingPlan",
    "SetRef",
    "Until",
    "Wanted",
    "make_plan",
]
