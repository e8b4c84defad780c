"""Lost if these fail: a rule's author slips, both circuits compile all the same, and a requirement is gone.

Each slip is a RuleError at the line where it was written, and says the way out.
"""

import inspect
from dataclasses import replace

import pytest

from zkmargin.circuits.language.language import MONEY, CellRef, Constant, absolute, minimum
from zkmargin.circuits.model import Shape
from zkmargin.circuits.rules.family import BoundRule, Family
from zkmargin.circuits.rules.registry import RulePlugin, forget, register, rule_names, rule_plugin
from zkmargin.circuits.schema import Cell, HoldingSpec, Schema, holding_specs, signed, unsigned
from zkmargin.circuits.statements.engine import bind
from zkmargin.circuits.statements.margin import build_margin
from zkmargin.kernel.errors import InputError, RuleError

SHAPE = Shape(2, 0, 0, 1)


def market(shape):
    return tuple(unsigned(f"market.price.{i}", "money/lot", 28) for i in range(shape.positions))


def parameters(shape):
    return tuple(unsigned(f"parameters.charge.{i}", "money/lot", 28) for i in range(shape.positions))


def flat_schema(shape, cells=parameters, holdings=None):
    specs = holdings or holding_specs(shape, cash=62, size=35, amount=56)
    return Schema("flat", shape, 8, specs, (("market", market(shape)), ("parameters", cells(shape))))


def equity(account, prices, _parameters):
    total = account.cash
    for perp in account.positions:
        total += perp.size * prices.column("price")[perp]
    return total


def requirement(account, _prices, charges):
    total = Constant(0, MONEY)
    for perp in account.positions:
        total += absolute(perp.size) * charges.column("charge")[perp]
    return total


def slip(build):
    """Return the RuleError that building something raises."""
    with pytest.raises(RuleError) as error:
        build()
    assert error.value.file == __file__
    assert error.value.hint
    return error.value


def bound(equity_=equity, requirement_=requirement, schema_of=flat_schema, **more):
    family = Family("flat", schema_of, equity_, requirement_, **more)
    rule = BoundRule(family, family.schema_of(SHAPE))
    rule.surplus, rule.settled_cash, rule.net_value, rule.parts, rule.scenarios, rule.position_requirements  # noqa: B018
    return rule


def line_of(function, text):
    lines, first = inspect.getsourcelines(function)
    return next(first + i for i, line in enumerate(lines) if text in line)


def test_the_rule_without_a_slip_has_both_circuits():
    family = Family("flat", flat_schema, equity, requirement)
    register(RulePlugin(family))
    try:
        for statement in ("sufficiency", "shortfall"):
            assert build_margin(family.schema_of(SHAPE), statement).system.rows > 100
    finally:
        forget("flat")
        bind.__globals__["_bound"].cache_clear()


@pytest.mark.parametrize("which", ["equity_", "requirement_", "settled_cash", "net_value", "position_requirement"])
@pytest.mark.parametrize(
    ("made", "says"),
    [
        (None, "returns nothing"),
        (0, "returns the number 0"),
        (7, "returns the number 7"),
        (0.5, "returns the number 0.5"),
        (True, "returns the number True"),
        ((1, 2), "returns a tuple"),
        ("0", "returns a str"),
        (absolute, "returns a function"),
    ],
)
def test_what_a_rule_returns_is_an_expression_in_money(which, made, says):
    """A requirement of None was a requirement of zero: any account had enough."""

    def written(*_anything):
        return made

    error = slip(lambda: bound(**{which: written}))
    assert says in error.message
    assert error.line == line_of(written, "def written")


def test_a_return_that_one_path_lacks_is_seen():
    def forgotten(account, prices, charges):
        requirement(account, prices, charges)

    assert "returns nothing" in slip(lambda: bound(requirement_=forgotten)).message


@pytest.mark.parametrize("which", ["equity_", "requirement_", "settled_cash", "net_value"])
def test_a_rule_is_in_money(which):
    def lots(account, _market, _parameters):
        return account.positions[0].size

    error = slip(lambda: bound(**{which: lots}))
    assert "must be money, not lot of position 0" in error.message
    assert error.line == line_of(lots, "def lots")


