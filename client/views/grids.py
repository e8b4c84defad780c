"""Tables and numbers as people read them on a terminal; what is rounded is rounded here and nowhere before."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from rich.console import Console
from rich.table import Table as Grid

from ..files.quantity import rounded_decimal
from ..margin.report import MarginReport

__all__ = ["amount", "cash", "fitted", "grid_of", "move", "places_of", "short", "titled"]

_WIDEST = 400  # characters; no table comes near


def places_of(report: MarginReport) -> int:
    """Return how many digits after the point a report's money is shown with: the more the smaller it is.

    Never more than the quote has.
    """
    largest = max(abs(report.equity), abs(report.requirement), abs(report.surplus))
    return min(report.decimals, 2 if largest >= 100 else 4 if largest >= 1 else 8)


def cash(value: Fraction | Decimal, places: int = 2) -> str:
    """Return an amount of the quote to so many digits after the point, with thousands apart."""
    return f"{rounded_decimal(Fraction(value), places):,.{places}f}"


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
    """Print a table under a title."""
    console.print(title, style="bold")
    fitted(console, grid)
    console.print()


def fitted(console: Console, grid: Grid) -> None:
    """Print a table as wide as it needs, or, where the terminal is narrower, each row as lines of named values.

    Neither money nor a name is ever cut or left out.
    """
    wide = console.options.update(width=_WIDEST, max_width=_WIDEST)
    if grid.__rich_measure__(console, wide).maximum <= console.width:
        console.print(grid)
        return
    titles = [str(column.header) for column in grid.columns]
    words = max(1, next((place for place, column in enumerate(grid.columns) if column.justify != "left"), len(titles)))
    for row in zip(*(column.cells for column in grid.columns), strict=True):
        cells = [str(cell).strip() for cell in row]
        console.print("  ".join(filter(None, cells[:words])))
        line = ""
        for title, cell in zip(titles[words:], cells[words:], strict=True):
            if not cell:
                continue
            entry = f"{title} {cell}"
            if line and len(line) + len(entry) + 2 > console.width:
                console.print(line)
                line = ""
            line = f"{line}  {entry}" if line else f"  {entry}"
        if line:
            console.print(line)
