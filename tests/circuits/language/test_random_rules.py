"""Lost if these fail: a rule that nests min, max, abs and pos some other way than cross margin is unsound on one side.

Each random rule is shifted so that zero is among its values, then: exactly one circuit is satisfiable by the honest
fill; a complete search says the same; lies about helpers, everything downstream filled anew, prove nothing false.
"""

from collections import Counter

import pytest

from zkmargin.circuits.compiler.lowering import Side
from zkmargin.circuits.language.language import DIMENSIONLESS, CellRef, Constant, HoldingRef, ceil_div, floor_div, walk
from zkmargin.kernel import R
from zkmargin.kernel.errors import RuleError

from ..expressions import TinyRule, grow, leaves, tidy
from ..solver import SearchTooLarge

HALF = (R + 1) // 2
HELPERS = ("minimum", "maximum", "positive", "absolute", "quotient", "root", "ranked", "largest", "branch")
FALSE_SIDE = {True: Side.HI, False: Side.LO}  # of a value that is >= 0, "below zero" is false, and the other way round


def random_rule(rng):
    """Return a rule that has a holding, both sides, and zero among its values; or None."""
    holdings, cells, step = leaves(rng)
    try:
        raw = grow(rng, holdings, cells, step, rng.choice([2, 3, 3, 4]))
        if not any(isinstance(node, HoldingRef) for node in walk(raw)):
            return None
        values = {n.name: rng.randint(*n.interval) for n in walk(raw) if isinstance(n, HoldingRef | CellRef)}
        zero = TinyRule(raw).value(tidy(values))
        return TinyRule(raw - Constant(zero + rng.choice([0, 0, 1])))
    except RuleError as error:
        if "multiplies a helper by a value whose sign is not enforced" not in str(error):
            raise
        return None


def rules(rng, count):
    made = 0
    while made < count:
        rule = random_rule(rng)
        if rule is not None:
            made += 1
            yield rule


def nodes(rule):
    return Counter(type(node).__name__ for node in walk(rule.expression))


def test_random_rules_have_exactly_one_satisfiable_side(rng, size, tally):
    counts, seen = Counter(both=0, neither=0, wrong=0), Counter()
    number = size(800, 8000)
    for rule in rules(rng, number):
        seen += nodes(rule)
        for _ in range(12):
            values = tidy(rule.draw(rng))
            truth = rule.value(values) >= 0
            held = {}
            for side, circuit in rule.circuits.items():
                tape = circuit.machine.fill(*rule.inputs(values))
                held[side] = circuit.machine.holds(tape)
            counts["sufficient" if truth else "short"] += 1
            counts["both"] += all(held.values())
            counts["neither"] += not any(held.values())
            counts["wrong"] += held[Side.LO] is not truth
    wrong = counts["both"] + counts["neither"] + counts["wrong"]
    tally("S6", f"accounts of {number:,} random rules, exactly one side satisfiable", 12 * number, wrong)
    assert min(counts["sufficient"], counts["short"]) > 1000
    assert (
        min(
            seen[kind]
            for kind in (
                "Minimum",
                "Maximum",
                "Positive",
                "Absolute",
                "Product",
                "Quotient",
                "Increase",
                "Branch",
                "Exact",
                "SumLargest",
                "KthLargest",
                "SquareRoot",
                "Remainder",
            )
        )
        > 30
    )


def test_random_rules_have_no_witness_for_a_false_claim(rng, tally):
    """Complete: the search branches over every sign, every chosen piece and every bit of a helper bounded by pieces."""
    counts = Counter(none=0, exists=0, too_large=0)
    for rule in rules(rng, 400):
        for _ in range(4):
            values = tidy(rule.draw(rng))
            truth = rule.value(values) >= 0
            for side, circuit in rule.circuits.items():
                expected = truth is (side is Side.LO)
                if circuit.free_bits > 8:
                    counts["too_large"] += 1
                    continue
                try:
                    found = circuit.solver.exists(rule.known(side, values), most_branches=4000)
                except SearchTooLarge:
                    counts["too_large"] += 1
                    continue
                assert found is expected, (str(rule.expression), side)
                counts["exists" if found else "none"] += 1
    what = f"complete searches in 400 random rules, {counts['too_large']} more too large"
    tally("S11", what, counts["none"] + counts["exists"])
    assert min(counts["none"], counts["exists"]) > 500


