"""F1 on tables of thousands of cells: over several data contracts, in pieces, as moved cells, cells of 128 bits."""

from __future__ import annotations

import pytest

from zkmargin.client.chains.embedded import EmbeddedChain
from zkmargin.client.chains.large_tables import FoldedBase, fold_table, moved_cells, post_large_round, store_pieces
from zkmargin.contracts import errors
from zkmargin.contracts.bindings import AccessManager, Board
from zkmargin.contracts.cells import CellRules, CellSchema, pack_cells, pack_moves
from zkmargin.contracts.chain import OutOfGas
from zkmargin.contracts.encoding import INITIAL, key_bytes, proof_words, table_hash
from zkmargin.contracts.folding import MOST_GAS, MOST_WINDOW, next_piece
from zkmargin.contracts.records import TableInput
from zkmargin.kernel.errors import InputError, MismatchError

CELLS = 1_600  # of 16 bytes: two data contracts, the border between cells 1534 and 1535; the key lies in five
BORDER = 24_575 // 16
WIDEST = (1 << 128) - 1
MARKET = [
    CellSchema(0, WIDEST) if index % 4 else CellSchema(5, (1 << 40) - 1, not_below=index - 4 if index >= 1400 else None)
    for index in range(CELLS)
]
MARKET[BORDER] = CellSchema(1, WIDEST, not_below=BORDER - 1)
MARKET[-1] = CellSchema(10, 20)


def cells_of(rng):
    """Return cells of every size that fit the schema."""
    cells = [min(max(rng.getrandbits(rng.randint(1, 128)), one.minimum), one.maximum) for one in MARKET]
    for index, one in enumerate(MARKET):
        if one.not_below is not None:
            cells[index] = max(cells[index], cells[one.not_below])
    return cells


@pytest.fixture(scope="module")
def _large(synthetic, worlds, seed):
    world = worlds.World(EmbeddedChain(timestamp=1_790_000_000), synthetic, seed, market=MARKET)
    world.post_version(100)
    world.rounds[1] = cells_of(world.rng)
    world.board.post(1, world.chain.now(), world.rounds[1])
    return world


@pytest.fixture
def large(_large):
    """A deployment with 1,600 market cells and round 1 posted but not folded; whatever a test does is undone."""
    rounds, point = dict(_large.rounds), _large.chain.snapshot()
    yield _large
    _large.chain.revert(point)
    _large.rounds = rounds


def check(world, round_=1, public=None):
    """Verify a statement about a round, version 100, initial level."""
    key = world.keys["sufficiency"]
    public = public or world.public([1, 2, 3], round_, 100, INITIAL)
    ids, ys = world.table_ids(round_, 100, INITIAL), world.ys(key, round_, 100, INITIAL)
    world.registry.verify(world.circuits["sufficiency"], proof_words(key.prove(public)), public[:3], ids, ys)


def folded(world, cells):
    return world.keys["sufficiency"].folded(4, cells, from_ic0=False)


def test_a_table_over_several_data_contracts_reads_back_whole(large, worlds):
    table = large.board.round_table(1)
    assert table == table_hash(worlds.SCHEMA_HASH, 1, large.rounds[1])
    assert large.board.table_cells(table) == large.rounds[1]
    assert len(large.board.chunks(large.rounds[1])) == 2
    assert len(large.registry.read("keyChunks", large.circuits["sufficiency"])) == 5
    packed = pack_cells(large.rounds[1], 16)
    for first, count in ((0, CELLS), (BORDER - 1, 2), (BORDER, 1), (CELLS - 1, 1), (7, 0), (CELLS, 0)):
        assert large.board.read("packedCells", table, first, count) == packed[16 * first : 16 * (first + count)]
    for first, count in ((0, CELLS + 1), (CELLS, 1), (CELLS + 5, 0)):
        with pytest.raises(errors.CellsBeyondEnd):
            large.board.read("packedCells", table, first, count)


