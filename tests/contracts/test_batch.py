"""A batch says yes only when every proof would have been accepted alone, and names what is malformed (F2, V2)."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from zkmargin.client.chains.embedded import EmbeddedChain
from zkmargin.contracts import errors
from zkmargin.contracts.bindings import AccessManager, Registry
from zkmargin.contracts.chain import OutOfGas
from zkmargin.contracts.encoding import INITIAL, MAINTENANCE, key_bytes, proof_words
from zkmargin.kernel import g1_add


@pytest.fixture(scope="module")
def rng(seed):
    return Random(f"{seed} batch")


@pytest.fixture(scope="module")
def registry():
    chain = EmbeddedChain(timestamp=1_790_000_000)
    admin = chain.accounts[0]
    return Registry.deploy(chain, admin, AccessManager.deploy(chain, admin, admin).address)


@pytest.fixture(scope="module")
def key(synthetic, rng):
    return synthetic.SyntheticKey(3, rng)


@pytest.fixture(scope="module")
def circuit(registry, key):
    return registry.register(key_bytes(key.points), 3, [])


@pytest.fixture(scope="module")
def items(batching, key, synthetic, rng):
    """Eight valid items."""
    return batching.items_of(key, [[rng.randrange(synthetic.R) for _ in range(3)] for _ in range(8)])


def changed(items, at, **fields):
    return [*items[:at], replace(items[at], **fields), *items[at + 1 :]]


def word_changed(items, item, word, value):
    words = list(items[item].proof)
    words[word] = value
    return changed(items, item, proof=words)


def test_valid_batches_hold_in_every_order_and_with_an_item_twice(registry, circuit, items, rng):
    for count in (1, 2, 3, 8):
        registry.verify_batch(circuit, items[:count])
    for _ in range(5):
        registry.verify_batch(circuit, rng.sample(items, 8))
    registry.verify_batch(circuit, [items[0]] * 3)
    registry.verify_batch(circuit, [items[0], items[1], items[0]])
    with pytest.raises(errors.EmptyBatch):
        registry.verify_batch(circuit, [])


def test_one_wrong_proof_among_64_is_enough(registry, circuit, key, batching, synthetic, rng, tally):
    many = batching.items_of(key, [[rng.randrange(synthetic.R) for _ in range(3)] for _ in range(64)])
    registry.verify_batch(circuit, many)
    for bad in (0, 31, 63):
        for singles in ([(many[bad].singles[0] + 1) % synthetic.R, *many[bad].singles[1:]], many[bad - 1].singles):
            with pytest.raises(errors.BatchRejected):
                registry.verify_batch(circuit, changed(many, bad, singles=singles))
    tally("F2", "batches of 64 with one wrong proof refused", 6)


def test_proofs_and_inputs_cannot_change_places(registry, circuit, items, tally):
    count = 0
    for i in range(8):
        for j in range(i):
            swapped = changed(changed(items, i, proof=items[j].proof), j, proof=items[i].proof)
            with pytest.raises(errors.BatchRejected):
                registry.verify_batch(circuit, swapped)
            count += 1
    for field in (slice(0, 2), slice(2, 6), slice(6, 8)):  # a part of a proof changes places
        words = [list(items[0].proof), list(items[1].proof)]
        words[0][field], words[1][field] = words[1][field], words[0][field]
        with pytest.raises(errors.BatchRejected):
            registry.verify_batch(circuit, changed(changed(items, 0, proof=words[0]), 1, proof=words[1]))
        count += 1
    tally("F2", "exchanges of proofs between items refused", count)


@pytest.mark.parametrize("pair", [(0, 1), (3, 7)])
def test_errors_of_equal_size_do_not_cancel(registry, circuit, items, key, synthetic, rng, pair):
    """C_1 + D and C_2 − D hold together under equal powers; inputs moved against each other do too."""
    first, second = pair
    d = synthetic.g1(rng.randrange(1, synthetic.R))
    for sign in (1, -1):
        plus, minus = (d, (d[0], synthetic.Q - d[1]))[::sign]
        moved = changed(items, first, proof=[*items[first].proof[:6], *g1_add(tuple(items[first].proof[6:]), plus)])
        moved = changed(moved, second, proof=[*moved[second].proof[:6], *g1_add(tuple(moved[second].proof[6:]), minus)])
        with pytest.raises(errors.BatchRejected):
            registry.verify_batch(circuit, moved)
    moved = items
    for at, step in ((first, 1), (second, -1)):
        moved = changed(moved, at, singles=[(moved[at].singles[0] + step) % synthetic.R, *moved[at].singles[1:]])
    with pytest.raises(errors.BatchRejected):
        registry.verify_batch(circuit, moved)
    # Under equal powers the sums are those of the valid items.
    assert sum(item.singles[0] for item in moved) % synthetic.R == sum(i.singles[0] for i in items) % synthetic.R


def test_words_that_are_not_canonical_name_their_item(registry, circuit, items, synthetic):
    for item in (0, 5):
        for word in range(8):
            value = items[item].proof[word] + synthetic.Q
            with pytest.raises(errors.ItemNotCanonical) as refused:
                registry.verify_batch(circuit, word_changed(items, item, word, value))
            assert refused.value.arguments == {"item": item, "word": word, "value": value}
        for index in range(3):
            singles = list(items[item].singles)
            singles[index] += synthetic.R
            with pytest.raises(errors.ItemInputNotCanonical) as refused:
                registry.verify_batch(circuit, changed(items, item, singles=singles))
            assert refused.value.arguments == {"item": item, "index": index, "value": singles[index]}


def test_malformed_points_name_their_item(registry, circuit, items, synthetic):
    (x, y) = synthetic.outside_the_subgroup()
    for item in (0, 1, 7):
        good = list(items[item].proof)
        bad = {
            "A off the curve": [good[0], (good[1] + 1) % synthetic.Q, *good[2:]],
            "B off the curve": [*good[:5], (good[5] + 1) % synthetic.Q, *good[6:]],
            "B outside the subgroup": [*good[:2], x[1], x[0], y[1], y[0], *good[6:]],
            "C off the curve": [*good[:7], (good[7] + 1) % synthetic.Q],
            "A at infinity": [0, 0, *good[2:]],
            "B at infinity": [*good[:2], 0, 0, 0, 0, *good[6:]],
            "C at infinity": [*good[:6], 0, 0],
        }
        for words in bad.values():
            with pytest.raises(errors.MalformedItem) as refused:
                registry.verify_batch(circuit, changed(items, item, proof=words))
            assert refused.value.arguments == {"item": item}


def test_counts_are_the_circuits(registry, circuit, items):
    for singles in ([], items[1].singles[:2], [*items[1].singles, 0]):
        for at in (0, 1):
            with pytest.raises(errors.InputCountWrong):
                registry.verify_batch(circuit, changed(items, at, singles=singles))
    for fields in ({"table_ids": [bytes(32)]}, {"ys": [0]}, {"table_ids": [bytes(32)], "ys": [0]}):
        for at in (0, 1):
            with pytest.raises(errors.TableCountWrong):
                registry.verify_batch(circuit, changed(items, at, **fields))
    # All items alike, so that the second one's tables are the first one's.
    with pytest.raises(errors.TableCountWrong):
        registry.verify_batch(circuit, [replace(item, ys=[0]) for item in items])
    with pytest.raises(errors.InputCountWrong):
        registry.verify_batch(circuit, changed([items[0]] * 3, 2, singles=items[0].singles[:2]))


def test_a_batch_accepts_exactly_what_single_proofs_do(registry, circuit, key, items, synthetic, rng, tally):
    """Any subset of wrong items, judged alone and together."""
    accepted = 0
    for case in range(20):
        chosen = rng.sample(items, rng.randrange(1, 6))
        if case % 2:
            at, word = rng.randrange(len(chosen)), rng.choice((0, 6))
            other = synthetic.g1(rng.randrange(1, synthetic.R))
            words = list(chosen[at].proof)
            words[word : word + 2] = other
            chosen = changed(chosen, at, proof=words)
        alone = True
        for item in chosen:
            try:
                registry.verify(circuit, item.proof, item.singles, [], [])
            except errors.ProofRejected:
                alone = False
        try:
            registry.verify_batch(circuit, chosen)
            together = True
        except errors.BatchRejected:
            together = False
        assert together == alone == (case % 2 == 0)
        accepted += together
    tally("F2", "batches of which half hold, judged as their proofs alone are", 20)
    assert accepted == 10


def test_too_little_gas_is_never_a_verdict(registry, circuit, items, synthetic, tally):
    (x, y) = synthetic.outside_the_subgroup()
    twist = [*items[1].proof[:2], x[1], x[0], y[1], y[0], *items[1].proof[6:]]
    cases = {
        "accepted": items[:3],
        "BatchRejected": changed(items[:3], 1, singles=items[0].singles),
        "MalformedItem": changed(items[:3], 1, proof=twist),
    }
    seen = {}
    for verdict, batch in cases.items():
        tuples = [(list(item.proof), list(item.singles), [], []) for item in batch]
        for gas in range(70_000, 900_000, 20_000):
            try:
                registry.send("verifyBatch", circuit, tuples, gas=gas)
                said = "accepted"
            except OutOfGas:
                said = "OutOfGas"
            except errors.SolidityError as error:
                said = error.name
            assert said in (verdict, "OutOfGas", "GasTooLow")
            seen[said] = seen.get(said, 0) + 1
    tally("V2", "gas limits: a batch gets the true verdict or none", sum(seen.values()))
    assert set(seen) == {*cases, "OutOfGas", "GasTooLow"}


def test_a_disabled_or_unknown_circuit_has_no_batches(world, batching, seed):
    with pytest.raises(errors.UnknownCircuit):
        world.registry.verify_batch(bytes(32), [])
    circuit = world.circuits["shortfall"]
    world.registry.disable(circuit)
    with pytest.raises(errors.CircuitDisabled):
        world.registry.verify_batch(circuit, [])


@pytest.fixture
def with_tables(world, batching, rng):
    """A function: a valid item of the sufficiency circuit about a round, version and level."""
    key = world.keys["sufficiency"]

    def make(round_, level):
        singles = [rng.randrange(1 << 250), 0, rng.randrange(1 << 248)]
        words = proof_words(key.prove(world.public(singles, round_, 100, level)))
        ys = world.ys(key, round_, 100, level)
        return batching.BatchItem(words, singles, world.table_ids(round_, 100, level), ys)

    return make


def test_items_may_speak_of_different_tables(world, with_tables, worlds, tally):
    circuit = world.circuits["sufficiency"]
    world.post_round(2, [worlds.PRICES[0] + 5, *worlds.PRICES[1:]])
    kinds = [(1, MAINTENANCE), (1, MAINTENANCE), (2, MAINTENANCE), (2, INITIAL), (1, MAINTENANCE), (2, INITIAL)]
    batch = [with_tables(*kind) for kind in kinds]
    world.registry.verify_batch(circuit, batch)
    refused = 0
    for at, other in ((0, 2), (1, 2), (2, 1), (5, 4), (3, 2)):
        wrong = changed(batch, at, table_ids=batch[other].table_ids, ys=batch[other].ys)
        with pytest.raises(errors.BatchRejected):
            world.registry.verify_batch(circuit, wrong)
        refused += 1
    tally("F2", "items about another table refused", refused)


def test_tables_of_a_batch_are_folded_and_their_hints_checked(world, with_tables, worlds):
    circuit = world.circuits["sufficiency"]
    batch = [with_tables(1, MAINTENANCE) for _ in range(3)]
    world.board.post(2, world.chain.now(), worlds.PRICES)
    unfolded = [world.board.round_table(2), batch[0].table_ids[1]]
    for at in range(3):
        with pytest.raises(errors.NotFolded):
            world.registry.verify_batch(circuit, changed(batch, at, table_ids=unfolded))
        for ys in ([batch[0].ys[0], batch[0].ys[1] + 2], [0, 0], batch[0].ys[::-1]):
            with pytest.raises(errors.HintRefused):
                world.registry.verify_batch(circuit, changed(batch, at, ys=ys))
        with pytest.raises(errors.NotFolded):
            world.registry.verify_batch(circuit, changed(batch, at, table_ids=batch[0].table_ids[::-1]))
