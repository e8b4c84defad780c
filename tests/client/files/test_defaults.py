"""A default that is not what its reader thinks proves the wrong book, or checks against somebody else's prices."""

import os
from pathlib import Path

import pytest

from zkmargin.client.commands import app as cli
from zkmargin.client.commands import process as command
from zkmargin.client.commands import prove as proving
from zkmargin.client.files.defaults import default_path
from zkmargin.kernel.errors import FileError

THREE = 'market = "market.json"\nparameters = "parameters.json"\ncircuit = "../circuit"\n'


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Return a home with a folder below it, which is the current one."""
    for name in ("MARKET", "PARAMETERS", "CIRCUIT"):
        monkeypatch.delenv(f"ZKMARGIN_{name}", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    below = tmp_path / "home" / "desk" / "today"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    return tmp_path / "home"


def test_the_nearest_file_says_paths_relative_to_itself(home):
    assert default_path("market") is None
    (home / "zkmargin.toml").write_text('market = "far.json"\nparameters = "far.json"')
    assert default_path("market").path == home / "far.json"
    (home / "desk/zkmargin.toml").write_text('market = "near.json"')
    assert default_path("market").path == home / "desk/near.json"
    assert default_path("parameters") is None  # files are not mixed
    (home / "desk/today/zkmargin.toml").write_text(THREE)
    assert default_path("market").path == Path("market.json")
    assert default_path("circuit").path == Path("../circuit")


def test_nothing_above_home_counts(home):
    (home.parent / "zkmargin.toml").write_text(THREE)
    assert default_path("market") is None


def test_the_environment_comes_before_the_file(home, monkeypatch):
    (home / "desk/today/zkmargin.toml").write_text(THREE)
    monkeypatch.setenv("ZKMARGIN_MARKET", "other.json")
    found = default_path("market")
    assert (found.path, found.source) == (Path("other.json"), "ZKMARGIN_MARKET")
    monkeypatch.setenv("ZKMARGIN_MARKET", "")
    assert default_path("market").path == Path("market.json")


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ('market = "m"\nparamters = "p"\n', "unknown-key", 2),
        ('\n[files]\nmarket = "m"\n', "unknown-key", 2),
        ('market = "m"\nmargin = "initial"\n', "unknown-key", 2),
        ('market = "m"\nmarket = "n"\n', "bad-toml", 2),
        ('market = "m"\ncircuit =\n', "bad-toml", 2),
        ("circuit = 3\n", "wrong-type", 1),
        ('circuit = ""\n', "wrong-type", 1),
        ('circuit = ["a"]\n', "wrong-type", 1),
        ('market = "m', "bad-toml", 1),
    ],
)
def test_what_the_file_should_not_say_is_an_error_with_its_line(home, text, code, line):
    (home / "desk/today/zkmargin.toml").write_text(text)
    with pytest.raises(FileError) as caught:
        default_path("parameters")
    assert (caught.value.code, caught.value.line, caught.value.file) == (code, line, "zkmargin.toml")
    if "paramters" in text:
        assert caught.value.hint == "did you mean parameters?"


def test_a_file_that_others_may_write_decides_nothing(home):
    file = home / "desk/today/zkmargin.toml"
    file.write_text(THREE)
    for mode in (0o666, 0o664, 0o646):
        file.chmod(mode)
        with pytest.raises(FileError, match="somebody else's"):
            default_path("market")
    file.chmod(0o644)
    assert default_path("market")


def test_a_pipe_is_no_file_of_defaults(home):
    os.mkfifo(home / "desk/today/zkmargin.toml", 0o600)
    with pytest.raises(FileError):
        default_path("market")


def test_commands_take_defaults_and_say_whose(zkmargin, folder, small, monkeypatch, *, home):
    monkeypatch.chdir(folder)
    circuit = small[5]
    (folder / "zkmargin.toml").write_text(
        f'market = "market.json"\nparameters = "parameters-small.json"\ncircuit = "{circuit}"\n'
    )
    checked = zkmargin("check", "portfolio-small.json")
    assert checked.code == 0
    assert "--market market.json (from zkmargin.toml)" in checked.err
    assert zkmargin("explain", "portfolio-small.json", "--json").code == 0
    assert zkmargin("tables", "market.json", "--json").code == 0
    assert zkmargin("prove", "portfolio-small.json", "--context", "1", "--out", "proof").code == 0
    verified = zkmargin("verify", "proof", "--allow-development")
    assert verified.code == 0
    assert "of market.json, which zkmargin.toml names" in verified.out  # they may have come with the proof
    mine = zkmargin("verify", "proof", "--allow-development", "-m", "market.json").out
    assert "yours, round" in mine
    assert "of parameters-small.json, which zkmargin.toml names" in mine
    (folder / "zkmargin.toml").write_text("x = 1\n")
    refused = zkmargin("check", "portfolio-small.json", "--json")
    assert refused.json["error"]["code"] == "unknown-key"
    assert zkmargin("check", "-h").code == 0
    assert zkmargin("check", "portfolio-small.json", *small[:4]).code == 0  # nothing asked the file


def test_an_import_rounds_only_when_it_is_asked_to(zkmargin, folder, monkeypatch, *, home):
    """A default there would change amounts that nobody asked to be changed."""
    monkeypatch.chdir(folder)
    rows = (folder / "portfolio.csv").read_text() + "debt,USDT,0.123456789012,\n"
    (folder / "fine.csv").write_text("\n".join(row for row in rows.splitlines() if "debt" not in row or "9012" in row))
    monkeypatch.setenv("ZKMARGIN_PARAMETERS", str(folder / "parameters.json"))
    assert zkmargin("import", "csv", "fine.csv", "-o", "out.json").err == ""
    assert '"0.123456789012"' in (folder / "out.json").read_text()


@pytest.mark.parametrize("given", [[], ["-m", "m.json"], ["-m", "m", "-p", "p", "-c", "c"]])
@pytest.mark.parametrize("toml", [None, THREE, 'market = "x"', "bad"])
@pytest.mark.parametrize("variable", [None, "env.json"])
def test_a_quick_prove_has_the_same_defaults(home, monkeypatch, capfd, given, toml, *, variable):
    if toml is not None:
        (home / "desk/zkmargin.toml").write_text(toml)
    if variable is not None:
        monkeypatch.setenv("ZKMARGIN_CIRCUIT", variable)
    asked = []
    monkeypatch.setattr(proving, "prove_to_files", lambda request: asked.append(request) or 0)
    line = ["prove", "p.json", *given, "--context", "1", "--out", "o"]
    quick = command.plain_prove(line)
    said = capfd.readouterr().err
    code = cli.run(line)
    slow = capfd.readouterr().err
    if quick is None:
        assert code == 2
        assert said == ""
    else:
        assert (code, asked) == (0, [quick])
        assert said == slow
