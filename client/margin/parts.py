"""The rule's own parts of the surplus: what a margin waterfall is made of, adding up exactly."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from ...circuits.statements.engine import Evaluation
from .terms import exact, money

__all__ = ["Part", "parts"]


@dataclass(frozen=True, repr=False)
class Part:
    """A named part of the surplus, in the quote: what it adds, or takes when negative."""

    name: str
    amount: Fraction

    def as_json(self) -> dict[str, str]:
        """Return the part as `explain --json` writes it."""
        return {"name": self.name, "amount": format(exact(self.amount), "f")}


def parts(result: Evaluation) -> tuple[Part, ...]:
    """Return the rule's parts in its own order; a credit the account has is one more. They add up to the surplus."""
    named = [Part(name, money(result, value)) for name, value in result.parts.items()]
    if result.credit:
        named.append(Part("credit", money(result, result.credit * result.scale)))
    return tuple(named)
