"""What is proven, as integers: the shape of an account, its holdings, and the public tables beside them.

Every quantity here is an integer in the unit its kind fixes: money units of 10^-k of the quote, lots, and the scales
of rates, factors and indices. Reading decimals out of files happens at the edge (`zkmargin.client`), never here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ..kernel.errors import InputError

__all__ = [
    "ASSET_BITS",
    "BOUNDARY_BITS",
    "CASH_BITS",
    "CHARGE_BITS",
    "CREDIT_BITS",
    "FACTOR_SCALE",
    "FUNDING_BITS",
    "INDEX_BITS",
    "INDEX_SCALE",
    "LEVELS",
    "MONEY_DIGITS",
    "PRICE_BITS",
    "RATE_SCALE",
    "SIZE_BITS",
    "Holdings",
    "Opening",
    "Shape",
    "Table",
]

MONEY_DIGITS = 8  # the money unit is 10^-8 of the quote asset
RATE_SCALE = 10**6
FACTOR_SCALE = 10**4
INDEX_SCALE = 10**9

SIZE_BITS = 36  # of the magnitude; the sign is one more
CASH_BITS = 62  # of the magnitude; the sign is one more
ASSET_BITS = 56
CREDIT_BITS = 62
PRICE_BITS = 28
FUNDING_BITS = 40  # the sign included
INDEX_BITS = 40
BOUNDARY_BITS = 64
CHARGE_BITS = 28
RATE_BITS = 20
FACTOR_BITS = 14

LEVELS = ("initial", "maintenance")


@dataclass(frozen=True)
class Shape:
    """The number of slots an account has: positions, collateral assets, debt assets, tiers a position.

    Collateral slot i and debt slot i are the same asset i. Raises InputError when a number is out of reach.
    """

    positions: int
    collateral: int
    debts: int
    tiers: int

    def __post_init__(self) -> None:
        """Refuse shapes that no circuit here serves."""
        for name, low, high in (
            ("positions", 0, 256),
            ("collateral", 0, 64),
            ("debts", 0, 64),
            ("tiers", 1, 16),
        ):
            value = getattr(self, name)
            if not low <= value <= high:
                raise InputError(f"the shape's {name} must be between {low} and {high}, not {value}", code="shape")
        if self.positions + self.assets == 0:
            raise InputError("a shape needs at least one slot", code="shape")

    @property
    def assets(self) -> int:
        """Return the number of listed assets: those that are collateral, debt, or both."""
        return max(self.collateral, self.debts)

    def as_json(self) -> dict[str, int]:
        """Return the shape as the parameter file writes it."""
        return {
            "positions": self.positions,
            "collateral": self.collateral,
            "debts": self.debts,
            "tiers": self.tiers,
        }


@dataclass(frozen=True)
class Holdings:
    """What an account holds, hidden from everybody else.

    `cash` in money units, signed; `sizes` in lots, signed, one a position slot; `collateral` in lots, one a collateral
    slot; `debts` in debt shares (lots at index one), one a debt slot. What is not held is zero.
    """

    cash: int
    sizes: tuple[int, ...]
    collateral: tuple[int, ...]
    debts: tuple[int, ...]

    def fit(self, shape: Shape) -> None:
        """Raise InputError when the holdings do not fit the shape or a quantity exceeds its width.

        The message names the slot, never the quantity.
        """
        wanted = (shape.positions, shape.collateral, shape.debts)
        if (len(self.sizes), len(self.collateral), len(self.debts)) != wanted:
            raise InputError("the holdings have another shape than the circuit", code="shape")
        if not -(1 << CASH_BITS) <= self.cash < 1 << CASH_BITS:
            raise InputError(f"the cash does not fit {CASH_BITS} bits of money units", code="out-of-range")
        for i, size in enumerate(self.sizes):
            if abs(size) >= 1 << SIZE_BITS:
                raise InputError(
                    f"the size in position slot {i} does not fit {SIZE_BITS} bits of lots",
                    code="out-of-range",
                )
        for word, amounts in (("collateral", self.collateral), ("debt", self.debts)):
            for i, amount in enumerate(amounts):
                if not 0 <= amount < 1 << ASSET_BITS:
                    raise InputError(
                        f"the amount in {word} slot {i} does not fit {ASSET_BITS} bits", code="out-of-range"
                    )

    @classmethod
    def empty(cls, shape: Shape) -> Holdings:
        """Return holdings of nothing."""
        return cls(0, (0,) * shape.positions, (0,) * shape.collateral, (0,) * shape.debts)


@dataclass(frozen=True, repr=False)
class Opening:
    """What opens a commitment: holdings, the owner's public key, the salt. Its repr shows nothing."""

    holdings: Holdings
    owner_key: tuple[int, int]
    salt: int

    def __repr__(self) -> str:
        """Keep secrets out of logs and tracebacks."""
        return "Opening(…)"


@dataclass(frozen=True)
class Table:
    """Public cells in schema order, in the offset form they are posted in.

    `number` is the market's round or the parameters' version; `labels` names the slot behind each cell.
    """

    name: str
    number: int
    cells: tuple[int, ...]
    labels: tuple[str, ...] = field(default=(), compare=False)

    def replace(self, changes: dict[int, int]) -> Table:
        """Return the table with some cells changed, by index."""
        cells: Sequence[int] = [changes.get(i, cell) for i, cell in enumerate(self.cells)]
        return Table(self.name, self.number, tuple(cells), self.labels)
