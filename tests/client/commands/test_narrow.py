"""A table that a narrow terminal breaks in the middle of a number is read as another number."""

import re
from decimal import Decimal
from fractions import Fraction

import pytest

from zkmargin.circuits.statements.engine import evaluate
from zkmargin.client import Session
from zkmargin.client.files.loading import load_parameters
from zkmargin.client.files.portfolio import load_portfolio, to_holdings
from zkmargin.client.margin.report import at_tick, breach_cell

WIDE = 60


def unbreakable(line):
    """Whether a line holds one word that is too long and is for copying: a hash, a path, a list of terms."""
    return max(map(len, line.split())) > WIDE - 4


@pytest.fixture
def lines(zkmargin, folder, circuits, small, monkeypatch):
    """Return command lines of every kind of answer."""
    files, circuit = small[:4], small[5]
    monkeypatch.chdir(folder)
    prove = ["prove", "portfolio-small.json", *small, "--context", "1", "--out", "p"]
    assert zkmargin(*prove, "--witness", "w.wtns").code == 0
    verify = ["-c", circuit, "--allow-development"]
    return [
        ["check", "portfolio-small.json", *files],
        ["check", "portfolio.json", "-m", "market.json", "-p", "parameters.json", "--margin", "initial"],
        ["explain", "portfolio.json", "-m", "market.json", "-p", "parameters.json", "--what-if", "ETH-PERP +5"],
        ["explain", "portfolio-small.json", *files, "--compare", "parameters.json", "--compare-market", "market.json"],
        ["tables", "market.json", "-p", "parameters-small.json", "-c", circuit],
        ["stats", circuit],
        ["compile", "parameters-small.json", "--statement", "shortfall", "-o", "short"],
        ["setup", "short", "--development"],
        prove,
        ["verify", "p", *verify, *files],
        ["verify", "p", "-c", circuit],
        ["verify-batch", "p", *verify],
        ["groth16", "stats", circuit / "circuit.r1cs"],
        ["groth16", "check", circuit / "circuit.r1cs", "w.wtns"],
        ["groth16", "prove", circuit / "circuit.zkey", "w.wtns", "a.json", "b.json"],
        ["import", "csv", "portfolio.csv", "-o", "made.json"],
        ["batch", "portfolio.csv", *small, "--context", "1", "--out", "q"],
        ["doctor"],
        ["check", "nowhere.json", *files],
        ["prove", "portfolio.json", *small, "--context", "1", "--out", "p"],
    ]


def test_every_answer_fits_sixty_columns(zkmargin, lines, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(WIDE))
    count = 0
    for line in lines:
        said = zkmargin(*line)
        for text in (said.out + said.err).splitlines():
            count += 1
            assert len(text) <= WIDE or unbreakable(text), (line[0], text)
    assert count > 200


def test_no_number_is_lost_where_columns_do_not_fit(zkmargin, lines, monkeypatch):
    for line in lines[:4]:
        wide = zkmargin(*line).out
        monkeypatch.setenv("COLUMNS", str(WIDE))
        narrow = zkmargin(*line).out
        monkeypatch.delenv("COLUMNS")
        numbers = re.findall(r"-?\d[\d,]*\.\d+", wide)
        assert len(numbers) > 10
        assert sorted(numbers) == sorted(re.findall(r"-?\d[\d,]*\.\d+", narrow))


def test_a_document_and_a_pipe_are_never_wrapped(zkmargin, lines, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(WIDE))
    assert zkmargin(*lines[0], "--json").out.count("\n") == 1
    monkeypatch.delenv("COLUMNS")
    assert max(map(len, zkmargin(*lines[2]).out.splitlines())) > WIDE


@pytest.mark.parametrize("level", ["initial", "maintenance"])
@pytest.mark.parametrize("cash", ["400000.25", "-900000"])
def test_a_breach_price_is_a_tick_at_which_margin_is_met(edit, folder, level, cash):
    """Of a price shown a trader must be able to say: here it still holds."""
    edit("portfolio.json", lambda data: data.update(cash=cash))
    session = Session.load(folder / "parameters.json")
    report = session.check(folder / "portfolio.json", folder / "market.json", margin=level)
    parameters, tables = load_parameters(folder / "parameters.json"), session.tables(folder / "market.json")
    holdings = to_holdings(load_portfolio(folder / "portfolio.json"), parameters, tables)
    result = evaluate(tables.schema, holdings, tables.market, tables.parameters(level))
    found = 0
    for slot, listing in parameters.listed.items():
        leg = next((leg for leg in report.legs if leg.name == listing.name), None)
        if leg is None or leg.breach_price is None:
            continue
        found += 1
        tick, zero = Fraction(listing.price_tick), breach_cell(result, slot)
        mark = Fraction(result.cells["market"][slot])
        unit = Fraction(next(i.mark for i in session.market(folder / "market.json").instruments if i.name == leg.name))
        shown = Fraction(leg.breach_price)
        assert (shown / tick).denominator == 1
        cell = shown * mark / unit
        assert result.at("market", slot, cell).surplus >= 0
        beyond = shown + tick if (zero > mark) == report.ok else shown - tick
        assert result.at("market", slot, beyond * mark / unit).surplus < 0
    assert found >= 2


def test_a_price_is_not_rounded_past_the_mark():
    tick = Fraction(1, 10)
    assert at_tick(Fraction("100.01"), tick, Fraction("100.04"), 1) == Fraction("100.04")
    assert at_tick(Fraction("99.91"), tick, Fraction("100.04"), 1) == 100
    assert at_tick(Fraction("100.19"), tick, Fraction("100.04"), 1) == Fraction("100.1")
    assert at_tick(Fraction("100.11"), tick, Fraction("100.04"), -1) == Fraction("100.2")
    assert at_tick(Fraction("99.99"), tick, Fraction("100.04"), -1) == Fraction("99.9")
    assert at_tick(Fraction("0.04"), tick, Fraction("100.04"), -1) == Fraction("0.04")


@pytest.mark.parametrize(
    ("decimals", "cash", "shown"),
    [(6, "400000.25", 2), (0, "400000", 0), (6, "12.345678", 4), (8, "0.01234567", 8), (2, "0.05", 2)],
)
def test_amounts_have_the_digits_of_the_quote_and_small_ones_more(zkmargin, edit, folder, *, decimals, cash, shown):
    edit("parameters.json", lambda data: data["quote"].update(decimals=decimals))
    edit("portfolio.json", lambda data: data.update(cash=cash, positions=[], collateral=[], debt=[]))
    ask = ["portfolio.json", "-m", "market.json", "-p", "parameters.json"]
    for command in ("check", "explain"):
        said = zkmargin(command, *(folder / word if word.endswith("json") else word for word in ask)).out
        assert f"{Decimal(cash):,.{shown}f} USDC" in said
