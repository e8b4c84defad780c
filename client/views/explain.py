"""What people see of an explanation: the worst terms, the distances, the trades, what a proof shows."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from rich.console import Console

from ..files.quantity import rounded_decimal
from ..margin.disclosure import Disclosure
from ..margin.distances import Distance
from ..margin.explain import Explanation
from ..margin.report import MarginReport, at_tick
from ..margin.terms import Term
from ..margin.trades import WhatIf
from .grids import amount, cash, grid_of, move, places_of, titled
from .scenarios import show_parts, show_scenarios

__all__ = ["price_after", "show_explanation"]


def show_explanation(console: Console, explanation: Explanation) -> None:
    """Print an explanation: totals, terms from the worst on, distances, trades, what becomes public."""
    report = explanation.report
    verdict = "is met" if report.ok else "is NOT met"
    places = places_of(report)
    console.print(explanation.title)
    console.print(f"The {report.margin} margin {verdict}: surplus {cash(report.surplus, places)} {report.unit}")
    console.print(f"= equity {cash(report.equity, places)} − requirement {cash(report.requirement, places)}\n")
    show_parts(console, explanation)
    _terms(console, explanation)
    show_scenarios(console, explanation)
    _distances(console, explanation.distances, ok=report.ok)
    _what_if(console, explanation.what_if, report)
    _public(console, explanation.disclosure)


def _terms(console: Console, explanation: Explanation) -> None:
    """Print every term, what takes most from the surplus first, and the totals that they add up to."""
    worst, report = explanation.worst, explanation.report
    places = places_of(report)
    rest = [term for term in explanation.terms if term not in worst]
    grid = grid_of("what", "holding", "eats", "equity", "requirement", "surplus", "tier", left=2)
    for term in (*worst, *rest):
        grid.add_row(
            term.kind,
            term.name if term.amount is None else f"{amount(term.amount)} {term.name}",
            cash(term.eats, places),
            cash(term.equity, places),
            cash(term.requirement, places),
            cash(term.surplus, places),
            _tier(term),
        )
    totals = (cash(value, places) for value in (report.equity, report.requirement, report.surplus))
    grid.add_section()
    grid.add_row("all", "", "", *totals, "")
    titled(console, "What eats the surplus (requirement and loss; haircut; debt)", grid)


def _distances(console: Console, rows: Sequence[Distance], *, ok: bool) -> None:
    if not rows:
        return
    grid = grid_of("price of", "now", "a fall of", "to", "a rise of", "to", left=1)
    for row in rows:
        grid.add_row(
            f"{row.name} (asset)" if row.kind == "asset" else row.name,
            "" if row.price is None else _price(row.price),
            move(row.fall),
            price_after(row, row.fall, ok=ok),
            move(row.rise),
            price_after(row, row.rise, ok=ok),
        )
    title = "Distance to breach" if ok else "Distance to mending"
    titled(console, f"{title}: the move at which the surplus is zero, all else equal", grid)


def _what_if(console: Console, rows: Sequence[WhatIf], report: MarginReport) -> None:
    if not rows:
        return
    places = places_of(report)
    names = ("trade at the mark", f"{report.margin} surplus", "after", "initial margin", "largest buy", "largest sell")
    grid = grid_of(*names, left=1)
    for row in rows:
        single = len(row.trades) == 1
        grid.add_row(
            " and ".join(f"{trade.name} {trade.size:+,f}" for trade in row.trades),
            cash(row.surplus_before, places),
            cash(row.surplus, places),
            "met" if row.allowed else f"short by {cash(-row.initial_surplus, places)}",
            _largest(row.largest_buy) if single else "",
            _largest(row.largest_sell) if single else "",
        )
    titled(console, "What if (no fee; the largest sizes still meet initial margin)", grid)


def _public(console: Console, shown: Disclosure) -> None:
    """Print the public inputs in groups: they are the same for every account of the venue, but for the first three."""
    singles = [entry for entry in shown.inputs if "." not in entry.name]
    cells = [entry for entry in shown.inputs if "." in entry.name and entry.shown is not None]
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


def _tier(term: Term) -> str:
    if term.tier is None or term.rate is None:
        return ""
    return f"{term.tier} of {term.tiers}, {rounded_decimal(term.rate * 100, 4):f} %"


def _price(value: Fraction) -> str:
    """Return a price with six significant digits at least."""
    places = 2 if value >= 1000 else 4 if value >= 1 else 8
    return f"{rounded_decimal(value, places):,f}"


def price_after(row: Distance, change: Fraction | None, *, ok: bool) -> str:
    """Return the price after a move: where it has a tick, the tick next to it on the side where margin is met."""
    if row.price is None or change is None:
        return ""
    after = row.price * (1 + change)
    if row.tick is None:
        return _price(after)
    return f"{rounded_decimal(at_tick(after, row.tick, row.price, 1 if ok else -1), 18):,f}"


def _largest(size: Fraction | None) -> str:
    return "none" if size is None else amount(size)
