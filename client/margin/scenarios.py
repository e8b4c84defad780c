"""What an account gains or loses in each scenario, as a whole and by holding: the figures of the heat map.

Rules that have scenarios are asked for their own. For all others the scenarios are moves of all prices together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from typing import Any

from ...circuits.model import Holdings
from ...circuits.statements.engine import Evaluation, bind
from ...kernel.errors import FileError
from ..files.models import Market, Parameters
from ..files.quantity import rounded_decimal
from ..files.rule_files import family_files
from .shocked import Moves
from .terms import money

__all__ = ["MOVES", "SHOWN", "Scenario", "Scenarios", "scenarios"]

MOVES = (-50, -30, -20, -10, -5, 5, 10, 20, 30, 50)
"""Percent that all prices move by, where a rule has no scenarios of its own."""

SHOWN = 8
"""Holdings shown apart; the rest of an account is one column."""

_PLACES = 12


@dataclass(frozen=True, repr=False)
class Scenario:
    """One scenario: the account's profit in the quote, and each shown holding's, alone.

    `surplus` is what would be left at the moved prices, None where the rule's scenarios are part of the requirement.
    """

    name: str
    profit: Fraction
    holdings: tuple[Fraction, ...]
    surplus: Fraction | None = None


@dataclass(frozen=True, repr=False)
class Scenarios:
    """The scenarios of an account, in the rule's order: `kind` is "rule" or "moves", `names` the holdings shown.

    `measure` says what profit is of: the "rule" itself, the "equity", or the "surplus" where a rule margins holdings
    together and so may keep value in its requirement (the mark of an option, a debt).

    Holdings are those that matter most in the worst scenario. What they leave of the account's profit is that of the
    other holdings and of what is held together (a discount by sign, an offset).
    """

    kind: str
    measure: str
    names: tuple[str, ...]
    rows: tuple[Scenario, ...]

    @property
    def worst(self) -> Scenario | None:
        """Return the scenario with the least profit, None without any."""
        return min(self.rows, key=lambda row: row.profit) if self.rows else None

    def as_json(self) -> dict[str, Any]:
        """Return the scenarios as `explain --json` writes them: money to twelve places."""
        return {
            "kind": self.kind,
            "measure": self.measure,
            "worst": None if self.worst is None else self.worst.name,
            "rows": [
                {
                    "name": row.name,
                    "profit": _text(row.profit),
                    "surplus": None if row.surplus is None else _text(row.surplus),
                    "holdings": dict(zip(self.names, map(_text, row.holdings), strict=True)),
                }
                for row in self.rows
            ],
        }


def scenarios(parameters: Parameters, result: Evaluation, market: Market | None = None) -> Scenarios:
    """Return the account's scenarios. `market` is needed where a rule's table is worked out of prices."""
    held = _held(parameters, result)
    if not held:
        return Scenarios("moves", "equity", (), ())
    if bind(result.schema).scenarios:
        return _of_rule(parameters, result, held)
    return _of_moves(Moves(parameters, result, market), held)


def _of_rule(parameters: Parameters, result: Evaluation, held: Sequence[tuple[str, Holdings]]) -> Scenarios:
    values = {name: money(result, profit) for name, profit in result.scenarios.items()}
    worst = min(values, key=lambda name: values[name])
    shown = _largest(held, lambda alone: money(result, replace(result, holdings=alone).scenario(worst)))
    parts = [replace(result, holdings=alone, credit=0).scenarios for _, alone in shown]
    titles = family_files(parameters.rule).scenario_names
    names = dict(zip(values, titles(parameters), strict=False)) if titles else {}
    rows = tuple(
        Scenario(names.get(name, name), profit, tuple(money(result, part[name]) for part in parts))
        for name, profit in values.items()
    )
    return Scenarios("rule", "rule", tuple(name for name, _ in shown), rows)


def _of_moves(moves: Moves, held: Sequence[tuple[str, Holdings]]) -> Scenarios:
    prices, now = moves.prices, moves.result
    at = {}
    for percent in MOVES if prices else ():
        try:
            at[percent] = moves.at(prices, 1 + Fraction(percent, 100))
        except FileError:
            continue  # a price that no cell can say is no scenario

    measure = "equity" if family_files(now.schema.rule).separable else "surplus"

    def worth(there: Evaluation, holdings: Holdings) -> Fraction:
        alone = replace(there, holdings=holdings, credit=0)
        return money(there, alone.equity if measure == "equity" else alone.surplus)

    @cache
    def before(holdings: Holdings) -> Fraction:
        return worth(now, holdings)

    def profit(there: Evaluation, holdings: Holdings) -> Fraction:
        return worth(there, holdings) - before(holdings)

    if not at:
        return Scenarios("moves", measure, (), ())
    worst = min(at.values(), key=lambda there: profit(there, now.holdings))
    shown = _largest(held, lambda alone: profit(worst, alone))
    rows = tuple(
        Scenario(
            f"{percent:+d} %",
            profit(there, now.holdings),
            tuple(profit(there, alone) for _, alone in shown),
            money(now, there.surplus),
        )
        for percent, there in at.items()
    )
    return Scenarios("moves", measure, tuple(name for name, _ in shown), rows)


def _largest(
    held: Sequence[tuple[str, Holdings]], profit: Callable[[Holdings], Fraction]
) -> list[tuple[str, Holdings]]:
    """Return the holdings that move most, in their order."""
    if len(held) <= SHOWN:
        return list(held)
    sizes = {name: abs(profit(alone)) for name, alone in held}
    keep = sorted(sizes, key=lambda name: -sizes[name])[:SHOWN]
    return [(name, alone) for name, alone in held if name in keep]


def _held(parameters: Parameters, result: Evaluation) -> list[tuple[str, Holdings]]:
    """Return each holding by name, as an account that holds nothing else."""
    holdings, nothing = result.holdings, result.schema.nothing
    rows = [
        (
            listing.name,
            replace(nothing, sizes=_only(holdings.sizes, slot), entries=_only(holdings.entries, slot)),
        )
        for slot, listing in parameters.listed.items()
        if holdings.sizes[slot]
    ]
    for slot, asset in enumerate(parameters.assets):
        collateral, debts = _only(holdings.collateral, slot), _only(holdings.debts, slot)
        if asset.name != parameters.quote.asset and (any(collateral) or any(debts)):
            rows.append((f"{asset.name} (asset)", replace(nothing, collateral=collateral, debts=debts)))
    return rows


def _only(amounts: tuple[int, ...], slot: int) -> tuple[int, ...]:
    return tuple(amount if place == slot else 0 for place, amount in enumerate(amounts))


def _text(value: Fraction) -> str:
    return format(rounded_decimal(value, _PLACES), "f")
