"""Published tables of sycophancy, read again from their own replies and labels. A paper is a file in `papers/`."""

from sycoprobe.reproducing.paper import papers
from sycoprobe.reproducing.reproduction import reproduce
from sycoprobe.reproducing.result import Figure, Finding, Order, Reproduction

__all__ = ["Figure", "Finding", "Order", "Reproduction", "papers", "reproduce"]
