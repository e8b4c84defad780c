"""What a dishonest prover tries: each lie pins wires to other values, and everything downstream is filled anew."""

from zkmargin.circuits.model import Holdings, Opening, Table
from zkmargin.circuits.statements.commitment import commit, groups
from zkmargin.circuits.statements.engine import evaluate
from zkmargin.kernel import R
from zkmargin.kernel.errors import InputError, ProofRejected
from zkmargin.verifier.check import check_public

HALVES = (R + 1) // 2


class Liar:
    """A dishonest prover of one statement, at one case of which the statement is false."""

    def __init__(self, circuit, machine, case, rng):
        self.schema, self.machine, self.case, self.rng = circuit.schema, machine, case, rng
        self.statement, self.system = circuit.statement, machine.system
        self.tape = machine.fill(case.public, case.hidden)
        self.broken = list(machine.broken(self.tape))
        self.bits = machine.named(".bit")
        self.words = {}
        for wire in self.bits:
            self.words.setdefault(self.system.names[wire].rsplit(".", 1)[0], []).append(wire)
        first = 1 + len(self.system.public)
        self.helpers = [w for w in range(first, machine.wires) if ".bit" not in self.system.names[w]]
        hashed = ("commitment.", "commitment link")
        self.arithmetic = [w for w in self.helpers if not self.system.names[w].startswith(hashed)]
        self.kinds = {name[4:]: getattr(self, name) for name in dir(self) if name.startswith("lie_")}

    # -- the lies: wire -> value -------------------------------------------------------------------------------------

    def lie_helper(self):
        """Say another value of a product, a packed element, a selected piece."""
        wire = self.rng.choice(self.arithmetic)
        return {wire: self._other(self.tape[wire])}

    def lie_hash(self):
        """Say another value inside the hash."""
        wire = self.rng.choice(self.helpers)
        return {wire: self._other(self.tape[wire])}

    def lie_bit(self):
        """Flip bits, or make them no bits at all."""
        pins = {}
        for wire in self.rng.sample(self.bits, self.rng.choice([1, 1, 2, 5])):
            bit = self.tape[wire]
            pins[wire] = self.rng.choice([1 - bit, 1 - bit, 2, -1, HALVES, self.rng.randrange(R), R + bit, bit - 2])
        return pins

    def lie_whole_value_in_one_bit(self):
        """Let one bit absorb what the range does not hold: every sum is right, one bit is none."""
        word = self._word()
        value = self._checked_value(word)
        place = self.rng.randrange(len(word))
        rest = sum(self.tape[w] << i for i, w in enumerate(word) if i != place)
        return {**{w: self.tape[w] for w in word}, word[place]: (value - rest) * pow(1 << place, -1, R)}

    def lie_bits_of_value_plus_order(self):
        """Take the bits of value + r, of r - value, or of the value without its sign."""
        word = self._word()
        value = self._checked_value(word)
        said = self.rng.choice([value + R, R - value, -value % R, value * HALVES % R, value - 1, value + (1 << 128)])
        return {wire: said >> i & 1 for i, wire in enumerate(word)}

    def lie_sign(self):
        """Turn signs, their magnitudes left, negated, or made zero."""
        pins = {}
        for name in self.rng.sample(self._magnitudes(), self.rng.choice([1, 1, 2, 4])):
            sign, *word = self.words[name]
            pins[sign] = 1 - self.tape[sign]
            magnitude = sum(self.tape[w] << i for i, w in enumerate(word))
            how = self.rng.randrange(5)
            if how == 1:
                pins.update({w: (R - magnitude) >> i & 1 for i, w in enumerate(word)})
            elif how == 2:
                pins.update({word[0]: -magnitude, **dict.fromkeys(word[1:], 0)})
            elif how == 3:
                pins.update(dict.fromkeys(word, 0))
            elif how == 4:
                pins[sign] = self.rng.choice([HALVES, 2, -1, self.rng.randrange(R)])
        return pins

    def lie_selection(self):
        """Choose the other piece of every kind of node, or no piece."""
        chosen = [w for w in self.machine.named("positive.") if ".bit" not in self.system.names[w]]
        if not chosen:  # the sufficiency circuit bounds instead: overstate a magnitude
            return {self.rng.choice(self.bits): 1}
        pins = {}
        for wire in self.rng.sample(chosen, self.rng.randint(1, len(chosen))):
            value = self.tape[wire]
            pieces = [0, self._difference(wire)]
            pins[wire] = self.rng.choice([*pieces, *pieces, -pieces[1], value + 1, value - 1, pieces[1] * HALVES])
        return pins

    def lie_half(self):
        """Halve something in the field."""
        wire = self.rng.choice(self.arithmetic + self.bits)
        return {wire: self.tape[wire] * HALVES + self.rng.choice([0, HALVES])}

    def lie_packing(self):
        """Swap packed elements, move a holding into its neighbour's bits, add r."""
        packed = self.machine.named("packed.")
        first, second = self.tape[packed[0]], self.tape[packed[-1]]
        shift = 1 << self.rng.choice([62, 63, 64, 36, 37, 56, 100, 137, 253])
        return self.rng.choice(
            [
                {packed[0]: second, packed[-1]: first},
                {packed[0]: first + shift},
                {packed[0]: first - shift},
                {packed[-1]: second + shift},
                {packed[0]: first >> 37 << 37},
            ]
        )

    def lie_negative_zero(self):
        """Give a zero the other sign."""
        pins = {}
        for name in self._magnitudes():
            sign, *word = self.words[name]
            if not any(self.tape[w] for w in word):
                pins[sign] = 1
        return {**pins, **(self.lie_helper() if not pins else {})}

    def lie_overflow(self):
        """Hold more than fits, or less than nothing; the hidden inputs stand behind the wires."""
        place = self.rng.randrange(len(self.schema.holdings))
        spec = self.schema.holdings[place]
        value = self.rng.choice(
            [spec.maximum + 1, spec.minimum - 1, -1, 1 << 62, 1 << 63, 1 << 64, 1 << 128, 1 << 253, R - spec.maximum]
        )
        pins = {self.machine.wires + place: value}
        if self.rng.random() < 0.5:  # and let the top bit carry it
            word = self.words.get(spec.name) or self.words[f"{spec.name}.magnitude"]
            rest = sum(self.tape[w] << i for i, w in enumerate(word[:-1]))
            pins[word[-1]] = (value + spec.offset - rest) * pow(1 << (len(word) - 1), -1, R)
        return pins

    def lie_other_holdings(self):
        """Prove of better holdings under the commitment to these."""
        place = self.rng.randrange(len(self.schema.holdings))
        pins = {1: self.tape[1], self.machine.wires + place: self.rng.randrange(1 << self.rng.choice([30, 50, 61]))}
        if self.rng.random() < 0.5:  # the hash sees the old ones
            pins.update({w: self.tape[w] for w in self.machine.named("packed.")})
        return pins

    def lie_other_commitment(self):
        """Prove of these holdings under another commitment."""
        return {1: self._other(self.tape[1])}

    def lie_opening(self):
        """Keep the commitment and change the key or the salt."""
        return {1: self.tape[1], self.rng.choice(self.machine.named("owner_key") + self.machine.named("salt")): 9}

    def lie_public(self):
        """Speak of another cell or credit than the rest of the witness."""
        wire = self.rng.randrange(2, 1 + len(self.system.public))
        value = self.tape[wire]
        pins = {wire: self.rng.choice([value + 1, value - 1, value // 2, 2 * value, 0])}
        if self.rng.random() < 0.5:  # nothing follows: the old products stay
            pins.update({w: self.tape[w] for w in self.arithmetic})
        return pins

    def lie_several(self):
        """Combine."""
        single = [name for name in self.kinds if name not in ("several", "repair")]
        return {k: v for name in self.rng.sample(single, 3) for k, v in self.kinds[name]().items()}

    def lie_repair(self):
        """Solve broken rows, one after the other, for some wire that is in them."""
        pins = self.kinds[self.rng.choice(["bit", "sign", "helper", "selection"])]() if self.rng.random() < 0.5 else {}
        tape, changed = self.machine.replay(self.tape, pins)
        for _ in range(self.rng.randint(1, 8)):
            row = self._first_broken(tape, changed)
            if row is None:
                break
            solved = self._solve(row, tape, pins)
            if solved is None:
                break
            pins = {**pins, **solved}
            tape, changed = self.machine.replay(self.tape, pins)
        return pins

    # -- judging -----------------------------------------------------------------------------------------------------

    def tell(self, pins):
        """Return "rejected", "schema" (rejected by the check of the public inputs alone), "true" or "false".

        The last two are accepted; what they claim is true or false.
        """
        tape, changed = self.machine.replay(self.tape, pins)
        if self._first_broken(tape, changed) is not None:
            return "rejected"
        try:
            tables = check_public(self.schema, tape[1 : 1 + len(self.system.public)])
        except ProofRejected:
            return "schema"
        return "true" if self._claim_is_true(tape, tables) else "false"

    def _first_broken(self, tape, changed):
        for row in self.broken:
            if next(self.machine.broken(tape, (row,)), None) is not None:
                return row
        rows = {row for place in changed for row in self.machine.rows_of.get(place, ())}
        return next(self.machine.broken(tape, sorted(rows)), None)

    def _claim_is_true(self, tape, tables):
        """Judge what an accepted tape claims: its commitment opens to the packed holdings, and the engine agrees."""
        names = self.system.names
        values = {}
        for number, group in enumerate(groups(self.schema)):
            element = tape[names.index(f"packed.{number}")]
            for i in group:
                spec = self.schema.holdings[i]
                values[i] = (element & ((1 << spec.bits) - 1)) - spec.offset
                element >>= spec.bits
            if element:
                return False
        holdings = Holdings.of(self.schema.shape, [values[i] for i in range(len(values))])
        x, y, salt = (tape[names.index(name)] for name in ("owner_key.x", "owner_key.y", "salt"))
        try:
            if commit(self.schema, Opening(holdings, (x, y), salt)) != tape[1]:
                return False
            market, parameters = (Table(name, 1, tables[name].cells) for name in ("market", "parameters"))
            surplus = evaluate(self.schema, holdings, market, parameters, tape[2]).surplus
        except InputError:
            return False
        return (surplus >= 0) == (self.statement == "sufficiency")

    # -- helpers -----------------------------------------------------------------------------------------------------

    def _other(self, value):
        rng = self.rng
        return rng.choice([value + 1, value - 1, 0, 1, -value, 2 * value, value * HALVES, rng.randrange(R), 1 << 64])

    def _word(self):
        """Return the bits of a number: mostly the last check's, which is what a false claim must get past."""
        last = "surplus" if self.statement == "sufficiency" else "shortfall"
        name = last if self.rng.random() < 0.6 else self.rng.choice(list(self.words))
        return self.words[name][1:] if name in self._magnitudes() else self.words[name]

    def _checked_value(self, word):
        number = self.machine.writers[word[0]] if word[0] in self.machine.writers else self.machine.writers[word[0] - 1]
        return self.machine.steps[number][3][0](self.tape)

    def _magnitudes(self):
        return [name for name in self.words if name.endswith(".magnitude")]

    def _difference(self, wire):
        """Return the other piece of a selected helper: the row says h·(h − d) = 0."""
        (row,) = [r for r in self.machine.rows_of[wire] if "is one piece" in self.system.cause(r)]
        a, b, _ = self.machine.rows[row]
        return (a(self.tape) - b(self.tape)) % R

    def _solve(self, row, tape, pins):
        """Return {wire: value} that makes one row hold, the wire being linear in it, or None."""
        a, b, c = self.system.row(row)
        value = [sum(tape[w] * k for w, k in part.items()) % R for part in (a, b, c)]
        choices = []
        for wire in {*a, *b, *c} - {0, *pins} - set(range(1, 1 + len(self.system.public))):
            ka, kb, kc = a.get(wire, 0), b.get(wire, 0), c.get(wire, 0)
            if ka and kb:
                continue
            slope = (ka * value[1] + kb * value[0] - kc) % R
            if slope:
                missing = (value[0] * value[1] - value[2]) % R
                choices.append({wire: (tape[wire] - missing * pow(slope, -1, R)) % R})
        return self.rng.choice(choices) if choices else None
