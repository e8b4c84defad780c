"""How far prices are from the point where the surplus is zero: one by one, and all together.

Along any common factor on prices the surplus is a broken line whose kinks are the tiers' boundaries; between two
neighbouring kinks it is straight, so its zeros are quotients and every distance here is exact.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from ..circuits.rules.engine import Evaluation
from .files import Parameters
from .quantity import rounded_decimal
from .tables import MONEY

__all__ = ["WHOLE_MARKET", "Distance", "distances", "nearest_zeros"]

WHOLE_MARKET = "whole market"
_PERCENT_PLACES = 10
_PRICE_PLACES = 12
_ONE = Fraction(1)


@dataclass(frozen=True, repr=False)
class Distance:
    """The moves of one price (or of all) that bring the surplus to zero, everything else equal.

    `fall` is in (-1, 0], `rise` is >= 0, both exact and relative to `price` (quote a unit; None for the whole market).
    None when no such move exists; both are zero when the surplus is zero already. Of an account whose margin is not
    met they are the moves that would mend it.
    """

    kind: str
    name: str
    price: Fraction | None
    fall: Fraction | None
    rise: Fraction | None

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


def distances(parameters: Parameters, result: Evaluation) -> tuple[Distance, ...]:
    """Return the distance of the whole market, then of each held instrument and asset, nearest first.

    The quote asset's own price stands still: it is what everything is counted in. Funding and borrow indices too.
    """
    rows = []
    everything: dict[int, Fraction] = {}
    for kind, name, cell, step in _held(parameters, result):
        price = Fraction(result.cells["market"][cell])
        if price == 0:
            continue
        everything[cell] = price
        rows.append(_distance(kind, name, price / step / MONEY, result, {cell: price}))
    rows.sort(key=lambda row: (row.nearest is None, abs(row.nearest or 0)))
    if not everything:
        return ()
    return (_distance("market", WHOLE_MARKET, None, result, everything), *rows)


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
    fall = _first_zero(line, [_ONE, *below, Fraction(0)])
    rise = _first_zero(line, [_ONE, *above])
    if rise is None:
        at = line(last)
        slope = line(last + 1) - at
        rise = last - at / slope if slope * at < 0 else None
    return fall if fall else None, rise


def _first_zero(line: Callable[[Fraction], Fraction], points: Sequence[Fraction]) -> Fraction | None:
    """Return the first zero met on the way through `points`, between which the line is straight."""
    values = [(point, line(point)) for point in points]
    for (here, low), (there, high) in pairwise(values):
        if high == 0:
            return there
        if low * high < 0:
            return here + (there - here) * low / (low - high)
    return None


def _distance(
    kind: str, name: str, price: Fraction | None, result: Evaluation, moved: Mapping[int, Fraction]
) -> Distance:
    def surplus(factor: Fraction) -> Fraction:
        changed = list(result.cells["market"])
        for cell, value in moved.items():
            changed[cell] = value * factor
        cells = {**result.cells, "market": changed}
        return Fraction(Evaluation(result.schema, result.holdings, cells, result.credit).surplus)

    fall, rise = nearest_zeros(surplus, _kinks(result, moved))
    return Distance(kind, name, price, None if fall is None else fall - 1, None if rise is None else rise - 1)


def _kinks(result: Evaluation, moved: Mapping[int, Fraction]) -> list[Fraction]:
    """Return the factors at which a moved position's notional meets one of its tiers' boundaries."""
    kinks = []
    for spec, value in zip(result.schema.cells("parameters"), result.cells["parameters"], strict=True):
        parts = spec.name.split(".")
        slot = int(parts[2])
        if parts[1] == "boundary" and slot in moved and result.holdings.sizes[slot]:
            kinks.append(Fraction(value) / (abs(result.holdings.sizes[slot]) * moved[slot]))
    return kinks


def _held(parameters: Parameters, result: Evaluation) -> list[tuple[str, str, int, Fraction]]:
    """Return (kind, name, price cell, step) of what is held or owed, the quote asset left out."""
    holdings, shape = result.holdings, result.schema.shape
    rows = [
        ("instrument", listing.name, slot, Fraction(listing.size_step))
        for slot, listing in enumerate(parameters.instruments)
        if holdings.sizes[slot]
    ]
    for slot, asset in enumerate(parameters.assets):
        amounts = (*holdings.collateral[slot : slot + 1], *holdings.debts[slot : slot + 1])
        if any(amounts) and asset.name != parameters.quote.asset:
            # position prices and position funding indices come first
            rows.append(("asset", asset.name, 2 * shape.positions + slot, Fraction(asset.size_step)))
    return rows


def _text(value: Decimal | None) -> str | None:
    return None if value is None else format(value, "f")
