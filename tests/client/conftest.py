"""The example account, ways to break its files, and compiled circuits of the small shape."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import settings

from zkmargin.client.commands.app import run

EXAMPLES = Path(__file__).parents[2] / "examples" / "hyperliquid"
SEED = int(os.environ.get("ZKMARGIN_SEED", "20261122"))

settings.register_profile("zkmargin", deadline=None, database=None, print_blob=True)
settings.load_profile("zkmargin")


@pytest.fixture(scope="session")
def examples():
    return EXAMPLES


@pytest.fixture(scope="session")
def seed():
    return SEED


@pytest.fixture
def folder(tmp_path):
    """Return a folder with its own copy of the example's files."""
    for path in EXAMPLES.iterdir():
        if path.suffix in (".json", ".csv"):
            (tmp_path / path.name).write_bytes(path.read_bytes())
    return tmp_path


@pytest.fixture
def edit(folder):
    """Return a function that changes one of the folder's JSON files through its parsed form."""

    def change(name, change):
        path = folder / name
        data = json.loads(path.read_text())
        change(data)
        path.write_text(json.dumps(data))
        return path

    return change


@dataclass
class Answer:
    """What a command said."""

    code: int
    out: str
    err: str

    @property
    def json(self):
        """Return the one document on stdout."""
        assert self.out.count("\n") == 1, self.out
        return json.loads(self.out)


@pytest.fixture
def zkmargin(capfd):
    """Return the command, run in this process."""

    def command(*arguments):
        capfd.readouterr()
        code = run([str(a) for a in arguments])
        captured = capfd.readouterr()
        assert "Traceback" not in captured.err
        return Answer(code, captured.out, captured.err)

    return command


@pytest.fixture(scope="session")
def circuits(tmp_path_factory):
    """Return the folder of both small circuits, with development keys."""
    root = tmp_path_factory.mktemp("circuits")
    for statement in ("sufficiency", "shortfall"):
        small = str(EXAMPLES / "parameters-small.json")
        assert run(["compile", small, "--statement", statement, "-o", str(root / statement)]) == 0
        assert run(["setup", str(root / statement), "--development"]) == 0
    return root


@pytest.fixture
def small(folder, circuits):
    """Return the options that prove the small example's sufficiency."""
    return [
        "--market",
        folder / "market.json",
        "--parameters",
        folder / "parameters-small.json",
        "--circuit",
        circuits / "sufficiency",
    ]


def tree(folder):
    """Return every file below a folder with its content."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.fixture
def contents():
    return tree
