"""What a chain or its node may do instead of what it was asked: a closed set, each with its own code and sentence.

None of these is a contract's refusal (`Reverted`, `errors.NAME`): whoever expects a refusal never takes a fault for it.

ChainFault (an EnvironmentFault)
├── the node         NodeUnreachable, ConnectionLost, NodeTimeout, RateLimited, NodeUnauthorized, NodeBehind,
│                    NodeInternal, BadAnswer, MissingResult, MethodMissing, NodeRefused, NoContract
├── a transaction    OutOfGas, GasLimitExceeded, InsufficientFunds, FeeTooLow, ReplacementUnderpriced, NonceTooLow,
│   that was not     NonceTooHigh, TransactionsPending, TransactionKnown, AccountLocked, WrongChain, TransactionRejected
│   taken
└── one that was,    SendUnknown, NeverMined, TransactionDropped, TransactionReplaced
    or may have been
"""

from __future__ import annotations

from typing import ClassVar

from ..kernel.errors import EnvironmentFault

__all__ = [
    "AccountLocked",
    "BadAnswer",
    "ChainFault",
    "ConnectionLost",
    "FeeTooLow",
    "GasLimitExceeded",
    "InsufficientFunds",
    "MethodMissing",
    "MissingResult",
    "NeverMined",
    "NoContract",
    "NodeBehind",
    "NodeInternal",
    "NodeRefused",
    "NodeTimeout",
    "NodeUnauthorized",
    "NodeUnreachable",
    "NonceTooHigh",
    "NonceTooLow",
    "OutOfGas",
    "RateLimited",
    "ReplacementUnderpriced",
    "SendUnknown",
    "TransactionDropped",
    "TransactionKnown",
    "TransactionRejected",
    "TransactionReplaced",
    "TransactionsPending",
    "WrongChain",
]


class ChainFault(EnvironmentFault):
    """A chain or its node did not do what it was asked; no contract has refused anything.

    `may_pass` says that the same read, asked again, may be answered; `may_have_acted` that the node may have done what
    it was asked although it did not say so. `transaction` is the hash of a transaction that has been sent, or may have
    been; `wait` the seconds that the node itself asked to wait.
    """

    code = "chain-fault"
    sentence: ClassVar[str] = "the chain did not do what it was asked"
    advice: ClassVar[str | None] = None
    may_pass: ClassVar[bool] = False
    may_have_acted: ClassVar[bool] = False

    def __init__(
        self, message: str | None = None, *, said: str = "", transaction: str | None = None, wait: float = 0.0
    ) -> None:
        """Take the kind's sentence if there is no message; `said` is what the node said, and follows it."""
        text = message or self.sentence
        super().__init__(f"{text}: {said}" if said else text, hint=self.advice)
        self.transaction = transaction
        self.wait = wait


class NodeUnreachable(ChainFault):
    """Nobody took the request: no connection could be made."""

    code = "node-unreachable"
    sentence = "no chain answers at the given URL"
    advice = "is the node running?"
    may_pass = True


class ConnectionLost(ChainFault):
    """The connection ended before the answer did."""

    code = "connection-lost"
    sentence = "the connection to the node ended before its answer"
    may_pass = True
    may_have_acted = True


class NodeTimeout(ChainFault):
    """The node took the request and gave no answer in time."""

    code = "node-timeout"
    sentence = "the node gave no answer in time"
    may_pass = True
    may_have_acted = True


class RateLimited(ChainFault):
    """The node, or the service in front of it, takes no more requests for now."""

    code = "rate-limited"
    sentence = "the node takes no more requests for now"
    advice = "wait, or use a node with a higher rate limit"
    may_pass = True


class NodeUnauthorized(ChainFault):
    """The node does not serve whoever asked."""

    code = "node-unauthorized"
    sentence = "the node does not let this URL in"
    advice = "are the key and the plan in the URL right?"


class NodeBehind(ChainFault):
    """The node does not have a block, or its state, that another one has shown."""

    code = "node-behind"
    sentence = "the node does not have the block, or its state, that was asked for"
    advice = "is it synchronised, and one node rather than several?"
    may_pass = True


class NodeInternal(ChainFault):
    """The node failed."""

    code = "node-internal"
    sentence = "the node failed inside"
    may_pass = True
    may_have_acted = True


