"""What `check` says of an account: equity, requirement, surplus, each position's part, and its breach price."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

from ...circuits.model import Holdings
from ...circuits.statements.engine import Evaluation, evaluate
from ...verifier.notebook import facts
from ..files.cells import money_units
from ..files.models import Parameters
from ..files.portfolio import Portfolio
from ..files.quantity import exact_decimal, rounded_decimal
from ..files.rule_files import family_files, paid_at_entry, price_unit
from ..files.tables import Tables
from .root_search import first_zero
from .standalone import Lone, cell_value, lone_position
from .terms import money

__all__ = ["Leg", "MarginReport", "at_tick", "breach_cell", "margin_report"]

_PRICE_PLACES = 18  # digits after the point that a tick, or a price between two, is written with


@dataclass(frozen=True, repr=False)
class Leg:
    """One held position, in the quote: notional, unrealised profit with unsettled funding, its requirement.

    `requirement` is None where the rule margins positions together. `breach_price` is the last price of this
    instrument, everything else equal, at which margin is still met (of an account that falls short, the first), to its
    tick; None when no price does that. The exact price, where the surplus is zero, is less than a tick beyond it.
    """

    name: str
    notional: Decimal
    unrealised: Decimal
    requirement: Decimal | None
    breach_price: Decimal | None

    def as_json(self) -> dict[str, str | None]:
        """Return the leg as `check --json` writes it."""
        breach = None if self.breach_price is None else format(self.breach_price, "f")
        return {
            "name": self.name,
            "notional": format(self.notional, "f"),
            "unrealised": format(self.unrealised, "f"),
            "requirement": None if self.requirement is None else format(self.requirement, "f"),
            "breach_price": breach,
        }


@dataclass(frozen=True, repr=False)
class MarginReport:
    """The margin engine's answer, exact. `surplus_units` is the surplus in the rule's smallest unit.

    `decimals` are the quote's.
    """

    rule: str
    margin: str
    unit: str
    equity: Decimal
    requirement: Decimal
    surplus: Decimal
    surplus_units: int
    tables: dict[str, str]
    legs: tuple[Leg, ...]
    decimals: int = 2

    @property
    def ok(self) -> bool:
        """Whether margin is met."""
        return self.surplus_units >= 0

    def __repr__(self) -> str:
        """Say whether margin is met, and no amount: reprs end in logs, and notebooks are sent around."""
        return f"MarginReport({self.rule}, {self.margin}: {'met' if self.ok else 'not met'})"

    def _repr_html_(self) -> str:
        """Show what `__repr__` says, and the tables it was said of; the amounts are its attributes."""
        answer = "met" if self.ok else "not met"
        return facts("margin report", {"rule": self.rule, "margin": self.margin, "answer": answer, **self.tables})

    def as_json(self) -> dict[str, Any]:
        """Return the document of `check --json`."""
        return {
            "schema": "zkmargin/check/1",
            "ok": self.ok,
            "rule": self.rule,
            "margin": self.margin,
            "unit": self.unit,
            "equity": format(self.equity, "f"),
            "requirement": format(self.requirement, "f"),
            "surplus": format(self.surplus, "f"),
            "surplus_units": str(self.surplus_units),
            "tables": self.tables,
            "legs": [leg.as_json() for leg in self.legs],
        }


def margin_report(
    parameters: Parameters,
    tables: Tables,
    holdings: Holdings,
    *,
    margin: str = "maintenance",
    portfolio: Portfolio | None = None,
) -> MarginReport:
    """Return the report of holdings under one level's parameters.

    With the portfolio the legs' unrealised profit is measured from its entry prices; from holdings alone, from zero.
    """
    level = tables.parameters(margin)
    result = evaluate(tables.schema, holdings, tables.market, level)
    places = _places(result)
    equity, requirement, surplus = int(result.equity), int(result.requirement), int(result.surplus)
    legs = tuple(
        _leg(parameters, result, slot, portfolio, surplus) for slot in parameters.listed if holdings.sizes[slot]
    )
    return MarginReport(
        rule=parameters.rule,
        margin=margin,
        unit=parameters.quote.asset,
        equity=exact_decimal(equity, places),
        requirement=exact_decimal(requirement, places),
        surplus=exact_decimal(surplus, places),
        surplus_units=surplus,
        tables={
            "market": "0x" + tables.schema.table_hash(tables.market).hex(),
            "parameters": "0x" + tables.schema.table_hash(level).hex(),
        },
        legs=legs,
        decimals=parameters.quote.decimals,
    )


def breach_cell(result: Evaluation, slot: int, surplus: int | None = None) -> Fraction | None:
    """Return the price cell of a position slot at which the surplus is zero, or None beyond what the cell can say.

    Of a rule with tiers the surplus is, in one instrument's price, a broken line whose kinks are the boundaries:
    between two neighbouring kinks it is straight, so its root there is an exact quotient. Of other rules it is searched
    for. Of several the nearest to the price is returned. `surplus` is the account's, where it is known already.
    """
    if result.holdings.sizes[slot] == 0:
        return None
    lone, files = lone_position(result, slot), family_files(result.schema.rule)
    if lone.price is None or lone.price_at is None:
        return None
    last = lone.result.schema.cells("market")[lone.price_at].maximum + 1
    total = Fraction(result.surplus if surplus is None else surplus)
    if total == 0:
        return lone.price
    place, rest = lone.price_at, money(result, total) - money(lone.result, lone.result.surplus)

    def at(price: Fraction | int) -> Fraction:
        if not files.separable:
            return money(result, result.at("market", place, price).surplus)
        moved = lone.at(Fraction(price))
        return rest + money(moved, moved.surplus)

    price = lone.price
    roots = _straight(result, slot, at, last) if files.tiered else _searched(at, int(price), last - 1)
    inside = [root for root in roots if 0 < root < last]
    return min(inside, key=lambda root: abs(root - price)) if inside else None


def _straight(result: Evaluation, slot: int, value: Callable[[Fraction], Fraction], last: int) -> list[Fraction]:
    """Return the zeros of a value that is straight between the notional boundaries of a slot."""
    boundaries = [
        Fraction(bound)
        for spec, bound in zip(result.schema.cells("parameters"), result.cells["parameters"], strict=True)
        if spec.name.startswith(f"parameters.boundary.{slot}.")
    ]
    size = abs(result.holdings.sizes[slot])
    kinks = {kink for kink in (boundary / size for boundary in boundaries) if 0 < kink < last}
    points = [Fraction(0), *sorted(kinks), Fraction(last)]
    values = [value(point) for point in points]
    roots = [point for point, here in zip(points, values, strict=True) if here == 0]
    for (left, low), (right, high) in pairwise(zip(points, values, strict=True)):
        if low * high < 0:
            roots.append(left + (right - left) * low / (low - high))
    return roots


def _searched(value: Callable[[int], Fraction], price: int, last: int) -> list[Fraction]:
    """Return the zeros of a value below and above a price, asked at whole cells only."""
    found = (first_zero(value, price, end) for end in (0, last))
    return [root for root in found if root is not None]


def _leg(parameters: Parameters, result: Evaluation, slot: int, portfolio: Portfolio | None, surplus: int) -> Leg:
    listing, places = parameters.listed[slot], _places(result)
    size, lone = result.holdings.sizes[slot], lone_position(result, slot)
    profit = worth = money(lone.result, lone.result.equity)
    unit = price_unit(parameters, result.schema, slot)
    held = next((p for p in portfolio.positions if p.name == listing.name), None) if portfolio else None
    entered = result.holdings.entries[slot : slot + 1]
    if entered and lone.price is not None:  # the rule may count less of a profit than there is
        signed = size * Fraction(listing.size_step) * lone.price * unit
        funding = size * (cell_value(result, "market", f"funding.{slot}") or Fraction(0))
        profit = signed - funding - Fraction(entered[0], money_units(result.schema))
    elif held is not None:
        profit += size * (cell_value(result, "market", f"funding.{slot}") or Fraction(0))
        paid = paid_at_entry(parameters, slot, Fraction(held.size), Fraction(held.entry_price))
        profit += Fraction(held.unsettled_funding) - paid
    notional = _notional(parameters, result, slot, lone, abs(worth))
    breach = breach_cell(result, slot, surplus)
    price = None if lone.price is None else lone.price * unit
    breach_price = None if breach is None else at_tick(breach * unit, Fraction(listing.price_tick), price, surplus)
    requirement = money(lone.result, lone.result.requirement) if family_files(parameters.rule).separable else None
    return Leg(
        name=listing.name,
        notional=rounded_decimal(notional, places),
        unrealised=rounded_decimal(profit, places),
        requirement=None if requirement is None else rounded_decimal(requirement, places),
        breach_price=None if breach_price is None else rounded_decimal(breach_price, _PRICE_PLACES),
    )


def at_tick(zero: Fraction, tick: Fraction, price: Fraction | None, surplus: int | Fraction) -> Fraction:
    """Return the multiple of a tick next to the price where the surplus is zero, on the side where margin is met.

    That is the side of the round's price for an account that meets its margin, the far side for one that falls short.
    The round's price itself is not gone past.
    """
    if price is None or zero == price:
        return zero
    up = (zero < price) == (surplus >= 0)
    rounded = (math.ceil if up else math.floor)(zero / tick) * tick
    if surplus >= 0:
        return min(rounded, price) if up else max(rounded, price)
    return rounded if rounded > 0 else zero


def _notional(parameters: Parameters, result: Evaluation, slot: int, lone: Lone, worth: Fraction) -> Fraction:
    """Return a position's size at its own price, at its underlying's, or what it is worth where there is neither."""
    lots, files = abs(result.holdings.sizes[slot]), family_files(parameters.rule)
    if lone.price is not None:
        size = lots * Fraction(parameters.listed[slot].size_step)
        return size * lone.price * price_unit(parameters, result.schema, slot)
    if files.notional_cell is not None:
        price = cell_value(result, "market", files.notional_cell(parameters, slot))
        return worth if price is None else lots * price
    return worth


def _places(result: Evaluation) -> int:
    """Return the decimal places of the rule's smallest unit, in the quote: 17 for cross margin."""
    return result.schema.money_digits + len(str(result.scale)) - 1