def test_an_unfinished_large_table_cannot_be_read_and_anyone_finishes_it(large, tally):
    circuit, table = large.circuits["sufficiency"], large.board.round_table(1)
    senders = [large.owner, large.stranger, large.poster]
    done = steps = 0
    receipt = None
    while done < CELLS:
        assert large.registry.folded(circuit, 0, table) == (done, False)
        with pytest.raises(errors.NotFolded):
            check(large)
        sender = large.registry.as_sender(senders[steps % 3])
        receipt = sender.fold(circuit, 0, table, 377, window=(0, 7, 4)[steps % 3])
        done, steps = done + 377, steps + 1
    assert large.registry.folded_point(receipt) == folded(large, large.rounds[1])
    for again in (1, 377, None):
        assert large.registry.fold(circuit, 0, table, again, window=3).logs == ()
    check(large)
    for index in (3, 4 + BORDER, 3 + CELLS - 1):
        public = large.public([1, 2, 3], 1, 100, INITIAL)
        public[index] += 1
        with pytest.raises(errors.ProofRejected):
            check(large, public=public)
    tally("F1", "pieces of a large table folded by turns, unreadable until the last", steps)


def test_sums_that_began_differently_never_mix(large):
    """From nothing and from another table's point, piece by piece in turn: each is its own sum, the point is one."""
    circuit, old = large.circuits["sufficiency"], large.board.round_table(1)
    registry = large.registry
    registry.fold(circuit, 0, old, window=6)
    y = folded(large, large.rounds[1])[1]
    cells = cells_of(large.rng)
    table, _ = post_large_round(large.board, 2, large.chain.now(), cells)
    registry.fold(circuit, 0, table, 700)
    registry.refold(circuit, 0, old, y, table, 900, window=5)
    assert registry.folded(circuit, 0, table) == (700, False)
    assert registry.folded(circuit, 0, table, old) == (900, False)
    registry.refold(circuit, 0, old, y, table, 600)
    registry.fold(circuit, 0, table, 800, window=9)
    large.rounds[2] = cells
    with pytest.raises(errors.NotFolded):
        check(large, 2)
    receipt = registry.refold(circuit, 0, old, 0, table, window=4)
    assert registry.folded_point(receipt) == folded(large, cells)
    assert registry.fold(circuit, 0, table).logs == ()
    assert registry.folded(circuit, 0, table) == registry.folded(circuit, 0, table, old) == (CELLS, True)
    check(large, 2)


def test_moved_cells_are_added_only_to_the_point_of_the_named_table(large):
    circuit, other, old = large.circuits["sufficiency"], large.circuits["shortfall"], large.board.round_table(1)
    cells = cells_of(large.rng)
    table, _ = post_large_round(large.board, 2, large.chain.now(), cells)
    y = folded(large, large.rounds[1])[1]
    for base in (old, table, bytes(32), large.book.table(100, INITIAL)):
        with pytest.raises(errors.NotFolded):
            large.registry.refold(circuit, 0, base, y, table)
    large.registry.fold(circuit, 0, old, 800, window=6)
    with pytest.raises(errors.NotFolded):
        large.registry.refold(circuit, 0, old, y, table)
    large.registry.fold(circuit, 0, old, window=6)
    with pytest.raises(errors.NotFolded):
        large.registry.refold(other, 0, old, y, table)
    for wrong in (0, large.synthetic.Q - y, y + large.synthetic.Q, folded(large, cells)[1]):
        with pytest.raises(errors.HintRefused):
            large.registry.refold(circuit, 0, old, wrong, table)
    with pytest.raises(errors.UnknownTable):
        large.registry.refold(circuit, 0, old, y, bytes(31) + b"\1")
    assert large.registry.folded_point(large.registry.refold(circuit, 0, old, y, table, window=8)) == folded(
        large, cells
    )


def test_a_round_posted_as_moved_cells_is_the_round_posted_whole(large, worlds):
    base, now = large.board.round_table(1), large.chain.now()
    cells = list(large.rounds[1])
    for index in (0, 1, BORDER - 1, BORDER, 1_000, CELLS - 1):
        cells[index] = min(cells[index] + 1, MARKET[index].maximum)
    cells[1] = WIDEST
    table, receipts = post_large_round(large.board, 2, now, cells, since=base)
    assert len(receipts) == 1
    assert table == table_hash(worlds.SCHEMA_HASH, 2, cells) == large.board.round_table(2)
    assert large.board.table_cells(table) == cells
    assert (large.board.table_base(base), large.board.table_base(table)) == (None, base)
    packed = pack_cells(cells, 16)
    for first, count in ((0, 2), (1, 1), (2, BORDER - 2), (BORDER - 1, 2), (1_001, CELLS - 1_001), (3, 0)):
        assert large.board.read("packedCells", table, first, count) == packed[16 * first : 16 * (first + count)]
    with pytest.raises(errors.BaseNotWhole):
        large.board.post_moved(3, now, table, {0: 6})
    again, _ = post_large_round(large.board, 3, now, cells, since=table)
    assert (large.board.table_base(again), large.board.table_cells(again)) == (base, cells)
    large.board.post_moved(4, now, base, {})
    assert large.board.table_cells(large.board.round_table(4)) == large.rounds[1]


