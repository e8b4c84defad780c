"""Poseidon's constants over BN254, made as its paper prescribes: from a Grain LFSR in self-shrinking mode.

Nothing is stored: the parameters (field size, width, rounds) seed the register, and whoever doubts a
constant can make it again. They equal circomlib's for every width from 2 to 17.
"""

from __future__ import annotations

from functools import cache
from itertools import compress

from .field import R

__all__ = ["FULL_ROUNDS", "PARTIAL_ROUNDS", "poseidon_constants"]

FULL_ROUNDS = 8
PARTIAL_ROUNDS = (56, 57, 56, 60, 60, 63, 64, 63, 60, 66, 60, 65, 70, 60, 64, 68)
"""Partial rounds of widths 2 to 17, in order."""

_BITS = 254
_STATE = 80
_TAPS = (62, 51, 38, 23, 13, 0)
_WARM_UP = 160


@cache
def poseidon_constants(t: int) -> tuple[int, int, tuple[int, ...], tuple[tuple[int, ...], ...]]:
    """Return (full rounds, partial rounds, round constants, MDS matrix) for a state of `t` elements.

    The round constants are flat, `t` for each of the full + partial rounds; a mix computes
    new[i] = Σ_j mds[i][j]·old[j]. Raises ValueError unless 2 <= t <= 17.
    """
    if not 2 <= t <= 17:
        raise ValueError(f"Poseidon is defined here for states of 2 to 17 elements, not {t}")
    partial = PARTIAL_ROUNDS[t - 2]
    count = t * (FULL_ROUNDS + partial)
    # About 4 register bits a useful bit, and a quarter of the draws is rejected: ask for more when short.
    length = 4 * _BITS * (count * 3 // 2 + 2 * t + 16)
    while True:
        drawn = _draw(_shrunk_bits(t, partial, length), count, t)
        if drawn is not None:
            return FULL_ROUNDS, partial, *drawn
        length *= 2


def _draw(bits: str, count: int, t: int) -> tuple[tuple[int, ...], tuple[tuple[int, ...], ...]] | None:
    """Cut `bits` into the constants and the matrix, or return None when they run out."""
    chunks = (int(bits[at : at + _BITS], 2) for at in range(0, len(bits) - _BITS + 1, _BITS))
    constants: list[int] = []
    for value in chunks:
        if value < R:
            constants.append(value)
            if len(constants) == count:
                break
    while True:
        # The matrix draws reduce instead of rejecting, as the paper's script does.
        points = [value % R for value, _ in zip(chunks, range(2 * t), strict=False)]
        if len(points) < 2 * t:
            return None
        xs, ys = points[:t], points[t:]
        if len(set(points)) == 2 * t and all((x + y) % R for x in xs for y in ys):
            return tuple(constants), tuple(tuple(pow(x + y, -1, R) for y in ys) for x in xs)


def _shrunk_bits(t: int, partial: int, length: int) -> str:
    """Return the self-shrunk first `length` bits: of each pair, the second where the first is 1."""
    seed = f"{1:02b}{0:04b}{_BITS:012b}{t:012b}{FULL_ROUNDS:010b}{partial:010b}" + "1" * 30
    stream = _register(seed, _WARM_UP + _STATE + length)[_STATE + _WARM_UP :]
    return "".join(compress(stream[1::2], map(int, stream[0::2])))


def _register(seed: str, length: int) -> str:
    """Return at least `length` bits of the register, its seed first.

    Bits stand in one integer, bit i of the stream at 2^i. Squaring the feedback polynomial over GF(2)
    squares every exponent, so s[n + 80k] = XOR s[n + tap·k] for every k that is a power of two:
    each step makes 18k bits at once instead of one.
    """
    stream, known, scale = int(seed[::-1], 2), _STATE, 1
    reach = _STATE - max(_TAPS)
    while known < length:
        while _STATE * scale * 2 <= known:
            scale *= 2
        base = known - _STATE * scale
        window = stream >> base
        block = 0
        for tap in _TAPS:
            block ^= window >> (tap * scale)
        block &= (1 << (reach * scale)) - 1
        stream |= block << known
        known += reach * scale
    return f"{stream:0{known}b}"[::-1][:length]
