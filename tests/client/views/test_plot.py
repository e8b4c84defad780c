"""A picture that does not add up, lies readable by others, or needs a screen would do more harm than good."""

import re
import sys
from fractions import Fraction

import pytest

from zkmargin.client import Session
from zkmargin.client.commands.app import run
from zkmargin.client.files.loading import load_market, load_parameters
from zkmargin.client.files.portfolio import load_portfolio, to_holdings
from zkmargin.client.files.tables import make_tables
from zkmargin.client.margin.explain import explain
from zkmargin.client.views.plot import draw, picture, steps
from zkmargin.kernel.errors import EnvironmentFault, InputError

from ..conftest import EXAMPLES


@pytest.fixture
def explanation(folder):
    def make(margin="maintenance"):
        parameters = load_parameters(folder / "parameters.json")
        tables = make_tables(parameters, load_market(folder / "market.json"))
        held = load_portfolio(folder / "portfolio.json")
        return explain(parameters, tables, to_holdings(held, parameters, tables), margin=margin, portfolio=held)

    return make


def test_the_waterfall_runs_from_cash_to_surplus_without_a_gap(explanation):
    shown = explanation("initial")
    bars = steps(shown)
    level = Fraction(0)
    for bar in bars:
        if bar.total:
            assert (bar.start, bar.end) == (0, level)
        else:
            assert bar.start == level
            level = bar.end
    assert bars[0].end == Fraction("400000.25")
    assert next(bar.end for bar in bars if bar.label == "equity") == Fraction(shown.report.equity)
    assert bars[-1].label == "surplus"
    assert bars[-1].end == Fraction(shown.report.surplus)
    assert len({bar.label for bar in bars}) == len(bars) <= 24


def test_a_picture_is_drawn_without_a_screen_for_its_owner_only(explanation, folder, monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    shown = explanation()
    for ending, magic in (("png", b"\x89PNG\r\n"), ("svg", b"<?xml")):
        path = folder / f"picture.{ending}"
        draw(shown, path)
        first = path.read_bytes()
        assert first.startswith(magic)
        assert path.stat().st_mode & 0o777 == 0o600
        draw(shown, path)
        assert path.read_bytes() == first
    assert "matplotlib.pyplot" not in sys.modules


@pytest.mark.parametrize("change", [{}, {"cash": "-2000000"}, {"collateral": []}, {"positions": [], "cash": "1"}])
@pytest.mark.parametrize("margin", ["initial", "maintenance"])
def test_no_label_lies_over_another_or_leaves_the_picture(explanation, edit, change, margin):
    edit("portfolio.json", lambda held: held.update(change))
    readable(picture(explanation(margin)))


@pytest.mark.parametrize("venue", ["derive-pmrm2", "span", "aave"])
def test_scenarios_of_other_rules_are_drawn_as_legibly(venue):
    folder = EXAMPLES.parent / venue
    session = Session.load(folder / "parameters.json" if venue == "span" else folder / "parameters-small.json")
    portfolio = "portfolio.json" if venue == "span" else "portfolio-small.json"
    shown = session.explain(folder / portfolio, folder / "market.json")
    figure = picture(shown)
    readable(figure)
    heat = next(axes for axes in figure.axes if axes.images)
    assert [label.get_text() for label in heat.get_yticklabels()] == [row.name for row in shown.scenarios.rows]
    assert len(heat.texts) == len(shown.scenarios.rows) * (1 + len(shown.scenarios.names))
    assert steps(shown)[-1].end == Fraction(shown.report.surplus)


def readable(figure):
    """Assert that no label of a figure lies over another or leaves it."""
    figure.canvas.draw()
    labels = []
    for axes in figure.axes:
        labels += [text for text in (*axes.texts, *axes.get_yticklabels()) if text.get_text()]
        labels += [text for text in axes.get_xticklabels() if axes.images and text.get_text()]
    boxes = [(text.get_text(), text.get_window_extent()) for text in labels]
    width, height = figure.canvas.get_width_height()
    for place, (text, box) in enumerate(boxes):
        assert box.x0 >= 0, text
        assert box.y0 >= 0, text
        assert box.x1 <= width, text
        assert box.y1 <= height, text
        assert not [other for other, more in boxes[:place] if box.overlaps(more)], text


def test_every_bar_carries_its_number(explanation, folder):
    shown = explanation("initial")
    draw(shown, folder / "picture.svg")
    texts = re.findall(r"<text[^>]*>([^<]*)</text>", (folder / "picture.svg").read_text())
    for wanted in (
        "desk-7, hyperliquid, round 1",
        "surplus",
        "equity",
        "615,717",
        "1,249,892",
        "−349,407",
        "−14.3 %",
        "+53.7 %",
        "whole market",
    ):
        assert wanted in texts, wanted
    prices = [text for text in texts if re.fullmatch(r"\S+ → [\d,]+\.\d+", text)]
    assert len(prices) >= 5
    assert len([text for text in texts if text.startswith(("margin of", "profit"))]) > 8


def test_an_account_that_falls_short_is_drawn_too(explanation, folder, edit):
    edit("portfolio.json", lambda held: held.update(collateral=[], cash="-1000000"))
    shown = explanation()
    assert steps(shown)[-1].end < 0
    draw(shown, folder / "picture.svg")
    assert "NOT met" in (folder / "picture.svg").read_text()
    edit("portfolio.json", lambda held: held.update(collateral=[], positions=[], debt=[], cash="0"))
    draw(explanation(), folder / "picture.svg")


def test_another_ending_or_a_missing_library_is_one_sentence(explanation, folder, monkeypatch, capsys):
    shown = explanation()
    for name in ("picture.pdf", "picture", "picture.jpg"):
        with pytest.raises(InputError, match=r"\.png or a \.svg"):
            draw(shown, folder / name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(EnvironmentFault, match="matplotlib is missing"):
        draw(shown, folder / "picture.png")
    command = ["explain", str(folder / "portfolio.json"), "--market", str(folder / "market.json")]
    command += ["--parameters", str(folder / "parameters.json"), "--plot", str(folder / "picture.png")]
    assert run(command) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert not (folder / "picture.png").exists()
