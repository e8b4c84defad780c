"""Lost if these fail: one wrong proof among many passes, or a right one is blamed for it."""

from dataclasses import replace

import pytest

from zkmargin.kernel import Proof, Q
from zkmargin.kernel.errors import ProofRejected
from zkmargin.verifier.batch import repeated, verify_many
from zkmargin.verifier.check import verify_statement
from zkmargin.verifier.proof_files import ProofFiles


@pytest.fixture
def key(world):
    return world.judged["sufficiency"]


@pytest.fixture(scope="session")
def good(world):
    """Twelve proofs of different statements under one key."""
    prover = world.provers["sufficiency"]
    made = [
        prover.prove(world.opening(1 << 60), world.market, world.parameters, credit=5, context=context)
        for context in range(12)
    ]
    return [ProofFiles(one.public, one.proof) for one in made]


def wrong(good):
    """Each way of being wrong, by the reason it must be given."""
    public, proof = good[0].public, good[0].proof
    x, y = proof.a
    ways = {
        "another statement's proof": ("proof-rejected", (public, good[1].proof)),
        "another context": ("proof-rejected", ([*public[:2], 98, *public[3:]], proof)),
        "off the curve": ("proof-rejected", (public, replace(proof, a=(x, y ^ 1)))),
        "at infinity": ("proof-rejected", (public, replace(proof, c=(0, 0)))),
        "not canonical": ("proof-rejected", (public, Proof((x + Q, y), proof.b, proof.c))),
        "a cell outside its range": ("schema", ([*public[:3], 1 << 28, *public[4:]], proof)),
        "too few inputs": ("schema", (public[:-1], proof)),
        "too wide a credit": ("schema", ([public[0], 1 << 62, *public[2:]], proof)),
        "another credit": ("credit", ([public[0], 6, *public[2:]], proof)),
    }
    return {way: (reason, ProofFiles(tuple(public), proof)) for way, (reason, (public, proof)) in ways.items()}


def test_all_good_proofs_say_what_they_say_alone(world, key, good):
    demands = world.demands(world.market, world.parameters)
    verdicts = verify_many(key, good, demands)
    alone = [verify_statement(key, item.public, item.proof, demands) for item in good]
    assert [verdict.verified for verdict in verdicts] == alone
    assert all(verdict.ok and verdict.reason is None for verdict in verdicts)
    assert verify_many(key, []) == []


def test_exactly_the_wrong_ones_are_named(world, key, good, rng, tally):
    """Random mixtures of every way of being wrong: verdicts, reasons and sentences are those of single proofs."""
    ways = list(wrong(good).values())
    judged = refused = 0
    for count in (1, 2, 3, 5, 8, 12):
        for wrongs in {0, 1, count // 2, count}:
            batch = good[:count]
            for at in rng.sample(range(count), wrongs):
                batch[at] = rng.choice(ways)[1]
            for item, verdict in zip(batch, verify_many(key, batch, world.demands()), strict=True):
                try:
                    expected = (True, verify_statement(key, item.public, item.proof, world.demands()), None, None)
                except ProofRejected as error:
                    expected = (False, None, error.code, error.message)
                    refused += 1
                assert (verdict.ok, verdict.verified, verdict.reason, verdict.message) == expected
                judged += 1
    assert 0 < refused < judged
    tally("F2", "proofs judged in batches as they are alone", judged)


def test_each_way_of_being_wrong_is_named_among_good_ones(world, key, good):
    for reason, item in wrong(good).values():
        verdicts = verify_many(key, [*good[:3], item, *good[3:6]], world.demands())
        assert [verdict.ok for verdict in verdicts] == [True] * 3 + [False] + [True] * 3
        assert verdicts[3].reason == reason


def test_all_must_speak_of_the_demanded_tables(world, key, good):
    other = world.market.replace({0: world.market.cells[0] + 1})
    assert {verdict.reason for verdict in verify_many(key, good[:3], world.demands(other))} == {"table-mismatch"}
    assert all(verdict.ok for verdict in verify_many(key, good[:3], world.demands(world.market)))


def test_one_account_counted_twice_is_told(world, key, good):
    """Whoever adds up what a hundred proofs are about must not add one account twice."""
    prover, opening = world.provers["sufficiency"], world.opening(1 << 60)
    twice = [prover.prove(opening, world.market, world.parameters, credit=5, context=context) for context in (1, 2)]
    items = [*good[:2], *(ProofFiles(one.public, one.proof) for one in twice), good[0]]
    verdicts = verify_many(key, items, world.demands())
    assert all(verdict.ok for verdict in verdicts)
    assert repeated(verdicts) == {twice[0].public[0]: [2, 3], good[0].public[0]: [0, 4]}
    wrong_one = [*items[:3], wrong(good)["another context"][1]]
    assert repeated(verify_many(key, wrong_one, world.demands())) == {}
