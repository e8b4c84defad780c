"""What an account's equity, requirement and surplus are made of: one term a holding, adding up exactly.

The rule is a sum over holdings, so a holding's part is what the margin engine says of an account that holds nothing
else. Entry prices, where known, move money between cash and the positions without changing any total.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from ..circuits.model import INDEX_SCALE, RATE_SCALE
from ..circuits.rules.engine import Evaluation
from .files import Parameters
from .lone import lone_asset, lone_position
from .portfolio import Portfolio, Position
from .tables import MONEY

__all__ = ["Term", "exact", "money", "terms"]


@dataclass(frozen=True, repr=False)
class Term:
    """One holding's part, in the quote, exact.

    `kind` is cash, position, collateral, debt or rounding; `amount` is signed for positions, None for money. `value` is
    what the holding is worth at the round's price; `equity` and `requirement` are its parts of the account's. `tier`
    counts from one; `rate` is what the position's next unit of notional is margined at.
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
    any. From holdings alone, profit counts from price zero.
    """
    holdings, quote = result.holdings, parameters.quote.asset
    entries = {position.name: position for position in portfolio.positions} if portfolio else {}
    positions = [
        _position(parameters, result, slot, entries.get(listing.name))
        for slot, listing in enumerate(parameters.instruments)
        if holdings.sizes[slot] or (listing.name in entries and entries[listing.name].unsettled_funding)
    ]
    assets = [
        _asset(parameters, result, slot, kind)
        for kind, held in (("collateral", holdings.collateral), ("debt", holdings.debts))
        for slot, amount in enumerate(held)
        if amount
    ]
    bare = Fraction(holdings.cash, MONEY)
    if portfolio is None:
        return (_cash("cash", quote, bare), *positions, *assets)
    wallet = Fraction(portfolio.cash)
    parts = sum((term.equity for term in (*positions, *assets)), Fraction(0))
    rounding = money(result, result.equity) - wallet - parts
    closing = [_cash("rounding", "cash rounded down", rounding)] if rounding else []
    return (_cash("cash", quote, wallet), *positions, *assets, *closing)


def money(result: Evaluation, value: Fraction | int) -> Fraction:
    """Return a value of the rule's smallest unit in the quote."""
    units: Fraction = Fraction(value) / (MONEY * result.scale)
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


def _position(parameters: Parameters, result: Evaluation, slot: int, entry: Position | None) -> Term:
    listing, lots = parameters.instruments[slot], result.holdings.sizes[slot]
    alone = lone_position(result, slot)
    price, funding = (Fraction(result.cells["market"][slot + shift]) for shift in (0, result.schema.shape.positions))
    equity = money(alone, alone.equity)
    if entry is not None:
        equity += lots * funding / MONEY + Fraction(entry.unsettled_funding)
        equity -= Fraction(entry.size) * Fraction(entry.entry_price)
    notional = abs(lots) * price
    names = [spec.name for spec in result.schema.cells("parameters")]
    cells = dict(zip(names, result.cells["parameters"], strict=True))
    reached = sum(notional >= cells[f"parameters.boundary.{slot}.{k}"] for k in range(1, len(listing.tiers)))
    return Term(
        "position",
        listing.name,
        lots * Fraction(listing.size_step),
        notional / MONEY,
        equity,
        money(alone, alone.requirement),
        reached + 1,
        len(listing.tiers),
        Fraction(cells[f"parameters.rate.{slot}.{reached}"]) / RATE_SCALE,
    )


def _asset(parameters: Parameters, result: Evaluation, slot: int, kind: str) -> Term:
    listing, shape = parameters.assets[slot], result.schema.shape
    market = result.cells["market"]
    price = Fraction(market[2 * shape.positions + slot])
    alone = lone_asset(result, slot)
    if kind == "collateral":
        lots = Fraction(result.holdings.collateral[slot])
        alone = replace(alone, holdings=replace(alone.holdings, debts=(0,) * len(alone.holdings.debts)))
    else:
        index = Fraction(market[2 * shape.positions + shape.assets + slot])
        lots = result.holdings.debts[slot] * index / INDEX_SCALE
        alone = replace(alone, holdings=replace(alone.holdings, collateral=(0,) * len(alone.holdings.collateral)))
    return Term(
        kind,
        listing.name,
        lots * Fraction(listing.size_step),
        lots * price / MONEY,
        money(alone, alone.equity),
    )


def _text(value: Fraction | None) -> str | None:
    return None if value is None else format(exact(value), "f")
