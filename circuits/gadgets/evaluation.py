"""Evaluation binding: y = Σ v_i·z^i, i from 1, of hidden values at a public point.

Two lists that differ agree at fewer than n + 1 of r points. So the values are bound by (z, y) only if z is fixed
after them, by a hash of what they must equal.
"""

from __future__ import annotations

from collections.abc import Sequence

from ...kernel.errors import RuleError
from ...kernel.field import R
from ..compiler.builder import Builder
from ..compiler.linear import Linear

__all__ = ["bind_evaluation", "evaluation"]


def bind_evaluation(builder: Builder, values: Sequence[Linear], z: str, y: str) -> None:
    """Constrain the public input y to be Σ values_i·z^i at the public input z, by Horner's rule.

    Does not check where z comes from: whoever can choose a value after z satisfies it with anything; nor that values
    are in any range. z = 0 binds nothing and makes y zero. Costs n constraints.
    """
    if not values:
        raise RuleError("an evaluation of no values binds nothing")
    at, result = builder.public(z), builder.public(y)
    total = values[-1]
    for number in range(len(values) - 1, 0, -1):
        wire = builder.system.wire(f"{y}.{number}")
        builder.program.product(wire, at, total)
        builder.constrain(at, total, Linear.wire(wire), "evaluation")
        total = values[number - 1] + Linear.wire(wire)
    builder.program.product(next(iter(result.terms)), at, total)
    builder.constrain(at, total, result, "evaluation")


def evaluation(values: Sequence[int], z: int) -> int:
    """Return Σ values_i·z^i modulo r, i from 1."""
    total = 0
    for value in reversed(values):
        total = (total + value) * z % R
    return total
