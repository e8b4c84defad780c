"""A trader's portfolio, from JSON, CSV or a data frame, and the hidden holdings it stands for.

Holdings are exact multiples of their steps, never rounded; only the cash that entry prices imply is, down.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from ...circuits.model import INDEX_SCALE, Holdings
from ...kernel.errors import FileError, InputError
from ...kernel.strict_json import read_json
from .cells import unit_scale
from .models import Name, NotNegative, Number, Parameters, StrictModel, Time, unique
from .quantity import parse_decimal
from .reading import check_columns, did_you_mean, parse_csv, validated
from .rule_files import family_files, paid_at_entry
from .tables import Tables

__all__ = [
    "Amount",
    "Portfolio",
    "Position",
    "load_portfolio",
    "portfolio_from_frame",
    "portfolios_from_table",
    "to_holdings",
]

CSV_COLUMNS = ("kind", "name", "amount", "entry_price")


@dataclass(frozen=True, repr=False)
class Position:
    """One held instrument: signed size, entry price and unsettled funding (positive when to be received)."""

    name: str
    size: Decimal
    entry_price: Decimal
    unsettled_funding: Decimal = Decimal(0)
    line: int | None = None


@dataclass(frozen=True, repr=False)
class Amount:
    """An amount of one asset, held or owed."""

    name: str
    amount: Decimal
    line: int | None = None


@dataclass(frozen=True, repr=False)
class Portfolio:
    """What an account holds, in decimals. Its repr shows nothing; `quote` is named by CSV files only."""

    cash: Decimal
    collateral: tuple[Amount, ...] = ()
    debt: tuple[Amount, ...] = ()
    positions: tuple[Position, ...] = ()
    account: str = ""
    quote: Amount | None = None
    file: str | None = field(default=None, compare=False)

    def __repr__(self) -> str:
        """Keep holdings out of logs and tracebacks."""
        return "Portfolio(…)"


class _Hidden(StrictModel):
    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        return ()


class _AmountModel(_Hidden):
    asset: Name
    amount: NotNegative


class _PositionModel(_Hidden):
    instrument: Name
    size: Number
    entry_price: Number
    unsettled_funding: Number = Decimal(0)


class _PortfolioModel(_Hidden):
    kind: Literal["zkmargin/portfolio/1"] = Field(alias="schema")
    account: str
    as_of: Time
    cash: Number
    collateral: list[_AmountModel]
    debt: list[_AmountModel]
    positions: list[_PositionModel]


def load_portfolio(path: Path) -> Portfolio:
    """Return the portfolio of a .json or .csv file. Raises FileError in one sentence otherwise."""
    if path.suffix.lower() == ".csv":
        return _from_rows(parse_csv(path, CSV_COLUMNS), path)
    data = read_json(path)
    model = validated(_PortfolioModel, lambda: _PortfolioModel.model_validate(data), path)
    portfolio = Portfolio(
        cash=model.cash,
        collateral=tuple(Amount(a.asset, a.amount) for a in model.collateral),
        debt=tuple(Amount(a.asset, a.amount) for a in model.debt),
        positions=tuple(Position(p.instrument, p.size, p.entry_price, p.unsettled_funding) for p in model.positions),
        account=model.account,
        file=str(path),
    )
    _no_twins(portfolio, path)
    return portfolio


def portfolios_from_table(path: Path) -> dict[str, Callable[[], Portfolio]]:
    """Return what reads each account of a CSV whose first column, `account`, names the account of a portfolio's row.

    An account that is wrong is so when it is read, and alone. Raises FileError when the table is none.
    """
    rows: dict[str, list[tuple[int, dict[str, str]]]] = {}
    for line, row in parse_csv(path, ("account", *CSV_COLUMNS)):
        rows.setdefault(row.pop("account"), []).append((line, row))
    return {name: partial(_from_rows, mine, path) for name, mine in rows.items()}


def portfolio_from_frame(frame: Any) -> Portfolio:  # noqa: ANN401
    """Return the portfolio of a pandas or polars frame with the CSV's columns; neither library is imported.

    Amounts are strings, decimals or whole numbers: a float would have lost digits already. Raises FileError.
    """
    where = Path("the frame")
    check_columns([str(column) for column in frame.columns], CSV_COLUMNS, "the frame")
    records = frame.to_dicts() if hasattr(frame, "to_dicts") else frame.to_dict("records")
    rows = [
        (line, {column: _frame_text(record[column], column, line) for column in CSV_COLUMNS})
        for line, record in enumerate(records, start=1)
    ]
    return _from_rows(rows, where)


def to_holdings(portfolio: Portfolio, parameters: Parameters, tables: Tables) -> Holdings:
    """Return the holdings a portfolio stands for under these tables.

    cash = wallet + Σ unsettled funding − Σ size·(entry price − funding index), rounded down to the money unit, with
    the table's own funding index (zero where the rule has none), so that equity under the table is exact. Under a rule
    that looks at profits position by position, cash is the wallet, and each position's sum is its entry value, rounded
    up. Debt shares are rounded up. Raises FileError for unknown names, amounts finer than their step, entry prices that
    nobody can have paid, and when a quantity exceeds its width; InputError for the tables of a price box, which have
    the ends of indices and not the round's.
    """
    if tables.schema.plain is not None:
        raise InputError("holdings are made of a round's tables, not of a box around them", code="box")
    listed = parameters.listed
    instruments = {listing.name: slot for slot, listing in listed.items()}
    assets = {asset.name: slot for slot, asset in enumerate(parameters.assets)}
    shape, schema, market = parameters.slots, tables.schema, tables.market
    if portfolio.quote is not None and portfolio.quote.name != parameters.quote.asset:
        raise FileError(
            f"cash is in {portfolio.quote.name}, the parameters are quoted in {parameters.quote.asset}",
            code="mismatch",
            file=portfolio.file,
            line=portfolio.quote.line,
        )
    money = tables.money
    cells = {spec.name: stored - spec.offset for spec, stored in zip(schema.cells("market"), market.cells, strict=True)}
    funding = {  # in money units a lot
        spec.name: cells[spec.name] * money / unit_scale(spec.unit, schema.money_digits)
        for spec in schema.cells("market")
        if spec.name.startswith("market.funding.")
    }
    kind = family_files(parameters.rule).kind
    sizes, entries = [0] * shape.positions, [Fraction(0)] * shape.positions
    cash = Fraction(portfolio.cash) * money
    for position in portfolio.positions:
        slot = _slot(position.name, instruments, "instrument", portfolio, position.line)
        step = Fraction(listed[slot].size_step)
        size = Fraction(position.size)
        sizes[slot] = _lots(size, step, f"the size of {position.name}", portfolio, position.line)
        if size:
            what = "perpetual" if kind is None else kind(parameters, slot)
            _check_entry(position, what, portfolio, capped=schema.has_entries)
        try:
            paid = paid_at_entry(parameters, slot, size, Fraction(position.entry_price))
        except InputError as error:
            raise FileError(error.message, code=error.code, file=portfolio.file, line=position.line) from None
        cost = paid - Fraction(position.unsettled_funding)
        entries[slot] = cost * money - sizes[slot] * funding.get(f"market.funding.{slot}", 0)
    if not schema.has_entries:
        cash, entries = cash - sum(entries), []

    collateral = [0] * shape.collateral
    for held in portfolio.collateral:
        slot = _slot(held.name, assets, "asset", portfolio, held.line)
        if slot >= shape.collateral:
            raise FileError(
                f"{held.name} is not taken as collateral", code="not-collateral", file=portfolio.file, line=held.line
            )
        step = Fraction(parameters.assets[slot].size_step)
        collateral[slot] = _lots(Fraction(held.amount), step, f"the amount of {held.name}", portfolio, held.line)

    debts = [0] * shape.debts
    for owed in portfolio.debt:
        slot = _slot(owed.name, assets, "asset", portfolio, owed.line)
        if slot >= shape.debts:
            raise FileError(f"{owed.name} cannot be owed", code="not-debt", file=portfolio.file, line=owed.line)
        step = Fraction(parameters.assets[slot].size_step)
        lots = _lots(Fraction(owed.amount), step, f"the debt of {owed.name}", portfolio, owed.line)
        debts[slot] = math.ceil(Fraction(lots * INDEX_SCALE, cells.get(f"market.borrow_index.{slot}", INDEX_SCALE)))

    costs = tuple(math.ceil(entry) for entry in entries)
    holdings = Holdings(math.floor(cash), tuple(sizes), tuple(collateral), tuple(debts), costs)
    try:
        schema.fit(holdings)
    except InputError as error:
        raise FileError(error.message, code=error.code, file=portfolio.file) from None
    return holdings


def _from_rows(rows: list[tuple[int, dict[str, str]]], path: Path) -> Portfolio:
    quote: Amount | None = None
    collateral: list[Amount] = []
    debt: list[Amount] = []
    positions: list[Position] = []
    for line, row in rows:
        cell = _Row(row, path, line)
        kind, name, amount = row["kind"], cell.name(), cell.number("amount")
        if kind == "position":
            positions.append(Position(name, amount, cell.number("entry_price"), line=line))
            continue
        if row["entry_price"]:
            raise cell.error("entry_price belongs to positions only", "wrong-value")
        if kind == "cash":
            if quote is not None:
                raise cell.error("there is a second cash row", "duplicate")
            quote = Amount(name, amount, line)
        elif kind in ("collateral", "debt"):
            if amount < 0:
                raise cell.error("amount must not be negative", "wrong-value")
            (collateral if kind == "collateral" else debt).append(Amount(name, amount, line))
        else:
            hint = did_you_mean(kind, ("cash", "collateral", "debt", "position"))
            raise cell.error("kind must be cash, collateral, debt or position", "wrong-value", hint)
    if quote is None:
        raise FileError(f"{path.name} has no cash row", code="missing-cash", file=str(path))
    portfolio = Portfolio(quote.amount, tuple(collateral), tuple(debt), tuple(positions), path.stem, quote, str(path))
    _no_twins(portfolio, path)
    return portfolio


@dataclass(frozen=True, repr=False)
class _Row:
    """A CSV row with its place, for errors that name the column and never the value."""

    row: Mapping[str, str]
    path: Path
    line: int

    def error(self, message: str, code: str, hint: str | None = None) -> FileError:
        return FileError(message, code=code, file=str(self.path), line=self.line, hint=hint)

    def name(self) -> str:
        text = self.row["name"]
        if not 1 <= len(text) <= 32 or not text.isprintable():
            raise self.error("name must be 1 to 32 characters", "wrong-value")
        return text

    def number(self, column: str) -> Decimal:
        text = self.row[column]
        if not text:
            raise self.error(f"{column} is missing", "missing-value")
        try:
            return parse_decimal(text)
        except ValueError as error:
            raise self.error(f"{column} {error}", "wrong-value") from None


def _frame_text(value: Any, column: str, line: int) -> str:  # noqa: ANN401
    """Return a frame's cell as text; missing values of either library are empty."""
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


