"""Why an account's margin is what it is: terms, parts, scenarios, distances to breach, trades, what a proof shows.

Every number is exact; what is rounded to be read is rounded in the view, never here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ...circuits.model import Holdings
from ...circuits.statements.engine import evaluate
from ...verifier.notebook import facts
from ..files.models import Market, Parameters
from ..files.portfolio import Portfolio
from ..files.tables import Tables
from .disclosure import Disclosure, disclosure
from .distances import Distance, distances
from .parts import Part, parts
from .report import MarginReport, margin_report
from .scenarios import Scenarios, scenarios
from .terms import Term, terms
from .trades import WhatIf, parse_trade, what_if

__all__ = ["Explanation", "explain"]


@dataclass(frozen=True, repr=False)
class Explanation:
    """An account explained.

    `terms`, in slot order, add up exactly to the report's totals, and `parts`, in the rule's order, to its surplus.
    `account` is empty where nothing names it: an opening does not.
    """

    report: MarginReport
    terms: tuple[Term, ...]
    parts: tuple[Part, ...]
    scenarios: Scenarios
    distances: tuple[Distance, ...]
    what_if: tuple[WhatIf, ...]
    disclosure: Disclosure
    account: str = ""
    venue: str = ""
    round: int | None = None

    @property
    def title(self) -> str:
        """Return whose margin this is: account, venue and round."""
        return ", ".join([*([self.account] if self.account else []), self.venue, f"round {self.round}"])

    def __repr__(self) -> str:
        """Say whether margin is met, and no amount."""
        report = self.report
        return f"Explanation({report.rule}, {report.margin}: {'met' if report.ok else 'not met'})"

    def _repr_html_(self) -> str:
        """Show what `__repr__` says, and the tables it was said of."""
        report = self.report
        answer = "met" if report.ok else "not met"
        return facts("explanation", {"rule": report.rule, "margin": report.margin, "answer": answer, **report.tables})

    @property
    def worst(self) -> tuple[Term, ...]:
        """Return the terms that take something from the surplus, the largest first."""
        return tuple(sorted((term for term in self.terms if term.eats > 0), key=lambda term: -term.eats))

    def as_json(self) -> dict[str, Any]:
        """Return the document of `explain --json`, without the schema's optional picture."""
        report = self.report.as_json()
        return {
            "schema": "zkmargin/explain/1",
            **{key: report[key] for key in ("ok", "rule", "margin", "unit", "equity", "requirement", "surplus")},
            "surplus_units": report["surplus_units"],
            "tables": report["tables"],
            "terms": [term.as_json() for term in self.terms],
            "worst": [{"kind": term.kind, "name": term.name} for term in self.worst],
            "parts": [part.as_json() for part in self.parts],
            "scenarios": self.scenarios.as_json(),
            "distances": [distance.as_json() for distance in self.distances],
            "what_if": [answer.as_json() for answer in self.what_if],
            "public": self.disclosure.as_json(),
        }


def explain(
    parameters: Parameters,
    tables: Tables,
    holdings: Holdings,
    *,
    margin: str = "maintenance",
    portfolio: Portfolio | None = None,
    trades: Sequence[str] = (),
    market: Market | None = None,
) -> Explanation:
    """Return the explanation of holdings under one level's parameters.

    With the portfolio, profit is measured from its entry prices. `trades` are texts such as "ETH-PERP +5". `market` is
    what the tables were made of: rules that reprice options need it for their distances. Raises InputError for a trade
    that cannot be made and for a level that does not exist.
    """
    report = margin_report(parameters, tables, holdings, margin=margin, portfolio=portfolio)
    result = evaluate(tables.schema, holdings, tables.market, tables.parameters(margin))
    asked = tuple(parse_trade(text, parameters) for text in trades)
    return Explanation(
        report,
        terms(parameters, result, portfolio),
        parts(result),
        scenarios(parameters, result, market),
        distances(parameters, result, market),
        what_if(parameters, tables, holdings, margin, asked),
        disclosure(parameters, tables, margin, met=report.ok),
        account=portfolio.account if portfolio else "",
        venue=parameters.venue,
        round=tables.market.number,
    )
