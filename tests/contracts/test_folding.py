"""F1: a stored point is as powerful as the key, so none is there that is not the sum of an admitted table."""

from __future__ import annotations

from itertools import product
from random import Random

import pytest

from zkmargin.client.chains.embedded import EmbeddedChain
from zkmargin.contracts import errors
from zkmargin.contracts.artifact import load_artifact
from zkmargin.contracts.cells import CellSchema
from zkmargin.contracts.chain import OutOfGas
from zkmargin.contracts.encoding import INITIAL, MAINTENANCE, key_bytes, proof_words
from zkmargin.kernel import pairing_check


def check(world, *, name="sufficiency", key=None, circuit=None, public=None, tables=None, ys=None):
    """Verify a statement about round 1, version 100, initial level; every part can be exchanged."""
    key = key or world.keys[name]
    public = public or world.public([1, 2, 3], 1, 100, INITIAL)
    world.registry.verify(
        circuit or world.circuits[name],
        proof_words(key.prove(public)),
        public[:3],
        tables or world.table_ids(1, 100, INITIAL),
        ys or world.ys(key, 1, 100, INITIAL),
    )


def test_a_folded_statement_verifies(world):
    check(world)


def test_a_changed_cell_is_rejected(world, tally):
    good = world.public([1, 2, 3], 1, 100, INITIAL)
    for index in range(3, world.inputs):
        for change in (1, -1, world.synthetic.R - good[index]):
            public = list(good)
            public[index] += change
            with pytest.raises(errors.ProofRejected):
                check(world, public=public)
    tally("F1", "changed, higher and negative cells against a folded table", 3 * (world.inputs - 3))


def test_another_circuits_point_is_not_used(world, synthetic):
    """Two circuits under one ptau: the other's point would prove a falsehood, so each has its own."""
    own = world.keys["sufficiency"]
    ic = [*own.ic[:-1], own.ic[-1] + 5]
    secrets = {"alpha": own.alpha, "beta": own.beta, "delta": own.delta}
    sibling = synthetic.SyntheticKey(world.inputs, world.rng, ic, **secrets)
    circuit = world.register(sibling)
    public = world.public([1, 2, 3], 1, 100, INITIAL)
    proof, ys = own.prove(public), world.ys(own, 1, 100, INITIAL)
    shared = synthetic.g1(own.vk_x(public))
    negated = (proof.a[0], synthetic.Q - proof.a[1])
    points = sibling.points
    pairs = [(negated, proof.b), (points.alpha, points.beta), (shared, points.gamma), (proof.c, points.delta)]
    assert pairing_check(pairs), "with the other circuit's point the proof would hold"
    with pytest.raises(errors.NotFolded):
        world.registry.verify(circuit, proof_words(proof), [1, 2, 3], world.table_ids(1, 100, INITIAL), ys)
    for index, table in enumerate(world.table_ids(1, 100, INITIAL)):
        world.registry.fold(circuit, index, table)
    with pytest.raises(errors.HintRefused):
        world.registry.verify(circuit, proof_words(proof), [1, 2, 3], world.table_ids(1, 100, INITIAL), ys)
    with pytest.raises(errors.ProofRejected):
        check(world, key=own, circuit=circuit, ys=world.ys(sibling, 1, 100, INITIAL))
    check(world, key=sibling, circuit=circuit)


def test_the_wrong_level_is_rejected(world):
    key = world.keys["sufficiency"]
    with pytest.raises(errors.HintRefused):
        check(world, tables=world.table_ids(1, 100, MAINTENANCE))
    with pytest.raises(errors.ProofRejected):
        check(world, tables=world.table_ids(1, 100, MAINTENANCE), ys=world.ys(key, 1, 100, MAINTENANCE))
    with pytest.raises(errors.NotFolded):
        check(world, name="shortfall")


def test_every_range_of_cells_is_filled_exactly_once(world):
    market, parameters = world.table_ids(1, 100, INITIAL)
    y, z = world.ys(world.keys["sufficiency"], 1, 100, INITIAL)
    for tables, ys in (([market, market], [y, y]), ([parameters, parameters], [z, z]), ([parameters, market], [z, y])):
        with pytest.raises(errors.NotFolded):
            check(world, tables=tables, ys=ys)
    for tables, ys in (([market], [y]), ([market, parameters, parameters], [y, z, z]), ([market, parameters], [y])):
        with pytest.raises(errors.TableCountWrong):
            check(world, tables=tables, ys=ys)


def test_a_point_that_is_not_there_is_no_point(world):
    for nothing in (bytes(32), b"\xff" * 32):
        for ys in ([0, 0], [2, 2]):
            with pytest.raises(errors.NotFolded):
                check(world, tables=[nothing, nothing], ys=ys)
    with pytest.raises(errors.UnknownTable):
        world.registry.fold(world.circuits["sufficiency"], 0, bytes(32))
    with pytest.raises(errors.UnknownTable):
        world.registry.fold(world.circuits["sufficiency"], 0, world.book.table(100, INITIAL))
    with pytest.raises(errors.NoSuchTable):
        world.registry.fold(world.circuits["sufficiency"], 2, world.board.round_table(1))
    with pytest.raises(errors.UnknownCircuit):
        world.registry.fold(bytes(32), 0, world.board.round_table(1))


