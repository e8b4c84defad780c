"""The price box: a rule at the worst of all markets between a round's low and high cells.

A certificate may hold for every market value inside a public box. The surplus is taken apart into parts that share no
moving cell; each part is put at its worst end:

one direction      the part never falls (or never rises) as the cell rises: the low (or high) cell stands for it
by the sign        so once a position's sign is known: max(q, 0) meets one end, max(−q, 0) the other; one more product
term by term       a part without a direction, summand by summand: lower than the truth where summands pull apart (an
                   asset both held and owed pays for both ends), so sound
at both ends       a part that is straight in its only moving cell: the smaller of its values at both ends

Nothing else is accepted: between its ends a rule may be lower than at both (an option's value has such minima), and
then only scenarios that cover the box, or a certificate of one round, are sound. What rounds is off by less than a unit
a rounding, which is taken off. The plain statements hold at a round's values only; this one holds all over the box.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property, lru_cache

from ...kernel.errors import InputError, RuleError
from ..language.expressions import (
    Absolute,
    CellRef,
    Constant,
    Expression,
    HoldingRef,
    Minimum,
    Positive,
    Product,
    Sum,
    walk,
)
from ..language.nodes import Exact
from ..language.slopes import Slopes, depends_on
from ..language.units import Unit
from ..model import Table
from ..rules.family import BoundRule, Family, TableView, table_view
from ..schema import Cell, Schema

__all__ = ["BoxRule", "box_name", "box_schema", "box_table", "worst"]

LOW, HIGH = "lo", "hi"
Ends = Mapping[str, str]  # cell name -> the end that stands for it


@dataclass(frozen=True)
class _Signed:
    """The ends of a part whose direction hangs on the sign of a holding."""

    holding: HoldingRef
    long: Ends
    short: Ends


@lru_cache(maxsize=64)
def box_schema(family: Family, schema: Schema) -> Schema:
    """Return the schema of a family's box: a low and a high cell where the rule needs them, the rest as it is.

    Its commitments and parameter tables are the plain schema's. Kept, for every proof over a box asks for it and it
    takes longer to find than a proof to make. Raises RuleError when the rule has no sound box.
    """
    rule = BoundRule(family, schema)
    moving = _moving(family, schema)
    used: dict[str, set[str]] = {name: set() for name in moving}

    def end(cell: CellRef, which: str) -> Expression:
        if cell.name in used:
            used[cell.name].add(which)
        return copy.copy(cell)

    worst(rule.surplus, moving, end)
    cells: list[Cell] = []
    for cell in schema.cells("market"):
        if cell.at_least is not None:
            raise RuleError(f"{cell.name} is ordered after another market cell: a box keeps no order between them")
        if cell.name not in moving:
            cells.append(cell)
            continue
        ends = [which for which in (LOW, HIGH) if which in used[cell.name]]
        for which in ends:
            below = len(cells) - 1 if which == HIGH and LOW in ends else None
            cells.append(replace(cell, name=box_name(cell.name, which), at_least=below, slot=_slot(rule, cell)))
    parameters = schema.cells("parameters")
    return Schema(
        schema.rule,
        schema.shape,
        schema.money_digits,
        schema.holdings,
        (("market", tuple(cells)), ("parameters", parameters)),
        plain=schema,
    )


def box_name(cell: str, end: str) -> str:
    """Return the name of a cell's end: market.price.3 -> market.price_lo.3."""
    table, column, *places = cell.split(".")
    return ".".join([table, f"{column}_{end}", *places])


def box_table(family: Family, box: Schema, market: Table, width: Fraction) -> Table:
    """Return a box's market table: each moving value of a round's market, up to `width` of its reach to either side.

    `width` is relative, 0 to below 1: 1/100 is a price of 60,000 anywhere between 59,400 and 60,600. The funding index
    moves by the same share of the price. Ends are rounded outwards; an index ends where its schema does. Raises
    InputError when the width is out of range or an upper end does not fit its cell.
    """
    if box.plain is None or not 0 <= width < 1:
        raise InputError("a box is of a relative width from 0 to below 1", code="box")
    stored = {c.name: s - c.offset for c, s in zip(box.plain.cells("market"), market.cells, strict=True)}
    ends: dict[str, int] = {}
    for name, value in stored.items():
        table, column, *places = name.split(".")
        if column in family.box:
            reach = math.ceil(abs(stored[".".join([table, family.box[column], *places])]) * width)
            ends[box_name(name, LOW)], ends[box_name(name, HIGH)] = value - reach, value + reach
        else:
            ends[name] = value
    named = dict(zip(stored, market.labels, strict=False))
    labels = {
        name: named.get(cell, "") for cell in stored for name in (cell, box_name(cell, LOW), box_name(cell, HIGH))
    }
    cells = []
    for cell in box.cells("market"):
        if ends[cell.name] > cell.maximum:
            raise InputError(f"{cell.name} of a box that wide does not fit its cell", code="box")
        cells.append(max(cell.minimum, ends[cell.name]) + cell.offset)
    return Table("market", market.number, tuple(cells), tuple(labels[cell.name] for cell in box.cells("market")))


