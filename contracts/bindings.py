"""The contracts as Python objects: methods encode, send and decode; reverts come back as `errors.NAME`.

Every object holds a chain, an address and a sender; `as_sender` gives the same contract to somebody else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple
from typing import Any

from .chain import Chain, Receipt
from .contract import Contract, abi_function, decode
from .encoding import keccak, key_chunks, label_bytes
from .errors import error_name
from .records import STATUSES, Account, BatchItem, GateSettings, OracleSignature, ProofArgs, TableInput
from .sources import Board, Book, MarketBoard, RiskBoard

__all__ = [
    "STATUSES",
    "AccessManager",
    "Account",
    "BatchItem",
    "Board",
    "Book",
    "Contract",
    "Gate",
    "GateSettings",
    "MarketBoard",
    "OracleSignature",
    "ProofArgs",
    "Registry",
    "RiskBoard",
    "TableInput",
]

_ALL = (1 << 256) - 1


class AccessManager(Contract):
    """OpenZeppelin's AccessManager: who may call what, and after which delay."""

    artifact = "AccessManager"

    @classmethod
    def deploy(cls, chain: Chain, sender: str, admin: str) -> AccessManager:
        """Create it; the admin may do everything at once until roles say otherwise."""
        return cls._deploy(chain, sender, admin)

    def assign(self, target: str, artifact: str, functions: Sequence[str], role: int) -> Receipt:
        """Let a role call functions of a contract."""
        selectors = [abi_function(artifact, name)[0] for name in functions]
        return self.send("setTargetFunctionRole", target, selectors, role)

    def grant(self, role: int, holder: str, delay: int = 0) -> Receipt:
        """Give somebody a role; with a delay (seconds) each of his calls must be scheduled first."""
        return self.send("grantRole", role, holder, delay)

    def schedule(self, target: str, data: bytes, when: int = 0) -> Receipt:
        """Schedule a call; `when` 0 is as early as the delay allows."""
        return self.send("schedule", target, data, when)


class Registry(Contract):
    """The VerifierRegistry: circuits, folded points, verification."""

    artifact = "VerifierRegistry"

    @classmethod
    def deploy(cls, chain: Chain, sender: str, authority: str) -> Registry:
        """Create an empty registry."""
        return cls._deploy(chain, sender, authority)

    def register(self, key: bytes, singles: int, tables: Sequence[TableInput]) -> bytes:
        """Store a key (bytes of `encoding.key_bytes`) in chunks, register it, return the circuit id."""
        chunks = key_chunks(key)
        for chunk in chunks:
            self.send("storeChunk", chunk)
        self.send("register", [keccak(chunk) for chunk in chunks], singles, [astuple(table) for table in tables])
        return keccak(key)

    def disable(self, circuit: bytes) -> Receipt:
        """Stop a circuit for ever."""
        return self.send("disable", circuit)

    def fold(
        self, circuit: bytes, table_index: int, table: bytes, cells: int | None = None, *, window: int = 0
    ) -> Receipt:
        """Fold an admitted table, or its next `cells` cells; `window` changes the gas alone (see `folding`)."""
        return self.send("fold", circuit, table_index, table, _ALL if cells is None else cells, window)

    def refold(
        self,
        circuit: bytes,
        table_index: int,
        old: bytes,
        old_y: int,
        table: bytes,
        cells: int | None = None,
        *,
        window: int = 0,
    ) -> Receipt:
        """Fold a table's moved cells, or those among its next `cells`, onto an old one's point, whose y is `old_y`."""
        return self.send("refold", circuit, table_index, old, old_y, table, _ALL if cells is None else cells, window)

    def folded(self, circuit: bytes, table_index: int, table: bytes, old: bytes = bytes(32)) -> tuple[int, bool]:
        """Return how many cells are in the sum that began from `old`'s point (or nothing), and whether one is ready."""
        cells, ready = self.read("folded", circuit, table_index, old, table)
        return cells, ready

    def folded_point(self, receipt: Receipt) -> tuple[int, int] | None:
        """Return the point that a fold has finished, or None when it has not."""
        topic = keccak(b"Folded(bytes32,bytes32,uint256,uint256,uint256)")
        for log in receipt.logs:
            if log.topics[0] == topic:
                _, x, y = decode(["uint256"] * 3, log.data)
                return x, y
        return None

    def verify(
        self, circuit: bytes, proof: Sequence[int], singles: Sequence[int], tables: Sequence[bytes], ys: Sequence[int]
    ) -> None:
        """Return when the proof holds. Raises `errors.ProofRejected`, `MalformedProof`, `NotFolded`, ..."""
        self.read("verify", circuit, list(proof), list(singles), list(tables), list(ys))

    def verify_batch(self, circuit: bytes, items: Sequence[BatchItem]) -> None:
        """Return when every proof holds. Raises `errors.BatchRejected`, `MalformedItem`, `NotFolded`, ..."""
        self.read("verifyBatch", circuit, [_item(one) for one in items])


