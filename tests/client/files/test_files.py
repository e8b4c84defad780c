"""A file that is not exactly what it should be would prove another account than its owner meant."""

import json
from decimal import Decimal

import pytest

from zkmargin.client.files.frames import portfolio_from_frame
from zkmargin.client.files.loading import load_market, load_parameters
from zkmargin.client.files.portfolio import load_portfolio, to_holdings
from zkmargin.client.files.tables import make_tables
from zkmargin.kernel.errors import FileError, InputError

LOADERS = {"portfolio.json": load_portfolio, "market.json": load_market, "parameters.json": load_parameters}


def refused(load, path):
    with pytest.raises(InputError) as caught:
        load(path)
    error = caught.value
    assert "\n" not in error.message
    assert len(error.message) < 200
    assert isinstance(error, FileError)
    assert error.file == str(path)
    return error


@pytest.mark.parametrize("name", LOADERS)
@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "bad-json"),
        (b"{", "bad-json"),
        (b"\xef\xbb\xbf{}", "byte-order-mark"),
        (b'{"schema": "\xff"}', "not-utf8"),
        (b"[" * 100_000, "too-deep"),
        (b'{"a":' * 100_000, "too-deep"),
        (b'{"a":' + b"[" * 33, "too-deep"),
        (b'"' + b'\\"' * 2_000_000, "bad-json"),
        (b'"' + b"[" * 100_000 + b"\\", "bad-json"),
        (b'{"cash": NaN}', "not-finite"),
        (b'{"cash": -Infinity}', "not-finite"),
        (b'{"cash": ' + b"9" * 5000 + b"}", "bad-number"),
        (b'{"schema": 1, "schema": 2}', "duplicate-key"),
        (b"[]", "wrong-type"),
        (b"null", "wrong-type"),
        (b"3.5", "wrong-type"),
        (b" " * (8 * 1024 * 1024 + 1), "too-large"),
    ],
    ids=lambda value: value[:12] if isinstance(value, bytes) else value,
)
def test_hostile_bytes_are_one_sentence(folder, name, data, code):
    path = folder / name
    path.write_bytes(data)
    assert refused(LOADERS[name], path).code == code


@pytest.mark.parametrize("name", LOADERS)
def test_every_cut_of_a_file_is_refused(folder, name):
    path = folder / name
    whole = path.read_bytes().rstrip()
    for size in range(0, len(whole), max(1, len(whole) // 97)):
        path.write_bytes(whole[:size])
        refused(LOADERS[name], path)


@pytest.mark.parametrize("name", LOADERS)
def test_every_key_is_needed_and_none_may_be_added(edit, name):
    optional = {"box_classes", "unsettled_funding"}

    def walk(value, place=()):
        if isinstance(value, dict):
            yield place
            for key, inner in value.items():
                if key != "sources":
                    yield from walk(inner, (*place, key))
        elif isinstance(value, list) and value:
            yield from walk(value[0], (*place, 0))

    def at(data, place):
        for step in place:
            data = data[step]
        return data

    original = json.loads(edit(name, lambda data: None).read_text())
    for place in walk(original):
        for key in [k for k in at(original, place) if k not in optional]:
            path = edit(name, lambda data, p=place, k=key: at(data, p).pop(k))
            assert refused(LOADERS[name], path).code == "missing-key", (place, key)
            path.write_text(json.dumps(original))
        path = edit(name, lambda data, p=place: at(data, p).update(marigin="1"))
        assert refused(LOADERS[name], path).code == "unknown-key", place
        path.write_text(json.dumps(original))


@pytest.mark.parametrize(
    "value",
    ["NaN", "Infinity", "-inf", "1e30", "1e999", "1" + "0" * 30, "1" * 90, "", " 1", "1,5", "0x10", "１", "1_0"],
)
def test_no_lying_number_passes(edit, value):
    path = edit("portfolio.json", lambda data: data["positions"][0].update(size=value))
    error = refused(load_portfolio, path)
    assert error.code == "wrong-value"
    assert "positions.0.size" in error.message
    assert len(value) < 4 or value not in error.message


@pytest.mark.parametrize("value", [12.5, 12, True, None, ["12.5"], {"amount": "12.5"}])
def test_amounts_are_strings_never_floats(edit, value):
    path = edit("portfolio.json", lambda data: data.update(cash=value))
    assert refused(load_portfolio, path).code == "wrong-value"


def test_the_wrong_schema_is_named(edit):
    path = edit("market.json", lambda data: data.update(schema="zkmargin/market/2"))
    error = refused(load_market, path)
    assert error.code == "wrong-schema"
    assert error.hint == "expected zkmargin/market/1"


def test_a_misspelt_key_is_suggested(edit):
    path = edit("portfolio.json", lambda data: data.update(colateral=data["collateral"]))
    assert refused(load_portfolio, path).hint == "did you mean collateral?"


def test_a_rule_of_another_version_is_named_before_its_keys(edit):
    path = edit("parameters.json", lambda data: data.update(rule="cros-margin", scenarios=[]))
    error = refused(load_parameters, path)
    assert (error.code, error.hint) == ("unknown-rule", "did you mean cross-margin?")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda d: d["instruments"].append(d["instruments"][0]), "duplicate"),
        (lambda d: d["assets"].append(d["assets"][0]), "duplicate"),
        (lambda d: d["shape"].update(positions=15), "shape"),
        (lambda d: d["shape"].update(positions=257), "shape"),
        (lambda d: d["shape"].update(tiers=1), "shape"),
        (lambda d: d["shape"].update(collateral=3, debts=3), "shape"),
        (lambda d: d["shape"].update(tiers=0), "shape"),
        (lambda d: d["instruments"][0].update(tiers=[]), "order"),
        (lambda d: d["instruments"][0]["tiers"].reverse(), "order"),
        (lambda d: d["instruments"][0]["tiers"][0].update(from_notional="1"), "order"),
        (lambda d: d["instruments"][0]["tiers"][1].update(initial_rate="1/50"), "order"),
        (lambda d: d["instruments"][0]["tiers"][1].update(maintenance_rate="1/10"), "order"),
        (lambda d: d["instruments"][0]["tiers"][1].update(initial_rate="1.5"), "wrong-value"),
        (lambda d: d["instruments"][0]["tiers"][1].update(initial_rate="1/0"), "wrong-value"),
        (lambda d: d["instruments"][0].update(size_step="0"), "wrong-value"),
        (lambda d: d["assets"][0].update(initial_factor="0.9"), "order"),
        (lambda d: d["assets"][0].update(maintenance_factor="-0.1"), "wrong-value"),
        (lambda d: d.update(as_of="2026-11-20"), "wrong-value"),
        (lambda d: d.update(as_of="2026-02-30T00:00:00Z"), "wrong-value"),
        (lambda d: d.update(as_of="1969-12-31T00:00:00Z"), "wrong-value"),
    ],
)
def test_parameters_no_rule_can_mean_are_refused(edit, change, code):
    assert refused(load_parameters, edit("parameters.json", change)).code == code


