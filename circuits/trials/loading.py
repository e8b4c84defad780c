"""Finding the rules that somebody wants tried: in a Python file, behind a reference, or installed under a name.

Reading a file or following a reference runs it: whoever wrote it does here what they like.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
import sysconfig
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from pkgutil import resolve_name
from types import ModuleType

from ...kernel.errors import FileError, InputError, RuleError, ZkmarginError
from ..rules.family import Family
from ..rules.registry import RulePlugin, rule_plugin

__all__ = ["author_line", "blaming_the_author", "load_rules"]

_ROOT = Path(__file__).resolve().parents[2]
_ROOMS = ("kernel", "contracts", "circuits", "verifier", "prover", "client")


def load_rules(reference: str) -> list[RulePlugin]:
    """Return the rules of `path/to/file.py`, of `package.module:NAME`, or the installed one of that name.

    A file's rules are the RulePlugins and Families that stand at its module level, each once. Raises FileError, naming
    file and line, when the file cannot be run or has no rule; InputError when there is none of that name.
    """
    path = Path(reference)
    if path.suffix == ".py" or path.is_file():
        return _rules_of(_run(path), str(path))
    if ":" in reference:
        return [_resolved(reference)]
    return [rule_plugin(reference)]


@contextmanager
def blaming_the_author() -> Iterator[None]:
    """Turn what a rule's own code raises into a RuleError that names its file and line."""
    try:
        yield
    except ZkmarginError as error:
        line = author_line(error)
        if error.file is None and line is not None:
            error.file, error.line = line
        raise
    except Exception as error:
        line = author_line(error)
        if line is None:
            raise
        raise RuleError(f"{type(error).__name__}: {error}", file=line[0], line=line[1]) from error


def author_line(error: BaseException) -> tuple[str, int] | None:
    """Return file and line of the last frame of an exception that is neither zkmargin's nor Python's own."""
    library = Path(sysconfig.get_path("stdlib")).resolve()
    found = None
    for frame in traceback.extract_tb(error.__traceback__):
        path = Path(frame.filename).resolve()
        ours = path.is_relative_to(_ROOT) and path.relative_to(_ROOT).parts[0] in _ROOMS
        python = path.is_relative_to(library) and "site-packages" not in path.parts
        if not ours and not python and path.is_file() and frame.lineno:
            found = (frame.filename, frame.lineno)
    return found


def _run(path: Path) -> ModuleType:
    """Import a file: as part of its package where it is in one, else by itself, its folder first on the path."""
    if not path.is_file():
        raise FileError("there is no such file", file=str(path))
    full = path.resolve()
    folder, parts = full.parent, [full.stem]
    while (folder / "__init__.py").exists():
        folder, parts = folder.parent, [folder.name, *parts]
    sys.path.insert(0, str(folder))
    try:
        with _one_sentence(path):
            module = importlib.import_module(".".join(parts)) if len(parts) > 1 else _alone(full)
    finally:
        sys.path.remove(str(folder))
    if Path(module.__file__ or "").resolve() != full:
        said = f"another {module.__name__} is loaded already, from {module.__file__}"
        raise FileError(said, file=str(path), hint="try that rule by its name")
    return module


def _alone(path: Path) -> ModuleType:
    """Import a file that is in no package, under a name that is nobody else's."""
    name = f"zkmargin_trial_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise FileError("this is no Python file", file=str(path))
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@contextmanager
def _one_sentence(path: Path) -> Iterator[None]:
    """Turn whatever running a file raises into a FileError with file and line."""
    try:
        yield
    except ZkmarginError as error:
        line = author_line(error)
        if error.file is None and line is not None:
            error.file, error.line = line
        raise
    except SyntaxError as error:
        raise FileError(
            f"this is not Python: {error.msg}", file=error.filename or str(path), line=error.lineno
        ) from None
    except (Exception, SystemExit) as error:
        file, line_number = author_line(error) or (str(path), None)
        said = f"it cannot be imported: {type(error).__name__}: {error}"
        raise FileError(said, file=file, line=line_number) from error


def _rules_of(module: ModuleType, file: str) -> list[RulePlugin]:
    """Return the rules at a module's level. Raises FileError when there is none, or two are of one name."""
    values = list(vars(module).values())
    plugins = {id(plugin): plugin for plugin in values if isinstance(plugin, RulePlugin)}
    with _one_sentence(Path(file)):
        taken = {id(plugin.family) for plugin in plugins.values()}
    own = {id(family): family for family in values if isinstance(family, Family) and _is_own(family, module)}
    found = [*plugins.values(), *(RulePlugin(family) for key, family in own.items() if key not in taken)]
    if not found:
        raise FileError(
            "there is no rule in it: no RulePlugin and no Family at its module level",
            file=file,
            hint="RULE = Family(name, schema_of, equity, requirement)",
        )
    names = [plugin.family.name for plugin in found]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise FileError(f"two rules in it are named {twice}", file=file)
    return found


def _is_own(family: Family, module: ModuleType) -> bool:
    """Return whether a family is the module's and not one of ours that it imported."""
    home = getattr(family.equity, "__module__", "") or ""
    return not home.startswith("zkmargin.") or home == module.__name__


def _resolved(reference: str) -> RulePlugin:
    """Return the rule behind `package.module:NAME`, from the working folder or whatever is installed."""
    here = str(Path.cwd())
    sys.path.insert(0, here)
    try:
        with _one_sentence(Path(reference)):
            found = resolve_name(reference)
    finally:
        sys.path.remove(here)
    if isinstance(found, Family):
        return RulePlugin(found)
    if isinstance(found, RulePlugin):
        return found
    raise InputError(f"{reference} is no RulePlugin and no Family", code="no-rule")
