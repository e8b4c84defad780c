"""Lost if these fail: under some margin rule an insolvent account gets a margin proof, or a healthy one none.

The same questions to every family at its small shape: one circuit of the two is satisfiable and the right one (S6), no
dishonest witness claims more (S1, S2, S11), every row matters (S3), every public input binds (S4), nothing leaves its
interval (S9), no free direction (S10), hostile tables are refused (S12), the same bytes every time (S7).
"""

from collections import Counter
from functools import cache

import pytest

from zkmargin.circuits.build import compile_statement
from zkmargin.circuits.language.language import CellRef, Constant, HoldingRef, walk
from zkmargin.circuits.rules.registry import rule_names
from zkmargin.circuits.statements.engine import bind, money_scale
from zkmargin.circuits.trials.accounts import corner
from zkmargin.circuits.trials.claims import Claims
from zkmargin.circuits.trials.hostile import violations
from zkmargin.circuits.trials.witnesses.lies import Lies, lying_hints, mutations
from zkmargin.circuits.trials.witnesses.rows import needless_rows, rank_defect
from zkmargin.circuits.trials.witnesses.subject import Subject
from zkmargin.kernel import R, load_program
from zkmargin.kernel.errors import InputError, Unsatisfied

from ..best_claim import best_claim
from ..families import (
    SEARCHED,
    SHAPES,
    STATEMENTS,
    FamilyMargin,
    compiled,
    drawn,
    schema_of,
)

ALL = list(rule_names())
BOTH = pytest.mark.parametrize("statement", STATEMENTS)
EVERY = pytest.mark.parametrize("name", ALL)


@cache
def taken_apart(name, statement):
    return FamilyMargin(name, statement)


@cache
def program(name, statement):
    return load_program(compiled(name, statement).program.to_bytes())


def satisfiable(name, statement, case):
    try:
        program(name, statement).run(case.public, case.hidden)
    except Unsatisfied:
        return False
    return True


def test_every_family_says_at_which_shape_it_is_tried():
    assert sorted(SHAPES) == ALL
    assert [name for name, shape in SHAPES.items() if shape is None] == []


@EVERY
def test_exactly_one_of_the_two_circuits_is_satisfiable(name, rng, goal, tally):
    schema, aim = schema_of(name), goal(2000, 100_000)
    kinds, wrong = Counter(), Counter()
    for number, (case, surplus) in enumerate(Claims(schema, "sufficiency", drawn).cases(rng, aim.asked)):
        if aim.reached(number):
            break
        if number % 10 == 0:
            assert case.surplus(schema) == surplus
        held = {statement: satisfiable(name, statement, case) for statement in STATEMENTS}
        wrong["both"] += all(held.values())
        wrong["neither"] += not any(held.values())
        wrong["wrong"] += held != {"sufficiency": surplus >= 0, "shortfall": surplus < 0}
        kinds["sufficient" if surplus >= 0 else "short"] += 1
        kinds["within a money unit"] += -money_scale(schema) <= surplus < money_scale(schema)
    count = kinds["sufficient"] + kinds["short"]
    what = f"{name}: holdings, exactly one circuit satisfiable; {dict(kinds)}"
    tally("S6", what, count, sum(wrong.values()), aim.asked)
    assert min(kinds["sufficient"], kinds["short"], kinds["within a money unit"]) >= count // 10


@EVERY
@BOTH
def test_what_the_program_fills_satisfies_every_row(name, statement, rng, tally):
    """The quick complement asks the kernel's program; here the rows themselves are asked."""
    trial, count = taken_apart(name, statement), 0
    for true in (True, True, True, True, False, False):
        tape = trial.tape(rng, true=true)
        assert trial.subject.machine.holds(tape) is true
        count += 1
    tally("S6", f"{name} {statement}: honest tapes asked row by row", count)


@EVERY
@BOTH
def test_no_changed_wire_claims_more(name, statement, rng, goal, tally):
    trial, aim = taken_apart(name, statement), goal(10_000, 1_000_000)
    told, wrong = Counter(), []
    while not aim.reached(told["alone"] + told["re-solved"]):
        lies = Lies(trial.subject, trial.tape(rng, true=True))
        assert not lies.broken
        some = list(mutations(trial.subject, lies.tape, rng))
        for wire, value in rng.sample(some, min(len(some), 2500)):
            lies.alone(wire, value)
            lies.solved(wire, value)
        told += lies.told
        wrong += lies.wrong
    count = told["alone"] + told["re-solved"]
    tally("S1", f"{name} {statement}: changed wires, alone and re-solved", count, len(wrong), aim.asked)


