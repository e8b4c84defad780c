"""Why a witness fails: the first broken constraint, as a rule's author reads it.

It shows values of the witness, so it is for authors and tests: nothing on the proving path calls it.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from ..kernel.combinations import Pool
from ..kernel.field import R
from .build import CompiledCircuit
from .compiler.system import Source
from .model import MONEY_DIGITS

__all__ = ["explain_unsatisfied"]


def explain_unsatisfied(compiled: CompiledCircuit, witness: Sequence[int]) -> str | None:
    """Return a sentence about the first row a witness breaks, None when it satisfies them all.

    It says the rule, the line, the cause, and both sides: in money where the line's quantity is money.
    """
    system = compiled.system
    number = next(system.unsatisfied(witness), None)
    if number is None:
        return None
    source = system.row_source(number)
    left, right, result = (_signed(pool, number, witness) for pool in (system.a, system.b, system.c))
    if system.b.terms(number) == {0: 1}:  # a linear row: its left factor is a difference that must vanish
        positive, negative = _sides(system.a, number, witness)
        shown = f"{_money(positive, source)} is not {_money(negative, source)}"
    else:
        shown = f"{left} · {right} is not {result}"
    place = source.where or "the statement itself"
    return f"{compiled.schema.rule}, {place}: {system.cause(number)} (constraint {number}): {shown}"


def _sides(pool: Pool, number: int, witness: Sequence[int]) -> tuple[int, int]:
    """Return the sums of a combination's positive and of its negative terms."""
    sums = [0, 0]
    for wire, coefficient in pool.terms(number).items():
        value = coefficient - R if coefficient > R // 2 else coefficient
        held = witness[wire] - R if witness[wire] > R // 2 else witness[wire]
        sums[value < 0] += abs(value) * held
    return sums[0], sums[1]


def _signed(pool: Pool, number: int, witness: Sequence[int]) -> int:
    value = pool.dot(number, witness)
    return value - R if value > R // 2 else value


def _money(value: int, source: Source) -> str:
    if source.unit != "money":
        return str(value)
    return f"{Decimal(value).scaleb(-MONEY_DIGITS - source.decimals):f}"
