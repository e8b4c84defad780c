"""Compiling a statement, and the folder a compiled circuit lives in.

`circuit.r1cs`, `circuit.sym`, `circuit.prog`, `schema.json`, `manifest.json`: the same bytes every time, on every
machine. Set-up adds `circuit.zkey` and `verification_key.json` beside them.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

from ..kernel import Program, load_program
from ..kernel.arguments import PATH, TEXT, a, takes
from ..kernel.errors import FileError, MismatchError
from ..kernel.files import read_file
from ..kernel.progress import tracked
from ..kernel.strict_json import read_json
from ..kernel.witness_program import WitnessProgram
from .compiler.system import ConstraintSystem
from .model import BOX, STATEMENTS, Shape
from .r1cs import r1cs_bytes, sym_bytes
from .rules.registry import family
from .schema import Schema
from .statements.engine import bind
from .statements.margin import SINGLES, build_margin, public_names

__all__ = ["MANIFEST", "CompiledCircuit", "Manifest", "compile_statement", "statement_schema", "write_circuit"]

MANIFEST = "manifest.json"
FILES = ("circuit.prog", "circuit.r1cs", "circuit.sym", "schema.json")
COUNTS = ("constraints", "wires", "public", "nonzeros")
Writer = Callable[[Path, bytes], object]


@dataclass(frozen=True)
class CompiledCircuit:
    """A statement compiled at a shape: its rows, its witness program, and what they mean."""

    statement: str
    schema: Schema
    system: ConstraintSystem
    program: WitnessProgram

    @property
    def public(self) -> tuple[str, ...]:
        """Return the names of the public inputs, in order."""
        return self.system.public

    @property
    def rule_hash(self) -> bytes:
        """Return the hash of the rule's canonical form."""
        return bind(self.schema).rule_hash

    @cached_property
    def files(self) -> dict[str, bytes]:
        """Return the content of the circuit's files, the manifest apart."""
        made: dict[str, Callable[[], bytes]] = {
            "circuit.r1cs": lambda: r1cs_bytes(self.system),
            "circuit.sym": lambda: sym_bytes(self.system),
            "circuit.prog": self.program.to_bytes,
            "schema.json": lambda: self.schema.canonical,
        }
        return {name: make() for name, make in tracked("files", made.items(), len(made))}

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """Return the content of `manifest.json`."""
        from importlib.metadata import version  # slow to load, and loading a circuit does without

        tables, first = [], len(SINGLES)
        for name, cells in self.schema.tables:
            tables.append({"name": name, "first": first, "cells": len(cells)})
            first += len(cells)
        return {
            "schema": "zkmargin/manifest/1",
            "statement": self.statement,
            "rule": self.schema.rule,
            "rule_hash": "0x" + self.rule_hash.hex(),
            "schema_hash": "0x" + self.schema.hash.hex(),
            "shape": self.schema.shape.as_json(),
            "public": list(self.public),
            "tables": tables,
            "counts": {
                "constraints": self.system.rows,
                "wires": self.system.wires,
                "public": len(self.public),
                "nonzeros": self.system.nonzeros,
            },
            "versions": {"zkmargin": version("zkmargin")},
            "files": {name: "0x" + sha256(content).hexdigest() for name, content in sorted(self.files.items())},
        }


@takes(rule=TEXT, shape=a("a Shape", Shape), statement=TEXT)
def compile_statement(rule: str, shape: Shape, statement: str) -> CompiledCircuit:
    """Compile a rule family's statement at a shape.

    Raises InputError when there is no such rule or statement, RuleError when it has no sound circuit.
    """
    schema = statement_schema(rule, shape, statement)
    (builder,) = (build_margin(each, statement) for each in tracked("statement", [schema], 1))
    return CompiledCircuit(statement, schema, builder.system, builder.program)


