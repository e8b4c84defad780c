"""A venue's file with one wrong value that crashes, or passes in silence, would cost its reader an evening or money."""

import copy
import json

import pytest

from zkmargin.client.files.loading import load_market, load_parameters
from zkmargin.client.files.portfolio import load_portfolio, to_holdings
from zkmargin.client.files.tables import make_tables
from zkmargin.kernel.errors import InputError

from ..test_examples import EXAMPLES, NAMES, files, sizes

WRONG = (None, 7, [], {}, True, "", "NaN", "1e23", "-1", "0", "2", "1/3", "ab\ncd", "9" * 79)
MOST = 80  # broken files a kind and example


def smallest(name):
    """Return the small files of an example by kind, parsed."""
    folder = EXAMPLES.parent / name
    size = max(sizes(folder), key=len)
    portfolio, options = files(folder, size)
    return {
        kind: json.loads(path.read_text())
        for kind, path in (("portfolio", portfolio), ("market", options[1]), ("parameters", options[3]))
    }


def places(value, path=()):
    yield path
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield from places(value[key], (*path, key))


def changed(document, path, wrong):
    whole = copy.deepcopy(document)
    inner = whole
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = wrong
    return whole


def test_a_mistyped_key_is_named_beside_the_one_it_should_be(tmp_path):
    documents = smallest("hyperliquid")
    tier = documents["parameters"]["instruments"][1]["tiers"][0]
    tier["initail_rate"] = tier.pop("initial_rate")
    error = outcome(tmp_path, documents)
    assert (error.code, error.message) == ("missing-key", "instruments.1.tiers.0.initial_rate is missing")
    assert error.hint == "'initail_rate' is not a known key: did you mean initial_rate?"


def test_a_word_out_of_a_list_is_told_the_list(tmp_path):
    documents = smallest("derive-pmrm2")
    documents["parameters"]["scenarios"][0]["vol"] = "upwards"
    error = outcome(tmp_path, documents)
    assert error.message == "scenarios.0.vol has an unexpected value"
    assert error.hint == "expected 'none', 'up', 'down', 'linear' or 'absolute'"


def test_a_market_of_another_rule_is_refused_in_python_too():
    folder = EXAMPLES.parent
    parameters = load_parameters(folder / "dydx" / "parameters.json")
    market = load_market(folder / "hyperliquid" / "market.json").model_copy(update={"venue": parameters.venue})
    with pytest.raises(InputError, match="was not read for the rule dydx-v4"):
        make_tables(parameters, market.model_copy(update={"quote": parameters.quote.asset}))


def outcome(folder, documents):
    """Return what a check of these files raises, None when they pass; anything but InputError is a failure."""
    for kind, document in documents.items():
        (folder / f"{kind}.json").write_text(json.dumps(document))
    try:
        parameters = load_parameters(folder / "parameters.json")
        market = load_market(folder / "market.json", parameters.rule)
        tables = make_tables(parameters, market, str(folder / "market.json"))
        held = load_portfolio(folder / "portfolio.json")
        to_holdings(held, parameters, tables)
    except InputError as error:
        return error
    return None


@pytest.mark.parametrize("kind", ["parameters", "market"])
@pytest.mark.parametrize("name", NAMES)
def test_every_broken_file_is_refused_in_one_sentence_or_means_something(name, kind, tmp_path, rng, say):
    documents = smallest(name)
    assert outcome(tmp_path, documents) is None
    tries = [(path, wrong) for path in list(places(documents[kind]))[1:] for wrong in WRONG]
    tries = [(path, wrong) for path, wrong in tries if path[0] != "sources"]
    if len(tries) > MOST:
        tries = rng.sample(tries, MOST)
    refused = 0
    for path, wrong in tries:
        error = outcome(tmp_path, documents | {kind: changed(documents[kind], path, wrong)})
        if error is not None:
            refused += 1
            assert "\n" not in error.message, (path, wrong)
            assert error.file is not None, (path, wrong, error.message)
            assert not error.message.endswith("."), error.message
    say(f"{name} {kind}: {refused} of {len(tries)} broken files refused")
    assert refused > len(tries) // 2
