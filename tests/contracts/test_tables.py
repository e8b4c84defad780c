"""S12 at the contract: no cell gets in that its schema forbids, no admitted cell changes, rounds only go forward."""

from __future__ import annotations

import pytest

from zkmargin.contracts import errors
from zkmargin.contracts.bindings import Board
from zkmargin.contracts.cells import CellRules, CellSchema, pack_cells
from zkmargin.contracts.encoding import keccak, table_hash
from zkmargin.kernel.errors import InputError


def test_table_ids_are_the_hash_of_what_was_posted(world, worlds):
    assert world.board.round_table(1) == table_hash(worlds.SCHEMA_HASH, 1, worlds.PRICES)
    for level, cells in enumerate((worlds.INITIAL_CELLS, worlds.MAINTENANCE_CELLS)):
        assert world.book.table(100, level) == table_hash(worlds.SCHEMA_HASH, 100, cells)
        assert world.book.table_cells(world.book.table(100, level)) == cells
    assert world.board.read("schemaWordsHash") == world.market_rules.hash
    assert (world.board.cell_bytes, world.book.cell_bytes) == (5, 8)


def test_every_market_cell_outside_its_bounds_is_refused(world, worlds, tally):
    refused = 0
    for index, schema in enumerate(world.market_schema):
        for bad in {schema.minimum - 1, schema.maximum + 1, 0, (1 << 40) - 1} - {-1}:
            if schema.minimum <= bad <= schema.maximum or bad >= 1 << 40:
                continue
            cells = [*worlds.PRICES[:index], bad, *worlds.PRICES[index + 1 :]]
            with pytest.raises(errors.CellOutOfBounds) as error:
                world.board.post(2, world.chain.now(), cells)
            limits = {"minimum": schema.minimum, "maximum": schema.maximum}
            assert error.value.arguments == {"index": index, "value": bad, **limits}
            refused += 1
    tally("S12", "cells out of their bounds posted on chain", refused)
    assert refused >= 5


@pytest.mark.parametrize("level", [0, 1])
def test_every_parameter_cell_outside_its_bounds_or_order_is_refused(world, worlds, level):
    def post(index, value):
        levels = [list(worlds.INITIAL_CELLS), list(worlds.MAINTENANCE_CELLS)]
        levels[level][index] = value
        world.book.post(200, *levels)

    for index, value in ((0, 0), (0, 10**6 + 1), (1, 10**6 + 1), (3, 10**4 + 1), (3, 1 << 63)):
        with pytest.raises(errors.CellOutOfBounds):
            post(index, value)
    rates = (worlds.INITIAL_CELLS, worlds.MAINTENANCE_CELLS)[level][:2]
    with pytest.raises(errors.CellsOutOfOrder) as error:
        post(1, rates[0] - 1)
    assert error.value.arguments == {"earlierIndex": 0, "earlier": rates[0], "index": 1, "value": rates[0] - 1}


def test_the_order_between_levels_is_enforced_both_ways(world, worlds):
    initial, maintenance = worlds.INITIAL_CELLS, worlds.MAINTENANCE_CELLS
    for index, (one, other) in {0: (9_999, 10_000), 1: (20_000, 20_001), 3: (8_001, 8_000)}.items():
        levels = [list(initial), list(maintenance)]
        levels[0][index], levels[1][index] = one, other
        if index == 1:
            levels[0][0] = 10_000
        with pytest.raises(errors.LevelsOutOfOrder) as error:
            world.book.post(200, *levels)
        assert error.value.arguments == {"index": index, "initial": one, "maintenance": other}
    world.book.post(200, initial, initial)
    assert world.book.table(200, 0) == world.book.table(200, 1)
    assert world.book.current_version() == 200


def test_a_cell_is_as_wide_as_the_schemas_widest_and_no_wider(world, worlds):
    packed = pack_cells(worlds.PRICES, 5)
    wide = b"".join(cell.to_bytes(32, "big") for cell in worlds.PRICES)
    negative = b"\xff" * len(packed)
    for bad in (packed[:-1], packed[:-5], packed + bytes(5), b"", wide, pack_cells(worlds.PRICES, 8)):
        with pytest.raises(errors.CellBytesWrong):
            world.board.send("post", 2, world.chain.now(), bad)
    with pytest.raises(errors.CellOutOfBounds):
        world.board.send("post", 2, world.chain.now(), negative)
    for cell in (-1, 1 << 40, world.synthetic.R - 1):
        with pytest.raises(InputError):
            pack_cells([cell], 5)