def test_moved_cells_out_of_line_are_refused(large, tally):
    base, now = large.board.round_table(1), large.chain.now()
    one = pack_moves({3: 7}, 16)
    two = pack_moves({9: 7}, 16)
    bad = [one + one, two + one, one[:-1], one + b"\0", one + two + one, (CELLS).to_bytes(3, "big") + bytes(16)]
    bad += [b"\xff" * 19, bytes(18), one * 2 + two]
    for moved in bad:
        with pytest.raises(errors.MovesMalformed):
            large.board.send("postMoved", 2, now, base, moved)
    for unknown in (bytes(32), large.book.table(100, INITIAL)):
        with pytest.raises(errors.UnknownTable):
            large.board.send("postMoved", 2, now, unknown, one)
    for index, value in ((0, 4), (4, 1 << 40), (CELLS - 1, 9), (CELLS - 1, 21), (BORDER, 0)):
        with pytest.raises(errors.CellOutOfBounds) as refused:
            large.board.post_moved(2, now, base, {index: value})
        assert refused.value.arguments["index"] == index
    with pytest.raises(errors.CellsOutOfOrder):
        large.board.post_moved(2, now, base, {BORDER - 1: large.rounds[1][BORDER] + 1})
    assert large.board.latest_round() == 1
    tally("F1", "moved cells that are no rising records of the table, or break its schema", len(bad) + 8)


def test_a_violation_in_the_last_piece_lets_nothing_in(large, worlds):
    now, cells = large.chain.now(), list(large.rounds[1])
    for index, value in ((CELLS - 1, 9), (CELLS - 1, 21), (BORDER, 0), (1_596, 4), (1_596, 1 << 127)):
        bad = [*cells[:index], value, *cells[index + 1 :]]
        store_pieces(large.board, bad)
        with pytest.raises(errors.CellOutOfBounds):
            large.board.post(2, now, bad)
    across = list(cells)
    across[BORDER - 1], across[BORDER] = 1_000, 999
    with pytest.raises(errors.CellsOutOfOrder) as refused:
        large.board.post(2, now, across)
    assert (refused.value.arguments["earlierIndex"], refused.value.arguments["index"]) == (BORDER - 1, BORDER)
    packed = pack_cells(cells, 16)
    r = large.synthetic.R
    words = b"".join(one.to_bytes(32, "big") for one in [*cells[:-1], r])
    for wrong in (packed[:-16], packed[:-1], packed + bytes(16), words, b""):
        with pytest.raises(errors.CellBytesWrong):
            large.board.send("post", 2, now, wrong)
    assert large.board.latest_round() == 1
    for number, changed in ((2, across), (1, cells[::-1])):
        with pytest.raises(errors.UnknownTable):
            large.board.table_cells(table_hash(worlds.SCHEMA_HASH, number, changed))


def test_pieces_stored_by_strangers_change_nothing_but_the_gas(large, worlds):
    """In any order, twice, other tables' too: a piece has no meaning until a table with its bytes is posted."""
    cells, now = cells_of(large.rng), large.chain.now()
    first, second = large.board.chunks(cells)
    stranger = large.board.as_sender(large.stranger)
    for piece in (second, first, second, large.board.chunks(large.rounds[1])[0], first[:-16], b"", b"\0" * 24_575):
        stranger.store_chunk(piece)
    assert stranger.store_chunk(first).logs == ()
    with pytest.raises(errors.DataWriteFailed):
        stranger.store_chunk(bytes(24_576))
    assert store_pieces(large.board, cells) == []
    receipt = large.board.post(2, now, cells)
    assert receipt.gas_used < 3_000_000 < 24_575 * 200
    assert large.board.round_table(2) == table_hash(worlds.SCHEMA_HASH, 2, cells)
    assert large.board.table_cells(large.board.round_table(2)) == cells
    with pytest.raises(errors.RoundNotNewer):
        large.board.post(2, now, large.rounds[1])


