"""What an import makes: a portfolio with its date, its notes, and the bytes of its file."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from ...kernel.arguments import PATH, TEXT, TIME, a, maybe, takes
from ...kernel.errors import FileError
from ..files.models import Parameters, unique
from ..files.portfolio import Amount, Portfolio, Position, load_portfolio
from ..files.quantity import PLACES
from ..margin.terms import exact
from .naming import Naming
from .response import Response

__all__ = ["Imported", "import_csv", "imported", "rounded_to_steps", "size_of", "value_of"]

_DIGITS = 24  # before the point, that a portfolio file may have
_DOUBLE = 15  # significant digits that every double keeps
_LOT = 14  # significant digits that no venue's size goes beyond
_NEAR = Fraction(1, 2**50)  # a few units in a double's last place, relative: what adding up fills leaves


@dataclass(frozen=True, repr=False)
class Imported:
    """An imported portfolio, when it was so, and notes to its owner, which never carry amounts or names held."""

    portfolio: Portfolio
    as_of: datetime | None = None
    notes: tuple[str, ...] = ()

    @takes(as_of=TIME)
    def document(self, as_of: datetime) -> dict[str, Any]:
        """Return the content of portfolio.json; `as_of` stands in where the response has no date."""
        held = self.portfolio
        return {
            "schema": "zkmargin/portfolio/1",
            "account": held.account,
            "as_of": (self.as_of or as_of).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "cash": format(held.cash, "f"),
            "collateral": [{"asset": a.name, "amount": format(a.amount, "f")} for a in held.collateral],
            "debt": [{"asset": a.name, "amount": format(a.amount, "f")} for a in held.debt],
            "positions": [
                {
                    "instrument": p.name,
                    "size": format(p.size, "f"),
                    "entry_price": format(p.entry_price, "f"),
                    "unsettled_funding": format(p.unsettled_funding, "f"),
                }
                for p in held.positions
            ],
        }

    def file_bytes(self, as_of: datetime) -> bytes:
        """Return portfolio.json."""
        return (json.dumps(self.document(as_of), indent=2) + "\n").encode()


def imported(
    file: str,
    cash: Fraction,
    *,
    account: str,
    naming: Naming,
    collateral: Sequence[Amount] = (),
    debt: Sequence[Amount] = (),
    positions: Sequence[Position] = (),
    as_of: datetime | None = None,
    notes: Sequence[str] = (),
) -> Imported:
    """Return a checked import under its final names: none twice, cash that a file can say. Raises FileError."""
    unused = naming.unused((*collateral, *debt, *positions))
    more = [f"--rename {old}=…: the response has nothing of that name" for old in unused]
    held, owed, open_ = naming.final(collateral, debt, positions)
    portfolio = Portfolio(_cash(cash, file), held, owed, open_, account, file=file)
    for what, rows in (("collateral", portfolio.collateral), ("debt", portfolio.debt)):
        unique((row.name for row in rows), what, Path(file))
    unique((row.name for row in portfolio.positions), "positions", Path(file))
    return Imported(portfolio, as_of, (*notes, *more))


def size_of(size: Response) -> Decimal:
    """Return a position's size; where it is a short decimal that a double could not say, that: 0.30000000000000004.

    Sizes are whole lots, which no venue writes with more than fourteen digits; so one with more than a double keeps,
    and within a double's precision of such a decimal, is that decimal. Any other is returned as it stands. Raises
    FileError.
    """
    value = size.number()
    if len(value.as_tuple().digits) <= _DOUBLE or not value:
        return value
    places = _LOT - 1 - value.adjusted()
    short = exact(round(Fraction(value) * Fraction(10) ** places) / Fraction(10) ** places)
    return short if abs(Fraction(short) - Fraction(value)) <= abs(Fraction(short)) * _NEAR else value


def value_of(amount: Fraction, what: str, file: str) -> Decimal:
    """Return an exact amount as a decimal. Raises FileError when it needs more digits than a file may have."""
    value = exact(amount)
    if value and value.adjusted() >= _DIGITS:
        raise FileError(f"{what} is not below 10^{_DIGITS}", code="wrong-value", file=file)
    if -int(value.as_tuple().exponent) > PLACES:
        raise FileError(f"{what} has more than {PLACES} digits after the point", code="wrong-value", file=file)
    return value


def _cash(amount: Fraction, file: str) -> Decimal:
    """Return cash as a file can say it, rounded down where two long numbers multiplied have more digits than that."""
    return value_of(Fraction(math.floor(amount * 10**PLACES), 10**PLACES), "the cash", file)


@takes(path=PATH, account=maybe(TEXT))
def import_csv(path: str | Path, account: str | None = None) -> Imported:
    """Return the import of a CSV with the columns kind, name, amount, entry_price. Raises FileError."""
    path = Path(path)
    if path.suffix.lower() == ".json":
        raise FileError(f"{path.name} does not end in .csv", code="wrong-value", file=str(path))
    portfolio = load_portfolio(path)
    return Imported(replace(portfolio, account=account or portfolio.account))


@takes(made=a("an Imported", Imported), parameters=a("Parameters", Parameters))
def rounded_to_steps(made: Imported, parameters: Parameters) -> Imported:
    """Return the import with collateral rounded down and debt up to the parameters' steps, and says how many were.

    Sizes of positions are not rounded, since no margin rule says which way is safe: one that is a whole number of lots
    within a double's precision is that number, any other is refused. Names that the parameters do not list stay, and
    are errors where the portfolio is used. Raises FileError.
    """
    steps = {asset.name: Fraction(asset.size_step) for asset in parameters.assets}
    lots = {listing.name: Fraction(listing.size_step) for listing in parameters.listed.values()}
    held = made.portfolio

    def rounded(rows: tuple[Amount, ...], whole: Any) -> tuple[Amount, ...]:  # noqa: ANN401
        return tuple(
            replace(row, amount=exact(whole(Fraction(row.amount) / steps[row.name]) * steps[row.name]))
            if row.name in steps
            else row
            for row in rows
        )

    collateral, debt = rounded(held.collateral, math.floor), rounded(held.debt, math.ceil)
    positions = tuple(
        replace(row, size=_whole_lots(row, lots[row.name], held.file)) if row.name in lots else row
        for row in held.positions
    )
    before, after = (*held.collateral, *held.debt), (*collateral, *debt)
    changed = sum(old.amount != new.amount for old, new in zip(before, after, strict=True))
    note = (f"{changed} amounts rounded to their steps: collateral down, debt up",) if changed else ()
    portfolio = replace(held, collateral=collateral, debt=debt, positions=positions)
    return replace(made, portfolio=portfolio, notes=(*made.notes, *note))


def _whole_lots(row: Position, step: Fraction, file: str | None) -> Decimal:
    size = Fraction(row.size)
    lots = round(size / step)
    if abs(lots * step - size) > abs(lots * step) * _NEAR:
        raise FileError(f"the size of {row.name} is not a multiple of its step", code="finer-than-step", file=file)
    return exact(lots * step)
