"""Where things are: a room imports only rooms before it, a folder only folders before it, and nothing goes round.

A newcomer finds a line by the room's name, and an attacker finds no check that stands beside the way. What is looked at
is every import, those inside functions and those for types only too.
"""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ["kernel", "contracts", "circuits", "verifier", "prover", "client"]
FOLDERS = {
    "circuits": ["language", "rules", "compiler", "gadgets", "statements", "trials"],
    "client": [
        *("files", "risk", "families", "secrets", "chains", "margin", "imports"),
        *("session", "batch", "views", "service", "commands"),
    ],
    "kernel": ["reference"],
}
MOST = 16  # modules of a folder; beyond it, ask whether two rooms stand there
CROWDED = {"circuits/rules": 20, "client/families": 20, "kernel": 25}  # a file a rule; the kernel's facade


def modules():
    """Return the modules of all rooms by dotted name, a package under its own."""
    found = {}
    for room in ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            parts = path.relative_to(ROOT).with_suffix("").parts
            if not {"target", "node_modules", "__pycache__"} & set(parts):
                found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


EXTENSION = "kernel._native"  # compiled: it imports nothing of ours


MODULES = modules()


def arrows(name):
    """Yield (imported module, line) of a module's relative imports."""
    path = MODULES[name]
    package = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = package[: len(package) - node.level + 1]
            target = ".".join([*base, *(node.module or "").split(".")]).strip(".")
            for alias in node.names:
                inner = f"{target}.{alias.name}"
                if inner != EXTENSION:
                    yield (inner if inner in MODULES else target), node.lineno


def test_a_room_imports_only_rooms_before_it():
    count = 0
    for name, path in MODULES.items():
        for target, line in arrows(name):
            assert target in MODULES, f"{path}:{line} imports {target}"
            here, there = name.split(".")[0], target.split(".")[0]
            assert ROOMS.index(there) <= ROOMS.index(here), f"{path}:{line} imports {target}"
            count += 1
    assert count > 900


@pytest.mark.parametrize("room", FOLDERS)
def test_a_folder_imports_only_folders_before_it(room):
    order = FOLDERS[room]
    crossed = set()
    for name, path in MODULES.items():
        if name.split(".")[0] != room or name == room or name.split(".")[1] not in order:
            continue
        here = name.split(".")[1]
        for target, line in arrows(name):
            parts = target.split(".")
            if parts[0] == room and len(parts) > 1 and parts[1] in order:
                assert order.index(parts[1]) <= order.index(here), f"{path}:{line} imports {target}"
                crossed |= {here} - {parts[1]}
    assert room == "kernel" or crossed, f"{room}: nothing was looked at"


@pytest.mark.parametrize("room", ROOMS)
def test_every_folder_of_a_room_has_a_place_in_its_order(room):
    folders = {name.split(".")[1] for name, path in MODULES.items() if name.startswith(f"{room}.") and _inside(name)}
    assert folders <= set(FOLDERS.get(room, [])), f"say where {folders} of {room} stand"


def _inside(name):
    return len(name.split(".")) > 2 or MODULES[name].name == "__init__.py"


def test_no_module_imports_itself_by_a_detour():
    """A circle hides which module rests on which; none is left, not even for types."""
    graph = {name: {target for target, _ in arrows(name)} - {name} for name in MODULES}
    left = dict(graph)
    while True:
        free = {name for name, targets in left.items() if not targets & left.keys()}
        if not free:
            break
        left = {name: targets for name, targets in left.items() if name not in free}
    circle = {name: sorted(targets & left.keys()) for name, targets in left.items()}
    assert not left, f"these go round: {circle}"


def test_no_module_of_the_commands_is_imported_by_another_room():
    users = [
        f"{path}:{line}"
        for name, path in MODULES.items()
        for target, line in arrows(name)
        if target.startswith("client.commands") and not name.startswith("client.commands")
    ]
    assert not users


def test_a_folder_holds_what_a_newcomer_can_look_through():
    sizes = {}
    for path in MODULES.values():
        if path.name != "__init__.py":
            folder = str(path.parent.relative_to(ROOT))
            sizes[folder] = sizes.get(folder, 0) + 1
    crowded = {folder: count for folder, count in sizes.items() if count > CROWDED.get(folder, MOST)}
    assert not crowded
