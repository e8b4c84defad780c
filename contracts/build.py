"""Compile `src/**/*.sol` to `artifacts/*.json`, the same bytes on every machine.

    python -m zkmargin.contracts.build            rebuild the artifacts
    python -m zkmargin.contracts.build --check    compare them with a rebuild, exit 1 if one differs

Needs Node and `npm ci` in the root of the checkout. Users need neither: the artifacts are committed.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from ..kernel.errors import EnvironmentFault, MismatchError
from .encoding import keccak

__all__ = ["DEPLOYED", "build", "check", "main"]

_ROOM = Path(__file__).resolve().parent
_SOURCES = _ROOM / "src"
_MODULES = _ROOM.parent / "node_modules"

# Contract name -> the source that defines it, from `src` on.
DEPLOYED = {
    "AccessManager": "@openzeppelin/contracts/access/manager/AccessManager.sol",
    "MarginGate": "protocol/MarginGate.sol",
    "ParameterBook": "tables/ParameterBook.sol",
    "PriceBoard": "tables/PriceBoard.sol",
    "RiskBoard": "tables/RiskBoard.sol",
    "VerifierRegistry": "verification/VerifierRegistry.sol",
}

# No metadata hash: the bytes depend on the code alone, not on comments or file names.
_SETTINGS = {
    "evmVersion": "cancun",
    "viaIR": True,
    "optimizer": {"enabled": True, "runs": 1_000_000},
    "metadata": {"bytecodeHash": "none", "appendCBOR": False},
    "outputSelection": {"*": {"*": ["abi", "evm.bytecode.object", "evm.deployedBytecode.object"]}},
}


def build() -> dict[str, str]:
    """Compile everything and return the artifacts, file name -> JSON text.

    Raises `EnvironmentFault` without Node or the packages, `MismatchError` when the sources do not compile cleanly.
    """
    node = shutil.which("node")
    if node is None or not (_MODULES / "solc").is_dir():
        raise EnvironmentFault("the Solidity compiler is missing", hint="install Node, then run npm ci")
    sources = {
        path.relative_to(_SOURCES).as_posix(): {"content": path.read_text()} for path in sorted(_SOURCES.rglob("*.sol"))
    }
    access = DEPLOYED["AccessManager"]
    sources[access] = {"content": (_MODULES / access).read_text()}
    request = {"language": "Solidity", "sources": sources, "settings": _SETTINGS}
    with tempfile.TemporaryDirectory() as folder:
        given, made = Path(folder, "input.json"), Path(folder, "output.json")
        given.write_text(json.dumps(request))
        command = [node, str(_ROOM / "compile.cjs"), str(given), str(made), str(_MODULES)]
        subprocess.run(command, check=True, timeout=600)  # noqa: S603
        output = json.loads(made.read_text())
    complaints = [one["formattedMessage"] for one in output.get("errors", [])]
    if complaints:
        raise MismatchError("the contracts do not compile cleanly\n" + "\n".join(complaints))
    compiler = output["compiler"].split("+")[0]
    return {
        f"{name}.json": _artifact(name, compiler, output["contracts"][source][name])
        for name, source in DEPLOYED.items()
    }


def check() -> list[str]:
    """Return the names of artifacts that differ from a rebuild."""
    folder = _ROOM / "artifacts"
    made = build()
    present = {path.name for path in folder.glob("*.json")}
    wrong = [name for name, text in made.items() if name not in present or (folder / name).read_text() != text]
    return sorted([*wrong, *(present - made.keys())])


def main() -> int:
    """Rebuild the artifacts, or compare them: the exit code."""
    parser = argparse.ArgumentParser(prog="python -m zkmargin.contracts.build", description="Build the contracts.")
    parser.add_argument("--check", action="store_true", help="compare the committed artifacts with a rebuild")
    if parser.parse_args().check:
        wrong = check()
        for name in wrong:
            print(f"differs from a rebuild: {name}", file=sys.stderr)
        return 1 if wrong else 0
    folder = _ROOM / "artifacts"
    for name, text in build().items():
        (folder / name).write_text(text)
        print(f"{name}: {json.loads(text)['deployedSize']} bytes deployed", file=sys.stderr)
    return 0


def _artifact(name: str, compiler: str, made: dict[str, Any]) -> str:
    """One artifact as JSON text."""
    abi = made["abi"]
    errors = sorted(_signature(entry) for entry in abi if entry["type"] == "error")
    artifact = {
        "contractName": name,
        "compiler": compiler,
        "abi": abi,
        "errors": {signature: "0x" + keccak(signature.encode())[:4].hex() for signature in errors},
        "bytecode": "0x" + made["evm"]["bytecode"]["object"],
        "deployedSize": len(made["evm"]["deployedBytecode"]["object"]) // 2,
    }
    return json.dumps(artifact, indent=1) + "\n"


def _signature(entry: dict[str, Any]) -> str:
    """`Name(type,type)` of an error whose arguments are no structs."""
    return f"{entry['name']}({','.join(part['type'] for part in entry['inputs'])})"


if __name__ == "__main__":
    sys.exit(main())
