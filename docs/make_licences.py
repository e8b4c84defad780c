"""List the licences of everything a user of zkmargin runs: `docs/licences.md`, and an SBOM in `dist/sbom.json`.

    python docs/make_licences.py [--page FILE] [--sbom FILE]

Python packages are read from the installed metadata, transitively from pyproject.toml; Rust crates from `cargo
metadata`; what is compiled into the committed contracts from package-lock.json. Both files are written in any case; the
exit code is 1 when a licence is not among the accepted ones.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tomllib
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

__all__ = ["ACCEPTED", "DECIDED", "Component", "accepted", "components", "main", "python_components", "refused", "sbom"]

ROOT = Path(__file__).resolve().parents[1]
PROJECT = "zkmargin"
NOT_SHIPPED = {"dev", "docs"}  # extras whose packages no user runs

ACCEPTED = {
    *("MIT", "MIT-0", "ISC", "Zlib", "Unlicense", "CC0-1.0", "MPL-2.0"),
    *("Apache-2.0", "Apache-2.0 WITH LLVM-exception"),
    *("0BSD", "BSD-2-Clause", "BSD-3-Clause", "BSD"),  # the last: older metadata, which do not say how many clauses
    *("PSF-2.0", "Python-2.0"),
    *("Unicode-3.0", "Unicode-DFS-2016"),
}

# Packages with another licence, or none stated, that the project's owners have decided to accept, and why.
DECIDED: dict[str, str] = {
    "regex": "CNRI-Python is the permissive, OSI-approved licence that PSF's grew out of; it comes with eth-abi.",
    "pillow": "MIT-CMU is MIT in another wording; it comes with the extra [plot] only.",
    "pyrevm": (
        "it states no licence. It is no part of our wheel and comes with the extra [evm] only, for a demo without a "
        "node: whoever ships it must ask its authors, or use anvil instead."
    ),
}

# What the metadata leaves open, and where it was read instead.
STATED = {
    "pycryptodome": ("BSD-2-Clause AND Unlicense", "its LICENSE.rst; what was PyCrypto's has the Unlicense's text"),
}

# Texts of the older `License` field and the last words of classifiers, as SPDX.
_TEXTS = {
    "apache 2.0": "Apache-2.0",
    "apache software license": "Apache-2.0",
    "bsd license": "BSD",
    "isc license": "ISC",
    "isc license (iscl)": "ISC",
    "mit license": "MIT",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "python software foundation license": "PSF-2.0",
}
_TOKEN = re.compile(r"\s*(\(|\)|/|[A-Za-z0-9.+-]+)")


@dataclass
class Component:
    """One package: `used` says by what, `needs` names what it depends on (keys of other components)."""

    kind: str  # pypi, cargo, npm
    name: str
    version: str
    licence: str  # SPDX, or "" when none is stated
    used: set[str] = field(default_factory=set)
    needs: set[str] = field(default_factory=set)
    optional: bool = False
    sha256: str = ""

    @property
    def purl(self) -> str:
        """Return the package URL, which is also the key."""
        return f"pkg:{self.kind}/{self.name.replace('@', '%40')}@{self.version}"


def accepted(expression: str) -> bool:
    """Whether an SPDX expression can be met with accepted licences only. An old `A/B` is `A OR B`."""
    tokens = [match[1] for match in _TOKEN.finditer(expression)]

    def either() -> bool:
        value = both()
        while tokens and tokens[0].upper() in ("OR", "/"):
            tokens.pop(0)
            value = both() or value
        return value

    def both() -> bool:
        value = one()
        while tokens and tokens[0].upper() == "AND":
            tokens.pop(0)
            value = one() and value
        return value

    def one() -> bool:
        word = tokens.pop(0)
        if word == "(":
            value = either()
            tokens.pop(0)
            return value
        if tokens and tokens[0].upper() == "WITH":
            word = f"{word} WITH {tokens[1]}"
            del tokens[:2]
        return word in ACCEPTED

    try:
        return either() and not tokens
    except IndexError:  # empty, or it ends in the middle
        return False


def refused(found: list[Component]) -> list[Component]:
    """Return the components whose licence is not accepted, neither as such nor by decision."""
    return [one for one in found if not accepted(one.licence) and one.name not in DECIDED]


def python_components() -> list[Component]:
    """Return the Python packages of the project and of its extras that users install, by name.

    Raises SystemExit when one is not installed.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    found: dict[str, Component] = {}
    seen: set[tuple[str, str]] = set()
    _follow(project["dependencies"], "", PROJECT, found, seen)
    for extra, texts in sorted(project["optional-dependencies"].items()):
        if extra not in NOT_SHIPPED:
            _follow(texts, "", f"{PROJECT}[{extra}]", found, seen)
    return sorted(found.values(), key=lambda one: one.name)


