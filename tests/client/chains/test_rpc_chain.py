"""A node that fails: a transaction sent twice or lost, an answer of an older state, a key shown or sent elsewhere."""

from __future__ import annotations

import json
import time

import pytest
from eth_account import Account

from zkmargin.client.chains.json_rpc import is_loopback
from zkmargin.client.chains.rpc import KEY_VARIABLE, Patience, RpcChain
from zkmargin.contracts import faults
from zkmargin.contracts.bindings import Registry
from zkmargin.contracts.chain import Reverted
from zkmargin.kernel.errors import ContractError, EnvironmentFault, InputError

from .fake_node import ADDRESS, HASH, SENDER, Http, block, error, receipt, result

KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"  # anvil's first, worth nothing anywhere
QUICK = Patience(connect=1, request=0.3, pauses=(0.0, 0.0, 0.0), mined=0.15, poll=0.01)
RAW, UNSIGNED = "eth_sendRawTransaction", "eth_sendTransaction"


@pytest.fixture
def chain(node):
    """Return the chain behind a node that signs itself."""
    return RpcChain(node.url, patience=QUICK)


@pytest.fixture
def signing(node, monkeypatch):
    """Return the chain of somebody with a key."""
    monkeypatch.setenv(KEY_VARIABLE, KEY)
    return RpcChain(node.url, patience=QUICK)


def ask(chain):
    return chain.call(ADDRESS, b"\1\2\3\4", SENDER)


def send(chain, gas=None):
    return chain.transact(ADDRESS, b"\1\2\3\4", SENDER, gas)


LIMITED = [
    Http(status=429),
    Http(status=429, headers={"Retry-After": "0"}, body=b"<html>slow down</html>"),
    Http(status=429, body=json.dumps({"error": {"code": -32600, "message": "no"}}).encode()),
    error(-32005, "limit exceeded"),
    error(429, "compute units"),
]
PASSING = [
    *((one, faults.RateLimited) for one in LIMITED),
    (Http(hang_up=True), faults.ConnectionLost),
    (Http(after=0.6), faults.NodeTimeout),
    (Http(status=503, body=b"overloaded"), faults.NodeInternal),
    (Http(status=504), faults.NodeTimeout),
    (error(-32603, "internal"), faults.NodeInternal),
    (error(-32000, "header not found"), faults.NodeBehind),
    ({}, faults.MissingResult),
    (result(None), faults.MissingResult),
    ({"result": None, "error": None}, faults.MissingResult),
]
LASTING = [
    (Http(body=b"<html>"), faults.BadAnswer),
    (Http(body=b""), faults.BadAnswer),
    (Http(body=b"[]"), faults.BadAnswer),
    (Http(body=b"[" * 100_000), faults.BadAnswer),
    (Http(body=b'{"jsonrpc":"2.0","id":"other","result":"0x"}'), faults.BadAnswer),
    (Http(status=301, headers={"Location": "http://elsewhere/"}), faults.BadAnswer),
    (Http(status=404), faults.BadAnswer),
    (Http(status=401, body=b'{"error":{"code":-32600,"message":"no"}}'), faults.NodeUnauthorized),
    (Http(status=403), faults.NodeUnauthorized),
    (result(7), faults.BadAnswer),
    (result("0x1"), faults.BadAnswer),
    (result("2a"), faults.BadAnswer),
    (result("0xzz"), faults.BadAnswer),
    (result({}), faults.BadAnswer),
    (error(-32601, "no such method"), faults.MethodMissing),
    (error(-32000, "the natural gas meter is broken"), faults.NodeRefused),
]


# -- reading ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("answer", "kind"), PASSING)
def test_a_read_is_asked_again_and_then_named(node, chain, answer, kind):
    node.say("eth_call", answer, result("0x2a"))
    assert ask(chain) == b"\x2a"
    assert node.count("eth_call") == 2
    node.say("eth_call", answer)
    with pytest.raises(faults.ChainFault) as refused:
        ask(chain)
    assert type(refused.value) is kind
    assert node.count("eth_call") <= 2 + 4


