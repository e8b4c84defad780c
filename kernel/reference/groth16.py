"""Groth16 on the reference curve: set-up from known secrets, prover, verifier."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from functools import lru_cache

from py_ecc.optimized_bn128.optimized_curve import add, multiply, neg

from ..errors import FormatError
from ..field import R, root_of_unity
from ..groth16_data import Proof, VerifyingKey
from ..words import from_words
from .curve import Point, g1, g2, in_subgroup, pairing_product_is_one
from .r1cs import R1cs
from .transform import evaluate, interpolate, powers
from .zkey import Coefficient, Header, ZkeyPoints, join_zkey, read_zkey

__all__ = ["ReferenceProvingKey", "setup", "verify", "verify_batch"]


def setup(r1cs: R1cs, *, tau: int, alpha: int, beta: int, delta: int) -> bytes:
    """Return the `.zkey` whose secrets these are, gamma being 1; raises FormatError for secrets that give it away."""
    rows = len(r1cs.constraints) + r1cs.n_public + 1
    size = max(2, 1 << (rows - 1).bit_length())
    if size > 1 << 27:
        raise FormatError("the r1cs has more constraints than a key can hold")
    if not all(0 < secret < R for secret in (tau, alpha, beta, delta)) or delta == 1 or pow(tau, 2 * size, R) == 1:
        raise FormatError(
            "the secrets make a key that anyone can forge: zero, a delta of one, or a tau inside the domain",
            code="setup-secrets",
        )
    coefficients: list[Coefficient] = [
        (matrix, row, wire, value)
        for row, constraint in enumerate(r1cs.constraints)
        for matrix, combination in enumerate(constraint[:2])
        for wire, value in combination
    ]
    coefficients += [(0, len(r1cs.constraints) + wire, wire, 1) for wire in range(r1cs.n_public + 1)]
    lagrange = _lagrange(powers(root_of_unity(size.bit_length() - 1), size), size, tau)
    u, v, w = ([0] * r1cs.n_wires for _ in range(3))
    for matrix, row, wire, value in coefficients:
        polynomial = v if matrix else u
        polynomial[wire] = (polynomial[wire] + value * lagrange[row]) % R
    for row, constraint in enumerate(r1cs.constraints):
        for wire, value in constraint[2]:
            w[wire] = (w[wire] + value * lagrange[row]) % R
    over_delta = pow(delta, -1, R)
    combined = [(beta * u[i] + alpha * v[i] + w[i]) % R for i in range(r1cs.n_wires)]
    root = root_of_unity(size.bit_length())
    odd = [root * power % R for power in powers(root * root % R, size)]
    h = [value * over_delta % R for value in _lagrange(odd, 2 * size, tau)]

    g1_of, g2_of = g1.multiple_of_generator, g2.multiple_of_generator
    header = Header(
        r1cs.n_wires,
        r1cs.n_public,
        size,
        alpha1=g1_of(alpha),
        beta1=g1_of(beta),
        beta2=g2_of(beta),
        gamma2=g2_of(1),
        delta1=g1_of(delta),
        delta2=g2_of(delta),
    )
    points = ZkeyPoints(
        ic=[g1_of(value) for value in combined[: r1cs.n_public + 1]],
        a=[g1_of(value) for value in u],
        b1=[g1_of(value) for value in v],
        b2=[g2_of(value) for value in v],
        c=[g1_of(value * over_delta % R) for value in combined[r1cs.n_public + 1 :]],
        h=[g1_of(value) for value in h],
    )
    return join_zkey(header, points, coefficients)


def _lagrange(points: Sequence[int], size: int, tau: int) -> list[int]:
    """Evaluate at tau the Lagrange polynomials of these points of the domain of `size` elements."""
    factor = (pow(tau, size, R) - 1) * pow(size, -1, R) % R
    return [factor * x % R * pow(tau - x, -1, R) % R for x in points]


class ReferenceProvingKey:
    """A `.zkey` in memory."""

    def __init__(self, data: bytes) -> None:
        """Parse and check the file's bytes; raises FormatError."""
        self._header, self.verifying_key, self._points, self._coefficients = read_zkey(data)
        self.n_public = self._header.n_public
        self.n_variables = self._header.n_variables
        self.domain_size = self._header.domain_size

    def prove(self, witness: bytes, r: int, s: int) -> Proof:
        """Prove; raises FormatError for a malformed witness. Whether it satisfies the circuit shows in the proof."""
        if not (0 <= r < R and 0 <= s < R):
            raise FormatError("a scalar is not below the field's order", code="scalar-not-canonical")
        values = self._values(witness)
        header, points = self._header, self._points
        a = add(g1.sum_of_multiples(points.a, values), header.alpha1)
        a = add(a, multiply(header.delta1, r))
        b1 = add(g1.sum_of_multiples(points.b1, values), header.beta1)
        b1 = add(b1, multiply(header.delta1, s))
        b2 = add(g2.sum_of_multiples(points.b2, values), header.beta2)
        b2 = add(b2, multiply(header.delta2, s))
        c = g1.sum_of_multiples(points.c, values[self.n_public + 1 :])
        c = add(c, g1.sum_of_multiples(points.h, self._quotient(values)))
        c = add(c, add(multiply(a, s), multiply(b1, r)))
        c = add(c, multiply(header.delta1, -r * s % R))
        # Points at infinity are left as (0, 0): verification refuses them.
        return Proof(g1.affine(a) or (0, 0), g2.affine(b2) or ((0, 0), (0, 0)), g1.affine(c) or (0, 0))

    def _values(self, witness: bytes) -> list[int]:
        if len(witness) % 32:
            raise FormatError("the witness values do not fill whole 32-byte words", code="witness-not-canonical")
        values = from_words(witness)
        if any(value >= R for value in values):
            raise FormatError(
                "the witness values hold a number that is not below the field's order", code="witness-not-canonical"
            )
        if len(values) != self.n_variables:
            raise FormatError(f"the key has {self.n_variables} wires, the witness {len(values)}", code="witness-length")
        if values[0] != 1:
            raise FormatError("the witness does not start with 1", code="witness-one")
        return values

    def _quotient(self, values: Sequence[int]) -> list[int]:
        """Return A·B − C at the odd points of the doubled domain."""
        size = self.domain_size
        rows = [[0] * size, [0] * size]
        for matrix, row, wire, value in self._coefficients:
            rows[matrix][row] = (rows[matrix][row] + value * values[wire]) % R
        products = [left * right % R for left, right in zip(*rows, strict=True)]
        shift = powers(root_of_unity(size.bit_length()), size)
        a, b, c = (
            evaluate([value * power % R for value, power in zip(interpolate(poly), shift, strict=True)])
            for poly in (*rows, products)
        )
        return [(left * right - product) % R for left, right, product in zip(a, b, c, strict=True)]


