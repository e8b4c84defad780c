"""A file of 300 bytes that asks for a million cells would keep a desk's check busy for minutes."""

import json

import pytest

AS_OF = "2026-11-20T16:00:00Z"
HOSTILE = {
    "span": {"positions": 256, "collateral": 1, "debts": 0, "commodities": 256, "months": 3, "scenarios": 16},
    "collateral-factor": {"positions": 0, "collateral": 64, "debts": 64, "groups": 1024},
    "correlated-margin": {"positions": 256, "collateral": 1, "debts": 1, "tiers": 1, "factors": 1024},
}
ASKED = {"span": "268,802", "collateral-factor": "131,264", "correlated-margin": "264,195"}
LISTS = {
    "span": ("commodities", "spreads", "assets"),
    "collateral-factor": ("assets", "groups"),
    "correlated-margin": ("assets", "instruments", "factors"),
}


@pytest.mark.parametrize("rule", HOSTILE)
@pytest.mark.parametrize("command", ["check", "compile", "tables"])
def test_a_shape_past_the_bound_is_refused_with_the_size_it_asks_for(zkmargin, tmp_path, rule, command):
    head = {"venue": "v", "as_of": AS_OF, "sources": {}}
    parameters = {"schema": "zkmargin/parameters/1", "rule": rule, **head, "quote": {"asset": "USDC", "decimals": 6}}
    parameters |= {"shape": HOSTILE[rule], **{name: [] for name in LISTS[rule]}}
    market = {"schema": "zkmargin/market/1", **head, "round": 1, "quote": "USDC", "instruments": [], "assets": []}
    portfolio = {"schema": "zkmargin/portfolio/1", "account": "desk", "as_of": AS_OF, "cash": "1"}
    portfolio |= {"collateral": [], "debt": [], "positions": []}
    paths = {}
    for name, content in (("parameters", parameters), ("market", market), ("portfolio", portfolio)):
        paths[name] = tmp_path / f"{name}.json"
        paths[name].write_text(json.dumps(content))
    ask = {
        "check": ["check", paths["portfolio"], "-m", paths["market"], "-p", paths["parameters"]],
        "compile": ["compile", paths["parameters"], "--statement", "sufficiency", "-o", tmp_path / "out"],
        "tables": ["tables", paths["market"], "-p", paths["parameters"]],
    }
    answer = zkmargin(*ask[command], "--json")
    assert answer.code == 2
    assert answer.json["error"]["code"] == "shape"
    assert f"{ASKED[rule]} cells, at most 16,384" in answer.json["error"]["message"]
