"""Gas and code sizes are snapshots: a change over 1 % is made on purpose or not at all.

ZKMARGIN_UPDATE_SNAPSHOTS=1 writes them anew. The shape is the full one: 3 single inputs, 32 market cells, 112 parameter
cells.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from random import Random

import pytest

from zkmargin.client.chains.oracle import sign_digest
from zkmargin.client.chains.rpc import RpcChain
from zkmargin.contracts.artifact import artifact_names, load_artifact
from zkmargin.contracts.bindings import RiskBoard
from zkmargin.contracts.cells import CellSchema
from zkmargin.contracts.encoding import INITIAL, key_bytes, proof_words, table_hash

SNAPSHOTS = Path(__file__).with_name("snapshots.json")
VERIFY_LIMIT = 245_000
BATCHES = (1, 2, 4, 8, 16, 64)


@pytest.fixture(scope="module")
def measured(anvil, synthetic, worlds, batching):
    """Exact gas of every transaction, by name."""
    chain = RpcChain(anvil)
    rng = Random(1)
    market, parameters = [CellSchema(0, (1 << 40) - 1)] * 32, [CellSchema(0, (1 << 64) - 1)] * 112
    world = worlds.World(chain, synthetic, 1, market=market, parameters=parameters)
    gas = {}
    circuit, key = world.circuits["sufficiency"], world.keys["sufficiency"]
    raw = key_bytes(synthetic.SyntheticKey(world.inputs, rng).points)
    gas["registry.storeChunk"] = world.registry.send("storeChunk", raw).gas_used
    prices = [rng.randrange(1 << 39, 1 << 40) for _ in market]
    cells = [rng.randrange(1 << 39, 1 << 40) for _ in parameters]
    world.rounds[1], world.versions[100] = prices, (cells, cells)
    gas["board.post 32 cells"] = world.board.post(1, chain.now(), prices).gas_used
    gas["book.post 112 cells"] = world.book.post(100, cells, cells).gas_used
    tables = world.table_ids(1, 100, INITIAL)
    gas["registry.fold 32 cells"] = world.registry.fold(circuit, 0, tables[0]).gas_used
    gas["registry.fold 112 cells"] = world.registry.fold(circuit, 1, tables[1]).gas_used
    public = world.public([rng.randrange(1 << 253), rng.randrange(1 << 62), rng.randrange(1 << 248)], 1, 100, INITIAL)
    words, ys = proof_words(key.prove(public)), world.ys(key, 1, 100, INITIAL)
    gas["registry.verify"] = world.registry.send("verify", circuit, words, public[:3], tables, ys).gas_used
    args = world.args("open", (world.owner, "desk"), 1 << 250)
    gas["gate.open"] = world.gate.as_sender(world.owner).open("desk", 1 << 250, args).gas_used
    account = world.gate.account_id(world.owner, "desk")
    moved = [*prices[:5], prices[5] + 1, *prices[6:]]
    receipt = world.board.post_moved(2, chain.now(), tables[0], {5: moved[5]})
    gas["board.postMoved 1 of 32 cells"] = receipt.gas_used
    world.rounds[2] = moved
    old_y = key.folded(4, prices, from_ic0=False)[1]
    new = world.board.round_table(2)
    gas["registry.refold 1 of 32 cells"] = world.registry.refold(circuit, 0, tables[0], old_y, new).gas_used
    gas["gate.certify"] = world.certify(account).gas_used
    world.post_round(3, moved)
    receipt = world.registry.fold(world.circuits["shortfall"], 1, tables[1], window=6)
    gas["registry.fold 112 cells, digits of 6 bits"] = receipt.gas_used
    gas["gate.flag"] = world.flag(account).gas_used
    gas["riskBoard.post 32 cells, 3 of 5 oracles"] = signed_post_gas(world, prices)
    return {**gas, **batch_gas(world, batching)}


def signed_post_gas(world, cells):
    """Gas of a round that three of five oracles have signed."""
    keys = [bytes([index + 1]) * 32 for index in range(5)]
    oracles = [sign_digest(key, bytes(32)).oracle for key in keys]
    schema, now = world.board.schema_hash(), world.chain.now()
    terms = (schema, world.market_rules, 600, oracles, 3)
    board = RiskBoard.deploy(world.chain, world.admin, world.manager.address, *terms)
    digest = board.digest(1, now, table_hash(schema, 1, cells), now + 600)
    return board.post(1, now, cells, now + 600, [sign_digest(key, digest) for key in keys[:3]]).gas_used


def batch_gas(world, batching):
    """Gas of whole transactions with batches of one round, by their size."""
    gas = {}
    circuit, key = world.circuits["sufficiency"], world.keys["sufficiency"]
    round_ = max(world.rounds)
    tables, ys = world.table_ids(round_, 100, INITIAL), world.ys(key, round_, 100, INITIAL)
    items = []
    for _ in range(max(BATCHES)):
        singles = [world.rng.randrange(1 << 253), 0, world.rng.randrange(1 << 248)]
        words = proof_words(key.prove(world.public(singles, round_, 100, INITIAL)))
        items.append((words, singles, tables, ys))
    accounts = [world.open(f"batch-{index}", 1000 + index) for index in range(max(BATCHES))]
    for count in BATCHES:
        gas[f"registry.verifyBatch {count}"] = world.registry.send("verifyBatch", circuit, items[:count]).gas_used
        renewed = [world.args("certify", account, 1000 + index) for index, account in enumerate(accounts[:count])]
        gas[f"gate.certifyBatch {count}"] = world.gate.certify_batch(accounts[:count], renewed).gas_used
    return gas


def test_gas_is_what_the_snapshot_says(measured):
    compare("gas", measured)


def test_sizes_are_what_the_snapshot_says():
    compare("bytes", {name: load_artifact(name).deployed_size for name in artifact_names()})


def test_the_snapshot_keeps_verification_below_its_limit():
    assert json.loads(SNAPSHOTS.read_text())["gas"]["registry.verify"] <= VERIFY_LIMIT


def compare(section, figures):
    """Compare with the snapshot to 1 %, or write it."""
    kept = json.loads(SNAPSHOTS.read_text()) if SNAPSHOTS.exists() else {}
    if os.environ.get("ZKMARGIN_UPDATE_SNAPSHOTS") == "1":
        kept[section] = figures
        SNAPSHOTS.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n")
    print(section, figures)
    assert figures.keys() == kept[section].keys()
    off = {
        name: (value, kept[section][name])
        for name, value in figures.items()
        if abs(value - kept[section][name]) * 100 > kept[section][name]
    }
    assert not off, f"more than 1 % off (measured, snapshot): {off}"
