"""What Python has and a circuit has not: each operator is refused at once, with what to write in its place."""

from __future__ import annotations

from typing import NoReturn

from ...kernel.errors import RuleError

__all__ = ["Refusals"]


class Refusals:
    """Refuses branches, comparisons and operators on a hidden value. Raises RuleError, at the line where they stand."""

    def __bool__(self) -> NoReturn:
        """Refuse `if` on a hidden value: a circuit cannot branch."""
        raise RuleError(
            f"{self} is hidden, so Python cannot branch on it",
            hint="write positive, absolute, minimum, maximum or tiers instead",
        )

    def _refuse_comparison(self, _other: object) -> NoReturn:
        raise RuleError(
            f"{self} is hidden, so it cannot be compared while the rule is written",
            hint="write positive, minimum or maximum instead",
        )

    __lt__ = __le__ = __gt__ = __ge__ = _refuse_comparison

    def __eq__(self, _other: object) -> NoReturn:
        """Refuse `==`: Python's own would compare identities and answer False without a word."""
        self._refuse_comparison(_other)

    def __ne__(self, _other: object) -> NoReturn:
        """Refuse `!=` for the same reason."""
        self._refuse_comparison(_other)

    def __hash__(self) -> int:
        """Return the identity: expressions are told apart as objects."""
        return id(self)

    def __abs__(self) -> NoReturn:
        """Refuse Python's `abs`, which has no circuit."""
        self._refuse_operator("has no abs()", "write absolute(x)")

    def _refuse_division(self, _other: object) -> NoReturn:
        self._refuse_operator(
            "has no /", "scale the other side up, or write floor_div(x, y) or ceil_div(x, y), whichever side is to lose"
        )

    def _refuse_floor(self, _other: object) -> NoReturn:
        self._refuse_operator("has no //", "write floor_div(x, y)")

    def _refuse_remainder(self, _other: object) -> NoReturn:
        self._refuse_operator("has no %", "write remainder(x, y)")

    def _refuse_power(self, _other: object, _modulus: object = None) -> NoReturn:
        self._refuse_operator("has no **", "write x * x, or floor_sqrt(x) for a root")

    def _refuse_bits(self, _other: object = None) -> NoReturn:
        self._refuse_operator("has no bits", "write sums, products, minimum, maximum or by_sign")

    def _refuse_number(self, _places: object = None) -> NoReturn:
        self._refuse_operator("is no number", "write floor_div or ceil_div to round, in_units to drop a unit")

    def _refuse_items(self, _key: object = None) -> NoReturn:
        self._refuse_operator("is no list", "loop over account.positions, or over a column's row(...)")

    def _refuse_operator(self, what: str, way_out: str) -> NoReturn:
        raise RuleError(f"{self} is hidden and {what} while the rule is written", hint=way_out)

    __truediv__ = __rtruediv__ = _refuse_division
    __floordiv__ = __rfloordiv__ = _refuse_floor
    __mod__ = __rmod__ = __divmod__ = __rdivmod__ = _refuse_remainder
    __pow__ = __rpow__ = _refuse_power
    __lshift__ = __rlshift__ = __rshift__ = __rrshift__ = __and__ = __rand__ = __or__ = __ror__ = _refuse_bits
    __xor__ = __rxor__ = __matmul__ = __rmatmul__ = __invert__ = _refuse_bits
    __float__ = __int__ = __index__ = __complex__ = __round__ = __trunc__ = __floor__ = __ceil__ = _refuse_number
    __iter__ = __len__ = __getitem__ = __contains__ = _refuse_items
    __array_ufunc__ = None  # numpy's numbers leave the operator to us, and are refused as no whole numbers of Python's
