"""What a user who installs the wheel would miss."""

import ast
import tomllib
from pathlib import Path

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
