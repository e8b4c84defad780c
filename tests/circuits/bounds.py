"""What integers say of unknown bits: in a sum whose terms cannot wrap around the order, large bits are forced.

A complete search that guesses the bits of a quotient or a root from below never ends. As integers, divisor·quotient
+ remainder = numerator leaves the quotient's high bits no choice. All that stands here is an exact consequence of rows.
"""

from math import isqrt

from zkmargin.kernel import R

NONE_LEFT = -1


def signed(k):
    return k - R if k > R // 2 else k


class Bounds:
    """The pending rows of a search as sums over unknown bits, other unknown wires taken out where a row gives them."""

    def __init__(self, tape, pending, boolean, split):
        self.boolean = boolean
        self.defined = {}  # unknown wire -> (constant, {bit: coefficient}), as field elements
        self.sums = []  # (target, {bit: coefficient}): Σ coefficient·bit = target
        self.squares = []  # ((known, free), wire): (known + free)² = wire
        left = []
        for row in pending:
            (a, a_free), (b, b_free), (c, c_free) = (split(part, tape) for part in row)
            if a_free and b_free:
                if (a, a_free) == (b, b_free) and len(c_free) == 1 and not c and next(iter(c_free.values())) == 1:
                    self.squares.append(((a, a_free), next(iter(c_free))))
                continue
            slopes = {wire: -k for wire, k in c_free.items()}
            for free, other in ((a_free, b), (b_free, a)):
                for wire, k in free.items():
                    slopes[wire] = slopes.get(wire, 0) + k * other
            left.append(((c - a * b) % R, {wire: k % R for wire, k in slopes.items() if k % R}))
        while left:
            waiting = []
            for target, slopes in left:
                self._take(*self._inserted(target, slopes), waiting)
            if len(waiting) == len(left):
                break
            left = waiting

    def _inserted(self, target, slopes):
        """Return a sum with the defined wires written as their bits."""
        bits = {}
        for wire, k in slopes.items():
            constant, inner = self.defined.get(wire, (0, {wire: 1}))
            target -= k * constant
            for bit, factor in inner.items():
                bits[bit] = bits.get(bit, 0) + k * factor
        return target % R, {bit: k % R for bit, k in bits.items() if k % R}

    def _take(self, target, slopes, waiting):
        unknown = [wire for wire in slopes if wire not in self.boolean]
        if not unknown:
            self.sums.append((target, slopes))
        elif len(unknown) == 1:
            inverse = pow(slopes.pop(unknown[0]), -1, R)
            self.defined[unknown[0]] = (target * inverse % R, {bit: -k * inverse % R for bit, k in slopes.items()})
        else:
            waiting.append((target, slopes))

    def forced(self):
        """Return ({bit: its only value}, the bit to guess next or None), or None where nothing can satisfy a row."""
        found, guess = {}, None
        ranges = [(target, target, bits) for target, bits in self.sums if bits]
        for root, square in self.squares:
            ranges += self._root(root, square)
        for low, high, bits in sorted(ranges, key=lambda item: len(item[2])):
            whole = self._whole(low, high, bits)
            if whole is None:
                continue
            verdict = _bounded(*whole, found)
            if verdict is None:
                return None
            if guess is None and verdict != NONE_LEFT:
                guess = verdict
        return found, guess if guess not in found else None

    def _root(self, root, square):
        """Yield the range that the square's bits leave to what is squared, where both are surely below the order."""
        target, bits = self._inserted(-root[0], root[1])
        constant, inner = self.defined.get(square, (0, {square: 1}))
        if not (bits.keys() <= self.boolean and inner.keys() <= self.boolean):
            return
        parts = [signed(k) for k in inner.values()]
        low, high = (signed(constant) + sum(k for k in parts if (k > 0) is up) for up in (False, True))
        known, most = -signed(target), sum(signed(k) for k in bits.values())
        if min(map(signed, bits.values())) < 0 or known < 0 or (known + most) ** 2 >= R or high >= R or low <= -R:
            return
        first = isqrt(max(low, 0))
        yield first + (first * first < low) - known, isqrt(max(high, 0)) - known, bits

    def _whole(self, low, high, bits):
        """Return the range and the coefficients as integers, or None where the sum might wrap around the order."""
        if low == high:
            scale = pow(min(bits.values(), key=lambda k: min(k, R - k)), -1, R)
            options = [(low * s % R, {bit: signed(k * s % R) for bit, k in bits.items()}) for s in (1, scale)]
            target, whole = min(options, key=lambda option: sum(map(abs, option[1].values())))
            total = sum(map(abs, whole.values()))
            if total >= R:
                return None
            least = sum(k for k in whole.values() if k < 0)
            target = least + (target - least) % R
            return target, target, whole
        return low, high, {bit: signed(k) for bit, k in bits.items()}


def _bounded(low, high, bits, found):
    """Add the bits that a sum between low and high forces; return the largest left, NONE_LEFT, or None: no way."""
    least = most = 0
    order = sorted(bits.items(), key=lambda item: -abs(item[1]))
    for bit, k in order:
        value = found.get(bit)
        least, most = (
            least + (min(k, 0) if value is None else k * value),
            most + (max(k, 0) if value is None else k * value),
        )
    guess = None
    for bit, k in order:
        if bit in found:
            continue
        size = abs(k)
        if least > high or most < low:
            return None
        # Moving the bit from its value at `least` raises the sum by its size, and the same way down from `most`.
        if least + size > high:
            found[bit] = int(k < 0)
            most -= size
        elif most - size < low:
            found[bit] = int(k > 0)
            least += size
        elif guess is None:
            guess = bit
    if least > high or most < low:
        return None
    return NONE_LEFT if guess is None else guess
