"""Lost if these fail: a rule's author writes one thing and the circuit proves another, without a word.

The texts are pinned: an error names the sub-expression and the way out.
"""

from decimal import Decimal
from fractions import Fraction
from math import ceil, floor, trunc

import pytest

from zkmargin.circuits.compiler.builder import Builder
from zkmargin.circuits.compiler.linear import Bound, Linear
from zkmargin.circuits.compiler.lowering import LOWERINGS, Lowering, Side
from zkmargin.circuits.language import expressions, language
from zkmargin.circuits.language.language import (
    DIMENSIONLESS,
    MONEY,
    CellRef,
    Constant,
    Expression,
    HoldingRef,
    Unit,
    absolute,
    ceil_div,
    dot,
    floor_div,
    increase,
    maximum,
    minimum,
    positive,
    tiers,
)
from zkmargin.circuits.rules.family import BoundRule, Family
from zkmargin.circuits.statements.engine import bind
from zkmargin.kernel import R
from zkmargin.kernel.errors import RuleError

from ..conftest import compiled

LOT = Unit.of(lot=1)


def size(name="size.0"):
    return HoldingRef(0, name, LOT, (-15, 15))


def cash():
    return HoldingRef(1, "cash", MONEY, (-15, 15))


def price(index=0, at_least=None, low=0):
    return CellRef("market", index, f"market.price.{index}", Unit.of(money=1, lot=-1), (low, 15), at_least)


ADD = "multiply by a price or an index; a number of money units is Constant(n, MONEY)"


def refusal(action):
    with pytest.raises(RuleError) as error:
        action()
    return f"{error.value} | {error.value.hint}"


def lowered(node, side=Side.LO, low=-15):
    """Lower a node over leaves made from its references."""
    builder = Builder([], [])
    leaves = {}
    for leaf in language.walk(node):
        if isinstance(leaf, CellRef | HoldingRef):
            wire = builder.system.wire(leaf.name)
            leaves[id(leaf)] = Bound(Linear.wire(wire), *leaf.interval)
    return Lowering(builder, leaves).bound(node, side)


@pytest.mark.parametrize(
    "compare",
    [
        lambda x: x == 0,
        lambda x: x != 0,
        lambda x: x < 0,
        lambda x: x <= 0,
        lambda x: x > 0,
        lambda x: x >= 0,
        lambda x: min(x, x),
        lambda x: max(x, x),
        [cash()].index,
    ],
)
def test_a_comparison_with_a_hidden_value_is_no_silent_false(compare):
    """`size == 0` was once Python's identity: always False, so the branch of an empty slot was never taken."""
    assert refusal(lambda: compare(size())) in {
        f"{name} is hidden, so it cannot be compared while the rule is written | "
        "write positive, minimum or maximum instead"
        for name in ("size.0", "cash")
    }


@pytest.mark.parametrize("branch", [lambda x: 1 if x else 0, lambda x: x and 1, lambda x: not x, bool])
def test_an_if_on_a_hidden_value_is_refused(branch):
    assert refusal(lambda: branch(size())) == (
        "size.0 is hidden, so Python cannot branch on it | write positive, absolute, minimum, maximum or tiers instead"
    )


