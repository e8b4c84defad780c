"""Market files from the venues' own public responses: a price of everything that a parameter file lists.

Hyperliquid's `metaAndAssetCtxs`, dYdX's `/v4/perpetualMarkets`, Aave's `reservesData` (UiPoolDataProvider), Derive's
`public/get_ticker` (a file each), Deribit's `public/get_book_summary_by_currency`, Binance's `/fapi/v1/premiumIndex`.
Shapes, read 2026-11-22: the venues' documentation named in the modules of their accounts, and
https://docs.deribit.com/api-reference/market-data/public-get_book_summary_by_currency.md.

What a rule needs and no such response has (surfaces of volatility, scenarios, regimes) is refused by name. Imported
portfolios have settled their funding in cash and entry price, so that funding indices begin at zero here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel

from ...kernel.arguments import TEXT, TIME, WHOLE, a, check, many, maybe, one_of, takes
from ...kernel.errors import FileError
from ..files.models import Market, Parameters, in_file, unix_seconds
from ..files.reading import validated
from ..files.rule_files import family_files
from ..margin.terms import exact
from .naming import NAMING, Naming, Ticker
from .response import Response

__all__ = ["MARKETS", "import_market"]

_RAY = 10**27
_HAS = ("name", "mark", "price", "funding_index", "borrow_index", "open_interest")
_FUNDING = "counted from this snapshot on: imported portfolios have settled it"


@dataclass(frozen=True, repr=False)
class _Quote:
    """What a venue says of one instrument or asset: keys of its row in a market file."""

    name: Ticker
    values: Mapping[str, Fraction]


@dataclass(repr=False)
class _Quotes:
    """Everything that responses say, by any name it may be asked for; what two of them say differently is refused."""

    naming: Naming
    quote: str
    rows: dict[str, dict[str, _Quote]] = field(default_factory=lambda: {"instruments": {}, "assets": {}})

    def add(self, kind: str, name: Ticker, **values: Fraction) -> None:
        """Keep a row. Raises FileError when another of its name says something else."""
        made = _Quote(name, values)
        renamed = next((self.naming.renamed[old] for old in name.old_names() if old in self.naming.renamed), None)
        for known in (str(name), name.printed) if renamed is None else (renamed,):
            before = self.rows[kind].setdefault(known, made)
            if before.values != made.values:
                raise name.source.error(
                    "has another price elsewhere in the responses", "duplicate", f"--rename '{name.best()}=NEW'"
                )

    def row(self, kind: str, name: str, wanted: type[BaseModel], file: str) -> dict[str, str]:
        """Return a market file's row. Raises FileError when nothing says its price, or a key that the rule needs."""
        found = self.rows[kind].get(name)
        if found is None and kind == "assets" and name == self.quote:
            found = _Quote(Ticker(name), {"price": Fraction(1)})
        if found is None:
            raise FileError(
                f"no response has a price of {name}",
                code=f"unknown-{kind[:-1]}",
                file=file,
                hint=f"--rename OLD={name}, where the venue calls it otherwise",
            )
        values = {"funding_index": Fraction(0), "borrow_index": Fraction(1), **found.values}
        return {
            "name": name,
            **{key: _text(values, key, kind, wanted, file) for key in wanted.model_fields if key != "name"},
        }


@takes(
    venue=TEXT,
    responses=many("a list of Responses", Response),
    parameters=a("Parameters", Parameters),
    as_of=TIME,
    number=maybe(WHOLE),
    naming=NAMING,
)
def import_market(
    venue: str,
    responses: Iterable[Response],
    parameters: Parameters,
    *,
    as_of: datetime,
    number: int | None = None,
    naming: Naming | None = None,
) -> tuple[Market, bytes]:
    """Return the market with a price of everything that the parameters list, and the bytes of its file.

    Its round is the unix time of `as_of` unless `number` says another.

    Raises FileError when a price is missing, or the rule needs what the venue's response does not have.
    """
    check("venue", venue, one_of(*MARKETS))
    naming = naming or Naming()
    method, read = MARKETS[venue]
    quotes, files = _Quotes(naming, parameters.quote.asset), []
    for response in responses:
        files.append(response.file)
        read(response, quotes)
    file = files[0] if files else ""
    model: type[Market] = family_files(parameters.rule).market
    listed = {
        "instruments": [i.name for i in parameters.listed.values()],
        "assets": [a.name for a in parameters.assets],
    }
    document: dict[str, Any] = {
        "schema": "zkmargin/market/1",
        "venue": parameters.venue,
        "round": unix_seconds(as_of) if number is None else number,
        "as_of": as_of.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "quote": parameters.quote.asset,
        "sources": {"*": f"{method} of {venue}", "instruments.*.funding_index": _FUNDING},
    }
    wanted = _wanted(model, parameters.rule, method, file)
    for key, row in wanted.items():
        if listed[key] or model.model_fields[key].is_required():
            document[key] = [quotes.row(key, name, row, file) for name in listed[key]]
    if not document.get("instruments"):
        del document["sources"]["instruments.*.funding_index"]
    market = validated(model, lambda: model.model_validate(document), Path(file))
    with in_file(file):
        market.check()
    return market, (json.dumps(document, indent=1) + "\n").encode()


