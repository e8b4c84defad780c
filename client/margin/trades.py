"""What a trade at the mark would do to the margin, and the largest one that still meets initial margin.

A trade of n lots at the round's price changes the size by n and the cash by −n·(price − funding index), without a
fee: equity stays, the requirement moves. Where holdings keep what positions were entered at, that changes instead of
the cash, and nothing is settled.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from ...circuits.model import Holdings
from ...circuits.statements.engine import Evaluation, bind, evaluate
from ...kernel.errors import InputError
from ...kernel.near_names import did_you_mean
from ..files.models import Parameters
from ..files.quantity import parse_decimal
from ..files.tables import Tables
from .root_search import first_zero
from .terms import exact, money

__all__ = ["Trade", "WhatIf", "largest_trade", "parse_trade", "traded", "what_if"]

_MANY = 10**9
_TRADE = re.compile(r"(?P<name>\S+)\s+(?P<size>[+-]?[0-9][0-9.]*)", re.ASCII)


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
    listed = parameters.listed
    slots = {listing.name: slot for slot, listing in listed.items()}
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
    lots = Fraction(size) / Fraction(listed[slots[name]].size_step)
    if lots.denominator != 1:
        raise InputError(f"the trade's size is not a multiple of the step of {name}", code="finer-than-step")
    if lots == 0:
        raise InputError("the trade's size is zero", code="trade")
    return Trade(name, slots[name], lots.numerator, size)


def traded(result: Evaluation, trades: Iterable[Trade]) -> Holdings:
    """Return the holdings after trades at the mark. Raises InputError when they no longer fit their widths."""
    holdings = result.holdings
    for trade in trades:
        holdings = _moved(result, holdings, trade.slot, trade.lots, _lot_value(result, trade.slot))
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

    None when no size does that. Where a position's requirement is its own, bisection on integers is exact: the surplus
    falls with the size once the position has been closed. Of other rules, and where a profit counts for less than it
    is, it is the last size before the surplus is first seen to fail. Sizes end where size or cash would leave their
    widths.
    """
    widest = _widest(result, slot, direction)
    if bind(result.schema).family.position_requirement is None or result.schema.has_entries:
        return _walked(result, slot, direction, widest)
    spare = result.surplus + result.position_requirement(slot)

    def meets(lots: int) -> bool:
        return bool(spare >= _sized(result, slot, direction * lots).position_requirement(slot))

    low = min(max(0, -direction * result.holdings.sizes[slot]), widest)  # closing first only lowers the requirement
    return _last(meets, low, widest) if meets(low) else None


def _walked(result: Evaluation, slot: int, direction: int, widest: int) -> int | None:
    """Return the last size met on the way out: first to where the margin is met, then to where it no longer is."""
    value = _lot_value(result, slot)

    def surplus(lots: int) -> Fraction:
        after = _moved(result, result.holdings, slot, direction * lots, value)
        return Fraction(replace(result, holdings=after).surplus)

    first = 0
    if surplus(0) < 0:
        mended = first_zero(surplus, 0, widest)
        if mended is None:
            return None
        first = math.ceil(mended)
    if surplus(first) < 0:
        return None
    broken = first_zero(lambda lots: surplus(lots) + Fraction(1, 2), first, widest)  # zero still meets
    return widest if broken is None else math.floor(broken)


def _widest(result: Evaluation, slot: int, direction: int) -> int:
    """Return the most lots that leave the size, and what pays for them, within their widths."""
    schema, holdings = result.schema, result.holdings
    size, paying, pays = schema.holdings[1 + slot], schema.holdings[0], holdings.cash
    if schema.has_entries:  # it is paid by the entry value, whose sign is the other one
        paying = schema.holdings[len(schema.holdings) - schema.shape.positions + slot]
        pays = -holdings.entries[slot]
    held, value = holdings.sizes[slot], direction * _lot_value(result, slot)
    widest, low, high = size.maximum - direction * held, paying.minimum, paying.maximum
    if schema.has_entries:
        low, high = -high, -low
    if value > 0:
        widest = min(widest, math.floor((pays - low) / value))
    elif value < 0:
        widest = min(widest, math.floor((high - pays) / -value))
    return widest


def _lot_value(result: Evaluation, slot: int) -> Fraction:
    """Return what one lot is worth, in money units: what a trade at the mark moves between size and cash.

    A billionth of what a billion are: a rule of a venue's integers cuts what one alone is worth. Where profits count
    for less than they are, the billion are bought so dear that they are a loss, which counts whole.
    """
    nothing, worth = result.schema.nothing, []
    dear = tuple(spec.maximum for spec in result.schema.holdings if spec.name.startswith("entry."))
    for lots in (_MANY, 0):
        held = replace(nothing, sizes=_with(nothing.sizes, slot, lots), entries=dear)
        worth.append(Fraction(replace(result, holdings=held, credit=0).equity))
    return (worth[0] - worth[1]) / (_MANY * result.scale)


def _moved(result: Evaluation, holdings: Holdings, slot: int, lots: int, value: Fraction) -> Holdings:
    """Return the holdings after a trade of lots at their value, which cash pays or the entry value takes up."""
    sizes, paid = _with(holdings.sizes, slot, holdings.sizes[slot] + lots), math.ceil(lots * value)
    if result.schema.has_entries:
        entries = _with(holdings.entries, slot, holdings.entries[slot] + paid)
        return replace(holdings, sizes=sizes, entries=entries)
    return replace(holdings, sizes=sizes, cash=holdings.cash - paid)


def _sized(result: Evaluation, slot: int, lots: int) -> Evaluation:
    sizes = _with(result.holdings.sizes, slot, result.holdings.sizes[slot] + lots)
    return replace(result, holdings=replace(result.holdings, sizes=sizes))


def _with(sizes: tuple[int, ...], slot: int, lots: int) -> tuple[int, ...]:
    return (*sizes[:slot], lots, *sizes[slot + 1 :])


def _last(meets: Callable[[int], bool], low: int, widest: int) -> int:
    """Return the last size that meets; `low` does, and none does beyond the first that does not."""
    high = widest + 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if meets(middle) else (low, middle)
    return low


def _both_ways(parameters: Parameters, initial: Evaluation, slot: int) -> tuple[Fraction | None, Fraction | None]:
    """Return the largest buy and the largest sell, in the instrument's own unit."""
    step = Fraction(parameters.listed[slot].size_step)
    buy, sell = (largest_trade(initial, slot, direction) for direction in (1, -1))
    return None if buy is None else buy * step, None if sell is None else sell * step
