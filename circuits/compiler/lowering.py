"""The registry: one lowering function a node of the language. A test holds it to the list of nodes."""

from __future__ import annotations

from collections.abc import Mapping

from ..language.language import (
    Absolute,
    Branch,
    CellRef,
    Constant,
    Exact,
    Expression,
    HoldingRef,
    Increase,
    KthLargest,
    Maximum,
    Minimum,
    Positive,
    Product,
    Quotient,
    Remainder,
    SquareRoot,
    Sum,
    SumLargest,
)
from .arithmetic import lower_exact, lower_increase, lower_leaf, lower_product, lower_sum
from .builder import Builder
from .extremes import lower_absolute, lower_branch, lower_maximum, lower_minimum, lower_positive
from .linear import Bound
from .lowerer import Lowerer, Rule, Side
from .ranking import lower_kth_largest, lower_sum_largest
from .rounding import lower_quotient, lower_remainder, lower_square_root

__all__ = ["LOWERINGS", "Lowering", "Side"]

LOWERINGS: dict[type[Expression], Rule] = {
    Constant: lower_leaf,
    CellRef: lower_leaf,
    HoldingRef: lower_leaf,
    Sum: lower_sum,
    Product: lower_product,
    Increase: lower_increase,
    Exact: lower_exact,
    Absolute: lower_absolute,
    Positive: lower_positive,
    Minimum: lower_minimum,
    Maximum: lower_maximum,
    Branch: lower_branch,
    Quotient: lower_quotient,
    Remainder: lower_remainder,
    SquareRoot: lower_square_root,
    SumLargest: lower_sum_largest,
    KthLargest: lower_kth_largest,
}


class Lowering(Lowerer):
    """A lowerer with the language's own rules."""

    def __init__(self, builder: Builder, leaves: Mapping[int, Bound]) -> None:
        """Start with the leaves."""
        super().__init__(builder, leaves, LOWERINGS)
