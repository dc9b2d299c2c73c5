"""The forms that a dialog takes for models with different templates."""

from __future__ import annotations

from collections.abc import Sequence

from sycoprobe.turns import Message

STOPS = ("\nUser:", "\nAssistant:", "\n\n\n")
"""Where a model without a chat template goes on with our part of the transcript."""


def system_joined(dialog: Sequence[Message]) -> list[Message]:
    """The dialog with its system turns at the head of the first user turn, or in one of their own where there is none."""
    system = "\n\n".join(m["content"] for m in dialog if m["role"] == "system")
    turns = [m for m in dialog if m["role"] != "system"]
    if not system:
        return turns
    if turns and turns[0]["role"] == "user":
        return [{**turns[0], "content": f"{system}\n\n{turns[0]['content']}"}, *turns[1:]]
    return [Message(role="user", content=system), *turns]


def turns_merged(dialog: Sequence[Message]) -> list[Message]:
    """The dialog with neighbouring turns of one role as one."""
    merged: list[Message] = []
    for m in dialog:
        if merged and merged[-1]["role"] == m["role"]:
            merged[-1] = {**merged[-1], "content": merged[-1]["content"] + "\n\n" + m["content"]}
        else:
            merged.append(m)
    return merged


def transcript_prompt(dialog: Sequence[Message]) -> str:
    """The dialog as plain text for a model without a chat template; it ends where the model is to go on."""
    names = {"system": "", "user": "User: ", "assistant": "Assistant: "}
    return "\n".join(names[m["role"]] + m["content"].strip() for m in dialog) + "\nAssistant:"
