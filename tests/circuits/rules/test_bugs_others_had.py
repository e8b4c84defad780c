"""Bugs that margin and solvency circuits elsewhere were shipped with, one test each, in every family they could be in.

Lost if one fails: what was lost there. Each shows the attack refused, and, where it says so, what it would have won.
"""

from dataclasses import replace
from fractions import Fraction

import pytest

from zkmargin.circuits.language.language import DIMENSIONLESS, HoldingRef, minimum
from zkmargin.circuits.model import Holdings, Opening, Shape
from zkmargin.circuits.rules.liquidation import derive_largest_fraction
from zkmargin.circuits.rules.registry import family
from zkmargin.circuits.statements.commitment import commit, groups
from zkmargin.circuits.statements.engine import evaluate
from zkmargin.circuits.trials.accounts import Case, table
from zkmargin.circuits.trials.witnesses.lies import Lies
from zkmargin.circuits.trials.witnesses.subject import filled_together
from zkmargin.kernel import R, load_program
from zkmargin.kernel.errors import InputError, RuleError, Unsatisfied
from zkmargin.kernel.witness_program import BITS, QUOTIENT, SIGN

from ..accounts import index_of
from ..expressions import TinyRule
from ..families import SHAPES, STATEMENTS, FamilyMargin, compiled, drawn, schema_of

EVERY = pytest.mark.parametrize("name", sorted(SHAPES))
ROUNDED = ("dydx-v4", "drift", "synthetix-v3", "tiered-haircut")


def runs(name, statement, public, hidden):
    try:
        load_program(compiled(name, statement).program.to_bytes()).run(public, hidden)
    except Unsatisfied:
        return False
    return True


@EVERY
def test_packed_fields_collide_where_a_value_is_not_range_checked(name, rng):
    """Two accounts of one packed element: a quantity beyond its bits, carried out of its neighbour."""
    schema = schema_of(name)
    specs = schema.holdings
    case, collided = drawn(schema, rng, share=0), 0
    for i in range(len(specs) - 1):
        values = list(case.holdings.values)
        values[i + 1] = max(values[i + 1], specs[i + 1].minimum + 1)
        honest = _holdings(schema, values)
        values[i] += 1 << specs[i].bits
        values[i + 1] -= 1
        forged = _holdings(schema, values)
        with pytest.raises(InputError) as error:
            schema.fit(forged)
        assert error.value.code == "out-of-range"
        if _packed(schema, honest) == _packed(schema, forged):  # both stand in one element
            collided += 1
            for statement in STATEMENTS:
                assert not runs(name, statement, case.public, (*forged.values, 3, 5, 11))
    assert collided


@EVERY
@pytest.mark.parametrize("statement", STATEMENTS)
def test_a_flag_that_is_not_boolean_or_an_index_out_of_range_chooses_another_tier(name, statement, rng):
    """There are no indices, only bits and signs: each at two and at minus one, all after it filled anew."""
    trial = FamilyMargin(name, statement)
    lies = Lies(trial.subject, trial.tape(rng, true=True))
    assert not lies.broken
    for operation, first, size, _ in trial.subject.machine.steps:
        if operation in (BITS, SIGN):
            places = list(filled_together(operation, first, size))
            for wire in {places[0], places[-1]}:
                for value in (2, R - 1):
                    lies.hint({wire: value}, "told")
    assert lies.told["told"] >= 20
    assert not lies.wrong
    assert lies.told["harmless helpers"] == lies.told["signs of zero"] == 0


def test_the_last_partial_chunk_is_left_out_of_a_commitment():
    """Every number of packed elements around a chunk's end, every holding changed by one."""
    changed = 0
    for positions in (1, 4, 15, 42, 46, 57, 58, 61, 88, 128):
        schema = family("cross-margin").schema_of(Shape(positions, 1, 1, 1))
        opening = Opening(Holdings.empty(schema.shape), (3, 5), 7)
        empty, seen = commit(schema, opening), set()
        for i in (0, 1, positions, positions + 1, positions + 2):
            values = [0] * (positions + 3)
            values[i] = 1
            seen.add(commit(schema, replace(opening, holdings=_holdings(schema, values))))
        seen |= {commit(schema, replace(opening, salt=8)), commit(schema, replace(opening, owner_key=(4, 5)))}
        assert empty not in seen
        assert len(seen) == len({0, 1, positions, positions + 1, positions + 2}) + 2
        changed += len(seen)
    assert changed > 60