class BoxRule(BoundRule):
    """A family's rule over a box schema: the surplus is the worst one of all markets in the box, or a little below."""

    def __init__(self, family: Family, schema: Schema) -> None:
        """Bind the plain rule and put the box's cells in the place of its market's."""
        if schema.plain is None:
            raise RuleError("this is no box's schema")
        self.family, self.schema = family, schema
        self.inner = BoundRule(family, schema.plain)
        self.holdings, self.account = self.inner.holdings, self.inner.account
        self.tables: dict[str, TableView] = {
            "market": table_view(schema, "market", family.units),
            "parameters": self.inner.tables["parameters"],
        }

    @cached_property
    def surplus(self) -> Expression:
        """Return the surplus at the worst of the box."""
        cells, moving = self.tables["market"].cells, _moving(self.family, self.inner.schema)

        def end(cell: CellRef, which: str) -> Expression:
            return cells[box_name(cell.name, which)] if cell.name in moving else cells[cell.name]

        return worst(self.inner.surplus, moving, end)


def worst(surplus: Expression, moving: Mapping[str, CellRef], end: Callable[[CellRef, str], Expression]) -> Expression:
    """Return the surplus at its worst over the ends of the moving cells; `end` makes the cell of an end.

    Raises RuleError, naming cell and expression, where no end is known to be the worst.
    """
    box = _Box(moving, end)
    still, parts = _parts(surplus, moving)
    total = box.put(_sum_of(still, surplus.unit), {})
    for part in parts:
        total = total + box.worst(part, surplus.unit)
    slack = Constant(math.ceil(box.slack), surplus.unit)
    return total - slack if box.slack else total


class _Box:
    """Puts parts at their worst ends, counting the slack that rounding leaves."""

    def __init__(self, moving: Mapping[str, CellRef], end: Callable[[CellRef, str], Expression]) -> None:
        self.moving, self.end = moving, end
        self.slack = Fraction(0)

    def worst(self, terms: list[tuple[int, Expression]], unit: Unit) -> Expression:
        """Return a part at its worst: whole if it has a direction, else term by term."""
        whole = _sum_of(terms, unit)
        ends = self._ends(whole)
        if ends is not None:
            return self._placed(whole, ends)
        if len(terms) > 1:
            total: Expression = Constant(0, unit)
            for term in terms:
                total = total + self.worst([term], unit)
            return total
        return self._at_both_ends(whole)

    def put(self, node: Expression, ends: Ends) -> Expression:
        """Return an expression with the ends in the place of its cells."""
        return self._rebuilt(node, lambda cell: self.end(cell, ends.get(cell.name, "")))

    def _ends(self, part: Expression) -> Ends | _Signed | None:
        """Return the worst end of each moving cell, by the sign of a holding where that decides; None if unknown."""
        names = sorted(depends_on(part, self.moving))
        plain = self._directions(part, names, {})
        if plain is not None:
            self.slack += plain[1]
            return plain[0]
        for holding in {n.index: n for n in walk(part) if isinstance(n, HoldingRef) and n.interval[0] < 0}.values():
            long, short = (self._directions(part, names, {holding.index: sign}) for sign in (1, -1))
            if long is not None and short is not None:
                self.slack += max(long[1], short[1])
                return _Signed(holding, long[0], short[0])
        return None

    def _directions(self, part: Expression, names: list[str], signs: dict[int, int]) -> tuple[Ends, Fraction] | None:
        """Return each cell's worst end under given signs, and what rounding may be off by; None if one is unknown."""
        ends, slack = {}, Fraction(0)
        for name in names:
            slopes = Slopes(self.moving[name], signs)
            try:
                direction = slopes.direction(part)
            except RuleError:
                return None
            if direction is None:
                return None
            ends[name] = LOW if direction > 0 else HIGH
            slack += slopes.of(part).slack
        return ends, slack

    def _placed(self, part: Expression, ends: Ends | _Signed) -> Expression:
        if not isinstance(ends, _Signed):
            return self.put(part, ends)
        return self._split(part, ends)

    def _split(self, node: Expression, ends: _Signed) -> Expression:
        """Return the node with q·S as max(q, 0)·S(long ends) − max(−q, 0)·S(short ends), and |q|·S with a plus."""
        if not depends_on(node, self.moving):
            return node
        if isinstance(node, Product):
            for size, rest in (node.children, node.children[::-1]):
                sign = _multiple_of(size, ends.holding)
                if sign is not None:
                    up, down = Exact(Positive(ends.holding)), Exact(Positive(-ends.holding))
                    long, short = up * self.put(rest, ends.long), down * self.put(rest, ends.short)
                    return long + short if sign > 0 else long - short
        if isinstance(node, CellRef):
            raise RuleError(
                f"{node} moves within a box and its worst end hangs on {ends.holding}, which it is not multiplied by",
                hint="write the price as a factor of the size or of its absolute",
            )
        children = tuple(self._split(child, ends) for child in node.children)
        return _with_children(node, children)

    def _at_both_ends(self, part: Expression) -> Expression:
        """Return the smaller of a straight part's values at both ends of its only moving cell."""
        names = sorted(depends_on(part, self.moving))
        slopes = Slopes(self.moving[names[0]])
        slope = slopes.of(part)
        if len(names) > 1 or slope.low != slope.high:
            raise RuleError(
                f"no end of a box is known to be the worst for {part}, which moves with {', '.join(names)}",
                hint="let the rule's scenarios cover the box, or use certificates of one round (sufficiency)",
            )
        self.slack += slope.slack
        values = [self.put(part, {names[0]: which}) for which in (LOW, HIGH)]
        return Minimum((values[0], values[1]))

    def _rebuilt(self, root: Expression, leaf: Callable[[CellRef], Expression]) -> Expression:
        made: dict[int, Expression] = {}
        for node in walk(root):
            if isinstance(node, CellRef):
                made[id(node)] = leaf(node) if node.table == "market" else node
            else:
                made[id(node)] = _with_children(node, tuple(made[id(child)] for child in node.children))
        return made[id(root)]


