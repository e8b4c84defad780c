"""Accounts where a family is special: random cells seldom reach a tier, a regime, a group that is open."""

from dataclasses import replace

from zkmargin.circuits.trials.accounts import table

from .accounts import index_of


def values(schema, name, part):
    """Return the true values of a table by the cells' names."""
    cells = schema.cells(name)
    return {cell.name: stored - cell.offset for cell, stored in zip(cells, part.cells, strict=True)}


def with_values(schema, case, name, changes):
    """Return the case with some values of a table changed, raised where the schema's order wants it."""
    have = {**values(schema, name, getattr(case, name)), **{f"{name}.{key}": value for key, value in changes.items()}}
    return replace(case, **{name: table(schema, name, lambda cell: have[cell.name])})


def near_the_ends(schema, rng, case):
    """Tiered haircuts: tiers that end about where the collateral is worth that much, haircuts all over."""
    changes = {}
    for slot, amount in enumerate(case.holdings.collateral):
        value = amount * case.market.cells[index_of(schema, "market", f"asset_price.{slot}")]
        for k in range(schema.shape.tiers):
            changes[f"haircut.{slot}.{k}"] = rng.randint(0, 100)
            hundreds = value * rng.randint(k, schema.shape.tiers) // (100 * schema.shape.tiers)
            changes[f"hundreds.{slot}.{k}"] = min(hundreds + rng.randint(0, 1), (1 << 64) - 1)
    return with_values(schema, case, "parameters", changes)


def stressed(schema, rng, case):
    """Regimes: multipliers and volatilities inside their ranges, some regime reached."""
    shape = schema.shape
    regime = rng.randrange(shape["regimes"])
    market = {f"volatility.{i}": rng.randint(10**4, 8 * 10**4) for i in range(shape.positions)}
    market |= {f"reached.{k}": int(k <= regime) for k in range(1, shape["regimes"])}
    stress = {
        f"stress.{i}.{k}": rng.randint(10**4, 8 * 10**4)
        for i in range(shape.positions)
        for k in range(1, shape["regimes"])
    }
    return with_values(schema, with_values(schema, case, "market", market), "parameters", stress)


def grouped(schema, rng, case):
    """Groups of assets: factors all over, a group's above the own; groups that bar some debts, many that bar none."""
    shape, changes = schema.shape, {}
    for i in range(shape.collateral):
        own = changes[f"factor.{i}"] = rng.randint(0, 10**4)
        for g in range(shape["groups"]):
            changes[f"group_factor.{g}.{i}"] = rng.choice([0, own, rng.randint(own, 10**4)])
    for g in range(shape["groups"]):
        for i in range(shape.debts):
            changes[f"barred.{g}.{i}"] = int(rng.random() < 0.3)
    if rng.random() < 0.5:
        debts = tuple(rng.choice([0, 0, 1, debt]) for debt in case.holdings.debts)
        case = replace(case, holdings=replace(case.holdings, debts=debts))
    return with_values(schema, case, "parameters", changes)


def capped(schema, rng, case):
    """Drift: profits that weigh their cap, a unit more or less, or that are nothing and a unit beside it."""
    changes, entries = {}, list(case.holdings.entries)
    market = values(schema, "market", case.market)
    for slot, size in enumerate(case.holdings.sizes):
        value = abs(size) * market[f"market.price.{slot}"] // 10**9
        worth = (value if size >= 0 else -value) - size * market[f"market.funding.{slot}"] // 10**9
        if not -(1 << 49) < worth < 1 << 49:
            continue
        profit = rng.choice([0, 0, 1, -1, rng.randrange(1 << rng.randint(1, 40))])
        weight = rng.choice([0, 10**4, rng.randint(0, 10**4)])
        entries[slot] = worth - profit
        changes[f"profit_weight.{slot}"] = weight
        changes[f"profit_cap.{slot}"] = max(0, profit * weight // 10**4 + rng.choice([-1, 0, 1]))
    case = replace(case, holdings=replace(case.holdings, entries=tuple(entries)))
    return with_values(schema, case, "parameters", changes)


def few_windows(schema, rng, case):
    """Synthetix, for complete searches: a window takes nearly the largest size, so quotients leave little choice."""
    slots = range(schema.shape.positions)
    windows = {f"window.{i}": (1 << 36) - 1 - rng.randrange(1 << 34) for i in slots}
    sizes = tuple(rng.choice([-1, 1]) * rng.randrange(1 << 36) for _ in slots)
    case = replace(case, holdings=replace(case.holdings, sizes=sizes))
    return with_values(schema, case, "parameters", windows)


def large_sizes(schema, rng, case):
    """Drift, for complete searches: sizes near the largest, whose roots leave little choice."""

    def large():
        return (1 << 50) - 1 - rng.randrange(1 << 47)

    held = case.holdings
    sizes = tuple(rng.choice([-1, 1]) * large() for _ in held.sizes)
    amounts = {"collateral": tuple(large() for _ in held.collateral), "debts": tuple(large() for _ in held.debts)}
    case = replace(case, holdings=replace(held, sizes=sizes, **amounts))
    shape = schema.shape
    indices = {f"borrow_index.{i}": (1 << 40) - 1 - rng.randrange(1 << 37) for i in range(shape.debts)}
    case = with_values(schema, case, "market", indices)
    scales = {f"scale.{i}": 10**4 - rng.randrange(100) for i in range(shape.assets)}
    imfs = {f"asset_imf.{i}": rng.randint(90_000, 110_000) for i in range(shape.collateral)}
    return with_values(schema, case, "parameters", {**scales, **imfs})
