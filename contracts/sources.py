"""Where tables come from: the parameter book, the board of a role, the board of signing risk oracles.

A table is posted whole or, by boards, as the cells that moved since one that was posted whole; its id is the same
either way. Pieces stored ahead by `store_chunk` are not written again, so a table too large for one transaction's gas
is stored piece by piece, by anyone, in any order, and then posted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property

from .cells import CellRules, pack_cells, pack_moves, table_chunks
from .chain import Chain, Receipt
from .contract import Contract
from .encoding import keccak
from .records import OracleSignature, TableInput

__all__ = ["Board", "Book", "MarketBoard", "RiskBoard", "TableSource"]

_NO_ADDRESS = "0x" + "00" * 20


class TableSource(Contract):
    """What boards and books share: a schema, and admitted tables."""

    @cached_property
    def cell_bytes(self) -> int:
        """The bytes of a packed cell."""
        return int(self.read("cellBytes"))

    def schema_hash(self) -> bytes:
        """Return the hash of the schema file."""
        return bytes(self.read("schemaHash"))

    def table_cells(self, table: bytes) -> list[int]:
        """Return the cells of an admitted table."""
        return list(self.read("tableCells", table))

    def table_base(self, table: bytes) -> bytes | None:
        """Return the table that a table's moved cells refer to, None for one that was posted whole."""
        base = bytes(self.read("tableBase", table))
        return base if any(base) else None

    def chunks(self, cells: Iterable[int]) -> list[bytes]:
        """Return the pieces that a whole table is stored in."""
        return table_chunks(pack_cells(cells, self.cell_bytes), self.cell_bytes)

    def is_stored(self, chunk: bytes) -> bool:
        """Return whether a piece has been stored ahead."""
        return str(self.read("chunkAt", keccak(chunk))).lower() != _NO_ADDRESS

    def store_chunk(self, chunk: bytes) -> Receipt:
        """Store a piece ahead."""
        return self.send("storeChunk", chunk)

    def input(self, first: int, *, starts_from_ic0: bool) -> TableInput:
        """Return this source's tables as an input of a circuit, their first cell being input `first` (from 1)."""
        length, schema, words = self.read("cellCount"), self.read("schemaHash"), self.read("schemaWordsHash")
        return TableInput(first, length, starts_from_ic0, self.address, schema, words)


class MarketBoard(TableSource):
    """Rounds of the market table, whoever admits them: what a gate asks of a board."""

    def round_table(self, round_: int) -> bytes:
        """Return a round's table id."""
        return bytes(self.read("roundTable", round_))

    def latest_round(self) -> int:
        """Return the latest round, 0 before the first."""
        return int(self.read("latestRound"))

    def is_stale(self) -> bool:
        """Return whether even the latest prices are too old."""
        return bool(self.read("isStale"))


class Board(MarketBoard):
    """The PriceBoard: rounds that a role posts."""

    artifact = "PriceBoard"

    @classmethod
    def deploy(
        cls, chain: Chain, sender: str, authority: str, schema_hash: bytes, rules: CellRules, staleness: int
    ) -> Board:
        """Create a board; `staleness` is in seconds."""
        return cls._deploy(chain, sender, authority, schema_hash, list(rules.kinds), rules.kind_of, staleness)

    def post(self, round_: int, timestamp: int, cells: Sequence[int]) -> Receipt:
        """Post a round."""
        return self.send("post", round_, timestamp, pack_cells(cells, self.cell_bytes))

    def post_moved(self, round_: int, timestamp: int, base: bytes, moves: dict[int, int]) -> Receipt:
        """Post a round as cells that moved since a table posted whole: index -> cell."""
        return self.send("postMoved", round_, timestamp, base, pack_moves(moves, self.cell_bytes))


class RiskBoard(MarketBoard):
    """The RiskBoard: rounds that anyone posts with the signatures of k of n risk oracles."""

    artifact = "RiskBoard"

    @classmethod
    def deploy(
        cls,
        chain: Chain,
        sender: str,
        authority: str,
        schema_hash: bytes,
        rules: CellRules,
        staleness: int,
        oracles: Sequence[str],
        threshold: int,
    ) -> RiskBoard:
        """Create a board; `threshold` of the oracles, more than half, must sign."""
        schema = (schema_hash, list(rules.kinds), rules.kind_of)
        return cls._deploy(chain, sender, authority, *schema, staleness, _rising(oracles), threshold)

    def post(
        self,
        round_: int,
        timestamp: int,
        cells: Sequence[int],
        deadline: int,
        signatures: Iterable[OracleSignature],
    ) -> Receipt:
        """Post a round with signatures of its table's hash, in any order: they are sent in the rising one."""
        packed = pack_cells(cells, self.cell_bytes)
        return self.send("post", round_, timestamp, packed, deadline, _sorted(signatures))

    def post_moved(
        self,
        round_: int,
        timestamp: int,
        base: bytes,
        moves: dict[int, int],
        deadline: int,
        signatures: Iterable[OracleSignature],
    ) -> Receipt:
        """Post a round as cells that moved since a table posted whole; the signatures are of the whole new table."""
        packed = pack_moves(moves, self.cell_bytes)
        return self.send("postMoved", round_, timestamp, base, packed, deadline, _sorted(signatures))

    def digest(self, round_: int, timestamp: int, table: bytes, deadline: int) -> bytes:
        """Return what an oracle signs, as the contract computes it."""
        return bytes(self.read("digest", round_, timestamp, table, deadline))

    def oracles(self) -> list[str]:
        """Return the oracles, in rising order."""
        return [str(one).lower() for one in self.read("oracles")]

    def threshold(self) -> int:
        """Return how many oracles must sign."""
        return int(self.read("threshold"))

    def set_oracles(self, oracles: Sequence[str], threshold: int) -> Receipt:
        """Replace the oracles: a role's, after its delay."""
        return self.send("setOracles", _rising(oracles), threshold)

    def remove_oracle(self, oracle: str) -> Receipt:
        """Strike an oracle off at once."""
        return self.send("removeOracle", oracle)


class Book(TableSource):
    """The ParameterBook: versions of the parameter table at both margin levels."""

    artifact = "ParameterBook"

    @classmethod
    def deploy(cls, chain: Chain, sender: str, authority: str, schema_hash: bytes, rules: CellRules) -> Book:
        """Create a book."""
        return cls._deploy(chain, sender, authority, schema_hash, list(rules.kinds), rules.kind_of)

    def post(self, version: int, initial: Sequence[int], maintenance: Sequence[int]) -> Receipt:
        """Post a version: the cells of both levels."""
        packed = [pack_cells(cells, self.cell_bytes) for cells in (initial, maintenance)]
        return self.send("post", version, *packed)

    def table(self, version: int, level: int) -> bytes:
        """Return the table id of a version at a level (`encoding.INITIAL` or `MAINTENANCE`)."""
        return bytes(self.read("table", version, level))

    def current_version(self) -> int:
        """Return the current version, 0 before the first."""
        return int(self.read("currentVersion"))


def _rising(oracles: Sequence[str]) -> list[str]:
    """Oracles in the order that contracts want."""
    return sorted((one.lower() for one in oracles), key=lambda one: int(one, 16))


def _sorted(signatures: Iterable[OracleSignature]) -> list[tuple[str, bytes]]:
    """Signatures as the ABI's tuples, by rising oracle."""
    listed = sorted(signatures, key=lambda one: int(one.oracle, 16))
    return [(one.oracle, one.signature) for one in listed]
