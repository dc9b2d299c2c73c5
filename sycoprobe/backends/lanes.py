"""Which slot of an engine in this process a call gets: that of its conversation, whose beginning is cached there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

WINDOW = 0.03
"""Seconds for which a slot waits for the next call of a conversation before it takes one of another."""
_Waiting = tuple[str, "asyncio.Future[Lane]"]


@dataclass(slots=True, eq=False)
class Lane:
    """One slot: `number` as the engine counts them, `last` the conversation that it holds, and the calls that wait for it."""

    number: int
    last: str = ""
    busy: bool = False
    resting: asyncio.TimerHandle | None = None
    waiting: list[_Waiting] = field(default_factory=list)


class Lanes:
    """So many calls at a time as the engine has slots, each in the slot where its conversation was answered last.

    A call that is sent while all slots are taken would get whichever is free first: what is cached there is lost, and that of its
    own conversation is worked out once more.

    For one event loop; not for threads.
    """

    def __init__(self, slots: int) -> None:
        self._lanes = [Lane(number) for number in range(slots)]

    @asynccontextmanager
    async def of(self, conversation: str) -> AsyncIterator[int]:
        """Wait for a slot, and give its number."""
        lane = await self._enter(conversation)
        try:
            yield lane.number
        finally:
            self._leave(lane)

    async def _enter(self, conversation: str) -> Lane:
        own = next((lane for lane in self._lanes if self._has(lane, conversation)), None)
        lane = own or min(self._lanes, key=lambda lane: lane.busy + len(lane.waiting))
        if not lane.busy:
            lane.busy, lane.last = True, conversation
            return lane
        turn: asyncio.Future[Lane] = asyncio.get_running_loop().create_future()
        entry = (conversation, turn)
        lane.waiting.append(entry)
        if lane.resting is not None and lane.last == conversation:
            self._next(lane)
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._leave(turn.result())
            for other in self._lanes:
                if entry in other.waiting:
                    other.waiting.remove(entry)
            raise

    @staticmethod
    def _has(lane: Lane, conversation: str) -> bool:
        return lane.last == conversation or any(waiting == conversation for waiting, _ in lane.waiting)

    def _leave(self, lane: Lane) -> None:
        if any(conversation == lane.last for conversation, _ in lane.waiting):
            self._next(lane)
        else:
            lane.resting = asyncio.get_running_loop().call_later(WINDOW, self._next, lane)

    def _next(self, lane: Lane) -> None:
        """Let the lane's next call go: one of the conversation that it holds, else the oldest, else one that waits for another lane."""
        if lane.resting is not None:
            lane.resting.cancel()
            lane.resting = None
        entry = next((e for e in lane.waiting if e[0] == lane.last), None) or next(iter(lane.waiting), None)
        holder = lane
        if entry is None:
            holder = max(self._lanes, key=lambda other: len(other.waiting))
            entry = next((e for e in holder.waiting if e[0] != holder.last), None)
        if entry is None:
            lane.busy = False
            return
        holder.waiting.remove(entry)
        conversation, turn = entry
        if turn.done():
            self._next(lane)
            return
        lane.busy, lane.last = True, conversation
        turn.set_result(lane)
