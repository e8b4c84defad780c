"""Spreads: opposite deltas consume each other in the order of a list, each spread at its rate.

Every delta starts as a long or a short pool. A spread between A and B takes of them n = min(long A / ratio A, short B /
ratio B), then as many with A short and B long: what it takes is gone for the spreads after it.

The definition is exact in integers. With ratios of one a pool of x against one of y leaves positive(x − y) and
positive(y − x), one sign and magnitude. With other ratios n is a whole number of spreads (or of 10^-digits of one),
rounded down: q = ⌊x / ratio⌋ against q', of x is left (x mod ratio) + ratio·positive(q − q'). Pools that a later spread
uses are exact; the number of spreads of the others is bounded on the side the charge or credit needs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...kernel.errors import RuleError
from .branches import aligned
from .expressions import Constant, Expression, Minimum, Positive, Quotient
from .nodes import Exact, Remainder
from .units import Unit

__all__ = ["Spread", "spread_credit"]


@dataclass(frozen=True, eq=False)
class Spread:
    """One entry of the list: which two deltas, how much of each a spread takes (one where None), and its rate.

    The rate is money a spread; `digits` is to what part of a spread it is counted where there are ratios.
    """

    first: int
    second: int
    rate: Expression
    first_ratio: Expression | None = None
    second_ratio: Expression | None = None
    digits: int = 0


@dataclass
class _Pool:
    """What is left of one delta's long or short part: zero or more, exact."""

    left: Expression


def spread_credit(deltas: Sequence[Expression], spreads: Sequence[Spread]) -> tuple[Expression, list[Expression]]:
    """Return (Σ number of spreads·rate, what is left of each delta), the spreads taken in order.

    The same sum is a calendar charge when added to a requirement and an intercommodity credit when taken off it.
    Raises RuleError when there is no spread, a place is not in the list or twice in one spread, or a delta is a helper.
    """
    pools = [(_Pool(_part(delta)), _Pool(_part(-delta))) for delta in deltas]
    total: Expression | None = None
    for place, spread in enumerate(spreads):
        if spread.first == spread.second or not {spread.first, spread.second} <= set(range(len(deltas))):
            raise RuleError(f"spread {place} is between deltas {spread.first} and {spread.second} of {len(deltas)}")
        later = {end for other in spreads[place + 1 :] for end in (other.first, other.second)}
        used = bool(later & {spread.first, spread.second})
        for first, second in (
            (pools[spread.first][0], pools[spread.second][1]),
            (pools[spread.first][1], pools[spread.second][0]),
        ):
            charge = _consume(first, second, spread, used=used) * spread.rate
            total = charge if total is None else total + charge
    if total is None:
        raise RuleError("there is no spread", hint="leave the charge out")
    return total, [long.left - short.left for long, short in pools]


def _part(delta: Expression) -> Expression:
    if not delta.exact:
        raise RuleError(f"{delta} is a helper, and what is left of it is consumed again", hint="take exact(delta)")
    return Exact(Positive(delta))


def _consume(first: _Pool, second: _Pool, spread: Spread, *, used: bool) -> Expression:
    """Return the number of spreads between two pools and take them off; exact when the pools are used again."""
    whole = (_quotient(first.left, spread.first_ratio, spread), _quotient(second.left, spread.second_ratio, spread))
    here, there = aligned(whole)
    over, under = Exact(Positive(here - there)), Exact(Positive(there - here))
    first.left = _rest(first.left, spread.first_ratio, spread, over)
    second.left = _rest(second.left, spread.second_ratio, spread, under)
    return here - over if used else Minimum((here, there))


def _quotient(pool: Expression, ratio: Expression | None, spread: Spread) -> Expression:
    return pool if ratio is None else Exact(Quotient(_finer(pool, spread.digits), ratio, up=False))


def _rest(pool: Expression, ratio: Expression | None, spread: Spread, over: Expression) -> Expression:
    return over if ratio is None else Remainder(_finer(pool, spread.digits), ratio) + ratio * over


def _finer(pool: Expression, digits: int) -> Expression:
    return pool * Constant(10**digits, Unit(decimals=digits)) if digits else pool