def test_net_value_is_over_the_market_alone():
    def counted(account, _prices, charges):
        return account.cash + account.positions[0].size * charges.column("charge")[account.positions[0]]

    with pytest.raises(RuleError, match=r"the net value of flat depends on parameters.charge.0"):
        bound(net_value=counted)
    rule = bound(net_value=equity, settled_cash=lambda account, *_: account.cash)
    assert rule.net_value.unit == MONEY
    assert rule.settled_cash is rule.account.cash


def test_parts_and_scenarios_are_looked_at_too():
    error = slip(lambda: bound(parts=lambda *_: {"all of it": None}))
    assert "the part all of it of flat returns nothing" in error.message
    error = slip(lambda: bound(scenarios=lambda *_: {"up": 3}))
    assert "the scenario up of flat returns the number 3" in error.message
    assert "are no mapping of names" in slip(lambda: bound(parts=lambda *_: [1, 2])).message


LINES = {
    "no column 'chrage'": lambda account, _, charges: [charges.column("chrage")[p] for p in account.positions],
    "no column 'marks'": lambda account, prices, _: [price for price in prices.column("marks").row()],
    "no cell parameters.charge.2": lambda _account, _, charges: charges.column("charge")[2],
    "no cell parameters.scale": lambda _account, _, charges: charges["scale"],
    "they cannot be added": lambda account, _, __: account.cash + account.positions[0].size,
    "they cannot be compared": lambda account, _, __: minimum(account.cash, account.positions[0].size),
    "has no abs()": lambda account, _, __: abs(account.positions[0].size),
    "has no //": lambda account, _, __: account.cash // 2,
    "has no /": lambda account, _, __: account.cash / 2,
    "has no **": lambda account, _, __: account.cash**2,
    "is no number": lambda account, _, __: round(account.cash),
    "0.05 is a float": lambda account, _, __: account.cash * 0.05,
    "cannot branch": lambda account, _, __: account.cash if account.cash else None,
    "cannot be compared while": lambda account, _, __: max(account.cash, 0),
    "None stands where": lambda account, _, __: account.cash - None,
    "KeyError": lambda *_: {}["nothing"],
    "IndexError": lambda account, *_: account.positions[9],
    "AttributeError": lambda account, *_: account.cash.abs(),
    "TypeError": lambda account, *_: account.positions[0] * 2,
    "ZeroDivisionError": lambda *_: 1 // 0,
}


@pytest.mark.parametrize("says", LINES)
@pytest.mark.parametrize("which", ["equity_", "requirement_"])
def test_what_goes_wrong_in_a_rule_is_told_at_its_line(which, says):
    written = LINES[says]
    with pytest.raises(RuleError) as error:
        bound(**{which: written})
    assert says in error.value.message
    assert error.value.file == __file__
    assert error.value.line == written.__code__.co_firstlineno


def test_a_loop_over_a_misspelt_column_does_not_leave_its_charges_out():
    """`row` of a column that is not there is no empty list: the loop would charge nothing, in both circuits."""

    def charged(account, _prices, charges):
        total = Constant(0, MONEY)
        for perp in account.positions:
            for charge in charges.column("chrages").row(perp):
                total += absolute(perp.size) * charge
        return total

    error = slip(lambda: bound(requirement_=charged))
    assert error.hint == "did you mean charge?"
    assert error.line == line_of(charged, 'column("chrages")')


def test_a_column_that_other_shapes_have_is_empty_and_no_slip():
    def schema_of(shape):
        def cells(shape):
            bounds = (unsigned(f"parameters.boundary.0.{k}", "money", 40) for k in range(1, shape.tiers))
            return (*parameters(shape), *bounds)

        return flat_schema(shape, cells)

    def charged(account, prices, charges):
        assert charges.column("boundary").row(0) == []
        return requirement(account, prices, charges)

    assert bound(requirement_=charged, schema_of=schema_of).surplus.unit == MONEY