def _follow(
    texts: Iterable[str], extra: str, used: str, found: dict[str, Component], seen: set[tuple[str, str]]
) -> None:
    for name, extras in _requirements(texts, extra):
        try:
            package = distribution(name)
        except PackageNotFoundError:
            sys.exit(f"{name}, which {used} needs, is not installed")
        known = found.get(name)
        if known is None:
            known = found[name] = Component("pypi", name, package.version, _licence(name, package))
            known.optional = used.startswith(f"{PROJECT}[") or (used in found and found[used].optional)
        known.used.add(used)
        if used in found:
            found[used].needs.add(known.purl)
        for inner in {"", *extras}:
            if (name, inner) not in seen:
                seen.add((name, inner))
                _follow(package.requires or [], inner, name, found, seen)


def _requirements(texts: Iterable[str], extra: str) -> Iterator[tuple[str, set[str]]]:
    """Yield (name, extras) of what is asked for here: at the base for "", else for the extra alone."""
    for text in texts:
        requirement = Requirement(text)
        marker = requirement.marker
        base = marker is None or marker.evaluate({"extra": ""})
        wanted = base if not extra else not base and marker is not None and marker.evaluate({"extra": extra})
        if wanted and canonicalize_name(requirement.name) != PROJECT:
            yield canonicalize_name(requirement.name), requirement.extras


def _licence(name: str, package: Distribution) -> str:
    """Return a package's licence as SPDX, "" when its metadata state none."""
    if name in STATED:
        return STATED[name][0]
    fields = package.metadata
    said = [*fields.get_all("License-Expression", []), *fields.get_all("License", [])]
    said += [line.split("::")[-1].strip() for line in fields.get_all("Classifier", []) if line.startswith("License ::")]
    for text in said:
        if text and len(text) < 80:
            return str(_TEXTS.get(text.lower(), text))
    return ""


def cargo_components() -> list[Component]:
    """Return the crates of the native kernel on any platform, and those that only build it."""
    manifest = str(ROOT / "kernel/native/Cargo.toml")
    command = ["cargo", "metadata", "--locked", "--format-version", "1", "--manifest-path", manifest]
    data = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)  # noqa: S603
    packages = {package["id"]: package for package in data["packages"]}
    nodes = {node["id"]: node for node in data["resolve"]["nodes"]}
    checksums = _checksums((ROOT / "kernel/native/Cargo.lock").read_text())
    found: dict[str, Component] = {}

    def visit(identity: str, used: str) -> None:
        for needed in nodes[identity]["deps"]:
            kinds = {kind["kind"] for kind in needed["dep_kinds"]}
            package = packages[needed["pkg"]]
            macro = any("proc-macro" in target["kind"] for target in package["targets"])
            how = used if None in kinds and not macro else "to build it"
            if kinds == {"dev"}:
                continue
            one = found.get(needed["pkg"])
            if one is None:
                one = found[needed["pkg"]] = Component(
                    "cargo", package["name"], package["version"], package["license"] or ""
                )
                one.sha256 = checksums.get((one.name, one.version), "")
            if identity in found:
                found[identity].needs.add(one.purl)
            if how not in one.used:
                one.used.add(how)
                visit(needed["pkg"], how)

    visit(data["resolve"]["root"], "in the kernel")
    for one in found.values():
        if "in the kernel" in one.used:
            one.used = {"in the kernel"}
        one.optional = one.used == {"to build it"}
    return sorted(found.values(), key=lambda one: (one.name, one.version))


def _checksums(lock: str) -> dict[tuple[str, str], str]:
    entry = re.compile(r'name = "([^"]+)"\nversion = "([^"]+)"\n(?:source = "[^"]*"\n)?checksum = "([0-9a-f]{64})"')
    return {(name, version): checksum for name, version, checksum in entry.findall(lock)}


def npm_components() -> list[Component]:
    """Return what is compiled into the committed artifacts: OpenZeppelin's contracts."""
    entry = json.loads((ROOT / "package-lock.json").read_text())["packages"]["node_modules/@openzeppelin/contracts"]
    one = Component("npm", "@openzeppelin/contracts", entry["version"], entry["license"])
    one.used = {"compiled into contracts/artifacts"}
    return [one]


