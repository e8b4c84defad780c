"""Linear combinations over the scalar field, many of them, in flat arrays."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence

from .field import R

__all__ = ["Pool"]


class Pool:
    """Linear combinations in compressed rows: `starts[i] .. starts[i+1]` are the terms of combination i."""

    def __init__(self) -> None:
        """Start empty."""
        self.starts = array("I", [0])
        self.wires = array("i")
        self.indices = array("I")
        self.coefficients: list[int] = []
        self._interned: dict[int, int] = {}

    def __len__(self) -> int:
        """Return the number of combinations."""
        return len(self.starts) - 1

    def intern(self, value: int) -> int:
        """Return the index of a field element, canonical."""
        value %= R
        index = self._interned.get(value)
        if index is None:
            index = self._interned[value] = len(self.coefficients)
            self.coefficients.append(value)
        return index

    def append(self, terms: Mapping[int, int]) -> int:
        """Add one combination, terms in wire order, and return its number."""
        for wire in sorted(terms):
            if terms[wire] % R:
                self.wires.append(wire)
                self.indices.append(self.intern(terms[wire]))
        self.starts.append(len(self.wires))
        return len(self.starts) - 2

    def terms(self, number: int) -> dict[int, int]:
        """Return one combination as wire -> coefficient."""
        span = range(self.starts[number], self.starts[number + 1])
        return {self.wires[i]: self.coefficients[self.indices[i]] for i in span}

    def dot(self, number: int, values: Sequence[int]) -> int:
        """Return the combination's value, canonical."""
        wires, indices, coefficients = self.wires, self.indices, self.coefficients
        span = range(self.starts[number], self.starts[number + 1])
        return sum(values[wires[i]] * coefficients[indices[i]] for i in span) % R

    def stamp(self, template: Pool, mapping: Sequence[int]) -> None:
        """Append every combination of a template, its wires renamed by `mapping`."""
        base = len(self.wires)
        renamed = [self.intern(value) for value in template.coefficients]
        self.wires.extend(map(mapping.__getitem__, template.wires))
        self.indices.extend(map(renamed.__getitem__, template.indices))
        self.starts.extend(base + start for start in template.starts[1:])