@pytest.mark.parametrize(("answer", "kind"), LASTING)
def test_a_fault_that_stays_is_not_asked_about_again(node, chain, answer, kind):
    node.say("eth_call", answer)
    with pytest.raises(faults.ChainFault) as refused:
        ask(chain)
    assert type(refused.value) is kind
    assert node.count("eth_call") == 1


@pytest.mark.parametrize("method", ["eth_chainId", "eth_getBlockByNumber"])
@pytest.mark.parametrize("answer", [result(None), result("x"), result([]), result(5), {}, Http(body=b"\xff\xfe")])
def test_an_answer_that_is_none_is_a_fault_wherever_it_comes(node, method, answer):
    node.say(method, answer)
    with pytest.raises((faults.BadAnswer, faults.MissingResult)):
        RpcChain(node.url, patience=QUICK).now()


def test_how_long_a_service_asks_to_wait_is_waited(node):
    chain = RpcChain(node.url, patience=Patience(pauses=(0.0, 0.0), request=1))
    node.say("eth_call", Http(status=429, headers={"Retry-After": "1"}), result("0x2a"))
    start = time.monotonic()
    assert ask(chain) == b"\x2a"
    assert time.monotonic() - start >= 1
    node.say("eth_call", Http(status=429, headers={"Retry-After": "999999"}))
    start = time.monotonic()
    with pytest.raises(faults.RateLimited):
        ask(chain)
    assert time.monotonic() - start < 1


def test_an_answer_of_an_older_block_than_one_seen_is_not_taken(node, chain):
    """Several nodes behind one URL: one that is behind would answer from before the transaction."""
    send(chain)
    node.say("eth_getBlockByNumber", result(block(6)), result(block(7)), result(block(8)))
    ask(chain)
    assert node.parameters("eth_call")[-1][1] == "0x8"
    node.say("eth_getBlockByNumber", result(block(7)))
    with pytest.raises(faults.NodeBehind, match="block 7, and block 8"):
        ask(chain)


def test_revert_data_given_out_as_an_answer_are_a_refusal(node, chain):
    """geth before 1.9.15 answers a call that reverts with its data; decoded as a value they are a wrong one."""
    registry = Registry(chain, ADDRESS, SENDER)
    text = "08c379a0" + (32).to_bytes(32, "big").hex() + (2).to_bytes(32, "big").hex() + b"no".ljust(32, b"\0").hex()
    node.say("eth_call", result("0x" + text))
    with pytest.raises(ContractError, match="reverted: no"):
        registry.read("CHUNK_BYTES")


@pytest.mark.parametrize("answer", ["0x", "0x" + "00" * 31])
def test_an_address_without_the_contract_is_said_so(node, chain, answer):
    node.say("eth_call", result(answer))
    with pytest.raises(faults.NoContract) as refused:
        Registry(chain, ADDRESS, SENDER).read("CHUNK_BYTES")
    assert refused.value.code == "no-contract"


@pytest.mark.parametrize("answer", [error(-32601, "no"), error(-32004, "no"), result(None), result([])])
def test_a_public_node_has_no_accounts_and_is_a_chain_all_the_same(node, answer):
    node.say("eth_accounts", answer)
    assert RpcChain(node.url, patience=QUICK).accounts == []


# -- sending ------------------------------------------------------------------------------------------------------


def test_gas_has_a_margin_that_stays_below_every_limit(node, chain):
    for estimate, sent in [
        (100_000, 125_000),
        (16_000_000, 1 << 24),
        (20_000_000, 25_000_000),
        (29_000_000, 30_000_000),
    ]:
        node.say("eth_estimateGas", result(hex(estimate)))
        send(chain)
        assert int(node.parameters(UNSIGNED)[-1][0]["gas"], 16) == sent
    send(chain, gas=77_777)
    assert int(node.parameters(UNSIGNED)[-1][0]["gas"], 16) == 77_777


@pytest.mark.parametrize(("answer", "kind"), PASSING + LASTING[:2])
def test_what_the_node_signs_is_never_sent_twice(node, chain, answer, kind):
    node.say(UNSIGNED, answer, result(HASH))
    expected = faults.SendUnknown if kind.may_have_acted else kind
    with pytest.raises(faults.ChainFault) as refused:
        send(chain)
    assert type(refused.value) is expected
    assert node.count(UNSIGNED) == 1


