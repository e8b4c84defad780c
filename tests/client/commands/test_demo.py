"""The demo, on both chains: what must happen happens, and what must fail fails for the reason it should."""

import json

import pytest

from zkmargin.client.chains import anvil
from zkmargin.client.commands.demo import run_demo

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
