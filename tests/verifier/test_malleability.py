"""Lost if these fail: someone believes that a proof's bytes name it, and lets one statement count twice (row V3).

Anyone can turn a Groth16 proof into another of the same statement. That is harmless as long as what counts once is the
statement's context and never the proof's bytes.
"""

from zkmargin.kernel import Proof, R, g1_add, g1_multiply, g2_add, g2_multiply, verify
from zkmargin.verifier.check import verify_statement


def scaled(proof, u):
    """Return (uA, B/u, C)."""
    return Proof(g1_multiply(proof.a, u), g2_multiply(proof.b, pow(u, -1, R)), proof.c)


def shifted(proof, vk, v):
    """Return (A, B + v·delta, C + v·A)."""
    b = g2_add(proof.b, g2_multiply(vk.delta, v))
    return Proof(proof.a, b, g1_add(proof.c, g1_multiply(proof.a, v)))


def test_rerandomised_proofs_verify_and_say_the_same(world, statement, rng, tally):
    key, proved = world.judged[statement], world.proved[statement]
    said = verify_statement(key, proved.public, proved.proof, world.demands())
    vk = key.key.verifying_key
    copies = {proved.proof}
    for _ in range(50):
        u, v = rng.randrange(2, R), rng.randrange(1, R)
        for copy in (scaled(proved.proof, u), shifted(scaled(proved.proof, u), vk, v)):
            assert copy not in copies
            copies.add(copy)
            assert verify_statement(key, proved.public, copy, world.demands()) == said
    tally("V3", f"{statement}: re-randomised proofs, all of the same statement", len(copies) - 1)


def test_a_copy_never_speaks_for_other_public_inputs(world, statement, rng):
    """The same tricks with a public input moved: none of them carries over."""
    proved, vk = world.proved[statement], world.provers[statement].circuit_key.verifying_key
    for _ in range(10):
        place = rng.randrange(len(proved.public))
        public = [*proved.public[:place], (proved.public[place] + 1) % R, *proved.public[place + 1 :]]
        u, v = rng.randrange(2, R), rng.randrange(1, R)
        moved = g1_add(proved.proof.c, g1_multiply(vk.ic[place + 1], v))
        for copy in (
            scaled(proved.proof, u),
            shifted(proved.proof, vk, v),
            Proof(proved.proof.a, proved.proof.b, moved),
        ):
            assert not verify(vk, public, copy)


def test_half_of_a_trick_is_no_proof(world, statement, rng):
    proved, vk = world.proved[statement], world.provers[statement].circuit_key.verifying_key
    u = rng.randrange(2, R)
    a, b, c = proved.proof.a, proved.proof.b, proved.proof.c
    for wrong in (
        Proof(g1_multiply(a, u), b, c),
        Proof(a, g2_multiply(b, u), c),
        Proof(a, g2_add(b, vk.delta), c),
        Proof(a, b, g1_add(c, a)),
        Proof(g1_multiply(a, u), g2_multiply(b, u), c),
    ):
        assert not verify(vk, proved.public, wrong)


def test_two_proofs_of_one_statement_share_no_point(world, statement):
    """Blinding: or proofs of one account would be linkable by their bytes, and the witness guessable."""
    prover = world.provers[statement]
    opening = world.opening((1 << 60) if statement == "sufficiency" else -(1 << 60))
    proofs = [prover.prove(opening, world.market, world.parameters, context=1) for _ in range(12)]
    assert len({p.public for p in proofs}) == 1
    for part in ("a", "b", "c"):
        assert len({getattr(p.proof, part) for p in proofs}) == 12