@pytest.mark.parametrize("answer", [one for one, _ in PASSING])
def test_what_is_signed_here_is_sent_again_as_the_same_bytes(node, signing, answer):
    node.say(RAW, answer, answer, error(-32000, "already known"))
    assert send(signing).gas_used == 21_000
    sent = node.parameters(RAW)
    assert len({one[0] for one in sent}) == 1
    assert len(sent) <= 3  # a null result is taken for a yes


def test_a_transaction_that_was_mined_although_nobody_said_so_is_found(node, signing):
    """The first attempt was mined, its answer lost: the second one's nonce is too low."""
    node.say(RAW, Http(hang_up=True), error(-32000, "nonce too low: next nonce 6, tx nonce 5"))
    assert send(signing).gas_used == 21_000
    node.say("eth_getTransactionByHash", result(None))
    node.say(RAW, Http(hang_up=True), error(-32000, "nonce too low"))
    with pytest.raises(faults.SendUnknown) as refused:
        send(signing)
    assert refused.value.transaction in str(refused.value)


def test_a_send_that_stays_in_doubt_says_which_transaction(node, signing):
    node.say(RAW, Http(hang_up=True))
    node.say("eth_getTransactionByHash", result(None))
    with pytest.raises(faults.SendUnknown) as refused:
        send(signing)
    assert refused.value.transaction in str(refused.value)
    # It may have arrived all the same, and then it is waited for.
    node.say("eth_getTransactionByHash", result({}))
    assert send(signing).gas_used == 21_000


def test_a_limit_that_kept_everything_out_leaves_no_doubt(node, signing):
    node.say(RAW, Http(status=429))
    with pytest.raises(faults.RateLimited):
        send(signing)


REFUSED = {
    "insufficient funds for gas * price + value": faults.InsufficientFunds,
    "nonce too low": faults.NonceTooLow,
    "nonce too high": faults.NonceTooHigh,
    "replacement transaction underpriced": faults.ReplacementUnderpriced,
    "transaction underpriced": faults.FeeTooLow,
    "intrinsic gas too low": faults.OutOfGas,
    "exceeds block gas limit": faults.GasLimitExceeded,
    "invalid sender": faults.WrongChain,
    "tx type not supported": faults.NodeRefused,
}


@pytest.mark.parametrize("words", REFUSED)
def test_a_transaction_that_is_not_taken_is_named_and_not_sent_again(node, signing, words):
    node.say(RAW, error(-32000, words), result(HASH))
    with pytest.raises(faults.ChainFault) as refused:
        send(signing)
    assert type(refused.value) is REFUSED[words]
    assert node.count(RAW) == 1


@pytest.mark.parametrize("method", ["eth_estimateGas", "eth_call"])
def test_a_refusal_by_older_nodes_has_its_data(node, chain, method):
    node.say(method, error(-32015, "VM execution error.", data="Reverted 0x01020304"))
    with pytest.raises(Reverted) as refused:
        send(chain) if method == "eth_estimateGas" else ask(chain)
    assert refused.value.data == b"\1\2\3\4"
    assert node.count(UNSIGNED) == 0


def test_earlier_transactions_that_wait_are_waited_for_and_then_named(node, signing):
    counts = iter([5, 6, 7])
    node.say("eth_getTransactionCount", lambda params: result(hex(7 if params[1] == "pending" else next(counts))))
    assert send(signing).gas_used == 21_000
    assert Account.recover_transaction(node.parameters(RAW)[0][0]).lower() == SENDER
    node.say("eth_getTransactionCount", lambda params: result("0x7" if params[1] == "pending" else "0x5"))
    with pytest.raises(faults.TransactionsPending, match=r"2 earlier .* from nonce 5 on"):
        send(signing)
    assert node.count(RAW) == 1


def test_a_node_without_a_view_of_what_waits_still_serves(node, signing):
    node.say("eth_getTransactionCount", lambda params: error(-32602, "no") if params[1] == "pending" else result("0x5"))
    assert send(signing).gas_used == 21_000


