"""An amount that is guessed is an amount that is wrong by a factor of a thousand; an amount in a log is no secret."""

import os
import pty
import subprocess
import sys

import pytest

from zkmargin.client.files.loading import load_market, load_parameters
from zkmargin.client.files.portfolio import load_portfolio, to_holdings
from zkmargin.client.files.quantity import NotDecimal, parse_decimal
from zkmargin.client.files.tables import make_tables
from zkmargin.kernel.errors import FileError

SPELT = {
    "1,000.5": "1000.5", "1 000": "1000", "1_000": "1000", "1.000,5": "1000.5", "1.000.000": "1000000",
    "-1,000,000.25": "-1000000.25", "1'234.5": "1234.5", "1\u202f000": "1000", "1000,5": "1000.5", ".5": "0.5",
    "5.": "5", " 1": "1", "1\t": "1", "(12.5)": "-12.5", "\u22125": "-5", "+ 5": "5", "1,234,567": "1234567",
    "1,000": "1000 or 1.000, whichever it is", "-10,000": "-10000 or -10.000, whichever it is",
    "$5": None, "1,000,00": None, "x": None, "": None, "1e5,": None, "12.5.1": None, "1,00,000": None, "٣": None,
    "1 0 0": None, "0x10": None, "5%": None,
}  # fmt: skip


@pytest.mark.parametrize("text", SPELT)
def test_no_spelling_is_guessed_and_the_right_one_is_told(text):
    with pytest.raises(NotDecimal) as caught:
        parse_decimal(text)
    assert caught.value.wanted == SPELT[text]
    assert not text or text not in str(caught.value)
    if SPELT[text] is not None and " or " not in SPELT[text]:
        parse_decimal(SPELT[text])


def csv(folder, text):
    path = folder / "odd.csv"
    path.write_text(f'kind,name,amount,entry_price\ncash,USDC,100,\nposition,ETH-PERP,"{text}",2000\n')
    return path


def test_a_person_is_told_the_value_and_a_log_is_not(zkmargin, folder):
    files = ["-m", folder / "market.json", "-p", folder / "parameters.json"]
    for text, wanted in (("1,000.5", "1000.5"), ("12.500001", "12.5 or 12.5001")):
        path = csv(folder, text)
        plain, document = zkmargin("check", path, *files), zkmargin("check", path, *files, "--json")
        assert (plain.code, document.code) == (2, 2)
        assert document.json["error"]["line"] == 3
        for said in (plain.err, document.out + document.err):
            assert wanted not in said.replace(str(path), "")
            assert text not in said
        # At a terminal there is a person, whose number it is.
        ours, theirs = pty.openpty()
        code = "import sys; from zkmargin.client.commands.process import run; sys.exit(run(sys.argv[1:]))"
        done = subprocess.run(
            [sys.executable, "-c", code, "check", path, *files], check=False, stderr=theirs, stdout=subprocess.PIPE
        )
        os.close(theirs)
        assert done.returncode == 2
        assert f"write {wanted}" in os.read(ours, 4096).decode()
        os.close(ours)


def test_a_size_finer_than_its_step_is_told_the_step(folder):
    parameters = load_parameters(folder / "parameters.json")
    tables = make_tables(parameters, load_market(folder / "market.json"))
    with pytest.raises(FileError) as caught:
        to_holdings(load_portfolio(csv(folder, "-12.500001")), parameters, tables)
    assert caught.value.code == "finer-than-step"
    assert caught.value.hint == "its step is 0.0001"
    assert caught.value.wanted == "-12.5001 or -12.5"


def test_a_csv_is_read_whatever_a_spreadsheet_calls_it(folder):
    wanted = load_portfolio(folder / "portfolio.csv")
    content = (folder / "portfolio.csv").read_bytes()
    for name, data in {
        "a.txt": content,
        "b": content,
        "c.CSV": content,
        "d.csv": b"\xef\xbb\xbf" + content,
        "e.txt": b"\xef\xbb\xbf" + content.replace(b"\n", b"\r\n"),
    }.items():
        (folder / name).write_bytes(data)
        read = load_portfolio(folder / name)
        assert (read.cash, read.positions, read.collateral, read.debt) == (
            wanted.cash, wanted.positions, wanted.collateral, wanted.debt,
        )  # fmt: skip
    (folder / "json.txt").write_bytes((folder / "portfolio.json").read_bytes())
    assert load_portfolio(folder / "json.txt") == load_portfolio(folder / "portfolio.json")


@pytest.mark.parametrize(
    ("change", "code", "said"),
    [
        (lambda t: t.replace(",", ";"), "bad-csv", "semicolons"),
        (lambda t: t.replace(",", "\t"), "bad-csv", "tabs"),
        (lambda t: t.encode("utf-16").decode("latin-1"), "byte-order-mark", "byte-order mark"),
        (lambda t: t + "position,ETH-PERP,1,000,5\n", "bad-csv", "5 fields"),
    ],
)
def test_what_a_spreadsheet_does_otherwise_is_said(folder, change, code, said):
    path = folder / "odd.csv"
    path.write_bytes(change((folder / "portfolio.csv").read_text()).encode("latin-1"))
    with pytest.raises(FileError, match=said) as caught:
        load_portfolio(path)
    assert caught.value.code == code


def test_another_rules_market_is_said_to_be_one(examples, folder):
    parameters = load_parameters(folder / "parameters.json")
    drift = examples.parent / "drift" / "market.json"
    with pytest.raises(FileError, match=r"the market is of drift-v2, the parameters of hyperliquid"):
        make_tables(parameters, load_market(drift), str(drift))
    aave = examples.parent / "aave" / "market.json"
    with pytest.raises(FileError, match=r"the market is of aave\S*, the parameters of hyperliquid"):
        load_market(aave, "cross-margin", "hyperliquid")
    span = examples.parent / "span" / "market.json"
    with pytest.raises(FileError, match="this is a market file for span, the parameters' rule is cross-margin"):
        load_market(span, "cross-margin")
    broken = folder / "broken.json"
    broken.write_text(aave.read_text().replace('"round"', '"rond"'))
    with pytest.raises(FileError, match="is missing") as caught:
        load_market(broken, "cross-margin")
    assert caught.value.code != "another-rule"
