"""A rule author's slips, told where they were written: every one is a RuleError with file, line and the way out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType

from ...kernel.errors import RuleError, ZkmarginError
from ...kernel.near_names import did_you_mean
from ..language.expressions import Expression
from ..language.units import Unit

__all__ = ["as_money", "as_parts", "nearest", "placed"]

# Frames of these are ours: the nearest one outside them is the author's.
_INSIDE = ("language.", "schema", "model", "rules.family", "rules.symbols", "rules.slips")
_OURS = tuple(__name__.replace("rules.slips", part) for part in _INSIDE)


@contextmanager
def placed(what: str) -> Iterator[None]:
    """Give what an author's code raises meanwhile a file and a line; what is no error of ours becomes a RuleError.

    An InputError that is no RuleError passes as it is: so a schema says that it has no such shape.
    """
    try:
        yield
    except ZkmarginError as error:
        if isinstance(error, RuleError) and error.file is None:
            error.file, error.line = _place(error.__traceback__)
        raise
    except Exception as error:  # anything that an author's line may raise
        file, line = _place(error.__traceback__)
        said = f"{type(error).__name__}: {error}".rstrip(": ")
        raise RuleError(f"{what} cannot be built: {said}", file=file, line=line) from error


def as_money(written: Callable[..., object], made: object, what: str) -> Expression:
    """Return what an author's function made, which must be an expression in money.

    Raises RuleError at the function's first line: for None, which a forgotten `return` leaves, a number, anything else.
    """
    file, line = _definition(written)
    if made is None:
        raise RuleError(f"{what} returns nothing", file=file, line=line, hint="end it with `return`, on every path")
    if isinstance(made, int | float):
        raise RuleError(
            f"{what} returns the number {made}, which is no expression",
            file=file,
            line=line,
            hint="begin sums with Constant(0, MONEY), and give sum() that start",
        )
    if not isinstance(made, Expression):
        raise RuleError(
            f"{what} returns a {type(made).__name__}, which is no expression",
            file=file,
            line=line,
            hint="return one expression in money",
        )
    if made.unit.powers != Unit.of(money=1).powers:
        raise RuleError(
            f"{what} must be money, not {made.unit}",
            file=file,
            line=line,
            hint="multiply sizes by a price of money a lot, shares by an index",
        )
    return made


def as_parts(written: Callable[..., object], made: object, what: str, words: str) -> dict[str, Expression]:
    """Return what an author's function made, which must map names to expressions in money. Raises RuleError."""
    if not isinstance(made, Mapping) or not all(isinstance(name, str) for name in made):
        file, line = _definition(written)
        raise RuleError(f"{words} are no mapping of names", file=file, line=line, hint='return {"name": expression}')
    return {name: as_money(written, part, what.format(name)) for name, part in made.items()}


def nearest(word: str, known: Iterable[str]) -> str:
    """Return a hint that names the nearest known word, or all of them."""
    names = sorted(set(known))
    return did_you_mean(word, names) or f"there are {', '.join(names) or 'none'}"


def _place(trace: TracebackType | None) -> tuple[str | None, int | None]:
    """Return file and line of the innermost frame that is not ours."""
    file, line = None, None
    while trace is not None:
        frame = trace.tb_frame
        name = str(frame.f_globals.get("__name__", ""))
        if not name.startswith(_OURS) and not frame.f_code.co_filename.startswith("<"):
            file, line = frame.f_code.co_filename, trace.tb_lineno
        trace = trace.tb_next
    return file, line


def _definition(written: Callable[..., object]) -> tuple[str | None, int | None]:
    code = getattr(written, "__code__", None)
    return (None, None) if code is None else (code.co_filename, code.co_firstlineno)
