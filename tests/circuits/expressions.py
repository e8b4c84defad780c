"""Small random rules, nested any way the language allows, lowered to both sides over tiny holdings and cells."""

from zkmargin.circuits.compiler.builder import Builder
from zkmargin.circuits.compiler.linear import Bound, Linear
from zkmargin.circuits.compiler.lowering import Lowering, Side
from zkmargin.circuits.compiler.range_checks import range_check
from zkmargin.circuits.gadgets.bits import offset_input, signed_input, unsigned_input
from zkmargin.circuits.language.language import (
    DIMENSIONLESS,
    CellRef,
    Constant,
    HoldingRef,
    Spread,
    absolute,
    by_sign,
    ceil_div,
    discounted,
    evaluate,
    exact,
    floor_div,
    floor_sqrt,
    increase,
    kth_largest,
    maximum,
    minimum,
    piecewise_linear,
    positive,
    remainder,
    spread_credit,
    sum_largest,
    walk,
)
from zkmargin.circuits.trials.witnesses.machine import Machine

from .solver import Solver


class TinyRule:
    """One expression with both its circuits. Cells are public, holdings hidden, all of a few bits."""

    def __init__(self, expression):
        self.expression = expression
        leaves = [node for node in walk(expression) if isinstance(node, HoldingRef | CellRef)]
        self.holdings = [leaf for leaf in leaves if isinstance(leaf, HoldingRef)]
        self.cells = [leaf for leaf in leaves if isinstance(leaf, CellRef)]
        self.circuits = {side: self._circuit(side) for side in Side}

    def _circuit(self, side):
        builder = Builder([leaf.name for leaf in self.cells], [leaf.name for leaf in self.holdings])
        bounds = {id(leaf): Bound(builder.public(leaf.name), *leaf.interval) for leaf in self.cells}
        for leaf in self.holdings:
            low, high = leaf.interval
            if low == 0:
                bounds[id(leaf)] = unsigned_input(builder, leaf.name, high.bit_length())
            elif low == -high:
                bounds[id(leaf)] = signed_input(builder, leaf.name, high.bit_length())
            else:
                bounds[id(leaf)] = offset_input(builder, leaf.name, 1 + high.bit_length())
        lowering = Lowering(builder, bounds)
        bound = lowering.bound(self.expression, side)
        low, high = self.expression.interval
        if side is Side.LO:
            range_check(builder, bound, max(0, high).bit_length(), "surplus")
        else:
            short = Bound(-bound.linear - Linear.constant(1), -bound.high - 1, -bound.low - 1)
            range_check(builder, short, max(0, -low - 1).bit_length(), "shortfall")
        builder.program.finish(builder.system.wires, len(self.holdings))
        return TinyCircuit(builder, bound, lowering)

    def value(self, values):
        """Return the engine's value; `values` maps a leaf's name to its value."""
        return evaluate(self.expression, lambda node: values[node.name])

    def draw(self, rng):
        return {leaf.name: rng.randint(*leaf.interval) for leaf in (*self.holdings, *self.cells)}

    def inputs(self, values):
        return [values[leaf.name] for leaf in self.cells], [values[leaf.name] for leaf in self.holdings]

    def known(self, side, values):
        """Return the wires that the cells and the holdings fix, whatever a prover does."""
        system, known = self.circuits[side].system, {}
        known.update({1 + i: values[leaf.name] for i, leaf in enumerate(self.cells)})
        for leaf in self.holdings:
            value, names = values[leaf.name], system.names
            if leaf.name in names:
                known[names.index(leaf.name)] = value
            else:
                stored = value + (leaf.interval[1] + 1 if leaf.interval[0] < 0 else 0)
                first = names.index(f"{leaf.name}.bit0")
                bits = sum(name.startswith(f"{leaf.name}.bit") for name in names)
                known.update({first + i: stored >> i & 1 for i in range(bits)})
        return known


class TinyCircuit:
    """One side: its system, a machine, a complete search, and how many bits are free in it."""

    def __init__(self, builder, bound, lowering):
        self.system, self.program, self.bound, self.lowering = builder.system, builder.program, bound, lowering
        self.machine = Machine(self.system, self.program)
        self.solver = Solver(self.system)
        checks = [n for n in self.system.names if ".piece0.bit" in n or ".helper.bit" in n]
        self.free_bits = len(checks)


