"""The build: setuptools', and an editable install whose packages type checkers see.

The rooms stand at the root of the repository, and setuptools finds them there with an import hook, which no type
checker runs. So an editable install gets a folder of links, `build/tree/zkmargin`, and a `.pth` file with its path.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import os
import tomllib
import zipfile
from pathlib import Path
from typing import Any

from setuptools import build_meta
from setuptools.build_meta import (
    build_sdist,
    build_wheel,
    get_requires_for_build_editable,
    get_requires_for_build_sdist,
    get_requires_for_build_wheel,
    prepare_metadata_for_build_editable,
    prepare_metadata_for_build_wheel,
)

__all__ = [
    "build_editable",
    "build_sdist",
    "build_wheel",
    "get_requires_for_build_editable",
    "get_requires_for_build_sdist",
    "get_requires_for_build_wheel",
    "link_rooms",
    "prepare_metadata_for_build_editable",
    "prepare_metadata_for_build_wheel",
    "with_file",
]

PATH_FILE = "zkmargin-rooms.pth"


def build_editable(
    wheel_directory: str, config_settings: dict[str, Any] | None = None, metadata_directory: str | None = None
) -> str:
    """Build setuptools' editable wheel and add the path of the links, where the file system has links."""
    name = build_meta.build_editable(wheel_directory, config_settings, metadata_directory)
    try:
        tree = link_rooms(Path.cwd())
    except OSError:
        return name  # it works without; only type checkers see nothing
    with_file(Path(wheel_directory, name), PATH_FILE, f"{tree}\n".encode())
    return name


def link_rooms(root: Path) -> Path:
    """Make `build/tree/zkmargin` with a link to each room and return `build/tree`. Raises OSError."""
    rooms = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["setuptools"]["package-dir"]
    tree = root / "build" / "tree"
    for package, folder in rooms.items():
        link = tree.joinpath(*package.split("."))
        link.parent.mkdir(parents=True, exist_ok=True)
        target = os.path.relpath(root / folder, link.parent)
        if link.is_symlink():
            if os.readlink(link) == target:
                continue
            link.unlink()
        link.symlink_to(target, target_is_directory=True)
    return tree


def with_file(wheel: Path, name: str, content: bytes) -> None:
    """Add a file to a wheel and to its record."""
    with zipfile.ZipFile(wheel) as old:
        files = {entry.filename: old.read(entry) for entry in old.infolist()}
    files[name] = content
    (record,) = (file for file in files if file.endswith(".dist-info/RECORD"))
    rows = [row for row in csv.reader(io.StringIO(files[record].decode())) if row and row[0] != name]
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
    rows.append([name, f"sha256={digest}", str(len(content))])
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    files[record] = text.getvalue().encode()
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as new:
        for file, data in files.items():
            new.writestr(file, data)
