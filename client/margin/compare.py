"""Why two venues, or two rules, ask different margin of one book: the difference holding by holding and part by part.

Both sides are the margin engine's exact answers about the same portfolio, each at its own prices and parameters. The
holdings' differences add up to the difference of the surplus, and so do the parts'.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from ..files.models import Parameters
from ..files.portfolio import Portfolio
from ..files.quantity import rounded_decimal
from .explain import Explanation
from .parts import Part
from .terms import Term

__all__ = ["Comparison", "Difference", "compare", "renamed"]

_PLACES = 18
_NOTHING = Fraction(0)


@dataclass(frozen=True, repr=False)
class Difference:
    """One holding or part on both sides, in each side's quote; `here` or `there` is None where a side has none."""

    kind: str
    name: str
    here: Term | Part | None
    there: Term | Part | None

    @property
    def surplus(self) -> Fraction:
        """Return what it adds to the surplus there beyond what it adds here."""
        return _adds(self.there) - _adds(self.here)

    def as_json(self) -> dict[str, Any]:
        """Return the difference as `explain --json` writes it: money to eighteen places."""
        return {
            "kind": self.kind,
            "name": self.name,
            "here": _side(self.here),
            "there": _side(self.there),
            "difference": _text(self.surplus),
        }


@dataclass(frozen=True, repr=False)
class Comparison:
    """Two explanations of one portfolio; differences are there − here, the largest first."""

    here: Explanation
    there: Explanation
    names: tuple[str, str]
    holdings: tuple[Difference, ...]
    parts: tuple[Difference, ...]

    @property
    def surplus(self) -> Fraction:
        """Return the surplus there less the surplus here."""
        return Fraction(self.there.report.surplus) - Fraction(self.here.report.surplus)

    def as_json(self) -> dict[str, Any]:
        """Return the comparison as `explain --json` writes it, under `compare`."""
        report = self.there.report.as_json()
        return {
            "names": list(self.names),
            "there": {key: report[key] for key in ("ok", "rule", "unit", "equity", "requirement", "surplus", "tables")},
            "difference": _text(self.surplus),
            "holdings": [row.as_json() for row in self.holdings],
            "parts": [row.as_json() for row in self.parts],
        }


def compare(
    here: Explanation, there: Explanation, parameters: tuple[Parameters, Parameters], names: Mapping[str, str]
) -> Comparison:
    """Return the comparison of two explanations; `names` says what a name here is called there."""
    holdings = _joined(
        [((term.kind, names.get(term.name, term.name)), term.name, term) for term in here.terms],
        [((term.kind, term.name), term.name, term) for term in there.terms],
    )
    parts = _joined(
        [(("part", part.name), part.name, part) for part in here.parts],
        [(("part", part.name), part.name, part) for part in there.parts],
    )
    titles = tuple(f"{each.venue} ({each.rule})" for each in parameters)
    return Comparison(here, there, (titles[0], titles[1]), holdings, parts)


def renamed(portfolio: Portfolio, names: Mapping[str, str]) -> Portfolio:
    """Return a portfolio with other names, as the other side's parameters list them."""

    def rename(rows: Sequence[Any]) -> tuple[Any, ...]:
        return tuple(replace(row, name=names.get(row.name, row.name)) for row in rows)

    return replace(
        portfolio,
        collateral=rename(portfolio.collateral),
        debt=rename(portfolio.debt),
        positions=rename(portfolio.positions),
        quote=None,
    )


def _joined(
    here: Sequence[tuple[tuple[str, str], str, Term | Part]], there: Sequence[tuple[tuple[str, str], str, Term | Part]]
) -> tuple[Difference, ...]:
    """Return both sides by key, the largest difference first."""
    others = {key: entry for key, _, entry in there}
    rows = [Difference(key[0], name, entry, others.pop(key, None)) for key, name, entry in here]
    rows += [Difference(key[0], name, None, entry) for key, name, entry in there if key in others]
    return tuple(sorted(rows, key=lambda row: -abs(row.surplus)))


def _adds(entry: Term | Part | None) -> Fraction:
    if entry is None:
        return _NOTHING
    return entry.amount if isinstance(entry, Part) else entry.surplus


def _side(entry: Term | Part | None) -> Any:  # noqa: ANN401
    return None if entry is None else entry.as_json()


def _text(value: Fraction) -> str:
    return format(rounded_decimal(value, _PLACES), "f")
