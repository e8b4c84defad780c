"""Tables outside their schema, cell by cell: admission must refuse them, for one that passes proves anything."""

from __future__ import annotations

from collections.abc import Iterator

from ...kernel.errors import InputError
from ...kernel.field import R
from ..model import Table
from ..schema import Schema

__all__ = ["accepts", "loosened", "violations"]


def violations(schema: Schema, table: Table) -> Iterator[tuple[int, int]]:
    """Yield (cell, stored) outside the cell's width, range, sign or order, the table's other cells as they are."""
    for place, cell in enumerate(schema.cells(table.name)):
        low, high = cell.minimum + cell.offset, cell.maximum + cell.offset
        outside = {low - 1, high + 1, -1, R - 1, R, R + table.cells[place], R - (1 << 20), 1 << cell.bits, 1 << 253}
        if cell.minimum > 0:
            outside |= {0, 1, cell.minimum - 1}
        yield from ((place, stored) for stored in outside if not low <= stored <= high or stored >> cell.bits)
        if cell.at_least is not None:
            yield place, table.cells[cell.at_least] - 1


def loosened(schema: Schema, table: Table) -> Iterator[tuple[int, Table]]:
    """Yield (cell, initial table) where one cell of initial margin is looser than the maintenance table given."""
    for place, cell in enumerate(schema.cells(table.name)):
        step = {"initial>=maintenance": -1, "initial<=maintenance": 1}.get(cell.levels)
        if step is not None:
            yield place, table.replace({place: table.cells[place] + step})


def accepts(schema: Schema, table: Table, *, maintenance: Table | None = None) -> bool:
    """Return whether the schema takes a table, or takes it as the initial one beside a maintenance table."""
    try:
        if maintenance is None:
            schema.check_table(table)
        else:
            schema.check_levels(table, maintenance)
    except InputError:
        return False
    return True