@EVERY
def test_padding_rows_carry_value(name, rng):
    """Whatever stands in slots that nobody listed, it is worth nothing."""
    schema = schema_of(name)
    unlisted = [
        table(schema, part, lambda cell: max(cell.minimum, 0) if cell.empty is None else cell.empty)
        for part in ("market", "parameters")
    ]
    held = 0
    for _ in range(50):
        case = drawn(schema, rng, shrink=0, share=0.2)
        holdings = replace(case.holdings, cash=0)
        held += any(holdings.values)
        assert evaluate(schema, holdings, *unlisted).surplus <= 0
    assert held > 30


def test_over_seizure_proves_because_of_the_wrong_comparison(rng):
    """One part in 65,536 more than the largest fraction leaves the account better than restored: it is refused."""
    for _ in range(200):
        buffered, mark, discount = -rng.randint(1, 10**9), rng.randint(1, 10**9), Fraction(rng.randint(1, 95), 100)
        most = derive_largest_fraction(buffered, mark, discount)
        for taken, allowed in ((most, True), (most + Fraction(1, 65_536), False)):
            restored = buffered * (1 - taken) + taken * mark * discount
            assert (restored <= 0) is allowed


@pytest.mark.parametrize("name", ROUNDED)
@pytest.mark.parametrize("statement", STATEMENTS)
def test_a_quotient_is_a_division_in_the_field(name, statement, rng):
    """numerator/divisor modulo the order satisfies divisor·quotient = numerator with no remainder; so does one half."""
    trial, told = FamilyMargin(name, statement), 0
    for number in range(60):
        if number >= 6 and told >= 3:
            break
        lies = Lies(trial.subject, trial.tape(rng, true=number % 2 == 0))
        for operation, wire, _, read in trial.subject.machine.steps:
            if operation != QUOTIENT:
                continue
            numerator, divisor = read[0](lies.tape), read[1](lies.tape)
            if numerator % divisor:
                told += 1
                lies.hint({wire: numerator * pow(divisor, -1, R) % R}, "told")
            lies.hint({wire: (R + 1) // 2}, "told")
        assert not lies.wrong
        assert not lies.told["harmless helpers"]
    assert told >= 3


def test_a_helper_is_multiplied_below_zero():
    """A lower bound times a negative number is an upper bound: the compiler refuses what it cannot sign."""
    x, y = (HoldingRef(i, word, DIMENSIONLESS, (-7, 7)) for i, word in enumerate("xy"))
    with pytest.raises(RuleError, match="whose sign is not enforced"):
        TinyRule(minimum(x, y) * x)


@EVERY
def test_a_table_cell_of_the_order_less_one_is_read_as_minus_one(name, rng):
    schema = schema_of(name)
    case = drawn(schema, rng)
    for part in (case.market, case.parameters):
        for place in range(len(part.cells)):
            for stored in (R - 1, R, -1):
                with pytest.raises(InputError) as error:
                    schema.check_table(part.replace({place: stored}))
                assert error.value.code == "schema"


def test_what_a_shock_of_minus_one_would_have_won(rng):
    """Off the schema the circuit believes it: exposure would earn margin. So no table is used unchecked."""
    name = "correlated-margin"
    schema = schema_of(name)
    market, parameters = (table(schema, part, lambda cell: max(cell.minimum, 0)) for part in ("market", "parameters"))
    price, loading = index_of(schema, "market", "price.0"), index_of(schema, "parameters", "loading.0.0")
    market = market.replace({price: 10**6})
    parameters = parameters.replace({loading: parameters.cells[loading] + 10**4})
    case = Case("short", Holdings(-(10**9 + 1), (10**3, 0), (0,), (0,)), market, parameters)
    assert case.surplus(schema) == -evaluate(schema, case.holdings, market, parameters).scale
    assert not runs(name, "sufficiency", case.public, case.hidden)
    shock = index_of(schema, "parameters", "shock.0")
    forged = replace(case, parameters=parameters.replace({shock: R - 1}))
    assert runs(name, "sufficiency", forged.public, forged.hidden)
    with pytest.raises(InputError, match=r"shock\.0 is outside its schema's range"):
        schema.check_table(forged.parameters)


def _holdings(schema, values):
    return Holdings.of(schema.shape, values)


def _packed(schema, holdings):
    """Return what the packed elements would be without any range: sums, as a circuit without checks has them."""
    elements = []
    for group in groups(schema):
        element = shift = 0
        for i in group:
            element += holdings.values[i] + schema.holdings[i].offset << shift
            shift += schema.holdings[i].bits
        elements.append(element)
    return elements
