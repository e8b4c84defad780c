"""A node's error taken for another one: a refusal that was none, a lack of money called a lack of gas."""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from zkmargin.client.chains.node_errors import http_fault, node_error, shown
from zkmargin.contracts import faults
from zkmargin.contracts.chain import Halted, Reverted
from zkmargin.kernel.errors import ContractError, EnvironmentFault

NONCE_USED = "0x91cab504" + "00" * 31 + "03" + "00" * 31 + "01"  # a custom error of two words
TEXT = "0x08c379a0" + (32).to_bytes(32, "big").hex() + (2).to_bytes(32, "big").hex() + b"no".ljust(32, b"\0").hex()
TRANSACTION = "0x" + "ab" * 32


@dataclass(frozen=True)
class Case:
    """An error as a client writes it, and what it is."""

    node: str
    error: object
    kind: type
    data: str = "0x"


def case(node, code, message, kind, data=None, **more):
    fields = {"code": code, "message": message, **more}
    return Case(node, fields if data is None else {**fields, "data": data}, kind)


def reverted(node, error, data=TEXT):
    return Case(node, error, Reverted, data)


REVERTS = [
    reverted("geth", {"code": 3, "message": "execution reverted: no", "data": TEXT}),
    reverted("geth, custom error", {"code": 3, "message": "execution reverted", "data": NONCE_USED}, NONCE_USED),
    reverted("geth, no reason", {"code": 3, "message": "execution reverted", "data": "0x"}, "0x"),
    reverted("geth 1.9", {"code": -32000, "message": "execution reverted"}, "0x"),
    reverted("erigon", {"code": 3, "message": "execution reverted: no", "data": TEXT}),
    reverted("anvil", {"code": 3, "message": "execution reverted: custom error 0x..", "data": NONCE_USED}, NONCE_USED),
    reverted("openethereum", {"code": -32015, "message": "VM execution error.", "data": f"Reverted {TEXT}"}),
    reverted(
        "openethereum, no reason", {"code": -32015, "message": "VM execution error.", "data": "Reverted 0x"}, "0x"
    ),
    reverted("openethereum, bare", {"code": -32015, "message": "VM execution error.", "data": "Reverted"}, "0x"),
    reverted(
        "nethermind", {"code": -32015, "message": "VM execution error.", "data": f"Reverted {NONCE_USED}"}, NONCE_USED
    ),
    reverted("nethermind, new", {"code": 3, "message": "execution reverted", "data": TEXT}),
    reverted("besu", {"code": -32000, "message": "Execution reverted (no)", "data": TEXT}),
    reverted("besu, older", {"code": -32000, "message": "Execution reverted"}, "0x"),
    reverted(
        "hardhat",
        {"code": -32603, "message": "Error: VM Exception ...", "data": {"message": "Error: ..", "data": NONCE_USED}},
        NONCE_USED,
    ),
    reverted(
        "hardhat, sent",
        {"code": -32603, "message": "Error", "data": {"message": "..", "txHash": TRANSACTION, "data": TEXT}},
    ),
    reverted(
        "ganache 7",
        {
            "code": -32000,
            "message": "VM Exception while processing transaction: revert",
            "data": {"hash": TRANSACTION, "result": TEXT},
        },
    ),
    reverted(
        "ganache 2",
        {
            "code": -32000,
            "message": "VM Exception while processing transaction: revert no",
            "data": {
                TRANSACTION: {"error": "revert", "return": TEXT, "reason": "no"},
                "stack": "..",
                "name": "RuntimeError",
            },
        },
    ),
    reverted("ganache, bare", {"code": -32000, "message": "VM Exception while processing transaction: revert"}, "0x"),
    reverted(
        "metamask",
        {"code": -32603, "message": "Internal JSON-RPC error.", "data": {"originalError": {"code": 3, "data": TEXT}}},
    ),
    reverted(
        "a proxy",
        {
            "code": -32603,
            "message": "failed",
            "data": {"error": {"code": -32000, "data": {"data": f"Reverted {TEXT}"}}},
        },
    ),
    reverted("upper case", {"code": 3, "message": "execution reverted", "data": TEXT.upper().replace("0X", "0x")}),
    reverted("no code", {"message": "execution reverted", "data": TEXT}),
    reverted("a string", "execution reverted", "0x"),
    reverted("data alone", {"code": -32000, "message": "boom", "data": "0x"}, "0x"),
    # The data decide, whatever the words are about.
    reverted("words about gas", {"code": 3, "message": "out of gas, said the contract", "data": TEXT}),
    reverted("words about money", {"code": -32000, "message": "insufficient funds", "data": TEXT}),
]
WORDS = [
    case("geth", -32000, "insufficient funds for gas * price + value", faults.InsufficientFunds),
    case(
        "geth",
        -32000,
        "insufficient funds for gas * price + value: address 0x1 have 0 want 1",
        faults.InsufficientFunds,
    ),
    case("geth", -32000, "err: insufficient funds for gas * price + value: (supplied gas 9)", faults.InsufficientFunds),
    case("geth", -32000, "failed with 50000 gas: insufficient funds for transfer", faults.InsufficientFunds),
    case("geth", -32000, "insufficient funds for transfer", faults.InsufficientFunds),
    case("optimism", -32000, "insufficient funds for l1Cost + gas * price + value", faults.InsufficientFunds),
    case("erigon", -32000, "INTERNAL_ERROR: insufficient funds", faults.InsufficientFunds),
    case("anvil", -32003, "Insufficient funds for gas * price + value", faults.InsufficientFunds),
    case("besu", -32004, "Upfront cost exceeds account balance", faults.InsufficientFunds),
    case("nethermind", -32010, "InsufficientFunds, Account balance: 0, cumulative cost: 9", faults.InsufficientFunds),
    case("hardhat", -32000, "Sender doesn't have enough funds to send tx. The max", faults.InsufficientFunds),
    case("openethereum", -32010, "Insufficient funds. The account you tried to", faults.InsufficientFunds),
    case("data 0x", -32000, "insufficient funds for gas * price + value", faults.InsufficientFunds, "0x"),
    case("simulate", -38014, "anything", faults.InsufficientFunds),
    case("geth", -32000, "out of gas", faults.OutOfGas),
    case("geth", -32000, "gas required exceeds allowance (9)", faults.OutOfGas),
    case("geth", -32000, "intrinsic gas too low: have 9, want 21000", faults.OutOfGas),
    case("anvil", -32003, "Out of gas: gas required exceeds allowance: 9", faults.OutOfGas),
    case("besu", -32003, "Intrinsic gas exceeds gas limit", faults.OutOfGas),
    case(
        "hardhat",
        -32603,
        "Transaction ran out of gas",
        faults.OutOfGas,
        {"message": "Error: Transaction ran out of gas", "data": "0x"},
    ),
    case("openethereum", -32015, "VM execution error.", faults.OutOfGas, "Out of gas"),
    case("openethereum", -32015, "VM execution error.", Halted, "Bad instruction fe"),
    case("geth", -32000, "invalid opcode: INVALID", Halted),
    case("anvil", -32603, "EVM error InvalidFEOpcode", Halted),
    case("anvil", -32603, "EVM error OutOfGas(Basic)", faults.OutOfGas),
    case("reth", -32000, "EVM error: StackUnderflow", Halted),
    case("geth", -32000, "exceeds block gas limit", faults.GasLimitExceeded),
    case("besu", -32005, "Transaction gas limit exceeds block gas limit", faults.GasLimitExceeded),
    case("geth", -32000, "transaction gas limit too high (cap: 16777216, tx: 30000000)", faults.GasLimitExceeded),
    case("hardhat", -32000, "Transaction gas limit is 99 and exceeds block gas limit of 9", faults.GasLimitExceeded),
    case("geth", -32000, "nonce too low: next nonce 5, tx nonce 4", faults.NonceTooLow),
    case("besu", -32001, "Nonce too low", faults.NonceTooLow),
    case("nethermind", -32010, "OldNonce", faults.NonceTooLow),
    case("openethereum", -32010, "Transaction nonce is too low. Try incrementing the nonce.", faults.NonceTooLow),
    case("hardhat", -32000, "Nonce too high. Expected nonce to be 5 but got 9.", faults.NonceTooHigh),
    case(
        "ganache",
        -32000,
        "the tx doesn't have the correct nonce. account has nonce of: 5 tx has nonce of: 4",
        faults.NonceTooLow,
    ),
    case(
        "ganache",
        -32000,
        "the tx doesn't have the correct nonce. account has nonce of: 5 tx has nonce of: 6",
        faults.NonceTooHigh,
    ),
    case("geth", -32000, "replacement transaction underpriced", faults.ReplacementUnderpriced),
    case("erigon", -32000, "could not replace existing tx", faults.ReplacementUnderpriced),
    case(
        "openethereum",
        -32010,
        "Transaction gas price supplied is too low. There is another",
        faults.ReplacementUnderpriced,
    ),
    case("geth", -32000, "transaction underpriced: tip needed 1, tip permitted 0", faults.FeeTooLow),
    case("geth", -32000, "max fee per gas less than block base fee: address 0x1", faults.FeeTooLow),
    case("nethermind", -32010, "FeeTooLow, MaxFeePerGas too low", faults.FeeTooLow),
    case("nethermind", -32010, "FeeTooLowToCompete", faults.FeeTooLow),
    case("geth", -32000, "already known", faults.TransactionKnown),
    case("erigon", -32000, "ALREADY_EXISTS: already known", faults.TransactionKnown),
    case("geth, older", -32000, "known transaction: abab", faults.TransactionKnown),
    case("geth", -32000, "authentication needed: password or unlock", faults.AccountLocked),
    case("geth", -32000, "unknown account", faults.AccountLocked),
    case("openethereum", -32020, "Your account is locked.", faults.AccountLocked),
    case("geth", -32000, "invalid sender", faults.WrongChain),
    case("geth", -32000, "invalid chain id for signer: have 1 want 5", faults.WrongChain),
    case("geth", -32000, "header not found", faults.NodeBehind),
    case("geth", -32000, "missing trie node abab (path ) state 0xab is not available", faults.NodeBehind),
    case("anvil", -32602, "BlockOutOfRangeError: block height is 3 but requested was 9", faults.NodeBehind),
    case("hardhat", -32000, "Received invalid block tag 9. Latest block number is 3", faults.NodeBehind),
    case("reth", -32001, "anything", faults.NodeBehind),
    case("nethermind", -39001, "Unknown block", faults.NodeBehind),
    case("EIP-1474", -32005, "limit exceeded", faults.RateLimited),
    case(
        "infura",
        -32005,
        "project ID request rate exceeded",
        faults.RateLimited,
        {"rate": {"backoff_seconds": 30}, "see": "0x00"},
    ),
    case("alchemy", 429, "Your app has exceeded its compute units per second capacity", faults.RateLimited),
    case("a string code", "-32005", "slow down", faults.RateLimited),
    case("quicknode", -32007, "50/second request limit reached", faults.RateLimited),
    case("base", -32016, "over rate limit", faults.RateLimited),
    case("only words", -32000, "Too Many Requests", faults.RateLimited),
    case("JSON-RPC", -32601, "the method eth_accounts does not exist/is not available", faults.MethodMissing),
    case("EIP-1474", -32004, "method not supported", faults.MethodMissing),
    case("geth", -32002, "request timed out", faults.NodeTimeout),
    case("geth", -32000, "execution aborted (timeout = 5s)", faults.NodeTimeout),
    case("JSON-RPC", -32603, "Internal error", faults.NodeInternal),
    case("JSON-RPC", -32602, "invalid argument 0: hex string has length 3", faults.NodeRefused),
    case("EIP-1474", -32003, "transaction type not supported", faults.TransactionRejected),
    case("unauthorized", 401, "Invalid API key: 1234", faults.NodeUnauthorized),
    # Words that are in no row are never guessed from.
    case("gas in passing", -32000, "the natural gas meter is broken", faults.NodeRefused),
    case("gas in passing", -32000, "cannot fetch gas price oracle", faults.NodeRefused),
    case("reverted in passing", -32000, "migration reverted the database", faults.NodeRefused),
    case("outlasted", -32000, "reverting", faults.NodeRefused),
    case("funds in passing", -32000, "no funds", faults.NodeRefused),
    case("nonce in passing", -32000, "bad nonce", faults.NodeRefused),
    Case("nothing", {}, faults.NodeRefused),
    Case("a list", [1], faults.NodeRefused),
    Case("a number", 7, faults.NodeRefused),
    Case("no string", {"code": None, "message": {"a": 1}, "data": [1]}, faults.NodeRefused),
    Case("true", {"code": True, "message": "x"}, faults.NodeRefused),
]