def whole(folder, portfolio="portfolio.json"):
    parameters = load_parameters(folder / "parameters.json")
    tables = make_tables(parameters, load_market(folder / "market.json"), str(folder / "market.json"))
    return to_holdings(load_portfolio(folder / portfolio), parameters, tables)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda d: d.update(venue="dydx"), "mismatch"),
        (lambda d: d.update(quote="USDT"), "mismatch"),
        (lambda d: d["instruments"].pop(), "missing-instrument"),
        (lambda d: d["assets"].pop(), "missing-asset"),
        (lambda d: d["instruments"][0].update(mark="0"), "wrong-value"),
        (lambda d: d["instruments"][0].update(mark="-1"), "wrong-value"),
        (lambda d: d["instruments"][0].update(mark="0.0000000001"), "out-of-range"),
        (lambda d: d["instruments"][0].update(mark="268435.456"), "out-of-range"),
        (lambda d: d["instruments"][0].update(funding_index="600000000"), "out-of-range"),
        (lambda d: d["assets"][0].update(borrow_index="0.99"), "wrong-value"),
        (lambda d: d["assets"][0].update(borrow_index="1100"), "out-of-range"),
        (lambda d: d["instruments"].append(d["instruments"][0]), "duplicate"),
        (lambda d: d.update(round=-1), "wrong-value"),
        (lambda d: d.update(round="1"), "wrong-type"),
    ],
)
def test_a_market_that_is_not_the_parameters_is_refused(edit, folder, change, code):
    path = edit("market.json", change)
    assert refused(lambda _: whole(folder), path).code == code


def test_extra_listings_of_a_market_are_ignored(edit, folder):
    before = whole(folder)
    edit("market.json", lambda d: d["instruments"].insert(0, {**d["instruments"][0], "name": "NEW-PERP"}))
    assert whole(folder) == before


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda d: d["positions"].append(d["positions"][0]), "duplicate"),
        (lambda d: d["debt"].append(d["debt"][0]), "duplicate"),
        (lambda d: d["positions"][0].update(instrument="BTC-PERPS"), "unknown-instrument"),
        (lambda d: d["collateral"][0].update(asset="BTCC"), "unknown-asset"),
        (lambda d: d["positions"][0].update(size="0.000001"), "finer-than-step"),
        (lambda d: d["collateral"][0].update(amount="0.000001"), "finer-than-step"),
        (lambda d: d["debt"][0].update(amount="0.0000001"), "finer-than-step"),
        (lambda d: d["debt"][0].update(amount="-1"), "wrong-value"),
        (lambda d: d["positions"][0].update(size="700000"), "out-of-range"),
        (lambda d: d.update(cash="99999999999"), "out-of-range"),
        (lambda d: d["positions"][0].update(entry_price="1e20"), "out-of-range"),
    ],
)
def test_a_portfolio_that_no_account_can_hold_is_refused(edit, folder, change, code):
    path = edit("portfolio.json", change)
    assert refused(lambda _: whole(folder), path).code == code


