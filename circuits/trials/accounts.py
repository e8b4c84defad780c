"""Accounts and tables of any schema that hurt: random ones, corners, and surpluses of just under and over zero."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import gcd
from random import Random

from ..model import Holdings, Opening, Table
from ..schema import Cell, HoldingSpec, Schema
from ..statements.engine import evaluate, money_scale

__all__ = ["Case", "around_zero", "corner", "drawn", "exactly", "holdings_of", "searched_zero", "table"]


@dataclass(frozen=True)
class Case:
    """One account at one round; `kind` says how it was drawn."""

    kind: str
    holdings: Holdings
    market: Table
    parameters: Table
    credit: int = 0
    context: int = 7
    salt: int = 11

    def surplus(self, schema: Schema) -> int:
        """Return the surplus that the engine finds, credit included, in the rule's smallest unit."""
        return int(evaluate(schema, self.holdings, self.market, self.parameters, self.credit).surplus)

    @property
    def opening(self) -> Opening:
        """Return what opens the account's commitment."""
        return Opening(self.holdings, (3, 5), self.salt)

    @property
    def public(self) -> tuple[int, ...]:
        """Return the public inputs; the commitment is left to the witness program."""
        return (0, self.credit, self.context, *self.market.cells, *self.parameters.cells)

    @property
    def hidden(self) -> tuple[int, ...]:
        """Return the hidden inputs: holdings, owner's key, salt."""
        return (*self.holdings.values, 3, 5, self.salt)


def table(schema: Schema, name: str, pick: Callable[[Cell], int]) -> Table:
    """Return a table whose true values `pick` chooses, raised where the schema's order wants it."""
    values: list[int] = []
    for cell in schema.cells(name):
        value = pick(cell)
        if cell.at_least is not None:
            value = max(value, values[cell.at_least])
        values.append(value)
    return Table(name, 1, tuple(v + cell.offset for v, cell in zip(values, schema.cells(name), strict=True)))


