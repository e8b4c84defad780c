"""Accounts about which a statement is true, or false: most of them within a money unit of where that changes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from random import Random
from typing import Protocol

from ...kernel.errors import RuleError
from ..schema import Schema
from ..statements.engine import money_scale
from .accounts import Case, around_zero, corner, drawn, exactly, searched_zero

__all__ = ["Claims", "Draw"]

_MOST_TRIES = 2000


class Draw(Protocol):
    """How accounts are drawn: `trials.accounts.drawn`, or one that moves some to where a rule is special."""

    def __call__(self, schema: Schema, rng: Random, *, shrink: int | None = None, share: float = 0.25) -> Case:
        """Return a random account at random tables."""


class Claims:
    """The accounts of one statement. `down` is whether it says that the surplus is at least zero."""

    def __init__(self, schema: Schema, statement: str, draw: Draw = drawn, seed: int = 0) -> None:
        """Keep the schema the statement runs under, how its accounts are drawn, and the seed of its questions."""
        self.schema, self.statement, self.draw, self.seed = schema, statement, draw, seed
        self.down = statement != "shortfall"

    def rng(self, question: str) -> Random:
        """Return the generator of a question: the same accounts and lies each time."""
        return Random(f"{self.seed} {question} {self.schema.rule} {self.statement}")  # noqa: S311

    def true_of(self, surplus: int) -> bool:
        """Return whether the statement is true at a surplus."""
        return (surplus >= 0) is self.down

    @cached_property
    def cash_counts_in_full(self) -> bool:
        """Return whether cash adds to the surplus as it is, in all of a few accounts: then zero needs no search."""
        rng = self.rng("cash")
        cases = [corner(self.schema, rng) if i % 3 == 0 else self.draw(self.schema, rng) for i in range(12)]
        moved = [each for case in cases for each in around_zero(self.schema, case, case.surplus(self.schema))]
        return all(case.surplus(self.schema) == surplus for case, surplus in moved)

    def near_zero(self, case: Case, surplus: int) -> Iterator[tuple[Case, int]]:
        """Yield (case, surplus) with cash moved to just above and just below zero, where it can be."""
        if self.cash_counts_in_full:
            return around_zero(self.schema, case, surplus)
        return searched_zero(self.schema, case)

    def case(self, rng: Random, *, true: bool) -> Case:
        """Return a case of a true or a false claim, two times in three within a money unit of the boundary.

        Raises RuleError (code "one-sided") when of thousands of accounts none is.
        """
        for _ in range(_MOST_TRIES):
            case = self.draw(self.schema, rng)
            surplus = case.surplus(self.schema)
            cases = [(case, surplus), *self.near_zero(case, surplus)]
            found = [case for case, value in cases if self.true_of(value) is true]
            if found:
                return rng.choice(found)
        short = "short" if true is not self.down else "sufficient"
        raise RuleError(f"of {_MOST_TRIES:,} random accounts none is {short} under this rule", code="one-sided")

    def full_case(self, rng: Random) -> Case:
        """Return a true claim of an account that holds something everywhere, well inside the last check's range.

        Where the cash that takes is never within its range, a true claim of an account that holds something everywhere.
        """
        scale, cash = money_scale(self.schema), self.schema.holdings[0]
        near = None
        for _ in range(_MOST_TRIES):
            case = self.draw(self.schema, rng, shrink=8, share=0)
            surplus = case.surplus(self.schema)
            far = (1 if self.down else -1) * rng.randrange(1 << 40, 1 << 41)
            moved = case.holdings.cash - surplus // scale + far
            if cash.minimum <= moved <= cash.maximum and all(case.holdings.values):
                found = replace(case, kind="full", holdings=replace(case.holdings, cash=moved))
                if self.true_of(found.surplus(self.schema)):
                    return found
            if near is None and self.true_of(surplus):
                near = case
        return near or self.case(rng, true=True)

    def cases(self, rng: Random, count: int) -> Iterator[tuple[Case, int]]:
        """Yield at least `count` (case, surplus): random and corner ones, each again on either side of zero.

        One in fifty is also brought to a surplus of exactly -1, 0 and 1 smallest units, where one quantity does that.
        """
        made, schema = 0, self.schema
        while made < count:
            case = corner(schema, rng) if rng.random() < 0.2 else self.draw(schema, rng)
            surplus = case.surplus(schema)
            tuned = [exactly(schema, rng, case, target) for target in (-1, 0, 1)] if made % 50 == 0 else []
            exact = [(case, case.surplus(schema)) for case in tuned if case is not None]
            for each in [(case, surplus), *self.near_zero(case, surplus), *exact]:
                made += 1
                yield each
