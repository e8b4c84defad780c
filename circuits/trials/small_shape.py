"""A small shape for a rule that names none: the first at which its schema and its surplus can be built."""

from __future__ import annotations

from ...kernel.errors import InputError, RuleError
from ..model import Shape
from ..rules.family import BoundRule, Family
from ..schema import Schema

__all__ = ["schema_at", "small_shape"]

_SLOTS = ((2, 1, 1), (1, 1, 1), (2, 1, 0), (2, 0, 0), (1, 0, 0), (0, 2, 2), (0, 2, 0), (0, 1, 1), (4, 1, 0), (5, 1, 0))
_EACH = 2  # of every dimension that the rule names itself


class _Asking(Shape):
    """A shape that has every dimension, and remembers which of them were asked for."""

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "asked", [])

    def __getitem__(self, dimension: str) -> int:
        asked: list[str] = getattr(self, "asked")  # noqa: B009
        asked.extend([dimension] if dimension not in asked else [])
        return _EACH

    def needs(self, *dimensions: str) -> None:
        object.__setattr__(self, "asked", list(dimensions))


def small_shape(family: Family) -> Shape:
    """Return the family's `trial`, or the first small shape that works. Raises RuleError when none does."""
    if family.trial is not None:
        return family.trial
    for slots in _SLOTS:
        for tiers in (None, _EACH):
            shape = _with_dimensions(family, slots, tiers)
            if shape is not None:
                return shape
    raise RuleError(
        f"no small shape was found at which {family.name} can be built",
        hint="say one: --shape positions=2,collateral=1,debts=1, or Family(..., trial=Shape(2, 1, 1))",
    )


def schema_at(family: Family, shape: Shape) -> Schema:
    """Return the family's schema at a shape. Raises RuleError when its holdings are not those of the shape."""
    schema = family.schema_of(shape)
    wanted = 1 + shape.positions + shape.collateral + shape.debts
    if len(schema.holdings) != wanted:
        raise RuleError(
            f"the schema of {family.name} has {len(schema.holdings)} holdings, the shape {wanted}",
            hint="cash, then a size a position, an amount a collateral slot, a debt a debt slot",
        )
    return schema


def _with_dimensions(family: Family, slots: tuple[int, int, int], tiers: int | None) -> Shape | None:
    """Return the shape of these slots with the dimensions the rule asks for, None where it cannot be built."""
    asking = _Asking(*slots, tiers)
    try:
        family.schema_of(asking)
        asked: list[str] = getattr(asking, "asked")  # noqa: B009
        if "tiers" in asked:
            tiers = _EACH
        own = tuple((name, _EACH) for name in asked if name != "tiers")
        shape = Shape(*slots, tiers, own)
        _ = BoundRule(family, schema_at(family, shape)).surplus
    except (InputError, ArithmeticError, LookupError, TypeError, ValueError):
        return None
    return shape
