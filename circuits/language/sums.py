"""Sums of any number of quantities."""

from __future__ import annotations

from collections.abc import Iterable

from .language import MONEY, Constant, Expression

__all__ = ["add"]


def add(terms: Iterable[Expression]) -> Expression:
    """Return the sum of quantities of one dimension; none are no money.

    Halves are added, not one term after another: each addition copies what is there already.
    """
    level = list(terms)
    while len(level) > 1:
        level = [a + b for a, b in zip(level[::2], level[1::2], strict=False)] + level[len(level) & ~1 :]
    return level[0] if level else Constant(0, MONEY)
