"""A chain behind JSON-RPC, as the bindings' `Chain`.

Transactions are signed with the private key in the environment variable ZKMARGIN_PRIVATE_KEY, or sent from the node's
own unlocked accounts. Reads see the newest block that any answer has shown, or fail: behind one URL there may be
several nodes. A signed transaction is sent again only as the same bytes; one that the node signs is sent once. Gas
figures are exact.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from ...contracts.chain import Halted, OutOfGas, Receipt, Reverted
from ...contracts.faults import (
    BadAnswer,
    ChainFault,
    MethodMissing,
    MissingResult,
    NeverMined,
    NoContract,
    NodeBehind,
    NodeRefused,
    NonceTooLow,
    SendUnknown,
    TransactionDropped,
    TransactionKnown,
    TransactionReplaced,
    TransactionsPending,
)
from ...kernel.arguments import ADDRESS, BYTES, FLAG, TEXT, WHOLE, a, maybe, takes
from ...kernel.errors import ContractError, EnvironmentFault
from .answers import data_of, hash_of, hexed, is_receipt, log_of, number_of
from .json_rpc import JsonRpc, Patience

if TYPE_CHECKING:
    from eth_account.signers.local import LocalAccount

__all__ = ["KEY_VARIABLE", "Patience", "RpcChain"]

KEY_VARIABLE = "ZKMARGIN_PRIVATE_KEY"
_GAS_CAP = 1 << 24  # of one transaction, EIP-7825
_SLOWEST_POLL = 1.0


@dataclass(frozen=True)
class _Block:
    """What is needed of a block; `base_fee` is None before EIP-1559."""

    number: int
    timestamp: int
    gas_limit: int
    base_fee: int | None

    @property
    def tag(self) -> str:
        """The block as a request names it."""
        return hex(self.number)


class RpcChain:
    """A node at a URL."""

    @takes(url=TEXT, signing=FLAG, patience=maybe(a("a Patience", Patience)))
    def __init__(self, url: str, *, signing: bool = True, patience: Patience | None = None) -> None:
        """Connect; without `signing` the environment's key stays unread, for a node whose accounts are its own.

        Raises `InputError` when the URL is none, `EnvironmentFault` when the key in the environment is none,
        `ChainFault`, which is one, when no chain answers.
        """
        self._patience = patience or Patience()
        self._rpc = JsonRpc(url, self._patience)
        self._signer = _signer() if signing else None
        self._contracts: set[str] = set()  # addresses that have been seen to have code
        self._seen = 0  # the newest block that any answer has shown
        self._chain_id = number_of(self._rpc.ask("eth_chainId"))
        self.accounts = [self._signer.address.lower()] if self._signer else self._unlocked()

    @property
    def chain_id(self) -> int:
        """The chain's id."""
        return self._chain_id

    def now(self) -> int:
        """Return the latest block's time. Raises `ChainFault`."""
        return self._head().timestamp

    @takes(method=TEXT)
    def ask(self, method: str, *parameters: Any) -> Any:  # noqa: ANN401
        """Ask the node something of its own that changes nothing. Raises `Reverted`, `Halted`, `ChainFault`."""
        return self._rpc.ask(method, *parameters)

    @takes(bytecode=BYTES, sender=ADDRESS)
    def deploy(self, bytecode: bytes, sender: str) -> str:
        """Create a contract and return its address. Raises `Reverted`, `Halted`, `ChainFault`."""
        receipt = self._transact({"from": sender, "data": hexed(bytecode)}, None)
        if receipt.contract is None:
            raise BadAnswer("the node's receipt of a new contract does not say where it is")
        return receipt.contract

    @takes(to=ADDRESS, data=BYTES, sender=ADDRESS)
    def call(self, to: str, data: bytes, sender: str) -> bytes:
        """Return what a call answers, without a transaction. Raises `Reverted`, `Halted`, `ChainFault`."""
        return data_of(self._rpc.ask("eth_call", {"from": sender, "to": to, "data": hexed(data)}, self._head().tag))

    @takes(to=ADDRESS, data=BYTES, sender=ADDRESS, gas=maybe(WHOLE))
    def transact(self, to: str, data: bytes, sender: str, gas: int | None = None) -> Receipt:
        """Send a transaction and wait for it. Raises `Reverted`, `Halted`, `ChainFault`.

        A fault's `transaction` is the hash of what has been sent, or may have been.
        """
        return self._transact({"from": sender, "to": to, "data": hexed(data)}, gas)

    def _transact(self, transaction: dict[str, Any], gas: int | None) -> Receipt:
        """Estimate, send, wait. A refusal shows up in the estimate, before anything is paid."""
        if self._signer is not None and transaction["from"].lower() != self.accounts[0]:
            raise EnvironmentFault(f"the key in {KEY_VARIABLE} is not the sender's")
        head = self._head()
        self._require_code(transaction, head)
        if gas is None:
            gas = _with_margin(number_of(self._rpc.ask("eth_estimateGas", transaction, head.tag)), head.gas_limit)
        transaction = {**transaction, "gas": hex(gas)}
        if self._signer is None:
            sent, nonce = self._send_unsigned(transaction), None
        else:
            nonce = self._nonce(self._signer.address)
            sent = self._send_signed(self._signer, transaction, nonce, head)
        found = self._mined(sent, nonce)
        block, used = int(found["blockNumber"], 16), int(found["gasUsed"], 16)
        self._seen = max(self._seen, block)
        if int(found["status"], 16) != 1:
            self._explain(transaction, block, used)
        created = found.get("contractAddress")
        return Receipt(used, tuple(map(log_of, found["logs"])), created.lower() if created else None)

    # -- reading ----------------------------------------------------------------------------------------------------

    def _head(self) -> _Block:
        """Return the latest block, waiting for a node that is behind what has been seen."""
        for pause in (*self._patience.pauses, None):
            found = self._rpc.ask("eth_getBlockByNumber", "latest", False)
            if not isinstance(found, dict):
                raise BadAnswer()
            fee = found.get("baseFeePerGas")
            limit = number_of(found.get("gasLimit"))
            times = (number_of(found.get("number")), number_of(found.get("timestamp")))
            head = _Block(*times, limit, None if fee is None else number_of(fee))
            if head.number >= self._seen:
                self._seen = head.number
                return head
            if pause is not None:
                time.sleep(pause)
        raise NodeBehind(f"the node is at block {head.number}, and block {self._seen} has been seen")

    def _require_code(self, transaction: dict[str, Any], head: _Block) -> None:
        """Raise NoContract for calldata to an address without code, which would be mined, and do nothing."""
        to = transaction.get("to", "").lower()
        if not to or transaction["data"] == "0x" or to in self._contracts:
            return
        if not data_of(self._rpc.ask("eth_getCode", to, head.tag)):
            raise NoContract(f"there is no contract at {to}")
        self._contracts.add(to)

    def _unlocked(self) -> list[str]:
        """Return the node's own accounts; public nodes have none, and some do not know the question."""
        try:
            found = self._rpc.ask("eth_accounts", null=True)
        except (MethodMissing, NodeRefused):
            return []
        if not isinstance(found, list | None):
            raise BadAnswer()
        return [str(one).lower() for one in found or ()]

    def _nonce(self, sender: str) -> int:
        """Return the next nonce, once every earlier transaction of the sender is mined."""
        until = time.monotonic() + self._patience.mined
        pause = self._patience.poll
        while True:
            mined = number_of(self._rpc.ask("eth_getTransactionCount", sender, self._head().tag))
            try:
                known = number_of(self._rpc.ask("eth_getTransactionCount", sender, "pending"))
            except (MethodMissing, NodeRefused):
                known = mined
            if known <= mined:
                return mined
            if time.monotonic() > until:
                raise TransactionsPending(
                    f"{known - mined} earlier transactions of the sender, from nonce {mined} on, are not mined yet"
                )
            pause = _longer(pause)
            time.sleep(pause)

    # -- sending ----------------------------------------------------------------------------------------------------

    def _send_unsigned(self, transaction: dict[str, Any]) -> str:
        """Have the node sign and send, once: sent again it would be another transaction."""
        try:
            return hash_of(self._rpc.send("eth_sendTransaction", transaction))
        except ChainFault as fault:
            if fault.may_have_acted:
                raise SendUnknown(said=fault.message) from fault
            raise

    def _send_signed(self, signer: LocalAccount, transaction: dict[str, Any], nonce: int, head: _Block) -> str:
        """Sign, send and return the hash. The same bytes may be sent any number of times: they are mined once."""
        from eth_utils.address import to_checksum_address

        price = number_of(self._rpc.ask("eth_gasPrice"))
        fields: dict[str, Any] = {
            "chainId": self._chain_id,
            "nonce": nonce,
            "gas": int(transaction["gas"], 16),
            "value": 0,
            "data": transaction["data"],
            **_fees(price, head.base_fee),
        }
        if "to" in transaction:
            fields["to"] = to_checksum_address(transaction["to"])
        signed = signer.sign_transaction(fields)
        sent, raw = hexed(bytes(signed.hash)), hexed(bytes(signed.raw_transaction))
        doubtful = False  # whether an earlier attempt may have arrived
        for pause in (*self._patience.pauses, None):
            try:
                self._rpc.send("eth_sendRawTransaction", raw)
            except TransactionKnown:
                return sent
            except MissingResult:
                return sent  # taken without a word: the receipt will tell
            except ChainFault as fault:
                if doubtful and isinstance(fault, NonceTooLow) and self._is_known(sent):
                    return sent
                doubtful = doubtful or fault.may_have_acted
                if fault.may_pass and pause is not None:
                    time.sleep(max(pause, min(fault.wait, 10.0)))
                    continue
                if not doubtful:
                    raise
                if self._is_known(sent):
                    return sent
                raise SendUnknown(_named(SendUnknown, sent), said=fault.message, transaction=sent) from fault
            return sent
        raise AssertionError("the last attempt returns or raises")

    def _is_known(self, sent: str) -> bool:
        """Whether the node knows a transaction, waiting or mined; False when it does not say."""
        try:
            return self._rpc.ask("eth_getTransactionByHash", sent, null=True) is not None
        except (ChainFault, ContractError):
            return False

    def _mined(self, sent: str, nonce: int | None) -> dict[str, Any]:
        """Wait for a transaction's receipt. Faults that may pass are waited out: what was sent is sent."""
        until = time.monotonic() + self._patience.mined
        pause = self._patience.poll
        while True:
            try:
                found = self._rpc.ask("eth_getTransactionReceipt", sent, null=True)
            except ChainFault as fault:
                if not fault.may_pass and not isinstance(fault, NodeRefused):  # geth refuses while it indexes
                    raise SendUnknown(_named(SendUnknown, sent), said=fault.message, transaction=sent) from fault
                found = None
            if found is not None and not is_receipt(found, sent):
                raise SendUnknown(
                    f"transaction {sent} was sent, and what the node answers is not its receipt", transaction=sent
                )
            if found is not None and found.get("blockNumber") is not None:  # old nodes have receipts of what waits
                return dict(found)
            if time.monotonic() > until:
                self._give_up(sent, nonce)
            time.sleep(pause)
            pause = _longer(pause)

    def _give_up(self, sent: str, nonce: int | None) -> NoReturn:
        """Say what is known of a transaction that was not mined in time."""
        kind: type[ChainFault] = NeverMined
        try:
            if self._rpc.ask("eth_getTransactionByHash", sent, null=True) is None:
                kind = TransactionDropped
                if self._signer is not None and nonce is not None:
                    count = number_of(self._rpc.ask("eth_getTransactionCount", self._signer.address, self._head().tag))
                    kind = TransactionReplaced if count > nonce else kind
        except (ChainFault, ContractError):
            kind = NeverMined if kind is not TransactionDropped else kind
        raise kind(_named(kind, sent, self._patience.mined), transaction=sent)

    def _explain(self, transaction: dict[str, Any], block: int, gas_used: int) -> NoReturn:
        """Raise what a failed transaction ran into, by calling it again on the state it met."""
        if gas_used >= int(transaction["gas"], 16):
            raise OutOfGas()
        before = hex(block - 1)
        try:
            self._rpc.ask("eth_call", transaction, before)
        except (Reverted, Halted) as refusal:
            if isinstance(refusal, Reverted) and not refusal.data and self._holds(transaction, before):
                raise OutOfGas() from None  # a call inside it had too little, and said nothing
            raise
        except OutOfGas:
            raise
        except ChainFault as fault:
            raise ContractError(
                f"the transaction failed in block {block}, and the node cannot say why: {fault.message}",
                code="failed-unexplained",
            ) from fault
        raise ContractError(
            f"the transaction failed in block {block}, and does not fail again", code="failed-unexplained"
        )

    def _holds(self, transaction: dict[str, Any], block: str) -> bool:
        """Whether a call that failed with the gas it was given succeeds with all there is."""
        try:
            self._rpc.ask("eth_call", {key: value for key, value in transaction.items() if key != "gas"}, block)
        except (ChainFault, ContractError):
            return False
        return True


