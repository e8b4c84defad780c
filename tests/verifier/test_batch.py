"""Lost if these fail: one wrong proof among many passes, or a right one is blamed for it."""

from dataclasses import replace

import pytest

from zkmargin.kernel import Proof, Q
from zkmargin.kernel.errors import ProofRejected
from zkmargin.verifier.batch import verify_many
from zkmargin.verifier.check import verify_statement


@pytest.fixture
def key(world):
    return world.provers["sufficiency"].circuit_key


@pytest.fixture(scope="session")
def good(world):
    """Twelve proofs of different statements under one key."""
    prover = world.provers["sufficiency"]
    made = [
        prover.prove(world.opening(1 << 60), world.market, world.parameters, credit=5, context=context)
        for context in range(12)
    ]
    return [(one.public, one.proof) for one in made]


def wrong(good):
    """Each way of being wrong, by the reason it must be given."""
    public, proof = good[0]
    x, y = proof.a
    return {
        "another statement's proof": ("proof-rejected", (public, good[1][1])),
        "another context": ("proof-rejected", ([*public[:2], 98, *public[3:]], proof)),
        "off the curve": ("proof-rejected", (public, replace(proof, a=(x, y ^ 1)))),
        "at infinity": ("proof-rejected", (public, replace(proof, c=(0, 0)))),
        "not canonical": ("proof-rejected", (public, Proof((x + Q, y), proof.b, proof.c))),
        "a cell outside its range": ("schema", ([*public[:3], 1 << 28, *public[4:]], proof)),
        "too few inputs": ("schema", (public[:-1], proof)),
        "too wide a credit": ("schema", ([public[0], 1 << 62, *public[2:]], proof)),
    }


def test_all_good_proofs_say_what_they_say_alone(world, key, good):
    tables = [world.market, world.parameters]
    verdicts = verify_many(key, good, tables)
    assert [verdict.verified for verdict in verdicts] == [verify_statement(key, *item, tables) for item in good]
    assert all(verdict.ok and verdict.reason is None for verdict in verdicts)
    assert verify_many(key, []) == []


def test_exactly_the_wrong_ones_are_named(key, good, rng, tally):
    """Random mixtures of every way of being wrong: verdicts, reasons and sentences are those of single proofs."""
    ways = list(wrong(good).values())
    judged = refused = 0
    for count in (1, 2, 3, 5, 8, 12):
        for wrongs in {0, 1, count // 2, count}:
            batch = good[:count]
            for at in rng.sample(range(count), wrongs):
                batch[at] = rng.choice(ways)[1]
            for item, verdict in zip(batch, verify_many(key, batch), strict=True):
                try:
                    expected = (True, verify_statement(key, *item), None, None)
                except ProofRejected as error:
                    expected = (False, None, error.code, error.message)
                    refused += 1
                assert (verdict.ok, verdict.verified, verdict.reason, verdict.message) == expected
                judged += 1
    assert 0 < refused < judged
    tally("F2", "proofs judged in batches as they are alone", judged)


def test_each_way_of_being_wrong_is_named_among_good_ones(key, good):
    for reason, item in wrong(good).values():
        verdicts = verify_many(key, [*good[:3], item, *good[3:6]])
        assert [verdict.ok for verdict in verdicts] == [True] * 3 + [False] + [True] * 3
        assert verdicts[3].reason == reason


def test_all_must_speak_of_the_demanded_tables(world, key, good):
    other = world.market.replace({0: world.market.cells[0] + 1})
    assert {verdict.reason for verdict in verify_many(key, good[:3], [other])} == {"table-mismatch"}
    assert all(verdict.ok for verdict in verify_many(key, good[:3], [world.market]))