def leaves(rng):
    """Return holdings of all three kinds, cells, and two cells in declared order."""
    ranges = [(0, 3), (-3, 3), (-4, 3), (0, 1), (-7, 7)]
    holdings = [HoldingRef(i, f"h{i}", DIMENSIONLESS, rng.choice(ranges)) for i in range(3)]
    cells = [CellRef("t", i, f"c{i}", DIMENSIONLESS, rng.choice([(0, 3), (1, 5), (-2, 2), (-3, 0)])) for i in range(2)]
    low = CellRef("t", 2, "low", DIMENSIONLESS, (0, 3))
    return holdings, cells, increase(CellRef("t", 3, "high", DIMENSIONLESS, (0, 3), at_least=2), low)


def grow(rng, holdings, cells, step, depth):
    """Return a random expression. May raise RuleError where a helper meets a value of unknown sign."""

    def more():
        return grow(rng, holdings, cells, step, depth - 1)

    def several():
        return [more() for _ in range(rng.choice([1, 2, 2, 3]))]

    def leaf():
        return rng.choice([*holdings, *holdings, rng.choice(cells), Constant(rng.randint(-3, 3))])

    def weighted():
        return rng.choice([-2, -1, 1, 2]) * more() + rng.choice([-1, 1, 3]) * more()

    def signed():
        """Choose by the sign of a holding between multiples of it, or between roundings of it."""
        x = rng.choice(holdings)
        rounded = (floor_div(x, rng.choice(divisors)), ceil_div(2 * x, rng.choice(divisors)))
        factors = rng.sample([*cells, Constant(-1), Constant(2), step], 2)
        first, second = rounded if rng.random() < 0.4 else (factor * x for factor in factors)
        rest = more()
        return by_sign(x, positive=first + rest, negative=second + rest)

    def consumed():
        """Let three deltas consume each other, and weigh what is left."""
        deltas = [*holdings[:2], holdings[2] - holdings[0]]
        ratio = rng.choice([None, Constant(2)])
        spreads = [Spread(0, 1, Constant(rng.randint(0, 2)), ratio), Spread(*rng.sample(range(3), 2), Constant(1))]
        total, left = spread_credit(deltas, spreads[: rng.randint(1, 2)])
        return total * rng.choice([-1, 1]) + rng.choice([-1, 0, 1]) * rng.choice(
            [part for pool in left for part in (pool.net, pool.gross)]
        )

    divisors = [CellRef("t", 4, "divisor", DIMENSIONLESS, (1, 4)), Constant(rng.randint(1, 3))]
    kinds = [
        lambda: floor_div(more(), rng.choice(divisors)),
        lambda: ceil_div(more(), rng.choice(divisors)),
        lambda: minimum(*several()),
        lambda: maximum(*several()),
        lambda: positive(more()),
        lambda: absolute(more()),
        lambda: sum_largest([more(), more(), leaf()], rng.randint(1, 3)),
        lambda: kth_largest([more(), leaf(), leaf()], rng.randint(1, 3)),
        lambda: floor_sqrt(absolute(more())),
        lambda: exact(more()) * rng.choice(holdings),
        lambda: discounted(more(), CellRef("t", 5, "ratio", DIMENSIONLESS, (1, 3))),
        lambda: piecewise_linear(leaf(), slopes=rng.sample([*cells, step], 2), boundaries=[rng.choice(cells)]),
        lambda: remainder(more(), rng.choice(divisors)),
        signed,
        consumed,
        lambda: more() * rng.choice([*cells, step, *holdings, Constant(rng.randint(-2, 2))]),
        weighted,
        weighted,
        leaf,
    ]
    return rng.choice(kinds)() if depth else leaf()


def tidy(values):
    """Return the values with the declared order of the two ordered cells kept."""
    if values.get("high", 0) < values.get("low", 0):
        values["high"], values["low"] = values["low"], values["high"]
    return values
