"""What the Python API promises its users: the same answers as the command, and no secret in anything it shows."""

import json
import pickle
from dataclasses import asdict
from decimal import Decimal
from importlib import metadata
from typing import get_args

import pytest

import zkmargin.client
from zkmargin.circuits.model import LEVELS
from zkmargin.circuits.statements.commitment import commit
from zkmargin.client import MarginReport, Portfolio, Session
from zkmargin.client.secrets.openings import OwnerKey, load_opening, load_owner, save_opening, save_owner
from zkmargin.client.session import Where
from zkmargin.kernel.babyjubjub import BASE8, multiply
from zkmargin.kernel.errors import FileError, InputError, Insufficient, ZkmarginError
from zkmargin.kernel.field import R


class Frame:
    """What a polars frame answers to."""

    def __init__(self, rows):
        self.columns = ["kind", "name", "amount", "entry_price"]
        self.rows = rows

    def to_dicts(self):
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


ROWS = [
    ["cash", "USDC", "100000", None],
    ["collateral", "BTC", "2", None],
    ["position", "ETH-PERP", "-10.5", "2700"],
]


@pytest.fixture
def session(folder, circuits):
    return Session.load(parameters=folder / "parameters-small.json", circuit=circuits / "sufficiency")


def test_the_public_names_are_these():
    assert sorted(zkmargin.client.__all__) == [
        "Frame", "Leg", "Level", "MarginProof", "MarginReport", "Market", "Parameters", "Portfolio", "PortfolioSource",
        "Secrets", "Session", "Tables", "Where", "load_market", "load_parameters", "load_portfolio", "make_tables",
    ]  # fmt: skip
    for name in set(zkmargin.client.__all__) - {"Level", "PortfolioSource"}:  # types of arguments, without a name
        assert getattr(zkmargin.client, name).__name__ == name
    assert get_args(zkmargin.client.Level) == LEVELS
    assert zkmargin.client.Portfolio in get_args(zkmargin.client.PortfolioSource)
    assert zkmargin.client.__version__ == metadata.version("zkmargin")
    with pytest.raises(AttributeError):
        zkmargin.client.Sesion  # noqa: B018


def test_a_session_explains_what_it_checks(session, folder):
    portfolio, market = str(folder / "portfolio-small.json"), str(folder / "market.json")
    explained = session.explain(portfolio, market, what_if=["ETH-PERP +1"])
    assert explained.report.surplus_units == session.check(portfolio, market).surplus_units
    assert len(explained.what_if) == 1


def test_the_readmes_five_lines(session, folder):
    portfolio, market = str(folder / "portfolio-small.json"), str(folder / "market.json")
    report = session.check(portfolio, market)
    assert isinstance(report, MarginReport)
    assert report.ok
    proof = session.prove(portfolio, market, context=7)
    assert session.verify(proof, market, allow_development=True) is True
    assert session.verify(proof, allow_development=True) is True
    assert proof.public[:3] == (proof.public[0], 0, 7)
    opening = load_opening(folder / "portfolio-small.opening.json")
    assert proof.opening_file == folder / "portfolio-small.opening.json"
    assert commit(session.prover.manifest.schema, opening) == proof.public[0]
    assert load_owner(folder / "portfolio-small.owner.json").point == opening.owner_key


def test_another_market_is_not_this_proofs(session, folder, edit):
    proof = session.prove(folder / "portfolio-small.json", folder / "market.json", context=7)
    assert session.verify(proof, folder / "market.json", allow_development=True) is True
    moved = edit("market.json", lambda d: d["instruments"][0].update(mark="84255.1"))
    assert session.verify(proof, moved, allow_development=True) is False


