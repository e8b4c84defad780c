"""Sums of any number of quantities."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce

from .language import MONEY, Constant, Expression

__all__ = ["add"]


def add(terms: Iterable[Expression]) -> Expression:
    """Return the sum of quantities of one dimension; none are no money."""
    listed = list(terms)
    return reduce(lambda total, term: total + term, listed) if listed else Constant(0, MONEY)
