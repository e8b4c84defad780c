"""Arguments at the public edge: one that is of no use is one sentence naming it, and no traceback from further within.

A message never carries the value, which may be a holding.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, NamedTuple, ParamSpec, TypeVar

from .errors import InputError

__all__ = [
    "ADDRESS",
    "BYTES",
    "FLAG",
    "PATH",
    "PATHS",
    "TEXT",
    "TEXTS",
    "TIME",
    "WHOLE",
    "Kind",
    "a",
    "below",
    "check",
    "many",
    "maybe",
    "one_of",
    "takes",
]

P = ParamSpec("P")
T = TypeVar("T")

_LONGEST_NAME, _LONGEST_PATH = 255, 4095  # bytes, of every file system that people keep money on


class Kind(NamedTuple):
    """What an argument may be: in words, whether a value is it, and what a function then gets."""

    says: str
    fits: Callable[[Any], bool]
    made: Callable[[Any], Any] | None = None


def a(says: str, *types: type) -> Kind:
    """Return the kind of instances of some types."""
    return Kind(says, lambda value: isinstance(value, types))


def maybe(kind: Kind) -> Kind:
    """Return a kind or None."""
    made = kind.made
    return Kind(
        f"{kind.says} or None",
        lambda value: value is None or kind.fits(value),
        None if made is None else lambda value: None if value is None else made(value),
    )


def below(bits: int, says: str) -> Kind:
    """Return the kind of whole numbers from zero that fit some bits."""
    return Kind(says, lambda value: WHOLE.fits(value) and 0 <= value < 1 << bits)


def many(says: str, kind: type) -> Kind:
    """Return the kind of lists and tuples of instances of a type."""
    return Kind(says, lambda value: isinstance(value, list | tuple) and all(isinstance(one, kind) for one in value))


def one_of(*words: str) -> Kind:
    """Return the kind of some words."""
    return Kind(" or ".join(words), lambda value: isinstance(value, str) and value in words)


def _is_path(value: Any) -> bool:  # noqa: ANN401
    if not isinstance(value, str | Path):
        return False
    try:
        name = os.fsencode(value)
    except UnicodeEncodeError:
        return False
    return (
        b"\0" not in name
        and len(name) <= _LONGEST_PATH
        and all(len(part) <= _LONGEST_NAME for part in name.split(os.fsencode(os.sep)))
    )


def _is_aware(value: Any) -> bool:  # noqa: ANN401
    from datetime import datetime

    try:
        return isinstance(value, datetime) and value.utcoffset() is not None
    except ValueError:  # pandas' NaT is a datetime that is none
        return False


def _is_text(value: Any) -> bool:  # noqa: ANN401
    if not isinstance(value, str):
        return False
    try:
        value.encode()
    except UnicodeEncodeError:  # half of a pair of surrogates
        return False
    return True


PATH = Kind("a path that a file can have", _is_path, Path)
PATHS = Kind(
    "a list of paths",
    lambda value: isinstance(value, list | tuple) and all(map(_is_path, value)),
    lambda value: [Path(path) for path in value],
)
TEXT = Kind("a text", _is_text)
WHOLE = Kind(
    "a whole number (int) of at most 512 bits",
    lambda value: isinstance(value, int) and not isinstance(value, bool) and value.bit_length() <= 512,
)
BYTES = a("bytes", bytes)
ADDRESS = Kind(
    "an address, 0x and 40 hexadecimal digits",
    lambda value: isinstance(value, str) and re.fullmatch(r"0x[0-9a-fA-F]{40}", value) is not None,
)
TIME = Kind("a datetime with its time zone", _is_aware)
FLAG = a("True or False", bool)
TEXTS = Kind("a list of texts", lambda value: isinstance(value, list | tuple) and all(map(_is_text, value)))


def check(name: str, value: Any, kind: Kind) -> None:  # noqa: ANN401
    """Raise InputError (code "wrong-type") unless a value is of a kind."""
    if not kind.fits(value):
        raise InputError(f"{name} must be {kind.says}, not {_shown(value)}", code="wrong-type")


def takes(**kinds: Kind) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Have a function check its arguments of these names: it raises what `check` raises, and gets paths as Paths.

    A missing argument, and one too many, is Python's TypeError as everywhere.
    """

    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        code = function.__code__
        names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        if unknown := kinds.keys() - set(names):
            raise TypeError(f"{function.__qualname__} has no argument {', '.join(sorted(unknown))}")

        @wraps(function)
        def checked(*args: P.args, **kwargs: P.kwargs) -> T:
            given: list[Any] = [_taken(name, value, kinds) for name, value in zip(names, args, strict=False)]
            named: dict[str, Any] = {name: _taken(name, value, kinds) for name, value in kwargs.items()}
            return function(*given, *args[len(given) :], **named)  # type: ignore[arg-type]

        return checked

    return decorate


def _taken(name: str, value: Any, kinds: dict[str, Kind]) -> Any:  # noqa: ANN401
    kind = kinds.get(name)
    if kind is None:
        return value
    check(name, value, kind)
    return value if kind.made is None else kind.made(value)


def _shown(value: object) -> str:
    """Return what a value is, for a message: None, another word, or the name of its type."""
    return "None" if value is None else "another one" if isinstance(value, str | Path) else type(value).__name__