def test_a_frame_is_proved_and_nothing_is_written(session, folder, contents):
    before = contents(folder)
    proof, secrets = session.prove_with_secrets(Frame(ROWS), folder / "market.json", context=1)
    assert session.verify(proof, folder / "market.json", allow_development=True)
    assert proof.opening_file is None
    assert contents(folder) == before
    _, again = session.prove_with_secrets(Frame(ROWS), folder / "market.json", context=1)
    assert again.opening.owner_key == secrets.opening.owner_key == session.owner.point
    assert again.opening.salt != secrets.opening.salt
    renewed = session.prove(secrets.opening, folder / "market.json", context=2)
    assert renewed.public[0] == proof.public[0]


def test_a_frames_opening_goes_where_it_is_told(session, folder):
    where = Where(folder / "owner.json", folder / "opening.json")
    proof = session.prove(Frame(ROWS), folder / "market.json", context=1, where=where)
    assert commit(session.prover.manifest.schema, load_opening(folder / "opening.json")) == proof.public[0]


@pytest.mark.parametrize("portfolio", [Frame(ROWS), Portfolio(cash=Decimal(100_000))], ids=["frame", "object"])
def test_an_opening_without_a_place_is_refused_before_anything_is_proved(session, folder, contents, portfolio):
    """Whoever throws the opening away has lost the account: nobody can prove anything about it again."""
    before = contents(folder)
    with pytest.raises(InputError) as caught:
        session.prove(portfolio, folder / "market.json", context=1)
    assert caught.value.code == "no-place"
    assert "prove_with_secrets" in caught.value.hint
    assert (contents(folder), session.owner) == (before, None)


def test_insufficient_margin_is_an_exception_with_the_surplus(session, folder, contents):
    poor = [["cash", "USDC", "-900000", None], *ROWS[1:]]
    before = contents(folder)
    with pytest.raises(Insufficient) as caught:
        session.prove_with_secrets(Frame(poor), folder / "market.json", context=1)
    report = session.check(Frame(poor), folder / "market.json")
    assert caught.value.surplus_units == report.surplus_units < 0
    assert contents(folder) == before


@pytest.mark.parametrize("source", [None, 3, [], {}, object()])
def test_what_is_no_portfolio_is_said_to_be_none(session, folder, source):
    with pytest.raises(InputError):
        session.check(source, folder / "market.json")


def test_a_session_without_a_circuit_still_checks(folder):
    session = Session.load(folder / "parameters-small.json")
    assert session.check(folder / "portfolio-small.json", folder / "market.json").ok
    with pytest.raises(InputError, match="no circuit"):
        session.prove(folder / "portfolio-small.json", folder / "market.json", context=1)


def test_nothing_a_session_shows_is_secret(session, folder):
    proof, secrets = session.prove_with_secrets(Frame(ROWS), folder / "market.json", context=1)
    shown = f"{proof!r} {session!r} {secrets!r} {secrets.opening!r} {session.owner!r}"
    for secret in (secrets.opening.salt, session.owner.secret, *secrets.opening.holdings.sizes[1:2]):
        assert str(secret) not in shown


def test_a_proof_carries_no_secret_wherever_it_is_sent(session, folder):
    """Pickled to another process, kept in a cache, dumped by a debugger: an institution hands proofs around."""
    proof, secrets = session.prove_with_secrets(Frame(ROWS), folder / "market.json", context=1)
    sent = pickle.dumps(proof) + repr(asdict(proof)).encode()
    opening = secrets.opening
    hidden = [opening.salt, session.owner.secret, *opening.owner_key, *(v for v in opening.holdings.values if v > 999)]
    assert len(hidden) > 5
    for value in hidden:
        assert str(value).encode() not in sent
        assert value.to_bytes(32, "little").rstrip(b"\0") not in sent
    assert secrets.witness[32 * 40 : 32 * 41] not in sent
    assert pickle.loads(pickle.dumps(proof)) == proof  # noqa: S301


def opening_file(path, **changes):
    data = {
        "schema": "zkmargin/opening/1",
        "holdings": {"cash": "-5", "sizes": ["1", "0"], "collateral": ["2"], "debts": ["3"]},
        "owner_key": [str(c) for c in BASE8],
        "salt": "17",
    }
    data.update(changes)
    path.write_text(json.dumps(data))
    return path


