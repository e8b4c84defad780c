"""Value-at-risk over historical scenarios: the k-th largest of S losses, times a multiplier.

    requirement = weight·max(0, k-th largest loss) + Σ |size|·charge

Losses, equity, cells and charges are those of `expected_shortfall`. Venues use it, so it is here, but mind what it does
not see: how large the k − 1 worse losses are, so a book that loses a fortune in them needs nothing for it; and two
books together may need more than apart. It is neither concave nor convex, and both its circuits are dear.
"""

from __future__ import annotations

from ..language.language import Expression, kth_largest, positive
from ..model import Shape
from ..schema import Schema
from .expected_shortfall import charges, equity, losses, profits, tail, tail_schema, tail_size
from .family import Account, Family, TableView

__all__ = ["VALUE_AT_RISK"]


def requirement(account: Account, market: TableView, parameters: TableView) -> Expression:
    """Return the weighted k-th largest loss, and the charges."""
    rank, weight = tail(parameters)
    return weight * positive(kth_largest(losses(account, market), rank)) + charges(account, parameters)


def value_at_risk_schema(shape: Shape) -> Schema:
    """Return the family's schema."""
    return tail_schema("value-at-risk", shape)


VALUE_AT_RISK = Family(
    "value-at-risk",
    value_at_risk_schema,
    equity,
    requirement,
    scenarios=profits,
    trial=Shape(2, 1, 0, None, (("scenarios", 4), ("worst", 2))),
    size_of=tail_size,
)
