"""The contracts as Python objects: methods encode, send and decode; reverts come back as `errors.NAME`.

Every object holds a chain, an address and a sender; `as_sender` gives the same contract to somebody else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple
from functools import cache
from typing import Any, ClassVar, Self

from .artifact import load_artifact
from .chain import Chain, Receipt, Reverted
from .encoding import keccak, key_chunks, label_bytes, pack_cells
from .errors import contract_error, error_name
from .records import STATUSES, Account, BatchItem, GateSettings, ProofArgs, TableInput

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
    "ProofArgs",
    "Registry",
    "TableInput",
]

class Contract:
    """A deployed contract on a chain, spoken to as one sender."""

    artifact: ClassVar[str]

    def __init__(self, chain: Chain, address: str, sender: str) -> None:
        """Bind an address; nothing is sent."""
        self.chain = chain
        self.address = address
        self.sender = sender

    @classmethod
    def _deploy(cls, chain: Chain, sender: str, *arguments: object) -> Self:
        """Create the contract."""
        made = load_artifact(cls.artifact)
        encoded = _encode([_type(part) for part in made.constructor_inputs()], arguments)
        try:
            return cls(chain, chain.deploy(made.bytecode + encoded, sender), sender)
        except Reverted as refusal:
            raise contract_error(refusal.data) from None

    def as_sender(self, sender: str) -> Self:
        """Return the same contract, spoken to by another sender."""
        return type(self)(self.chain, self.address, sender)

    def data(self, function: str, *arguments: object) -> bytes:
        """Return the calldata of a function."""
        selector, inputs, _ = _function(self.artifact, function)
        return selector + _encode(list(inputs), arguments)

    def read(self, function: str, *arguments: object) -> Any:  # noqa: ANN401
        """Call a view function: its one answer, or the tuple of its answers. Raises `errors.NAME`."""
        _, _, outputs = _function(self.artifact, function)
        try:
            answer = self.chain.call(self.address, self.data(function, *arguments), self.sender)
        except Reverted as refusal:
            raise contract_error(refusal.data) from None
        decoded = _decode(list(outputs), answer)
        return decoded[0] if len(decoded) == 1 else decoded

    def send(self, function: str, *arguments: object, gas: int | None = None) -> Receipt:
        """Send a transaction. Raises `errors.NAME` when the contract refuses."""
        try:
            return self.chain.transact(self.address, self.data(function, *arguments), self.sender, gas)
        except Reverted as refusal:
            raise contract_error(refusal.data) from None


class AccessManager(Contract):
    """OpenZeppelin's AccessManager: who may call what, and after which delay."""

    artifact = "AccessManager"

    @classmethod
    def deploy(cls, chain: Chain, sender: str, admin: str) -> AccessManager:
        """Create it; the admin may do everything at once until roles say otherwise."""
        return cls._deploy(chain, sender, admin)

    def assign(self, target: str, artifact: str, functions: Sequence[str], role: int) -> Receipt:
        """Let a role call functions of a contract."""
        selectors = [_function(artifact, name)[0] for name in functions]
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

    def fold(self, circuit: bytes, table_index: int, table: bytes, cells: int | None = None) -> Receipt:
        """Fold an admitted table, or its next `cells` cells."""
        return self.send("fold", circuit, table_index, table, (1 << 256) - 1 if cells is None else cells)

    def refold(self, circuit: bytes, table_index: int, old: bytes, old_y: int, table: bytes) -> Receipt:
        """Fold an admitted table from an old one's point, whose y is `old_y`: the moved cells only."""
        return self.send("refold", circuit, table_index, old, old_y, table)

    def folded(self, circuit: bytes, table_index: int, table: bytes) -> tuple[int, bool]:
        """Return how many cells are in the sum, and whether the point is ready."""
        cells, ready = self.read("folded", circuit, table_index, table)
        return cells, ready

    def folded_point(self, receipt: Receipt) -> tuple[int, int] | None:
        """Return the point that a fold has finished, or None when it has not."""
        topic = keccak(b"Folded(bytes32,bytes32,uint256,uint256,uint256)")
        for log in receipt.logs:
            if log.topics[0] == topic:
                _, x, y = _decode(["uint256"] * 3, log.data)
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


