"""A development node beside this process: anvil, where it is installed. Its gas figures are exact."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ...kernel.errors import EnvironmentFault
from .embedded import DEVELOPMENT_CHAIN
from .rpc import KEY_VARIABLE, RpcChain

__all__ = ["find_anvil", "running_anvil"]

_LOOPBACK = "127.0.0.1"
_START_SECONDS = 20.0


def find_anvil() -> Path | None:
    """Return the anvil program of this project's npm tools or of the PATH, None without one."""
    packaged = Path(__file__).resolve().parents[2] / "node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil"
    if packaged.is_file():
        return packaged
    found = shutil.which("anvil")
    return Path(found) if found else None


@contextmanager
def running_anvil(not_before: int = 0) -> Iterator[RpcChain]:
    """Run anvil on a free loopback port for as long as the context lasts; its clock starts at `not_before` or later.

    Raises EnvironmentFault without it.
    """
    program = find_anvil()
    if program is None:
        raise EnvironmentFault("anvil is not installed", hint="npm ci")
    with socket.socket() as probe:
        probe.bind((_LOOPBACK, 0))
        port = probe.getsockname()[1]
    command = [str(program), "--silent", "--host", _LOOPBACK, "--port", str(port), "--chain-id", str(DEVELOPMENT_CHAIN)]
    if not_before > time.time():
        command += ["--timestamp", str(not_before)]
    # The user's key is for the user's chain: neither the node nor what is sent to it sees it.
    environment = {name: value for name, value in os.environ.items() if name != KEY_VARIABLE}
    process = subprocess.Popen(  # noqa: S603
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment
    )
    try:
        yield _connect(f"http://{_LOOPBACK}:{port}", process)
    finally:
        process.terminate()
        process.wait(timeout=10)


def _connect(url: str, process: subprocess.Popen[bytes]) -> RpcChain:
    until = time.monotonic() + _START_SECONDS
    while True:
        try:
            return RpcChain(url, signing=False)
        except EnvironmentFault:
            if process.poll() is not None or time.monotonic() > until:
                raise
            time.sleep(0.05)
