"""Lost if these fail: a certificate holds over a price box, and somewhere inside it the account is insolvent."""

from dataclasses import replace
from fractions import Fraction

import pytest

from zkmargin.circuits.build import compile_statement, statement_schema, write_circuit
from zkmargin.circuits.language.language import MONEY, Constant, absolute, ceil_div, minimum
from zkmargin.circuits.model import BOX, Holdings, Opening, Shape, Table
from zkmargin.circuits.rules.family import Family
from zkmargin.circuits.rules.registry import RulePlugin, family, forget, register, rule_names
from zkmargin.circuits.schema import Schema, holding_specs, unsigned
from zkmargin.circuits.statements.commitment import commit
from zkmargin.circuits.statements.engine import evaluate, money_scale
from zkmargin.circuits.statements.price_box import box_schema, box_table
from zkmargin.circuits.trials.accounts import around_zero
from zkmargin.circuits.trials.boxes import box_around, market_inside
from zkmargin.kernel import load_program
from zkmargin.kernel.errors import InputError, Insufficient, RuleError, Unsatisfied
from zkmargin.prover.prove import Prover
from zkmargin.prover.setup import development_setup
from zkmargin.verifier.check import Demands, verify_statement
from zkmargin.verifier.statement_keys import judge_key

from ..families import SHAPES, drawn

BOXED = [name for name in rule_names() if family(name).box]


def boxed(name):
    """Return (plain schema, box schema) of a family at its small shape."""
    return family(name).schema_of(SHAPES[name]), statement_schema(name, SHAPES[name], BOX)


def accounts(plain, box, rng):
    """Yield (case, box table, ends, worst surplus), the worst surplus less than a money unit above zero."""
    while True:
        case = drawn(plain, rng, shrink=rng.choice([8, 14]))
        table, ends = box_around(plain, box, case, rng)
        worst = evaluate(box, case.holdings, table, case.parameters, case.credit).surplus
        for moved, value in around_zero(plain, case, worst):
            if value >= 0:
                yield moved, table, ends, value


@pytest.mark.parametrize("name", BOXED)
def test_no_market_inside_an_accepted_box_makes_the_account_insolvent(name, rng, size, tally):
    plain, box = boxed(name)
    tried = breaches = 0
    for case, _table, ends, _worst in accounts(plain, box, rng):
        for number in range(20):
            market = market_inside(plain, box, ends, rng, corner=number % 4 == 0)
            breaches += evaluate(plain, case.holdings, market, case.parameters, case.credit).surplus < 0
            tried += 1
        if tried >= size(10_000, 1_000_000):
            break
    tally("BOX", f"{name}: random markets inside boxes that are accepted with less than a money unit", tried, breaches)


def test_the_worst_of_the_box_is_one_of_its_markets(rng, tally):
    """Not lower than need be: an account that owes nothing it holds meets its worst surplus in a corner."""
    plain, box = boxed("cross-margin")
    missed = 0
    for _ in range(200):
        case = drawn(plain, rng, shrink=8)
        pairs = zip(case.holdings.collateral, case.holdings.debts, strict=True)
        held = tuple(0 if owed else amount for amount, owed in pairs)
        case = replace(case, holdings=replace(case.holdings, collateral=held))
        table, ends = box_around(plain, box, case, rng)
        worst = evaluate(box, case.holdings, table, case.parameters, case.credit).surplus
        values = dict(ends)
        for slot, lots in enumerate(case.holdings.sizes):
            values[f"market.price.{slot}"] = ends[f"market.price_{'lo' if lots >= 0 else 'hi'}.{slot}"]
            values[f"market.funding.{slot}"] = ends[f"market.funding_{'hi' if lots >= 0 else 'lo'}.{slot}"]
        for slot, owed in enumerate(case.holdings.debts):
            values[f"market.asset_price.{slot}"] = ends[f"market.asset_price_{'hi' if owed else 'lo'}.{slot}"]
            values[f"market.borrow_index.{slot}"] = ends[f"market.borrow_index_hi.{slot}"]
        market = Table("market", 1, tuple(values[c.name] + c.offset for c in plain.cells("market")))
        missed += evaluate(plain, case.holdings, market, case.parameters, case.credit).surplus != worst
    tally("BOX", "accounts whose worst surplus a corner of the box has", 200, missed)


