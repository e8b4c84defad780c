"""How to fold a table for the least gas: from nothing or from another's point, in how many pieces, by which digits.

None of it changes the point. The registry adds one precompile product a moved cell, or cuts the cells' differences into
digits of `window` bits and adds points to buckets: dearer to begin with, cheaper a cell, the more so the smaller the
moves. The estimates here only choose; the gas itself is what the chain says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["MOST_GAS", "MOST_WINDOW", "Piece", "next_piece"]

MOST_GAS = 1 << 24
"""The most gas of a transaction (EIP-7825); half a block of 30 million."""
MOST_WINDOW = 12

# Gas, measured: of a transaction that folds nothing, of a cell that is read, of one that is folded by a product, of one
# that goes to buckets, of each of its digits, of each of the additions that empty the buckets.
_TRANSACTION, _READ, _PRODUCT, _SPLIT, _ADDED, _EMPTIED = 90_000, 35, 6_600, 200, 390, 430


@dataclass(frozen=True)
class Piece:
    """What one transaction folds: the next `cells` cells by digits of `window` bits (0: products); about its gas."""

    cells: int
    window: int
    gas: int


def next_piece(differences: Sequence[int], most_gas: int = MOST_GAS) -> Piece:
    """Return the next piece of a sum: all that is left, cut into equal pieces until one is safely below `most_gas`.

    `differences` are those of the cells not yet folded to the table the sum began from, or to zero.
    """
    pieces = 1
    while True:
        cells = -(-len(differences) // pieces)
        window, gas = _cheapest(differences[:cells])
        if gas * 5 <= most_gas * 4 or cells == 1:
            return Piece(cells, window, gas)
        pieces += 1


def _cheapest(differences: Sequence[int]) -> tuple[int, int]:
    """Return the window, 0 for products, with the least gas, and that gas."""
    moved = [abs(one) for one in differences if one]
    read = _TRANSACTION + len(differences) * _READ
    costs = {0: _PRODUCT * len(moved)}
    for window in range(1, MOST_WINDOW + 1):
        costs[window] = _by_buckets(moved, window)
    window = min(costs, key=lambda one: costs[one])
    return window, read + costs[window]


def _by_buckets(moved: Sequence[int], window: int) -> int:
    """Return about the gas of filling and emptying the buckets. Zero digits are added too, to a bucket of no weight."""
    mask, digits = (1 << window) - 1, 0
    highest = [0] * (1 + max(moved, default=0).bit_length() // window)
    filled: set[tuple[int, int]] = set()
    for value in moved:
        rest, place = value, 0
        while rest:
            digit = rest & mask
            filled.add((place, digit))
            highest[place] = max(highest[place], digit)
            digits += 1
            rest >>= window
            place += 1
    words = 2 * len(highest) << window
    memory = 6 * words + words * words // 512
    emptied = len(filled) + sum(highest) + window * len(highest)
    return _SPLIT * len(moved) + _ADDED * digits + _EMPTIED * emptied + memory
