"""One slot of an account on its own: the same rule at the smallest shape that holds it, so that it costs little.

The rule is a sum over slots. What one slot's price or size changes, it changes in its own part only: at a shape of 128
slots this spares the other 127 from being evaluated again.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from ..circuits.model import Holdings, Shape
from ..circuits.rules.cross_margin import cross_margin_schema
from ..circuits.rules.engine import Evaluation
from ..circuits.rules.language import Value

__all__ = ["lone_asset", "lone_position", "with_price"]


def lone_position(result: Evaluation, slot: int) -> Evaluation:
    """Return the evaluation of an account that holds nothing but this account's position in a slot."""
    shape = Shape(1, 0, 0, result.schema.shape.tiers)
    return _evaluation(result, slot, shape, Holdings(0, (result.holdings.sizes[slot],), (), ()))


def lone_asset(result: Evaluation, slot: int) -> Evaluation:
    """Return the evaluation of an account with nothing but this account's collateral and debt in an asset."""
    held, owed = result.holdings.collateral[slot : slot + 1], result.holdings.debts[slot : slot + 1]
    return _evaluation(result, slot, Shape(0, len(held), len(owed), 1), Holdings(0, (), held, owed))


def with_price(lone: Evaluation, factor: Fraction) -> Evaluation:
    """Return a lone slot's evaluation with its price multiplied."""
    price = lone.cells["market"][0]  # the first market cell of either shape
    return lone.at("market", 0, price * factor)


def _evaluation(result: Evaluation, slot: int, shape: Shape, holdings: Holdings) -> Evaluation:
    schema = cross_margin_schema(shape)
    cells: dict[str, Sequence[Value]] = {}
    for name, specs in schema.tables:
        places = {spec.name: place for place, spec in enumerate(result.schema.cells(name))}
        cells[name] = [result.cells[name][places[_in_slot(spec.name, slot)]] for spec in specs]
    return Evaluation(schema, holdings, cells)


def _in_slot(name: str, slot: int) -> str:
    """Return the name of slot 0's cell in another slot."""
    table, kind, _, *rest = name.split(".")
    return ".".join((table, kind, str(slot), *rest))
