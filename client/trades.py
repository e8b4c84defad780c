"""What a trade at the mark would do to the margin, and the largest one that still meets initial margin.

A trade of n lots at the round's price changes the size by n and the cash by −n·(price − funding index), without a
fee: equity stays, the requirement moves.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from ..circuits.model import CASH_BITS, SIZE_BITS, Holdings
from ..circuits.rules.engine import Evaluation, evaluate
from ..kernel.errors import InputError
from .files import Parameters
from .quantity import parse_decimal
from .reading import did_you_mean
from .tables import Tables
from .terms import exact, money

__all__ = ["Trade", "WhatIf", "largest_trade", "parse_trade", "traded", "what_if"]

_TRADE = re.compile(r"(?P<name>\S+)\s+(?P<size>[+-]?[0-9][0-9.]*)", re.ASCII)
_LARGEST_SIZE = (1 << SIZE_BITS) - 1


@dataclass(frozen=True, repr=False)
class Trade:
    """A signed size of a listed instrument, in lots: positive buys."""

    name: str
    slot: int
    lots: int
    size: Decimal


@dataclass(frozen=True, repr=False)
class WhatIf:
    """An account before and after trades at the mark, in the quote, exact.

    `surplus` is under the level that is explained, `initial_surplus` under initial margin, which new risk must meet. Of
    a single trade `largest_buy` and `largest_sell` are the largest sizes in its instrument, from the account as it is,
    after which initial margin holds; None when no size does that.
    """

    trades: tuple[Trade, ...]
    surplus_before: Fraction
    surplus: Fraction
    requirement_before: Fraction
    requirement: Fraction
    initial_surplus: Fraction
    largest_buy: Fraction | None = None
    largest_sell: Fraction | None = None

    @property
    def allowed(self) -> bool:
        """Whether initial margin holds afterwards."""
        return self.initial_surplus >= 0

    def as_json(self) -> dict[str, object]:
        """Return the answer as `explain --json` writes it; every amount is exact."""
        document: dict[str, object] = {
            "trades": [{"instrument": trade.name, "size": format(trade.size, "f")} for trade in self.trades],
            "surplus_before": format(exact(self.surplus_before), "f"),
            "surplus_after": format(exact(self.surplus), "f"),
            "requirement_before": format(exact(self.requirement_before), "f"),
            "requirement_after": format(exact(self.requirement), "f"),
            "initial_surplus_after": format(exact(self.initial_surplus), "f"),
            "meets_initial_margin": self.allowed,
        }
        if len(self.trades) == 1:
            for key, size in (("largest_buy", self.largest_buy), ("largest_sell", self.largest_sell)):
                document[key] = None if size is None else format(exact(size), "f")
        return document


def parse_trade(text: str, parameters: Parameters) -> Trade:
    """Return the trade that a text such as "ETH-PERP +5" says. Raises InputError in one sentence otherwise."""
    match = _TRADE.fullmatch(text.strip())
    if match is None:
        raise InputError('a trade is an instrument and a size, such as "ETH-PERP +5"', code="trade")
    slots = {listing.name: slot for slot, listing in enumerate(parameters.instruments)}
    name = match["name"]
    if name not in slots:
        raise InputError(
            "the parameters do not list the trade's instrument",
            code="unknown-instrument",
            hint=did_you_mean(name, slots),
        )
    try:
        size = parse_decimal(match["size"])
    except ValueError as error:
        raise InputError(f"the trade's size {error}", code="trade") from None
    lots = Fraction(size) / Fraction(parameters.instruments[slots[name]].size_step)
    if lots.denominator != 1:
        raise InputError(f"the trade's size is not a multiple of the step of {name}", code="finer-than-step")
    if lots == 0:
        raise InputError("the trade's size is zero", code="trade")
    return Trade(name, slots[name], lots.numerator, size)


def traded(result: Evaluation, trades: Iterable[Trade]) -> Holdings:
    """Return the holdings after trades at the mark. Raises InputError when they no longer fit their widths."""
    market, shift = result.cells["market"], result.schema.shape.positions
    cash, sizes = result.holdings.cash, list(result.holdings.sizes)
    for trade in trades:
        sizes[trade.slot] += trade.lots
        cash -= trade.lots * int(market[trade.slot] - market[shift + trade.slot])
    holdings = replace(result.holdings, cash=cash, sizes=tuple(sizes))
    result.schema.fit(holdings)
    return holdings


def what_if(
    parameters: Parameters, tables: Tables, holdings: Holdings, margin: str, trades: tuple[Trade, ...]
) -> tuple[WhatIf, ...]:
    """Return what each trade alone would do and, when there are several, what all of them together would.

    Raises InputError when the holdings after a trade do not fit their widths.
    """
    before = evaluate(tables.schema, holdings, tables.market, tables.parameters(margin))
    initial = evaluate(tables.schema, holdings, tables.market, tables.initial)
    batches: list[tuple[Trade, ...]] = [(trade,) for trade in trades]
    if len(trades) > 1:
        batches.append(trades)
    answers = []
    for batch in batches:
        held = traded(before, batch)
        after, new = (replace(evaluation, holdings=held) for evaluation in (before, initial))
        buy, sell = (None, None) if len(batch) > 1 else _both_ways(parameters, initial, batch[0].slot)
        answers.append(
            WhatIf(
                batch,
                money(before, before.surplus),
                money(before, after.surplus),
                money(before, before.requirement),
                money(before, after.requirement),
                money(initial, new.surplus),
                buy,
                sell,
            )
        )
    return tuple(answers)


def largest_trade(result: Evaluation, slot: int, direction: int) -> int | None:
    """Return the most lots of a slot to buy (direction 1) or sell (-1) at the mark with the surplus still >= 0.

    None when no size does that. Exact: the surplus falls with the size once the position has been closed, so bisection
    on integers finds the last size that fits. Sizes end where size or cash would leave their widths.
    """
    size, cash = result.holdings.sizes[slot], result.holdings.cash
    market = result.cells["market"]
    value = direction * int(market[slot] - market[result.schema.shape.positions + slot])
    widest = _LARGEST_SIZE - direction * size
    if value > 0:
        widest = min(widest, (cash + (1 << CASH_BITS)) // value)
    elif value < 0:
        widest = min(widest, ((1 << CASH_BITS) - 1 - cash) // -value)
    spare = result.surplus + result.position_requirement(slot)

    def meets(lots: int) -> bool:
        sizes = list(result.holdings.sizes)
        sizes[slot] = size + direction * lots
        moved = replace(result, holdings=replace(result.holdings, sizes=tuple(sizes)))
        return bool(spare >= moved.position_requirement(slot))

    low = min(max(0, -direction * size), widest)  # closing the position first only lowers the requirement
    if not meets(low):
        return None
    high = widest + 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if meets(middle) else (low, middle)
    return low


def _both_ways(parameters: Parameters, initial: Evaluation, slot: int) -> tuple[Fraction | None, Fraction | None]:
    """Return the largest buy and the largest sell, in the instrument's own unit."""
    step = Fraction(parameters.instruments[slot].size_step)
    buy, sell = (largest_trade(initial, slot, direction) for direction in (1, -1))
    return None if buy is None else buy * step, None if sell is None else sell * step