@pytest.mark.parametrize("name", BOXED)
def test_the_circuit_is_satisfiable_exactly_when_the_worst_surplus_is_not_negative(name, rng, size, tally):
    plain, box = boxed(name)
    program = load_program(compile_statement(name, SHAPES[name], BOX).program.to_bytes())
    wrong = tried = 0
    while tried < size(400, 20_000):
        case = drawn(plain, rng)
        table, _ = box_around(plain, box, case, rng)
        worst = evaluate(box, case.holdings, table, case.parameters, case.credit).surplus
        for each, value in [(case, worst), *around_zero(plain, case, worst)]:
            boxed_case = replace(each, market=table)
            try:
                program.run(boxed_case.public, boxed_case.hidden)
                satisfied = True
            except Unsatisfied:
                satisfied = False
            wrong += satisfied is not (value >= 0)
            tried += 1
    tally("BOX", f"{name}: holdings, the box circuit satisfiable iff the worst surplus is >= 0", tried, wrong)


def test_accounts_and_parameters_are_the_plain_circuits_and_the_market_is_not(rng):
    plain, box = boxed("cross-margin")
    case = drawn(plain, rng)
    table, _ = box_around(plain, box, case, rng)
    assert commit(plain, case.opening) == commit(box, case.opening)
    assert plain.table_hash(case.parameters) == box.table_hash(case.parameters)
    assert plain.hash != box.hash
    assert plain.table_hash(table) != box.table_hash(table)


def test_a_box_with_its_ends_swapped_is_refused(rng):
    plain, box = boxed("cross-margin")
    case = drawn(plain, rng, share=0)
    table, _ = box_around(plain, box, case, rng)
    names = [cell.name for cell in box.cells("market")]
    for slot in range(plain.shape.positions):
        low, high = (names.index(f"market.price_{which}.{slot}") for which in ("lo", "hi"))
        swapped = table.replace({low: 5, high: 4})
        with pytest.raises(InputError, match="is below"):
            box.check_table(swapped)