class BadAnswer(ChainFault):
    """What came back is no answer to what was asked."""

    code = "bad-answer"
    sentence = "what answers at the given URL does not speak JSON-RPC as an Ethereum node does"
    advice = "is it the URL of a node's HTTP interface?"
    may_have_acted = True


class MissingResult(ChainFault):
    """An answer without a result, or with null where there has to be one."""

    code = "missing-result"
    sentence = "the node answered without a result"
    may_pass = True
    may_have_acted = True


class MethodMissing(ChainFault):
    """The node does not offer a method."""

    code = "method-missing"
    sentence = "the node does not offer a method that is needed"


class NodeRefused(ChainFault):
    """The node refused a request in words of its own."""

    code = "node-refused"
    sentence = "the node refused the request"


class NoContract(ChainFault):
    """Nothing, or something else, answers at a contract's address."""

    code = "no-contract"
    sentence = "no such contract answers at this address"
    advice = "is it the address, and the chain, that the contract was deployed at?"


class OutOfGas(ChainFault):
    """A call or transaction ran out of gas."""

    code = "out-of-gas"
    sentence = "the transaction ran out of gas"


class GasLimitExceeded(ChainFault):
    """A transaction wants more gas than the chain gives to one."""

    code = "gas-limit-exceeded"
    sentence = "the transaction wants more gas than a block or the chain allows it"


class InsufficientFunds(ChainFault):
    """The sender cannot pay."""

    code = "insufficient-funds"
    sentence = "the sender's balance does not pay for the transaction's gas"
    advice = "send it some of the chain's coin"


class FeeTooLow(ChainFault):
    """A transaction offers less than the node or the next block takes."""

    code = "fee-too-low"
    sentence = "the transaction offers a lower fee than the node takes"
    advice = "the fee has risen since it was asked for: try again"


class ReplacementUnderpriced(ChainFault):
    """Another transaction with this nonce waits, and this one does not pay enough to replace it."""

    code = "replacement-underpriced"
    sentence = "another transaction with the same nonce waits, and this one does not pay enough to replace it"
    advice = "does another program use the same key?"


class NonceTooLow(ChainFault):
    """The nonce has been used by another transaction."""

    code = "nonce-too-low"
    sentence = "another transaction of the sender has used the nonce"
    advice = "does another program use the same key?"


class NonceTooHigh(ChainFault):
    """Transactions with lower nonces are missing."""

    code = "nonce-too-high"
    sentence = "the transaction's nonce leaves a gap behind the sender's last one"
    advice = "was a transaction of this account dropped, or a development chain reset?"


class TransactionsPending(ChainFault):
    """Earlier transactions of the sender wait, and nothing sent behind them would be mined."""

    code = "transactions-pending"
    sentence = "earlier transactions of the sender are not mined yet"
    advice = "replace the first of them with a higher fee"


class TransactionKnown(ChainFault):
    """The node has this very transaction already."""

    code = "transaction-known"
    sentence = "the node has this transaction already"


class AccountLocked(ChainFault):
    """The node holds no open key for the sender."""

    code = "account-locked"
    sentence = "the node does not sign for this account"
    advice = "set ZKMARGIN_PRIVATE_KEY"


class WrongChain(ChainFault):
    """The signature is for another chain."""

    code = "wrong-chain"
    sentence = "the transaction is signed for another chain than the node's"


class TransactionRejected(ChainFault):
    """The node did not take a transaction, in words of its own."""

    code = "transaction-rejected"
    sentence = "the node did not take the transaction"


class SendUnknown(ChainFault):
    """A transaction may have been sent: the node did not say."""

    code = "send-unknown"
    sentence = "the transaction may have been sent, or not: the node did not say"
    advice = "look for it before sending it again"


class NeverMined(ChainFault):
    """A transaction waits in the node's pool and no block took it in time."""

    code = "never-mined"
    sentence = "the transaction was sent, and no block has taken it yet"
    advice = "it may still be mined: look for it before sending it again"


class TransactionDropped(ChainFault):
    """A transaction was sent, and the node does not know it any more."""

    code = "transaction-dropped"
    sentence = "the transaction was sent, and the node does not know it any more"
    advice = "another node may still: look for it before sending it again"


class TransactionReplaced(ChainFault):
    """Another transaction with the same nonce was mined instead."""

    code = "transaction-replaced"
    sentence = "another transaction with the same nonce was mined instead"
    advice = "does another program use the same key?"
