"""Linear combinations of wires, and what is known of their value."""

from __future__ import annotations

from dataclasses import dataclass

from ...kernel.field import R

__all__ = ["ONE", "Bound", "Linear"]

ONE = 0  # the wire that is always 1


class Linear:
    """Σ coefficient·wire over the integers; reduced modulo the field only when a row is written.

    Negative wires stand for the hidden inputs of the witness program (input k is wire -1-k) and may stand in hints,
    never in constraints.
    """

    __slots__ = ("terms",)

    def __init__(self, terms: dict[int, int] | None = None) -> None:
        """Keep the terms, a wire's coefficient by its number."""
        self.terms = {} if terms is None else terms

    @classmethod
    def constant(cls, value: int) -> Linear:
        """Return a constant."""
        return cls({ONE: value} if value else {})

    @classmethod
    def wire(cls, number: int) -> Linear:
        """Return one wire."""
        return cls({number: 1})

    @classmethod
    def weighted_bits(cls, first: int, count: int) -> Linear:
        """Return Σ 2^i·wire_{first+i}: the number whose bits stand at consecutive wires, low bit first."""
        return cls({first + i: 1 << i for i in range(count)})

    @classmethod
    def sum(cls, parts: list[tuple[int, Linear]]) -> Linear:
        """Return Σ factor·part."""
        terms: dict[int, int] = {}
        for factor, part in parts:
            for wire, coefficient in part.terms.items():
                terms[wire] = terms.get(wire, 0) + factor * coefficient
        return cls({wire: value for wire, value in terms.items() if value})

    def __add__(self, other: Linear) -> Linear:
        """Return the sum."""
        return Linear.sum([(1, self), (1, other)])

    def __sub__(self, other: Linear) -> Linear:
        """Return the difference."""
        return Linear.sum([(1, self), (-1, other)])

    def __neg__(self) -> Linear:
        """Return the opposite."""
        return self.scaled(-1)

    def scaled(self, factor: int) -> Linear:
        """Return factor·self."""
        return Linear({wire: factor * value for wire, value in self.terms.items()} if factor else {})

    def halved(self) -> Linear:
        """Return self/2 in the field. Only for values the caller knows to be even integers.

        Halves are taken between −r/2 and r/2, so that a half and its opposite cancel as integers.
        """
        half = (R + 1) // 2
        halves = {wire: value * half % R for wire, value in self.terms.items()}
        return Linear({wire: value - R if value > R // 2 else value for wire, value in halves.items()})


@dataclass(frozen=True)
class Bound:
    """A value in a circuit: a linear combination, the interval its own constraints imply, and whether it is exact.

    An inexact value bounds the true one on one side only. `magnitude` is |value| and `sign` is 1 where it is negative,
    either at zero, when a gadget has already made them.
    """

    linear: Linear
    low: int
    high: int
    exact: bool = True
    magnitude: Linear | None = None
    sign: Linear | None = None
