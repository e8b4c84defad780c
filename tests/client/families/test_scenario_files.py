"""Lost if these fail: SPAN's or a tail rule's files mean other tables than they say, or say what no table can mean."""

import json
from fractions import Fraction

import pytest

from zkmargin.client.files.loading import load_market, load_parameters
from zkmargin.client.files.tables import make_tables
from zkmargin.kernel.errors import FileError, InputError

from ..conftest import EXAMPLES


def folder(name):
    return EXAMPLES.parent / name


def written(tmp_path, name, change, file="parameters"):
    """Return the example's parameters and market, one file changed."""
    paths = {}
    for each in ("parameters", "market"):
        data = json.loads((folder(name) / f"{each}.json").read_text())
        if each == file:
            change(data)
        paths[each] = tmp_path / f"{each}.json"
        paths[each].write_text(json.dumps(data))
    return paths


def tables(paths, rule):
    return make_tables(load_parameters(paths["parameters"]), load_market(paths["market"], rule))


def values(schema, table):
    return {cell.name: stored - cell.offset for cell, stored in zip(schema.cells(table.name), table.cells, strict=True)}


def test_spans_tables_say_what_its_files_say(tmp_path):
    made = tables(written(tmp_path, "span", lambda _: None), "span")
    market, loose, strict = (values(made.schema, t) for t in (made.market, made.maintenance, made.initial))
    unit = 10**8
    assert market["market.array.0.12"] == 10_000 * unit  # a loss, though the file says what is gained
    assert market["market.array.3.13"] == 3_990 * unit
    assert [market[f"market.delta.1.{month}"] for month in range(3)] == [0, 10_000, 0]  # a future of the second month
    assert market["market.delta.4.0"] == -4_400
    assert market["market.exposure_price.3"] == 205_250 * unit
    assert (loose["parameters.option.2"], loose["parameters.option.3"]) == (0, 1)
    assert (loose["parameters.calendar.0.1"], strict["parameters.calendar.0.1"]) == (200 * unit, 250 * unit)
    assert (loose["parameters.ratio.0.0"], loose["parameters.ratio.0.1"]) == (100, 200)
    assert (loose["parameters.credit.0.1"], strict["parameters.credit.0.1"]) == (6_300 * unit, 5_400 * unit)
    assert loose["parameters.charge.7"] == (1 << 48) - 1  # not listed
    assert loose["parameters.charge.16"] == 0  # the second commodity starts at half of the slots


def test_a_tails_weight_is_of_a_sum_or_of_one_loss(tmp_path):
    for rule, worst, summed in (("expected-shortfall", 6, 6), ("value-at-risk", 3, 1)):
        made = tables(written(tmp_path, rule, lambda _: None), rule)
        cell = values(made.schema, made.initial)[f"parameters.weight.{worst}"]
        multiplier = Fraction(3, 2) if rule == "expected-shortfall" else 3
        assert 0 <= Fraction(cell, 10**9) - multiplier / summed < Fraction(1, 10**9)


def refused(tmp_path, name, change, file="parameters"):
    with pytest.raises((FileError, InputError)) as error:
        tables(written(tmp_path, name, change, file), name)
    return str(error.value)


def test_a_calendar_pair_without_a_charge_before_one_with_is_refused(tmp_path):
    """It would consume, for nothing, deltas that the other pair charges for."""
    text = refused(tmp_path, "span", lambda data: data["commodities"][0]["calendar"].pop(0))
    assert "the calendar charges of SP leave a gap" in text
    tables(written(tmp_path, "span", lambda data: data["commodities"][0]["calendar"].pop()), "span")


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda d: d["commodities"][0]["contracts"][0].update(month="9601"), "SP names a month it does not list"),
        (lambda d: d["commodities"][0]["calendar"][0].update(first="9601"), "SP names a month it does not list"),
        (lambda d: d["spreads"].append(d["spreads"][0]), "each pair stands once"),
        (lambda d: d["spreads"][0]["second"].update(commodity="SP"), "between two listed commodities"),
        (lambda d: d["spreads"][0]["first"]["credit"].update(initial="8000"), "initial credit of SP is above"),
        (lambda d: d["commodities"][1]["spot_outright"].update(initial="1"), "delivery charge of MD is below"),
        (
            lambda d: d["commodities"][0]["contracts"][3]["short_minimum"].update(initial="1"),
            "short minimum of SPZ94-410C",
        ),
        (lambda d: d["shape"].update(months=4), "one to three months"),
        (lambda d: d["shape"].update(months=2), "months of SP and only 2 slots"),
        (lambda d: d["commodities"].append(d["commodities"][0]), "3 commodities and only 2 slots"),
    ],
)
def test_what_span_files_cannot_say(change, text, tmp_path):
    assert text in refused(tmp_path, "span", change)


def test_arrays_of_another_length_are_refused(tmp_path):
    assert "an array of 15" in refused(tmp_path, "span", lambda d: d["instruments"][0]["array"].pop(), "market")
    text = refused(tmp_path, "value-at-risk", lambda d: d["instruments"][0]["gains"].pop(), "market")
    assert "has 249 gains, not one a scenario (250)" in text


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda d: d["margin"].update(initial_multiplier="0.5"), "the initial multiplier is looser"),
        (lambda d: d["instruments"][0].update(initial_charge="0"), "the initial charge of BTC-PERP is looser"),
        (lambda d: d["assets"][0].update(initial_factor="1"), "the initial factor of BTC is looser"),
        (lambda d: d["shape"].update(worst=251), "the worst of its scenarios"),
    ],
)
def test_what_tail_files_cannot_say(change, text, tmp_path):
    assert text in refused(tmp_path, "expected-shortfall", change)
