"""What an import makes: a portfolio with its date, its notes, and the bytes of its file."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from ...kernel.errors import FileError
from ..files.models import Parameters, unique
from ..files.portfolio import Amount, Portfolio, Position, load_portfolio
from ..margin.terms import exact

__all__ = ["Imported", "import_csv", "imported", "rounded_to_steps", "value_of"]

_PLACES, _DIGITS = 30, 24  # digits after the point, and before it, that a portfolio file may have


@dataclass(frozen=True, repr=False)
class Imported:
    """An imported portfolio, when it was so, and notes to its owner, which never carry amounts or names held."""

    portfolio: Portfolio
    as_of: datetime | None = None
    notes: tuple[str, ...] = ()

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
    collateral: Iterable[Amount] = (),
    debt: Iterable[Amount] = (),
    positions: Iterable[Position] = (),
    as_of: datetime | None = None,
    notes: Sequence[str] = (),
) -> Imported:
    """Return a checked import: no name twice, cash that a file can say. Raises FileError."""
    portfolio = Portfolio(
        value_of(cash, "the cash", file), tuple(collateral), tuple(debt), tuple(positions), account, file=file
    )
    for what, rows in (("collateral", portfolio.collateral), ("debt", portfolio.debt)):
        unique((row.name for row in rows), what, Path(file))
    unique((row.name for row in portfolio.positions), "positions", Path(file))
    return Imported(portfolio, as_of, tuple(notes))


def value_of(amount: Fraction, what: str, file: str) -> Decimal:
    """Return an exact amount as a decimal. Raises FileError when it needs more digits than a file may have."""
    value = exact(amount)
    if value and value.adjusted() >= _DIGITS:
        raise FileError(f"{what} is not below 10^{_DIGITS}", code="wrong-value", file=file)
    if -int(value.as_tuple().exponent) > _PLACES:
        raise FileError(f"{what} has more than {_PLACES} digits after the point", code="wrong-value", file=file)
    return value


def import_csv(path: Path, account: str | None = None) -> Imported:
    """Return the import of a CSV with the columns kind, name, amount, entry_price. Raises FileError."""
    portfolio = load_portfolio(path) if path.suffix.lower() == ".csv" else None
    if portfolio is None:
        raise FileError(f"{path.name} does not end in .csv", code="wrong-value", file=str(path))
    return Imported(replace(portfolio, account=account or portfolio.account))


def rounded_to_steps(made: Imported, parameters: Parameters) -> Imported:
    """Return the import with collateral rounded down and debt up to the parameters' steps, and says how many were.

    Sizes of positions are never rounded: no margin rule says which way is safe. Names that the parameters do not list
    stay, and are errors where the portfolio is used.
    """
    steps = {asset.name: Fraction(asset.size_step) for asset in parameters.assets}
    held = made.portfolio

    def rounded(rows: tuple[Amount, ...], whole: Any) -> tuple[Amount, ...]:  # noqa: ANN401
        return tuple(
            replace(row, amount=exact(whole(Fraction(row.amount) / steps[row.name]) * steps[row.name]))
            if row.name in steps
            else row
            for row in rows
        )

    collateral, debt = rounded(held.collateral, math.floor), rounded(held.debt, math.ceil)
    before, after = (*held.collateral, *held.debt), (*collateral, *debt)
    changed = sum(old.amount != new.amount for old, new in zip(before, after, strict=True))
    note = (f"{changed} amounts rounded to their steps: collateral down, debt up",) if changed else ()
    return replace(made, portfolio=replace(held, collateral=collateral, debt=debt), notes=(*made.notes, *note))
