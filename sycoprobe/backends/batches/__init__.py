"""The vendors' batch APIs, over a dialect's own requests and replies: half the price, and results within a day."""

from sycoprobe.backends.batches.anthropic import AnthropicBatches
from sycoprobe.backends.batches.openai import OpenAIBatches
from sycoprobe.backends.batches.protocol import (
    Batch,
    Batches,
    Limits,
    Lost,
    Resubmit,
    Row,
    Sought,
    State,
    batches_of,
    custom_id,
    no_batch_mode,
)
from sycoprobe.backends.batches.requests import server_of

__all__ = [
    "AnthropicBatches",
    "Batch",
    "Batches",
    "Limits",
    "Lost",
    "OpenAIBatches",
    "Resubmit",
    "Row",
    "Sought",
    "State",
    "batches_of",
    "custom_id",
    "no_batch_mode",
    "server_of",
]