def test_wrong_hints_are_refused(world, synthetic):
    y, z = world.ys(world.keys["sufficiency"], 1, 100, INITIAL)
    q = synthetic.Q
    for bad in (0, y + 1, y - 1, q - y, y + q, 2 * q - y, z):
        with pytest.raises(errors.HintRefused):
            check(world, ys=[bad, z])


def test_a_half_folded_table_cannot_be_read(world):
    world.board.post(2, world.chain.now(), [2_001, 5, 10**9])
    world.rounds[2] = [2_001, 5, 10**9]
    circuit, table = world.circuits["sufficiency"], world.board.round_table(2)
    public = world.public([1, 2, 3], 2, 100, INITIAL)
    ids, ys = world.table_ids(2, 100, INITIAL), world.ys(world.keys["sufficiency"], 2, 100, INITIAL)
    senders = [world.owner, world.stranger, world.poster]
    for done, sender in enumerate(senders):
        assert world.registry.folded(circuit, 0, table) == (done, False)
        with pytest.raises(errors.NotFolded):
            check(world, public=public, tables=ids, ys=ys)
        world.registry.as_sender(sender).fold(circuit, 0, table, cells=1)
    assert world.registry.folded(circuit, 0, table) == (3, True)
    check(world, public=public, tables=ids, ys=ys)


def test_folding_again_changes_nothing(world):
    circuit, table = world.circuits["sufficiency"], world.board.round_table(1)
    receipt = world.registry.as_sender(world.stranger).fold(circuit, 0, table)
    assert receipt.logs == ()
    assert world.registry.as_sender(world.stranger).fold(circuit, 0, table, cells=1).logs == ()
    check(world)
    with pytest.raises(errors.NothingToFold):
        world.registry.fold(circuit, 0, table, cells=0)


