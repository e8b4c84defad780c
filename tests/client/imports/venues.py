"""Responses of the six venues, each with what it stands beside, and small ones made by hand."""

import copy
import json
from pathlib import Path

import pytest

from zkmargin.client.imports import (
    Response,
    import_aave,
    import_binance,
    import_deribit,
    import_derive,
    import_dydx,
    import_hyperliquid,
)
from zkmargin.kernel.errors import FileError

FIXTURES = Path(__file__).parent / "fixtures"


def plain(name):
    """Return a fixture as it stands, bare numbers as their text."""
    return json.loads((FIXTURES / name).read_text(), parse_float=str)


def response(value):
    return Response(value, "", "state.json")


def hyperliquid(state, spot=None, **options):
    return import_hyperliquid(response(state), account="a", spot=None if spot is None else response(spot), **options)


def dydx(state, **options):
    return import_dydx(response(state), **options)


def aave(state, **options):
    return import_aave(response(state), account="a", **options)


def derive(state, **options):
    return import_derive(response(state), **options)


def deribit(positions, *summaries, **options):
    return import_deribit(response(positions), [*map(response, summaries)], account="a", **options)


def binance(state, options=None, **more):
    pair = None if options is None else tuple(map(response, options))
    return import_binance(response(state), account="a", options=pair, **more)


def changed(value, *path, to):
    """Return a copy of a document with the value at a path replaced, or taken away when `to` is None."""
    made = copy.deepcopy(value)
    inner = made
    for step in path[:-1]:
        inner = inner[step]
    if to is None:
        del inner[path[-1]]
    else:
        inner[path[-1]] = to
    return made


def sizes(made):
    return {row.name: row.size for row in made.portfolio.positions}


def rows(amounts):
    return {row.name: row.amount for row in amounts}


def refused(code, make, *documents, says=None, **options):
    with pytest.raises(FileError, match=says) as caught:
        make(*documents, **options)
    assert caught.value.code == code
    assert "\n" not in caught.value.message
    assert caught.value.hint or code in ("wrong-value", "missing-key", "missing-asset")
    return caught.value
