"""What people see of an explanation: the worst terms, the distances, the trades, what a proof shows."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from rich.console import Console
from rich.table import Table as Grid

from .disclosure import Disclosure
from .distances import Distance
from .explain import Explanation
from .quantity import rounded_decimal
from .terms import Term
from .trades import WhatIf

__all__ = ["amount", "cash", "move", "show_explanation"]


_WIDEST = 400  # characters; no table comes near


def show_explanation(console: Console, explanation: Explanation) -> None:
    """Print an explanation: totals, terms from the worst on, distances, trades, what becomes public."""
    report = explanation.report
    verdict = "is met" if report.ok else "is NOT met"
    console.print(f"The {report.margin} margin {verdict}: surplus {report.surplus:,.2f} {report.unit}")
    console.print(f"= equity {report.equity:,.2f} − requirement {report.requirement:,.2f}\n")
    _terms(console, explanation)
    _distances(console, explanation.distances, ok=report.ok)
    _what_if(console, explanation.what_if, report.margin)
    _public(console, explanation.disclosure)


def cash(value: Fraction | Decimal) -> str:
    """Return an amount of the quote to the cent, with thousands apart."""
    return f"{rounded_decimal(Fraction(value), 2):,.2f}"


def amount(value: Fraction) -> str:
    """Return a size with as many digits as it has, up to eight."""
    return f"{rounded_decimal(value, 8):,f}"


def move(value: Fraction | None) -> str:
    """Return a relative move in percent, to a hundredth."""
    return "none" if value is None else f"{rounded_decimal(value * 100, 2):+,.2f} %"


def _terms(console: Console, explanation: Explanation) -> None:
    """Print every term, what takes most from the surplus first, and the totals that they add up to."""
    worst = explanation.worst
    rest = [term for term in explanation.terms if term not in worst]
    grid = _grid("what", "holding", "eats", "equity", "requirement", "surplus", "tier", left=2)
    for term in (*worst, *rest):
        grid.add_row(
            term.kind,
            term.name if term.amount is None else f"{amount(term.amount)} {term.name}",
            cash(term.eats),
            cash(term.equity),
            cash(term.requirement),
            cash(term.surplus),
            _tier(term),
        )
    report = explanation.report
    grid.add_section()
    grid.add_row("all", "", "", cash(report.equity), cash(report.requirement), cash(report.surplus), "")
    _titled(console, "What eats the surplus (requirement and loss; haircut; debt)", grid)


def _distances(console: Console, rows: Sequence[Distance], *, ok: bool) -> None:
    if not rows:
        return
    grid = _grid("price of", "now", "a fall of", "to", "a rise of", "to", left=1)
    for row in rows:
        grid.add_row(
            f"{row.name} (asset)" if row.kind == "asset" else row.name,
            "" if row.price is None else _price(row.price),
            move(row.fall),
            _price_after(row, row.fall),
            move(row.rise),
            _price_after(row, row.rise),
        )
    title = "Distance to breach" if ok else "Distance to mending"
    _titled(console, f"{title}: the move at which the surplus is zero, all else equal", grid)


def _what_if(console: Console, rows: Sequence[WhatIf], margin: str) -> None:
    if not rows:
        return
    names = ("trade at the mark", f"{margin} surplus", "after", "initial margin", "largest buy", "largest sell")
    grid = _grid(*names, left=1)
    for row in rows:
        single = len(row.trades) == 1
        grid.add_row(
            " and ".join(f"{trade.name} {trade.size:+,f}" for trade in row.trades),
            cash(row.surplus_before),
            cash(row.surplus),
            "met" if row.allowed else f"short by {cash(-row.initial_surplus)}",
            _largest(row.largest_buy) if single else "",
            _largest(row.largest_sell) if single else "",
        )
    _titled(console, "What if (no fee; the largest sizes still meet initial margin)", grid)


def _public(console: Console, shown: Disclosure) -> None:
    """Print the public inputs in groups: they are the same for every account of the venue, but for the first three."""
    singles = [entry for entry in shown.inputs if "." not in entry.name]
    cells = [entry for entry in shown.inputs if entry.label]
    unused = len(shown.inputs) - len(singles) - len(cells)
    console.print("What becomes public if you prove this", style="bold")
    for entry in singles:
        console.print(f"  {entry.name}: {entry.meaning}", markup=False)
    for title, prefix in (("prices of the round", "market."), ("margin parameters", "parameters.")):
        names = [entry for entry in cells if entry.name.startswith(prefix)]
        console.print(f"  {len(names)} {title}, the same for every account of the venue (--json lists them)")
    if unused:
        console.print(f"  {unused} cells of unused slots", markup=False)
    console.print("  and the proof says, by being there:")
    for line in shown.says:
        console.print(f"    {line}", markup=False)
    console.print("\nWhat stays hidden", style="bold")
    for line in shown.hidden:
        console.print(f"  {line}", markup=False)


def _grid(*names: str, left: int) -> Grid:
    grid = Grid(box=None, pad_edge=False)
    for place, name in enumerate(names):
        grid.add_column(name, justify="left" if place < left else "right")
    return grid


def _titled(console: Console, title: str, grid: Grid) -> None:
    console.print(title, style="bold")
    narrow = console.width
    console.width = _WIDEST  # money is never cut to fit: the terminal may wrap the line
    console.width = max(narrow, grid.__rich_measure__(console, console.options).maximum)
    console.print(grid)
    console.width = narrow
    console.print()


def _tier(term: Term) -> str:
    if term.tier is None or term.rate is None:
        return ""
    return f"{term.tier} of {term.tiers}, {rounded_decimal(term.rate * 100, 4):f} %"


def _price(value: Fraction) -> str:
    """Return a price with six significant digits at least."""
    places = 2 if value >= 1000 else 4 if value >= 1 else 8
    return f"{rounded_decimal(value, places):,f}"


def _price_after(row: Distance, change: Fraction | None) -> str:
    return "" if row.price is None or change is None else _price(row.price * (1 + change))


def _largest(size: Fraction | None) -> str:
    return "none" if size is None else amount(size)
