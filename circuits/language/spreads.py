"""Spreads: opposite deltas consume each other in the order of a list, each spread at its rate.

Every delta starts as a long or a short pool. A spread between A and B takes of them n = min(long A / ratio A, short B /
ratio B), then as many with A short and B long: what it takes is gone for the spreads after it.

The definition is exact in integers. With ratios of one a pool of x against one of y leaves positive(x − y) and
positive(y − x), one sign and magnitude. With other ratios n is a whole number of spreads (or of 10^-digits of one),
rounded down: q = ⌊x / ratio⌋ against q', of x is left (x mod ratio) + ratio·positive(q − q'). Pools that a later spread
uses are exact; the number of spreads of the others is bounded on the side the charge or credit needs.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import reduce

from ...kernel.errors import RuleError
from .branches import aligned
from .expressions import Constant, Expression, Minimum, Positive, Quotient
from .nodes import Exact, Remainder
from .structure import bare
from .units import Unit

__all__ = ["Left", "Spread", "spread_counts", "spread_credit"]


@dataclass(frozen=True, eq=False)
class Spread:
    """One entry of the list: which two deltas, how much of each a spread takes (one where None), and its rate.

    The rate is money a spread, for `spread_credit`; `digits` is to what part of a spread it is counted where there are
    ratios.
    """

    first: int
    second: int
    rate: Expression | None = None
    first_ratio: Expression | None = None
    second_ratio: Expression | None = None
    digits: int = 0


@dataclass
class Left:
    """What is left of one delta's long and short parts: zero or more each, one of them zero, exact."""

    long: Expression
    short: Expression

    @property
    def net(self) -> Expression:
        """Return the delta left, signed."""
        return self.long - self.short

    @property
    def gross(self) -> Expression:
        """Return its magnitude."""
        return self.long + self.short


def spread_credit(deltas: Sequence[Expression], spreads: Sequence[Spread]) -> tuple[Expression, list[Left]]:
    """Return (Σ number of spreads·rate, what is left of each delta), the spreads taken in order.

    The same sum is a calendar charge when added to a requirement and an intercommodity credit when taken off it.
    Raises RuleError as `spread_counts` does, and when there is no spread or one has no rate.
    """
    counts, left = spread_counts(deltas, spreads)
    rates = [spread.rate for spread in spreads if spread.rate is not None]
    if not rates or len(rates) < len(counts):
        raise RuleError("there is no spread, or one without a rate", hint="leave the charge out")
    terms = (count * rate for count, rate in zip(counts, rates, strict=True))
    return reduce(lambda total, term: total + term, terms), left


def spread_counts(
    deltas: Sequence[Expression], spreads: Sequence[Spread], kept: Collection[int] = ()
) -> tuple[list[Expression], list[Left]]:
    """Return (the number of each spread, what is left of each delta), the spreads taken in order.

    `kept` are the deltas whose rest the rule goes on to use: it changes no value, but saves making one twice. Raises
    RuleError when a place is not in the list or twice in one spread, or a delta is a helper.
    """
    pools = [Left(_part(delta), _part(-delta)) for delta in deltas]
    counts = []
    for place, spread in enumerate(spreads):
        if spread.first == spread.second or not {spread.first, spread.second} <= set(range(len(deltas))):
            raise RuleError(f"spread {place} is between deltas {spread.first} and {spread.second} of {len(deltas)}")
        later = set(kept) | {end for other in spreads[place + 1 :] for end in (other.first, other.second)}
        used = bool(later & {spread.first, spread.second})
        first, second = pools[spread.first], pools[spread.second]
        here, first.long, second.short = _consume(first.long, second.short, spread, used=used)
        there, first.short, second.long = _consume(first.short, second.long, spread, used=used)
        counts.append(here + there)
    return counts, pools


def _part(delta: Expression) -> Expression:
    if not delta.exact:
        raise RuleError(f"{delta} is a helper, and what is left of it is consumed again", hint="take exact(delta)")
    return Exact(Positive(delta))


def _consume(
    first: Expression, second: Expression, spread: Spread, *, used: bool
) -> tuple[Expression, Expression, Expression]:
    """Return the number of spreads between two pools and what it leaves of them; exact when they are used again.

    Where they are not, the number is a minimum of what is never negative, cheap on one side: nothing in it is exact.
    """
    here, there = aligned([_whole(first, spread.first_ratio, spread), _whole(second, spread.second_ratio, spread)])
    pools = ((first, spread.first_ratio), (second, spread.second_ratio))
    last = [bare(_whole(bare(pool), ratio, spread)) for pool, ratio in pools]
    over, under = Exact(Positive(here - there)), Exact(Positive(there - here))
    count = here - over if used else Minimum(aligned(last))
    return count, _rest(first, spread.first_ratio, spread, over), _rest(second, spread.second_ratio, spread, under)


def _whole(pool: Expression, ratio: Expression | None, spread: Spread) -> Expression:
    return pool if ratio is None else Exact(Quotient(_finer(pool, spread.digits), ratio, up=False))


def _rest(pool: Expression, ratio: Expression | None, spread: Spread, over: Expression) -> Expression:
    return over if ratio is None else Remainder(_finer(pool, spread.digits), ratio) + ratio * over


def _finer(pool: Expression, digits: int) -> Expression:
    return pool * Constant(10**digits, Unit(decimals=digits)) if digits else pool
