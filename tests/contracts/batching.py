"""Batches as an attacker computes them: the powers of a batch, and small integers that cancel under given powers."""

from __future__ import annotations

import json
import shutil
import subprocess
from fractions import Fraction
from pathlib import Path
from typing import Any

from zkmargin.contracts.bindings import BatchItem
from zkmargin.contracts.encoding import keccak, proof_words

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


def powers(circuit: bytes, items: list[BatchItem], points: list[tuple[int, int]]) -> list[int]:
    """Return the powers of a registry's batch; `points` are the sums of the items' folded points."""
    records = [int.from_bytes(circuit, "big"), len(items)]
    for item, point in zip(items, points, strict=True):
        records += [*item.proof, *point, *item.singles, *(int.from_bytes(table, "big") for table in item.table_ids)]
    return _expanded(keccak(b"".join(word.to_bytes(32, "big") for word in records)), len(items))


def naive_powers(calldata: bytes, count: int) -> list[int]:
    """Return the powers of NaiveBatch.sol."""
    return _expanded(keccak(calldata), count)


def _expanded(seed: bytes, count: int) -> list[int]:
    hashes = [keccak(seed + index.to_bytes(32, "big")) for index in range(count)]
    return [1, *(1 + int.from_bytes(one[:16], "big") for one in hashes[1:])]


def cancelling(weights: list[int]) -> list[int]:
    """Return small integers, none zero, with Σ weights_i · d_i = 0: a short vector of the lattice of all such d."""
    scale = 1 << 160  # so heavy that no short vector of the lattice below has a sum that is not zero
    basis = [[int(i == j) for j in range(len(weights))] + [scale * w] for i, w in enumerate(weights)]
    short = [row[:-1] for row in reduced(basis) if row[-1] == 0]
    total = [sum(column) for column in zip(*short[:3], strict=True)]
    for candidate in (*short, total):
        if all(candidate):
            return candidate
    raise AssertionError("every short vector has a zero")


def reduced(basis: list[list[int]]) -> list[list[int]]:
    """Return the basis after Lenstra, Lenstra and Lovász, delta 3/4, on exact fractions."""
    basis = [list(row) for row in basis]
    size = len(basis)
    mu = [[Fraction(0)] * size for _ in basis]
    norms = [Fraction(0)] * size
    star: list[list[Fraction]] = []
    for i, row in enumerate(basis):
        vector = [Fraction(value) for value in row]
        for j in range(i):
            mu[i][j] = sum(a * b for a, b in zip(row, star[j], strict=True)) / norms[j]
            vector = [a - mu[i][j] * b for a, b in zip(vector, star[j], strict=True)]
        star.append(vector)
        norms[i] = sum((a * a for a in vector), Fraction(0))
    k = 1
    while k < size:
        for j in reversed(range(k)):
            multiple = round(mu[k][j])
            if multiple:
                basis[k] = [a - multiple * b for a, b in zip(basis[k], basis[j], strict=True)]
                mu[k][j] -= multiple
                for i in range(j):
                    mu[k][i] -= multiple * mu[j][i]
        if norms[k] >= (Fraction(3, 4) - mu[k][k - 1] ** 2) * norms[k - 1]:
            k += 1
            continue
        m = mu[k][k - 1]
        lower = norms[k] + m * m * norms[k - 1]
        mu[k][k - 1] = m * norms[k - 1] / lower
        norms[k] = norms[k - 1] * norms[k] / lower
        norms[k - 1] = lower
        basis[k], basis[k - 1] = basis[k - 1], basis[k]
        for i in range(k - 1):
            mu[k][i], mu[k - 1][i] = mu[k - 1][i], mu[k][i]
        for i in range(k + 1, size):
            mu[i][k], mu[i][k - 1] = mu[i][k - 1] - m * mu[i][k], mu[i][k]
            mu[i][k - 1] += mu[k][k - 1] * mu[i][k]
        k = max(k - 1, 1)
    return basis


def items_of(key: Any, publics: list[list[int]]) -> list[BatchItem]:
    """Return a valid item for each list of public inputs; without tables."""
    return [BatchItem(proof_words(key.prove(public)), public) for public in publics]


def compiled(name: str, folder: Path) -> tuple[bytes, list[dict[str, Any]]]:
    """Return creation code and interface of a contract in `solidity/`."""
    source = (HERE / "solidity" / f"{name}.sol").read_text()
    settings = {
        "evmVersion": "cancun",
        "viaIR": True,
        "optimizer": {"enabled": True},
        "outputSelection": {"*": {"*": ["abi", "evm.bytecode.object"]}},
    }
    request = {"language": "Solidity", "sources": {name: {"content": source}}, "settings": settings}
    (folder / "input.json").write_text(json.dumps(request))
    node = shutil.which("node")
    assert node is not None
    files = [ROOT / "contracts" / "compile.cjs", folder / "input.json", folder / "output.json", ROOT / "node_modules"]
    subprocess.run([node, *map(str, files)], check=True, timeout=120)
    output = json.loads((folder / "output.json").read_text())
    assert not output.get("errors"), output["errors"]
    made = output["contracts"][name][name]
    return bytes.fromhex(made["evm"]["bytecode"]["object"]), made["abi"]
