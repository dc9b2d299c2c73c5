"""Journals that a test changes on purpose: without the checksums that would tell."""

from __future__ import annotations

import re


def unsummed(text: str) -> str:
    """Lines without their checksums, as earlier versions wrote them; such lines are taken as they are."""
    return re.sub(r',"crc":"[0-9a-f]{8}"\}(?=\r?\n|$)', "}", text)
