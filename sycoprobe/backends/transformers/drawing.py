"""How a token is drawn from the model's logits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Draw:
    """How a row's tokens are drawn; temperature 0: always the likeliest."""

    temperature: float
    top_p: float
    top_k: int


def drawn(logits: Any, draw: Draw, generator: Any) -> int:
    """A token drawn by one uniform number through the inverse of the distribution function.

    top_k, then temperature, then top_p (nucleus sampling: Holtzman et al. 2020, 'The Curious Case of Neural Text Degeneration').
    """
    import torch

    scaled = logits.double() / draw.temperature
    if draw.top_k and draw.top_k < scaled.shape[-1]:
        scaled[scaled < scaled.topk(draw.top_k).values[-1]] = -torch.inf
    p = scaled.softmax(-1)
    order = None
    if draw.top_p < 1:
        p, order = p.sort(descending=True, stable=True)
        p = p[(p.cumsum(-1) - p) < draw.top_p]
    reached = p.cumsum(-1)
    share = torch.rand((), generator=generator, dtype=torch.float64) * reached[-1]
    index = min(int(torch.searchsorted(reached, share, right=True)), len(p) - 1)
    return index if order is None else int(order[index])
