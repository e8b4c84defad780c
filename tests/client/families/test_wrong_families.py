"""A parameter file that contradicts itself would be posted as a table and believed: each rule's own complaints.

What types alone refuse (unknown keys, floats, negative amounts) is tested for all files alike elsewhere.
"""

import copy
import json

import pytest

from zkmargin.client.files.loading import load_market, load_parameters
from zkmargin.client.files.tables import make_tables
from zkmargin.kernel.errors import FileError, InputError

from ..conftest import EXAMPLES

WRONG = [
    ("aave", ["groups", 0, "lends", 0], "DOGE", "unknown-asset"),
    ("aave", ["groups", 0, "members", 0, "name"], "DOGE", "unknown-asset"),
    ("aave", ["groups", 1, "name"], "ETH", "duplicate"),
    ("aave", ["groups", 0, "members", 1, "name"], "WETH", "duplicate"),
    ("aave", ["groups", 0, "members", 0, "initial_factor"], "0.96", "order"),
    ("aave", ["assets", 0, "initial_factor"], "0.8", "order"),
    ("aave", ["shape", "groups"], 1, "shape"),
    ("binance", ["assets", 0, "tiers", 1, "to_value"], "10000", "order"),
    ("binance", ["assets", 0, "tiers", 1, "ratio"], "1", None),  # as the one before: no rise
    ("binance", ["assets", 0, "tiers", 2, "ratio"], "0.95", "order"),
    ("binance", ["shape", "tiers"], 9, "shape"),
    ("dydx", ["instruments", 0, "price_exponent"], -4, None),
    ("dydx", ["instruments", 0, "price_exponent"], -15, "step"),
    ("dydx", ["instruments", 0, "size_step"], "0.0000000003", "step"),
    ("dydx", ["instruments", 2, "open_interest_lower_cap"], "200000000", "order"),
    ("dydx", ["shape", "collateral"], 1, "shape"),
    ("synthetix", ["assets", 0, "maintenance_factor"], "0.9", "order"),
    ("drift", ["instruments", 0, "size_step"], "0.00000001", "step"),
    ("drift", ["instruments", 0, "initial_ratio"], "0.04", "order"),
    ("drift", ["assets", 0, "size_step"], "0.0001", "step"),
    ("drift", ["assets", 0, "initial_asset_weight"], "0.95", "order"),
    ("drift", ["assets", 0, "initial_liability_weight"], "1.05", "order"),
    ("delta-neutral", ["factors", 0, "loadings", 0, "instrument"], "DOGE-PERP", "unknown-instrument"),
    ("delta-neutral", ["factors", 0, "loadings", 1, "instrument"], "BTC-PERP", "duplicate"),
    ("delta-neutral", ["factors", 0, "initial_shock"], "0.01", "order"),
    ("delta-neutral", ["shape", "factors"], 1, "shape"),
    ("volatility", ["instruments", 0, "stresses", 1, "initial"], "1.2", "order"),
    ("volatility", ["instruments", 0, "stresses", 0, "maintenance"], "0.9", "order"),
    ("volatility", ["instruments", 0, "stresses", 0, "maintenance"], "1.6", "order"),
    ("volatility", ["shape", "regimes"], 4, "shape"),
]


def changed(folder, kind, place, value, tmp_path):
    """Write an example's file with one value changed and return its path."""
    data = copy.deepcopy(json.loads((EXAMPLES.parent / folder / f"{kind}.json").read_text()))
    inner = data
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    path = tmp_path / f"{kind}.json"
    path.write_text(json.dumps(data))
    return path


@pytest.mark.parametrize(("folder", "place", "value", "code"), WRONG)
def test_parameters_that_contradict_themselves_are_refused(folder, place, value, code, tmp_path):
    path = changed(folder, "parameters", place, value, tmp_path)
    if code is None:
        load_parameters(path)
        return
    with pytest.raises(FileError) as error:
        load_parameters(path)
    assert error.value.code == code
    assert "\n" not in error.value.message


@pytest.mark.parametrize(
    ("folder", "place", "value", "code"),
    [
        ("volatility", ["regime"], "panic", "unknown-regime"),
        ("dydx", ["instruments", 0, "mark"], "81235.123456", "finer-than-step"),
        ("dydx", ["instruments", 0, "name"], "DOGE-USD", "missing-instrument"),
        ("drift", ["assets", 0, "name"], "DOGE", "missing-asset"),
        ("drift", ["assets", 0, "price"], "0.0000000001", "out-of-range"),
        ("synthetix", ["instruments", 0, "mark"], "90000000", "out-of-range"),
    ],
)
def test_markets_that_do_not_fit_their_parameters_are_refused(folder, place, value, code, tmp_path):
    parameters = load_parameters(EXAMPLES.parent / folder / "parameters.json")
    market = load_market(changed(folder, "market", place, value, tmp_path), parameters.rule)
    with pytest.raises(InputError) as error:
        make_tables(parameters, market)
    assert error.value.code == code


def test_open_interest_raises_initial_margin_only():
    folder = EXAMPLES.parent / "dydx"
    parameters = load_parameters(folder / "parameters.json")
    tables = make_tables(parameters, load_market(folder / "market.json", parameters.rule))
    names = [cell.name for cell in tables.schema.cells("market")]
    increase = tables.market.cells[names.index("market.imf_increase.2")]
    # 402,000 SOL at 141.625 are 56,933,250: (56.93325 - 40) / 60 of the 95 % that are missing.
    assert increase == 950_000 * (56_933_250 - 40_000_000) // 60_000_000 == 268_109
    names = [cell.name for cell in tables.schema.cells("parameters")]
    place = names.index("parameters.scaled.2")
    assert (tables.initial.cells[place], tables.maintenance.cells[place]) == (1, 0)
