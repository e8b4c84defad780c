"""What is installed of what proofs and of what tests need, and the command that mends what is missing."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from ...kernel import kernel
from ...kernel.errors import EnvironmentFault

__all__ = ["RUN", "TEST", "Check", "examine"]

RUN, TEST = "run", "test"
_NPM_TOOLS = ("snarkjs", "circomlibjs", "solc")
_NODE_MAJOR = 20


@dataclass(frozen=True)
class Check:
    """One thing looked at; `mend` is the command that brings it when it is missing.

    `group` is "run" for what every command needs, "test" for what the tests and their tools need besides.
    """

    name: str
    ok: bool
    detail: str
    mend: str | None = None
    group: str = RUN

    def as_json(self) -> dict[str, str | bool]:
        """Return the check as `doctor --json` writes it."""
        fields: dict[str, str | bool] = {
            "name": self.name,
            "ok": self.ok,
            "detail": self.detail,
            "group": self.group,
        }
        return fields if self.mend is None else {**fields, "mend": self.mend}


def examine() -> list[Check]:
    """Return every check; npm's tools are looked for in this checkout's node_modules."""
    tools = Path(__file__).resolve().parents[2] / "node_modules"
    tests = [_pyrevm(), _node(), *(_npm(tools, tool) for tool in _NPM_TOOLS), _anvil(tools)]
    return [_python(), _kernel(), *(replace(check, group=TEST) for check in tests)]


def _python() -> Check:
    ok = sys.version_info >= (3, 11)
    return Check("python", ok, platform.python_version(), None if ok else "install Python 3.11 or newer")


def _kernel() -> Check:
    try:
        name, threads = kernel().name(), kernel().threads()
    except (EnvironmentFault, ImportError) as fault:
        return Check("kernel", False, f"not usable: {fault}", _KERNEL)
    if name == "reference" and os.environ.get("ZKMARGIN_KERNEL") != "reference":
        return Check("kernel", False, "only the slow reference kernel", _KERNEL)
    return Check("kernel", True, f"{name}, {threads} thread{'s' if threads > 1 else ''}")


_KERNEL = "install a Rust toolchain (rustup.rs), then: pip install -e . (make does it)"


def _pyrevm() -> Check:
    ok = importlib.util.find_spec("pyrevm") is not None
    return Check("pyrevm", ok, "installed" if ok else "missing", None if ok else "pip install 'zkmargin[evm]'")


def _node() -> Check:
    path = shutil.which("node")
    if path is None:
        return Check("node", False, "missing", f"install Node {_NODE_MAJOR}")
    try:
        text = subprocess.run(  # noqa: S603 - the node on the user's own path
            [path, "--version"], capture_output=True, text=True, timeout=20, check=True
        ).stdout.strip()
        ok = int(text.removeprefix("v").split(".")[0]) >= _NODE_MAJOR
    except (OSError, ValueError, subprocess.SubprocessError):
        return Check("node", False, "does not run", f"install Node {_NODE_MAJOR}")
    return Check("node", ok, text, None if ok else f"install Node {_NODE_MAJOR} or newer")


def _npm(tools: Path, tool: str) -> Check:
    ok = (tools / tool / "package.json").is_file()
    return Check(tool, ok, "installed" if ok else "missing", None if ok else "npm ci")


def _anvil(tools: Path) -> Check:
    packaged = tools / "@foundry-rs/anvil-linux-amd64/bin/anvil"
    ok = packaged.is_file() or shutil.which("anvil") is not None
    return Check("anvil", ok, "installed" if ok else "missing", None if ok else "npm ci")