def _no_twins(portfolio: Portfolio, path: Path) -> None:
    for rows, what in (
        (portfolio.collateral, "collateral"),
        (portfolio.debt, "debt"),
        (portfolio.positions, "positions"),
    ):
        lines = [row.line for row in rows if row.line is not None]
        unique((row.name for row in rows), what, path, iter(lines) if lines else None)


def _slot(name: str, slots: Mapping[str, int], what: str, portfolio: Portfolio, line: int | None) -> int:
    if name not in slots:
        raise FileError(
            f"the parameters list no {what} {name}",
            code=f"unknown-{what}",
            file=portfolio.file,
            line=line,
            hint=did_you_mean(name, slots),
        )
    return slots[name]


def _check_entry(position: Position, kind: str, portfolio: Portfolio, *, capped: bool) -> None:
    """Raise FileError (code "entry-price") for an entry price that nobody can have paid.

    An option's premium has left or entered the cash when it was traded: as an entry price, too, it would count twice.
    A perpetual's price is above zero, and zero is what an empty cell of a spreadsheet becomes; a future may have been
    entered below zero.
    """
    entry, hint = position.entry_price, None
    if kind == "option":
        wrong = entry != 0
        message = f"the entry price of the option {position.name} must be 0"
        hint = "its premium is in the cash already, as the venue shows it; with it as entry price it would count twice"
    elif kind == "future":
        wrong, message = entry == 0, f"the entry price of {position.name} must not be zero"
    elif kind == "any":
        wrong, message = entry < 0, f"the entry price of {position.name} must not be negative"
    else:
        wrong, message = entry <= 0, f"the entry price of {position.name} must be above zero"
        hint = "what it was entered at"
        if not capped:  # where profits are, they are no cash before they are settled
            hint += "; where nobody knows, its mark, and the profit so far in the cash"
    if wrong:
        raise FileError(message, code="entry-price", file=portfolio.file, line=position.line, hint=hint)


def _lots(amount: Fraction, step: Fraction, what: str, portfolio: Portfolio, line: int | None) -> int:
    lots = amount / step
    if lots.denominator != 1:
        raise FileError(f"{what} is not a multiple of its step", code="finer-than-step", file=portfolio.file, line=line)
    return lots.numerator
