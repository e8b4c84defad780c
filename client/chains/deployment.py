"""The contracts of one margin gate, deployed and fed: keys registered, tables posted and folded, accounts opened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ...circuits.model import Opening, Table
from ...circuits.schema import Schema
from ...circuits.statements.commitment import commit
from ...contracts.bindings import AccessManager, Board, Book, Gate, GateSettings, ProofArgs, Registry, RiskBoard
from ...contracts.cells import CellRules, CellSchema
from ...contracts.chain import Chain, Receipt
from ...contracts.encoding import (
    INITIAL,
    MAINTENANCE,
    account_id,
    circuit_id,
    context_of_certify,
    context_of_flag,
    context_of_open,
    key_bytes,
    proof_words,
)
from ...kernel.arguments import check, one_of
from ...kernel.errors import EnvironmentFault
from ...prover.prove import ProvedStatement, Prover
from ...verifier.folding import folded_point
from ..files.tables import Tables
from .embedded import DEVELOPMENT_CHAIN
from .large_tables import FoldedBase, Signed, fold_table, post_large_round

__all__ = ["Deployment", "cell_rules"]

MARKET, PARAMETERS = 0, 1  # the circuits' tables, in the order of their public inputs
_HOUR = 3600


def cell_rules(schema: Schema, table: str) -> CellRules:
    """Return a table's schema as contracts enforce it."""
    return CellRules.of(
        [
            CellSchema(cell.minimum + cell.offset, cell.maximum + cell.offset, cell.at_least, cell.levels or None)
            for cell in schema.cells(table)
        ]
    )


