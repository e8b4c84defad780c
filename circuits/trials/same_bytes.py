"""Whether a rule compiles to the same bytes in other processes, whose sets and hashes come in another order.

Run as a module, it prints the hashes of one rule's circuits: `REFERENCE NAME SHAPE STATEMENT...`, the shape
as JSON.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256

from ..build import compile_statement
from ..model import Shape
from ..rules.registry import standing_in
from ..schema import Schema
from .answers import Answer, Example
from .loading import load_rules
from .tried import Tried

__all__ = ["OtherProcesses", "main", "same_bytes"]

_SEEDS = ("1", "2")
_SECONDS = 300


class OtherProcesses:
    """Processes with hash seeds of their own that compile the rule again while the trial goes on; a context manager."""

    def __init__(self, reference: str, schema: Schema, statements: Iterable[str]) -> None:
        """Start them."""
        shape = json.dumps(schema.shape.as_json())
        command = [sys.executable, "-P", "-m", __name__, reference, schema.rule, shape, *statements]
        self._started = [
            subprocess.Popen(  # noqa: S603  # this interpreter and this module, on the file the user named
                command,
                env={**os.environ, "PYTHONHASHSEED": seed},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
            for seed in _SEEDS
        ]

    def __enter__(self) -> OtherProcesses:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop what still runs."""
        for process in self._started:
            process.kill()
            process.communicate()

    def hashes(self) -> list[dict[str, str] | None]:
        """Return statement -> hash of each process, None where one failed."""
        return [_answer(process) for process in self._started]


def same_bytes(tried: Sequence[Tried], others: OtherProcesses | None) -> Answer:
    """Compile every statement again, here and in other processes, and compare the files' hashes."""
    first = {each.statement: _hash(each.circuit.files) for each in tried}
    found: list[dict[str, str] | None] = [{each.statement: _hash_of(each) for each in tried}]
    found += others.hashes() if others else []
    # *(others.hashes() if others else [])]
    count = wrong = 0
    example = None
    for hashes in found:
        for statement, content in first.items():
            count += 1
            if hashes is None or hashes.get(statement) != content:
                wrong += 1
                said = "the rule cannot be compiled in" if hashes is None else f"{statement} has other bytes in"
                hint = "does it iterate over a set, or read the clock or the environment?"
                example = example or Example(f"{said} another process: {hint}")
    return Answer("same-bytes", "", "circuits compiled again elsewhere", count, wrong, example)


def _hash_of(tried: Tried) -> str:
    return _hash(compile_statement(tried.schema.rule, tried.schema.shape, tried.statement).files)


def _hash(files: Mapping[str, bytes]) -> str:
    """Return one hash of a circuit's files."""
    return sha256(b"".join(sha256(files[name]).digest() for name in sorted(files))).hexdigest()


def _answer(process: subprocess.Popen[str]) -> dict[str, str] | None:
    """Return what a process said on its last line."""
    try:
        said, _ = process.communicate(timeout=_SECONDS)
        answer: dict[str, str] = json.loads(said.splitlines()[-1])
    except (subprocess.TimeoutExpired, IndexError, ValueError):
        return None
    return answer if process.returncode == 0 else None


def main(arguments: list[str]) -> int:
    """Print the hash of each statement's files, as one line of JSON."""
    reference, name, shape, *statements = arguments
    (plugin,) = [plugin for plugin in load_rules(reference) if plugin.family.name == name]
    with standing_in(plugin):
        made = {statement: compile_statement(name, Shape.of(json.loads(shape)), statement) for statement in statements}
    print(json.dumps({statement: _hash(circuit.files) for statement, circuit in made.items()}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
