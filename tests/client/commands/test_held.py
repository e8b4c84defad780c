"""A trader whose commitment changes unasked proves about an account that nobody knows."""

import io
import json
import sys
from types import SimpleNamespace

import pytest

from zkmargin.client.secrets.openings import load_opening

PROVE = ["--context", "7", "--json"]


@pytest.fixture
def stdin(monkeypatch):
    """Return a function that lays bytes into this process' stdin."""

    def lay(content):
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(content), isatty=lambda: False))

    return lay


def test_a_second_proof_says_that_its_commitment_is_another(zkmargin, edit, folder, small):
    ask = ["prove", folder / "portfolio-small.json", *small, "--out", folder / "p"]
    first = zkmargin(*ask, *PROVE).json
    assert "previous" not in first
    opening = (folder / "portfolio-small.opening.json").read_bytes()
    second = zkmargin(*ask, *PROVE).json
    kept = folder / "portfolio-small.opening.1.json"
    assert second["public"]["commitment"] != first["public"]["commitment"]
    assert second["previous"] == {
        "commitment": first["public"]["commitment"], "opening": str(kept), "same_holdings": True,
    }  # fmt: skip
    assert kept.read_bytes() == opening
    edit("portfolio-small.json", lambda d: d.update(cash="400001"))
    third = zkmargin(*ask, *PROVE).json
    assert third["previous"]["commitment"] == second["public"]["commitment"]
    assert third["previous"]["opening"] == str(folder / "portfolio-small.opening.2.json")
    assert not third["previous"]["same_holdings"]
    said = zkmargin(*ask, "--context", "7").out
    assert "this is a new commitment" in said
    assert f"--opening {folder / 'portfolio-small.opening.3.json'}" in said
    # What the message says to do brings the first commitment back.
    again = zkmargin("prove", "--opening", kept, *small, "--out", folder / "p", *PROVE).json
    assert again["public"]["commitment"] == first["public"]["commitment"]
    assert "previous" not in again


def test_an_opening_is_known_by_what_it_says(zkmargin, folder, small, contents):
    files = small[:4]
    first = zkmargin("prove", folder / "portfolio-small.json", *small, "--out", folder / "p", *PROVE).json
    opening = folder / "portfolio-small.opening.json"
    (folder / "renamed.txt").write_bytes(opening.read_bytes())
    wanted = zkmargin("check", folder / "portfolio-small.json", *files, "--json").json
    for asked in (["--opening", opening], [opening], [folder / "renamed.txt"]):
        checked = zkmargin("check", *asked, *files, "--json").json
        assert {key: checked[key] for key in checked if key != "legs"} == {
            key: wanted[key] for key in wanted if key != "legs"
        }
        assert [leg["breach_price"] for leg in checked["legs"]] == [leg["breach_price"] for leg in wanted["legs"]]
        assert zkmargin("explain", *asked, *files, "--json").json["surplus"] == wanted["surplus"]
    before = set(contents(folder))
    again = zkmargin("prove", opening, *small, "--out", folder / "p", *PROVE).json
    assert again["public"]["commitment"] == first["public"]["commitment"]
    assert set(contents(folder)) == before  # no opening of an opening
    for command in ("check", "explain", "prove"):
        rest = [*small, "--out", folder / "p", "--context", "1"] if command == "prove" else files
        both = zkmargin(command, folder / "portfolio-small.json", "--opening", opening, *rest, "--json")
        assert (both.code, both.json["error"]["code"]) == (2, "usage")
        assert zkmargin(command, *rest, "--json").json["error"]["code"] == "usage"


def test_an_opening_of_another_shape_is_refused(zkmargin, folder, small):
    zkmargin("prove", folder / "portfolio-small.json", *small, "--out", folder / "p", *PROVE)
    opening = folder / "portfolio-small.opening.json"
    for command in ("check", "explain"):
        answer = zkmargin(command, opening, "-m", folder / "market.json", "-p", folder / "parameters.json", "--json")
        assert (answer.code, answer.json["error"]["code"]) == (2, "shape")
    data = json.loads(opening.read_text())
    data["holdings"]["cash"] = str(10**40)
    opening.write_text(json.dumps(data))
    assert zkmargin("check", opening, *small[:4], "--json").json["error"]["code"] == "out-of-range"


@pytest.mark.parametrize("name", ["portfolio-small.json", "portfolio.csv"])
def test_a_portfolio_comes_from_stdin(zkmargin, folder, stdin, name):
    files = ["-m", folder / "market.json", "-p"]
    files.append(folder / ("parameters-small.json" if "small" in name else "parameters.json"))
    wanted = zkmargin("check", folder / name, *files, "--json").json
    for command in ("check", "explain"):
        stdin((folder / name).read_bytes())
        said = zkmargin(command, "-", *files, "--json")
        assert said.json["surplus"] == wanted["surplus"]
    stdin(b"kind,name\n")
    wrong = zkmargin("check", "-", *files, "--json").json["error"]
    assert (wrong["code"], wrong["file"]) == ("missing-column", "stdin")


def test_what_is_proved_from_stdin_has_a_place_for_its_opening(
    zkmargin, folder, small, stdin, monkeypatch, *, contents
):
    monkeypatch.chdir(folder)
    content = (folder / "portfolio-small.json").read_bytes()
    before = contents(folder)
    stdin(content)
    answer = zkmargin("prove", "-", *small, "--out", "p", *PROVE)
    assert (answer.code, answer.json["error"]["code"]) == (2, "usage")
    assert "--opening-out" in answer.json["error"]["hint"]
    assert contents(folder) == before
    stdin(content)
    made = zkmargin("prove", "-", *small, "--out", "p", "--opening-out", "desk.opening.json", *PROVE).json
    assert made["files"]["opening"] == "desk.opening.json"
    assert load_opening(folder / "desk.opening.json")
    assert (folder / "desk.owner.json").is_file()
    assert not [name for name in contents(folder) if name.startswith("-")]
