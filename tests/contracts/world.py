"""A whole deployment with synthetic circuits: manager, board, book, registry, gate, one posted round and version."""

from __future__ import annotations

from random import Random
from typing import Any

from zkmargin.contracts.bindings import AccessManager, Board, Book, Gate, GateSettings, ProofArgs, Registry
from zkmargin.contracts.cells import CellRules, CellSchema
from zkmargin.contracts.encoding import (
    INITIAL,
    MAINTENANCE,
    circuit_id,
    context_of_certify,
    context_of_flag,
    context_of_open,
    key_bytes,
    proof_words,
)

SCHEMA_HASH = bytes(range(32))
STALENESS, DURATION, GRACE, WINDOW = 600, 3_600, 900, 2
MARKET = [CellSchema(1, (1 << 28) - 1), CellSchema(0, (1 << 40) - 1), CellSchema(10**9, (1 << 40) - 1)]
PARAMETERS = [
    CellSchema(1, 10**6, order="initial>=maintenance"),
    CellSchema(1, 10**6, not_below=0, order="initial>=maintenance"),
    CellSchema(0, (1 << 64) - 1),
    CellSchema(0, 10**4, order="initial<=maintenance"),
]
PRICES = [2_000, 1 << 39, 10**9]
INITIAL_CELLS = [20_000, 40_000, 10**12, 7_500]
MAINTENANCE_CELLS = [10_000, 20_000, 10**12, 8_000]