REFUSED = {
    "absolute(x)": [abs],
    "floor_div(x, y)": [lambda x: x // 2, lambda x: 2 // x, lambda x: x / 2, lambda x: 2 / x, lambda x: x / x],
    "remainder(x, y)": [lambda x: x % 2, lambda x: divmod(x, 2), lambda x: divmod(2, x)],
    "x * x": [lambda x: x**2, lambda x: 2**x, lambda x: pow(x, 2, 3)],
    "in_units": [int, float, round, complex, ceil, floor, trunc, range, lambda x: "ab"[x]],
    "minimum": [lambda x: max(x, x), lambda x: sorted([x, x]), lambda x: x & x, lambda x: 1 << x, lambda x: x @ x],
    "account.positions": [list, sum, len, lambda x: x[0], lambda x: [*x], lambda x: 1 in x],
    "Constant(n, unit)": [lambda x: x * 0.5, lambda x: 0.5 + x, lambda x: x - Decimal(1), lambda x: Fraction(1, 2) * x],
    "by_sign": [lambda x: x * True, lambda x: x + False],
    "`return`": [lambda x: x - None, lambda x: None + x, lambda x: x * None],
}


@pytest.mark.parametrize(("way_out", "operation"), [(way, each) for way, all_ in REFUSED.items() for each in all_])
def test_arithmetic_that_no_circuit_has_is_refused_at_once(way_out, operation):
    """A requirement taken off as None would be a requirement of nothing, in both circuits."""
    with pytest.raises(RuleError) as error:
        operation(size())
    assert way_out in error.value.hint


def test_money_is_never_added_to_lots():
    assert refusal(lambda: cash() + size()) == "cash is in money and size.0 in lot: they cannot be added | " + ADD
    assert refusal(lambda: minimum(cash(), size())) == (
        "cash is in money and size.0 in lot: they cannot be compared | None"
    )
    assert refusal(lambda: cash() + 1) == "cash is in money and 1 in number: they cannot be added | " + ADD


def test_one_slots_price_never_meets_another_slots_size():
    rule = bind(compiled("sufficiency").schema)
    first, second = rule.account.positions[:2]
    prices = rule.tables["market"].column("price")
    text = refusal(lambda: rule.account.cash + second.size * prices[first])
    assert text == (
        "cash is in money and product(size.1, market.price.0) in "
        "lot of position 0^-1·lot of position 1·money: they cannot be added | " + ADD
    )


def test_scales_are_aligned_without_the_author_writing_a_power_of_ten():
    factor = CellRef("parameters", 0, "factor", Unit.of(4), (0, 10**4))
    scaled = cash() + cash() * factor
    assert scaled.unit == Unit.of(4, money=1)
    assert scaled.coefficients == (10**4, 1)


def test_tiers_without_a_declared_order_are_refused():
    rates = [CellRef("parameters", i, f"rate.{i}", Unit.of(6), (0, 10**6)) for i in range(2)]
    amount = absolute(size()) * price()
    assert refusal(lambda: tiers(amount, rates=rates, boundaries=[cash()])) == (
        "the rule relies on rate.1 >= rate.0, which the schema does not declare | "
        "declare the order in the schema (at_least), so that whoever admits a table enforces it"
    )
    assert refusal(lambda: tiers(amount, rates=rates, boundaries=[])) == "2 rates need 1 boundaries, not 0 | None"


@pytest.mark.parametrize(
    "pair",
    [
        lambda: (price(1, at_least=2), price(0)),
        lambda: (price(0), price(1, at_least=0)),
        lambda: (price(1, at_least=0), CellRef("parameters", 0, "rate", price().unit, (0, 15))),
        lambda: (price(1, at_least=0) * 1, price(0)),
    ],
)
def test_an_increase_that_the_schema_does_not_order_is_refused(pair):
    assert "which the schema does not declare | declare the order" in refusal(lambda: increase(*pair()))


def test_a_helper_times_a_value_of_unknown_sign_is_refused():
    helper, signed_price = positive(size()), price(low=-1)
    expected = (
        "product(positive(size.0), market.price.0) multiplies a helper by a value whose sign is not enforced, so it "
        "bounds nothing | multiply by a value that is never negative: a price, a rate, a size's absolute; or take "
        "exact(helper)"
    )
    assert refusal(lambda: lowered(helper * signed_price)) == expected
    assert refusal(lambda: lowered(helper * minimum(size("size.1"), size("size.2")))).startswith(
        "product(positive(size.0), minimum(sum(size.1), sum(size.2))) multiplies a helper by a value"
    )
    assert refusal(lambda: lowered(helper * helper, Side.LO)).startswith("product(positive(size.0), positive(size.0))")
    assert lowered(helper * helper, Side.HI).low == 0
    assert lowered(helper * price()).exact is False


def test_a_quotient_by_what_may_be_zero_is_refused():
    assert refusal(lambda: floor_div(cash(), price())) == (
        "cash is divided by market.price.0, which may be zero or negative | "
        "divide by a cell whose schema has a minimum of at least one"
    )
    text = refusal(lambda: lowered(ceil_div(cash(), Constant(1, LOT) + positive(size()))))
    assert "which is only bounded on one side | divide by a cell or a holding" in text


def test_a_product_that_may_wrap_around_the_field_is_refused():
    wide = HoldingRef(0, "wide", LOT, (-(1 << 130), 1 << 130))
    assert refusal(lambda: lowered(wide * wide)) == (
        "product.0 may wrap around the field: its values span 262 bits | None"
    )
    assert refusal(lambda: lowered(wide * (R // 4))).startswith("sum(wide) may wrap around the field")


def test_dot_wants_lists_of_one_length():
    assert refusal(lambda: dot([size()], [])) == "dot needs two lists of one length, not 1 and 0 | None"
    assert refusal(lambda: dot([], [])) == "dot needs two lists of one length, not 0 and 0 | None"
    assert refusal(minimum) == "minimum and maximum need at least one piece | None"


def test_every_node_of_the_language_has_a_lowering():
    def below(kind):
        return {kind, *(deeper for child in kind.__subclasses__() for deeper in below(child))}

    abstract = {Expression, expressions._Node}
    of_the_language = {kind for kind in below(Expression) if kind.__module__.startswith("zkmargin.")}  # not of a test
    assert of_the_language - abstract == set(LOWERINGS)


def test_units_in_words():
    assert str(DIMENSIONLESS) == "number"
    assert str(Unit.of(6, money=1, lot=-2)) == "lot^-2·money·10^-6"


def test_the_surplus_must_be_money():
    rule = bind(compiled("sufficiency").schema)
    assert rule.surplus.unit.powers == MONEY.powers

    def lots(account, _market, _parameters):
        return account.positions[0].size

    family = Family("wrong", rule.family.schema_of, lots, lots, rule.family.position_requirement)
    said = refusal(lambda: BoundRule(family, rule.schema).surplus)
    assert said.startswith("the equity of wrong must be money, not lot of position 0 | multiply sizes by a price")


@pytest.mark.parametrize("extreme", [minimum, maximum])
def test_the_extreme_of_two_scales_is_not_read_at_the_coarser_one(extreme):
    """Once the pieces were scaled and the unit was not: the result, added to money, counted 10^4 times over."""
    factor = CellRef("parameters", 0, "factor", Unit.of(4), (0, 10**4))
    money = cash()
    total = extreme(money, money * factor) + money
    assert total.unit == Unit.of(4, money=1)
    value = language.evaluate(total, lambda node: 5_000 if node is factor else 6)
    assert value == {minimum: 3, maximum: 6}[extreme] * 10**4 + 6 * 10**4