def test_lies_about_random_rules_prove_nothing_false(rng, size, tally):
    counts, number = Counter(rejected=0, accepted=0), size(400, 8000)
    for rule in rules(rng, number):
        for _ in range(4):
            values = tidy(rule.draw(rng))
            side = FALSE_SIDE[rule.value(values) >= 0]
            circuit = rule.circuits[side]
            machine, fixed = circuit.machine, rule.known(side, values)
            honest = machine.fill(*rule.inputs(values))
            free = [w for w in range(1, machine.wires) if w not in fixed]
            for _ in range(10):
                pins = {wire: honest[wire] for wire in fixed}
                for wire in rng.sample(free, min(len(free), rng.choice([1, 1, 2, 3, 6]))):
                    value = honest[wire]
                    others = [
                        value + 1,
                        value - 1,
                        1 - value,
                        0,
                        -value,
                        value + rng.randint(-9, 9),
                        value * (R + 1) // 2,
                    ]
                    pins[wire] = rng.choice(others)
                tape, _changed = machine.replay(honest, pins)
                counts["accepted" if machine.holds(tape) else "rejected"] += 1
    assert counts.total() == 40 * number
    tally("S1", f"lies about false claims of {number:,} random rules", counts.total(), counts["accepted"])


@pytest.mark.parametrize("divide", [floor_div, ceil_div])
def test_a_quotient_is_no_half_of_the_field(divide):
    """1/2 + 1/2 = 1: a quotient that is not range-checked itself turns two zeros into one, or one unit into none."""
    x, two = HoldingRef(0, "x", DIMENSIONLESS, (-7, 7)), Constant(2)
    for shift in range(-8, 9):
        rule = TinyRule(divide(x, two) + divide(x + two, two) + Constant(shift - 1))  # two helpers, not one shared
        for value in range(-7, 8):
            truth = rule.value({"x": value}) >= 0
            assert truth is (2 * (value // 2 if divide is floor_div else -(-value // 2)) + shift >= 0)
            for side, circuit in rule.circuits.items():
                known = rule.known(side, {"x": value})
                assert circuit.solver.exists(known) is (truth is (side is Side.LO))
                if truth is (side is Side.LO):
                    continue
                names = circuit.system.names
                tape = circuit.machine.fill([], [value])
                for pieces in ((HALF, HALF), (-HALF, HALF), (value * HALF, value * HALF), (HALF + value, HALF)):
                    pins = {w: tape[w] for w in known} | dict(
                        zip((names.index("quotient.0"), names.index("quotient.1")), pieces, strict=True)
                    )
                    assert not circuit.machine.holds(circuit.machine.replay(tape, pins)[0])


def inside(circuit, tape):
    """Return how many of the circuit's bounds hold the tape's values, which must be all."""
    for node, bound in circuit.lowering._made.values():
        value = sum(tape[w] * k for w, k in bound.linear.terms.items()) % R
        integer = value - R if value > R // 2 else value
        assert bound.low <= integer <= bound.high, str(node)
    return len(circuit.lowering._made)


@pytest.mark.parametrize("side", list(Side))
def test_no_helper_leaves_the_interval_the_compiler_claims(side, rng, tally):
    """Neither honest ones nor legal lies: wires changed so that every row but the last check holds (row S9)."""
    honest, legal = 0, 0
    for rule in rules(rng, 250):
        circuit = rule.circuits[side]
        machine = circuit.machine
        rows = [n for n in range(len(machine.rows)) if n not in machine.caused("surplus", "shortfall")]
        helpers = [w for w, name in enumerate(circuit.system.names) if name.startswith(HELPERS)]
        for _ in range(4):
            values = tidy(rule.draw(rng))
            tape = machine.fill(*rule.inputs(values))
            honest += inside(circuit, tape)
            fixed = {wire: tape[wire] for wire in rule.known(side, values)}
            for _ in range(12 if helpers else 0):
                chosen = rng.sample(helpers, min(len(helpers), rng.choice([1, 1, 2, 3])))
                lie = {w: rng.choice([tape[w] + rng.randint(-9, 9), 0, 1 - tape[w]]) for w in chosen}
                told, changed = machine.replay(tape, {**fixed, **lie})
                if changed and machine.holds(told, rows):
                    legal += inside(circuit, told)
    what = f"{side.value} bounds of 250 random rules within their intervals, {legal} of them after legal lies"
    tally("S9", what, honest + legal)
    assert legal > 500
