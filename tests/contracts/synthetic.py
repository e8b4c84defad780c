"""Verifying keys whose secrets the tests know, so that any public inputs have a valid proof and no circuit is needed.

gamma is 1: A = a·G1, B = b·G2, C = (a·b − alpha·beta − vk_x) / delta · G1.
"""

from __future__ import annotations

from random import Random

from zkmargin.kernel import G1, G2, Proof, Q, R, VerifyingKey, g1_multiply, g2_multiply

GENERATOR_1: G1 = (1, 2)
GENERATOR_2: G2 = (
    (
        10857046999023057135944570762232829481370756359578518086990519993285655852781,
        11559732032986387107991004021392285783925812861821192530917403151452391805634,
    ),
    (
        8495653923123431417604973247489272438418190587263600148770280649306958101930,
        4082367875863433681332203403145435568316851327593401208105741076214120093531,
    ),
)


def g1(scalar: int) -> G1:
    """Return scalar · G1, which must not be infinity."""
    point = g1_multiply(GENERATOR_1, scalar % R)
    assert point is not None
    return point


def g2(scalar: int) -> G2:
    """Return scalar · G2, which must not be infinity."""
    point = g2_multiply(GENERATOR_2, scalar % R)
    assert point is not None
    return point


class SyntheticKey:
    """A key for a number of public inputs. `secrets` overrides alpha, beta, delta; `ic` the scalars of IC."""

    def __init__(self, inputs: int, rng: Random, ic: list[int] | None = None, **secrets: int) -> None:
        self.rng = rng
        self.alpha = secrets.get("alpha", rng.randrange(2, R))
        self.beta = secrets.get("beta", rng.randrange(2, R))
        self.gamma = secrets.get("gamma", 1)
        self.delta = secrets.get("delta", rng.randrange(2, R))
        self.ic = ic or [rng.randrange(1, R) for _ in range(inputs + 1)]
        self.points = VerifyingKey(
            alpha=g1(self.alpha),
            beta=g2(self.beta),
            gamma=g2(self.gamma),
            delta=g2(self.delta),
            ic=tuple(g1(scalar) for scalar in self.ic),
            alpha_beta=(0,) * 12,
        )

    def vk_x(self, public: list[int]) -> int:
        """Return the scalar of vk_x."""
        return (self.ic[0] + sum(s * x for s, x in zip(self.ic[1:], public, strict=True))) % R

    def prove(self, public: list[int]) -> Proof:
        """Return a fresh valid proof for the inputs."""
        a, b = self.rng.randrange(1, R), self.rng.randrange(1, R)
        c = (a * b - self.alpha * self.beta - self.vk_x(public) * self.gamma) * pow(self.delta, -1, R) % R
        return Proof(g1(a), g2(b), g1(c))

    def folded(self, first: int, cells: list[int], *, from_ic0: bool) -> G1 | None:
        """Return the folded point of a table whose first cell is input `first` (from 1)."""
        scalar = self.ic[0] if from_ic0 else 0
        scalar += sum(s * x for s, x in zip(self.ic[first:], cells, strict=False))
        return g1_multiply(GENERATOR_1, scalar % R)


def rerandomise(proof: Proof, key: SyntheticKey, rng: Random) -> Proof:
    """Return another valid proof of the same statement, made without the witness: (k·A, B/k, C)."""
    k = rng.randrange(2, R)
    return Proof(_times(proof.a, k), _times_2(proof.b, pow(k, -1, R)), proof.c)


def outside_the_subgroup() -> G2:
    """Return a point of the twist outside the subgroup: the first x = n + u with y² = x³ + 3/(9 + u) a square."""
    inverse = pow(82, -1, Q)
    b = (27 * inverse % Q, -3 * inverse % Q)
    for n in range(1, 100):
        x = (n, 1)
        cube = _product(_product(x, x), x)
        root = _square_root(((cube[0] + b[0]) % Q, (cube[1] + b[1]) % Q))
        if root is not None:
            return x, root
    raise AssertionError("no point found")


def _product(left: tuple[int, int], right: tuple[int, int]) -> tuple[int, int]:
    """Multiply in the quadratic extension, u² = −1."""
    return (
        (left[0] * right[0] - left[1] * right[1]) % Q,
        (left[0] * right[1] + left[1] * right[0]) % Q,
    )


def _square_root(value: tuple[int, int]) -> tuple[int, int] | None:
    """A square root in the quadratic extension, by the norm; q is 3 modulo 4."""
    norm = pow(value[0] ** 2 + value[1] ** 2, (Q + 1) // 4, Q)
    for sign in (norm, -norm):
        half = (value[0] + sign) * pow(2, -1, Q) % Q
        real = pow(half, (Q + 1) // 4, Q)
        if real and real * real % Q == half:
            root = (real, value[1] * pow(2 * real, -1, Q) % Q)
            if _product(root, root) == value:
                return root
    return None


def _times(point: G1, scalar: int) -> G1:
    product = g1_multiply(point, scalar)
    assert product is not None
    return product


def _times_2(point: G2, scalar: int) -> G2:
    product = g2_multiply(point, scalar)
    assert product is not None
    return product


__all__ = ["GENERATOR_1", "GENERATOR_2", "Q", "R", "SyntheticKey", "g1", "g2", "outside_the_subgroup", "rerandomise"]
