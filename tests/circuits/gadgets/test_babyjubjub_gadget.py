"""Lost if these fail: a key of small order or off the curve passes, and an escrow is garbage that is "bound"."""

from functools import cache

import pytest

from zkmargin.circuits.gadgets.babyjubjub import (
    CircuitPoint,
    add_points,
    constrain_on_curve,
    constrain_proper,
    double_point,
    multiply_by_8,
)
from zkmargin.kernel import R
from zkmargin.kernel.babyjubjub import (
    BASE8,
    IDENTITY,
    SUBGROUP_ORDER,
    A,
    D,
    add,
    is_in_subgroup,
    is_on_curve,
    multiply,
)
from zkmargin.kernel.errors import Unsatisfied

from .gadget import Gadget

MINUS_ONE = (0, R - 1)  # of order 2


def square_root(value):
    """Return a square root modulo the field's order (Tonelli, Shanks), None where there is none."""
    if value == 0:
        return 0
    if pow(value, (R - 1) // 2, R) != 1:
        return None
    odd, twos = R - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    c = next(pow(z, odd, R) for z in range(2, 99) if pow(z, (R - 1) // 2, R) == R - 1)
    root, t = pow(value, (odd + 1) // 2, R), pow(value, odd, R)
    while t != 1:
        i, square = 0, t
        while square != 1:
            square, i = square * square % R, i + 1
        b = pow(c, 1 << (twos - i - 1), R)
        root, c, t, twos = root * b % R, b * b % R, t * b * b % R, i
    return root


def random_point(rng):
    """Return a point of the whole curve, of any order."""
    while True:
        y = rng.randrange(R)
        x = square_root((1 - y * y) * pow(A - D * y * y, -1, R) % R)
        if x is not None:
            return rng.choice([x, (R - x) % R]), y


@cache
def small_points():
    """Return the eight points whose order divides 8."""
    from random import Random

    rng = Random(1)
    while True:
        point = multiply(random_point(rng), SUBGROUP_ORDER)
        multiples = [multiply(point, k) for k in range(8)]
        if len(set(multiples)) == 8:
            return multiples


def opposite(point):
    return (R - point[0]) % R, point[1]


def point_of(wires, name):
    return CircuitPoint(wires[f"{name}.x"], wires[f"{name}.y"])


@cache
def adder():
    def build(builder, wires):
        total = add_points(builder, point_of(wires, "p"), point_of(wires, "q"), "sum")
        return [total.x, total.y]

    return Gadget(["p.x", "p.y", "q.x", "q.y"], build, 2)


@cache
def doubler(make=double_point):
    def build(builder, wires):
        total = make(builder, point_of(wires, "p"), "twice")
        return [total.x, total.y]

    return Gadget(["p.x", "p.y"], build, 2)


@cache
def on_curve():
    return Gadget(["p.x", "p.y"], lambda builder, wires: constrain_on_curve(builder, point_of(wires, "p"), "p"))


@cache
def key():
    """Return the whole path of a hidden point to a key: on the curve, times 8, not the identity."""

    def build(builder, wires):
        point = point_of(wires, "p")
        constrain_on_curve(builder, point, "p")
        result = multiply_by_8(builder, point, "key")
        constrain_proper(builder, result, "key")
        return [result.x, result.y]

    return Gadget(["p.x", "p.y"], build, 2)


def test_the_addition_is_complete_on_this_curve():
    """a is a square and d none; A − 2 of the Montgomery form, which is d up to a square, none either."""
    assert square_root(A) is not None
    assert square_root(D) is None
    assert square_root(168698 - 2) is None
    assert len({multiply(point, 8) for point in small_points()}) == 1


def test_sums_are_the_kernels(rng, say):
    corners = [IDENTITY, MINUS_ONE, BASE8, opposite(BASE8), *small_points()]
    pairs = [(p, q) for p in corners for q in corners]
    points = [random_point(rng) for _ in range(40)]
    pairs += [(p, p) for p in points] + [(p, opposite(p)) for p in points]
    pairs += [(rng.choice(points), rng.choice(points)) for _ in range(1000)]
    for p, q in pairs:
        _, total = adder().honest(*p, *q)
        assert tuple(total) == add(p, q)
    say(f"{len(pairs)} sums, equal points, opposite ones and those of small order among them")


def test_doubles_and_eightfolds_are_the_kernels(rng, say):
    points = [IDENTITY, MINUS_ONE, BASE8, *small_points(), *(random_point(rng) for _ in range(300))]
    for point in points:
        assert tuple(doubler().honest(*point)[1]) == add(point, point)
        eight = tuple(doubler(multiply_by_8).honest(*point)[1])
        assert eight == multiply(point, 8)
        assert is_in_subgroup(eight)
    say(f"{len(points)} points, doubled and times 8")


def test_only_points_of_the_curve_are_on_the_curve(rng, say):
    good = [IDENTITY, MINUS_ONE, BASE8, *small_points(), *(random_point(rng) for _ in range(200))]
    bad = [(0, 0), (1, 1), (0, 2), (R - 1, 0), (BASE8[1], BASE8[0]), (BASE8[0], BASE8[1] + 1)]
    bad += [(rng.randrange(R), rng.randrange(R)) for _ in range(500)]
    bad += [(p[0], (p[1] + 1) % R) for p in good]
    for point in good:
        on_curve().honest(*point)
    for point in bad:
        tape = on_curve().tape(*point)
        assert on_curve().machine.holds(tape) is is_on_curve(point), point
    say(f"{len(good)} points on the curve, {sum(not is_on_curve(p) for p in bad)} off it")


def test_a_key_of_small_order_or_off_the_curve_is_refused(rng):
    gadget = key()
    for point in [*small_points(), (0, 0), (1, 2), *((rng.randrange(R), rng.randrange(R)) for _ in range(200))]:
        if is_on_curve(point) and multiply(point, 8) != IDENTITY:
            continue
        assert not gadget.machine.holds(gadget.tape(*point)), point
    for point in small_points():
        with pytest.raises(Unsatisfied) as error:
            gadget.program.run([0, 0], point)
        assert error.value.code == "division-by-zero"
        assert error.value.hint == "key that is not the identity"
    for _ in range(50):
        point = random_point(rng)
        result = tuple(gadget.honest(*point)[1])
        assert result == multiply(point, 8)
        assert is_in_subgroup(result)
        assert result != IDENTITY


def test_a_point_of_small_order_hides_nothing_behind_a_large_one(rng):
    """Q and Q + T give one key: what the small part of Q is does not matter."""
    point = random_point(rng)
    keys = {tuple(key().honest(*add(point, small))[1]) for small in small_points()}
    assert keys == {multiply(point, 8)}


def test_not_the_identity_alone_lets_other_small_orders_pass():
    """As its docstring says; so it stands behind the factor 8."""

    def build(builder, wires):
        constrain_on_curve(builder, point_of(wires, "p"), "p")
        constrain_proper(builder, point_of(wires, "p"), "p")

    gadget = Gadget(["p.x", "p.y"], build)
    passing = [point for point in small_points() if gadget.machine.holds(gadget.tape(*point))]
    assert len(passing) == 6


def off_the_curve(gadget, point):
    """Yield tapes of a point off the curve that each break one row at most: its equation, or one of its squares."""
    x, y = point[0], point[1] + 1
    tape = gadget.tape(x, y)
    yield tape
    xx, yy = (gadget.system.names.index(f"p.{name}") for name in ("xx", "yy"))
    yield gadget.machine.replay(tape, {xx: (1 - tape[yy]) * pow(A - D * tape[yy], -1, R)})[0]
    yield gadget.machine.replay(tape, {yy: (1 - A * tape[xx]) * pow(1 - D * tape[xx], -1, R)})[0]


def only(rows):
    """Return the one row that is broken, or none where there are more."""
    rows = list(rows)
    return rows if len(rows) == 1 else []


GADGETS = {"add_points": adder, "double_point": doubler, "constrain_on_curve": on_curve, "key": key}


@pytest.mark.parametrize("name", GADGETS)
def test_no_lie_about_a_point_passes(name, rng, size, tally):
    gadget, told, wrong = GADGETS[name](), 0, []
    for _ in range(size(6, 200)):
        points = [random_point(rng) for _ in range(len(gadget.fixed) // 2)]
        count, passed = gadget.lies(gadget.honest(*(c for point in points for c in point))[0], rng)
        told, wrong = told + count, wrong + passed
    tally("S2", f"{name}: lying answers to every hint and changed wires", told, len(wrong))


@pytest.mark.parametrize("name", GADGETS)
def test_every_row_of_a_point_is_needed_and_nothing_may_move(name, rng, tally):
    gadget = GADGETS[name]()
    points = [random_point(rng) for _ in range(len(gadget.fixed) // 2)]
    tape, _ = gadget.honest(*(c for point in points for c in point))
    idle = set(gadget.needless([tape]))
    if name in ("constrain_on_curve", "key"):
        forged = [*off_the_curve(gadget, points[0]), gadget.tape(*MINUS_ONE)]
        idle -= {row for lie in forged for row in only(gadget.machine.broken(lie))}
    tally("S3", f"{name}: rows, each seen to be needed", len(gadget.rows), len(idle))
    tally("S10", f"{name}: non-input wires at full rank", len(gadget.subject().wires), gadget.defect(tape))


def test_gadgets_cost_what_their_docstrings_say():
    costs = {adder(): 6, doubler(): 5, on_curve(): 3, doubler(multiply_by_8): 15, key(): 3 + 15 + 1}
    for gadget, cost in costs.items():
        assert len(gadget.rows) == cost
    functions = (
        (add_points, 6),
        (double_point, 5),
        (constrain_on_curve, 3),
        (multiply_by_8, 15),
        (constrain_proper, 1),
    )
    for function, cost in functions:
        assert f"Costs {cost} constraint" in " ".join(function.__doc__.split())
