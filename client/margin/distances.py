"""How far prices are from the point where the surplus is zero: one by one, and all together.

Of a rule with tiers the surplus is, along any common factor on prices, a broken line whose kinks are the boundaries;
between two neighbouring kinks it is straight, so its zeros are quotients and exact. Of other rules the engine is asked
until the zero lies between two neighbouring price cells, or two millionths of the price.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from ...circuits.statements.engine import Evaluation
from ...kernel.errors import FileError
from ..files.models import Market, Parameters
from ..files.quantity import rounded_decimal
from ..files.rule_files import family_files
from .root_search import first_zero
from .shocked import Moves, Price
from .standalone import Lone, lone_asset, lone_position
from .terms import money

__all__ = ["WHOLE_MARKET", "Distance", "distances", "nearest_zeros"]

WHOLE_MARKET = "whole market"
_PERCENT_PLACES = 10
_PRICE_PLACES = 12
_PARTS, _COARSE = 10**6, 10**4  # of a price, where distances are searched for in cells and by making tables again
_FINE = 100  # cells that a price falls to at least
_HIGHEST = 16  # times the price, where a search for a rise ends
_ZERO, _ONE = Fraction(0), Fraction(1)


@dataclass(frozen=True, repr=False)
class Distance:
    """The moves of one price (or of all) that bring the surplus to zero, everything else equal.

    `fall` is in (-1, 0], `rise` is >= 0, both exact and relative to `price` (quote a unit; None for the whole market).
    None when no such move exists; both are zero when the surplus is zero already. Of an account whose margin is not
    met they are the moves that would mend it. `tick` is the price's, None where it has none.
    """

    kind: str
    name: str
    price: Fraction | None
    fall: Fraction | None
    rise: Fraction | None
    tick: Fraction | None = None

    @property
    def nearest(self) -> Fraction | None:
        """Return the smaller of the two moves, by magnitude."""
        moves = [move for move in (self.fall, self.rise) if move is not None]
        return min(moves, key=abs) if moves else None

    def as_json(self) -> dict[str, str | None]:
        """Return the distance as `explain --json` writes it: percent to ten places, prices to twelve."""
        return {
            "kind": self.kind,
            "name": self.name,
            "price": None if self.price is None else format(rounded_decimal(self.price, _PRICE_PLACES), "f"),
            "fall_percent": _text(percent(self.fall)),
            "rise_percent": _text(percent(self.rise)),
            "fall_price": _text(self._price_after(self.fall)),
            "rise_price": _text(self._price_after(self.rise)),
        }

    def _price_after(self, move: Fraction | None) -> Decimal | None:
        if self.price is None or move is None:
            return None
        return rounded_decimal(self.price * (1 + move), _PRICE_PLACES)


def percent(move: Fraction | None) -> Decimal | None:
    """Return a relative move in percent, rounded to ten places."""
    return None if move is None else rounded_decimal(move * 100, _PERCENT_PLACES)


def distances(parameters: Parameters, result: Evaluation, market: Market | None = None) -> tuple[Distance, ...]:
    """Return the distance of the whole market, then of each price the account depends on, nearest first.

    The quote asset's own price stands still: it is what everything is counted in. Funding and borrow indices too.
    `market` is needed where a rule's table is worked out of prices; without it such rules have no distances.
    """
    moves = Moves(parameters, result, market)
    moving = [price for price in moves.prices if price.place is None or price.now]
    if not moving:
        return ()
    if family_files(result.schema.rule).tiered:
        total = money(result, result.surplus)
        lines = [_Line.of(_lone(parameters, result, price)) for price in moving]
        rows = [_distance(p.kind, p.name, p.now, total, [line]) for p, line in zip(moving, lines, strict=True)]
        everything = _distance("market", WHOLE_MARKET, None, total, lines)
    else:
        rows = [_searched(price.kind, price.name, price.now, moves, [price]) for price in moving]
        everything = replace(rows[0], kind="market", name=WHOLE_MARKET, price=None)
        if len(moving) > 1:
            everything = _searched("market", WHOLE_MARKET, None, moves, moving)
    ticks = {("instrument", row.name): row.price_tick for row in parameters.listed.values()}
    ticks |= {("asset", asset.name): asset.price_tick for asset in parameters.assets}
    rows = [replace(row, tick=Fraction(ticks.get((row.kind, row.name), 0)) or None) for row in rows]
    rows.sort(key=lambda row: (row.nearest is None, abs(row.nearest or 0)))
    return (everything, *rows)


def nearest_zeros(
    line: Callable[[Fraction], Fraction], kinks: Sequence[Fraction]
) -> tuple[Fraction | None, Fraction | None]:
    """Return the zeros of a broken line nearest below and above one, within (0, infinity).

    `kinks` are all the places where its slope changes. Both zeros are one when the line is zero there.
    """
    start = line(_ONE)
    if start == 0:
        return _ONE, _ONE
    inner = sorted({kink for kink in kinks if kink > 0} - {_ONE})
    below = [kink for kink in reversed(inner) if kink < 1]
    above = [kink for kink in inner if kink > 1]
    last = above[-1] if above else _ONE
    fall = _first_zero(line, [_ONE, *below, _ZERO])
    rise = _first_zero(line, [_ONE, *above])
    if rise is None:
        at = line(last)
        slope = line(last + 1) - at
        rise = last - at / slope if slope * at < 0 else None
    return fall if fall else None, rise


@dataclass(frozen=True, repr=False)
class _Line:
    """A slot's part of the surplus, in the quote, as its price is multiplied: straight between points and beyond."""

    points: tuple[Fraction, ...]
    values: tuple[Fraction, ...]

    @classmethod
    def of(cls, lone: Lone) -> _Line:
        """Return the line of a lone slot; its kinks are where the notional meets a boundary."""
        kinks, price = set(), lone.price or _ZERO
        if lone.result.holdings.sizes:
            notional = abs(lone.result.holdings.sizes[0]) * price
            specs = lone.result.schema.cells("parameters")
            for spec, value in zip(specs, lone.result.cells["parameters"], strict=True):
                if spec.name.startswith("parameters.boundary.") and value:
                    kinks.add(value / notional)
        points = (_ZERO, *sorted(kinks), max(kinks, default=_ZERO) + 1)
        return cls(points, tuple(money(lone.result, lone.at(price * point).surplus) for point in points))

    @property
    def kinks(self) -> tuple[Fraction, ...]:
        """Return where the slope changes."""
        return self.points[1:-1]

    def at(self, factor: Fraction) -> Fraction:
        """Return the part at a factor >= 0."""
        right = min(max(bisect_left(self.points, factor), 1), len(self.points) - 1)
        left = right - 1
        slope = (self.values[right] - self.values[left]) / (self.points[right] - self.points[left])
        return self.values[left] + slope * (factor - self.points[left])