def test_a_box_proof_is_made_verified_and_refused_where_the_box_is_too_wide(rng, tmp_path):
    plain, box = boxed("cross-margin")
    write_circuit(compile_statement("cross-margin", SHAPES["cross-margin"], BOX), tmp_path)
    development_setup(tmp_path)
    prover = Prover.load(tmp_path)
    assert prover.manifest.schema == box
    case, table, _, worst = next(accounts(plain, box, rng))
    opening = Opening(case.holdings, (3, 5), 11)
    proved = prover.prove(opening, table, case.parameters, credit=case.credit, context=9)
    demands = Demands((table, case.parameters), credit=case.credit)
    verify_statement(judge_key(prover.circuit_key, allow_development=True), proved.public, proved.proof, demands)
    poorer = replace(case.holdings, cash=case.holdings.cash - worst // money_scale(plain) - 1)
    assert evaluate(plain, poorer, case.market, case.parameters, case.credit).surplus > -(10**30)
    with pytest.raises(Insufficient):
        prover.prove(Opening(poorer, (3, 5), 11), table, case.parameters, credit=case.credit, context=9)


def test_the_box_costs_two_rows_a_position():
    shape = Shape(16, 4, 4, 3)
    rows = {s: compile_statement("cross-margin", shape, s).system for s in ("sufficiency", BOX)}
    assert rows[BOX].rows - rows["sufficiency"].rows == 2 * shape.positions
    assert rows[BOX].rows + len(rows[BOX].public) + 1 <= 4096


def toy(name, equity, requirement, *, box=("price",)):
    """Return a family of one position and two assets, prices and a strike."""

    def schema_of(shape):
        market = (
            unsigned("market.price.0", "money/lot", 20, slot="position 0"),
            unsigned("market.strike.0", "money/lot", 20, slot="position 0"),
            unsigned("market.asset_price.0", "money/lot", 20, slot="asset 0"),
        )
        parameters = (unsigned("parameters.rate.0", "1e-6", 20, maximum=10**6),)
        holdings = holding_specs(shape, cash=40, size=16, amount=16)
        return Schema(name, shape, 8, holdings, (("market", market), ("parameters", parameters)))

    return Family(name, schema_of, equity, requirement, box=box)


TOY = Shape(1, 1, 1)


def nothing(account, market, parameters):
    return Constant(0, MONEY) * parameters.column("rate")[0]


def straddle(account, market, parameters):
    """What a straddle is worth: least in the middle of a box."""
    (position,) = account.positions
    away = absolute(market.column("price")[0] - market.column("strike")[0])
    idle = account.collateral[0].amount * market.column("asset_price")[0]
    return account.cash + absolute(position.size) * away + idle


def test_a_rule_that_is_lowest_inside_the_box_is_refused_and_would_have_proved_a_lie():
    family = toy("straddle", straddle, nothing)
    schema = family.schema_of(TOY)
    with pytest.raises(RuleError, match=r"no end of a box is known to be the worst|is not known"):
        box_schema(family, schema)
    # What the shortcut would have proved: enough at both ends, nothing in the middle.
    register(RulePlugin(family))
    try:
        holdings, parameters = Holdings(-900, (10,), (0,), (0,)), Table("parameters", 1, (0,))
        at = {
            p: evaluate(schema, holdings, Table("market", 1, (p, 500, 0)), parameters).surplus for p in (400, 500, 600)
        }
    finally:
        forget(family.name)
    assert at[400] > 0
    assert at[600] > 0
    assert at[500] < 0


def test_a_family_without_prices_has_no_box_and_says_what_to_do():
    family = toy("arrays", straddle, nothing, box=())
    with pytest.raises(RuleError, match="no prices that a box could bound") as error:
        box_schema(family, family.schema_of(TOY))
    assert "cover the box" in error.value.hint
    for name in sorted(set(SHAPES) - set(BOXED)):
        with pytest.raises(RuleError, match="no prices that a box could bound"):
            statement_schema(name, SHAPES[name], BOX)


def test_a_straight_part_of_either_slope_is_taken_at_the_worse_end(rng):
    """(long − 3·short)·price: its direction hangs on two hidden amounts, and it is worth the smaller of both ends."""

    def equity(account, market, parameters):
        first, second = account.collateral
        return account.cash + (first.amount - 3 * second.amount) * market.column("asset_price")[0]

    def schema_of(shape):
        market = (unsigned("market.asset_price.0", "money/lot", 20, slot="coin"),)
        parameters = (unsigned("parameters.rate.0", "1e-6", 20, maximum=10**6),)
        holdings = tuple(replace(spec, slot="coin") for spec in holding_specs(shape, cash=40, size=16, amount=16))
        return Schema("net", shape, 8, holdings, (("market", market), ("parameters", parameters)))

    family = Family("net", schema_of, equity, nothing, box=("asset_price",))
    register(RulePlugin(family))
    try:
        plain = family.schema_of(Shape(0, 2, 0))
        box = box_schema(family, plain)
        for _ in range(300):
            low = rng.randrange(1, 1000)
            high = low + rng.randrange(1, 300)
            holdings = Holdings(5, (), (rng.randrange(90), rng.randrange(30)), ())
            net = holdings.collateral[0] - 3 * holdings.collateral[1]
            table, parameters = Table("market", 1, (low, high)), Table("parameters", 1, (1,))
            scale = money_scale(plain)
            assert evaluate(box, holdings, table, parameters).surplus == (5 + min(net * low, net * high)) * scale
    finally:
        forget("net")


def rounded(account, market, parameters):
    (position,) = account.positions
    price, rate = market.column("price")[0], parameters.column("rate")[0]
    return 777 * ceil_div(absolute(position.size) * price * rate, Constant(777))


def test_what_rounds_inside_the_box_costs_its_slack(rng):
    """q·p − 777·⌈|q|·p·rate / 777⌉ may dip by less than 777 units between the ends: 777 are taken off."""

    def equity(account, market, parameters):
        idle = account.collateral[0].amount * market.column("asset_price")[0]
        return account.cash + account.positions[0].size * market.column("price")[0] + idle

    family = toy("rounded", equity, rounded)
    register(RulePlugin(family))
    try:
        plain = family.schema_of(TOY)
        box = box_schema(family, plain)
        dipped = 0
        for _ in range(2000):
            low = rng.randrange(1, 1000)
            high = low + rng.randrange(1, 30)
            parameters = Table("parameters", 1, (10**6 - rng.randrange(20),))
            holdings = Holdings(0, (rng.randrange(-40, 40),), (0,), (0,))
            names = {"market.price_lo.0": low, "market.price_hi.0": high, "market.strike.0": 1}
            table = Table("market", 1, tuple(names.get(cell.name, 1) for cell in box.cells("market")))
            worst = evaluate(box, holdings, table, parameters).surplus
            inside = [
                evaluate(plain, holdings, Table("market", 1, (p, 1, 1)), parameters).surplus
                for p in range(low, high + 1)
            ]
            assert worst <= min(inside)
            assert worst >= min(inside) - 2 * 777
            dipped += min(inside) < min(inside[0], inside[-1])
        assert dipped
    finally:
        forget(family.name)


def test_the_minimum_of_two_pieces_falls_with_its_price():
    """min(amount·price, cap) has a direction all the same: the lowest price is its worst."""

    def equity(account, market, parameters):
        capped = minimum(account.collateral[0].amount * market.column("asset_price")[0], Constant(700, MONEY))
        return account.cash + capped + account.positions[0].size * market.column("price")[0]

    family = toy("capped", equity, nothing, box=("price", "asset_price"))
    box = box_schema(family, family.schema_of(TOY))
    assert "market.asset_price_lo.0" in [cell.name for cell in box.cells("market")]
    assert "market.asset_price_hi.0" not in [cell.name for cell in box.cells("market")]


def test_the_ends_are_rounded_outwards_and_funding_moves_by_a_share_of_the_price(rng):
    plain, box = boxed("cross-margin")
    for _ in range(200):
        case = drawn(plain, rng, shrink=8)
        specs = plain.cells("market")
        inner = [(s - c.offset) // 4 for c, s in zip(specs, case.market.cells, strict=True)]
        cells = (max(c.minimum, v) + c.offset for c, v in zip(specs, inner, strict=True))
        case = replace(case, market=replace(case.market, cells=tuple(cells)))
        width = Fraction(rng.randrange(0, 300), 1000)
        table = box_table(family("cross-margin"), box, case.market, width)
        ends = {c.name: s - c.offset for c, s in zip(box.cells("market"), table.cells, strict=True)}
        values = {c.name: s - c.offset for c, s in zip(plain.cells("market"), case.market.cells, strict=True)}
        for slot in range(plain.shape.positions):
            price, funding = values[f"market.price.{slot}"], values[f"market.funding.{slot}"]
            assert ends[f"market.price_lo.{slot}"] <= price * (1 - width)
            assert price * (1 + width) <= ends[f"market.price_hi.{slot}"] < price * (1 + width) + 1
            assert ends[f"market.funding_hi.{slot}"] >= funding + price * width
    with pytest.raises(InputError, match="relative width"):
        box_table(family("cross-margin"), box, case.market, Fraction(1))
    names = [cell.name for cell in plain.cells("market")]
    dear = case.market.replace({names.index("market.price.0"): (1 << 28) - 1})
    with pytest.raises(InputError, match="does not fit its cell"):
        box_table(family("cross-margin"), box, dear, Fraction(1, 100))
