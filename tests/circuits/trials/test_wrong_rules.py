"""Lost if these fail: a rule that is wrong on purpose passes its trial, and somebody's money hangs on it."""

from collections import Counter
from dataclasses import replace

import pytest

from zkmargin.circuits.compiler.extremes import lower_positive
from zkmargin.circuits.compiler.linear import Bound, Linear
from zkmargin.circuits.compiler.lowering import LOWERINGS
from zkmargin.circuits.language.expressions import Positive, Product, Quotient, Sum
from zkmargin.circuits.language.language import MONEY, Constant, absolute
from zkmargin.circuits.model import BOX, STATEMENTS, Shape, Table
from zkmargin.circuits.rules.registry import RulePlugin, family, rule_plugin, standing_in
from zkmargin.circuits.schema import Schema
from zkmargin.circuits.statements import price_box
from zkmargin.circuits.trials.accounts import drawn
from zkmargin.circuits.trials.boxes import boxed
from zkmargin.circuits.trials.circuit_questions import changed_wires, honest_tapes, lying_answers
from zkmargin.circuits.trials.claims import Claims
from zkmargin.circuits.trials.hostile import accepts, violations
from zkmargin.circuits.trials.rule_questions import (
    box_complement,
    complement,
    hostile_cells,
    intervals,
    markets_inside,
    parts_add_up,
)
from zkmargin.circuits.trials.rule_trial import try_rule
from zkmargin.circuits.trials.tried import Tried
from zkmargin.circuits.trials.witnesses.lies import Lies
from zkmargin.kernel.errors import RuleError

from .flat_fee import FLAT_FEE, equity, flat_fee_schema, requirement

SHAPE = Shape(1, 0, 0)
HERE = "test_wrong_rules.py:"


@pytest.fixture
def ask():
    """Return a function that compiles a rule and asks it some of the questions."""

    def asked(rule, *questions):
        schema = rule.schema_of(SHAPE)
        with standing_in(RulePlugin(rule)):
            pair = {statement: Tried(schema, statement, drawn, 5) for statement in STATEMENTS}
            return [question(pair) for question in questions]

    return asked


def whether_complement(pair):
    return complement(pair, 120)


def whether_intervals(pair):
    return intervals(pair["sufficiency"].claims, "")


def less(node):
    """Return the flat fee with one more node taken off its equity, made of what the position is worth."""

    def poorer(account, market, parameters):
        worth = account.positions[0].size * market.column("price")[0]
        return equity(account, market, parameters) - node(worth)

    return replace(FLAT_FEE, equity=poorer)


def test_a_node_whose_python_side_is_one_too_low_is_found_and_named(ask, monkeypatch):
    class OneLess(Positive):
        def evaluate(self, values):
            return max(0, super().evaluate(values) - 1)

    monkeypatch.setitem(LOWERINGS, OneLess, lower_positive)
    found, honest = ask(less(OneLess), whether_complement, lambda pair: honest_tapes(pair["shortfall"]))
    assert found.wrong
    assert not honest.ok
    for example in (found.example, honest.example):
        assert "oneless" in example.sentence
        assert "by its evaluate" in example.sentence
        assert HERE in example.where
        assert set(example.case) == {"kind", "holdings", "market", "parameters", "credit"}
    assert found.example.case["parameters"]["charge.0"] in ("0", "1"), "the account is made simple"


def test_an_interval_that_is_too_narrow_is_found_and_named(ask):
    def narrow(worth):
        worth.interval = (0, 1000)
        return absolute(worth)

    ends, found = ask(less(narrow), whether_intervals, whether_complement)
    assert ends.wrong
    assert found.wrong
    for example in (ends.example, found.example):
        assert "outside its interval from 0 to 1000" in example.sentence
        assert HERE in example.where


class Loose(Positive):
    """A node whose circuit lets the prover choose."""


def lower_loose(lowerer, node, demand):
    builder, inner = lowerer.builder, lowerer.bound(node.children[0], demand)
    wire = builder.system.wire("loose")
    builder.program.choose(wire, [inner.linear, Linear()], largest=True)
    builder.constrain(Linear.wire(wire), Linear.constant(0), Linear(), "loose")
    return Bound(Linear.wire(wire), *node.interval, exact=False)


def test_a_lowering_that_leaves_its_wire_free_is_found_by_lies_and_by_nothing_else(ask, monkeypatch, say):
    monkeypatch.setitem(LOWERINGS, Loose, lower_loose)
    questions = [lambda pair: changed_wires(pair["sufficiency"], 4000)]
    questions += [lambda pair: lying_answers(pair["sufficiency"], 1200)]
    found, changed, hints = ask(less(Loose), whether_complement, *questions)
    assert found.ok, "the honest prover is right all the same"
    for answer in (changed, hints):
        assert answer.wrong
        assert "loose" in answer.example.sentence
        assert HERE in answer.example.where
    passed = f"{changed.wrong} of {changed.count:,} changes and {hints.wrong} of {hints.count:,} answers pass"
    say(f"a circuit with one free wire: {passed}")


def test_every_wire_is_lied_about_however_few_the_lies(ask, monkeypatch):
    """Not by luck: no wire is changed again before every other one was."""
    changed = Counter()
    monkeypatch.setattr(Lies, "alone", lambda self, wire, value: changed.update([wire]))
    monkeypatch.setattr(Lies, "solved", lambda self, wire, value: self.told.update(["re-solved"]))
    (wires,) = ask(FLAT_FEE, lambda pair: pair["sufficiency"].subject.wires)
    ask(FLAT_FEE, lambda pair: changed_wires(pair["sufficiency"], 3 * len(wires)))
    assert set(changed) == set(wires)


