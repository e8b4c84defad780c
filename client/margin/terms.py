"""What an account's equity, requirement and surplus are made of: one term a holding, adding up exactly.

A holding's part is what the margin engine says of an account that holds nothing else. Where the rule margins holdings
together, what is left between the parts and the totals (an offset, a shared scenario) is a term of its own. Entry
prices, where known, move money between cash and the positions without changing any total.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from ...circuits.model import RATE_SCALE
from ...circuits.statements.engine import Evaluation
from ..files.cells import money_units
from ..files.models import Parameters
from ..files.portfolio import Portfolio, Position
from ..files.rule_files import asset_unit, family_files, paid_at_entry, price_unit
from .standalone import cell_value, lone_asset, lone_position

__all__ = ["Term", "exact", "money", "terms"]


@dataclass(frozen=True, repr=False)
class Term:
    """One holding's part, in the quote, exact.

    `kind` is cash, position, collateral, debt, together or rounding; `amount` is signed for positions, None for money.
    `value` is what the holding is worth at the round's price; `equity` and `requirement` are parts of the account's.
    `tier` counts from one; `rate` is what the position's next unit of notional is margined at.
    """

    kind: str
    name: str
    amount: Fraction | None
    value: Fraction
    equity: Fraction
    requirement: Fraction = Fraction(0)
    tier: int | None = None
    tiers: int | None = None
    rate: Fraction | None = None

    @property
    def surplus(self) -> Fraction:
        """Return the holding's part of the surplus."""
        return self.equity - self.requirement

    @property
    def eats(self) -> Fraction:
        """Return what the holding takes from the surplus: requirement and loss, haircut, or what is owed."""
        if self.kind == "collateral":
            return self.value - self.equity
        return self.requirement + max(-self.equity, Fraction(0))

    def as_json(self) -> dict[str, str | int | None]:
        """Return the term as `explain --json` writes it; every amount is exact."""
        return {
            "kind": self.kind,
            "name": self.name,
            "amount": _text(self.amount),
            "value": _text(self.value),
            "equity": _text(self.equity),
            "requirement": _text(self.requirement),
            "surplus": _text(self.surplus),
            "eats": _text(self.eats),
            "tier": self.tier,
            "tiers": self.tiers,
            "rate": _text(self.rate),
        }


def terms(parameters: Parameters, result: Evaluation, portfolio: Portfolio | None = None) -> tuple[Term, ...]:
    """Return the terms of an account in slot order, cash first. They add up exactly to the account's totals.

    With the portfolio, cash is the wallet's and a position's equity its unrealised profit with unsettled funding, also
    of a position that is closed but not settled; the last term is then the cash's rounding down to the money unit, if
    any. From holdings alone, profit counts from price zero, unless they say what each position was entered at.
    """
    holdings, quote = result.holdings, parameters.quote.asset
    entries = {position.name: position for position in portfolio.positions} if portfolio else {}
    held = [
        (slot, listing)
        for slot, listing in parameters.listed.items()
        if holdings.sizes[slot]
        or any(holdings.entries[slot : slot + 1])
        or (listing.name in entries and entries[listing.name].unsettled_funding)
    ]
    positions = [_position(parameters, result, slot) for slot, _ in held]
    assets = [
        _asset(parameters, result, slot, kind)
        for kind, amounts in (("collateral", holdings.collateral), ("debt", holdings.debts))
        for slot, amount in enumerate(amounts)
        if amount
    ]
    bare = Fraction(holdings.cash, money_units(result.schema))
    together = _together(result, bare, (*positions, *assets))
    if portfolio is None:
        return (_cash("cash", quote, bare), *positions, *assets, *together)
    wallet = Fraction(portfolio.cash)
    shifts = [_shift(parameters, result, slot, entries[listing.name]) for slot, listing in held]
    entered = [replace(term, equity=term.equity + shift) for term, shift in zip(positions, shifts, strict=True)]
    rounding = bare - wallet - sum(shifts, Fraction(0))
    closing = [_cash("rounding", "cash rounded down", rounding)] if rounding else []
    return (_cash("cash", quote, wallet), *entered, *assets, *together, *closing)


def money(result: Evaluation, value: Fraction | int) -> Fraction:
    """Return a value of the rule's smallest unit in the quote."""
    units: Fraction = Fraction(value) / (money_units(result.schema) * result.scale)
    return units