class _Tables(Contract):
    """What board and book share: admitted tables."""

    def schema_hash(self) -> bytes:
        """Return the hash of the schema file."""
        return bytes(self.read("schemaHash"))

    def table_cells(self, table: bytes) -> list[int]:
        """Return the cells of an admitted table."""
        return list(self.read("tableCells", table))

    def input(self, first: int, *, starts_from_ic0: bool) -> TableInput:
        """Return this source's tables as an input of a circuit, their first cell being input `first` (from 1)."""
        length, schema, words = self.read("cellCount"), self.read("schemaHash"), self.read("schemaWordsHash")
        return TableInput(first, length, starts_from_ic0, self.address, schema, words)


class Board(_Tables):
    """The PriceBoard: rounds of the market table."""

    artifact = "PriceBoard"

    @classmethod
    def deploy(
        cls, chain: Chain, sender: str, authority: str, schema_hash: bytes, words: Sequence[int], staleness: int
    ) -> Board:
        """Create a board; `words` are schema words, `staleness` is in seconds."""
        return cls._deploy(chain, sender, authority, schema_hash, list(words), staleness)

    def post(self, round_: int, timestamp: int, cells: Sequence[int]) -> Receipt:
        """Post a round."""
        return self.send("post", round_, timestamp, pack_cells(cells))

    def round_table(self, round_: int) -> bytes:
        """Return a round's table id."""
        return bytes(self.read("roundTable", round_))

    def latest_round(self) -> int:
        """Return the latest round, 0 before the first."""
        return int(self.read("latestRound"))

    def is_stale(self) -> bool:
        """Return whether even the latest prices are too old."""
        return bool(self.read("isStale"))


class Book(_Tables):
    """The ParameterBook: versions of the parameter table at both margin levels."""

    artifact = "ParameterBook"

    @classmethod
    def deploy(cls, chain: Chain, sender: str, authority: str, schema_hash: bytes, words: Sequence[int]) -> Book:
        """Create a book; `words` are schema words."""
        return cls._deploy(chain, sender, authority, schema_hash, list(words))

    def post(self, version: int, initial: Sequence[int], maintenance: Sequence[int]) -> Receipt:
        """Post a version: the cells of both levels."""
        return self.send("post", version, pack_cells(initial), pack_cells(maintenance))

    def table(self, version: int, level: int) -> bytes:
        """Return the table id of a version at a level (`encoding.INITIAL` or `MAINTENANCE`)."""
        return bytes(self.read("table", version, level))

    def current_version(self) -> int:
        """Return the current version, 0 before the first."""
        return int(self.read("currentVersion"))


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
        return int(
            self.read("contextOfOpen", owner, label_bytes(label), commitment, round_, version, nonce, deadline)
        )

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


@cache
def _function(artifact: str, name: str) -> tuple[bytes, tuple[str, ...], tuple[str, ...]]:
    """Selector, argument types, answer types."""
    entry = load_artifact(artifact).entry("function", name)
    inputs = tuple(_type(part) for part in entry["inputs"])
    outputs = tuple(_type(part) for part in entry["outputs"])
    return keccak(f"{name}({','.join(inputs)})".encode())[:4], inputs, outputs


def _type(part: dict[str, Any]) -> str:
    """Return the canonical type of an argument, structs as tuples."""
    kind: str = part["type"]
    if not kind.startswith("tuple"):
        return kind
    inner = ",".join(_type(one) for one in part["components"])
    return f"({inner}){kind.removeprefix('tuple')}"


def _encode(types: list[str], values: Sequence[Any]) -> bytes:
    """ABI-encode arguments."""
    from eth_abi.abi import encode

    return bytes(encode(types, list(values)))


def _decode(types: list[str], data: bytes) -> tuple[Any, ...]:
    """ABI-decode answers."""
    from eth_abi.abi import decode

    return tuple(decode(types, data))
