"""Lost if these fail: a false claim has a witness, so anyone opens what they cannot margin, or seizes what is healthy.

10,000 lies, each with everything downstream filled anew. What is accepted must be a true claim: the commitment opens to
the holdings, the cells are inside the schema, and the engine agrees (rows S1, S2, S11).
"""

import itertools
from collections import Counter

import pytest

from zkmargin.circuits.trials.witnesses.machine import Machine
from zkmargin.kernel import R

from ..accounts import corner_case, mixed_cases, on_boundary, random_case, tuned_case
from ..conftest import compiled, machine
from ..lies import Liar


def false_cases(statement, rng, count):
    """Yield cases of which the statement is false, most of them by one smallest unit."""
    schema = compiled(statement).schema
    short = statement == "sufficiency"
    made = 0
    while made < count:
        kind = made % 6
        if kind < 3:
            case = tuned_case(schema, rng, -1 if short else 0)
        elif kind == 3:
            case = corner_case(schema, rng)
        elif kind == 4:
            case = on_boundary(schema, rng, random_case(schema, rng))
        else:
            case = next(mixed_cases(schema, rng, 1))
        if (case.surplus(schema) < 0) is short:
            made += 1
            yield case


@pytest.mark.parametrize("statement", ["sufficiency", "shortfall"])
def test_no_lie_proves_a_false_claim(statement, rng, goal, tally):
    circuit, rows = compiled(statement), machine(statement)
    told, verdicts = Counter(), Counter(rejected=0, schema=0, true=0, false=0)
    lies, aim = 210, goal(24 * 210, 480 * 210)
    for case in false_cases(statement, rng, aim.asked // lies):
        if aim.reached(told.total()):
            break
        liar = Liar(circuit, rows, case, rng)
        assert liar.broken, "the honest fill of a false claim must break a row"
        kinds = list(liar.kinds)
        for number in range(lies):
            kind = kinds[number % len(kinds)]
            verdict = liar.tell(liar.kinds[kind]())
            told[kind] += 1
            verdicts[verdict] += 1
            assert verdict != "false", (statement, kind, case.kind)
    what = f"{statement}: {len(told)} kinds of lies about false claims, everything downstream re-solved"
    tally("S1", what, told.total(), verdicts["false"], aim.asked)
    assert sum(told.values()) >= 5000
    assert min(told.values()) >= 250


@pytest.mark.parametrize(
    ("statement", "causes", "kinds"),
    [
        ("sufficiency", ("bits of surplus",), ("whole_value_in_one_bit",)),
        ("sufficiency", ("bits of size.0",), ("bit", "sign", "overflow")),
        ("sufficiency", ("sign of positive",), ("sign", "bit")),
        ("sufficiency", ("range of surplus",), ("bits_of_value_plus_order",)),
        ("sufficiency", ("product",), ("helper",)),
        ("sufficiency", ("commitment",), ("other_holdings",)),
        ("sufficiency", ("packing",), ("packing", "other_holdings", "overflow")),
        ("shortfall", ("is one piece",), ("selection", "helper")),
        ("shortfall", ("bits of shortfall",), ("whole_value_in_one_bit",)),
        ("shortfall", ("sign of size",), ("sign", "bit")),
        ("shortfall", ("bits of debt",), ("bit", "overflow")),
        ("shortfall", ("bits of collateral",), ("bit", "overflow")),
    ],
)
def test_the_lies_would_succeed_where_rows_are_missing(statement, causes, kinds, rng):
    """Every family of rows is needed, and the lies are good enough to show it."""
    circuit, rows = compiled(statement), Machine(compiled(statement).system, compiled(statement).program)
    for number in rows.caused(*causes):
        rows.rows[number] = (lambda _tape: 0,) * 3
    for case in itertools.islice(false_cases(statement, rng, 1000), 40):
        liar = Liar(circuit, rows, case, rng)
        for _ in range(40):
            if liar.tell(liar.kinds[rng.choice(kinds)]()) == "false":
                return
    pytest.fail(f"no lie got through without the rows {causes}")


@pytest.mark.parametrize(("statement", "target"), [("sufficiency", 0), ("shortfall", -1)])
def test_a_true_claims_witness_is_determined_but_for_harmless_choices(statement, target, rng, tally):
    """Of a true claim, single wires are changed and nothing re-solved: only signs at zero and idle helpers may move."""
    circuit, rows = compiled(statement), machine(statement)
    moved, tried = Counter(), 0
    for _ in range(6):
        case = tuned_case(circuit.schema, rng, target)
        tape = rows.fill(case.public, case.hidden)
        assert rows.holds(tape)
        for wire in range(1 + len(circuit.public), rows.wires):
            value, tried = tape[wire], tried + 4
            for other in (value + 1, value - 1, 1 - value, -value):
                if (other - value) % R == 0:
                    continue
                tape[wire] = other % R
                if rows.holds(tape, rows.rows_of[wire]):
                    moved[circuit.system.names[wire].rsplit(".", 1)[0]] += 1
                tape[wire] = value
    what = f"{statement}: single changes of a true claim's witness, accepted only: {moved.total()} signs of zero"
    tally("S1", what, tried)
    assert all("magnitude" in name for name in moved)