@EVERY
@BOTH
def test_no_lying_hint_claims_more_or_proves_what_is_false(name, statement, rng, size, tally):
    trial, told, wrong = taken_apart(name, statement), Counter(), []
    for number in range(size(2, 200)):
        lies = Lies(trial.subject, trial.tape(rng, true=number % 2 == 0))
        assert bool(lies.broken) is bool(number % 2)
        for way, pins in lying_hints(trial.subject, lies.tape, rng):
            lies.hint(pins, way)
        told += lies.told
        wrong += lies.wrong
    count = told["overflow"] + told["zero"] + told["random"]
    tally("S2", f"{name} {statement}: lying answers to every hint, half of them for false claims", count, len(wrong))


@EVERY
@BOTH
def test_without_any_row_something_more_is_accepted(name, statement, rng, tally):
    trial = taken_apart(name, statement)
    rows = trial.subject.system.rows
    idle = needless_rows(trial.subject, [trial.full_tape(rng) for _ in range(2)])
    share = 100 * (rows - len(idle)) / rows
    tally("S3", f"{name} {statement}: rows of which {share:.1f} % are seen to be needed", rows, int(share < 95))


@EVERY
@BOTH
def test_every_public_input_is_bound_by_a_row(name, statement, rng, tally):
    """No input can change while the rest of the witness stands; an input that a zero hides is tried on other tapes."""
    trial = taken_apart(name, statement)
    machine, tried = trial.subject.machine, 0
    left = set(range(1, 1 + len(trial.circuit.public)))
    for _ in range(12):
        tape = trial.full_tape(rng)
        for wire in sorted(left):
            value, bound = tape[wire], True
            for other in {value + 1, value - 1, 0} - {value}:
                tape[wire] = other % R
                bound = bound and not machine.holds(tape, machine.rows_of[wire])
                tried += 1
            tape[wire] = value
            if bound:
                left.discard(wire)
        if not left:
            break
    unbound = [trial.circuit.public[wire - 1] for wire in left]
    assert not unbound
    tally("S4", f"{name} {statement}, {len(trial.circuit.public)} public inputs: changes, by the rows", tried)


@EVERY
@BOTH
def test_what_is_not_an_input_is_determined_to_first_order(name, statement, rng, tally):
    """Where two pieces tie, choosing one of them has a double root: tapes are tried until nothing ties."""
    trial = taken_apart(name, statement)
    subject, defect = Subject(trial.circuit.system, trial.circuit.program, trial.inputs), 1
    for _ in range(12):
        defect = min(defect, rank_defect(subject, trial.full_tape(rng)))
        if not defect:
            break
    tally("S10", f"{name} {statement}: non-input wires at full rank", len(subject.wires), defect)


@EVERY
@BOTH
def test_the_best_that_any_helpers_show_is_the_truth(name, statement, rng, size, tally):
    trial = FamilyMargin(name, statement, SEARCHED[name]) if name in SEARCHED else taken_apart(name, statement)
    count, ways, wrong = size(6, 500), 0, 0
    for _ in range(count):
        known, truth = trial.search(rng)
        best, found = best_claim(trial.subject, known)
        ways += found
        wrong += best != truth
    tally("S11", f"{name} {statement}: accounts whose {ways:,} witnesses show no more than the truth", count, wrong)


@EVERY
def test_no_value_leaves_its_interval(name, rng, tally):
    """Every node at random holdings and cells, most of them at their ends."""
    schema, tried, outside = schema_of(name), 0, 0
    nodes = list(walk(bind(schema).surplus))
    for number in range(60):
        case = corner(schema, rng) if number % 3 else drawn(schema, rng, shrink=0, share=0)
        cells = {
            table: [stored - spec.offset for spec, stored in zip(schema.cells(table), part.cells, strict=True)]
            for table, part in (("market", case.market), ("parameters", case.parameters))
        }
        values = {}
        for node in nodes:
            if isinstance(node, HoldingRef):
                value = case.holdings.values[node.index]
            elif isinstance(node, CellRef):
                value = cells[node.table][node.index]
            else:
                value = node.evaluate([values[id(child)] for child in node.children])
            values[id(node)] = value
            if not isinstance(node, Constant):
                tried += 1
                outside += not node.interval[0] <= value <= node.interval[1]
    tally("S9", f"{name}: values of nodes, most at the ends of what they hang on", tried, outside)


@EVERY
def test_every_violation_of_every_cell_is_refused(name, rng, tally):
    schema, refused = schema_of(name), 0
    case = drawn(schema, rng)
    for part in (case.market, case.parameters):
        schema.check_table(part)
        for place, stored in violations(schema, part):
            with pytest.raises(InputError) as error:
                schema.check_table(part.replace({place: stored}))
            assert error.value.code == "schema"
            refused += 1
    tally("S12", f"{name}: hostile cells, by the schema", refused)


@EVERY
@BOTH
def test_the_same_bytes_every_time(name, statement):
    assert compile_statement(name, SHAPES[name], statement).files == compiled(name, statement).files
