"""A chain behind JSON-RPC, by web3.py, as the bindings' `Chain`.

Transactions are signed with the private key in the environment variable ZKMARGIN_PRIVATE_KEY, or sent from the node's
own unlocked accounts. Gas figures are exact.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from ...contracts.chain import Log, OutOfGas, Receipt, Reverted
from ...kernel.errors import ContractError, EnvironmentFault

if TYPE_CHECKING:
    from eth_typing import HexStr
    from hexbytes import HexBytes
    from web3.types import LogReceipt

__all__ = ["KEY_VARIABLE", "RpcChain"]

KEY_VARIABLE = "ZKMARGIN_PRIVATE_KEY"
_TIMEOUT = 120  # seconds to wait for a transaction


class RpcChain:
    """A node at a URL."""

    def __init__(self, url: str, *, signing: bool = True) -> None:
        """Connect; without `signing` the environment's key stays unread, for a node whose accounts are its own.

        Raises `EnvironmentFault` when nobody answers, or the key in the environment is none.
        """
        from web3 import HTTPProvider, Web3

        self._web3 = Web3(HTTPProvider(url, request_kwargs={"timeout": 60}))
        key = os.environ.get(KEY_VARIABLE) if signing else None
        try:
            self._signer = self._web3.eth.account.from_key(key) if key else None
        except Exception:  # its text and its frames may hold the key: nothing of it goes on
            raise EnvironmentFault(f"{KEY_VARIABLE} holds no private key", hint="64 hexadecimal digits") from None
        try:
            self._chain_id = int(self._web3.eth.chain_id)
            unlocked = [] if self._signer else [str(one).lower() for one in self._web3.eth.accounts]
        except Exception as error:
            raise EnvironmentFault("no chain answers at the given URL", hint="is the node running?") from error
        self.accounts = [self._signer.address.lower()] if self._signer else unlocked

    @property
    def chain_id(self) -> int:
        """The chain's id."""
        return self._chain_id

    def now(self) -> int:
        """Return the latest block's time."""
        return int(self._web3.eth.get_block("latest")["timestamp"])

    def deploy(self, bytecode: bytes, sender: str) -> str:
        """Create a contract and return its address. Raises `Reverted` or `OutOfGas`."""
        receipt = self._transact({"from": sender, "data": _hex(bytecode)}, None)
        if receipt.contract is None:
            raise ContractError("the node reports no contract address")
        return receipt.contract

    def call(self, to: str, data: bytes, sender: str) -> bytes:
        """Return what a call answers, without a transaction. Raises `Reverted` or `OutOfGas`."""
        answer = self._ask("eth_call", [{"from": sender, "to": to, "data": _hex(data)}, "latest"])
        return bytes.fromhex(str(answer)[2:])

    def transact(self, to: str, data: bytes, sender: str, gas: int | None = None) -> Receipt:
        """Send a transaction and wait for it. Raises `Reverted` or `OutOfGas`."""
        return self._transact({"from": sender, "to": to, "data": _hex(data)}, gas)

    def _transact(self, transaction: dict[str, Any], gas: int | None) -> Receipt:
        """Estimate, send, wait. A refusal shows up in the estimate, before anything is paid."""
        if gas is None:
            gas = int(str(self._ask("eth_estimateGas", [transaction])), 16)
        transaction["gas"] = hex(gas)
        sent = self._send(transaction)
        found = self._web3.eth.wait_for_transaction_receipt(sent, timeout=_TIMEOUT, poll_latency=0.02)
        if found["status"] != 1:
            self._explain(transaction, int(found["blockNumber"]), int(found["gasUsed"]))
        created = found.get("contractAddress")
        return Receipt(
            gas_used=int(found["gasUsed"]),
            logs=tuple(_log(entry) for entry in found["logs"]),
            contract=str(created).lower() if created else None,
        )

    def _send(self, transaction: dict[str, Any]) -> HexStr | HexBytes:
        """Send a transaction and return its hash."""
        if self._signer is None:
            sent: HexStr = self._ask("eth_sendTransaction", [transaction])
            return sent
        if transaction["from"].lower() != self.accounts[0]:
            raise EnvironmentFault(f"the key in {KEY_VARIABLE} is not the sender's")
        eth = self._web3.eth
        filled = {
            "chainId": self._chain_id,
            "nonce": eth.get_transaction_count(self._signer.address),
            "gas": int(transaction["gas"], 16),
            "gasPrice": eth.gas_price,
            "value": 0,
            "data": transaction["data"],
        }
        if "to" in transaction:
            filled["to"] = self._web3.to_checksum_address(transaction["to"])
        return eth.send_raw_transaction(self._signer.sign_transaction(filled).raw_transaction)

    def _explain(self, transaction: dict[str, Any], block: int, gas_used: int) -> None:
        """Raise what a failed transaction ran into, by calling it again on the state it met."""
        if gas_used >= int(transaction["gas"], 16):
            raise OutOfGas("the transaction ran out of gas")
        self._ask("eth_call", [transaction, hex(block - 1)])
        raise ContractError("the transaction failed, and does not fail again")

    def _ask(self, method: str, parameters: list[Any]) -> Any:  # noqa: ANN401
        """Make one request; errors come out by their revert data."""
        from web3.types import RPCEndpoint

        response = self._web3.provider.make_request(RPCEndpoint(method), parameters)
        error: Any = response.get("error")
        if error is None:
            return response["result"]
        data = error.get("data") if isinstance(error, dict) else None
        if isinstance(data, dict):
            data = data.get("data")
        text = str(error.get("message", error) if isinstance(error, dict) else error)
        if isinstance(data, str) and data.startswith("0x"):
            raise Reverted(bytes.fromhex(data[2:]))
        if "gas" in text.lower():
            raise OutOfGas(text)
        if "revert" in text.lower():
            raise Reverted(b"")
        raise ContractError(f"the node refused {method}: {text}")


def _hex(data: bytes) -> str:
    """Bytes as JSON-RPC has them."""
    return "0x" + data.hex()


def _log(entry: LogReceipt) -> Log:
    """Convert an event as web3.py shows it."""
    return Log(str(entry["address"]).lower(), tuple(bytes(topic) for topic in entry["topics"]), bytes(entry["data"]))
