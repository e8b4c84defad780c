"""The demo, on both chains: what must happen happens, and what must fail fails for the reason it should."""

import json

import pytest

from zkmargin.client.chains import anvil
from zkmargin.client.chains.embedded import EmbeddedChain
from zkmargin.client.commands import demo
from zkmargin.client.commands.demo import run_demo
from zkmargin.contracts import errors, faults
from zkmargin.kernel.errors import ContractError, DoesNotHold, Insufficient, MismatchError, NotShort, Unsatisfied

REFUSALS = {
    "one-unit-short": "the margin is not met",
    "one-unit-short-witness": "no witness: surplus",
    "replay": "NonceUsed",
    "tampered-proof": "ProofRejected",
    "other-account": "ProofRejected",
    "expired-deadline": "DeadlinePassed",
    "changed-deadline": "ProofRejected",
    "changed-parameter": "ProofRejected",
    "changed-price": "ProofRejected",
    "price-outside-schema": "CellOutOfBounds",
    "certify-when-short": "the margin is not met",
    "flag-healthy": "there is no shortfall",
    "flag-healthy-with-other-proof": "ProofRejected",
    "stale-round": "RoundTooOld",
}
DONE = {
    "check-initial",
    "check-maintenance",
    "smallest-surplus",
    "deploy",
    "verify",
    "open",
    "certify",
    "flag",
    "recover",
}


@pytest.mark.parametrize("chain", ["anvil", "pyrevm"])
def test_a_position_opens_and_is_liquidated_on_a_proof_alone(chain, monkeypatch):
    if chain == "pyrevm":
        monkeypatch.setattr(anvil, "find_anvil", lambda: None)
    lines = []
    result = run_demo(lines.append)
    steps = {step.name: step for step in result.steps}
    assert result.ok, [step for step in result.steps if not step.ok]
    assert set(steps) == DONE | set(REFUSALS)
    for name, reason in REFUSALS.items():
        assert steps[name].refused_by, name
        assert reason in (steps[name].error or ""), (name, steps[name].error)
    figures = result.figures
    assert figures["evm"] == chain
    assert figures["gas_exact"] is (chain == "anvil")
    assert figures["constraints"] == 3881
    assert {"verify", "open", "certify", "flag", "fold_market", "fold_parameters", "post_round"} <= set(figures["gas"])
    if chain == "anvil":
        print("gas on anvil:", json.dumps(figures["gas"]))
        assert figures["gas"]["verify"] <= 245_000
    assert json.loads(json.dumps(result.as_json()))["ok"] is True
    assert len(lines) == len(result.steps) + 4  # two circuits, the chain, the fall


OTHER = [
    (faults.RateLimited(), errors.NonceUsed),
    (faults.OutOfGas(), errors.ProofRejected),
    (faults.InsufficientFunds(), errors.DeadlinePassed),
    (faults.NeverMined(), errors.RoundTooOld),
    (ContractError("reverted without a reason", code="reverted"), errors.ProofRejected),
    (errors.NonceUsed({"expected": 2, "given": 1}), errors.ProofRejected),
    (errors.ProofRejected({}), errors.NonceUsed),
    (NotShort("no", surplus_units=1), Insufficient),
    (DoesNotHold("no"), Insufficient),
    (MismatchError("another circuit"), Unsatisfied),
]


@pytest.mark.parametrize(("came", "expected"), OTHER, ids=lambda one: getattr(one, "code", None))
def test_a_fault_is_not_the_refusal_that_was_hoped_for(came, expected):
    lines = []
    story = object.__new__(demo._Story)
    story.result, story.tell = demo.DemoResult(), lines.append

    def attempt():
        raise came

    story._refused("some-attack", "MarginGate", attempt, expected)
    step = story.result.steps[0]
    assert (step.ok, step.refused_by, step.error, story.result.ok) == (False, None, str(came), False)
    assert lines[0].startswith(f"✗ some attack: {expected.__name__} had to come")
    story._refused("some-attack", "MarginGate", lambda: None, expected)
    assert (story.result.steps[1].ok, story.result.steps[1].error) == (False, "it was accepted")


def test_a_chain_that_answers_another_fault_fails_the_demo(zkmargin, monkeypatch):
    """What the stranger sends is refused for a lack of gas: the steps fail, and the command with them."""
    monkeypatch.setattr(anvil, "find_anvil", lambda: None)
    honest, sent = EmbeddedChain.transact, []

    def transact(self, to, data, sender, gas=None):
        if sender == self.accounts[3]:
            sent.append(to)
            if len(sent) in (2, 3):  # the first is the certificate that must be taken
                raise faults.OutOfGas if len(sent) == 2 else faults.RateLimited
        return honest(self, to, data, sender, gas)

    monkeypatch.setattr(EmbeddedChain, "transact", transact)
    answer = zkmargin("demo", "--json")
    failed = {step["name"]: step["error"] for step in answer.json["steps"] if not step["ok"]}
    assert (answer.code, answer.json["ok"]) == (1, False)
    assert failed == {"replay": faults.OutOfGas.sentence, "tampered-proof": faults.RateLimited.sentence}


@pytest.mark.parametrize("rpc", ["", " ", "127.0.0.1:8545", "ws://127.0.0.1:8545"])
def test_an_address_that_is_none_is_no_wish_for_the_embedded_chain(zkmargin, rpc):
    answer = zkmargin("demo", "--rpc", rpc, "--json")
    assert (answer.code, answer.json["error"]["code"]) == (2, "usage")


def test_a_chain_that_nobody_runs_is_said_so(zkmargin):
    answer = zkmargin("demo", "--rpc", "http://127.0.0.1:9", "--json")
    assert (answer.code, answer.json["error"]["code"]) == (2, "node-unreachable")