@pytest.mark.parametrize("given", REVERTS + WORDS, ids=lambda given: given.node)
def test_what_a_node_says_is_what_it_is(given):
    found = node_error(given.error)
    assert type(found) is given.kind, found
    if given.kind is Reverted:
        assert found.data == bytes.fromhex(given.data[2:])


def test_a_lack_of_money_is_no_lack_of_gas_and_no_refusal():
    found = node_error({"code": -32000, "message": "insufficient funds for gas * price + value"})
    assert found.code == "insufficient-funds"
    assert not isinstance(found, faults.OutOfGas | ContractError)


def test_every_fault_has_a_code_and_a_sentence_of_its_own():
    kinds = [getattr(faults, name) for name in faults.__all__]
    assert all(issubclass(kind, faults.ChainFault) for kind in kinds)
    assert len({kind.code for kind in kinds}) == len({kind.sentence for kind in kinds}) == len(kinds)
    for kind in kinds:
        error = kind()
        assert isinstance(error, EnvironmentFault)
        assert not isinstance(error, ContractError)
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", error.code)
        assert str(error) == kind.sentence
    listed = re.findall(r"\b[A-Z]\w+", faults.__doc__.split("ChainFault (an EnvironmentFault)")[1])
    assert set(listed) == set(faults.__all__) - {"ChainFault"}


