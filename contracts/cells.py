"""What the cells of a table may be, and how tables are packed.

A cell is unsigned and below 2^128, signed quantities in offset form; a packed one has as many bytes as the widest cell
of its schema needs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ..kernel.errors import InputError
from .encoding import keccak

__all__ = ["CellRules", "CellSchema", "pack_cells", "pack_moves", "table_chunks"]

_BITS = 128  # of the widest cell
_MOST_KINDS = 256
_DATA_BYTES = 24_575  # that a data contract holds
_INDEX_BYTES = 3  # of a moved cell's index
_ORDERS = {None: 0, "initial>=maintenance": 1, "initial<=maintenance": 2}


@dataclass(frozen=True)
class CellSchema:
    """What a cell may be: bounds, an earlier cell that must not be larger, and the order between margin levels.

    `minimum` and `maximum` are inclusive, as stored; `not_below` is the index of the earlier cell; `order` is None,
    "initial>=maintenance" or "initial<=maintenance".
    """

    minimum: int
    maximum: int
    not_below: int | None = None
    order: str | None = None

    def kind(self, index: int) -> tuple[int, int]:
        """Return the two words of the kind that a cell at this place is of. Raises `InputError` when it has none."""
        if not 0 <= self.minimum <= self.maximum < 1 << _BITS:
            raise InputError("a cell's bounds are not 0 <= minimum <= maximum < 2^128", code="bad-schema")
        back = 0 if self.not_below is None else index - self.not_below
        if (self.not_below is not None and not 0 < back <= index) or self.order not in _ORDERS:
            raise InputError("a cell's order cannot be written in its kind", code="bad-schema")
        return self.minimum << _BITS | self.maximum, back | _ORDERS[self.order] << 32


@dataclass(frozen=True)
class CellRules:
    """A table's schema as contracts enforce it: two words a kind of cell, and a byte a cell that names its kind."""

    kinds: tuple[int, ...]
    kind_of: bytes

    @classmethod
    def of(cls, cells: Sequence[CellSchema]) -> CellRules:
        """Return the rules of a table's cells. Raises `InputError` when they are of more kinds than a byte can name."""
        known: dict[tuple[int, int], int] = {}
        kind_of = [known.setdefault(cell.kind(index), len(known)) for index, cell in enumerate(cells)]
        if len(known) > _MOST_KINDS:
            raise InputError(f"the cells are of {len(known)} kinds, contracts know {_MOST_KINDS}", code="bad-schema")
        return cls(tuple(word for kind in known for word in kind), bytes(kind_of))

    @property
    def width(self) -> int:
        """The bytes of a packed cell."""
        widest = max((word & (1 << _BITS) - 1 for word in self.kinds[::2]), default=0)
        return max(1, (widest.bit_length() + 7) // 8)

    @property
    def hash(self) -> bytes:
        """The hash that table sources and the registry compare."""
        return keccak(b"".join(word.to_bytes(32, "big") for word in self.kinds) + self.kind_of)


def pack_cells(cells: Iterable[int], width: int) -> bytes:
    """Return cells as posted, `width` bytes each, big-endian. Raises `InputError` for a cell that does not fit."""
    listed = list(cells)
    if any(not 0 <= cell < 1 << 8 * width for cell in listed):
        raise InputError(f"a table cell does not fit {8 * width} bits", code="bad-cell")
    return b"".join(cell.to_bytes(width, "big") for cell in listed)


def pack_moves(moves: Mapping[int, int], width: int) -> bytes:
    """Return moved cells, index -> cell, as posted: by rising index. Raises `InputError` for what does not fit."""
    if any(not 0 <= index < 1 << 8 * _INDEX_BYTES for index in moves):
        raise InputError("a moved cell's index is no cell's", code="bad-cell")
    return b"".join(index.to_bytes(_INDEX_BYTES, "big") + pack_cells([moves[index]], width) for index in sorted(moves))


def table_chunks(packed: bytes, width: int) -> list[bytes]:
    """Cut a packed table into the pieces that data contracts hold, whole cells each."""
    most = _DATA_BYTES - _DATA_BYTES % width
    return [packed[start : start + most] for start in range(0, len(packed), most)]
