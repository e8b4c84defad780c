"""Text files from strangers: read whole, strictly UTF-8, strictly JSON, each fault one sentence with file and line.

No duplicate keys, no NaN, no hostile nesting, no huge numbers, no floats: a number with a point comes out as a token
that no reader accepts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from .errors import FileError
from .files import read_whole

__all__ = ["LARGEST_FILE", "NumberToken", "parse_json", "read_bytes", "read_json", "read_text", "text_of"]

LARGEST_FILE = 8 * 1024 * 1024
_DEEPEST = 32
# A string, closed or not, matches whole, so that no file makes the search quadratic.
_BRACKETS = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+\\?(?:"|\Z)|[\[\]{}]', re.DOTALL)


def read_bytes(path: Path, limit: int = LARGEST_FILE) -> bytes:
    """Return a file's content. Raises FileError when it cannot be read or is larger than `limit` bytes."""
    name = str(path)
    try:
        return read_whole(path, limit)
    except FileNotFoundError:
        raise FileError(f"there is no file {path.name}", code="no-such-file", file=name) from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "its name is no file name"
        raise FileError(f"{path.name} cannot be read: {reason}", code="unreadable", file=name) from None


def read_text(path: Path) -> str:
    """Return a file's text. Raises FileError unless it is UTF-8 without a byte-order mark."""
    return text_of(read_bytes(path), path)


def text_of(data: bytes, path: Path) -> str:
    """Return the text of a file's bytes that were read already. Raises FileError as `read_text` does."""
    if data.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        raise FileError(
            f"{path.name} begins with a byte-order mark",
            code="byte-order-mark",
            file=str(path),
            hint="save it as UTF-8 without a byte-order mark",
        )
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise FileError(f"{path.name} is not UTF-8", code="not-utf8", file=str(path), line=line) from None


def read_json(path: Path, numbers: Callable[[str], Any] | None = None, *, padded: bool = False) -> Any:  # noqa: ANN401
    """Return a file's JSON; numbers are int, or `NumberToken` when they have a point or an exponent.

    `numbers` makes something else of the latter and of integers beyond 20 digits, of the text as it stands (for venues
    that write money so). With `padded`, zero bytes after the end are no part of the file: provers that write a buffer
    whole leave them.

    Raises FileError on syntax errors (with the line), duplicate keys, NaN and infinities, and hostile nesting.
    """
    return parse_json(read_bytes(path), path, numbers, padded=padded)


def parse_json(data: bytes, path: Path, numbers: Callable[[str], Any] | None = None, *, padded: bool = False) -> Any:  # noqa: ANN401
    """Return the JSON of a file's bytes that were read already, as `read_json` would. Raises FileError."""
    return _parsed(text_of(data.rstrip(b"\0") if padded else data, path), path, numbers)


def _parsed(text: str, path: Path, numbers: Callable[[str], Any] | None) -> Any:  # noqa: ANN401
    def fail(message: str, code: str, line: int | None = None) -> NoReturn:
        raise FileError(f"{path.name} {message}", code=code, file=str(path), line=line)

    if _deepest(text) > _DEEPEST:
        fail("is nested too deeply", "too-deep")

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        seen: dict[str, Any] = {}
        for key, value in items:
            if key in seen:
                fail(f"says {_shown(key)} twice in one object", "duplicate-key")
            seen[key] = value
        return seen

    def constant(word: str) -> NoReturn:
        fail(f"has {word}, which is not a finite number", "not-finite")

    def integer(digits: str) -> Any:  # noqa: ANN401
        if len(digits) > 20:
            if numbers is not None:
                return numbers(digits)
            fail("has a number of more than 20 digits that is not a string", "bad-number")
        return int(digits)

    try:
        return json.loads(
            text,
            object_pairs_hook=pairs,
            parse_constant=constant,
            parse_int=integer,
            parse_float=numbers or NumberToken,
        )
    except json.JSONDecodeError as error:
        fail(f"is not JSON: {error.msg[:1].lower()}{error.msg[1:]}", "bad-json", error.lineno)


def _deepest(text: str) -> int:
    """Return how deep objects and lists are nested, brackets inside strings apart.

    Counted before parsing: some libraries lift Python's recursion limit, and then a hostile file overflows the stack.
    """
    depth = deepest = 0
    for token in _BRACKETS.finditer(text):
        first = token[0][0]
        if first in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif first in "]}":
            depth -= 1
    return deepest


class NumberToken:
    """A JSON number with a point or an exponent: no reader accepts it, so amounts must be strings."""

    def __init__(self, text: str) -> None:
        """Forget the text: money never passes through a float, and messages carry no amounts."""


def _shown(word: str) -> str:
    """Return a key from a file fit for a message: printable, quoted, cut."""
    return repr("".join(c if c.isprintable() else "?" for c in word[:48]))
