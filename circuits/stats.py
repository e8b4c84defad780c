"""What a circuit is made of: constraints and terms by cause and by line of the rule, widths, cells, likely costs.

The folder's circuit is compiled again (the same source gives the same bytes), so nothing but the manifest is needed.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from ..kernel.combinations import Pool
from ..kernel.errors import MismatchError
from .build import Manifest
from .compiler.system import ConstraintSystem
from .language.curvature import curvature
from .r1cs import r1cs_bytes
from .statements.engine import bind
from .statements.margin import build_margin

__all__ = ["CircuitStats", "Share", "circuit_stats", "domain_size", "estimate"]

_SLOT = re.compile(r"\.?\d+(?=\.|$| )")
_STATEMENT = "the statement itself"


@dataclass(frozen=True)
class Share:
    """The constraints and terms (non-zero coefficients) that one cause asked for at one line."""

    cause: str
    where: str
    constraints: int
    nonzeros: int


@dataclass(frozen=True)
class CircuitStats:
    """A circuit's size, taken apart. `widest` is the widest range check: its name and bits."""

    statement: str
    constraints: int
    wires: int
    public: int
    nonzeros: int
    domain: int
    slack: int
    cells: dict[str, int]
    widest: tuple[str, int]
    curvature: str
    shares: tuple[Share, ...]
    estimates: dict[str, float]

    def by(self, key: str) -> list[tuple[str, int, int]]:
        """Return (name, constraints, terms) by "cause" or "where", largest first."""
        rows: Counter[str] = Counter()
        terms: Counter[str] = Counter()
        for share in self.shares:
            rows[getattr(share, key)] += share.constraints
            terms[getattr(share, key)] += share.nonzeros
        return [(name, count, terms[name]) for name, count in rows.most_common()]

    def as_json(self) -> dict[str, Any]:
        """Return the document of `stats --json`."""
        return {
            "schema": "zkmargin/stats/1",
            "ok": True,
            "statement": self.statement,
            "constraints": self.constraints,
            "wires": self.wires,
            "public": self.public,
            "nonzeros": self.nonzeros,
            "domain": self.domain,
            "slack": self.slack,
            "cells": self.cells,
            "widest_check": {"name": self.widest[0], "bits": self.widest[1]},
            "curvature": self.curvature,
            "by_cause": [list(row) for row in self.by("cause")],
            "by_line": [list(row) for row in self.by("where")],
            "estimates": self.estimates,
        }


def circuit_stats(manifest: Manifest) -> CircuitStats:
    """Return a compiled circuit's statistics. Raises MismatchError when it was compiled by another version."""
    builder = build_margin(manifest.schema, manifest.statement)
    system = builder.system
    if "0x" + sha256(r1cs_bytes(system)).hexdigest() != manifest.files["circuit.r1cs"]:
        raise MismatchError("this version compiles the circuit differently", hint="run zkmargin compile again")
    rows = system.rows + len(system.public) + 1
    domain = domain_size(system)
    widest = max(builder.checks.items(), key=lambda item: item[1])
    return CircuitStats(
        statement=manifest.statement,
        constraints=system.rows,
        wires=system.wires,
        public=len(system.public),
        nonzeros=system.nonzeros,
        domain=domain,
        slack=domain - rows,
        cells={name: len(cells) for name, cells in manifest.schema.tables},
        widest=widest,
        curvature=curvature(bind(manifest.schema).surplus),
        shares=_shares(system),
        estimates=estimate(system.wires, domain),
    )


def domain_size(system: ConstraintSystem) -> int:
    """Return the rows a key has room for: the power of two from constraints + public inputs + 1 up."""
    return 1 << (system.rows + len(system.public)).bit_length()


def estimate(wires: int, domain: int) -> dict[str, float]:
    """Return rough costs: set-up and prove time in milliseconds, peak memory of proving in MiB.

    Straight lines through measurements on two server cores from 2^11 to 2^16 (`docs/performance.md`); a laptop's may
    be half or double.
    """
    return {
        "setup_ms": round(0.035 * (wires + domain), 1),
        "prove_ms": round(4 + 0.0045 * (wires + domain), 1),
        "memory_mib": round(40 + 0.0011 * (wires + domain), 1),
    }


def _shares(system: ConstraintSystem) -> tuple[Share, ...]:
    counted: Counter[tuple[str, str]] = Counter()
    terms: Counter[tuple[str, str]] = Counter()
    for i in range(system.rows):
        key = (_group(system.cause(i)), system.row_source(i).where or _STATEMENT)
        counted[key] += 1
        terms[key] += sum(_width(pool, i) for pool in (system.a, system.b, system.c))
    return tuple(Share(*key, count, terms[key]) for key, count in counted.most_common())


def _width(pool: Pool, number: int) -> int:
    return pool.starts[number + 1] - pool.starts[number]


def _group(cause: str) -> str:
    """Return a cause without slot numbers: "bits of size.3" becomes "bits of size"."""
    return _SLOT.sub("", cause)