def _multiple_of(size: Expression, holding: HoldingRef) -> int | None:
    """Return −1 for the holding itself, 1 for its absolute: how the short side adds up; None for anything else."""
    if isinstance(size, HoldingRef) and size.index == holding.index:
        return -1
    if isinstance(size, Absolute) and isinstance(size.children[0], HoldingRef):
        return 1 if size.children[0].index == holding.index else None
    return None


def _with_children(node: Expression, children: tuple[Expression, ...]) -> Expression:
    """Return the node over other children of the same units and intervals (an end has its cell's), or the node."""
    if all(new is old for new, old in zip(children, node.children, strict=True)):
        return node
    other = copy.copy(node)
    other.children = children
    return other


def _parts(
    surplus: Expression, moving: Mapping[str, CellRef]
) -> tuple[list[tuple[int, Expression]], list[list[tuple[int, Expression]]]]:
    """Return the summands without moving cells, and the others in groups that share none."""
    still: list[tuple[int, Expression]] = []
    groups: list[tuple[set[str], list[tuple[int, Expression]]]] = []
    for term in _flat(1, surplus):
        names = depends_on(term[1], moving)
        if not names:
            still.append(term)
            continue
        joined, apart = [group for group in groups if group[0] & names], [g for g in groups if not g[0] & names]
        merged = [held for group in joined for held in group[1]]
        groups = [*apart, (names.union(*(group[0] for group in joined)), [*merged, term])]
    return still, [terms for _, terms in groups]


def _flat(factor: int, node: Expression) -> list[tuple[int, Expression]]:
    if not isinstance(node, Sum):
        return [(factor, node)]
    pairs = zip(node.coefficients, node.children, strict=True)
    return [term for coefficient, child in pairs for term in _flat(factor * coefficient, child)]


def _sum_of(terms: list[tuple[int, Expression]], unit: Unit) -> Expression:
    if not terms:
        return Constant(0, unit)
    return Sum(unit, tuple(factor for factor, _ in terms), tuple(node for _, node in terms))


def _moving(family: Family, schema: Schema) -> dict[str, CellRef]:
    """Return the market cells that may move within a box. Raises RuleError when the family names none."""
    if not family.box:
        raise RuleError(
            f"the market cells of {family.name} are no prices that a box could bound: between the ends of a price"
            " range an option may be worth less than at both",
            hint="let the scenarios cover the box, or use certificates of one round (sufficiency)",
        )
    cells = table_view(schema, "market", family.units).cells
    return {name: cell for name, cell in cells.items() if name.split(".")[1] in family.box}


def _slot(rule: BoundRule, cell: Cell) -> str:
    """Return what the cell's lots are lots of, said outright: an end's name says it no more."""
    unit = rule.tables["market"].cells[cell.name].unit
    names = [base.partition(" of ")[2] for base, _ in unit.powers if " of " in base]
    return names[0] if names else cell.slot
