"""Rules by name. Every rule, those of this package too, is an entry point of the group `zkmargin.rules`.

A package registers a rule of its own in its `pyproject.toml`, and every command knows it from then on:

    [project.entry-points."zkmargin.rules"]
    flat-fee = "my_rules:FLAT_FEE"

What the entry point names is a `RulePlugin`, the rule's circuit side and its file side in one object. A rule is loaded
when it is asked for and not before: what is wrong with one package's rule stops nobody else's.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pkgutil import resolve_name
from typing import TYPE_CHECKING, cast

from ...kernel.errors import InputError, RuleError
from .family import Family

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

__all__ = ["GROUP", "RulePlugin", "family", "forget", "register", "rule_names", "rule_plugin", "standing_in"]

GROUP = "zkmargin.rules"


@dataclass(frozen=True, eq=False)
class RulePlugin:
    """A rule as its package hands it over: `circuit`, the `Family`, and `files`, how its files become tables.

    `files` is a `zkmargin.client.files.rule_files.FamilyFiles`, or None for a rule that is used from Python only.
    Either side may be a reference "package.module:NAME", imported when it is first needed.
    """

    circuit: Family | str
    files: object | str | None = None

    @property
    def family(self) -> Family:
        """Return the circuit side. Raises RuleError when it is none."""
        found = _imported(self.circuit) if isinstance(self.circuit, str) else self.circuit
        if not isinstance(found, Family):
            raise RuleError(f"a rule's circuit side is a Family, not {found!r}", hint="RulePlugin(Family(...), FILES)")
        return found

    @property
    def file_side(self) -> object | None:
        """Return the file side, None where the rule has none. Raises RuleError when it cannot be imported."""
        return _imported(self.files) if isinstance(self.files, str) else self.files


_registered: dict[str, RulePlugin] = {}  # of this process: rules loaded, and those of notebooks and tests


def rule_names() -> tuple[str, ...]:
    """Return the names of the rules there are, sorted; nothing is loaded."""
    return tuple(sorted({*_installed(), *_registered}))


def rule_plugin(name: str) -> RulePlugin:
    """Return a rule, loaded now if it was not yet.

    Raises InputError (code "unknown-rule") when there is none of that name, RuleError when two packages have one or
    what is registered cannot be loaded or is of another name.
    """
    if name not in _registered:
        found = _ours().get(name) or _installed().get(name)
        if found is None:
            hint = f"one of {', '.join(rule_names())}"
            raise InputError(f"there is no rule named {name!r}", code="unknown-rule", hint=hint)
        _registered[name] = _loaded(name, found)
    return _registered[name]


def family(name: str) -> Family:
    """Return the circuit side of a rule. Raises what `rule_plugin` raises."""
    return rule_plugin(name).family


def register(plugin: RulePlugin) -> None:
    """Add a rule to this process, under its family's name. Raises RuleError when there is one of that name."""
    name = plugin.family.name
    if name in rule_names():
        raise RuleError(f"there is a rule named {name} already", hint="call yours by another name")
    _registered[name] = plugin


def forget(name: str) -> None:
    """Undo `register`; a rule that a package has stays known."""
    _registered.pop(name, None)


@contextmanager
def standing_in(plugin: RulePlugin) -> Iterator[None]:
    """Let a rule stand under its name inside a `with` block, whether or not a package has one of that name.

    What was there before stands there again after. For trials of a rule whose package is installed already.
    """
    name = plugin.family.name
    before = _registered.get(name)
    _registered[name] = plugin
    try:
        yield
    finally:
        if before is None:
            _registered.pop(name, None)
        else:
            _registered[name] = before


@cache
def _ours() -> dict[str, tuple[EntryPoint, ...]]:
    """Return the rules of this package: no other takes their names, and nobody else's metadata is read for them."""
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        points = distribution(__name__.partition(".")[0]).entry_points
    except PackageNotFoundError:
        return {}
    return {point.name: (point,) for point in points if point.group == GROUP}


@cache
def _installed() -> dict[str, tuple[EntryPoint, ...]]:
    """Return the entry points of the group by name: one each, unless two other packages claim a name."""
    from importlib.metadata import entry_points

    found: dict[str, tuple[EntryPoint, ...]] = {}
    for point in entry_points(group=GROUP):
        found[point.name] = (*found.get(point.name, ()), point)
    return {**found, **_ours()}


def _loaded(name: str, points: tuple[EntryPoint, ...]) -> RulePlugin:
    """Return what an entry point names. Raises RuleError, naming its package, when it cannot be used."""
    packages = sorted({point.dist.name if point.dist else point.module for point in points})
    if len({point.value for point in points}) > 1:
        raise RuleError(
            f"two packages have a rule named {name}: {' and '.join(packages)}",
            hint="uninstall one: under one name stands one rule",
        )
    try:
        plugin = _imported(points[0].value)
        if not isinstance(plugin, RulePlugin):
            raise RuleError(f"{points[0].value} is no RulePlugin", hint="RulePlugin(FAMILY, FILES)")
        if plugin.family.name != name:
            hint = "entry point and Family have one name"
            raise RuleError(f"the rule {name} calls itself {plugin.family.name}", hint=hint)
    except RuleError as error:
        error.message = f"{error.message} (the rule {name} is of the package {packages[0]})"
        raise
    return plugin


def _imported(reference: str) -> object:
    """Return what "package.module:NAME" names. Raises RuleError, whatever its module raises while it is imported."""
    try:
        return cast("object", resolve_name(reference))
    except (Exception, SystemExit) as error:
        said = f"{type(error).__name__}: {error}"
        raise RuleError(f"{reference} cannot be loaded: {said}", hint="package.module:NAME") from error