CELLS = {
    "20 bits, which do not hold": lambda: unsigned("parameters.rate.0", "1e-6", 20, maximum=1 << 20),
    "8 bits, which do not hold its values from -129": lambda: signed("market.skew.0", "", 8, minimum=-129),
    "give it 9 bits": lambda: Cell("market.skew.0", "", 8, 0, 256),
    "do not hold its values from -2": lambda: Cell("market.skew.0", "", 1, -2, 0),
    "0 bits": lambda: Cell("market.flag.0", "", 0, 0, 0),
    "minimum above its maximum": lambda: Cell("market.flag.0", "", 8, 5, 4),
    "orders its levels by 'initial>maintenance'": lambda: unsigned(
        "parameters.a.0", "", 8, levels="initial>maintenance"
    ),
    "outside its own range": lambda: unsigned("parameters.a.0", "", 8, empty=256),
    "36 bits, which do not hold": lambda: HoldingSpec("size.0", "lot", 36, -(1 << 36), (1 << 36) - 1),
}


@pytest.mark.parametrize("says", CELLS)
def test_a_quantity_that_its_bits_do_not_hold_is_refused_where_it_is_declared(says):
    """Its neighbour in the packed element would take the rest: another account under the same commitment."""
    written = CELLS[says]

    def schema_of(shape):
        written()
        return flat_schema(shape)

    with pytest.raises(RuleError) as error:
        bound(schema_of=schema_of)
    assert says in f"{error.value.message} ({error.value.hint})"
    assert error.value.file == __file__
    assert error.value.line == written.__code__.co_firstlineno


def double(shape):
    return (*parameters(shape), *parameters(shape))


def forward(shape):
    return (unsigned("parameters.low.0", "", 8, at_least=1), unsigned("parameters.high.0", "", 8), *parameters(shape))


def other_offset(shape):
    return (signed("parameters.low.0", "", 8), unsigned("parameters.high.0", "", 8, at_least=0), *parameters(shape))


def elsewhere(shape):
    return (unsigned("charge.0", "", 8), *parameters(shape))


def broad(shape):
    return (unsigned("parameters.broad.0", "", 129), *parameters(shape))


def misspelt_unit(shape):
    return (unsigned("parameters.cap.0", "mony", 8), *parameters(shape))


def unreadable_unit(shape):
    return (unsigned("parameters.cap.0", "1e-six money", 8), *parameters(shape))


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        (double, "two cells are called parameters.charge.0"),
        (forward, "ordered after cell 1, which does not come before it"),
        (other_offset, "stored with another offset"),
        (elsewhere, "'charge.0' is no name of a cell of the parameters"),
        (broad, "of 129 bits"),
        (misspelt_unit, "unknown unit: 'mony'"),
        (unreadable_unit, "a unit that cannot be read"),
    ],
)
def test_a_table_that_would_be_read_otherwise_than_it_is_meant_is_refused(cells, says):
    with pytest.raises(RuleError) as error:
        bound(schema_of=lambda shape: flat_schema(shape, cells))
    assert says in error.value.message
    assert error.value.hint


def test_units_of_a_rules_own_are_declared():
    def cells(shape):
        return (unsigned("parameters.cap.0", "delta", 8), *parameters(shape))

    def schema_of(shape):
        return flat_schema(shape, cells)

    assert bound(schema_of=schema_of, units=("delta",)).surplus.unit == MONEY
    with pytest.raises(RuleError, match="unknown unit: 'delta'"):
        bound(schema_of=schema_of)


@pytest.mark.parametrize("change", ["fewer", "swapped", "renamed"])
def test_holdings_are_those_of_the_shape(change):
    """A slot read as another: debts as collateral, one instrument's size at another's price."""
    specs = list(holding_specs(SHAPE, cash=62, size=35, amount=56))
    if change == "fewer":
        specs = specs[:-1]
    elif change == "swapped":
        specs[1:] = specs[:0:-1]
    else:
        specs[1] = HoldingSpec("position.0", "lot", 36, 1 - (1 << 35), (1 << 35) - 1)
    with pytest.raises(RuleError, match="the holdings of flat are not those of its shape"):
        bound(schema_of=lambda shape: flat_schema(shape, holdings=tuple(specs)))


