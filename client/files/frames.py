"""Data frames as portfolios, and everything that a portfolio is taken as. Neither pandas nor polars is imported."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeAlias, runtime_checkable

from ...circuits.model import Opening
from ...kernel.arguments import PATH, Kind, takes
from ...kernel.errors import FileError
from .portfolio import CSV_COLUMNS, Portfolio, from_rows
from .reading import check_columns

__all__ = ["PORTFOLIO", "Frame", "PortfolioSource", "is_frame", "portfolio_from_frame", "portfolios_from_frame"]

_FRAME = Path("the frame")


@runtime_checkable
class Frame(Protocol):
    """A pandas or polars data frame, neither of which is imported."""

    @property
    def columns(self) -> Any:  # noqa: ANN401 - an Index there, a list here
        """The columns' names."""


PortfolioSource: TypeAlias = str | Path | Portfolio | Opening | Frame
"""What portfolios are taken as: a file's path, a Portfolio, an opening, or a frame with the CSV's columns."""


def is_frame(value: object) -> bool:
    """Whether a value is a data frame rather than any other source of a portfolio."""
    try:
        return hasattr(value, "columns") and not isinstance(value, type)
    except Exception:  # others' code
        return False


def _is_source(value: Any) -> bool:  # noqa: ANN401
    if isinstance(value, str | Path):
        return PATH.fits(value)
    return isinstance(value, Portfolio | Opening) or is_frame(value)


PORTFOLIO = Kind("a path that a file can have, a Portfolio, an opening or a frame with the CSV's columns", _is_source)
_IS_FRAME = Kind("a data frame", is_frame)


@takes(frame=_IS_FRAME)
def portfolio_from_frame(frame: Frame) -> Portfolio:
    """Return the portfolio of a pandas or polars frame with the CSV's columns; neither library is imported.

    Amounts are strings, decimals or whole numbers: a float would have lost digits already. Raises FileError.
    """
    return from_rows(_frame_rows(frame, CSV_COLUMNS), _FRAME)


@takes(frame=_IS_FRAME)
def portfolios_from_frame(frame: Frame) -> dict[str, Callable[[], Portfolio]]:
    """Return what reads each account of a frame that has a column `account` beside the CSV's, as of a table.

    An account that is wrong is so when it is read, and alone. Raises FileError when the frame is none.
    """
    rows: dict[str, list[tuple[int, dict[str, str]]]] = {}
    for line, row in _frame_rows(frame, ("account", *CSV_COLUMNS), lazily=True):
        rows.setdefault(_named(row.pop("account"), line), []).append((line, row))
    return {name: partial(_of_account, mine) for name, mine in rows.items()}


def _named(account: object, line: int) -> str:
    """Return an account's name; where there is none, one that names no file, so that this row alone is wrong."""
    try:
        return _frame_text(account, "account", line) or f"row {line}"
    except FileError:
        return f"row {line}"


def _of_account(rows: list[tuple[int, dict[str, Any]]]) -> Portfolio:
    return from_rows([(n, {key: _frame_text(row[key], key, n) for key in CSV_COLUMNS}) for n, row in rows], _FRAME)


def _frame_rows(frame: Frame, columns: tuple[str, ...], *, lazily: bool = False) -> list[tuple[int, dict[str, Any]]]:
    """Return (number, row) of a frame with exactly these columns, as texts; `lazily`, as it stands."""
    try:  # a frame is others' code, and may raise anything
        check_columns([str(column) for column in frame.columns], columns, "the frame")
        read: Any = frame
        records = list(read.to_dicts() if hasattr(read, "to_dicts") else read.to_dict("records"))
        cells = [{column: record[column] for column in columns} for record in records]
    except FileError:
        raise
    except Exception as error:
        hint = "collect() it first" if hasattr(frame, "collect") else None
        says = f"the frame cannot be read: {type(error).__name__}"
        raise FileError(says, code="bad-frame", hint=hint) from None
    return [
        (line, row if lazily else {key: _frame_text(cell, key, line) for key, cell in row.items()})
        for line, row in enumerate(cells, start=1)
    ]


def _frame_text(value: Any, column: str, line: int) -> str:  # noqa: ANN401
    """Return a frame's cell as text; missing values of either library are empty. Raises FileError."""
    if value is None or type(value).__name__ == "NAType":
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, float):
        if math.isnan(value):  # a missing text in a pandas frame is NaN
            return ""
        raise FileError(
            f"{column} is a float, which has lost digits",
            code="wrong-type",
            line=line,
            hint="read the file with text columns (dtype=str) or decimals",
        )
    try:
        return str(operator.index(value))
    except TypeError:
        raise FileError(f"{column} is neither text nor a number", code="wrong-type", line=line) from None