def components() -> list[Component]:
    """Return everything: Python packages, crates, contracts."""
    return [*python_components(), *cargo_components(), *npm_components()]


def page(found: list[Component]) -> str:
    """Return the text of licences.md."""
    kinds = {"pypi": "Python packages", "cargo": "Rust crates", "npm": "Contracts"}
    lines = [
        "# Licences",
        "",
        "zkmargin is Apache-2.0. This page lists what its users run besides. `make sbom` makes it anew from the",
        "installed packages, with an SBOM (CycloneDX 1.5) in `dist/sbom.json`. Not listed are the tools of the tests:",
        "npm's snarkjs, circomlibjs, solc and what they bring, some of it GPL-3.0, run as processes of their own and",
        "are not distributed.",
        "",
        "Accepted without a decision: MIT, Apache, BSD, ISC, PSF, MPL, Unicode, Zlib, Unlicense, CC0.",
    ]
    outside = refused(found)
    if outside:
        lines += ["", "**Not among them, to be decided:**", ""]
        lines += [f"- {one.name} {one.version}: {one.licence or 'no licence stated'}" for one in outside]
    for name, reason in sorted(DECIDED.items()):
        lines += ["", f"Decided: {name}, {reason}"]
    for kind, title in kinds.items():
        lines += ["", f"## {title}", "", "| name | version | licence | where used |", "|---|---|---|---|"]
        for one in found:
            if one.kind == kind:
                lines.append(f"| {one.name} | {one.version} | {one.licence or 'none stated'} | {_by(one)} |")
    lines += ["", *(f"{name}: {where}." for name, (_, where) in sorted(STATED.items()))]
    return "\n".join(lines) + "\n"


def _by(one: Component) -> str:
    return ", ".join(f"`{used}`" if used.startswith("zkmargin") else used for used in sorted(one.used))


def sbom(found: list[Component]) -> dict[str, Any]:
    """Return the bill of materials, CycloneDX 1.5; the same components give the same document."""
    project = Component("pypi", PROJECT, distribution(PROJECT).version, "Apache-2.0")
    direct = [one.purl for one in found if one.kind == "npm" or any(used.startswith(PROJECT) for used in one.used)]
    crates = [one.purl for one in found if one.kind == "cargo"]
    number = uuid.uuid5(uuid.NAMESPACE_URL, "\n".join([project.purl, *(one.purl for one in found)]))
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": f"urn:uuid:{number}",
        "version": 1,
        "metadata": {"component": {"type": "application", **_entry(project)}},
        "components": [
            {"type": "library", **_entry(one), "scope": "optional" if one.optional else "required"} for one in found
        ],
        "dependencies": [
            {"ref": project.purl, "dependsOn": sorted({*direct, *crates})},
            *({"ref": one.purl, "dependsOn": sorted(one.needs)} for one in found),
        ],
    }


def _entry(one: Component) -> dict[str, Any]:
    entry: dict[str, Any] = {"bom-ref": one.purl, "name": one.name, "version": one.version, "purl": one.purl}
    if one.licence == "BSD":  # no SPDX name
        entry["licenses"] = [{"license": {"name": "BSD"}}]
    elif one.licence:
        entry["licenses"] = [{"expression": re.sub(r"\s*/\s*", " OR ", one.licence)}]
    if one.sha256:
        entry["hashes"] = [{"alg": "SHA-256", "content": one.sha256}]
    return entry


def main() -> int:
    """Write both files; return 1 and name what is not accepted, if anything is."""
    parser = argparse.ArgumentParser(description="List the licences of what zkmargin's users run.")
    parser.add_argument("--page", type=Path, default=ROOT / "docs/licences.md")
    parser.add_argument("--sbom", type=Path, default=ROOT / "dist/sbom.json")
    options = parser.parse_args()
    found = components()
    options.sbom.parent.mkdir(parents=True, exist_ok=True)
    options.sbom.write_text(json.dumps(sbom(found), indent=1) + "\n")
    options.page.write_text(page(found))
    outside = refused(found)
    for one in outside:
        print(f"not accepted: {one.name} {one.version}: {one.licence or 'no licence stated'}", file=sys.stderr)
    print(f"{len(found)} components, {len(outside)} not accepted: {options.page}, {options.sbom}", file=sys.stderr)
    return 1 if outside else 0


if __name__ == "__main__":
    sys.exit(main())
