"""A trader's portfolio, from JSON, CSV or a data frame, and the hidden holdings it stands for.

Holdings are exact multiples of their steps, never rounded; only the cash that entry prices imply is, down.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from ...circuits.model import INDEX_SCALE, Holdings
from ...kernel.arguments import PATH, TEXT, Kind, a, check, maybe, takes
from ...kernel.errors import FileError, InputError
from ...kernel.near_names import did_you_mean
from ...kernel.strict_json import LARGEST_FILE, parse_json, read_bytes
from .cells import unit_scale
from .models import Name, NotNegative, Number, Parameters, StrictModel, Time, unique
from .quantity import PLACES, exact_decimal, parse_decimal
from .reading import parse_csv, validated
from .rule_files import family_files, paid_at_entry
from .tables import Tables

__all__ = [
    "CSV_COLUMNS",
    "Amount",
    "Portfolio",
    "Position",
    "from_rows",
    "load_portfolio",
    "parse_portfolio",
    "portfolio_from_stdin",
    "portfolios_from_table",
    "to_holdings",
]

CSV_COLUMNS = ("kind", "name", "amount", "entry_price")


def _sayable(value: Any) -> bool:  # noqa: ANN401
    """Whether a decimal is one that a file could say: others make exact arithmetic endless."""
    if not isinstance(value, Decimal) or not value.is_finite():
        return False
    return value.adjusted() < 24 and -int(value.as_tuple().exponent) <= PLACES


_DECIMAL = Kind("a Decimal that a file could say", _sayable)
_LINE = maybe(a("a line's number", int))


@dataclass(frozen=True, repr=False)
class Position:
    """One held instrument: signed size, entry price and unsettled funding (positive when to be received)."""

    name: str
    size: Decimal
    entry_price: Decimal
    unsettled_funding: Decimal = Decimal(0)
    line: int | None = None

    def __post_init__(self) -> None:
        """Refuse what no file could say. Raises InputError."""
        check("a position's name", self.name, TEXT)
        check("a position's size", self.size, _DECIMAL)
        check("a position's entry price", self.entry_price, _DECIMAL)
        check("a position's unsettled funding", self.unsettled_funding, _DECIMAL)
        check("a position's line", self.line, _LINE)


@dataclass(frozen=True, repr=False)
class Amount:
    """An amount of one asset, held or owed."""

    name: str
    amount: Decimal
    line: int | None = None

    def __post_init__(self) -> None:
        """Refuse what no file could say. Raises InputError."""
        check("an asset's name", self.name, TEXT)
        check("an asset's amount", self.amount, _DECIMAL)
        check("an asset's line", self.line, _LINE)


def _tuple_of(kind: type) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, tuple) and all(isinstance(row, kind) for row in value)


_AMOUNTS = Kind("a tuple of Amounts", _tuple_of(Amount))
_POSITIONS = Kind("a tuple of Positions", _tuple_of(Position))


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

    def __post_init__(self) -> None:
        """Refuse what no file could say. Raises InputError."""
        check("a portfolio's cash", self.cash, _DECIMAL)
        check("a portfolio's collateral", self.collateral, _AMOUNTS)
        check("a portfolio's debt", self.debt, _AMOUNTS)
        check("a portfolio's positions", self.positions, _POSITIONS)
        check("a portfolio's account", self.account, TEXT)
        check("a portfolio's quote", self.quote, maybe(a("an Amount", Amount)))
        check("a portfolio's file", self.file, maybe(TEXT))

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


@takes(path=PATH)
def load_portfolio(path: str | Path) -> Portfolio:
    """Return the portfolio of a JSON or CSV file, whatever its name. Raises FileError in one sentence otherwise."""
    path = Path(path)
    return parse_portfolio(read_bytes(path), path)


def parse_portfolio(content: bytes, path: Path) -> Portfolio:
    """Return the portfolio of a file's bytes: CSV or JSON as its name ends, by its first letter where it does neither.

    Raises FileError.
    """
    ending = path.suffix.lower()
    if ending == ".csv" or (ending != ".json" and not content.lstrip().startswith((b"{", b"["))):
        return from_rows(parse_csv(path, CSV_COLUMNS, content), path)
    data = parse_json(content, path)
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


def portfolio_from_stdin() -> Portfolio:
    """Return the portfolio that is written to this process, JSON or CSV. Raises FileError."""
    path = Path("stdin")
    stream = getattr(sys.stdin, "buffer", None)
    if stream is None:
        raise FileError("there is no stdin to read a portfolio from", code="unreadable", file=str(path))
    content = stream.read(LARGEST_FILE + 1)
    if len(content) > LARGEST_FILE:
        raise FileError(f"stdin is larger than {LARGEST_FILE >> 20} MiB", code="too-large", file=str(path))
    return parse_portfolio(content, path)


def portfolios_from_table(path: Path) -> dict[str, Callable[[], Portfolio]]:
    """Return what reads each account of a CSV whose first column, `account`, names the account of a portfolio's row.

    An account that is wrong is so when it is read, and alone. Raises FileError when the table is none.
    """
    rows: dict[str, list[tuple[int, dict[str, str]]]] = {}
    for line, row in parse_csv(path, ("account", *CSV_COLUMNS)):
        rows.setdefault(row.pop("account"), []).append((line, row))
    return {name: partial(from_rows, mine, path) for name, mine in rows.items()}


@takes(portfolio=a("a Portfolio", Portfolio), parameters=a("Parameters", Parameters), tables=a("Tables", Tables))
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


def from_rows(rows: list[tuple[int, dict[str, str]]], path: Path) -> Portfolio:
    """Return the portfolio of numbered rows of a CSV or frame; `path` names it in errors. Raises FileError."""
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

    def error(self, message: str, code: str, hint: str | None = None, wanted: str | None = None) -> FileError:
        return FileError(message, code=code, file=str(self.path), line=self.line, hint=hint, wanted=wanted)

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
            raise self.error(f"{column} {error}", "wrong-value", wanted=getattr(error, "wanted", None)) from None


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
        near = (format(_exact(whole * step), "f") for whole in (math.floor(lots), math.ceil(lots)))
        raise FileError(
            f"{what} is not a multiple of its step",
            code="finer-than-step",
            file=portfolio.file,
            line=line,
            hint=f"its step is {format(_exact(step), 'f')}",
            wanted=" or ".join(near),
        )
    return lots.numerator


def _exact(value: Fraction) -> Decimal:
    """Return a multiple of a step as the decimal it is."""
    places = 0
    while (value * 10**places).denominator != 1:
        places += 1
    return exact_decimal((value * 10**places).numerator, places)
