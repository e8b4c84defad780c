"""Structure: when two expressions are the same, and what becomes of one where a part of it is zero."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass

from .expressions import Constant, Expression, Maximum, Minimum, Product, Quotient, Sum, walk
from .nodes import Exact

__all__ = ["Structures", "Terms", "bare", "product_without", "same_at_zero"]

Terms = dict[int, tuple[int, Expression]]  # structure's number -> (coefficient, the first node that has it)


class Structures:
    """Numbers for structures: two nodes have one number when they say the same of the same leaves.

    Nodes whose id is in `told_apart` are told apart as objects, whatever their name.
    """

    def __init__(self, told_apart: Container[int] = ()) -> None:
        """Start without any."""
        self._told_apart = told_apart
        self._numbers: dict[int, int] = {}
        self._structures: dict[tuple[object, ...], int] = {}
        self._kept: list[Expression] = []  # ids are reused once their objects are gone

    def number(self, root: Expression) -> int:
        """Return the number of the node's structure."""
        found = self._numbers.get(id(root))
        if found is not None:
            return found
        for node in walk(root, self._numbers):
            same = id(node) if id(node) in self._told_apart else 0
            structure = (type(node), node.key, same, *(self._numbers[id(child)] for child in node.children))
            self._numbers[id(node)] = self._structures.setdefault(structure, len(self._structures))
            self._kept.append(node)
        return self._numbers[id(root)]

    def terms(self, *parts: tuple[int, Expression]) -> Terms:
        """Return Σ coefficient·part as one sum, equal terms put together; those that cancel are gone."""
        found: Terms = {}
        for factor, part in parts:
            inner = zip(part.coefficients, part.children, strict=True) if isinstance(part, Sum) else [(1, part)]
            for coefficient, child in inner:
                number = self.number(child)
                before, first = found.get(number, (0, child))
                found[number] = (before + factor * coefficient, first)
        return {number: term for number, term in found.items() if term[0]}

    def multiple(self, terms: Terms, of: Terms) -> int:
        """Return the integer f for which f·`of` may be taken out of `terms` whole; 0 when there is none."""
        for number, (coefficient, _) in of.items():
            have = terms.get(number, (0,))[0]
            factor = have // coefficient
            whole = all(terms.get(other, (0,))[0] == factor * part for other, (part, _) in of.items())
            return factor if factor and whole else 0
        return 0


def bare(node: Expression) -> Expression:
    """Return the node without `exact` around it: the same value."""
    while isinstance(node, Exact):
        (node,) = node.children
    return node


def product_without(node: Expression, factor: Expression, structures: Structures) -> Expression | None:
    """Return c where the node is factor·c, or None when it is no product with that factor."""
    if structures.number(bare(node)) == structures.number(bare(factor)):
        return Constant(1)
    if not isinstance(node, Product):
        return None
    left, right = node.children
    for inner, other in ((left, right), (right, left)):
        rest = product_without(inner, factor, structures)
        if rest is not None:
            return other if isinstance(rest, Constant) and rest.value == 1 else rest * other
    return None


def same_at_zero(first: Expression, second: Expression, x: Expression) -> bool:
    """Return whether two expressions are shown to be equal where x is zero, by writing zero for x and folding."""
    folding = _Folding(x)
    return folding.of(first) == folding.of(second)


@dataclass(frozen=True)
class _Form:
    """A folded expression that is not a number, by its place among the forms met."""

    place: int


class _Folding:
    """Expressions with zero in the place of x: an integer where nothing else is left, else a numbered form."""

    def __init__(self, x: Expression) -> None:
        self.structures = Structures()
        self.x = self.structures.number(bare(x))
        self.x_terms = self.structures.terms((1, bare(x)))
        self.forms: dict[tuple[object, ...], _Form] = {}

    def of(self, root: Expression) -> int | _Form:
        made: dict[int, int | _Form] = {}
        for node in walk(root):
            made[id(node)] = self._fold(node, [made[id(child)] for child in node.children])
        return made[id(root)]

    def _fold(self, node: Expression, parts: list[int | _Form]) -> int | _Form:
        number = self.structures.number(node)
        nothing = (isinstance(node, Product) and 0 in parts) or (isinstance(node, Quotient) and parts[0] == 0)
        if nothing or number == self.x:
            return 0
        if isinstance(node, Sum):
            return self._fold_sum(node, parts)
        if isinstance(node, Minimum | Maximum | Exact) and all(part == parts[0] for part in parts):
            return parts[0]
        numbers = [part for part in parts if isinstance(part, int)]
        if isinstance(node, Constant) or (parts and len(numbers) == len(parts)):
            value = node.evaluate(numbers)
            if isinstance(value, int):
                return value
        return self._form(type(node), node.key, *parts) if parts else self._form("leaf", number)

    def _fold_sum(self, node: Sum, parts: list[int | _Form]) -> int | _Form:
        x_is_inside = self.structures.multiple(self.structures.terms((1, node)), self.x_terms)
        constant, terms = 0, dict[_Form, int]()
        for coefficient, child, part in zip(node.coefficients, node.children, parts, strict=True):
            if x_is_inside and self.structures.number(child) in self.x_terms:
                continue
            if isinstance(part, int):
                constant += coefficient * part
            else:
                terms[part] = terms.get(part, 0) + coefficient
        left = {part: k for part, k in terms.items() if k}
        if not left:
            return constant
        if constant == 0 and list(left.values()) == [1]:
            return next(iter(left))
        return self._form("sum", constant, *sorted((part.place, k) for part, k in left.items()))

    def _form(self, *parts: object) -> _Form:
        return self.forms.setdefault(parts, _Form(len(self.forms)))
