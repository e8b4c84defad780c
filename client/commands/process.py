"""The `zkmargin` process: `prove` goes straight to its work, everything else to the command line in `app`.

Somebody waits for a proof, and the command line's library takes longer to load than the proof takes to make. So a
`prove` whose options are plain is read here; whatever is not plain (help, a mistake, completion) is left to `app`,
whose words it then is. Both read the same options: a test holds them together.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ...kernel.errors import ZkmarginError
from .integers import read_integer

if TYPE_CHECKING:
    from .prove import ProveRequest

__all__ = ["main", "plain_prove", "run"]

_SHORT = {"-m": "--market", "-p": "--parameters", "-c": "--circuit"}
_PATHS = ("--market", "--parameters", "--circuit", "--out", "--opening", "--owner", "--opening-out", "--witness")
_WORDS = ("--context", "--credit", "--margin", "--box")
_NEEDED = ("--market", "--parameters", "--circuit", "--out", "--context")


def main() -> None:
    """Run the command line of this process and exit."""
    # No library's plug-in is asked to watch what is read here: portfolios, openings and owner keys among it.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    try:
        code = run(sys.argv[1:])
    except KeyboardInterrupt:  # while the command line itself was loaded
        code = 130
    sys.exit(code)


def run(arguments: Sequence[str]) -> int:
    """Run a command line and return its exit code; nothing is raised."""
    plain = None if "_ZKMARGIN_COMPLETE" in os.environ else plain_prove(arguments)
    if plain is None:
        from .app import run as run_any

        return run_any(arguments)
    from .output import guarded

    request = plain

    def command() -> int:
        from .prove import prove_to_files

        return prove_to_files(request)

    return guarded(command, as_json="--json" in arguments)


def _standing(given: dict[str, str]) -> list[str]:
    """Fill in what the environment or a file says of the files that are not given; return what to say of it."""
    from ..files.defaults import default_path

    said = []
    for option in _SHORT.values():
        if option not in given:
            try:
                found = default_path(option[2:])
            except ZkmarginError:  # `app` comes to it again, and says it
                return []
            if found is None:
                return []
            given[option] = str(found.path)
            said.append(f"{option} {found.path} (from {found.source})")
    return said


def plain_prove(arguments: Sequence[str]) -> ProveRequest | None:
    """Return what a plain `prove` asks for, None for every other command line.

    Plain: whole option names with their values behind them, each once, none missing, integers well formed.
    """
    if not arguments or arguments[0] != "prove":
        return None
    given: dict[str, str] = {}
    rest = iter(arguments[1:])
    for word in rest:
        option = _SHORT.get(word, word)
        if option == "--json":
            value = ""
        elif option in _PATHS or option in _WORDS:
            value = next(rest, "-")
        elif not option.startswith("-"):
            option, value = "portfolio", word
        else:
            return None
        if option in given or value.startswith("-") or (not value and option != "--json"):
            return None
        given[option] = value
    context, credit = read_integer(given.get("--context", "")), read_integer(given.get("--credit", "0"))
    standing = _standing(given)
    if any(option not in given for option in _NEEDED) or context is None or credit is None:
        return None
    for line in standing:
        from .output import note

        note(line)

    from .prove import ProveRequest

    def path(option: str) -> Path | None:
        return Path(given[option]) if option in given else None

    return ProveRequest(
        portfolio=path("portfolio"),
        opening=path("--opening"),
        market=Path(given["--market"]),
        parameters=Path(given["--parameters"]),
        circuit=Path(given["--circuit"]),
        context=context,
        credit=credit,
        margin=given.get("--margin", "maintenance"),
        owner=path("--owner"),
        opening_out=path("--opening-out"),
        witness=path("--witness"),
        out=Path(given["--out"]),
        box=given.get("--box"),
    )
