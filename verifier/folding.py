"""Folded points: the share of a verifying equation's input sum that one table accounts for, the same for every proof.

Contracts sum them from admitted cells and store abscissa and parity; whoever makes a proof hints the ordinate, which
this computes. A folded point is as powerful as the key: it is never read from anywhere but the cells themselves.
"""

from __future__ import annotations

from ..circuits.model import Table
from ..circuits.statements.margin import SINGLES
from ..kernel import G1, msm_g1
from .keys import CircuitKey

__all__ = ["folded_point"]


def folded_point(key: CircuitKey, table: Table) -> G1 | None:
    """Return Σ cell_j·IC_j over a table's cells, None for the point at infinity; parameters start from IC_0.

    Raises InputError when the table is outside the circuit's schema.
    """
    schema = key.manifest.schema
    schema.check_table(table)
    first = 1 + len(SINGLES)
    for name, cells in schema.tables:
        if name == table.name:
            break
        first += len(cells)
    points = list(key.verifying_key.ic[first : first + len(table.cells)])
    scalars = list(table.cells)
    if table.name == "parameters":
        points.append(key.verifying_key.ic[0])
        scalars.append(1)
    return msm_g1(points, scalars)
