"""Lost if these fail: a proof means something else than its public inputs say, or says something that was hidden.

Rows S4 (every public input binds; the kernel's part stands in tests/verifier) and S5.
"""

import pytest

from zkmargin.circuits.compiler.builder import Builder
from zkmargin.circuits.compiler.linear import Linear
from zkmargin.circuits.statements.margin import STATEMENTS, hidden_names, public_names
from zkmargin.kernel import R
from zkmargin.kernel.errors import ProofRejected, RuleError
from zkmargin.verifier.check import check_public

from ..accounts import full_slots
from ..conftest import FULL, SMALL, compiled, machine


@pytest.mark.parametrize("statement", STATEMENTS)
@pytest.mark.parametrize("shape", [SMALL, FULL], ids=["small", "full"])
def test_every_public_input_is_bound_by_a_row(statement, shape, rng, tally):
    """With something in every slot, above every boundary, no input can change while the rest of the witness stands."""
    circuit, rows = compiled(statement, shape), machine(statement, shape)
    case = full_slots(circuit.schema, rng, 0 if statement == "sufficiency" else -1)
    tape = rows.fill(case.public, case.hidden)
    assert rows.holds(tape)
    tried = 0
    for wire in range(1, 1 + len(circuit.public)):
        value = tape[wire]
        for other in {value + 1, value - 1, 0} - {value}:
            tape[wire] = other % R
            assert not rows.holds(tape, rows.rows_of[wire]), circuit.public[wire - 1]
            tried += 1
        tape[wire] = value
    tally("S4", f"{statement}, {len(circuit.public)} public inputs: changes, by the rows", tried)


def test_an_input_plus_the_order_is_the_same_element_and_so_is_refused_before_the_pairing(rng):
    circuit = compiled("sufficiency")
    case = full_slots(circuit.schema, rng, 0)
    tape = machine("sufficiency").fill(case.public, case.hidden)
    public = tape[1 : 1 + len(circuit.public)]
    check_public(circuit.schema, public)
    for place in range(len(public)):
        for moved in (public[place] + R, public[place] - R, -1):
            with pytest.raises(ProofRejected) as error:
                check_public(circuit.schema, [*public[:place], moved, *public[place + 1 :]])
            assert error.value.code == "schema"


@pytest.mark.parametrize("statement", STATEMENTS)
def test_the_public_inputs_are_these_wires_and_no_hidden_one(statement, rng, tally):
    circuit, rows = compiled(statement), machine(statement)
    system = circuit.system
    assert system.public == public_names(circuit.schema)
    assert system.public[:3] == ("commitment", "credit", "context")
    assert system.names[: 1 + len(system.public)] == ["one", *system.public]
    assert not set(hidden_names(circuit.schema)) & set(system.public)
    for name in hidden_names(circuit.schema):
        wires = [w for w, other in enumerate(system.names) if other.split(".bit")[0].removesuffix(".magnitude") == name]
        assert wires
        assert min(wires) > len(system.public)

    # By identity: what the program writes into public wires is the commitment and nothing else.
    written = {wire for wire in rows.writers if wire <= len(system.public)}
    assert written == {1}
    case = full_slots(circuit.schema, rng, 0 if statement == "sufficiency" else -1)
    tape = rows.fill(case.public, case.hidden)
    assert tuple(tape[2 : 1 + len(system.public)]) == case.public[1:]
    tally("S5", f"{statement}: public wires, each by identity no hidden one", len(system.public))


def test_the_commitment_hides_behind_the_salt(rng):
    """Two accounts with the same holdings, and one account with two salts, share nothing that is public."""
    circuit, rows = compiled("sufficiency"), machine("sufficiency")
    case = full_slots(circuit.schema, rng, 0)
    tapes = [rows.fill(case.public, (*case.hidden[:-1], salt)) for salt in range(50)]
    assert len({tape[1] for tape in tapes}) == 50


@pytest.mark.parametrize("public", [["used", "idle"], ["idle", "used"]])
def test_an_unused_public_input_is_a_compile_error(public):
    """Groth16 would let anyone change it."""
    builder = Builder(public, ["x"])
    builder.equal(Linear.wire(builder.hidden_wire("x")), builder.public("used"), "equality")
    with pytest.raises(RuleError, match="the public input idle is in no constraint") as error:
        builder.finish()
    assert error.value.code == "unused-wire"


def test_an_input_that_cancels_out_of_its_row_is_unused():
    builder = Builder(["idle"], ["x"])
    idle, wire = builder.public("idle"), Linear.wire(builder.hidden_wire("x"))
    builder.constrain(wire + idle - idle, wire, idle.scaled(R), "row")
    with pytest.raises(RuleError, match="the public input idle is in no constraint"):
        builder.finish()


def test_a_hidden_input_that_no_row_sees_is_a_compile_error():
    builder = Builder([], ["x", "y"])
    wire = Linear.wire(builder.hidden_wire("x"))
    builder.constrain(wire, wire, wire, "bit")
    builder.hidden_wire("y")
    with pytest.raises(RuleError, match="the wire y is in no constraint"):
        builder.finish()
    builder = Builder([], ["x"])
    builder.constrain(builder.input("x"), Linear.constant(1), Linear(), "a hidden input is no wire")
    with pytest.raises(RuleError, match="which does not exist"):
        builder.finish()
