"""The committed artifacts: each contract's ABI, bytecode and error selectors."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ..kernel.errors import FileError

__all__ = ["Artifact", "artifact_names", "load_artifact"]

_FOLDER = Path(__file__).resolve().parent / "artifacts"


@dataclass(frozen=True)
class Artifact:
    """One contract: `errors` maps signatures to selectors, `deployed_size` is in bytes."""

    name: str
    compiler: str
    abi: tuple[dict[str, Any], ...]
    errors: dict[str, bytes]
    bytecode: bytes
    deployed_size: int

    def entry(self, kind: str, name: str) -> dict[str, Any]:
        """Return the ABI entry of a function, event or error. Raises `KeyError` without one."""
        for entry in self.abi:
            if entry["type"] == kind and entry.get("name") == name:
                return entry
        raise KeyError(f"{self.name} has no {kind} {name}")

    def constructor_inputs(self) -> list[dict[str, Any]]:
        """Return the ABI of the constructor's arguments."""
        for entry in self.abi:
            if entry["type"] == "constructor":
                inputs: list[dict[str, Any]] = entry["inputs"]
                return inputs
        return []


def artifact_names() -> list[str]:
    """Return the names of all artifacts, sorted."""
    return sorted(path.stem for path in _FOLDER.glob("*.json"))


@cache
def load_artifact(name: str) -> Artifact:
    """Return an artifact. Raises `FileError` when there is none."""
    path = _FOLDER / f"{name}.json"
    try:
        made = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise FileError(f"no artifact of contract {name}", file=path.name) from error
    return Artifact(
        name=made["contractName"],
        compiler=made["compiler"],
        abi=tuple(made["abi"]),
        errors={signature: bytes.fromhex(selector[2:]) for signature, selector in made["errors"].items()},
        bytecode=bytes.fromhex(made["bytecode"][2:]),
        deployed_size=made["deployedSize"],
    )
