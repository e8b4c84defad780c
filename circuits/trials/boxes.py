"""Price boxes around random markets, and the markets inside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from random import Random

from ..model import Table
from ..schema import Schema
from ..statements.price_box import box_name
from .accounts import Case, drawn
from .claims import Draw

__all__ = ["box_around", "boxed", "market_inside"]

_WIDEST = Fraction(1, 5)


def box_around(
    plain: Schema, box: Schema, case: Case, rng: Random, widest: Fraction = _WIDEST
) -> tuple[Table, dict[str, int]]:
    """Return a box's market table around a case's market, each value up to `widest` to either side, and its ends."""
    values = {c.name: s - c.offset for c, s in zip(plain.cells("market"), case.market.cells, strict=True)}
    ends: dict[str, int] = {}
    for cell in plain.cells("market"):
        reach = int(abs(values[cell.name]) * widest * Fraction(rng.randrange(101), 100)) + rng.randrange(2)
        ends[box_name(cell.name, "lo")] = max(cell.minimum, values[cell.name] - reach)
        ends[box_name(cell.name, "hi")] = min(cell.maximum, values[cell.name] + reach)
        ends[cell.name] = values[cell.name]
    stored = tuple(ends[cell.name] + cell.offset for cell in box.cells("market"))
    table = Table("market", case.market.number, stored)
    box.check_table(table)
    return table, ends


def market_inside(plain: Schema, box: Schema, ends: Mapping[str, int], rng: Random, *, corner: bool = False) -> Table:
    """Return a market inside a box, any of its points or one of its corners; what the box does not move stays."""
    still = {cell.name for cell in box.cells("market")}
    cells = []
    for cell in plain.cells("market"):
        low, high = (ends[cell.name if cell.name in still else box_name(cell.name, which)] for which in ("lo", "hi"))
        inside = rng.choice([low, high]) if corner or rng.random() < 0.2 else rng.randint(low, high)
        cells.append(inside + cell.offset)
    return Table("market", 1, tuple(cells))


def boxed(plain: Schema, draw: Draw = drawn) -> Draw:
    """Return how accounts of a box schema are drawn: those of the plain one, a box around their market."""

    def draw_boxed(schema: Schema, rng: Random, *, shrink: int | None = None, share: float = 0.25) -> Case:
        case = draw(plain, rng, shrink=shrink, share=share)
        table, _ = box_around(plain, schema, case, rng)
        return replace(case, market=table)

    return draw_boxed
