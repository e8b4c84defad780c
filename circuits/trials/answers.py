"""What a trial answers: for each question how often it was asked and how often it went wrong, with one example."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from ..model import Shape
from ..schema import Schema
from .accounts import Case, holdings_of

__all__ = ["Answer", "Example", "Verdict", "case_document", "simpler"]


@dataclass(frozen=True)
class Example:
    """One thing that went wrong: a sentence, the line of the rule it stands at, and the account where there is one."""

    sentence: str
    where: str = ""
    case: dict[str, Any] | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the example without what is not known."""
        found = {"sentence": self.sentence, "where": self.where, "case": self.case}
        return {name: value for name, value in found.items() if value}


@dataclass(frozen=True)
class Answer:
    """The answer to one question. `statement` is empty for what is asked of the rule and not of a circuit."""

    question: str  # a stable word: complement, lying-hints, ...
    statement: str
    asked: str  # in words, what was tried
    count: int
    wrong: int = 0
    example: Example | None = None
    details: dict[str, int] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Return whether something was tried and none of it went wrong."""
        return self.count > 0 and not self.wrong

    def as_json(self) -> dict[str, Any]:
        """Return the answer as the command's document has it."""
        document: dict[str, Any] = {"question": self.question, "ok": self.ok, "asked": self.asked}
        document |= {"statement": self.statement} if self.statement else {}
        document |= {"count": self.count, "wrong": self.wrong}
        document |= {"details": self.details} if self.details else {}
        return document | ({"example": self.example.as_json()} if self.example else {})


@dataclass(frozen=True)
class Verdict:
    """All answers about one rule at one shape."""

    rule: str
    shape: Shape
    seed: int
    constraints: dict[str, int]  # by statement
    answers: tuple[Answer, ...]
    seconds: float

    @property
    def ok(self) -> bool:
        """Return whether nothing went wrong."""
        return all(answer.ok for answer in self.answers)

    def as_json(self) -> dict[str, Any]:
        """Return the verdict as the command's document has it."""
        return {
            "rule": self.rule,
            "ok": self.ok,
            "shape": self.shape.as_json(),
            "seed": self.seed,
            "constraints": self.constraints,
            "questions": [answer.as_json() for answer in self.answers],
            "seconds": round(self.seconds, 1),
        }


def case_document(schema: Schema, case: Case) -> dict[str, Any]:
    """Return an account by the names of its holdings and cells: true values, as decimal strings."""
    tables = {
        table.name: {
            cell.name.partition(".")[2]: str(stored - cell.offset)
            for cell, stored in zip(schema.cells(table.name), table.cells, strict=True)
        }
        for table in (case.market, case.parameters)
    }
    named = zip(schema.holdings, case.holdings.values, strict=True)
    holdings = {spec.name: str(value) for spec, value in named}
    return {"kind": case.kind, "holdings": holdings, **tables, "credit": str(case.credit)}


def simpler(schema: Schema, case: Case, still: Callable[[Case], Case | None]) -> Case:
    """Return a case at which the fault is still there, with as many quantities small and round as one pass finds.

    `still` returns the case it is handed, or one that differs from it in cash only, where the fault is there.
    """
    for place, value in enumerate(case.holdings.values):
        low, high = schema.holdings[place].minimum, schema.holdings[place].maximum
        for small in _small(value, low, high):
            values = list(case.holdings.values)
            values[place] = small
            found = still(replace(case, holdings=holdings_of(schema, values)))
            if found is not None:
                case = found
                break
    for name in ("market", "parameters"):
        for place, cell in enumerate(schema.cells(name)):
            table = case.market if name == "market" else case.parameters
            for small in _small(table.cells[place] - cell.offset, cell.minimum, cell.maximum):
                moved = table.replace({place: small + cell.offset})
                tried = replace(case, market=moved) if name == "market" else replace(case, parameters=moved)
                found = still(tried) if _ordered(schema, name, moved.cells) else None
                if found is not None:
                    case = found
                    break
    return still(replace(case, credit=0)) or case


def _small(value: int, low: int, high: int) -> list[int]:
    """Return simpler values than one: zero, one, a power of ten of its size."""
    digits = 10 ** (len(str(abs(value))) - 1)
    simple = [0, 1, -1, low, digits if value > 0 else -digits]
    return [small for small in dict.fromkeys(simple) if low <= small <= high and abs(small) < abs(value)]


def _ordered(schema: Schema, name: str, cells: tuple[int, ...]) -> bool:
    """Return whether a table keeps the schema's order."""
    specs = schema.cells(name)
    return all(
        spec.at_least is None or stored >= cells[spec.at_least] for spec, stored in zip(specs, cells, strict=True)
    )