@pytest.mark.parametrize("kind", [Sum, Product, Positive, Quotient])
def test_a_lowering_that_bounds_from_the_wrong_side_is_found(kind, monkeypatch, say):
    """An upper bound where a lower one is due: an honest prover never notices, whoever lies proves anything."""
    sound, rule = LOWERINGS[kind], family("tiered-haircut")

    def turned(lowerer, node, demand):
        return sound(lowerer, node, None if demand is None else demand.other)

    monkeypatch.setitem(LOWERINGS, kind, turned)
    schema = rule.schema_of(rule.trial)
    answers = [lying_answers(Tried(schema, statement, drawn, 5), 10_000) for statement in STATEMENTS]
    say(f"{kind.__name__}: {sum(a.wrong for a in answers)} of {sum(a.count for a in answers):,} lying answers pass")
    assert any(answer.wrong for answer in answers)


def test_a_node_without_a_lowering_is_named(ask):
    class Unknown(Positive):
        pass

    with pytest.raises(RuleError, match=r"no circuit is known for the node Unknown at .*test_wrong_rules.py:\d+"):
        ask(less(Unknown))


def test_parts_that_do_not_add_up_are_found(ask):
    def parts(account, market, parameters):
        return {"equity": equity(account, market, parameters), "charge": requirement(account, market, parameters)}

    (found,) = ask(replace(FLAT_FEE, parts=parts), lambda pair: parts_add_up(pair["sufficiency"].claims))
    assert found.wrong
    assert "the parts equity, charge add up to" in found.example.sentence


def test_a_rule_that_is_never_short_is_found(ask):
    always = replace(FLAT_FEE, equity=lambda account, m, p: equity(account, m, p) + Constant(1 << 45, MONEY))
    (found,) = ask(always, whether_complement)
    assert found.wrong
    assert "none is short" in found.example.sentence
    with pytest.raises(RuleError, match="none is short") as error:
        ask(always, lambda pair: pair["shortfall"].claims.case(pair["shortfall"].rng("any"), true=True))
    assert error.value.code == "one-sided"


def test_a_schema_that_takes_any_table_is_found(ask, monkeypatch):
    monkeypatch.setattr(Schema, "check_table", lambda self, table: None)
    monkeypatch.setattr(Schema, "check_levels", lambda self, initial, maintenance: None)
    (found,) = ask(FLAT_FEE, lambda pair: hostile_cells(pair["sufficiency"].claims))
    assert found.wrong == found.count > 10


def test_a_cell_wider_than_its_bits_is_hostile():
    """A maximum that the bits do not hold is no reason to take the value."""
    schema = flat_fee_schema(SHAPE)
    cell = schema.cells("market")[0]
    object.__setattr__(cell, "maximum", 1 << 30)
    wide = Table("market", 1, (1 << cell.bits,))
    assert (0, 1 << cell.bits) in violations(schema, wide)
    assert accepts(schema, wide)


def test_cash_that_does_not_count_in_full_is_still_brought_to_zero(ask):
    """A rule may weigh cash: zero is then found by halving."""
    weighed = replace(FLAT_FEE, equity=lambda account, m, p: 3 * equity(account, m, p))
    (found,) = ask(weighed, whether_complement)
    assert found.ok
    assert found.details["within_a_money_unit"] > 10


def lowest(surplus, moving, end):
    """Return a surplus at the low end of everything, which is nobody's worst but a long position's."""
    return price_box._Box(moving, end).put(surplus, dict.fromkeys(moving, "lo"))


def test_a_box_that_is_not_at_its_worst_is_found(monkeypatch):
    monkeypatch.setattr(price_box, "worst", lowest)
    rule, plain = replace(FLAT_FEE, box={"price": "price"}), flat_fee_schema(SHAPE)
    with standing_in(RulePlugin(rule)):
        box = Tried(price_box.box_schema(rule, plain), BOX, boxed(plain), 5)
        assert box_complement(box, 60).ok, "the circuit is that of its own surplus all the same"
        found = markets_inside(rule, Claims(plain, "sufficiency", seed=5), box, 400)
    assert found.wrong
    assert "holds a market where it is short" in found.example.sentence


def test_a_sound_rule_passes_every_question_and_stands_in_for_the_trial_only(say):
    """Under the name of an installed rule, which is itself again afterwards."""
    installed = rule_plugin("drift")
    rule = replace(
        FLAT_FEE,
        name="drift",
        schema_of=lambda shape: replace(flat_fee_schema(shape), rule="drift"),
        box={"price": "price"},
    )
    words = []
    found = try_rule(RulePlugin(rule), holdings=60, lies=600, seed=5, watch=lambda word, *_: words.append(word))
    assert found.ok, [answer.as_json() for answer in found.answers if not answer.ok]
    assert len(words) == len(found.answers) == 26
    assert {answer.statement for answer in found.answers} == {"", "sufficiency", "shortfall", BOX}
    assert rule_plugin("drift") is installed
    assert family("drift").trial == Shape(1, 1, 1)
    say(f"a sound rule: {sum(answer.count for answer in found.answers):,} tries, 0 wrong")


def test_the_same_seed_asks_the_same(ask):
    first, second = (ask(FLAT_FEE, whether_complement, whether_intervals) for _ in range(2))
    assert first == second