class Gate(Contract):
    """The MarginGate: accounts and what proofs do to them."""

    artifact = "MarginGate"

    @classmethod
    def deploy(cls, chain: Chain, sender: str, settings: GateSettings) -> Gate:
        """Create a gate."""
        return cls._deploy(chain, sender, astuple(settings))

    def open(self, label: str | bytes, commitment: int, args: ProofArgs) -> Receipt:
        """Open an account of the sender with an initial-margin proof."""
        return self.send("open", label_bytes(label), commitment, _args(args))

    def certify(self, account: bytes, args: ProofArgs) -> Receipt:
        """Renew an account's certificate with a maintenance proof."""
        return self.send("certify", account, _args(args))

    def certify_batch(self, accounts: Sequence[bytes], args: Sequence[ProofArgs], gas: int | None = None) -> Receipt:
        """Renew many accounts by one pairing; what has become stale is dropped (see `dropped`)."""
        return self.send("certifyBatch", list(accounts), [_args(one) for one in args], gas=gas)

    def certifiable(
        self, account: bytes, *, round_: int, version: int, nonce: int, deadline: int
    ) -> tuple[bytes, bytes, int]:
        """Return the tables a proof must speak of and the expiry it would give. Raises what `certify` would meet."""
        market, parameters, expiry = self.read("certifiable", account, round_, version, nonce, deadline)
        return bytes(market), bytes(parameters), expiry

    def dropped(self, receipt: Receipt) -> list[tuple[bytes, str]]:
        """Return the accounts that a batch went on without, in order, each with the name of the error that it met."""
        topic = keccak(b"ItemDropped(bytes32,bytes4)")
        return [(log.topics[1], error_name(log.data[:4])) for log in receipt.logs if log.topics[0] == topic]

    def lapse(self, account: bytes) -> Receipt:
        """Record that a certificate has run out."""
        return self.send("lapse", account)

    def request_decryption(self, account: bytes) -> Receipt:
        """Ask the guardians to open the escrow of an account whose grace has passed."""
        return self.send("requestDecryption", account)

    def flag(self, account: bytes, args: ProofArgs) -> Receipt:
        """Flag an account with a shortfall proof."""
        return self.send("flag", account, _args(args))

    def is_covered(self, account: bytes) -> bool:
        """Return whether a certificate runs."""
        return bool(self.read("isCovered", account))

    def is_liquidatable(self, account: bytes) -> bool:
        """Return whether the account is flagged."""
        return bool(self.read("isLiquidatable", account))

    def status_of(self, account: bytes) -> Account:
        """Return everything the gate knows of an account. Raises `errors.UnknownAccount`."""
        commitment, owner, status, *rest = self.read("statusOf", account)
        return Account(commitment, owner, STATUSES[status], *rest)

    def account_id(self, owner: str, label: str | bytes) -> bytes:
        """Return the account of an owner and a label, as the contract computes it."""
        return bytes(self.read("accountId", owner, label_bytes(label)))

    def context_of_open(
        self, owner: str, label: str | bytes, commitment: int, *, round_: int, version: int, nonce: int, deadline: int
    ) -> int:
        """Return the context that a proof for `open` must carry."""
        return int(self.read("contextOfOpen", owner, label_bytes(label), commitment, round_, version, nonce, deadline))

    def context_of_certify(self, account: bytes, *, round_: int, version: int, nonce: int, deadline: int) -> int:
        """Return the context that a proof for `certify` must carry."""
        return int(self.read("contextOfCertify", account, round_, version, nonce, deadline))

    def context_of_flag(self, account: bytes, *, round_: int, version: int, nonce: int, deadline: int) -> int:
        """Return the context that a proof for `flag` must carry."""
        return int(self.read("contextOfFlag", account, round_, version, nonce, deadline))


def _item(item: BatchItem) -> tuple[Any, ...]:
    """Return a batch's item as the ABI's tuple."""
    return list(item.proof), list(item.singles), list(item.table_ids), list(item.ys)


def _args(args: ProofArgs) -> tuple[Any, ...]:
    """Proof arguments as the ABI's tuple."""
    fixed = (args.round, args.version, args.nonce, args.deadline)
    return (*fixed, list(args.proof), args.market_y, args.parameters_y)