def test_a_schema_that_contradicts_itself_is_refused(world, worlds):
    bad = {
        "maximum below minimum": ([5 << 128 | 4, 0], bytes(1)),
        "half a kind": ([9, 0, 9], bytes(1)),
        "unknown order": ([9, 3 << 32], bytes(1)),
        "reserved bits": ([9, 1 << 40], bytes(1)),
    }
    for kinds, kind_of in bad.values():
        where = (world.chain, world.admin, world.manager.address)
        with pytest.raises(errors.BadCellKind):
            Board.deploy(*where, schema_hash=worlds.SCHEMA_HASH, rules=CellRules(tuple(kinds), kind_of), staleness=600)
    for kinds, kind_of in (([9, 0], bytes([1])), ([9, 1], bytes(1)), ([9, 0, 9, 2], bytes([0, 1])), ([], bytes(1))):
        with pytest.raises(errors.BadKindOfCell):
            Board.deploy(*where, schema_hash=worlds.SCHEMA_HASH, rules=CellRules(tuple(kinds), kind_of), staleness=600)
    for schema in (CellSchema(5, 4), CellSchema(0, 1 << 128), CellSchema(-1, 4), CellSchema(0, 4, order="up")):
        with pytest.raises(InputError):
            schema.kind(0)
    for index, earlier in ((0, 0), (3, 3), (3, 4), (3, -1)):
        with pytest.raises(InputError):
            CellSchema(0, 4, not_below=earlier).kind(index)


def test_rounds_and_their_times_only_go_forward(world, worlds):
    now = world.chain.now()
    for number in (0, 1):
        with pytest.raises(errors.RoundNotNewer):
            world.board.post(number, now, worlds.PRICES)
    with pytest.raises(errors.TimestampInFuture):
        world.board.post(2, now + 1, worlds.PRICES)
    with pytest.raises(errors.TimestampTooOld):
        world.board.post(2, now - worlds.STALENESS - 1, worlds.PRICES)
    with pytest.raises(errors.TimeWentBack):
        world.board.post(2, now - 1, worlds.PRICES)
    world.board.post(5, now, worlds.PRICES)
    assert world.board.latest_round() == 5
    for number in (2, 4, 5):
        with pytest.raises(errors.RoundNotNewer):
            world.board.post(number, now, [1, 1, 10**9])
    with pytest.raises(errors.UnknownRound):
        world.board.round_table(4)
    with pytest.raises(errors.VersionNotNewer):
        world.book.post(100, worlds.INITIAL_CELLS, worlds.MAINTENANCE_CELLS)
    with pytest.raises(errors.UnknownVersion):
        world.book.table(99, 0)


def test_a_board_is_stale_after_its_bound(world, worlds):
    world.chain.advance(worlds.STALENESS)
    assert not world.board.is_stale()
    world.chain.advance(1)
    assert world.board.is_stale()
    world.board.post(2, world.chain.now() - worlds.STALENESS, worlds.PRICES)
    assert not world.board.is_stale()
    assert world.board.read("resumedAt") == world.chain.now()


def test_admitted_tables_cannot_be_run_or_changed(world, worlds):
    table = world.board.round_table(1)
    chunk = world.board.chunks([1, 2, 3])[0]
    world.board.as_sender(world.stranger).store_chunk(chunk)
    data = world.board.read("chunkAt", keccak(chunk))
    assert world.chain.call(data, b"", world.stranger) == b""
    assert world.board.table_cells(table) == worlds.PRICES
    with pytest.raises(errors.UnknownTable):
        world.board.table_cells(bytes(32))


def test_only_posters_post_and_a_delay_is_a_timelock(world, worlds):
    cells = worlds.PRICES
    with pytest.raises(errors.AccessManagedUnauthorized):
        world.board.as_sender(world.poster).post(2, world.chain.now(), cells)
    world.manager.assign(world.board.address, "PriceBoard", ["post"], 1)
    world.manager.grant(1, world.poster)
    world.board.as_sender(world.poster).post(2, world.chain.now(), cells)
    world.manager.assign(world.book.address, "ParameterBook", ["post"], 2)
    world.manager.grant(2, world.poster, delay=3_600)
    book = world.book.as_sender(world.poster)
    packed = (pack_cells(worlds.INITIAL_CELLS, 8), pack_cells(worlds.MAINTENANCE_CELLS, 8))
    with pytest.raises(errors.AccessManagerNotScheduled):
        book.post(200, worlds.INITIAL_CELLS, worlds.MAINTENANCE_CELLS)
    world.manager.as_sender(world.poster).schedule(book.address, book.data("post", 200, *packed))
    world.chain.advance(3_599)
    with pytest.raises(errors.AccessManagerNotReady):
        book.post(200, worlds.INITIAL_CELLS, worlds.MAINTENANCE_CELLS)
    world.chain.advance(1)
    book.post(200, worlds.INITIAL_CELLS, worlds.MAINTENANCE_CELLS)
    assert world.book.current_version() == 200