def verify(vk: VerifyingKey, public: Sequence[int], proof: Proof) -> bool:
    """Whether the proof holds; raises FormatError when anything is malformed."""
    return _equations_hold(vk, [(1, public, proof)])


def verify_batch(vk: VerifyingKey, publics: Sequence[Sequence[int]], proofs: Sequence[Proof]) -> bool:
    """Whether all proofs hold, each equation raised to a power nobody can foresee; raises FormatError."""
    return _equations_hold(
        vk, [(secrets.randbits(128), public, proof) for public, proof in zip(publics, proofs, strict=True)]
    )


def _equations_hold(vk: VerifyingKey, terms: Sequence[tuple[int, Sequence[int], Proof]]) -> bool:
    """Whether the product of the proofs' equations, each to its power, holds."""
    if not _key_in_subgroup(vk):
        raise FormatError("a G2 point of the key is not in the prime subgroup", code="key-subgroup")
    read = [(power, public, _points(vk, public, proof)) for power, public, proof in terms]
    weights = [power for power, _, _ in read]
    shares = [sum(power * public[j] for power, public, _ in read) % R for j in range(vk.n_public)]
    ic = [g1.point(point) for point in vk.ic]
    inputs = g1.sum_of_multiples(ic, [sum(weights) % R, *shares])
    last = g1.sum_of_multiples([c for _, _, (_, _, c) in read], weights)
    beta, gamma, delta = (g2.point(point) for point in (vk.beta, vk.gamma, vk.delta))
    pairs = [(neg(multiply(a, power)), b) for power, _, (a, b, _) in read]
    alpha = multiply(g1.point(vk.alpha), sum(weights) % R)
    return pairing_product_is_one([*pairs, (alpha, beta), (inputs, gamma), (last, delta)])


def _points(vk: VerifyingKey, public: Sequence[int], proof: Proof) -> tuple[Point, Point, Point]:
    """Return the proof's points; raises FormatError when they, or the public inputs, are malformed."""
    if any(not 0 <= value < R for value in public):
        raise FormatError("a public input is not below the field's order", code="input-not-canonical")
    proof.check_canonical()
    a, b, c = g1.point(proof.a), g2.point(proof.b), g1.point(proof.c)
    for infinite, on_curve in (
        (proof.b == ((0, 0), (0, 0)), g2.on_curve(b)),
        (proof.a == (0, 0), g1.on_curve(a)),
        (proof.c == (0, 0), g1.on_curve(c)),
    ):
        if infinite:
            raise FormatError("a point of the proof is at infinity", code="proof-infinity")
        if not on_curve:
            raise FormatError("a point of the proof is not on its curve", code="proof-off-curve")
    if not in_subgroup(b):
        raise FormatError("the proof's B is not in the prime subgroup", code="proof-subgroup")
    if len(public) != vk.n_public:
        raise FormatError(f"the key takes {vk.n_public} public inputs, {len(public)} were given", code="input-count")
    return a, b, c


@lru_cache(maxsize=16)
def _key_in_subgroup(vk: VerifyingKey) -> bool:
    return all(in_subgroup(g2.point(point)) for point in (vk.beta, vk.gamma, vk.delta))