def _signer() -> LocalAccount | None:
    """Return the account of the key in the environment, None without one. Raises EnvironmentFault when it is no key."""
    key = os.environ.get(KEY_VARIABLE)
    if not key:
        return None
    from eth_account import Account

    try:
        signer: LocalAccount = Account.from_key(key)
    except Exception:  # its text and its frames may hold the key: nothing of it goes on
        raise EnvironmentFault(f"{KEY_VARIABLE} holds no private key", hint="64 hexadecimal digits") from None
    return signer


def _fees(price: int, base: int | None) -> dict[str, int]:
    """Return what a transaction pays: the node's price now, room for the base fee to double, never the doubled tip."""
    if base is None:
        return {"gasPrice": price}
    tip = max(price - base, 0)
    return {"maxFeePerGas": 2 * base + tip, "maxPriorityFeePerGas": tip}


def _with_margin(estimate: int, block_limit: int) -> int:
    """Return the gas to send with: a quarter more than the estimate, for the state may move before it is mined.

    The margin never lifts it over what a block or, by EIP-7825, a transaction can have.
    """
    wanted = estimate + estimate // 4
    for limit in (block_limit, _GAS_CAP):
        if estimate <= limit:
            wanted = min(wanted, limit)
    return wanted


def _named(kind: type[ChainFault], sent: str, seconds: float | None = None) -> str:
    """Return a kind's sentence with the transaction's hash."""
    return f"{kind.sentence} ({sent}{'' if seconds is None else f', after {seconds:g} s'})"


def _longer(pause: float) -> float:
    return min(1.3 * pause, _SLOWEST_POLL)