def _wanted(model: type[Market], rule: str, method: str, file: str) -> dict[str, type[BaseModel]]:
    """Return the rows that a rule's market has. Raises FileError when it needs more than prices."""
    rows: dict[str, type[BaseModel]] = {}
    needs = [key for key in model.model_fields if key not in Market.model_fields]
    for kind in ("instruments", "assets"):
        rows[kind] = get_args(model.model_fields[kind].annotation)[0]
        needs += [f"{key} of {kind}" for key in rows[kind].model_fields if key not in _HAS]
    if needs:
        says = f"the rule {rule} needs {', '.join(needs)}, which {method} does not have"
        raise FileError(says, code="missing-key", file=file)
    return rows


def _text(values: Mapping[str, Fraction], key: str, kind: str, wanted: type[BaseModel], file: str) -> str:
    if key not in values:
        raise FileError(
            f"the rule needs {key} of {kind}, which the response does not have", code="missing-key", file=file
        )
    if key in ("mark", "price") and values[key] <= 0:
        raise FileError(f"a {key} is not above zero", code="wrong-value", file=file)
    return format(exact(values[key]), "f")


def _hyperliquid(response: Response, quotes: _Quotes) -> None:
    parts = list(response.items())
    if len(parts) != 2:
        raise response.error("must be the two parts of metaAndAssetCtxs", "wrong-type")
    coins, contexts = list(parts[0]["universe"].items()), list(parts[1].items())
    if len(coins) != len(contexts):
        raise parts[1].error("has not one entry for each coin of the universe", "mismatch")
    for coin, context in zip(coins, contexts, strict=True):
        if "markPx" not in context:
            continue  # a coin that is not traded
        quotes.add("instruments", quotes.naming.instrument(coin["name"]), mark=context["markPx"].exactly())
        if "oraclePx" in context:
            quotes.add("assets", quotes.naming.asset(coin["name"]), price=context["oraclePx"].exactly())


def _dydx(response: Response, quotes: _Quotes) -> None:
    for market in response["markets"].items():
        if "oraclePrice" not in market:
            continue  # listed, and not yet priced
        name = quotes.naming.base(market["ticker"], "USD")
        quotes.add(
            "instruments", name, mark=market["oraclePrice"].exactly(), open_interest=market["openInterest"].exactly()
        )


def _aave(response: Response, quotes: _Quotes) -> None:
    places = response["baseCurrencyData"]["marketReferenceCurrencyDecimals"].whole()
    if places > 30:
        raise response["baseCurrencyData"]["marketReferenceCurrencyDecimals"].error("must be at most 30")
    for reserve in response["reservesData"].items():
        index = reserve["variableBorrowIndex"]
        if index.whole() < _RAY:
            raise index.error("must be an index in units of 10^-27, from one upwards")
        price = Fraction(reserve["priceInMarketReferenceCurrency"].whole(), 10**places)
        name = quotes.naming.asset(reserve["symbol"], reserve["underlyingAsset"].text().lower())
        quotes.add("assets", name, price=price, borrow_index=Fraction(index.whole(), _RAY))


def _derive(response: Response, quotes: _Quotes) -> None:
    ticker = response.inside("result")
    name = ticker["instrument_name"]
    quotes.add("instruments", quotes.naming.asset(name), mark=ticker["mark_price"].exactly())
    base, _, kind = name.text().partition("-")
    if kind == "PERP":
        asset = Response(base, name.path, name.file)
        quotes.add("assets", quotes.naming.asset(asset), price=ticker["index_price"].exactly())


def _deribit(response: Response, quotes: _Quotes) -> None:
    for row in response.inside("result").items():
        name = row["instrument_name"]
        pair, _, rest = name.text().partition("-")
        base, linear, settled = pair.partition("_")
        if linear and settled != quotes.quote:
            continue
        if "mark_price" not in row:
            continue  # not traded yet
        mark = row["mark_price"].exactly()
        index = row["estimated_delivery_price"].exactly() if "estimated_delivery_price" in row else None
        if not linear and rest.rpartition("-")[2] in ("C", "P"):  # an option priced in its coin
            mark *= row["estimated_delivery_price"].exactly()
        quotes.add("instruments", quotes.naming.asset(name), mark=mark)
        if linear and rest == "PERPETUAL" and index is not None:
            quotes.add("assets", quotes.naming.asset(Response(base, name.path, name.file)), price=index)


def _binance(response: Response, quotes: _Quotes) -> None:
    rows: Iterator[Response] = iter((response,)) if "symbol" in response else response.items()
    for row in rows:
        symbol = row["symbol"]
        pair, dated, _ = symbol.text().partition("_")
        if not pair.endswith(quotes.quote) or pair == quotes.quote:
            continue
        quotes.add("instruments", quotes.naming.contract(symbol, quotes.quote), mark=row["markPrice"].exactly())
        if not dated and "indexPrice" in row:
            asset = Response(pair.removesuffix(quotes.quote), symbol.path, symbol.file)
            quotes.add("assets", quotes.naming.asset(asset), price=row["indexPrice"].exactly())


MARKETS: Mapping[str, tuple[str, Callable[[Response, _Quotes], None]]] = {
    "hyperliquid": ("metaAndAssetCtxs", _hyperliquid),
    "dydx": ("/v4/perpetualMarkets", _dydx),
    "aave": ("reservesData and baseCurrencyData", _aave),
    "derive": ("public/get_ticker", _derive),
    "deribit": ("public/get_book_summary_by_currency", _deribit),
    "binance": ("/fapi/v1/premiumIndex", _binance),
}
