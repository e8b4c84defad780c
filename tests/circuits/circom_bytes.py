"""Files shaped as circom writes them: constraints before the header, outputs first, labels with gaps."""

import struct
from dataclasses import dataclass, field

from zkmargin.kernel import R

MINUS = R - 1


def section(kind, content):
    return struct.pack("<IQ", kind, len(content)) + content


def file_of(magic, version, sections):
    return magic + struct.pack("<II", version, len(sections)) + b"".join(section(*each) for each in sections)


@dataclass
class CircomFile:
    """An `.r1cs`, its `.sym` and a `.wtns`. Rows are triples of lists of (wire, coefficient)."""

    outputs: int
    inputs: int
    private: int
    names: list
    rows: list
    values: list
    labels: list = field(default_factory=list)

    @property
    def wires(self):
        return len(self.names)

    def header(self, **changes):
        counts = {
            "wires": self.wires,
            "outputs": self.outputs,
            "inputs": self.inputs,
            "private": self.private,
            "labels": max(self.label_map) + 1,
            "rows": len(self.rows),
            "order": R,
        } | changes
        order = counts.pop("order")
        return struct.pack("<I", 32) + order.to_bytes(32, "little") + struct.pack("<IIIIQI", *counts.values())

    @property
    def label_map(self):
        return self.labels or list(range(self.wires))

    def body(self):
        out = bytearray()
        for row in self.rows:
            for terms in row:
                out += struct.pack("<I", len(terms))
                for wire, coefficient in terms:
                    out += struct.pack("<I", wire) + coefficient.to_bytes(32, "little")
        return bytes(out)

    def r1cs(self, extra=(), **changes):
        labels = struct.pack(f"<{self.wires}Q", *self.label_map)
        return file_of(b"r1cs", 1, [(2, self.body()), (1, self.header(**changes)), (3, labels), *extra])

    def sym(self):
        """Every label has a line; labels that stand for no wire have wire -1."""
        wire_of = {label: wire for wire, label in enumerate(self.label_map)}
        lines = []
        for label in range(1, max(wire_of) + 1):
            wire = wire_of.get(label, -1)
            name = self.names[wire] if wire > 0 else f"gone[{label}]"
            lines.append(f"{label},{wire},0,main.{name}")
        return ("\n".join(lines) + "\n").encode()

    def wtns(self, values=None):
        values = self.values if values is None else values
        header = struct.pack("<I", 32) + R.to_bytes(32, "little") + struct.pack("<I", len(values))
        return file_of(b"wtns", 2, [(1, header), (2, b"".join(value.to_bytes(32, "little") for value in values))])

    def write(self, folder, name="circuit"):
        """Write the three files and return their paths."""
        paths = [folder / f"{name}.{kind}" for kind in ("r1cs", "wtns", "sym")]
        for path, content in zip(paths, (self.r1cs(), self.wtns(), self.sym()), strict=True):
            path.write_bytes(content)
        return paths


def product_and_sum():
    """Outputs p = a·b and s = a + b + key (terms unsorted, one zero); an input and two hidden wires in no row."""
    a, b, key = 7, 11, 5
    return CircomFile(
        outputs=2,
        inputs=2,
        private=2,
        names=["one", "p", "s", "a", "idle", "b", "key", "lost"],
        rows=[
            ([(3, MINUS)], [(5, 1)], [(1, MINUS)]),
            ([], [], [(6, 1), (2, MINUS), (5, 1), (3, 1), (7, 0)]),
        ],
        values=[1, a * b, a + b + key, a, 3, b, key, 0],
        labels=[0, 1, 2, 3, 4, 5, 9, 12],
    )


def all_hidden():
    """No public wire at all: x·x = y."""
    return CircomFile(0, 0, 2, ["one", "x", "y"], [([(1, 1)], [(1, 1)], [(2, 1)])], [1, 9, 81])


def no_rows():
    """An input and nothing said of it."""
    return CircomFile(0, 1, 0, ["one", "x"], [], [1, 4])


def removed_input():
    """c = a·a, b being in no constraint: the header counts two private inputs, and b has no wire."""
    rows = [([(2, MINUS)], [(2, 1)], [(1, MINUS)])]
    return CircomFile(1, 0, 2, ["one", "c", "a"], rows, [1, 9, 3], labels=[0, 1, 2])


def output_is_input():
    """b = a: one wire is both, no row is left, and the header counts an input that has no wire."""
    return CircomFile(1, 0, 1, ["one", "b"], [], [1, 5], labels=[0, 1])


def adders(count):
    """A chain as circom's `--O0` leaves it: every signal passed on by a linear row; the last square is public.

    in -> copy_0 = in, sum_i = copy_i + copy_0, copy_{i+1} = sum_i, ...; out = last·last.
    """
    names, values, rows = ["one", "out", "in", "copy0"], [1, 0, 3, 3], [([], [], [(2, 1), (3, MINUS)])]
    last = 3
    for i in range(count):
        names += [f"sum{i}", f"copy{i + 1}"]
        values += [values[last] + 3] * 2
        total, copy = len(names) - 2, len(names) - 1
        terms = [(last, 2), (total, MINUS)] if last == 3 else [(3, 1), (last, 1), (total, MINUS)]
        rows += [([], [], terms), ([], [], [(total, 1), (copy, MINUS)])]
        last = copy
    values[1] = values[last] ** 2
    rows.append(([(last, 1)], [(last, 1)], [(1, 1)]))
    return CircomFile(1, 0, 1, names, rows, values)


EXAMPLES = {
    "product and sum": product_and_sum,
    "all hidden": all_hidden,
    "no rows": no_rows,
    "removed input": removed_input,
    "output is input": output_is_input,
    "adders": lambda: adders(20),
}
