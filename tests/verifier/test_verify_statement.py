"""Lost if these fail: a proof is taken for more than it says, or for something at tables that nobody posted."""

from dataclasses import replace

import pytest

from zkmargin.circuits.model import Table
from zkmargin.kernel import Proof, Q, R, prove, verify
from zkmargin.kernel.errors import FormatError, InputError, ProofRejected, Unsatisfied
from zkmargin.prover.prove import witness_bytes
from zkmargin.verifier.check import verify_statement


def rejected(world, statement, public=None, proof=None, tables=()):
    proved = world.proved[statement]
    with pytest.raises(ProofRejected) as error:
        verify_statement(
            world.judged[statement], public or proved.public, proof or proved.proof, world.demands(*tables)
        )
    return error.value.code


def test_a_good_proof_says_what_it_says(world, statement):
    proved = world.proved[statement]
    key = world.judged[statement]
    said = verify_statement(key, proved.public, proved.proof, world.demands(world.market, world.parameters))
    assert (said.commitment, said.credit, said.context) == proved.public[:3]
    assert (said.credit, said.context) == (5, 99)
    assert said.cells == {"market": world.market.cells, "parameters": world.parameters.cells}
    assert said.hashes == {t.name: "0x" + world.schema.table_hash(t).hex() for t in (world.market, world.parameters)}
    assert verify_statement(key, proved.public, proved.proof, world.demands()).hashes == {}


def test_a_table_outside_the_schema_is_refused_as_such(world, statement):
    public = world.proved[statement].public
    for place, value in ((1, 1 << 62), (2, 1 << 248), (3, R - 1), (3, -1), (4, 1 << 28), (len(public) - 1, 10_001)):
        moved = [*public[:place], value, *public[place + 1 :]]
        assert rejected(world, statement, moved) == "schema"
    assert rejected(world, statement, public[:-1]) == "schema"
    assert rejected(world, statement, [*public, 0]) == "schema"


def test_a_proof_at_another_table_is_refused_as_such(world, statement):
    for table in (world.market, world.parameters):
        for place in range(len(table.cells)):
            other = table.replace({place: table.cells[place] + 1})
            assert rejected(world, statement, tables=[other]) == "table-mismatch"
    assert rejected(world, statement, tables=[Table("markets", 7, world.market.cells)]) == "table-mismatch"
    assert rejected(world, statement, tables=[replace(world.market, name="parameters")]) == "table-mismatch"


def test_a_proof_of_anything_else_is_refused_as_such(world, statement):
    proved = world.proved[statement]
    other = world.proved["shortfall" if statement == "sufficiency" else "sufficiency"]
    assert rejected(world, statement, other.public) == "proof-rejected"
    assert rejected(world, statement, proof=other.proof) == "proof-rejected"
    assert rejected(world, statement, other.public, other.proof) == "proof-rejected"
    a, b, c = proved.proof.a, proved.proof.b, proved.proof.c
    damaged = [
        Proof(c, b, a),
        Proof((a[0], Q - a[1]), b, c),
        Proof(a, b, (c[0], Q - c[1])),
        Proof((a[0] + 1, a[1]), b, c),  # off the curve
        Proof((a[0] + Q, a[1]), b, c),  # not canonical
        Proof((0, 0), b, c),
        Proof(a, ((0, 0), (0, 0)), c),
        Proof(a, (b[0][::-1], b[1][::-1]), c),  # as the EVM orders them
    ]
    for proof in damaged:
        assert rejected(world, statement, proof=proof) == "proof-rejected"


def test_every_public_input_binds_in_the_kernel(world, statement, tally):
    """Row S4, below the schema check: each x {+1, -1, 0, +r}."""
    key, proved = world.provers[statement].circuit_key.verifying_key, world.proved[statement]
    assert verify(key, proved.public, proved.proof)
    assert len(key.ic) == len(proved.public) + 1
    assert len(set(key.ic)) == len(key.ic)
    tried = 0
    for place, value in enumerate(proved.public):
        for moved in ((value + 1) % R, (value - 1) % R, 0):
            if moved != value:
                public = [*proved.public[:place], moved, *proved.public[place + 1 :]]
                assert not verify(key, public, proved.proof)
                tried += 1
        with pytest.raises(FormatError) as error:
            verify(key, [*proved.public[:place], value + R, *proved.public[place + 1 :]], proved.proof)
        assert error.value.code == "input-not-canonical"
        tried += 1
    for public in (proved.public[:-1], (*proved.public, 0), ()):
        with pytest.raises(FormatError) as error:
            verify(key, public, proved.proof)
        assert error.value.code == "input-count"
    tally("S4", f"{statement}: changed public inputs, in the kernel", tried)


def test_a_real_proof_at_a_negative_price_is_refused_by_the_schema_alone(world):
    """The pairing holds: an account deep in debt proves it is solvent, at a price of -10^6 read from r - 10^6."""
    prover = world.provers["sufficiency"]
    place = [cell.name for cell in world.schema.cells("market")].index("market.asset_price.0")
    hostile = world.market.replace({place: R - 10**6})
    opening = world.opening(0)
    opening = replace(opening, holdings=replace(opening.holdings, cash=-(10**13), debts=(10**9, 0)))
    with pytest.raises(InputError, match=r"asset_price\.0 is outside"):
        witness_bytes(prover.manifest, opening, hostile, world.parameters, credit=0, context=1)
    public = (0, 0, 1, *hostile.cells, *world.parameters.cells)
    flat = (opening.holdings.cash, *opening.holdings.sizes, *opening.holdings.collateral, *opening.holdings.debts)
    witness = prover.manifest.program.run(public, (*flat, *opening.owner_key, opening.salt))
    proof = prove(prover.key, witness)
    stated = [int.from_bytes(witness[32 * i : 32 * i + 32], "little") for i in range(1, 1 + len(public))]
    assert verify(prover.circuit_key.verifying_key, stated, proof), "the pairing itself is expected to hold"
    with pytest.raises(ProofRejected) as error:
        verify_statement(world.judged["sufficiency"], stated, proof)
    assert error.value.code == "schema"


def test_the_prover_never_hands_out_a_proof_of_a_broken_witness(world, statement, rng):
    prover, proved = world.provers[statement], world.proved[statement]
    wires = len(proved.witness) // 32
    for _ in range(25):
        wire = rng.randrange(1, wires)
        witness = bytearray(proved.witness)
        witness[32 * wire] ^= 1 << rng.randrange(3)
        with pytest.raises(Unsatisfied, match="does not satisfy the circuit of this key"):
            prove(prover.key, bytes(witness))