class World:
    """Contracts on a chain and the keys behind their circuits. `synthetic` is the module of keys."""

    def __init__(
        self,
        chain: Any,
        synthetic: Any,
        seed: int,
        *,
        market: list[CellSchema] | None = None,
        parameters: list[CellSchema] | None = None,
        trusted: bool = True,
        board: Any = Board,
        board_terms: tuple[Any, ...] = (),
    ) -> None:
        self.chain = chain
        self.synthetic = synthetic
        self.rng = Random(seed)
        self.market_schema = MARKET if market is None else market
        self.parameter_schema = PARAMETERS if parameters is None else parameters
        self.admin, self.owner, self.stranger, self.poster = chain.accounts[:4]
        self.manager = AccessManager.deploy(chain, self.admin, self.admin)
        authority = self.manager.address
        self.market_rules, self.parameter_rules = CellRules.of(self.market_schema), CellRules.of(self.parameter_schema)
        terms = (SCHEMA_HASH, self.market_rules, STALENESS, *board_terms)
        self.board = board.deploy(chain, self.admin, authority, *terms)
        self.book = Book.deploy(chain, self.admin, authority, SCHEMA_HASH, self.parameter_rules)
        self.registry = Registry.deploy(chain, self.admin, authority)
        self.tables = [
            self.board.input(4, starts_from_ic0=False),
            self.book.input(4 + len(self.market_schema), starts_from_ic0=True),
        ]
        self.inputs = 3 + len(self.market_schema) + len(self.parameter_schema)
        self.keys = {}
        for statement in ("sufficiency", "shortfall"):
            self.keys[statement] = synthetic.SyntheticKey(self.inputs, self.rng)
        self.circuits = {name: self.register(key) for name, key in self.keys.items()}
        settings = GateSettings(
            self.registry.address,
            self.board.address,
            self.book.address,
            self.circuits["sufficiency"],
            self.circuits["shortfall"],
            WINDOW,
            DURATION,
            GRACE,
            trusted,
        )
        self.settings = settings
        self.gate = Gate.deploy(chain, self.admin, settings)
        self.rounds: dict[int, list[int]] = {}
        self.versions: dict[int, tuple[list[int], list[int]]] = {}

    def register(self, key: Any) -> bytes:
        """Register a key under this world's map."""
        raw = key_bytes(key.points)
        assert self.registry.register(raw, 3, self.tables) == circuit_id(raw)
        return circuit_id(raw)

    def post_round(self, number: int, cells: list[int] | None = None, timestamp: int | None = None) -> bytes:
        """Post a round and fold it for both circuits; returns its table id."""
        cells = PRICES if cells is None else cells
        self.board.post(number, self.chain.now() if timestamp is None else timestamp, cells)
        self.rounds[number] = cells
        table = self.board.round_table(number)
        for circuit in self.circuits.values():
            self.registry.fold(circuit, 0, table)
        return table

    def post_version(self, number: int, initial: list[int] | None = None, maintenance: list[int] | None = None) -> None:
        """Post a version and fold it: both levels for sufficiency, maintenance for shortfall."""
        levels = (
            INITIAL_CELLS if initial is None else initial,
            MAINTENANCE_CELLS if maintenance is None else maintenance,
        )
        self.book.post(number, *levels)
        self.versions[number] = levels
        for level in (INITIAL, MAINTENANCE):
            self.registry.fold(self.circuits["sufficiency"], 1, self.book.table(number, level))
        self.registry.fold(self.circuits["shortfall"], 1, self.book.table(number, MAINTENANCE))

    def public(self, singles: list[int], round_: int, version: int, level: int) -> list[int]:
        """Return all public inputs of a statement."""
        return [*singles, *self.rounds[round_], *self.versions[version][level]]

    def ys(self, key: Any, round_: int, version: int, level: int) -> list[int]:
        """Return the hints: the y of the two folded points."""
        market = key.folded(4, self.rounds[round_], from_ic0=False)
        cells = self.versions[version][level]
        parameters = key.folded(4 + len(self.market_schema), cells, from_ic0=True)
        return [market[1], parameters[1]]

    def table_ids(self, round_: int, version: int, level: int) -> list[bytes]:
        """Return the ids of the two tables."""
        return [self.board.round_table(round_), self.book.table(version, level)]

    def context(self, action: str, subject: Any, commitment: int, **terms: int) -> int:
        """Return the context as Python computes it; `subject` is (owner, label) for "open", else the account."""
        circuit = self.circuits["shortfall" if action == "flag" else "sufficiency"]
        where = (self.chain.chain_id, self.gate.address, circuit)
        if action == "open":
            return context_of_open(*where, *subject, commitment, **terms)
        function = context_of_flag if action == "flag" else context_of_certify
        return function(*where, subject, commitment, **terms)

    def args(
        self, action: str, subject: Any, commitment: int, *, context: int | None = None, **given: int
    ) -> ProofArgs:
        """Return valid arguments for an action at the latest round, current version, right nonce, a near deadline."""
        if "nonce" not in given:
            given["nonce"] = 0 if action == "open" else self.gate.status_of(subject).nonce
        terms = {
            "round_": max(self.rounds),
            "version": max(self.versions),
            "deadline": self.chain.now() + 300,
            **given,
        }
        level = INITIAL if action == "open" else MAINTENANCE
        key = self.keys["shortfall" if action == "flag" else "sufficiency"]
        if context is None:
            context = self.context(action, subject, commitment, **terms)
        public = self.public([commitment, 0, context], terms["round_"], terms["version"], level)
        market_y, parameters_y = self.ys(key, terms["round_"], terms["version"], level)
        return ProofArgs(
            terms["round_"],
            terms["version"],
            terms["nonce"],
            terms["deadline"],
            proof_words(key.prove(public)),
            market_y,
            parameters_y,
        )

    def open(self, label: str = "desk-1", commitment: int = 1234567, **given: int) -> bytes:
        """Open an account of the owner and return its id."""
        args = self.args("open", (self.owner, label), commitment, **given)
        self.gate.as_sender(self.owner).open(label, commitment, args)
        return self.gate.account_id(self.owner, label)

    def certify(self, account: bytes, **given: int) -> Any:
        """Certify an account, as a stranger."""
        args = self.args("certify", account, self.gate.status_of(account).commitment, **given)
        return self.gate.as_sender(self.stranger).certify(account, args)

    def flag(self, account: bytes, **given: int) -> Any:
        """Flag an account, as a stranger."""
        args = self.args("flag", account, self.gate.status_of(account).commitment, **given)
        return self.gate.as_sender(self.stranger).flag(account, args)


__all__ = [
    "DURATION",
    "GRACE",
    "INITIAL_CELLS",
    "MAINTENANCE_CELLS",
    "MARKET",
    "PARAMETERS",
    "PRICES",
    "SCHEMA_HASH",
    "STALENESS",
    "WINDOW",
    "World",
]
