"""Drawn accounts of the small shape, through files."""

import json
from decimal import Decimal
from fractions import Fraction

from hypothesis import strategies as st

from zkmargin.client.files.loading import load_market, load_parameters
from zkmargin.client.files.portfolio import load_portfolio, to_holdings
from zkmargin.client.files.tables import make_tables

from .conftest import EXAMPLES


def decimals(low, high, places):
    return st.decimals(low, high, places=places, allow_nan=False, allow_infinity=False)


listing = st.fixed_dictionaries(
    {
        "mark": decimals("0.01", "20000", 9),
        "funding": decimals("-20000", "20000", 11),
        "size": st.integers(-(10**8), 10**8),
        "entry": decimals("0.01", "20000", 7),
        "unsettled": decimals("-1000", "1000", 12),
        "rate": st.fractions(0, "1/2", max_denominator=10**9),
        "more": st.fractions(0, "1/4", max_denominator=10**9),
        "boundary": decimals("0.01", "9999999", 11),
    }
)
holding = st.fixed_dictionaries(
    {
        "price": decimals("0.1", "20000", 9),
        "index": decimals("1", "900", 12),
        "initial": decimals("0", "1", 7),
        "more": decimals("0", "1", 7),
        "amount": st.integers(0, 10**9),
        "debt": st.integers(0, 10**9),
    }
)
account = st.fixed_dictionaries(
    {
        "cash": decimals("-100000", "100000", 11),
        "listings": st.lists(listing, min_size=1, max_size=4),
        "assets": st.lists(holding, min_size=1, max_size=2),
    }
)
STEP = Fraction(1, 10**4)


def text(value):
    if isinstance(value, Fraction):
        return f"{value.numerator}/{value.denominator}"
    return format(value, "f")


def files(folder, drawn):
    """Write the drawn account as files, sizes and amounts in lots of 10^-4, and read it back."""
    names = ["AAA", "BBB", "CCC", "DDD"]
    parameters = json.loads((EXAMPLES / "parameters-small.json").read_text())
    market = json.loads((EXAMPLES / "market.json").read_text())
    parameters["instruments"] = [
        {
            "name": names[i],
            "size_step": "0.0001",
            "price_tick": "0.1",
            "tiers": [
                {"from_notional": "0", "initial_rate": text(x["rate"]), "maintenance_rate": text(x["rate"])},
                {
                    "from_notional": text(x["boundary"]),
                    "initial_rate": text(x["rate"] + x["more"]),
                    "maintenance_rate": text(x["rate"]),
                },
            ],
        }
        for i, x in enumerate(drawn["listings"])
    ]
    parameters["assets"] = [
        {
            "name": names[i],
            "size_step": "0.0001",
            "price_tick": "0.1",
            "initial_factor": text(min(a["initial"], a["more"])),
            "maintenance_factor": text(max(a["initial"], a["more"])),
        }
        for i, a in enumerate(drawn["assets"])
    ]
    market["instruments"] = [
        {"name": names[i], "mark": text(x["mark"]), "funding_index": text(x["funding"])}
        for i, x in enumerate(drawn["listings"])
    ]
    market["assets"] = [
        {"name": names[i], "price": text(a["price"]), "borrow_index": text(a["index"])}
        for i, a in enumerate(drawn["assets"])
    ]
    portfolio = {
        "schema": "zkmargin/portfolio/1",
        "account": "drawn",
        "as_of": "2026-11-20T16:00:00Z",
        "cash": text(drawn["cash"]),
        "collateral": [
            {"asset": names[i], "amount": text(Decimal(a["amount"]).scaleb(-4))} for i, a in enumerate(drawn["assets"])
        ],
        "debt": [
            {"asset": names[i], "amount": text(Decimal(a["debt"]).scaleb(-4))} for i, a in enumerate(drawn["assets"])
        ],
        "positions": [
            {
                "instrument": names[i],
                "size": text(Decimal(x["size"]).scaleb(-4)),
                "entry_price": text(x["entry"]),
                "unsettled_funding": text(x["unsettled"]),
            }
            for i, x in enumerate(drawn["listings"])
        ],
    }
    for name, data in (("parameters", parameters), ("market", market), ("portfolio", portfolio)):
        (folder / f"{name}.json").write_text(json.dumps(data))
    loaded = load_parameters(folder / "parameters.json")
    tables = make_tables(loaded, load_market(folder / "market.json"))
    held = load_portfolio(folder / "portfolio.json")
    return loaded, tables, held, to_holdings(held, loaded, tables)
