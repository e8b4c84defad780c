"""Field elements as snarkjs writes them into JSON: decimal strings, one spelling a number."""

from __future__ import annotations

from .errors import FormatError

__all__ = ["decimal_string", "decimal_strings"]

_MOST_DIGITS = 78  # of 2^256: what is longer is no word, and the modulus is for the caller to hold it to


def decimal_string(value: object, what: str, code: str = "bad-format") -> int:
    """Return the number that a string of decimal digits spells.

    Two spellings of one number would be two files that say the same, so signs, spaces and leading zeros are refused.
    Raises FormatError, in which `what` is called what it is.
    """
    if not isinstance(value, str) or not (value.isascii() and value.isdigit()) or len(value) > _MOST_DIGITS:
        raise FormatError(f"{what} is not a decimal string", code=code)
    if len(value) > 1 and value[0] == "0":
        raise FormatError(f"{what} has leading zeros", code=code)
    return int(value)


def decimal_strings(content: object, what: str, code: str = "bad-format") -> list[int]:
    """Return the numbers of a JSON list of decimal strings. Raises FormatError."""
    if not isinstance(content, list):
        raise FormatError(f"{what} is not a list of decimal strings", code=code)
    return [decimal_string(value, f"number {i} of {what}", code) for i, value in enumerate(content)]
