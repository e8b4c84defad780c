"""Integers on the command line: decimal or 0x, of a bounded length."""

from __future__ import annotations

import re

from ...kernel.errors import InputError

__all__ = ["read_integer", "required_integer"]

_INTEGER = re.compile(r"[0-9]{1,78}|0x[0-9a-fA-F]{1,64}", re.ASCII)


def read_integer(text: str) -> int | None:
    """Return the integer, None when the text is none."""
    if not _INTEGER.fullmatch(text):
        return None
    return int(text, 0) if text.startswith("0x") else int(text)


def required_integer(text: str, option: str) -> int:
    """Return the integer of an option. Raises InputError when the text is none."""
    value = read_integer(text)
    if value is None:
        raise InputError(f"{option} must be a decimal or 0x integer", code="usage")
    return value
