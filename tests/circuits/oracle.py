"""The venues' formulas once more, in fractions and with deductions, written from the formulas and not from the code.

equity      = cash + Σ size·(mark − funding) + Σ collateral·price·threshold − Σ debt·index·price
requirement = Σ |size|·charge + Σ max over tiers of (rate_k·N − deduction_k)
deduction_k = deduction_{k−1} + lower_k·(rate_k − rate_{k−1}), deduction_0 = 0
"""

from fractions import Fraction


def decoded(schema, table):
    """Return the table's values by name, offsets taken off."""
    return {c.name: stored - c.offset for c, stored in zip(schema.cells(table.name), table.cells, strict=True)}


def surplus(schema, case):
    """Return the surplus with credit, in money units, as a fraction."""
    m, p = decoded(schema, case.market), decoded(schema, case.parameters)
    total = Fraction(case.holdings.cash + case.credit)
    for i, size in enumerate(case.holdings.sizes):
        total += size * (m[f"market.price.{i}"] - m[f"market.funding.{i}"])
        notional = abs(size) * m[f"market.price.{i}"]
        deduction, best = Fraction(0), Fraction(0)
        for k in range(schema.shape.tiers):
            rate = Fraction(p[f"parameters.rate.{i}.{k}"], 1_000_000)
            if k:
                step = rate - Fraction(p[f"parameters.rate.{i}.{k - 1}"], 1_000_000)
                deduction += p[f"parameters.boundary.{i}.{k}"] * step
            best = max(best, rate * notional - deduction)
        total -= best + abs(size) * p[f"parameters.charge.{i}"]
    for i, amount in enumerate(case.holdings.collateral):
        total += amount * m[f"market.asset_price.{i}"] * Fraction(p[f"parameters.factor.{i}"], 10_000)
    for i, shares in enumerate(case.holdings.debts):
        total -= shares * Fraction(m[f"market.borrow_index.{i}"], 10**9) * m[f"market.asset_price.{i}"]
    return total