def _first_zero(line: Callable[[Fraction], Fraction], points: Sequence[Fraction]) -> Fraction | None:
    """Return the first zero met on the way through `points`, between which the line is straight."""
    here, low = points[0], line(points[0])
    for there in points[1:]:
        high = line(there)
        if high == 0:
            return there
        if low * high < 0:
            return here + (there - here) * low / (low - high)
        here, low = there, high
    return None


def _distance(kind: str, name: str, price: Fraction | None, total: Fraction, lines: Sequence[_Line]) -> Distance:
    """Return the distance along one factor on the prices of some slots, the rest of the surplus unmoved."""
    rest = total - sum((line.at(_ONE) for line in lines), _ZERO)

    def surplus(factor: Fraction) -> Fraction:
        return rest + sum((line.at(factor) for line in lines), _ZERO)

    fall, rise = nearest_zeros(surplus, [kink for line in lines for kink in line.kinks])
    return Distance(kind, name, price, None if fall is None else fall - 1, None if rise is None else rise - 1)


def _searched(kind: str, name: str, price: Fraction | None, moves: Moves, moved: Sequence[Price]) -> Distance:
    """Return the distance along one factor on some prices, found by asking the engine at whole cells."""
    steps = _PARTS if all(entry.place is not None for entry in moved) else _COARSE

    def surplus(parts: int) -> Fraction | None:
        try:
            return Fraction(moves.at(moved, Fraction(parts, steps)).surplus)
        except FileError:  # a price that no table can say
            return None

    cells = [moves.result.cells["market"][entry.place] for entry in moved if entry.place is not None]
    # Below a hundred of its cells a price is rounded so coarsely that signs come from the rounding.
    least = min(steps, math.ceil(max((_FINE * steps / Fraction(cell) for cell in cells), default=1)))
    fall, rise = first_zero(surplus, steps, least), first_zero(surplus, steps, _HIGHEST * steps)
    return Distance(kind, name, price, *(None if zero is None else zero / steps - 1 for zero in (fall, rise)))


def _lone(parameters: Parameters, result: Evaluation, price: Price) -> Lone:
    """Return the slot of a price on its own."""
    if price.kind == "asset":
        return lone_asset(result, [asset.name for asset in parameters.assets].index(price.name))
    return lone_position(result, next(slot for slot, row in parameters.listed.items() if row.name == price.name))


def _text(value: Decimal | None) -> str | None:
    return None if value is None else format(value, "f")