class Unsteady:
    """A chain that breaks off before every transaction of a set."""

    def __init__(self, chain, breaks):
        self.chain, self.breaks, self.count = chain, breaks, 0

    def __getattr__(self, name):
        return getattr(self.chain, name)

    def transact(self, *arguments):
        self.count += 1
        if self.count in self.breaks:
            raise ConnectionError(f"before transaction {self.count}")
        return self.chain.transact(*arguments)


def test_posting_and_folding_go_on_where_they_broke_off(large):
    unsteady = Unsteady(large.chain, set(range(1, 30, 2)))
    board = Board(unsteady, large.board.address, large.admin)
    registry = type(large.registry)(unsteady, large.registry.address, large.admin)
    circuit, cells = large.circuits["sufficiency"], cells_of(large.rng)
    now, sent, broken = large.chain.now(), [], 0
    old = large.board.round_table(1)

    def work():
        table, posted = post_large_round(board, 2, now, cells)
        sent.extend(posted)
        sent.extend(fold_table(registry, circuit, 0, table, cells, most_gas=4_000_000))
        large.registry.fold(circuit, 0, old, window=6)
        base = FoldedBase(old, large.rounds[1], folded(large, large.rounds[1])[1])
        sent.extend(fold_table(registry, circuit, 0, table, cells, since=base))
        return table

    while True:
        try:
            table = work()
            break
        except ConnectionError:
            broken += 1
    assert broken > 2
    assert large.registry.folded(circuit, 0, table) == (CELLS, True)
    large.rounds[2] = cells
    check(large, 2)
    assert post_large_round(board, 2, now, cells) == (table, [])
    assert fold_table(registry, circuit, 0, table, cells) == []
    with pytest.raises(MismatchError):
        post_large_round(board, 2, now, large.rounds[1])


def test_a_large_table_is_folded_below_the_gas_of_a_transaction(large, tally):
    """Every piece that is planned is below its limit on chain, whatever the limit, and close to what was planned."""
    circuit, table, cells = large.circuits["sufficiency"], large.board.round_table(1), large.rounds[1]
    tried = 0
    for limit in (4_000_000, MOST_GAS):
        point = large.chain.snapshot()
        planned = next_piece(cells, limit)
        sent = fold_table(large.registry, circuit, 0, table, cells, most_gas=limit)
        assert all(receipt.gas_used < limit for receipt in sent)
        tried += len(sent)
        assert sent[0].gas_used == pytest.approx(planned.gas, rel=0.15)
        assert large.registry.folded_point(sent[-1]) == folded(large, cells)
        large.chain.revert(point)
    tally("F1", "pieces as planned, below their limit", tried)


def test_small_moves_cost_less_than_a_product_each(large):
    circuit, old = large.circuits["sufficiency"], large.board.round_table(1)
    large.registry.fold(circuit, 0, old, window=6)
    cells = [
        cell - 1 if cell > one.minimum and one.not_below is None else cell
        for cell, one in zip(large.rounds[1], MARKET, strict=True)
    ]
    cells[BORDER - 1] = min(cells[BORDER - 1], cells[BORDER])
    for index in range(1400, CELLS, 4):
        cells[index] = max(cells[index], cells[index - 4])
    moved = moved_cells(large.rounds[1], cells)
    assert len(moved) > 1_200
    table, _ = post_large_round(large.board, 2, large.chain.now(), cells)
    base = FoldedBase(old, large.rounds[1], folded(large, large.rounds[1])[1])
    (receipt,) = fold_table(large.registry, circuit, 0, table, cells, since=base)
    assert large.registry.folded_point(receipt) == folded(large, cells)
    assert receipt.gas_used < 1_000 * len(moved), "a product is 6,350 at least"


