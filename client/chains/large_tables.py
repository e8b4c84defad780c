"""Tables of hundreds to thousands of cells on chain: stored in pieces, posted, folded, each step resumable by anyone.

Every function looks at the chain first and does what is left, so after an interruption it is simply called again. A
table that differs little from an earlier one is posted as its moved cells, and folded from the earlier one's point.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ...contracts.bindings import Board, Registry, RiskBoard
from ...contracts.chain import Receipt
from ...contracts.encoding import table_hash
from ...contracts.folding import MOST_GAS, next_piece
from ...contracts.records import OracleSignature
from ...contracts.sources import TableSource
from ...kernel.errors import InputError, MismatchError

__all__ = ["FoldedBase", "Signed", "fold_table", "moved_cells", "post_large_round", "store_pieces"]

_INDEX_BYTES = 3  # of a moved cell; looking at its record costs about a quarter of writing it


@dataclass(frozen=True)
class Signed:
    """What k of n risk oracles have signed of a round's table, and until when it may be used."""

    deadline: int
    signatures: tuple[OracleSignature, ...]


@dataclass(frozen=True)
class FoldedBase:
    """A table that has been folded before: its id, its cells, the y of its point (`verifier.folding.folded_point`)."""

    table: bytes
    cells: Sequence[int]
    y: int


def moved_cells(before: Sequence[int], after: Sequence[int]) -> dict[int, int]:
    """Return the cells that moved, index -> new value. Raises `InputError` when the tables are not of one size."""
    if len(before) != len(after):
        raise InputError(f"a table of {len(before)} cells has not moved to one of {len(after)}", code="bad-cell")
    return {index: new for index, (old, new) in enumerate(zip(before, after, strict=True)) if old != new}


def store_pieces(source: TableSource, cells: Iterable[int]) -> list[Receipt]:
    """Store the pieces of a table that are not stored yet; posting it then writes nothing of them again."""
    return [source.store_chunk(chunk) for chunk in source.chunks(cells) if not source.is_stored(chunk)]


def post_large_round(
    board: Board | RiskBoard,
    round_: int,
    timestamp: int,
    cells: Sequence[int],
    *,
    since: bytes | None = None,
    signed: Signed | None = None,
) -> tuple[bytes, list[Receipt]]:
    """Post a round unless it is posted; return its table and what was sent.

    With `since`, an admitted table, the moved cells are posted where that is cheaper. A RiskBoard wants `signed`.
    Raises `MismatchError` when another table is posted under this round, `errors.NAME` when the board refuses.
    """
    expected = table_hash(board.schema_hash(), round_, cells)
    if board.latest_round() >= round_:
        if board.round_table(round_) != expected:
            raise MismatchError(f"round {round_} has another table than this one", code="table-mismatch")
        return expected, []
    base = None if since is None else board.table_base(since) or since
    if base is not None:
        moves = moved_cells(board.table_cells(base), cells)
        if 4 * len(moves) * (_INDEX_BYTES + board.cell_bytes) < 3 * len(cells) * board.cell_bytes:
            return expected, [_post_moved(board, round_, timestamp, base, moves, signed)]
    stored = store_pieces(board, cells) if len(board.chunks(cells)) > 1 else []
    return expected, [*stored, _post_whole(board, round_, timestamp, cells, signed)]


def fold_table(
    registry: Registry,
    circuit: bytes,
    table_index: int,
    table: bytes,
    cells: Sequence[int],
    *,
    since: FoldedBase | None = None,
    most_gas: int = MOST_GAS,
) -> list[Receipt]:
    """Fold what is left of an admitted table for a circuit; return what was sent, nothing when its point is ready.

    With `since`, a table folded before, only the cells that moved cost a product or an addition.
    """
    base = bytes(32) if since is None else since.table
    old = [0] * len(cells) if since is None else since.cells
    if len(old) != len(cells):
        raise InputError("the table folded before is of another size", code="bad-cell")
    differences = [new - was for new, was in zip(cells, old, strict=True)]
    sent: list[Receipt] = []
    while True:
        done, ready = registry.folded(circuit, table_index, table, base)
        if ready:
            return sent
        piece = next_piece(differences[done:], most_gas)
        how = {"cells": piece.cells, "window": piece.window}
        if since is None:
            sent.append(registry.fold(circuit, table_index, table, **how))
        else:
            sent.append(registry.refold(circuit, table_index, since.table, since.y, table, **how))


def _post_whole(
    board: Board | RiskBoard, round_: int, timestamp: int, cells: Sequence[int], signed: Signed | None
) -> Receipt:
    if isinstance(board, Board):
        return board.post(round_, timestamp, cells)
    given = _required(signed)
    return board.post(round_, timestamp, cells, given.deadline, given.signatures)


def _post_moved(
    board: Board | RiskBoard, round_: int, timestamp: int, base: bytes, moves: dict[int, int], signed: Signed | None
) -> Receipt:
    if isinstance(board, Board):
        return board.post_moved(round_, timestamp, base, moves)
    given = _required(signed)
    return board.post_moved(round_, timestamp, base, moves, given.deadline, given.signatures)


def _required(signed: Signed | None) -> Signed:
    if signed is None:
        raise InputError("a risk board takes a round with its oracles' signatures only", code="unsigned")
    return signed