def test_the_fee_leaves_room_for_the_base_fee_to_rise(node, signing):
    from eth_account.typed_transactions import TypedTransaction
    from hexbytes import HexBytes

    send(signing)
    fields = TypedTransaction.from_bytes(HexBytes(node.parameters(RAW)[0][0])).as_dict()
    assert (fields["maxFeePerGas"], fields["maxPriorityFeePerGas"]) == (2 * 100 + 10, 10)
    node.say("eth_getBlockByNumber", result(block(9)))  # a chain without base fees
    send(signing)
    assert not node.parameters(RAW)[1][0].startswith("0x02")


# -- waiting ------------------------------------------------------------------------------------------------------


def test_a_transaction_that_no_block_takes_is_named_with_its_hash(node, signing):
    node.say("eth_getTransactionReceipt", result(None))
    for known, count, kind in [
        ({"hash": HASH}, "0x5", faults.NeverMined),
        (None, "0x5", faults.TransactionDropped),
        (None, "0x6", faults.TransactionReplaced),
    ]:
        node.say("eth_getTransactionByHash", result(known))
        node.say("eth_getTransactionCount", result("0x5"), result("0x5"), result(count))
        with pytest.raises(faults.ChainFault) as refused:
            send(signing)
        assert type(refused.value) is kind
        assert refused.value.transaction in str(refused.value)


@pytest.mark.parametrize("answer", [one for one, _ in PASSING] + [error(-32000, "transaction indexing is in progress")])
def test_a_node_that_stumbles_while_a_transaction_waits_loses_nothing(node, chain, answer):
    node.say("eth_getTransactionReceipt", answer, result(None), result(receipt(blockNumber=None)), result(receipt()))
    node.say(
        "eth_getTransactionReceipt",
        *node.answers["eth_getTransactionReceipt"][:3],
        lambda params: result(receipt(transactionHash=params[0])),
    )
    slow = RpcChain(node.url, patience=Patience(1, 0.3, (0.0, 0.0), mined=3, poll=0.01))
    node.answers["eth_getTransactionReceipt"][2] = lambda params: result(
        receipt(transactionHash=params[0], blockNumber=None)
    )
    assert send(slow).gas_used == 21_000
    assert node.count(UNSIGNED) == 1


BROKEN = [
    {"status": None},
    {"gasUsed": 7},
    {"logs": None},
    {"logs": [{}]},
    {"logs": [{"address": ADDRESS, "topics": ["0x1"], "data": "0x"}]},
    {"contractAddress": 5},
    {"transactionHash": "0x" + "cd" * 32},
]


@pytest.mark.parametrize("broken", BROKEN)
def test_a_receipt_that_is_none_still_says_what_was_sent(node, chain, broken):
    node.say("eth_getTransactionReceipt", lambda params: result(receipt(**{"transactionHash": params[0], **broken})))
    with pytest.raises(faults.SendUnknown) as refused:
        send(chain)
    assert refused.value.transaction == HASH


def failed(**more):
    return lambda params: result(receipt(transactionHash=params[0], status="0x0", **more))


def test_a_transaction_that_failed_says_why(node, chain):
    node.say("eth_getTransactionReceipt", failed())
    node.say("eth_call", error(3, "execution reverted", data="0x01020304"))
    with pytest.raises(Reverted) as refused:
        send(chain, gas=50_000)
    assert refused.value.data == b"\1\2\3\4"
    assert node.parameters("eth_call")[0][1] == "0x7"  # the state before its block
    # A call inside it had too little gas and said nothing; with more it holds.
    node.say("eth_call", error(3, "execution reverted", data="0x"), result("0x"))
    with pytest.raises(faults.OutOfGas):
        send(chain, gas=50_000)
    node.say("eth_call", error(3, "execution reverted", data="0x"))
    with pytest.raises(Reverted):
        send(chain, gas=50_000)
    for answer in (result("0x"), error(-32000, "missing trie node ab"), Http(body=b"?")):
        node.say("eth_call", answer)
        with pytest.raises(ContractError) as unexplained:
            send(chain, gas=50_000)
        assert unexplained.value.code == "failed-unexplained"
    node.say("eth_getTransactionReceipt", failed(gasUsed=hex(50_000)))
    with pytest.raises(faults.OutOfGas):
        send(chain, gas=50_000)