def test_points_that_double_and_cancel_in_a_bucket_are_added_right(synthetic, worlds, seed, tally, size):
    """Equal and opposite points of the key under equal digits: doublings, and buckets that are empty again."""
    world = worlds.World(EmbeddedChain(timestamp=1_790_000_000), synthetic, seed, market=[CellSchema(0, WIDEST)] * 24)
    rng, r = world.rng, synthetic.R
    tried, sums, windows = 0, 0, range(0, MOST_WINDOW + 1, size(4, 1))
    for _ in range(size(2, 8)):
        one, two = rng.randrange(1, r), rng.randrange(1, r)
        ic = [rng.randrange(1, r) for _ in range(4)] + [one, one, r - one, two, r - two, 1] * 4
        ic += [rng.randrange(1, r) for _ in range(4)]
        key = synthetic.SyntheticKey(world.inputs, rng, ic)
        circuit = world.register(key)
        cell = rng.choice([1, 255, WIDEST, rng.getrandbits(128)])
        rows = [[cell] * 24, [rng.choice([cell, 0]) for _ in range(24)], [rng.getrandbits(128) for _ in range(24)]]
        world.board.post(tried + 1, world.chain.now(), rows[0])
        old, number = world.board.round_table(tried + 1), tried + 1
        world.registry.fold(circuit, 0, old)
        for cells in rows[1:]:
            number += 1
            world.board.post(number, world.chain.now(), cells)
            table = world.board.round_table(number)
            expected = key.folded(4, cells, from_ic0=False) or (0, 0)
            y = (key.folded(4, rows[0], from_ic0=False) or (0, 0))[1]
            for window in windows:
                for base in (None, old):
                    point = world.chain.snapshot()
                    if base is None:
                        receipt = world.registry.fold(circuit, 0, table, window=window)
                    else:
                        receipt = world.registry.refold(circuit, 0, base, y, table, window=window)
                    assert world.registry.folded_point(receipt) == expected
                    world.chain.revert(point)
                    sums += 1
        tried = number
    tally("F1", "sums with equal and opposite points by buckets and by products", sums)


@pytest.mark.parametrize("window", [5, 12])
def test_out_of_gas_inside_buckets_leaves_nothing_wrong(world, tally, window):
    cells = [2_002, 6, 10**9 + 1]
    world.board.post(2, world.chain.now(), cells)
    circuit, table = world.circuits["sufficiency"], world.board.round_table(2)
    expected = world.keys["sufficiency"].folded(4, cells, from_ic0=False)
    data = world.registry.data("fold", circuit, 0, table, 3, window)
    full = world.registry.fold(circuit, 0, table, window=window).gas_used
    world.board.post(3, world.chain.now(), cells)
    table = world.board.round_table(3)
    data = world.registry.data("fold", circuit, 0, table, 3, window)
    seen = {}
    for gas in range(25_000, full + 60_000, max(500, full // 150)):
        point = world.chain.snapshot()
        try:
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
    tally("F1", f"folds by buckets of {window} bits at rising gas limits: the right point or none", sum(seen.values()))
    assert set(seen) > {"folded"}


def test_a_source_that_answers_with_other_bytes_is_refused(world, batching, tmp_path):
    code, _ = batching.compiled("LyingSource", tmp_path)
    source = world.chain.deploy(code, world.admin)
    key = world.synthetic.SyntheticKey(4, world.rng)
    table = TableInput(2, 3, True, source, bytes(32), bytes(32))
    circuit = world.registry.register(key_bytes(key.points), 1, [table])
    answers = {1: [b"", b"\1\2", b"\1\2\3\4"], 0: [b""], 17: [bytes(51)], 16: [bytes(47), bytes(49)]}
    for width, given in answers.items():
        for answer in given:
            lie = _call("lie(uint256,bytes)", width, answer)
            world.chain.transact(source, lie, world.admin)
            for window in (0, 4):
                with pytest.raises(errors.CellBytesWrong):
                    world.registry.fold(circuit, 0, b"\1" * 32, window=window)
    world.chain.transact(source, _call("lie(uint256,bytes)", 1, b"\1\2\3"), world.admin)
    receipt = world.registry.fold(circuit, 0, b"\1" * 32, window=4)
    assert world.registry.folded_point(receipt) == key.folded(2, [1, 2, 3], from_ic0=True)


def test_schemas_beyond_what_contracts_hold_are_refused_before_they_are_sent(world, worlds):
    manager = AccessManager.deploy(world.chain, world.admin, world.admin)
    where = (world.chain, world.admin, manager.address, worlds.SCHEMA_HASH)
    with pytest.raises(InputError):
        CellRules.of([CellSchema(0, index) for index in range(257)])
    most = CellRules.of([CellSchema(0, index) for index in range(256)])
    assert Board.deploy(*where, rules=most, staleness=600).read("cellCount") == 256
    with pytest.raises(errors.DataWriteFailed):
        Board.deploy(*where, rules=CellRules(most.kinds, bytes(8_192)), staleness=600)


def _call(signature, *arguments):
    from eth_abi import abi

    from zkmargin.contracts.encoding import keccak

    types = signature[signature.index("(") + 1 : -1].split(",")
    return keccak(signature.encode())[:4] + abi.encode(types, arguments)
