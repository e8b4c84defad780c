"""An account whose opening is not on disk before its proof is known is lost; a wrong one must not stop the others."""

import csv
from decimal import Decimal

import pandas
import polars
import pytest

from zkmargin.circuits.statements.commitment import commit
from zkmargin.client import MarginProof, Session
from zkmargin.client.files.portfolio import load_portfolio
from zkmargin.client.secrets.openings import load_opening, load_owner
from zkmargin.kernel.errors import FileError, InputError, Insufficient, ZkmarginError
from zkmargin.prover.prove import Prover

ROWS = [
    ["good", "cash", "USDC", "100000", ""],
    ["good", "position", "ETH-PERP", "-10.5", "2700"],
    ["poor", "cash", "USDC", "1", ""],
    ["poor", "position", "ETH-PERP", "-10.5", "2700"],
    ["unknown", "cash", "USDC", "5", ""],
    ["unknown", "position", "NO-PERP", "1", "1"],
    ["no/file", "cash", "USDC", "5", ""],
    ["half", "cash", "USDC", "", ""],
    ["also", "cash", "USDC", "7", ""],
]
COLUMNS = ["account", "kind", "name", "amount", "entry_price"]
WRONG = {"poor": "insufficient", "unknown": "unknown-instrument", "no/file": "bad-name", "half": "missing-value"}


@pytest.fixture
def session(folder, circuits):
    return Session.load(folder / "parameters-small.json", circuits / "sufficiency")


def table(path):
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([COLUMNS, *ROWS])
    return path


SOURCES = {
    "csv": lambda folder: table(folder / "book.csv"),
    "pandas": lambda folder: pandas.read_csv(table(folder / "book.csv"), dtype=str),
    "polars": lambda folder: polars.read_csv(table(folder / "book.csv"), infer_schema=False),
}


@pytest.mark.parametrize("kind", SOURCES)
def test_a_wrong_account_is_so_alone(session, folder, kind):
    made = session.prove_many(SOURCES[kind](folder), folder / "market.json", context=3, openings=folder / "kept")
    assert set(made) == {row[0] for row in ROWS}
    assert {name: error.code for name, error in made.items() if isinstance(error, ZkmarginError)} == WRONG
    assert isinstance(made["poor"], Insufficient)
    for name in ("good", "also"):
        proof = made[name]
        assert isinstance(proof, MarginProof)
        opening = load_opening(folder / "kept" / f"{name}.opening.json")
        assert proof.opening_file == folder / "kept" / f"{name}.opening.json"
        assert proof.public[0] == commit(session.prover.manifest.schema, opening)
        assert load_owner(folder / "kept" / f"{name}.owner.json").point == opening.owner_key
        assert session.verify(proof, folder / "market.json", context=3, allow_development=True, key_id=KEY(session))
    kept = {path.name.split(".")[0] for path in (folder / "kept").iterdir()}
    assert kept == {"good", "also"}, "an opening of what was not proved"
    assert (folder / "kept").stat().st_mode & 0o077 == 0


def KEY(session):
    return session.circuit_key.key_id


def test_every_opening_is_on_disk_before_its_proof_is_known(session, folder, monkeypatch):
    """P3: whoever kills the run after any proof finds the openings of all that were made."""
    kept, seen = folder / "kept", []
    proved = Prover.prove

    def watched(self, opening, *args, **kwargs):
        made = proved(self, opening, *args, **kwargs)
        seen.append(opening.salt)
        return made

    class Stop(Exception):
        """As Ctrl-C would."""

    prove = Session.prove

    def stopping(self, *args, **kwargs):
        proof = prove(self, *args, **kwargs)
        assert {load_opening(path).salt for path in kept.glob("*.opening.json")} == set(seen)
        if len(seen) == 2:
            raise Stop
        return proof

    monkeypatch.setattr(Prover, "prove", watched)
    monkeypatch.setattr(Session, "prove", stopping)
    portfolio = load_portfolio(folder / "portfolio-small.json")
    with pytest.raises(Stop):
        session.prove_many({name: portfolio for name in "abc"}, folder / "market.json", context=1, openings=kept)
    assert len(seen) == 2


def test_a_mapping_takes_whatever_a_portfolio_is(session, folder):
    sources = {
        "path": str(folder / "portfolio-small.json"),
        "object": load_portfolio(folder / "portfolio-small.json"),
        "frame": pandas.DataFrame([["cash", "USDC", Decimal(5), None]], columns=COLUMNS[1:]),
        "none": folder / "no-such.json",
        "number": 7,
        7: folder / "portfolio-small.json",
    }
    made = session.prove_many(sources, folder / "market.json", context=1, openings=folder / "kept")
    codes = {name: getattr(result, "code", None) for name, result in made.items()}
    assert codes == {"path": None, "object": None, "frame": None, "none": "no-such-file", "number": "wrong-type",
                     "7": "bad-name"}  # fmt: skip


def test_a_folder_keeps_openings_beside_its_portfolios(session, folder):
    book = folder / "book"
    book.mkdir()
    (book / "one.json").write_bytes((folder / "portfolio-small.json").read_bytes())
    made = session.prove_many(book, folder / "market.json", context=1)
    assert made["one"].opening_file == book / "one.opening.json"
    assert list(session.prove_many(book, folder / "market.json", context=1)) == ["one"]  # openings are no accounts
    assert (book / "one.opening.1.json").is_file(), "an opening was replaced"


@pytest.mark.parametrize("kind", ["pandas", "polars", "mapping", "empty"])
def test_without_a_place_for_openings_nothing_is_proved(session, folder, monkeypatch, kind):
    monkeypatch.setattr(Prover, "prove", None)
    sources = {"mapping": {"a": load_portfolio(folder / "portfolio-small.json")}, "empty": {}}
    source = sources[kind] if kind in sources else SOURCES[kind](folder)
    with pytest.raises(InputError) as caught:
        session.prove_many(source, folder / "market.json", context=1)
    assert caught.value.code == "no-place"


def test_a_single_portfolio_without_a_file_needs_a_place_whatever_it_is(session, folder, monkeypatch):
    monkeypatch.setattr(Prover, "prove", None)
    frame = pandas.DataFrame([["cash", "USDC", "5", None]], columns=COLUMNS[1:])
    for source in (frame, polars.DataFrame(frame.to_dict("records")), load_portfolio(folder / "portfolio-small.json")):
        with pytest.raises(InputError) as caught:
            session.prove(source, folder / "market.json", context=1)
        assert caught.value.code == "no-place"


def test_what_is_wrong_with_all_is_raised(session, folder):
    portfolio = {"a": load_portfolio(folder / "portfolio-small.json")}
    for change in ({"context": -1}, {"credit": -1}, {"margin": "both"}, {"market": folder / "none.json"}):
        ask = {"market": folder / "market.json", "context": 1, "openings": folder / "kept", **change}
        with pytest.raises(InputError):
            session.prove_many(portfolio, **ask)
    with pytest.raises(FileError):
        session.prove_many(folder / "none", folder / "market.json", context=1)
    assert not (folder / "kept").exists()


def test_a_folder_that_cannot_be_made_is_each_accounts_failure(session, folder):
    (folder / "file").write_text("")
    portfolio = {"a": load_portfolio(folder / "portfolio-small.json")}
    made = session.prove_many(portfolio, folder / "market.json", context=1, openings=folder / "file" / "kept")
    assert made["a"].code == "unwritable"