def test_a_new_contract_whose_address_nobody_says_is_a_fault(node, chain):
    with pytest.raises(faults.BadAnswer, match="does not say where"):
        chain.deploy(b"\1", SENDER)


# -- the URL ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_loopback_never_goes_through_a_proxy(node, monkeypatch, variable, host):
    monkeypatch.setenv(variable, "http://127.0.0.1:9")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    url = node.url.replace("127.0.0.1", host)
    assert RpcChain(url, patience=QUICK).chain_id == 31_337


def test_other_hosts_go_through_the_proxy_of_the_environment(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    for name in ("no_proxy", "NO_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(faults.NodeUnreachable, match="proxy"):
        RpcChain("http://192.0.2.1:8545", patience=QUICK)


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        *(("127.0.0.1", True), ("127.8.9.1", True), ("127.1", True), ("2130706433", True), ("0x7f000001", True)),
        *(("localhost", True), ("LocalHost.", True), ("node.localhost", True), ("::1", True), ("0.0.0.0", True)),  # noqa: S104
        *(("::ffff:127.0.0.1", True), ("::", True)),
        *(
            ("128.0.0.1", False),
            ("10.0.0.1", False),
            ("localhost.example.org", False),
            ("127.0.0.1.example.org", False),
        ),
        *(("notlocalhost", False), ("fe80::1", False), ("::ffff:8.8.8.8", False), ("", False)),
    ],
)
def test_what_is_this_machine(host, loopback):
    assert is_loopback(host) is loopback


@pytest.mark.parametrize(
    "url",
    [
        *("", "  ", "127.0.0.1:8545", "localhost", "ws://127.0.0.1:8545", "file:///dev/null", "http://"),
        *("http://:8545", "http://[::1", "http://127.0.0.1:99999", "http://127.0.0.1:port", "http://a b"),
        "http://" + "a" * 300 + "\ud800",
    ],
)
def test_an_address_that_is_none_is_refused_as_usage(url):
    with pytest.raises(InputError) as refused:
        RpcChain(url)
    assert refused.value.code == ("wrong-type" if "\ud800" in url else "usage")  # no text at all, that one


def test_nobody_there_is_said_at_once():
    start = time.monotonic()
    with pytest.raises(EnvironmentFault) as refused:
        RpcChain("http://127.0.0.1:9")
    assert refused.value.code == "node-unreachable"
    assert time.monotonic() - start < 2


def test_the_key_in_an_url_is_in_no_message(node, chain):
    secret = "s3cr3t" * 4
    url = node.url.replace("http://", f"http://user:{secret}@") + f"/v3/{secret}?apikey={secret}"
    private = RpcChain(url, patience=QUICK)
    for answer in (
        *(one for one, _ in PASSING + LASTING),
        error(-32000, f"key {secret} is over"),
        error(-32603, f"key {secret} is over", data={"message": secret}),
    ):
        node.say("eth_call", answer)
        with pytest.raises(faults.ChainFault) as refused:
            ask(private)
        seen = refused.value
        while seen is not None:
            assert secret not in f"{seen!s} {seen!r}"
            seen = seen.__cause__
    with pytest.raises(faults.NodeUnreachable) as refused:
        RpcChain(f"http://user:{secret}@127.0.0.1:9/{secret}")
    assert secret not in f"{refused.value} {refused.value.__cause__}"


def test_calldata_for_an_address_without_code_is_not_sent(node, chain):
    """It would be mined, cost gas, do nothing, and look like a success."""
    node.say("eth_getCode", result("0x"), result("0xfe"))
    with pytest.raises(faults.NoContract):
        send(chain, gas=50_000)
    assert node.count(UNSIGNED) == 0
    send(chain)
    send(chain)
    assert node.count("eth_getCode") == 2  # code does not go away