def test_a_schema_that_lacks_a_shape_says_so_in_its_own_words():
    def schema_of(shape):
        shape.needs("tiers", "months")
        return flat_schema(shape)

    with pytest.raises(InputError) as error:
        bound(schema_of=schema_of)
    assert error.value.code == "shape"
    assert not isinstance(error.value, RuleError)


def test_a_product_without_a_circuit_is_told_at_its_line():
    def squared(account, _prices, _parameters):
        first, second = (minimum(perp.size, perp.size * 2) for perp in account.positions)
        over = first * 1
        return account.cash + over * second * Constant(1, (first * second).unit.inverse * MONEY)

    family = Family("flat", flat_schema, equity, squared)
    register(RulePlugin(family))
    try:
        with pytest.raises(RuleError) as error:
            build_margin(family.schema_of(SHAPE), "sufficiency")
        assert error.value.file.endswith("test_slips.py")
        assert error.value.line == line_of(squared, "over * second")
    finally:
        forget("flat")
        bind.__globals__["_bound"].cache_clear()


def test_a_rule_is_registered_once():
    """Another package's rule of the same name would judge accounts by other formulas."""
    family = Family("cross-margin", flat_schema, equity, requirement)
    with pytest.raises(RuleError, match="there is a rule named cross-margin already"):
        register(RulePlugin(family))
    assert rule_plugin("cross-margin").family is not family
    assert "flat" not in rule_names()
    with pytest.raises(InputError, match="no rule named 'flat'"):
        rule_plugin("flat")
    with pytest.raises(RuleError, match="circuit side is a Family"):
        register(RulePlugin("zkmargin.circuits.rules.cross_margin:equity"))


def test_a_schema_of_another_rule_or_shape_does_not_bring_that_rules_margins():
    """A schema copied with its name compiles the rule it names: the author's own requirement would be nowhere."""

    def another_rule(shape):
        return replace(rule_plugin("cross-margin").family.schema_of(replace(shape, collateral=1, debts=1)), plain=None)

    for schema_of, says in (
        (another_rule, "says that it is cross-margin's"),
        (lambda _shape: flat_schema(Shape(3, 0, 0, 1)), "of another shape"),
    ):
        with pytest.raises(RuleError, match=says) as error:
            Family("flat", schema_of, equity, requirement).schema_of(SHAPE)
        assert error.value.hint


def test_a_schema_is_the_same_each_time_it_is_asked_for():
    """Units of money that change in a long process: holdings of one schema, a circuit of the other."""
    digits = iter([8, *[8] * 100, 2])
    family = Family("flat", lambda shape: replace(flat_schema(shape), money_digits=next(digits)), equity, requirement)
    first = family.schema_of(SHAPE)
    for positions in range(3, 103):  # until it is forgotten
        family.schema_of(Shape(positions, 0, 0, 1))
    with pytest.raises(RuleError, match="another than before"):
        family.schema_of(SHAPE)
    assert first.money_digits == 8


@pytest.mark.parametrize("which", ["holding", "cell", "narrower"])
def test_a_leaf_of_another_schema_is_not_read_as_the_one_in_its_place(which):
    """Holding 1 and cell 1 of another account are other things, and a range of one's own is checked nowhere."""
    other = bound()

    def borrowed(account, prices, charges):
        size, price = account.positions[0].size, prices.column("price")[0]
        more = {
            "holding": other.account.positions[0].size * price,
            "cell": size * other.tables["market"].column("price")[0],
            "narrower": size * CellRef("market", 0, "market.price.0", price.unit, (0, 1), None),
        }[which]
        return equity(account, prices, charges) + more

    with pytest.raises(RuleError, match="not of the account and tables that the rule was given") as error:
        bound(borrowed)
    assert error.value.hint