def test_the_page_for_integrators_lists_every_fault():
    page = (Path(__file__).parents[3] / "docs" / "integrating.md").read_text()
    table = page.split("### When a node fails")[1].split("###")[0]
    listed = {word for row in table.splitlines() if row.startswith("| `") for word in re.findall(r"`([a-z-]+)`", row)}
    codes = {getattr(faults, name).code for name in faults.__all__}
    assert codes - listed == {"chain-fault", "transaction-known"}  # the base; an answer that is a yes
    assert listed <= codes


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        *((429, faults.RateLimited), (401, faults.NodeUnauthorized), (402, faults.NodeUnauthorized)),
        *((403, faults.NodeUnauthorized), (407, faults.NodeUnauthorized), (408, faults.NodeTimeout)),
        *(
            (504, faults.NodeTimeout),
            (500, faults.NodeInternal),
            (502, faults.NodeInternal),
            (503, faults.NodeInternal),
        ),
        *((301, faults.BadAnswer), (404, faults.BadAnswer), (413, faults.NodeRefused), (400, faults.NodeRefused)),
    ],
)
def test_an_http_status_is_what_it_is(status, kind):
    assert type(http_fault(status)) is kind


def test_what_a_node_says_is_shown_in_one_short_line():
    assert shown("a\nb\x1b[31m\tc" + "x" * 500) == ("a b [31m c" + "x" * 500)[:197] + "..."


def test_nested_without_end_is_no_crash():
    error = {"code": -32000, "message": "x"}
    for _ in range(500):
        error = {"code": -32000, "message": "x", "data": error}
    assert type(node_error(error)) is faults.NodeRefused