def exact(value: Fraction) -> Decimal:
    """Return a fraction that decimals can say as the decimal it is. Raises ValueError for any other."""
    rest, twos, fives = value.denominator, 0, 0
    while rest % 2 == 0:
        rest, twos = rest // 2, twos + 1
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    if rest != 1:
        raise ValueError("is no decimal")
    places = max(twos, fives)
    digits = value * 10**places
    return Decimal((int(digits < 0), tuple(int(d) for d in str(abs(digits.numerator))), -places))


def _cash(kind: str, name: str, amount: Fraction) -> Term:
    return Term(kind, name, None, amount, amount)


def _together(result: Evaluation, cash: Fraction, alone: Sequence[Term]) -> tuple[Term, ...]:
    """Return what the account has beyond its holdings each alone: no term where that is nothing."""
    if family_files(result.schema.rule).separable:
        return ()
    equity = money(result, result.equity) - cash - sum((term.equity for term in alone), Fraction(0))
    requirement = money(result, result.requirement) - sum((term.requirement for term in alone), Fraction(0))
    if not equity and not requirement:
        return ()
    return (Term("together", "held together", None, Fraction(0), equity, requirement),)


def _shift(parameters: Parameters, result: Evaluation, slot: int, entry: Position) -> Fraction:
    """Return the money that entry price and unsettled funding move from the position to the wallet.

    Nothing where the holdings have it in the position already.
    """
    if result.schema.has_entries:
        return Fraction(0)
    lots, funding = result.holdings.sizes[slot], cell_value(result, "market", f"funding.{slot}") or Fraction(0)
    paid = paid_at_entry(parameters, slot, Fraction(entry.size), Fraction(entry.entry_price))
    return lots * funding + Fraction(entry.unsettled_funding) - paid


def _position(parameters: Parameters, result: Evaluation, slot: int) -> Term:
    listing, lots = parameters.listed[slot], result.holdings.sizes[slot]
    lone = lone_position(result, slot)
    equity = money(lone.result, lone.result.equity)
    size, requirement = lots * Fraction(listing.size_step), money(lone.result, lone.result.requirement)
    value = abs(equity) if lone.price is None else abs(size) * lone.price * price_unit(parameters, result.schema, slot)
    if not family_files(result.schema.rule).tiered:
        return Term("position", listing.name, size, value, equity, requirement)
    bounds, rates = _tiers(result, slot)
    reached = sum(value * money_units(result.schema) >= bound for bound in bounds)
    rate = rates[reached] / RATE_SCALE
    return Term("position", listing.name, size, value, equity, requirement, reached + 1, len(bounds) + 1, rate)


def _tiers(result: Evaluation, slot: int) -> tuple[list[Fraction], list[Fraction]]:
    """Return a position's boundaries, in money units and without those of unused tiers, and its rates."""
    bounds, rates = set(), []
    for spec, value in zip(result.schema.cells("parameters"), result.cells["parameters"], strict=True):
        if spec.name.startswith(f"parameters.boundary.{slot}.") and value < spec.maximum:
            bounds.add(Fraction(value))
        elif spec.name.startswith(f"parameters.rate.{slot}."):
            rates.append(Fraction(value))
    return sorted(bounds), rates


def _asset(parameters: Parameters, result: Evaluation, slot: int, kind: str) -> Term:
    listing, lone = parameters.assets[slot], lone_asset(result, slot)
    held = lone.result.holdings
    if kind == "collateral":
        lots = Fraction(result.holdings.collateral[slot])
        held = replace(held, debts=(0,) * len(held.debts))
    else:
        index = cell_value(result, "market", f"borrow_index.{slot}")
        lots = result.holdings.debts[slot] * (Fraction(1) if index is None else index)
        held = replace(held, collateral=(0,) * len(held.collateral))
    alone = replace(lone.result, holdings=held)
    equity, requirement = money(alone, alone.equity), money(alone, alone.requirement)
    amount = lots * Fraction(listing.size_step)
    value = abs(equity) if lone.price is None else amount * lone.price * asset_unit(parameters, result.schema, slot)
    return Term(kind, listing.name, amount, value, equity, requirement)


def _text(value: Fraction | None) -> str | None:
    return None if value is None else format(exact(value), "f")