def test_every_way_to_fold_gives_one_point(world, tally):
    """In one piece, in chunks of every size, from another table's point, by products and by buckets of digits of every
    width: the sum that Python computes."""
    cells = [1_999, (1 << 40) - 1, 10**9 + 7]
    world.board.post(2, world.chain.now(), cells)
    table, old = world.board.round_table(2), world.board.round_table(1)
    key, circuit = world.keys["sufficiency"], world.circuits["sufficiency"]
    expected = key.folded(4, cells, from_ic0=False)
    point = world.chain.snapshot()
    _, y = key.folded(4, world.rounds[1], from_ic0=False)
    ways = 0
    for size, window in product((1, 2, 3, 4, None), range(13)):
        for base in (bytes(32), old):
            receipt, rounds = None, 0
            while not world.registry.folded(circuit, 0, table, base)[1]:
                how = {"cells": size, "window": window}
                sender = world.registry.as_sender(world.stranger)
                receipt = (
                    sender.refold(circuit, 0, old, y, table, **how)
                    if any(base)
                    else sender.fold(circuit, 0, table, **how)
                )
                rounds += 1
            assert world.registry.folded_point(receipt) == expected
            assert rounds == (1 if size is None else -(-3 // size))
            assert world.registry.refold(circuit, 0, old, y, table).logs == ()
            world.chain.revert(point)
            point = world.chain.snapshot()
            ways += 1
    tally("F1", "ways to fold one table: one point", ways)
    with pytest.raises(errors.WindowTooWide):
        world.registry.fold(circuit, 0, table, window=13)


def test_a_refold_starts_only_from_a_real_point(world):
    world.board.post(2, world.chain.now(), [1_999, 5, 10**9])
    world.board.post(3, world.chain.now(), [1_998, 5, 10**9])
    circuit, first, second, third = (
        world.circuits["sufficiency"],
        *(world.board.round_table(number) for number in (1, 2, 3)),
    )
    _, y = world.keys["sufficiency"].folded(4, world.rounds[1], from_ic0=False)
    with pytest.raises(errors.NotFolded):
        world.registry.refold(circuit, 0, second, y, third)
    world.registry.fold(circuit, 0, second, cells=1)
    with pytest.raises(errors.NotFolded):
        world.registry.refold(circuit, 0, second, y, third)
    with pytest.raises(errors.HintRefused):
        world.registry.refold(circuit, 0, first, world.synthetic.Q - y, third)
    with pytest.raises(errors.UnknownTable):
        world.registry.refold(circuit, 0, first, y, bytes(32))
    world.registry.refold(circuit, 0, first, y, second)
    assert world.registry.folded(circuit, 0, second) == (3, True), "a refold finishes what a fold began"


def test_a_refolded_parameter_table_still_holds_ic0_once(world):
    world.post_version(200, maintenance=[9_000, 20_000, 10**12, 8_000])
    fresh = world.synthetic.SyntheticKey(world.inputs, world.rng)
    circuit = world.register(fresh)
    old, new = world.book.table(100, MAINTENANCE), world.book.table(200, MAINTENANCE)
    first = 4 + len(world.market_schema)
    world.registry.fold(circuit, 1, old)
    _, y = fresh.folded(first, world.versions[100][MAINTENANCE], from_ic0=True)
    receipt = world.registry.refold(circuit, 1, old, y, new)
    assert world.registry.folded_point(receipt) == fresh.folded(first, world.versions[200][MAINTENANCE], from_ic0=True)


def test_a_table_that_sums_to_infinity_is_a_point_like_any_other(world, synthetic, worlds):
    """The sum of a market of zeros, and a parameter table that cancels IC_0."""
    schema = [CellSchema(0, 100)] * 3
    other = worlds.World(EmbeddedChain(timestamp=world.chain.now()), synthetic, 5, market=schema)
    ic = [other.rng.randrange(1, synthetic.R) for _ in range(other.inputs + 1)]
    ic[0] = -sum(s * cell for s, cell in zip(ic[7:], worlds.INITIAL_CELLS, strict=True)) % synthetic.R
    key = synthetic.SyntheticKey(other.inputs, other.rng, ic)
    circuit = other.register(key)
    other.post_round(1, [0, 0, 0])
    other.post_version(100)
    ids = other.table_ids(1, 100, INITIAL)
    for index, table in enumerate(ids):
        receipt = other.registry.fold(circuit, index, table)
        assert other.registry.folded_point(receipt) == (0, 0)
        assert other.registry.folded(circuit, index, table)[1]
    public = [1, 2, 3, 0, 0, 0, *worlds.INITIAL_CELLS]
    check(other, key=key, circuit=circuit, public=public, tables=ids, ys=[0, 0])
    for ys in ([2, 0], [0, 2], [synthetic.Q, 0], [1, 0]):
        with pytest.raises(errors.HintRefused):
            check(other, key=key, circuit=circuit, public=public, tables=ids, ys=ys)
    with pytest.raises(errors.ProofRejected):
        check(other, key=key, circuit=circuit, public=[1, 2, 4, 0, 0, 1, *worlds.INITIAL_CELLS], tables=ids, ys=[0, 0])


def test_out_of_gas_inside_a_fold_leaves_nothing_wrong(world, tally):
    cells = [2_002, 6, 10**9 + 1]
    world.board.post(2, world.chain.now(), cells)
    circuit, table = world.circuits["sufficiency"], world.board.round_table(2)
    expected = world.keys["sufficiency"].folded(4, cells, from_ic0=False)
    seen = {}
    for gas in range(25_000, 140_000, 500):
        point = world.chain.snapshot()
        try:
            data = world.registry.data("fold", circuit, 0, table, 3, 0)
            receipt = world.chain.transact(world.registry.address, data, world.owner, gas)
            said = "folded"
            assert world.registry.folded_point(receipt) == expected
        except OutOfGas:
            said = "OutOfGas"
        except errors.ContractError:
            said = "refused"
        assert world.registry.folded(circuit, 0, table) == ((3, True) if said == "folded" else (0, False))
        seen[said] = seen.get(said, 0) + 1
        world.chain.revert(point)
    tally("F1", "folds at rising gas limits: the right point or none", sum(seen.values()))
    assert set(seen) > {"folded"}


def test_points_are_written_by_folding_only():
    """Every function of the registry that changes state; none takes a point."""
    abi = load_artifact("VerifierRegistry").abi
    changing = {e["name"] for e in abi if e["type"] == "function" and e["stateMutability"] not in ("view", "pure")}
    assert changing == {"storeChunk", "register", "disable", "fold", "refold", "setAuthority"}


def test_a_key_over_several_data_contracts_folds_across_their_borders(synthetic, worlds, seed):
    rng = Random(seed)
    market, parameters = [CellSchema(0, (1 << 64) - 1)] * 365, [CellSchema(0, (1 << 64) - 1)] * 20
    world = worlds.World(EmbeddedChain(timestamp=1_790_000_000), synthetic, seed, market=market, parameters=parameters)
    assert len(key_bytes(world.keys["sufficiency"].points)) > 376 * 64
    assert len(world.registry.read("keyChunks", world.circuits["sufficiency"])) == 2
    world.rounds[1] = [rng.randrange(1 << 64) for _ in market]
    cells = [rng.choice([0, rng.randrange(1 << 64)]) for _ in parameters]
    world.versions[100] = (cells, cells)
    world.board.post(1, world.chain.now(), world.rounds[1])
    world.book.post(100, cells, cells)
    circuit = world.circuits["sufficiency"]
    for index, table in enumerate(world.table_ids(1, 100, INITIAL)):
        while not world.registry.folded(circuit, index, table)[1]:
            world.registry.fold(circuit, index, table, cells=150)
    check(world)
