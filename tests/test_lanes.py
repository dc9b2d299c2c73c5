"""Slots of an engine in this process: each conversation keeps its own, and none is idle while calls wait."""

from __future__ import annotations

import asyncio

from sycoprobe.backends.lanes import Lanes


async def converse(lanes: Lanes, name: str, turns: int, seen: list[tuple[str, int]], *, fan_out: bool = False) -> None:
    async def turn() -> None:
        async with lanes.of(name) as slot:
            seen.append((name, slot))
            await asyncio.sleep(0.005)

    await turn()
    if fan_out:
        await asyncio.gather(*(turn() for _ in range(turns - 1)))
    else:
        for _ in range(turns - 1):
            await turn()


def begun_anew(seen: list[tuple[str, int]], slots: int) -> int:
    """How often a slot got another conversation than the one that it held."""
    order = [[name for name, slot in seen if slot == number] for number in range(slots)]
    return sum(1 for names in order for i, name in enumerate(names) if i == 0 or names[i - 1] != name)


def test_a_conversation_keeps_its_slot_until_it_is_over_however_many_wait() -> None:
    for fan_out in (False, True):
        seen: list[tuple[str, int]] = []

        async def go(seen: list[tuple[str, int]] = seen, fan_out: bool = fan_out) -> None:
            lanes = Lanes(3)
            await asyncio.gather(*(converse(lanes, f"c{i}", 6, seen, fan_out=fan_out) for i in range(12)))

        asyncio.run(go())
        assert len(seen) == 72 and begun_anew(seen, 3) == 12, seen


def test_all_slots_are_used_and_a_free_one_takes_what_waits_for_another() -> None:
    seen: list[tuple[str, int]] = []

    async def go() -> None:
        lanes = Lanes(2)
        await asyncio.gather(*(converse(lanes, f"c{i}", 1 if i else 20, seen) for i in range(9)))

    asyncio.run(go())
    assert len(seen) == 28 and {slot for _, slot in seen} == {0, 1}
    assert len({slot for name, slot in seen if name == "c0"}) == 1


def test_calls_that_are_given_up_while_they_wait_or_work_leave_their_slot_to_others() -> None:
    async def go() -> None:
        lanes = Lanes(1)
        seen: list[tuple[str, int]] = []
        tasks = [asyncio.create_task(converse(lanes, f"c{i}", 50, seen)) for i in range(6)]
        await asyncio.sleep(0.02)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        async with asyncio.timeout(5):
            await converse(lanes, "last", 3, seen)

    asyncio.run(go())