@takes(rule=TEXT, shape=a("a Shape", Shape), statement=TEXT)
def statement_schema(rule: str, shape: Shape, statement: str) -> Schema:
    """Return the schema a statement runs under: the rule's own, or its box's.

    Raises InputError when there is no such rule, RuleError when it has no sound box.
    """
    schema = family(rule).schema_of(shape)
    if statement != BOX:
        return schema
    from .statements.price_box import box_schema  # most circuits are over no box, and do without

    return box_schema(family(rule), schema)


@takes(compiled=a("a CompiledCircuit", CompiledCircuit), directory=PATH)
def write_circuit(compiled: CompiledCircuit, directory: Path, write: Writer = Path.write_bytes) -> dict[str, str]:
    """Write the circuit's files, the manifest last, and return name -> path. `write` is how a file is written.

    Raises FileError when the folder cannot be written.
    """
    manifest = (json.dumps(compiled.manifest, indent=1) + "\n").encode()
    paths = {}
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name, content in {**compiled.files, MANIFEST: manifest}.items():
            path = directory / name
            write(path, content)
            paths[name] = str(path)
    except OSError as error:
        raise FileError(
            f"the circuit cannot be written: {error.strerror}", code="unwritable", file=str(directory)
        ) from None
    return paths


@dataclass(frozen=True)
class Manifest:
    """What a circuit's folder says of itself, checked against what this version would compile."""

    directory: Path
    statement: str
    schema: Schema
    public: tuple[str, ...]
    counts: dict[str, int]
    rule_hash: str
    files: dict[str, str]

    @property
    def rule(self) -> str:
        """Return the rule family's name."""
        return self.schema.rule

    @property
    def shape(self) -> Shape:
        """Return the circuit's shape."""
        return self.schema.shape

    @classmethod
    @takes(directory=PATH)
    def load(cls, directory: Path) -> Manifest:
        """Read and check `manifest.json`.

        Raises FileError when it is missing or no manifest, MismatchError when its rule or schema is not this version's.
        """
        path = directory / MANIFEST
        if not path.exists():
            raise FileError("there is no compiled circuit here", file=str(path), hint="zkmargin compile")
        data = read_json(path)
        try:
            shape = Shape.of(data["shape"])
            schema = statement_schema(data["rule"], shape, data["statement"])
            manifest = cls(
                directory,
                data["statement"],
                schema,
                tuple(data["public"]),
                {name: int(data["counts"][name]) for name in COUNTS},
                data["rule_hash"],
                {name: str(data["files"][name]) for name in FILES},
            )
            kind, schema_hash = data["schema"], data["schema_hash"]
        except (ValueError, KeyError, TypeError) as error:
            raise FileError("this is not a circuit's manifest", file=str(path), code="bad-manifest") from error
        if kind != "zkmargin/manifest/1" or manifest.statement not in (*STATEMENTS, BOX):
            raise FileError("this is not a manifest of this version", file=str(path), code="bad-manifest")
        if schema_hash != "0x" + schema.hash.hex() or manifest.rule_hash != "0x" + bind(schema).rule_hash.hex():
            raise MismatchError("the circuit was compiled from another rule or schema", file=str(path))
        if manifest.public != public_names(schema) or manifest.counts["public"] != len(manifest.public):
            raise MismatchError("the circuit has other public inputs than its schema gives it", file=str(path))
        return manifest

    def read(self, name: str) -> bytes:
        """Return a file of the circuit, checked against its hash. Raises FileError or MismatchError."""
        path = self.directory / name
        try:
            content = read_file(path)
        except FileError as error:
            error.hint = error.hint or "zkmargin compile"
            raise
        if self.files.get(name) != "0x" + sha256(content).hexdigest():
            raise MismatchError(f"{name} is not the file its manifest names", file=str(path))
        return content

    @cached_property
    def program(self) -> Program:
        """Return the witness program, loaded. Raises MismatchError when it fills another number of wires."""
        program = load_program(self.read("circuit.prog"))
        if program.wires != self.counts["wires"]:
            raise MismatchError("circuit.prog fills another circuit than this one", file=str(self.directory))
        return program
