"""Units: what keeps money from being added to lots, and powers of ten out of a rule's text."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["DIMENSIONLESS", "MONEY", "Unit"]


@dataclass(frozen=True)
class Unit:
    """A dimension (powers of base quantities) and decimals: an integer x stands for x·10^-decimals of it."""

    powers: tuple[tuple[str, int], ...] = ()
    decimals: int = 0

    @classmethod
    def of(cls, decimals: int = 0, **powers: int) -> Unit:
        """Return the unit with the given powers of base quantities."""
        return cls(tuple(sorted((base, power) for base, power in powers.items() if power)), decimals)

    def __mul__(self, other: Unit) -> Unit:
        """Return the unit of a product."""
        powers = dict(self.powers)
        for base, power in other.powers:
            powers[base] = powers.get(base, 0) + power
        return Unit(tuple(sorted((b, p) for b, p in powers.items() if p)), self.decimals + other.decimals)

    @property
    def inverse(self) -> Unit:
        """Return the unit of one over this one."""
        return Unit(tuple((base, -power) for base, power in self.powers), -self.decimals)

    def __str__(self) -> str:
        """Return the unit in words, e.g. `money/lot·10^-6`."""
        words = "·".join(base if power == 1 else f"{base}^{power}" for base, power in self.powers) or "number"
        return f"{words}·10^-{self.decimals}" if self.decimals else words


MONEY = Unit.of(money=1)
DIMENSIONLESS = Unit.of()
