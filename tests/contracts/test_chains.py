"""Both chains answer alike: receipts, named refusals, and lack of gas told apart from a refusal."""

from __future__ import annotations

import pytest

from zkmargin.client.chains.embedded import EmbeddedChain
from zkmargin.client.chains.json_rpc import JsonRpc, Patience
from zkmargin.client.chains.rpc import KEY_VARIABLE, RpcChain
from zkmargin.contracts import errors, faults
from zkmargin.contracts.bindings import AccessManager, Board
from zkmargin.contracts.cells import CellRules, CellSchema
from zkmargin.contracts.chain import Halted, OutOfGas, Reverted
from zkmargin.kernel.errors import ContractError, EnvironmentFault

# The first of the accounts that every anvil starts with; worth nothing anywhere.
KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
SECOND_KEY = "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d"


@pytest.fixture(params=["embedded", "node", "node, own key"])
def chain(request, anvil, monkeypatch):
    if request.param == "embedded":
        return EmbeddedChain()
    if request.param == "node, own key":
        monkeypatch.setenv(KEY_VARIABLE, KEY)
    return RpcChain(anvil)


def board(chain):
    admin = chain.accounts[0]
    manager = AccessManager.deploy(chain, admin, admin)
    rules = CellRules.of([CellSchema(1, 9)])
    return Board.deploy(chain, admin, manager.address, schema_hash=bytes(32), rules=rules, staleness=600)


def test_a_transaction_leaves_a_receipt(chain):
    assert chain.chain_id == 31_337
    made = board(chain)
    receipt = made.post(1, chain.now(), [5])
    assert receipt.gas_used > 21_000
    assert len(receipt.logs) == 2
    assert {log.address for log in receipt.logs} == {made.address.lower()}
    assert all(len(topic) == 32 for log in receipt.logs for topic in log.topics)
    assert made.table_cells(made.round_table(1)) == [5]


def test_a_refusal_is_named_and_changes_nothing(chain):
    made = board(chain)
    for gas in (None, 500_000):
        with pytest.raises(errors.CellOutOfBounds) as refused:
            made.send("post", 1, chain.now(), (10).to_bytes(1, "big"), gas=gas)
        assert refused.value.arguments == {"index": 0, "value": 10, "minimum": 1, "maximum": 9}
    with pytest.raises(errors.UnknownRound):
        made.round_table(1)
    with pytest.raises(Reverted) as raw:
        chain.call(made.address, made.data("roundTable", 1), chain.accounts[0])
    assert len(raw.value.data) == 36
    assert made.latest_round() == 0


def test_lack_of_gas_is_no_refusal(chain):
    made = board(chain)
    with pytest.raises(OutOfGas):
        made.send("post", 1, chain.now(), (5).to_bytes(1, "big"), gas=60_000)


def test_the_embedded_chain_goes_back_to_a_snapshot():
    chain = EmbeddedChain(timestamp=1_790_000_000)
    made = board(chain)
    point = chain.snapshot()
    made.post(1, chain.now(), [5])
    chain.advance(10)
    chain.revert(point)
    assert (made.latest_round(), chain.now()) == (0, 1_790_000_000)
    with pytest.raises(ContractError):
        chain.set_time(5)


def test_calls_leave_no_trace_on_the_embedded_chain():
    chain = EmbeddedChain()
    made = board(chain)
    chain.call(made.address, made.data("post", 1, chain.now(), (5).to_bytes(1, "big")), chain.accounts[0])
    assert made.latest_round() == 0


def test_a_node_that_is_not_there_is_a_plain_fault():
    with pytest.raises(EnvironmentFault):
        RpcChain("http://127.0.0.1:9")


def test_a_key_signs_for_its_own_account_only(anvil, monkeypatch):
    monkeypatch.setenv(KEY_VARIABLE, KEY)
    chain = RpcChain(anvil)
    assert chain.accounts == ["0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"]
    with pytest.raises(EnvironmentFault):
        chain.transact("0x" + "11" * 20, b"", "0x" + "22" * 20)


def test_real_nodes_words_for_a_lack_of_money_are_understood(anvil, monkeypatch):
    monkeypatch.setenv(KEY_VARIABLE, "0x" + "77" * 32)
    chain = RpcChain(anvil)
    with pytest.raises(faults.InsufficientFunds):
        chain.transact("0x" + "11" * 20, b"", chain.accounts[0])


def test_what_a_real_node_does_not_mine_is_named_and_blocks_nothing_else(anvil, monkeypatch):
    rpc = JsonRpc(anvil, Patience())
    monkeypatch.setenv(KEY_VARIABLE, SECOND_KEY)
    chain = RpcChain(anvil, patience=Patience(mined=0.2))
    sender = chain.accounts[0]
    rpc.ask("evm_setAutomine", False, null=True)
    try:
        with pytest.raises(faults.NeverMined):
            chain.transact("0x" + "11" * 20, b"", sender)
        with pytest.raises(faults.TransactionsPending):
            chain.transact("0x" + "11" * 20, b"", sender)
    finally:
        rpc.ask("evm_mine", null=True)
        rpc.ask("evm_setAutomine", True, null=True)
    assert chain.transact("0x" + "11" * 20, b"", sender).gas_used == 21_000
    monkeypatch.setattr(chain, "_nonce", lambda _: 0)
    with pytest.raises(faults.NonceTooLow):
        chain.transact("0x" + "11" * 20, b"", sender)


def test_lack_of_gas_inside_a_real_estimate_is_no_refusal(anvil):
    """Code that never ends: the estimate runs out of gas, nothing is paid."""
    chain = RpcChain(anvil)
    where = chain.deploy(bytes.fromhex("635b6000566000526004601cf3"), chain.accounts[0])  # JUMPDEST PUSH1 0 JUMP
    with pytest.raises(OutOfGas):
        chain.transact(where, b"", chain.accounts[0])
    with pytest.raises(OutOfGas):
        chain.transact(where, b"", chain.accounts[0], gas=100_000)
    nothing = chain.deploy(bytes.fromhex("60fe60005360016000f3"), chain.accounts[0])  # INVALID
    with pytest.raises(Halted):
        chain.call(nothing, b"", chain.accounts[0])


def test_an_address_without_code_is_no_contract(chain):
    nothing = Board(chain, "0x" + "12" * 20, chain.accounts[0])
    with pytest.raises(faults.NoContract):
        nothing.latest_round()
    with pytest.raises(faults.NoContract):  # it would be mined, and do nothing
        nothing.send("post", 1, chain.now(), b"\5")
