"""What a user who installs the wheel would miss."""

import ast
import csv
import hashlib
import importlib.util
import io
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from base64 import urlsafe_b64decode
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ORDER = ["kernel", "contracts", "circuits", "verifier", "prover", "client"]


def test_every_python_folder_is_packaged():
    packages = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    listed = {name for name in packages if not name.startswith("zkmargin.examples.")}  # data only
    found = {
        "zkmargin." + ".".join(p.parent.relative_to(ROOT).parts)
        for room in ORDER
        for p in (ROOT / room).rglob("__init__.py")
        if "target" not in p.parts and "node_modules" not in p.parts
    }
    assert found == listed
    stray = {p.parent for room in ORDER for p in (ROOT / room).rglob("*.py") if not (p.parent / "__init__.py").exists()}
    assert not stray


@pytest.fixture(scope="module")
def backend():
    pytest.importorskip("setuptools")
    spec = importlib.util.spec_from_file_location("zkmargin_build", ROOT / "build_backend/zkmargin_build.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def checkout(tmp_path):
    """Return a folder with the rooms of this checkout, in which nothing was built."""
    root = tmp_path / "checkout"
    root.mkdir()
    for name in ("pyproject.toml", *ORDER, "examples"):
        (root / name).symlink_to(ROOT / name)
    return root


def test_an_editable_install_names_its_path_in_wheel_and_record(backend, checkout, tmp_path):
    wheel, record = tmp_path / "zkmargin-0-py3-none-any.whl", "zkmargin-0.dist-info/RECORD"
    with zipfile.ZipFile(wheel, "w") as made:
        made.writestr("finder.py", "x = 1\n")
        made.writestr(record, f"finder.py,sha256=abc,6\n{record},,\n")
    tree = backend.link_rooms(checkout)
    assert tree == backend.link_rooms(checkout)  # again, as a second install does
    for _ in range(2):
        backend.with_file(wheel, backend.PATH_FILE, f"{tree}\n".encode())
    with zipfile.ZipFile(wheel) as read:
        assert sorted(read.namelist()) == sorted(["finder.py", record, backend.PATH_FILE])
        rows = {row[0]: row[1:] for row in csv.reader(io.StringIO(read.read(record).decode()))}
        content = read.read(backend.PATH_FILE)
    digest = urlsafe_b64decode(rows[backend.PATH_FILE][0].removeprefix("sha256=") + "=")
    assert (digest, rows[backend.PATH_FILE][1]) == (hashlib.sha256(content).digest(), str(len(content)))
    assert set(rows) == {"finder.py", record, backend.PATH_FILE}
    assert all((tree / "zkmargin" / room / "__init__.py").is_file() for room in ORDER)


USER_SCRIPT = """
import sys
from zkmargin.client import MarginProof, Portfolio, Session
from zkmargin.client.imports import import_hyperliquid
from zkmargin.kernel.errors import ZkmarginError
reveal_type(Session.load("parameters.json"))
reveal_type(Session.load("parameters.json").prove("p.json", "market.json", context=1))
reveal_type(import_hyperliquid)
Session.load("parameters.json").check("p.json", "market.json", margin="middle")
Session.load("parameters.json").check(1, "market.json")
"""


def test_a_users_script_sees_types_in_an_editable_install(backend, checkout, tmp_path):
    """mypy outside the checkout, asked for a Python in which only the path file of the install stands."""
    pytest.importorskip("mypy")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv"], check=True)
    python = tmp_path / "venv/bin/python"
    site = Path(sysconfig.get_path("purelib", "venv", {"base": str(tmp_path / "venv")}))
    (site / backend.PATH_FILE).write_text(f"{backend.link_rooms(checkout)}\n")
    (site / "outer.pth").write_text(sysconfig.get_path("purelib") + "\n")  # pydantic
    (tmp_path / "user").mkdir()
    (tmp_path / "user/script.py").write_text(USER_SCRIPT)
    cache = ["--cache-dir", ROOT / ".mypy_cache/user"]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--python-executable", python, *cache, "script.py"],
        cwd=tmp_path / "user",
        env={"PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    said = done.stdout.splitlines()
    revealed = [line.split("Revealed type is ")[1] for line in said if "Revealed type" in line]
    assert revealed[:2] == ['"zkmargin.client.session.Session"', '"zkmargin.client.session.MarginProof"'], done.stdout
    assert "zkmargin.client.imports.portfolio.Imported" in revealed[2]
    wrong = [line for line in said if " error: " in line]
    assert [line.split(":")[1] for line in wrong] == ["9", "10"], done.stdout


def test_native_kernel_is_in_use():
    from zkmargin.kernel import backend

    assert backend() == "native"


def test_no_twin_imports():
    rooms = set(ORDER)
    for file in (ROOT / "tests").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            names = (
                [a.name for a in node.names]
                if isinstance(node, ast.Import)
                else [node.module]
                if isinstance(node, ast.ImportFrom) and not node.level
                else []
            )
            assert not {n.split(".")[0] for n in names} & rooms, f"{file}: import zkmargin.x, not x"


def test_no_opening_is_shipped_with_the_examples():
    """`zkmargin prove` writes openings beside the portfolio it is given, the example's too."""
    data = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]
    shipped = data["zkmargin.examples.hyperliquid"]
    assert not [name for name in shipped if "*" in name]
    assert not [name for name in shipped if not (ROOT / "examples/hyperliquid" / name).is_file()]
    for pattern in ("*.opening.json", "*.opening.*.json", "*.owner.json"):
        assert pattern in (ROOT / "MANIFEST.in").read_text()
        assert pattern in (ROOT / ".gitignore").read_text().splitlines()


def test_the_build_itself_is_shipped_as_source():
    assert "recursive-include build_backend *.py" in (ROOT / "MANIFEST.in").read_text().splitlines()
