"""A wrong sum, product or pairing here would be a wrong proof everywhere (S8)."""

from __future__ import annotations

import random
from types import ModuleType
from typing import Any

import galois
import pytest
from py_ecc.optimized_bn128 import optimized_curve as curve

from zkmargin.kernel import Kernel, Q, R
from zkmargin.kernel.errors import FormatError
from zkmargin.kernel.field import root_of_unity
from zkmargin.kernel.groth16_data import G2_GENERATOR
from zkmargin.kernel.reference.curve import g1, g2

G1_GENERATOR = (1, 2)
CORNERS = [0, 1, 2, R - 1, R - 2, (R - 1) // 2, (R + 1) // 2, 1 << 64, (1 << 64) - 1, 1 << 253, R - (1 << 64)]


def elements(generator: random.Random, count: int) -> list[int]:
    values = CORNERS + [generator.randrange(R) for _ in range(count - len(CORNERS))]
    generator.shuffle(values)
    return values


def opposite(point: tuple[int, int]) -> tuple[int, int]:
    return point[0], Q - point[1]


def test_field_operations_are_those_of_galois_on_ten_thousand_elements(
    either: Kernel, generator: random.Random, size: Any, tally: Any
) -> None:
    field = galois.GF(R, primitive_element=5, verify=False)
    count = size(10_000, 100_000)
    left, right = elements(generator, count), elements(generator, count)
    a, b = field(left), field(right)
    assert either.field_add(left, right) == [int(value) for value in a + b]
    assert either.field_sub(left, right) == [int(value) for value in a - b]
    assert either.field_mul(left, right) == [int(value) for value in a * b]
    units = [value for value in left if value]
    assert either.field_inv(units) == [int(value) for value in field(units) ** -1]
    tally("S8", f"field elements added, subtracted, multiplied, inverted by {type(either).__name__} and galois", count)


def test_zero_has_no_inverse_and_no_number_outside_the_field_is_taken(either: Kernel) -> None:
    for bad in ([0], [5, 0], [R], [-1]):
        with pytest.raises(FormatError):
            either.field_inv(bad)
    with pytest.raises(FormatError):
        either.field_add([1, 2], [1])
    with pytest.raises(FormatError):
        either.g1_multiply(G1_GENERATOR, R)


def test_native_g1_is_py_eccs_on_a_thousand_sums_and_multiples(
    native: Kernel, generator: random.Random, size: Any, tally: Any
) -> None:
    count = size(500, 5_000)
    point, ecc_point = G1_GENERATOR, g1.point(G1_GENERATOR)
    for scalar in elements(generator, count):
        multiple, ecc_multiple = native.g1_multiply(point, scalar), curve.multiply(ecc_point, scalar)
        assert multiple == g1.affine(ecc_multiple)
        other = generator.choice([multiple, point, None, opposite(point)])
        assert native.g1_add(point, other) == g1.affine(curve.add(ecc_point, g1.point(other)))
        if multiple is not None:
            point, ecc_point = multiple, g1.point(multiple)
    tally("S8", "multiples and sums of G1 points, as py_ecc has them", 2 * count)


def test_native_g2_is_py_eccs_in_and_outside_the_subgroup(
    native: Kernel, circuits: ModuleType, generator: random.Random, size: Any, tally: Any
) -> None:
    count = size(30, 300)
    for start in (G2_GENERATOR, circuits.curve_point(generator)):
        point = start
        for scalar in elements(generator, count):
            multiple = native.g2_multiply(point, scalar)
            assert multiple == g2.affine(curve.multiply(g2.point(point), scalar))
            for other in (multiple, point, None, (point[0], (Q - point[1][0], Q - point[1][1]))):
                assert native.g2_add(point, other) == g2.affine(curve.add(g2.point(point), g2.point(other)))
            point = multiple or point
    tally("S8", "multiples and sums of G2 points in and outside the subgroup, as py_ecc has them", 10 * count)


def test_points_off_the_curve_or_not_canonical_are_refused(either: Kernel) -> None:
    (x0, x1), y = G2_GENERATOR
    for bad in ((1, 3), (1 + Q, 2), (-1, 2)):
        with pytest.raises(FormatError):
            either.g1_add(bad, G1_GENERATOR)
    for bad_g2 in (((x0, x1 + 1), y), ((x0 + Q, x1), y)):
        with pytest.raises(FormatError):
            either.g2_multiply(bad_g2, 5)


SIZES = [0, 1, 2, 3, 4, 7, 8, 9, 31, 32, 33, 100, 128]


@pytest.mark.parametrize("group", ["g1", "g2"])
def test_sums_of_multiples_keep_every_term(
    either: Kernel, native: Kernel, group: str, generator: random.Random, tally: Any
) -> None:
    """Points are known multiples of the generator, so one multiplication gives the sum."""
    big = either is native
    sizes = SIZES + ([511, 512, 513, 2048] if big else [])
    multiply, base = (native.g1_multiply, G1_GENERATOR) if group == "g1" else (native.g2_multiply, G2_GENERATOR)
    msm = either.msm_g1 if group == "g1" else either.msm_g2
    logs = [0, 1, R - 1, 2] + [generator.randrange(R) for _ in range(60)]
    points = [multiply(base, log) for log in logs]
    for size in sizes:
        chosen = [generator.randrange(len(logs)) for _ in range(size)]
        scalars = [
            generator.choice(
                [0, 1, 1, R - 1, 2, generator.randrange(1 << 36), R - generator.randrange(1, 1 << 36)]
                + [generator.randrange(R)] * 3
            )
            for _ in range(size)
        ]
        expected = multiply(base, sum(logs[i] * s for i, s in zip(chosen, scalars, strict=True)) % R)
        assert msm([points[i] for i in chosen], scalars) == expected, size
    equal, against = [points[5]] * 8, [points[5], points[5]]
    assert msm(equal, [R - 1] * 8) == multiply(base, -8 * logs[5] % R)
    assert msm(against, [7, R - 7]) is None
    what = f"multi-scalar sums in {group} by {type(either).__name__}, of up to {max(sizes)} points"
    tally("S8", what, len(sizes) + 2)


def test_no_sum_has_a_point_outside_the_subgroup(
    either: Kernel, circuits: ModuleType, generator: random.Random
) -> None:
    """Sums take scalars modulo R: outside the subgroup R - 1 times a point is not the point turned round."""
    stray = circuits.curve_point(generator)
    for scalar in (0, 1, R - 1, generator.randrange(R)):
        with pytest.raises(FormatError) as caught:
            either.msm_g2([G2_GENERATOR, None, stray], [5, 6, scalar])
        assert caught.value.code == "point-subgroup"
    # What the single multiple of the same point is, is right, so nothing is lost.
    assert either.g2_add(either.g2_multiply(stray, R - 1), stray) is not None


@pytest.mark.parametrize("scalar", CORNERS)
def test_a_sum_of_one_corner_scalar_is_its_multiple(either: Kernel, scalar: int) -> None:
    assert either.msm_g1([G1_GENERATOR] * 3, [scalar] * 3) == either.g1_multiply(G1_GENERATOR, 3 * scalar % R)


def test_the_transform_evaluates_at_the_powers_of_iden3s_root(either: Kernel, generator: random.Random) -> None:
    for bits in range(8):
        coefficients = [generator.randrange(R) for _ in range(1 << bits)]
        root, values = root_of_unity(bits), either.ntt(coefficients)
        for index in generator.sample(range(1 << bits), min(1 << bits, 16)):
            x = pow(root, index, R)
            assert values[index] == sum(c * pow(x, i, R) for i, c in enumerate(coefficients)) % R
        assert either.ntt(values, inverse=True) == coefficients
    for bad in ([], [1, 2, 3]):
        with pytest.raises(FormatError):
            either.ntt(bad)


def test_large_transforms_agree(native: Kernel, reference: Kernel, generator: random.Random) -> None:
    coefficients = [generator.randrange(R) for _ in range(1 << 13)]
    assert native.ntt(coefficients) == reference.ntt(coefficients)
    assert native.ntt(coefficients, inverse=True) == reference.ntt(coefficients, inverse=True)


def test_pairings_are_bilinear_and_see_a_wrong_factor(
    either: Kernel, circuits: ModuleType, generator: random.Random
) -> None:
    a, b = generator.randrange(1, R), generator.randrange(1, R)
    left, right = either.g1_multiply(G1_GENERATOR, a), either.g2_multiply(G2_GENERATOR, b)
    product = either.g1_multiply(G1_GENERATOR, -a * b % R)
    assert either.pairing_check([(left, right), (product, G2_GENERATOR)])
    assert not either.pairing_check([(left, right), (either.g1_add(product, G1_GENERATOR), G2_GENERATOR)])
    assert either.pairing_check([])
    assert either.pairing_check([(None, right), (left, None)])
    with pytest.raises(FormatError, match="subgroup"):
        either.pairing_check([(left, circuits.curve_point(generator))])