@pytest.mark.parametrize(
    ("slots", "kind", "code"),
    [({"collateral": 2}, "collateral", "not-collateral"), ({"debts": 2}, "debt", "not-debt")],
)
def test_an_asset_without_its_slot_is_refused(edit, folder, slots, kind, code):
    edit("parameters.json", lambda d: d["shape"].update(slots))
    path = edit(
        "portfolio.json", lambda d: d.update({"collateral": [], "debt": [], kind: [{"asset": "ETH", "amount": "1"}]})
    )
    assert refused(lambda _: whole(folder), path).code == code


def test_an_unknown_instrument_has_line_and_suggestion(folder):
    path = folder / "portfolio.csv"
    path.write_text(path.read_text().replace("ETH-PERP", "ETH-PREP"))
    error = refused(lambda _: whole(folder, "portfolio.csv"), path)
    line = next(i for i, text in enumerate(path.read_text().splitlines(), 1) if "ETH-PREP" in text)
    assert (error.code, error.line, error.hint) == ("unknown-instrument", line, "did you mean ETH-PERP?")


@pytest.mark.parametrize(
    ("old", "new", "code", "line"),
    [
        ("entry_price", "entry", "missing-column", 1),
        ("kind,name,amount,entry_price", "kind,name,amount,entry_price,note", "unknown-column", 1),
        ("kind,name,amount,entry_price", "kind,name,amount,entry_price,kind", "duplicate-column", 1),
        ("cash,USDC", "cash,USDT", "mismatch", 2),
        ("cash,USDC", "csah,USDC", "wrong-value", 2),
        ("cash,USDC,400000.25,", "cash,USDC,,", "missing-value", 2),
        ("cash,USDC,400000.25,", "cash,USDC,400000.25,1", "wrong-value", 2),
        ("cash,USDC,400000.25,", "cash,USDC,400000.25", "bad-csv", 2),
        ("cash,USDC,400000.25,", "cash,USDC,nan,", "wrong-value", 2),
        ("cash,USDC,400000.25,", 'cash,USDC,"400000.25,', "bad-csv", None),
        ("cash,USDC,400000.25,\n", "", "missing-cash", None),
        ("collateral,BTC", "cash,USDC", "duplicate", 3),
        ("collateral,BTC,15.2", "collateral,BTC,-15.2", "wrong-value", 3),
        ("12.5,82110.4", "12.5,", "missing-value", 7),
    ],
)
def test_broken_csv_is_refused_with_its_line(folder, old, new, code, line):
    path = folder / "portfolio.csv"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    error = refused(lambda _: whole(folder, "portfolio.csv"), path)
    assert error.code == code
    assert line is None or error.line == line


def test_csv_and_json_are_the_same_account(folder):
    assert whole(folder, "portfolio.csv") == whole(folder, "portfolio.json")


class Polarsish:
    """What a polars frame answers to."""

    def __init__(self, rows, columns=("kind", "name", "amount", "entry_price")):
        self.columns = list(columns)
        self.rows = rows

    def to_dicts(self):
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


class Pandasish(Polarsish):
    """What a pandas frame answers to."""

    to_dicts = None

    def __getattribute__(self, name):
        if name == "to_dicts":
            raise AttributeError(name)
        return super().__getattribute__(name)

    def to_dict(self, orient):
        assert orient == "records"
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


@pytest.mark.parametrize("frame", [Polarsish, Pandasish])
def test_a_frame_is_the_same_account(folder, frame):
    parameters = load_parameters(folder / "parameters.json")
    tables = make_tables(parameters, load_market(folder / "market.json"))
    lines = (folder / "portfolio.csv").read_text().splitlines()[1:]
    missing = float("nan") if frame is Pandasish else None
    rows = [[cell or missing for cell in line.split(",")] for line in lines]
    rows[0][2] = Decimal(rows[0][2])
    rows[-1][2] = int(rows[-1][2])
    assert to_holdings(portfolio_from_frame(frame(rows)), parameters, tables) == whole(folder)


def test_a_frame_of_floats_is_refused():
    with pytest.raises(FileError, match="float") as caught:
        portfolio_from_frame(Polarsish([["cash", "USDC", 0.1, None]]))
    assert caught.value.code == "wrong-type"
    assert "dtype=str" in (caught.value.hint or "")


def test_a_frame_without_a_column_is_refused():
    with pytest.raises(FileError) as caught:
        portfolio_from_frame(Polarsish([], ("kind", "name", "amount")))
    assert caught.value.code == "missing-column"


def test_no_repr_shows_a_holding(folder):
    for name in ("portfolio.json", "portfolio.csv"):
        portfolio = load_portfolio(folder / name)
        shown = f"{portfolio!r} {portfolio} {portfolio.positions!r} {portfolio.collateral!r} {portfolio.quote!r}"
        for secret in ("12.5", "400000", "82110", "15.2"):
            assert secret not in shown


def test_missing_files_and_folders_are_one_sentence(folder):
    assert refused(load_portfolio, folder / "nothing.json").code == "no-such-file"
    assert refused(load_portfolio, folder).code == "unreadable"
