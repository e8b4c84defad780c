"""The rooms of the Solidity sources: no import by which a change to the gate reaches the verifier."""

import re
from pathlib import Path

SOURCES = Path(__file__).parents[2] / "contracts" / "src"

# Room -> what its files may import beside their own room and packages from npm.
MAY_IMPORT = {
    "interfaces": set(),
    "storage": {"interfaces"},
    "verification": {"interfaces", "storage"},
    "tables": {"interfaces", "storage"},
    "protocol": {"interfaces", "storage", "verification", "tables"},
}
_IMPORT = re.compile(r'^import\b[^;]*?"([^"]+)"\s*;', re.MULTILINE | re.DOTALL)


def wrong_arrows(sources):
    """Imports that leave a room for one above or beside it, or for no room at all."""
    wrong = []
    for path in sorted(sources.rglob("*.sol")):
        inside = path.relative_to(sources)
        if len(inside.parts) != 2 or inside.parts[0] not in MAY_IMPORT:
            wrong.append(f"{inside} stands in no room")
            continue
        room = inside.parts[0]
        for target in _IMPORT.findall(path.read_text()):
            if not target.startswith("."):
                continue
            found = (path.parent / target).resolve()
            if not found.is_file() or not found.is_relative_to(sources.resolve()):
                wrong.append(f"{inside} imports {target}, which is not there")
            elif found.parent.name not in {room, *MAY_IMPORT[room]}:
                wrong.append(f"{inside} imports {target}")
    return wrong


def test_no_contract_imports_a_room_above_its_own():
    assert wrong_arrows(SOURCES) == []
    files = list(SOURCES.rglob("*.sol"))
    assert {path.parent.name for path in files} == set(MAY_IMPORT)


def test_the_interfaces_room_holds_no_code():
    for path in (SOURCES / "interfaces").glob("*.sol"):
        kinds = re.findall(r"^(?:abstract )?(contract|library|interface) \w+", path.read_text(), re.MULTILINE)
        assert kinds == ["interface"], path.name


def test_an_arrow_upwards_or_sideways_is_found(tmp_path):
    """The check itself can fail."""
    for room in MAY_IMPORT:
        (tmp_path / room).mkdir()
        (tmp_path / room / "Any.sol").write_text("")
    for room, allowed in MAY_IMPORT.items():
        for other in MAY_IMPORT:
            (tmp_path / room / "Any.sol").write_text(f'import {{\n    Any\n}} from "../{other}/Any.sol";\n')
            assert (wrong_arrows(tmp_path) == []) == (other in {room, *allowed})
        (tmp_path / room / "Any.sol").write_text("")
    (tmp_path / "Loose.sol").write_text("")
    (tmp_path / "tables" / "Any.sol").write_text('import "./Gone.sol";\n')
    assert wrong_arrows(tmp_path) == [
        "Loose.sol stands in no room",
        "tables/Any.sol imports ./Gone.sol, which is not there",
    ]
