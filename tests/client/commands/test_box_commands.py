"""Lost if these fail: a certificate over a price box is made, or taken, for prices it does not cover."""

import json

import pytest

from zkmargin.client import Session
from zkmargin.client.files.portfolio import load_portfolio, to_holdings
from zkmargin.kernel.errors import InputError


@pytest.fixture
def boxed(zkmargin, folder):
    """Return the options of a box circuit of the small example, compiled and with its development key."""
    circuit = folder / "box"
    compiled = zkmargin("compile", folder / "parameters-small.json", "--statement", "sufficiency-box", "-o", circuit)
    assert compiled.code == 0
    assert zkmargin("setup", circuit, "--development").code == 0
    return ["-m", folder / "market.json", "-p", folder / "parameters-small.json", "-c", circuit]


def test_a_box_proof_holds_for_its_own_box_and_for_no_other(zkmargin, folder, boxed, edit):
    proof = folder / "proof"
    prove = ["prove", folder / "portfolio-small.json", *boxed, "--context", "7", "--out", proof]
    assert zkmargin(*prove, "--box", "1%").code == 0
    shown = zkmargin("tables", folder / "market.json", *boxed[2:], "--box", "1%", "--json").json
    verified = zkmargin("verify", proof, *boxed, "--allow-development", "--box", "1%", "--json")
    assert (verified.code, verified.json["box"]) == (0, "1%")
    assert verified.json["tables"]["market"] == shown["tables"]["market"]
    assert {name.split(".")[1] for name, _, _ in shown["cells"]} >= {"price_lo", "price_hi", "borrow_index_hi"}

    narrower = zkmargin("verify", proof, *boxed, "--allow-development", "--box", "none", "--json")
    assert (narrower.code, narrower.json["reason"]) == (1, "table-mismatch")
    edit("market.json", lambda d: d["instruments"][0].update(mark="1.5"))
    elsewhere = zkmargin("verify", proof, *boxed, "--allow-development", "--box", "1%", "--json")
    assert (elsewhere.code, elsewhere.json["reason"]) == (1, "table-mismatch")


def test_a_box_that_is_too_wide_for_the_account_is_refused_with_nothing_written(zkmargin, folder, boxed, edit):
    edit("parameters-small.json", lambda d: d["box_classes"].append({"name": "wide", "width": "0.9"}))
    prove = ["prove", folder / "portfolio-small.json", *boxed, "--context", "7", "--out", folder / "proof"]
    answer = zkmargin(*prove, "--box", "wide", "--json")
    assert answer.code == 1
    assert answer.json["reason"] == "insufficient"
    assert not (folder / "proof").exists()
    assert zkmargin("check", folder / "portfolio-small.json", *boxed[:4]).code == 0  # at the round's prices it is met


@pytest.mark.parametrize(
    ("more", "code", "hint"),
    [([], "box", None), (["--box", "2%"], "unknown-box", "did you mean 1%?")],
)
def test_a_box_circuit_without_its_class_is_refused(zkmargin, folder, boxed, more, code, hint):
    prove = ["prove", folder / "portfolio-small.json", *boxed, "--context", "7", "--out", folder / "proof", *more]
    answer = zkmargin(*prove, "--json")
    assert answer.code == 2
    assert answer.json["error"]["code"] == code
    assert hint is None or answer.json["error"]["hint"] == hint
    assert not (folder / "proof").exists()


def test_a_plain_circuit_takes_no_box(zkmargin, folder, small):
    prove = ["prove", folder / "portfolio-small.json", *small, "--context", "7", "--out", folder / "proof"]
    answer = zkmargin(*prove, "--box", "1%", "--json")
    assert answer.code == 2
    assert answer.json["error"]["code"] == "box"
    with pytest.raises(InputError, match="over no box"):
        Session.load(small[3], small[5], box="1%").prove(folder / "portfolio-small.json", small[1], context=1)


def test_a_rule_whose_market_is_no_prices_says_what_to_do_instead(zkmargin, examples, folder):
    answer = zkmargin(
        "compile", examples.parent / "span/parameters-small.json", "--statement", "sufficiency-box", "-o", folder / "x",
        "--json",
    )  # fmt: skip
    assert answer.code == 2
    assert "scenarios cover the box" in answer.json["error"]["hint"]
    assert not (folder / "x").exists()
    assert json.loads((folder / "parameters-small.json").read_text())["rule"] == "cross-margin"


def test_a_batch_over_a_box_commits_to_what_is_held_and_not_to_other_cash_and_debt(zkmargin, folder, boxed, edit):
    """A box has the ends of funding and borrow indices; cash and debt shares are of the round's own."""

    def indices(market):
        for instrument in market["instruments"]:
            instrument["funding_index"] = "12.5"
        for asset in market["assets"]:
            asset["borrow_index"] = "1.25"

    edit("market.json", indices)
    place = folder / "accounts"
    place.mkdir()
    (place / "desk.json").write_bytes((folder / "portfolio-small.json").read_bytes())
    more = [*boxed, "--box", "1%", "--context", "7", "--out"]
    assert zkmargin("batch", place, *more, folder / "proofs").code == 0
    assert zkmargin("prove", folder / "portfolio-small.json", *more, folder / "proof").code == 0
    one, other = place / "desk.opening.json", folder / "portfolio-small.opening.json"
    assert json.loads(one.read_text())["holdings"] == json.loads(other.read_text())["holdings"]
    assert zkmargin("verify", folder / "proofs/desk", *boxed, "--allow-development", "--box", "1%").code == 0
    verify = ["verify-batch", folder / "proofs/desk", folder / "proof", *boxed, "--allow-development"]
    assert zkmargin(*verify, "--box", "1%").code == 0
    assert zkmargin(*verify, "--box", "none").code == 1
    assert zkmargin("batch", place, *more, folder / "proofs", "--json").json["kept"] == 1


def test_holdings_are_never_made_of_a_box(folder):
    session = Session.load(folder / "parameters-small.json", box="1%")
    tables = session.tables(folder / "market.json")
    boxed = session.stated(tables, "sufficiency-box")
    portfolio = load_portfolio(folder / "portfolio-small.json")
    to_holdings(portfolio, session.parameters, tables)
    with pytest.raises(InputError, match="not of a box"):
        to_holdings(portfolio, session.parameters, boxed)
