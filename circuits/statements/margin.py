"""The margin statements: sufficiency (surplus + credit >= 0) and shortfall (surplus + credit < 0).

`sufficiency-box` proves sufficiency at every market inside a price box: the same circuit over the rule at its worst.
Public inputs, in this order: commitment, credit, context, market cells, parameter cells. For holdings inside the
checked ranges and tables inside the schema exactly one of the two circuits is satisfiable.
"""

from __future__ import annotations

from collections.abc import Callable

from ...kernel.errors import InputError
from ..compiler.builder import Builder
from ..compiler.linear import Bound, Linear
from ..compiler.lowering import Lowering, Side
from ..compiler.range_checks import range_check
from ..gadgets.bits import offset_input, signed_input, unsigned_input
from ..model import BOX, CREDIT_BITS, STATEMENTS
from ..schema import HoldingSpec, Schema
from .commitment import constrain_commitment
from .engine import bind, money_scale

__all__ = ["SINGLES", "STATEMENTS", "build_margin", "hidden_names", "lower_margin", "public_names"]

SINGLES = ("commitment", "credit", "context")


def public_names(schema: Schema) -> tuple[str, ...]:
    """Return the public inputs in order: single inputs, then every table's cells."""
    return (*SINGLES, *(cell.name for _, cells in schema.tables for cell in cells))


def hidden_names(schema: Schema) -> tuple[str, ...]:
    """Return the hidden inputs in order: holdings, owner's public key, salt."""
    return (*(spec.name for spec in schema.holdings), "owner_key.x", "owner_key.y", "salt")


def build_margin(schema: Schema, statement: str) -> Builder:
    """Return the circuit of a margin statement. Raises RuleError when the rule cannot be lowered soundly."""
    return lower_margin(schema, statement)[0]


def lower_margin(schema: Schema, statement: str) -> tuple[Builder, Lowering]:
    """Return the circuit of a margin statement and, for trials, what each node of the rule became in it.

    Raises RuleError when the rule cannot be lowered soundly.
    """
    if statement not in (BOX,) if schema.plain else statement not in STATEMENTS:
        known = ", ".join((*STATEMENTS, BOX))
        raise InputError(f"there is no statement {statement!r} of this schema", code="unknown-statement", hint=known)
    rule = bind(schema)
    builder = Builder(public_names(schema), hidden_names(schema))

    holdings = [_holding(builder, spec) for spec in schema.holdings]
    leaves = {id(ref): bound for ref, bound in zip(rule.holdings, holdings, strict=True)}
    for name, cells in schema.tables:
        for cell, ref in zip(cells, rule.tables[name].cells.values(), strict=True):
            value = builder.public(cell.name) - Linear.constant(cell.offset)
            leaves[id(ref)] = Bound(value, cell.minimum, cell.maximum)

    constrain_commitment(builder, schema, holdings, "commitment")
    _bind_opaque(builder, "context")

    side = Side.HI if statement == "shortfall" else Side.LO
    lowering = Lowering(builder, leaves)
    surplus = lowering.bound(rule.surplus, side)
    scale, top = money_scale(schema), (1 << CREDIT_BITS) - 1
    total = surplus.linear + builder.public("credit").scaled(scale)
    low, high = surplus.low, surplus.high + scale * top
    honest_low, honest_high = rule.surplus.interval[0], rule.surplus.interval[1] + scale * top
    if side is Side.LO:
        range_check(builder, Bound(total, low, high), honest_high.bit_length(), "surplus")
    else:
        short = -total - Linear.constant(1)
        range_check(builder, Bound(short, -high - 1, -low - 1), (-honest_low - 1).bit_length(), "shortfall")
    builder.finish()
    return builder, lowering


def _holding(builder: Builder, spec: HoldingSpec) -> Bound:
    """Return a holding, range-checked: sign and magnitude where the interval is symmetric, offset form elsewhere."""
    gadget: Callable[[Builder, str, int], Bound]
    if spec.minimum == 0:
        gadget, bits = unsigned_input, spec.bits
    elif spec.minimum == -spec.maximum:
        gadget, bits = signed_input, spec.bits - 1
    else:
        gadget, bits = offset_input, spec.bits
    bound = gadget(builder, spec.name, bits)
    if (bound.low, bound.high) != (spec.minimum, spec.maximum):
        raise InputError(f"{spec.name}: the circuit's range is not the schema's", code="schema")
    return bound


def _bind_opaque(builder: Builder, name: str) -> None:
    """Bind a public input that no constraint computes with: its square is a wire. Costs 1 constraint."""
    value = builder.public(name)
    wire = builder.system.wire(f"{name}.square")
    builder.program.product(wire, value, value)
    builder.constrain(value, value, Linear.wire(wire), f"{name} is bound")
