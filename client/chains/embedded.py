"""A development chain in this process: pyrevm behind the bindings' `Chain`.

Its gas figures are approximate: storage stays warm between transactions, so they come out low.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ...contracts.chain import Halted, Log, OutOfGas, Receipt, Reverted
from ...contracts.faults import NoContract
from ...kernel.arguments import ADDRESS, BYTES, Kind, below, maybe, takes
from ...kernel.errors import ContractError, EnvironmentFault

if TYPE_CHECKING:
    import pyrevm

__all__ = ["DEVELOPMENT_CHAIN", "EmbeddedChain"]

DEVELOPMENT_CHAIN = 31_337
_BLOCK_GAS = 120_000_000
_BALANCE = 10**24


_CHAIN = below(64, "a chain's id, a whole number below 2^64")
_TIME = below(62, "unix seconds, a whole number that is not negative")
_GAS = below(62, "an amount of gas, a whole number that is not negative")
_COUNT = below(8, "a number of accounts below 256")


class EmbeddedChain:
    """One EVM, one transaction a block, time under the caller's control."""

    @takes(chain_id=_CHAIN, timestamp=maybe(_TIME), accounts=_COUNT)
    def __init__(self, chain_id: int = DEVELOPMENT_CHAIN, timestamp: int | None = None, accounts: int = 10) -> None:
        """Start an empty chain at `timestamp` (now by default). Raises `EnvironmentFault` without pyrevm."""
        try:
            import pyrevm
        except ImportError as error:
            raise EnvironmentFault("the embedded chain needs pyrevm", hint="pip install 'zkmargin[evm]'") from error
        self._pyrevm = pyrevm
        self._chain_id = chain_id
        self._number = 1
        self._timestamp = int(time.time()) if timestamp is None else timestamp
        environment = pyrevm.Env(cfg=pyrevm.CfgEnv(chain_id=chain_id), block=self._block())
        self._evm = pyrevm.EVM(env=environment, spec_id="CANCUN", gas_limit=1 << 62)
        self.last_gas_used = 0  # of the latest transaction, refused or not
        self.accounts = [f"0x{index + 1:02x}" + "a1" * 19 for index in range(accounts)]
        for address in self.accounts:
            self._evm.set_balance(address, _BALANCE)

    @property
    def chain_id(self) -> int:
        """The chain's id."""
        return self._chain_id

    def now(self) -> int:
        """Return the current block's time."""
        return self._timestamp

    @takes(timestamp=_TIME)
    def set_time(self, timestamp: int) -> None:
        """Mine a block at a time that is not before the current one. Raises `ContractError` if it is."""
        if timestamp < self._timestamp:
            raise ContractError("a chain's time does not go back", code="time-went-back")
        self._number += 1
        self._timestamp = timestamp
        self._evm.set_block_env(self._block())

    @takes(seconds=_TIME)
    def advance(self, seconds: int) -> None:
        """Mine a block some seconds later."""
        self.set_time(self._timestamp + seconds)

    def snapshot(self) -> tuple[Any, int, int]:
        """Return a point that `revert` goes back to; one use, latest first."""
        return self._evm.snapshot(), self._number, self._timestamp

    @takes(point=Kind("what snapshot returned", lambda value: isinstance(value, tuple) and len(value) == 3))
    def revert(self, point: tuple[Any, int, int]) -> None:
        """Undo everything since a snapshot."""
        checkpoint, self._number, self._timestamp = point
        self._evm.revert(checkpoint)
        self._evm.set_block_env(self._block())

    @takes(bytecode=BYTES, sender=ADDRESS)
    def deploy(self, bytecode: bytes, sender: str) -> str:
        """Create a contract and return its address. Raises `Reverted`, `Halted`, `OutOfGas`."""
        with _refusals():
            return str(self._evm.deploy(sender, bytecode, gas=_BLOCK_GAS))

    @takes(to=ADDRESS, data=BYTES, sender=ADDRESS)
    def call(self, to: str, data: bytes, sender: str) -> bytes:
        """Return what a call answers; nothing is kept. Raises `Reverted`, `Halted`, `OutOfGas`."""
        checkpoint = self._evm.snapshot()
        try:
            with _refusals():
                return bytes(self._evm.message_call(sender, to, calldata=data, gas=_BLOCK_GAS))
        finally:
            self._evm.revert(checkpoint)

    @takes(to=ADDRESS, data=BYTES, sender=ADDRESS, gas=maybe(_GAS))
    def transact(self, to: str, data: bytes, sender: str, gas: int | None = None) -> Receipt:
        """Send a transaction. Raises `Reverted`, `Halted`, `OutOfGas`, `NoContract`."""
        if data and not self._evm.get_code(to):
            raise NoContract(f"there is no contract at {to}")
        try:
            with _refusals():
                self._evm.message_call(sender, to, calldata=data, gas=_BLOCK_GAS if gas is None else gas)
        finally:
            self._evm.reset_transient_storage()
            result: Any = self._evm.result  # None when nothing was run: not even the transaction's own gas was given
            self.last_gas_used = 0 if result is None else int(result.gas_used)
        return Receipt(gas_used=self.last_gas_used, logs=tuple(_log(entry) for entry in result.logs))

    def _block(self) -> pyrevm.BlockEnv:
        """Return the environment of the current block."""
        return self._pyrevm.BlockEnv(
            number=self._number, timestamp=self._timestamp, gas_limit=_BLOCK_GAS, basefee=0, difficulty=0
        )


def _log(entry: pyrevm.Log) -> Log:
    """Convert an event as pyrevm shows it: its data come with the topics."""
    shown: Any = entry.data
    topics, data = shown
    return Log(str(entry.address).lower(), tuple(bytes(topic) for topic in topics), bytes(data))


@contextmanager
def _refusals() -> Iterator[None]:
    """Turn pyrevm's one exception, told apart by its text, into `Reverted`, `OutOfGas` or `Halted`."""
    try:
        yield
    except RuntimeError as error:
        text = str(error)
        reverted = re.search(r"Revert \{.*output: (?:0x)?([0-9a-fA-F]*)", text)
        if reverted:
            raise Reverted(bytes.fromhex(reverted[1])) from None
        if "OutOfGas" in text or "CallGasCostMoreThanGasLimit" in text:
            raise OutOfGas() from None
        raise Halted(f"the embedded chain stopped: {text}") from None
