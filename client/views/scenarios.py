"""What people see of a rule's parts and scenarios on a terminal, and of two sides beside each other."""

from __future__ import annotations

from fractions import Fraction

from rich.console import Console

from ..files.quantity import rounded_decimal
from ..margin.compare import Comparison
from ..margin.explain import Explanation
from ..margin.parts import Part
from ..margin.terms import Term
from .grids import cash, grid_of, places_of, short, titled

__all__ = ["show_comparison", "show_parts", "show_scenarios"]

_COLUMNS = 6  # holdings beside each other in a heat map of characters
_BAR = 16  # characters of the longest bar
_SHADES = " ░▒▓█"
_ROWS = 20  # holdings of a comparison, those that differ most


def show_parts(console: Console, explanation: Explanation) -> None:
    """Print the rule's parts of the surplus as a waterfall, when it has any beside equity and requirement."""
    if len(explanation.parts) <= 2:
        return
    places = places_of(explanation.report)
    grid, level = grid_of("part", "amount", "left", left=1), Fraction(0)
    for part in explanation.parts:
        if part.amount:
            level += part.amount
            grid.add_row(part.name, cash(part.amount, places), cash(level, places))
    titled(console, "What the surplus is made of, in the rule's own parts", grid)


def show_scenarios(console: Console, explanation: Explanation) -> None:
    """Print the heat map: profit in each scenario, of the account and of the holdings that matter most in the worst."""
    scenarios, worst = explanation.scenarios, explanation.scenarios.worst
    if worst is None:
        return
    moves = scenarios.kind == "moves"
    places = _shown(explanation)
    names = [scenarios.names[place] for place in places]
    gain = "change" if scenarios.measure == "surplus" else "profit"
    grid = grid_of("all prices" if moves else "scenario", "", gain, *(("surplus",) if moves else ()), *names, left=2)
    most = max(abs(row.profit) for row in scenarios.rows) or Fraction(1)
    deepest = max((abs(row.holdings[place]) for row in scenarios.rows for place in places), default=Fraction(0))
    for row in scenarios.rows:
        surplus = () if row.surplus is None else (short(row.surplus),)
        shaded = (_shaded(row.holdings[place], deepest) for place in places)
        bar = ("█" if row.profit < 0 else "░") * round(_BAR * abs(row.profit) / most)
        name = f"{row.name} ← worst" if row is worst else row.name
        grid.add_row(name, bar, short(row.profit), *surplus, *shaded)
    what = "of the surplus" if scenarios.measure == "surplus" else "in equity"
    title = (
        f"If all prices moved together: change {what}" if moves else f"Scenarios of the rule; the worst is {worst.name}"
    )
    titled(console, f"{title} (dark bars are losses; holdings alone)", grid)


def show_comparison(console: Console, compared: Comparison) -> None:
    """Print why two sides differ: totals, parts, and holdings from the largest difference on."""
    here, there = compared.here.report, compared.there.report
    digits = max(places_of(here), places_of(there))
    grid = grid_of("", *compared.names, "difference", left=1)
    for name, one, other in (
        ("equity", here.equity, there.equity),
        (f"{here.margin} margin", here.requirement, there.requirement),
        ("surplus", here.surplus, there.surplus),
    ):
        grid.add_row(name, *(cash(each, digits) for each in (one, other, Fraction(other) - Fraction(one))))
    units = here.unit if here.unit == there.unit else f"{here.unit} and {there.unit}"
    titled(console, f"One portfolio under two rules, in {units}", grid)
    if max(len(compared.here.parts), len(compared.there.parts)) > 2:
        grid = grid_of("part", *compared.names, "difference", left=1)
        for row in compared.parts:
            if row.surplus:
                grid.add_row(row.name, _part(row.here, digits), _part(row.there, digits), cash(row.surplus, digits))
        titled(console, "Part by part", grid)
    grid = grid_of("holding", "value", "requirement", "%", "value", "requirement", "%", "difference", left=1)
    rows = [row for row in compared.holdings if row.surplus]
    for row in rows[:_ROWS]:
        grid.add_row(row.name, *_term(row.here, digits), *_term(row.there, digits), cash(row.surplus, digits))
    if len(rows) > _ROWS:
        rest = sum((row.surplus for row in rows[_ROWS:]), Fraction(0))
        grid.add_row(f"{len(rows) - _ROWS} others", *[""] * 6, cash(rest, digits))
    if not rows:
        console.print("No holding differs.\n")
        return
    titled(console, f"Holding by holding: {compared.names[0]}, then {compared.names[1]}; what differs adds up", grid)


def _shown(explanation: Explanation) -> list[int]:
    """Return the places of the holdings shown: those that lose or gain most in the worst scenario."""
    worst = explanation.scenarios.worst
    if worst is None:
        return []
    ranked = sorted(range(len(worst.holdings)), key=lambda place: -abs(worst.holdings[place]))
    return sorted(ranked[:_COLUMNS])


def _shaded(value: Fraction, deepest: Fraction) -> str:
    """Return an amount with a shade that is the darker the larger it is."""
    shade = _SHADES[round((len(_SHADES) - 1) * abs(value) / deepest)] if deepest else " "
    return f"{short(value)} {shade}"


def _part(entry: Part | Term | None, places: int) -> str:
    return cash(entry.amount, places) if isinstance(entry, Part) else "none"


def _term(entry: Part | Term | None, places: int) -> tuple[str, str, str]:
    """Return value, requirement (or what a haircut takes), and that as a share of the value."""
    if not isinstance(entry, Term):
        return "none", "", ""
    takes = entry.eats if entry.kind == "collateral" else entry.requirement
    share = f"{rounded_decimal(100 * takes / entry.value, 2):.2f}" if entry.value else ""
    return cash(entry.value, places), cash(takes, places), share