@pytest.mark.parametrize(
    "changes",
    [
        {"salt": "-1"},
        {"salt": str(1 << 248)},
        {"salt": "007"},
        {"salt": 17},
        {"owner_key": ["1", "2"]},
        {"owner_key": ["0", "1"]},
        {"owner_key": [str(BASE8[0] + R), str(BASE8[1])]},
        {"owner_key": ["0", str(R - 1)]},
        {"owner_key": [str(BASE8[0])]},
        {"holdings": {"cash": "0.5", "sizes": [], "collateral": [], "debts": []}},
        {"holdings": {"cash": "-0", "sizes": [], "collateral": [], "debts": []}},
        {"holdings": {"cash": "0", "sizes": [], "collateral": []}},
    ],
    ids=str,
)
def test_an_opening_nobody_made_is_refused(tmp_path, changes):
    with pytest.raises(FileError):
        load_opening(opening_file(tmp_path / "opening.json", **changes))


def test_an_opening_survives_its_file(tmp_path):
    opening = load_opening(opening_file(tmp_path / "a.json"))
    save_opening(tmp_path / "b.json", opening)
    assert load_opening(tmp_path / "b.json") == opening
    assert (tmp_path / "b.json").stat().st_mode & 0o777 == 0o600


def test_an_older_opening_is_kept_even_without_links(tmp_path, monkeypatch):
    def no_links(*_args, **_kwargs):
        raise OSError("links are not for this file system")

    monkeypatch.setattr("os.link", no_links)
    first = load_opening(opening_file(tmp_path / "a.json"))
    second = load_opening(opening_file(tmp_path / "b.json", salt="18"))
    for opening in (first, second, first):
        save_opening(tmp_path / "o.json", opening)
    kept = [load_opening(tmp_path / f"o{number}.json") for number in (".1", ".2", "")]
    assert kept == [first, second, first]
    assert (tmp_path / "o.1.json").stat().st_mode & 0o777 == 0o600


def test_an_owner_key_is_never_replaced(tmp_path):
    owner = OwnerKey.draw()
    save_owner(tmp_path / "owner.json", owner)
    assert load_owner(tmp_path / "owner.json") == owner
    with pytest.raises(FileError):
        save_owner(tmp_path / "owner.json", OwnerKey.draw())
    assert load_owner(tmp_path / "owner.json") == owner


def test_an_owner_may_keep_the_secret_elsewhere(folder, circuits):
    public = OwnerKey(OwnerKey.draw().point)
    save_owner(folder / "public.json", public)
    assert "secret" not in (folder / "public.json").read_text()
    session = Session.load(folder / "parameters-small.json", circuits / "sufficiency", owner=folder / "public.json")
    _, secrets = session.prove_with_secrets(folder / "portfolio-small.json", folder / "market.json", context=1)
    assert secrets.opening.owner_key == public.point
    assert not (folder / "portfolio-small.owner.json").exists()


def test_an_opening_of_another_shape_is_refused(session, folder):
    with pytest.raises(ZkmarginError) as caught:
        session.prove(load_opening(opening_file(folder / "o.json")), folder / "market.json", context=1)
    assert caught.value.code == "shape"


@pytest.mark.parametrize("secret", ["0", "3", str(1 << 251)])
def test_an_owner_key_of_another_secret_is_refused(tmp_path, secret):
    path = tmp_path / "owner.json"
    key = [str(c) for c in multiply(BASE8, 2)]
    path.write_text(json.dumps({"schema": "zkmargin/owner/1", "owner_key": key, "secret": secret}))
    with pytest.raises(FileError) as caught:
        load_owner(path)
    assert caught.value.code == "bad-owner-key"
    path.write_text(json.dumps({"schema": "zkmargin/owner/1", "owner_key": key, "secret": "2"}))
    assert load_owner(path).secret == 2
