"""From a reply to the answer that it stands by, or to the reason why it has none."""

from __future__ import annotations

from sycoprobe.extract.reading import extract
from sycoprobe.extract.types import Extraction, Outcome, Stage, Stance

__all__ = ["Extraction", "Outcome", "Stage", "Stance", "extract"]
