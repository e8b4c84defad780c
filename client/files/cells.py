"""A table being filled: values from files, rounded once into cells by name, everything else as if not listed.

Tables are public, so what is finer than its cell is rounded here and the table is then the truth: prices and indices
to the nearest (ties to even), rates and charges up, factors down (a rule's module says which of its cells is which).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from functools import cache

from ...circuits.model import MONEY_DIGITS, Table
from ...circuits.schema import Cell, Schema
from ...kernel.errors import FileError

__all__ = ["Cells", "money_units", "unit_scale"]


class Cells:
    """The cells of one table, filled by name. A cell never filled has its empty slot's value and no label.

    Values are in the quote or plain numbers, and are scaled by the cell's unit; where the unit is a lot's, `lot` is
    the lot's size. Everything raises FileError (code "out-of-range") when a value does not fit its cell.
    """

    def __init__(self, schema: Schema, table: str) -> None:
        """Start with an unlisted slot's values: what the schema calls empty, else zero or the least there is."""
        self._specs = schema.cells(table)
        self._places = {cell.name: place for place, cell in enumerate(self._specs)}
        self._values = [max(cell.minimum, 0) if cell.empty is None else cell.empty for cell in self._specs]
        self._labels = [""] * len(self._specs)
        self._digits = schema.money_digits
        self._name = table

    def __contains__(self, cell: str) -> bool:
        """Whether the table has a cell of that name."""
        return cell in self._places

    def spec(self, cell: str) -> Cell:
        """Return a cell's schema."""
        return self._specs[self._places[cell]]

    def nearest(self, cell: str, value: Decimal | Fraction, label: str, lot: Decimal | Fraction | int = 1) -> None:
        """Put a price or an index: to the nearest, ties to even."""
        self.put(cell, round(self._scaled(cell, value, lot)), label)

    def up(self, cell: str, value: Decimal | Fraction, label: str, lot: Decimal | Fraction | int = 1) -> None:
        """Put a rate, a charge, anything that protects by being large."""
        self.put(cell, math.ceil(self._scaled(cell, value, lot)), label)

    def down(self, cell: str, value: Decimal | Fraction, label: str, lot: Decimal | Fraction | int = 1) -> None:
        """Put a factor, a boundary, anything that protects by being small."""
        self.put(cell, math.floor(self._scaled(cell, value, lot)), label)

    def price(self, cell: str, value: Decimal | Fraction, label: str, lot: Decimal | Fraction) -> None:
        """Put a price that may not vanish: zero would mean that nothing is listed."""
        self.nearest(cell, value, label, lot)
        if self._values[self._places[cell]] == 0:
            raise FileError(
                f"the price of {label} is below half a money unit a lot: its size_step is too small",
                code="out-of-range",
            )

    def put(self, cell: str, value: int, label: str) -> None:
        """Put a value in the cell's own unit."""
        self.row(cell, (value,), label)

    def row(self, cell: str, values: Sequence[int], label: str) -> None:
        """Put values in their cells' own unit into consecutive cells, the first of them named."""
        first = self._places[cell]
        for place, value in enumerate(values, first):
            spec = self._specs[place]
            if not spec.minimum <= value <= spec.maximum:
                raise FileError(
                    f"{spec.name}{f' of {label}' if label else ''} does not fit its cell of {_wide(spec)}",
                    code="out-of-range",
                    hint="a smaller size_step makes prices a lot smaller" if spec.unit == "money/lot" else None,
                )
        self._values[first : first + len(values)] = values
        self._labels[first : first + len(values)] = [label] * len(values)

    def table(self, number: int) -> Table:
        """Return the table, in the offset form it is posted in; `number` is its round or version."""
        stored = tuple(value + spec.offset for value, spec in zip(self._values, self._specs, strict=True))
        return Table(self._name, number, stored, tuple(self._labels))

    def _scaled(self, cell: str, value: Decimal | Fraction, lot: Decimal | Fraction | int) -> Fraction:
        return Fraction(value) * Fraction(lot) * unit_scale(self.spec(cell).unit, self._digits)


def _wide(spec: Cell) -> str:
    return f"{spec.bits} bits of {spec.unit}" if spec.unit else f"{spec.bits} bits"


def money_units(schema: Schema) -> int:
    """Return how many money units one unit of the quote is."""
    return int(10**schema.money_digits)


@cache
def unit_scale(unit: str, money_digits: int = MONEY_DIGITS) -> Fraction:
    """Return how many of a unit one of the quote (or of a plain number) is: 10^8 for "money", 10^6 for "1e-6"."""
    places, text = 0, unit
    if text.startswith("1e-"):
        digits, _, text = text.removeprefix("1e-").partition(" ")
        places = int(digits)
    above, _, below = text.partition("/")
    powers = above.split("·").count("money") - below.split("·").count("money")
    return Fraction(10) ** (places + powers * money_digits)
