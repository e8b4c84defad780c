"""Tables and numbers as people read them on a terminal; what is rounded is rounded here and nowhere before."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from rich.console import Console
from rich.table import Table as Grid

from ..files.quantity import rounded_decimal

__all__ = ["amount", "cash", "grid_of", "move", "short", "titled", "wide"]

_WIDEST = 400  # characters; no table comes near


def cash(value: Fraction | Decimal) -> str:
    """Return an amount of the quote to the cent, with thousands apart."""
    return f"{rounded_decimal(Fraction(value), 2):,.2f}"


def amount(value: Fraction) -> str:
    """Return a size with as many digits as it has, up to eight."""
    return f"{rounded_decimal(value, 8):,f}"


def move(value: Fraction | None) -> str:
    """Return a relative move in percent, to a hundredth."""
    return "none" if value is None else f"{rounded_decimal(value * 100, 2):+,.2f} %"


def short(value: Fraction) -> str:
    """Return an amount in few characters: −1.25M, 310k, 4.20."""
    for size, letter in ((10**9, "B"), (10**6, "M"), (10**3, "k")):
        if abs(value) >= size:
            return f"{rounded_decimal(value / size, 1 if abs(value) >= 100 * size else 2):,f}{letter}"
    return f"{rounded_decimal(value, 2):,f}"


def grid_of(*names: str, left: int) -> Grid:
    """Return an empty table; the first `left` columns hold words, the others numbers."""
    grid = Grid(box=None, pad_edge=False)
    for place, name in enumerate(names):
        grid.add_column(name, justify="left" if place < left else "right")
    return grid


def titled(console: Console, title: str, grid: Grid) -> None:
    """Print a table under a title, as wide as it needs."""
    console.print(title, style="bold")
    wide(console, grid)
    console.print()


def wide(console: Console, grid: Grid) -> None:
    """Print a table as wide as it needs: neither money nor a name is cut to fit, the terminal may wrap the line."""
    narrow = console.width
    console.width = _WIDEST
    console.width = max(narrow, grid.__rich_measure__(console, console.options).maximum)
    console.print(grid)
    console.width = narrow
