"""What is proven, as integers: the shape of an account, its holdings, and the public tables beside them.

Every quantity here is an integer in the unit its kind fixes: money units of 10^-k of the quote, lots, and the scales
of rates, factors and indices. Reading decimals out of files happens at the edge (`zkmargin.client`), never here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

from ..kernel.errors import InputError

__all__ = [
    "ASSET_BITS",
    "BOUNDARY_BITS",
    "BOX",
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
    "STATEMENTS",
    "Holdings",
    "Level",
    "Opening",
    "Shape",
    "StatementName",
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

Level = Literal["initial", "maintenance"]
StatementName = Literal["sufficiency", "shortfall", "sufficiency-box"]
LEVELS: tuple[Level, Level] = ("initial", "maintenance")
STATEMENTS = ("sufficiency", "shortfall")
BOX: StatementName = "sufficiency-box"  # sufficiency at every market inside a price box


@dataclass(frozen=True)
class Shape:
    """The number of slots an account has, and a rule's own dimensions.

    Collateral slot i and debt slot i are the same asset i. `tiers` is a dimension of rules with tiers; `dimensions`
    holds the others a family names (scenarios, expiries, strikes), in the family's order. Raises InputError when a
    number is out of reach.
    """

    positions: int
    collateral: int
    debts: int
    tiers: int | None = None
    dimensions: tuple[tuple[str, int], ...] = ()

    def __post_init__(self) -> None:
        """Refuse shapes that no circuit here serves."""
        limits = (("positions", 0, 256), ("collateral", 0, 64), ("debts", 0, 64))
        for name, low, high in limits:
            _between(name, getattr(self, name), low, high)
        if self.tiers is not None:
            _between("tiers", self.tiers, 1, 16)
        if not isinstance(self.dimensions, tuple) or any(
            not isinstance(one, tuple) or len(one) != 2 or not isinstance(one[0], str) for one in self.dimensions
        ):
            raise InputError("the shape's own dimensions are names with numbers", code="shape")
        for name, value in self.dimensions:
            _between(name, value, 0, 1024)
        if self.positions + self.assets == 0:
            raise InputError("a shape needs at least one slot", code="shape")

    @property
    def assets(self) -> int:
        """Return the number of listed assets: those that are collateral, debt, or both."""
        return max(self.collateral, self.debts)

    def __getitem__(self, dimension: str) -> int:
        """Return one of the rule's own dimensions. Raises InputError (code "shape") when the shape lacks it."""
        for name, value in self.dimensions:
            if name == dimension:
                return value
        raise InputError(f"the shape lacks its number of {dimension}", code="shape")

    def needs(self, *dimensions: str) -> None:
        """Raise InputError (code "shape") unless the rule's own dimensions are exactly these, in this order."""
        own = (*(("tiers",) if self.tiers is not None else ()), *(name for name, _ in self.dimensions))
        if own != dimensions:
            have, want = (", ".join(names) or "no dimensions of its own" for names in (own, dimensions))
            raise InputError(f"the shape has {have}, the rule needs {want}", code="shape")

    def as_json(self) -> dict[str, int]:
        """Return the shape as the parameter file writes it."""
        core = {"positions": self.positions, "collateral": self.collateral, "debts": self.debts}
        return core | ({} if self.tiers is None else {"tiers": self.tiers}) | dict(self.dimensions)

    @classmethod
    def of(cls, numbers: Mapping[str, int]) -> Shape:
        """Return the shape of a JSON object, `as_json` undone. Raises InputError when slots are missing."""
        core = {"positions", "collateral", "debts", "tiers"}
        if not isinstance(numbers, Mapping):
            raise InputError("a shape is numbers by their names", code="shape")
        try:
            slots = [numbers[name] for name in ("positions", "collateral", "debts")]
        except KeyError as error:
            raise InputError(f"the shape lacks its number of {error.args[0]}", code="shape") from None
        rest = tuple((name, value) for name, value in numbers.items() if name not in core)
        return cls(slots[0], slots[1], slots[2], numbers.get("tiers"), rest)


def _between(name: str, value: int, low: int, high: int) -> None:
    # A bool is an int, and equal to one: it would be hashed as `true` in the schema of the shape it equals.
    if type(value) is not int or value.bit_length() > 64:
        raise InputError(f"the shape's {name} must be a whole number from {low} to {high}", code="shape")
    if not low <= value <= high:
        raise InputError(f"the shape's {name} must be between {low} and {high}, not {value}", code="shape")


@dataclass(frozen=True)
class Holdings:
    """What an account holds, hidden from everybody else.

    `cash` in money units, signed; `sizes` in lots, signed, one a position slot; `collateral` in lots, one a collateral
    slot; `debts` in debt shares (lots at index one), one a debt slot. `entries` in money units, signed, one a position
    slot, where a rule looks at profits position by position: what the position was entered at, its whole size, less
    the funding to be received; under other rules there are none, and entry prices are in the cash. What is not held is
    zero. What fits is the schema's to say (`Schema.fit`).
    """

    cash: int
    sizes: tuple[int, ...]
    collateral: tuple[int, ...]
    debts: tuple[int, ...]
    entries: tuple[int, ...] = ()

    @property
    def values(self) -> tuple[int, ...]:
        """Return the holdings flat, in the order of the schema and of commitments."""
        return (self.cash, *self.sizes, *self.collateral, *self.debts, *self.entries)

    @classmethod
    def of(cls, shape: Shape, values: Sequence[int]) -> Holdings:
        """Return the holdings of a shape from flat values, `values` undone; entries are what the shape leaves over."""
        ends = [1, 1 + shape.positions, 1 + shape.positions + shape.collateral]
        ends.append(ends[-1] + shape.debts)
        sizes, collateral, debts = (tuple(values[start:end]) for start, end in pairwise(ends))
        return cls(values[0], sizes, collateral, debts, tuple(values[ends[-1] :]))

    @classmethod
    def empty(cls, shape: Shape) -> Holdings:
        """Return holdings of nothing, under a rule without entries; of any rule, `Schema.nothing`."""
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
