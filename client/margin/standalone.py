"""One slot of an account on its own: what a holding is alone, at the smallest shape that holds it, so it costs little.

Where a rule is a sum over slots, what one slot's price or size changes it changes in its own part only: at a shape of
128 slots this spares the other 127 from being evaluated again. Rules that margin holdings together keep their shape;
the other holdings are then zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from ...circuits.language.language import Value
from ...circuits.model import Holdings, Shape
from ...circuits.schema import Schema
from ...circuits.statements.engine import Evaluation
from ..files.cells import unit_scale
from ..files.rule_files import family_files, schema_of

__all__ = ["Lone", "cell_value", "lone_asset", "lone_position"]


@dataclass(frozen=True)
class Lone:
    """The evaluation of an account that holds one slot's holdings only, and where its price stands in the market."""

    result: Evaluation
    price_at: int | None

    @property
    def price(self) -> Fraction | None:
        """Return the price cell's value, in money units a lot; None where the rule has no such cell."""
        return None if self.price_at is None else Fraction(self.result.cells["market"][self.price_at])

    def at(self, price: Fraction) -> Evaluation:
        """Return the evaluation at another price, everything else equal."""
        return self.result if self.price_at is None else self.result.at("market", self.price_at, price)


def lone_position(result: Evaluation, slot: int) -> Lone:
    """Return the account that holds nothing but this account's position in a slot, entered where it was."""
    held = (result.holdings.sizes[slot],)
    if family_files(result.schema.rule).separable:
        shape = replace(result.schema.shape, positions=1, collateral=0, debts=0)
        return _reduced(result, "price", slot, shape, Holdings(0, held, (), ()))
    bare, entry = result.schema.nothing, result.holdings.entries[slot : slot + 1]
    alone = replace(bare, sizes=_only(bare.sizes, slot, held), entries=_only(bare.entries, slot, entry))
    return _whole(result, "price", slot, alone)


def lone_asset(result: Evaluation, slot: int) -> Lone:
    """Return the account with nothing but this account's collateral and debt in an asset."""
    held, owed = result.holdings.collateral[slot : slot + 1], result.holdings.debts[slot : slot + 1]
    if family_files(result.schema.rule).separable:
        shape = replace(result.schema.shape, positions=0, collateral=len(held), debts=len(owed))
        return _reduced(result, "asset_price", slot, shape, Holdings(0, (), held, owed))
    bare = result.schema.nothing
    alone = replace(bare, collateral=_only(bare.collateral, slot, held), debts=_only(bare.debts, slot, owed))
    return _whole(result, "asset_price", slot, alone)


def cell_value(result: Evaluation, table: str, name: str) -> Fraction | None:
    """Return what a cell says, in the quote or as a plain number, None where the schema has no such cell."""
    for place, spec in enumerate(result.schema.cells(table)):
        if spec.name == f"{table}.{name}":
            return Fraction(result.cells[table][place]) / unit_scale(spec.unit, result.schema.money_digits)
    return None


def _only(nothing: tuple[int, ...], slot: int, held: tuple[int, ...]) -> tuple[int, ...]:
    return (*nothing[:slot], *held, *nothing[slot + len(held) :])


def _whole(result: Evaluation, column: str, slot: int, holdings: Holdings) -> Lone:
    return Lone(replace(result, holdings=holdings, credit=0), _place(result.schema, f"market.{column}.{slot}"))


def _place(schema: Schema, name: str) -> int | None:
    """Return where a market cell stands, None where the rule has none of that name."""
    names = [spec.name for spec in schema.cells("market")]
    return names.index(name) if name in names else None


def _reduced(result: Evaluation, column: str, slot: int, shape: Shape, holdings: Holdings) -> Lone:
    """Return the lone slot at a shape of its own."""
    schema = schema_of(result.schema.rule, shape)
    cells: dict[str, Sequence[Value]] = {}
    for name, specs in schema.tables:
        places = {spec.name: place for place, spec in enumerate(result.schema.cells(name))}
        cells[name] = [result.cells[name][places[_in_slot(spec.name, slot)]] for spec in specs]
    return Lone(Evaluation(schema, holdings, cells), _place(schema, f"market.{column}.0"))


def _in_slot(name: str, slot: int) -> str:
    """Return the name of slot 0's cell in another slot; a cell of the whole table keeps its name."""
    table, kind, *rest = name.split(".")
    return ".".join((table, kind, str(slot), *rest[1:])) if rest else name
