"""Lost if these fail: an insolvent account gets a margin proof, or a healthy one a shortfall proof, or one gets none.

Of the two circuits exactly one is satisfiable for holdings in range, and it is the one the engine says (row S6).
"""

from collections import Counter

import pytest

from zkmargin.circuits.statements.commitment import commit
from zkmargin.kernel.errors import Unsatisfied

from .. import oracle
from ..accounts import FINE, mixed_cases, tuned_case
from ..conftest import FULL, SMALL, compiled, machine


def judge(shape, cases):
    """Return (cases a kind, verdicts): verdicts count both, neither, wrong, and surpluses the oracle disputes."""
    kinds, verdicts = Counter(), Counter(both=0, neither=0, wrong=0, disputed=0, unbound=0)
    schema = compiled("sufficiency", shape).schema
    for number, case in enumerate(cases):
        hashed = number % 10 == 0  # the hash depends on no value of the rule: every tenth account is enough
        surplus = case.surplus(schema)
        verdicts["disputed"] += surplus != oracle.surplus(schema, case) * FINE
        held = {}
        for statement in ("sufficiency", "shortfall"):
            circuit = machine(statement, shape, hashed=hashed)
            tape = circuit.fill(case.public, case.hidden)
            held[statement] = circuit.holds(tape)
            verdicts["unbound"] += hashed and tape[1] != commit(schema, case.opening)
        verdicts["both"] += all(held.values())
        verdicts["neither"] += not any(held.values())
        verdicts["wrong"] += held != {"sufficiency": surplus >= 0, "shortfall": surplus < 0}
        kinds[case.kind] += 1
        kinds["sufficient" if surplus >= 0 else "short"] += 1
    return dict(kinds), dict(verdicts)


def until(aim, cases):
    """Yield cases until the goal is reached."""
    for number, case in enumerate(cases):
        if aim.reached(number):
            return
        yield case


def test_exactly_one_of_the_two_circuits_is_satisfiable(rng, goal, tally):
    aim = goal(2000, 100_000)
    kinds, verdicts = judge(SMALL, until(aim, mixed_cases(compiled("sufficiency").schema, rng, aim.asked)))
    count = kinds["sufficient"] + kinds["short"]
    tally("S6", f"holdings at {SMALL}, exactly one circuit satisfiable", count, sum(verdicts.values()), aim.asked)
    assert min(kinds[k] for k in ("surplus -1", "surplus +0", "surplus +1", "sufficient", "short", "corner")) >= 190
    assert not any(verdicts.values())


def test_exactly_one_of_the_two_circuits_is_satisfiable_at_the_full_shape(rng, size, tally):
    count = size(60, 1000)
    _kinds, verdicts = judge(FULL, mixed_cases(compiled("sufficiency", FULL).schema, rng, count))
    tally("S6", f"holdings at {FULL}, exactly one circuit satisfiable", count, sum(verdicts.values()))


@pytest.mark.parametrize(("statement", "target"), [("sufficiency", -1), ("shortfall", 0)])
def test_one_smallest_unit_short_the_prover_finds_no_witness(statement, target, rng):
    circuit = compiled(statement)
    for _ in range(50):
        case = tuned_case(circuit.schema, rng, target)
        with pytest.raises(Unsatisfied) as error:
            circuit.program.run(case.public, case.hidden)
        assert error.value.code == "out-of-range"
        assert error.value.hint == ("surplus" if statement == "sufficiency" else "shortfall")


@pytest.mark.parametrize("statement", ["sufficiency", "shortfall"])
def test_the_witness_program_and_the_row_checker_agree_with_the_second_machine(statement, rng):
    circuit, judge_ = compiled(statement), machine(statement)
    target = 0 if statement == "sufficiency" else -1
    for _ in range(20):
        case = tuned_case(circuit.schema, rng, target)
        witness = circuit.program.run(case.public, case.hidden)
        assert witness == judge_.fill(case.public, case.hidden)[: circuit.system.wires]
        assert list(circuit.system.unsatisfied(witness)) == []
        wire = rng.randrange(1, circuit.system.wires)
        witness[wire] += 1
        assert list(circuit.system.unsatisfied(witness)) == list(judge_.broken(witness))
