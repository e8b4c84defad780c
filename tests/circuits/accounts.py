"""Accounts and tables that hurt: random ones, corners, tier boundaries hit to the unit, surpluses of -1, 0 and +1."""

from dataclasses import replace

from zkmargin.circuits.model import Holdings, Table
from zkmargin.circuits.trials.accounts import Case, table

FINE = 10**9  # smallest units a money unit


def index_of(schema, table, name):
    return [cell.name for cell in schema.cells(table)].index(f"{table}.{name}")


def random_case(schema, rng, *, modest=False):
    """Return a random account; `modest` keeps every value small enough for the cash to balance it."""
    shrink = rng.choice([8, 16, 24]) if modest else rng.choice([0, 0, 1, 8, 24])

    def cell(spec):
        if spec.unit in ("1e-6", "1e-4"):
            return rng.randint(0, spec.maximum)
        if spec.unit == "1e-9 lot/share":
            return rng.randint(spec.minimum, 50 * spec.minimum)
        if "boundary" in spec.name:
            return rng.randint(0, 1 << rng.randint(20, 64 - shrink)) if spec.maximum.bit_length() == 64 else 0
        top = max(1, spec.maximum >> (shrink // 3))
        return rng.randint(max(spec.minimum, -top), top)

    def amount(bits, share=0.2):
        return 0 if rng.random() < share else rng.randrange(1 << max(1, bits - shrink))

    shape = schema.shape
    holdings = Holdings(
        rng.choice([-1, 1]) * amount(62, 0.1),
        tuple(rng.choice([-1, 1]) * amount(36) for _ in range(shape.positions)),
        tuple(amount(56, 0.4) if rng.random() < 0.7 else amount(30) for _ in range(shape.collateral)),
        tuple(amount(50, 0.4) if rng.random() < 0.7 else amount(30) for _ in range(shape.debts)),
    )
    credit = rng.choice([0, 0, amount(62)])
    return Case("random", holdings, table(schema, "market", cell), table(schema, "parameters", cell), credit)


def corner_case(schema, rng):
    """Return an account whose every quantity is an end, zero, or one beside it, at tables of the same kind."""

    def near(low, high):
        return rng.choice([v for v in (low, low + 1, -1, 0, 1, high - 1, high) if low <= v <= high])

    values = [near(spec.minimum, spec.maximum) for spec in schema.holdings]
    shape, first = schema.shape, 1 + schema.shape.positions
    holdings = Holdings(
        values[0],
        tuple(values[1:first]),
        tuple(values[first : first + shape.collateral]),
        tuple(values[first + shape.collateral :]),
    )
    market, parameters = (table(schema, t, lambda c: near(c.minimum, c.maximum)) for t in ("market", "parameters"))
    return Case("corner", holdings, market, parameters, near(0, (1 << 62) - 1), near(0, (1 << 248) - 1))


def on_boundary(schema, rng, case):
    """Return the case with tier boundaries at its notionals, one unit below, or one above, rates strictly rising."""
    shape, cells = schema.shape, list(case.parameters.cells)
    for slot, size in enumerate(case.holdings.sizes):
        notional = abs(size) * case.market.cells[index_of(schema, "market", f"price.{slot}")]
        for k in range(1, shape.tiers):
            place = index_of(schema, "parameters", f"boundary.{slot}.{k}")
            below = cells[place - 1] if k > 1 else 0
            cells[place] = min(max(below, notional + rng.choice([-1, 0, 1])), (1 << 64) - 1)
        for k in range(shape.tiers):
            cells[index_of(schema, "parameters", f"rate.{slot}.{k}")] = 10**5 * (k + 1) + rng.randint(0, 9)
    return replace(case, kind="boundary", parameters=Table("parameters", 1, tuple(cells)))


def at_surplus(schema, rng, case, target):
    """Return the case with its surplus brought to `target` smallest units exactly, or None when cash cannot.

    The debt's index gives the nine digits below the money unit (price and shares prime to ten), cash the rest.
    """
    price, index = index_of(schema, "market", "asset_price.0"), index_of(schema, "market", "borrow_index.0")
    coprime = [n for n in range(1, 4000) if n % 2 and n % 5]
    debts = (rng.choice(coprime), *case.holdings.debts[1:])
    market = case.market.replace({price: rng.choice(coprime), index: FINE})
    case = replace(case, market=market, holdings=replace(case.holdings, debts=debts))
    factor = debts[0] * market.cells[price]
    steps = (case.surplus(schema) - target) * pow(factor, -1, FINE) % FINE
    case = replace(case, market=market.replace({index: FINE + steps}))
    excess = case.surplus(schema) - target
    assert excess % FINE == 0
    cash = case.holdings.cash - excess // FINE
    if not -(1 << 62) <= cash < 1 << 62:
        return None
    case = replace(case, kind=f"surplus {target:+d}", holdings=replace(case.holdings, cash=cash))
    assert case.surplus(schema) == target
    return case


def tuned_case(schema, rng, target):
    """Return an account, often on a tier boundary, whose surplus is `target` smallest units."""
    while True:
        case = random_case(schema, rng, modest=True)
        if rng.random() < 0.5:
            case = on_boundary(schema, rng, case)
        tuned = at_surplus(schema, rng, case, target)
        if tuned is not None:
            return tuned


def mixed_cases(schema, rng, count):
    """Yield `count` cases: a quarter random, a quarter corners, a fifth on boundaries, the rest within one unit."""
    for i in range(count):
        kind = i % 20
        if kind < 5:
            yield random_case(schema, rng)
        elif kind < 10:
            yield corner_case(schema, rng)
        elif kind < 14:
            yield on_boundary(schema, rng, random_case(schema, rng))
        else:
            yield tuned_case(schema, rng, (-1, 0, 1)[kind % 3])


def full_slots(schema, rng, sign):
    """Return a case that holds something in every slot, above every boundary, with a surplus of the sign (-1, 0, 1)."""
    while True:
        case = random_case(schema, rng, modest=True)
        sizes = tuple(s or 12345 for s in case.holdings.sizes)
        holdings = replace(
            case.holdings,
            sizes=sizes,
            collateral=tuple(c or 3 for c in case.holdings.collateral),
            debts=tuple(d or 3 for d in case.holdings.debts),
        )
        case = on_boundary(schema, rng, replace(case, holdings=holdings, credit=17))
        cells = list(case.parameters.cells)
        prices = [case.market.cells[index_of(schema, "market", f"price.{i}")] for i in range(schema.shape.positions)]
        for slot, (size, price) in enumerate(zip(sizes, prices, strict=True)):
            for k in range(1, schema.shape.tiers):
                cells[index_of(schema, "parameters", f"boundary.{slot}.{k}")] = abs(size) * price // 2 + k - 1
        case = replace(case, parameters=Table("parameters", 1, tuple(cells)))
        tuned = at_surplus(schema, rng, case, sign)
        if tuned is not None and min(abs(s) for s in sizes) > 1 and min(prices) > 1:
            return replace(tuned, kind="full")