@dataclass
class Deployment:
    """A gate with its registry, board and book, and what its users need to know to make proofs for it.

    `provers` holds the sufficiency and the shortfall circuit, by statement. `gas` remembers the dearest transaction
    of each kind, `market` the round posted last: the next one is posted and folded as what has moved since.
    """

    chain: Chain
    admin: str
    provers: Mapping[str, Prover]
    registry: Registry
    board: Board | RiskBoard
    book: Book
    gate: Gate
    gas: dict[str, int] = field(default_factory=dict)
    market: Table | None = None

    @classmethod
    def create(
        cls,
        chain: Chain,
        admin: str,
        provers: Mapping[str, Prover],
        *,
        round_window: int = 1,
        staleness: int = _HOUR,
        oracles: Sequence[str] = (),
        threshold: int = 0,
    ) -> Deployment:
        """Deploy everything and register both circuits.

        With `oracles`, market rounds are admitted by the signatures of `threshold` of them, else by the admin.
        Accounts are born with hidden holdings (`trusted opening`), which only development chains accept. Raises
        EnvironmentFault on any other chain, before anything is spent there, `errors.NAME` when a contract refuses.
        """
        for prover in provers.values():
            if prover.circuit_key.is_development and chain.chain_id != DEVELOPMENT_CHAIN:
                raise EnvironmentFault(
                    f"the key is a development key, which anyone can forge under, and chain {chain.chain_id} is real",
                    code="development-key",
                    hint="run a ceremony, or use a chain with id 31337",
                )
        if chain.chain_id != DEVELOPMENT_CHAIN:
            raise EnvironmentFault(
                f"accounts open with hidden holdings, which no gate on the real chain {chain.chain_id} allows",
                code="trusted-opening",
                hint="use a chain with id 31337",
            )
        schema = provers["sufficiency"].manifest.schema
        manager = AccessManager.deploy(chain, admin, admin)
        registry = Registry.deploy(chain, admin, manager.address)
        rules = {name: cell_rules(schema, name) for name, _ in schema.tables}
        board: Board | RiskBoard
        if oracles:
            terms = (schema.hash, rules["market"], staleness, oracles, threshold)
            board = RiskBoard.deploy(chain, admin, manager.address, *terms)
        else:
            board = Board.deploy(chain, admin, manager.address, schema.hash, rules["market"], staleness)
        book = Book.deploy(chain, admin, manager.address, schema.hash, rules["parameters"])
        singles = len(provers["sufficiency"].manifest.public) - sum(len(cells) for _, cells in schema.tables)
        inputs = [
            board.input(1 + singles, starts_from_ic0=False),
            book.input(1 + singles + len(schema.cells("market")), starts_from_ic0=True),
        ]
        for prover in provers.values():
            registry.register(key_bytes(prover.circuit_key.verifying_key), singles, inputs)
        settings = GateSettings(
            registry.address,
            board.address,
            book.address,
            _circuit(provers["sufficiency"]),
            _circuit(provers["shortfall"]),
            round_window,
            24 * _HOUR,
            _HOUR,
            trusted_opening=True,
        )
        gate = Gate.deploy(chain, admin, settings)
        return cls(chain, admin, provers, registry, board, book, gate)

    def circuit(self, statement: str) -> bytes:
        """Return a statement's circuit id. Raises InputError for a statement that is not deployed."""
        check("statement", statement, one_of(*self.provers))
        return _circuit(self.provers[statement])

    def post_parameters(self, tables: Tables) -> None:
        """Post a version of both margin levels and fold the points that this gate's proofs use."""
        version = tables.initial.number
        self.book.post(version, tables.initial.cells, tables.maintenance.cells)
        for level, statement in ((INITIAL, "sufficiency"), (MAINTENANCE, "sufficiency"), (MAINTENANCE, "shortfall")):
            table = tables.initial if level == INITIAL else tables.maintenance
            self._fold(statement, PARAMETERS, self.book.table(version, level), table, None, "fold_parameters")

    def post_round(self, market: Table, *, timestamp: int | None = None, signed: Signed | None = None) -> None:
        """Post a market round, as of now if no time is given, and fold it for both circuits.

        A board of risk oracles wants what they have `signed`, the time included.
        """
        before = self.market
        since = None if before is None else self.board.round_table(before.number)
        moment = self.chain.now() if timestamp is None else timestamp
        table, sent = post_large_round(self.board, market.number, moment, market.cells, since=since, signed=signed)
        for receipt in sent:
            self._note("post_round", receipt)
        for statement in self.provers:
            self._fold(statement, MARKET, table, market, before, "fold_market")
        self.market = market

    def open(
        self, owner: str, label: str, opening: Opening, market: Table, parameters: Table, *, deadline: int
    ) -> tuple[bytes, ProvedStatement]:
        """Open an account with an initial-margin proof; return its id and the proof."""
        schema = self.provers["sufficiency"].manifest.schema
        commitment = commit(schema, opening)
        named = {"round_": market.number, "version": parameters.number, "nonce": 0, "deadline": deadline}
        context = context_of_open(
            self.chain.chain_id, self.gate.address, self.circuit("sufficiency"), owner, label, commitment, **named
        )
        proved = self.provers["sufficiency"].prove(opening, market, parameters, context=context)
        args = self.arguments("sufficiency", proved, market, parameters, nonce=0, deadline=deadline)
        self._note("open", self.gate.as_sender(owner).open(label, commitment, args))
        return account_id(owner, label), proved

    def prove_certify(
        self, account: bytes, opening: Opening, market: Table, parameters: Table, *, deadline: int
    ) -> ProofArgs:
        """Make the proof that renews an account's certificate."""
        return self._prove("sufficiency", account, opening, market, parameters, deadline=deadline)

    def prove_flag(
        self, account: bytes, opening: Opening, market: Table, parameters: Table, *, deadline: int
    ) -> ProofArgs:
        """Make the proof that flags an account. Raises NotShort when its margin is met."""
        return self._prove("shortfall", account, opening, market, parameters, deadline=deadline)

    def certify(self, sender: str, account: bytes, args: ProofArgs) -> Receipt:
        """Renew a certificate."""
        return self._note("certify", self.gate.as_sender(sender).certify(account, args))

    def flag(self, sender: str, account: bytes, args: ProofArgs) -> Receipt:
        """Flag an account."""
        return self._note("flag", self.gate.as_sender(sender).flag(account, args))

    def verify_gas(self, proved: ProvedStatement, market: Table, parameters: Table, level: int) -> int:
        """Send a proof to the registry's verifier as a transaction of its own and return the gas it used."""
        tables = [self.board.round_table(market.number), self.book.table(parameters.number, level)]
        circuit = self.circuit("sufficiency")
        ordinates = [self._ordinate("sufficiency", table) for table in (market, parameters)]
        receipt = self.registry.send(
            "verify", circuit, proof_words(proved.proof), list(proved.public[:3]), tables, ordinates
        )
        return self._note("verify", receipt).gas_used

    def arguments(
        self,
        statement: str,
        proved: ProvedStatement,
        market: Table,
        parameters: Table,
        *,
        nonce: int,
        deadline: int,
    ) -> ProofArgs:
        """Return a proof as the gate takes it, with the ordinates of the two folded points."""
        ordinates = [self._ordinate(statement, table) for table in (market, parameters)]
        return ProofArgs(market.number, parameters.number, nonce, deadline, proof_words(proved.proof), *ordinates)

    def _prove(
        self, statement: str, account: bytes, opening: Opening, market: Table, parameters: Table, *, deadline: int
    ) -> ProofArgs:
        state = self.gate.status_of(account)
        contexts = {"sufficiency": context_of_certify, "shortfall": context_of_flag}
        context = contexts[statement](
            self.chain.chain_id,
            self.gate.address,
            self.circuit(statement),
            account,
            state.commitment,
            round_=market.number,
            version=parameters.number,
            nonce=state.nonce,
            deadline=deadline,
        )
        proved = self.provers[statement].prove(opening, market, parameters, context=context)
        return self.arguments(statement, proved, market, parameters, nonce=state.nonce, deadline=deadline)

    def _fold(self, statement: str, index: int, table: bytes, cells: Table, before: Table | None, note: str) -> None:
        """Fold a table's moved cells since a market round that was folded before, or all of them."""
        since = None
        if before is not None:
            base = self.board.round_table(before.number)
            since = FoldedBase(base, before.cells, self._ordinate(statement, before))
        for receipt in fold_table(self.registry, self.circuit(statement), index, table, cells.cells, since=since):
            self._note(note, receipt)

    def _ordinate(self, statement: str, table: Table) -> int:
        """Return the y of a folded point; contracts store x and the parity of y only."""
        point = folded_point(self.provers[statement].circuit_key, table)
        return 0 if point is None else point[1]

    def _note(self, name: str, receipt: Receipt) -> Receipt:
        """Remember the dearest transaction of each kind."""
        self.gas[name] = max(self.gas.get(name, 0), receipt.gas_used)
        return receipt


def _circuit(prover: Prover) -> bytes:
    return circuit_id(key_bytes(prover.circuit_key.verifying_key))
