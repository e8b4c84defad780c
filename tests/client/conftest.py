"""The example account, and ways to break its files."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import settings

EXAMPLES = Path(__file__).parents[2] / "examples" / "hyperliquid"
SEED = int(os.environ.get("ZKMARGIN_SEED", "20261122"))

settings.register_profile("zkmargin", deadline=None, derandomize=False, database=None, print_blob=True)
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
    for name in ("parameters.json", "market.json", "portfolio.json", "portfolio.csv"):
        (tmp_path / name).write_bytes((EXAMPLES / name).read_bytes())
    for name in ("parameters-small.json", "portfolio-small.json"):
        (tmp_path / name).write_bytes((EXAMPLES / name).read_bytes())
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