def drawn(schema: Schema, rng: Random, *, shrink: int | None = None, share: float = 0.25) -> Case:
    """Return a random account at random tables; `shrink` takes bits off every quantity, `share` of holdings are zero.

    Now and then a column is one value throughout and holdings are equal or opposite, so that pieces tie.
    """
    shrink = rng.choice([0, 0, 4, 12, 20]) if shrink is None else shrink
    same: dict[str, int | None] = {}

    def between(low: int, high: int, less: int) -> int:
        top = max(high, -low)
        value = rng.randrange(1 << max(1, rng.randint(1, top.bit_length()) - less))
        if low < 0 and rng.random() < 0.5:
            value = -value
        return min(max(value, low), high)

    def cell(spec: Cell) -> int:
        if rng.random() < 0.04:
            return rng.choice([spec.minimum, min(spec.minimum + 1, spec.maximum), spec.maximum])
        column = spec.name.split(".")[1]
        if column not in same:
            same[column] = between(spec.minimum, spec.maximum, 0) if rng.random() < 0.1 else None
        held = same[column]
        if held is not None and spec.minimum <= held <= spec.maximum:
            return held
        return between(spec.minimum, spec.maximum, shrink // 2 if spec.maximum.bit_length() > 24 else 0)

    values = [
        0 if rng.random() < share else between(spec.minimum, spec.maximum, min(shrink, spec.bits - 2))
        for spec in schema.holdings
    ]
    first, shape = 1, schema.shape
    for i in range(first + 1, first + shape.positions):
        if rng.random() < 0.1:
            values[i] = rng.choice([-1, 1]) * values[i - 1]
    market, parameters = (table(schema, name, cell) for name in ("market", "parameters"))
    return Case("random", holdings_of(schema, values), market, parameters, rng.choice([0, 0, rng.randrange(1 << 40)]))


def corner(schema: Schema, rng: Random) -> Case:
    """Return an account whose every quantity is an end, zero, or one beside it, at tables of the same kind."""

    def near(spec: Cell | HoldingSpec) -> int:
        ends = (spec.minimum, spec.minimum + 1, -1, 0, 1, spec.maximum - 1, spec.maximum)
        return rng.choice([value for value in ends if spec.minimum <= value <= spec.maximum])

    market, parameters = (table(schema, name, near) for name in ("market", "parameters"))
    holdings = holdings_of(schema, [near(spec) for spec in schema.holdings])
    return Case("corner", holdings, market, parameters, rng.choice([0, 1, (1 << 62) - 1]))


def around_zero(schema: Schema, case: Case, surplus: int) -> Iterator[tuple[Case, int]]:
    """Yield (case, surplus) with cash moved to leave less than one money unit above and below zero, where it can."""
    scale = money_scale(schema)
    for over in (0, 1):
        cash = case.holdings.cash - surplus // scale - over
        if schema.holdings[0].minimum <= cash <= schema.holdings[0].maximum:
            moved = replace(case, kind="around zero", holdings=replace(case.holdings, cash=cash))
            yield moved, surplus + (cash - case.holdings.cash) * scale


def searched_zero(schema: Schema, case: Case) -> Iterator[tuple[Case, int]]:
    """Yield (case, surplus) at the least cash that suffices and at one unit less, for rules that weigh cash.

    Halving finds them where the surplus never falls as cash rises; elsewhere a change of sign all the same.
    """
    spec = schema.holdings[0]

    def at(cash: int) -> tuple[Case, int]:
        moved = replace(case, kind="around zero", holdings=replace(case.holdings, cash=cash))
        return moved, moved.surplus(schema)

    short, enough = spec.minimum, spec.maximum
    if at(short)[1] >= 0 or at(enough)[1] < 0:
        return
    while enough - short > 1:
        middle = (short + enough) // 2
        short, enough = (short, middle) if at(middle)[1] >= 0 else (middle, enough)
    yield at(enough)
    yield at(short)


def exactly(schema: Schema, rng: Random, case: Case, target: int) -> Case | None:
    """Return the case with its surplus at `target` smallest units, or None where no one quantity tunes the digits."""
    scale, surplus = money_scale(schema), case.surplus(schema)
    places = [(name, i) for name in ("market", "parameters") for i in range(len(schema.cells(name)))]
    places += [("holdings", i) for i in range(1, len(schema.holdings))]
    for place in rng.sample(places, min(12, len(places))):
        nudged = _nudged(schema, case, place, 1)
        step = 0 if nudged is None else nudged.surplus(schema) - surplus
        if gcd(step, scale) != 1:
            continue
        nudged = _nudged(schema, case, place, (target - surplus) * pow(step, -1, scale) % scale)
        if nudged is None or (nudged.surplus(schema) - target) % scale:
            continue
        cash = nudged.holdings.cash - (nudged.surplus(schema) - target) // scale
        if schema.holdings[0].minimum <= cash <= schema.holdings[0].maximum:
            return replace(nudged, kind=f"surplus {target:+d}", holdings=replace(nudged.holdings, cash=cash))
    return None


def _nudged(schema: Schema, case: Case, place: tuple[str, int], step: int) -> Case | None:
    """Return the case with one quantity larger by `step`, or None where that leaves the schema."""
    name, i = place
    if name == "holdings":
        values = list(case.holdings.values)
        values[i] += step
        return replace(case, holdings=holdings_of(schema, values)) if values[i] <= schema.holdings[i].maximum else None
    before: Table = getattr(case, name)
    moved = before.replace({i: before.cells[i] + step})
    spec, cells = schema.cells(name)[i], moved.cells
    after = [cells[k] for k, cell in enumerate(schema.cells(name)) if cell.at_least == i]
    if cells[i] - spec.offset > spec.maximum or any(cells[i] > value for value in after):
        return None
    return replace(case, market=moved) if name == "market" else replace(case, parameters=moved)


def holdings_of(schema: Schema, values: Sequence[int]) -> Holdings:
    """Return flat values, in the schema's order, as holdings."""
    return Holdings.of(schema.shape, values)
