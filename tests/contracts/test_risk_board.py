"""ORA_A, ORA_B: a round is what k of n oracles signed, once, going forward; whoever brings it cannot change a cell."""

from __future__ import annotations

from dataclasses import replace

import pytest

from zkmargin.client.chains.embedded import EmbeddedChain
from zkmargin.client.chains.large_tables import Signed, post_large_round
from zkmargin.client.chains.oracle import risk_table_message, sign_digest
from zkmargin.contracts import errors
from zkmargin.contracts.bindings import OracleSignature, RiskBoard
from zkmargin.contracts.encoding import keccak, risk_table_digest, table_hash
from zkmargin.kernel.errors import InputError

START = 1_790_000_000
KEYS = [bytes([index + 1]) * 32 for index in range(6)]
ADDRESSES = [sign_digest(key, bytes(32)).oracle for key in KEYS]
ORACLES, STRANGER_KEY = KEYS[:5], KEYS[5]
THRESHOLD = 3
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141  # of secp256k1


@pytest.fixture(scope="module")
def _risk(synthetic, worlds, seed):
    terms = (ADDRESSES[:5], THRESHOLD)
    world = worlds.World(EmbeddedChain(timestamp=START), synthetic, seed, board=RiskBoard, board_terms=terms)
    world.post_version(100)
    return world


@pytest.fixture
def risk(_risk):
    """A deployment whose market rounds are admitted by 3 of 5 oracles, none posted yet; all is undone."""
    rounds, point = dict(_risk.rounds), _risk.chain.snapshot()
    yield _risk
    _risk.chain.revert(point)
    _risk.rounds = rounds


def signed(world, cells, keys=ORACLES[:THRESHOLD], **other):
    """Return the signatures of a round's table; every part of what is signed can be another."""
    now = world.chain.now()
    terms = {"round_": 1, "timestamp": now, "deadline": now + 60, "schema_hash": world.board.schema_hash()}
    terms |= {"chain_id": world.chain.chain_id, "board": world.board.address, **other}
    terms.setdefault("table", table_hash(terms["schema_hash"], terms["round_"], cells))
    return [sign_digest(key, risk_table_digest(**terms)) for key in keys]


def post(world, cells, signatures, *, round_=1, timestamp=None, deadline=None, sort=True):
    """Post as a stranger; unsorted signatures go out as they are."""
    now = world.chain.now()
    board = world.board.as_sender(world.stranger)
    terms = (now if timestamp is None else timestamp, now + 60 if deadline is None else deadline)
    if sort:
        return board.post(round_, terms[0], cells, terms[1], signatures)
    packed = b"".join(cell.to_bytes(5, "big") for cell in cells)
    raw = [(one.oracle, one.signature) for one in signatures]
    return board.send("post", round_, terms[0], packed, terms[1], raw)


def test_anyone_posts_what_enough_oracles_have_signed(risk, worlds):
    for keys in (ORACLES[:3], ORACLES[2:], ORACLES):
        point = risk.chain.snapshot()
        post(risk, worlds.PRICES, signed(risk, worlds.PRICES, keys))
        assert risk.board.round_table(1) == table_hash(worlds.SCHEMA_HASH, 1, worlds.PRICES)
        assert risk.board.table_cells(risk.board.round_table(1)) == worlds.PRICES
        risk.chain.revert(point)
    assert risk.board.latest_round() == 0


def test_python_solidity_and_wallets_sign_one_digest(risk, worlds):
    from eth_account.messages import encode_typed_data

    terms = {"round_": 7, "timestamp": START, "table": keccak(b"table"), "deadline": START + 60}
    where = (risk.chain.chain_id, risk.board.address, worlds.SCHEMA_HASH)
    digest = risk_table_digest(*where, **terms)
    assert digest == risk.board.digest(7, START, keccak(b"table"), START + 60)
    message = encode_typed_data(full_message=risk_table_message(*where, **terms))
    assert digest == keccak(b"\x19" + message.version + message.header + message.body)


def test_signatures_hold_for_one_table_of_one_round_on_one_board_until_their_deadline(risk, worlds, tally):
    cells, now = worlds.PRICES, risk.chain.now()
    others = {
        "another round": {"round_": 2},
        "another time": {"timestamp": now - 1},
        "another deadline": {"deadline": now + 61},
        "another schema": {"schema_hash": bytes(32)},
        "another schema, same table": {"schema_hash": bytes(32), "table": table_hash(worlds.SCHEMA_HASH, 1, cells)},
        "another chain": {"chain_id": 1},
        "another board": {"board": risk.book.address},
        "another table": {"table": table_hash(worlds.SCHEMA_HASH, 1, [cells[0] + 1, *cells[1:]])},
        "a point": {"table": keccak(b"x, y")},
    }
    for what, other in others.items():
        with pytest.raises(errors.SignatureRefused):
            post(risk, cells, signed(risk, cells, **other))
        assert risk.board.latest_round() == 0, what
    good = signed(risk, cells)
    for index in range(3):
        changed = [*cells[:index], cells[index] + 1, *cells[index + 1 :]]
        with pytest.raises(errors.SignatureRefused):
            post(risk, changed, good)
    risk.chain.advance(61)
    with pytest.raises(errors.SignaturesExpired):
        post(risk, cells, good, timestamp=now, deadline=now + 60)
    with pytest.raises(errors.SignatureRefused):
        post(risk, cells, good, timestamp=now, deadline=now + 3_600)
    tally("ORA_B", "signatures of something else, and too late", len(others) + 5)


def test_k_distinct_registered_oracles_are_needed(risk, worlds, tally):
    cells = worlds.PRICES
    good = sorted(signed(risk, cells), key=lambda one: int(one.oracle, 16))
    stranger = signed(risk, cells, [STRANGER_KEY])[0]
    lent = replace(stranger, oracle=good[1].oracle)
    tries = [
        (good[:2], errors.TooFewSignatures),
        ([], errors.TooFewSignatures),
        ([good[0], good[0], good[1]], errors.SignersNotRising),
        ([good[0], good[1], good[1]], errors.SignersNotRising),
        (good[::-1], errors.SignersNotRising),
        ([good[0], good[2], good[1]], errors.SignersNotRising),
        ([*good, good[0]], errors.SignersNotRising),
        (sorted([*good[:2], stranger], key=lambda one: int(one.oracle, 16)), errors.NotAnOracle),
        ([OracleSignature("0x" + "00" * 20, good[0].signature), *good[1:]], errors.SignersNotRising),
        ([good[0], lent, good[2]], errors.SignatureRefused),
        ([good[0], replace(good[1], signature=good[0].signature), good[2]], errors.SignatureRefused),
    ]
    for signatures, error in tries:
        with pytest.raises(error):
            post(risk, cells, signatures, sort=False)
    r, s, v = good[1].signature[:32], int.from_bytes(good[1].signature[32:64], "big"), good[1].signature[64]
    malleable = r + (ORDER - s).to_bytes(32, "big") + bytes([55 - v])
    for bad in (b"", bytes(65), good[1].signature[:64], good[1].signature + b"\0", malleable, b"\xff" * 65):
        with pytest.raises(errors.SignatureRefused):
            post(risk, cells, [good[0], replace(good[1], signature=bad), good[2]], sort=False)
    assert risk.board.latest_round() == 0
    tally("ORA_A", "rounds without enough signatures, signers twice, out of order, lent or malformed", len(tries) + 6)


def test_a_posted_round_is_never_posted_again_and_none_goes_back(risk, worlds):
    cells, now = worlds.PRICES, risk.chain.now()
    fifth = signed(risk, cells, round_=5)
    first, other = signed(risk, cells), signed(risk, [2_001, *cells[1:]], ORACLES[2:], round_=5)
    post(risk, cells, fifth, round_=5)
    for signatures, values, round_ in ((fifth, cells, 5), (other, [2_001, *cells[1:]], 5), (first, cells, 1)):
        with pytest.raises(errors.RoundNotNewer):
            post(risk, values, signatures, round_=round_)
    assert risk.board.table_cells(risk.board.round_table(5)) == cells
    early = signed(risk, cells, round_=6, timestamp=now - 1)
    with pytest.raises(errors.TimeWentBack):
        post(risk, cells, early, round_=6, timestamp=now - 1)
    future = signed(risk, cells, round_=6, timestamp=now + 1)
    with pytest.raises(errors.TimestampInFuture):
        post(risk, cells, future, round_=6, timestamp=now + 1)
    far = signed(risk, cells, round_=6 + (1 << 32))
    with pytest.raises(errors.RoundTooFar):
        post(risk, cells, far, round_=6 + (1 << 32))
    old = signed(risk, cells, round_=6, deadline=now + 10_000)
    risk.chain.advance(worlds.STALENESS + 1)
    assert risk.board.is_stale()
    with pytest.raises(errors.TimestampTooOld):
        post(risk, cells, old, round_=6, timestamp=now, deadline=now + 10_000)


def test_what_the_schema_forbids_is_refused_whoever_signed_it(risk, worlds):
    for index, value in ((0, 0), (0, 1 << 28), (2, 10**9 - 1)):
        cells = [*worlds.PRICES[:index], value, *worlds.PRICES[index + 1 :]]
        with pytest.raises(errors.CellOutOfBounds):
            post(risk, cells, signed(risk, cells, ORACLES))


def test_moved_cells_stand_under_the_signatures_of_the_whole_table(risk, worlds):
    now, cells = risk.chain.now(), [2_001, *worlds.PRICES[1:]]
    post(risk, worlds.PRICES, signed(risk, worlds.PRICES))
    base = risk.board.round_table(1)
    good = signed(risk, cells, round_=2)
    board = risk.board.as_sender(risk.stranger)
    for moves in ({0: 2_002}, {}, {0: 2_001, 1: 5}):
        with pytest.raises(errors.SignatureRefused):
            board.post_moved(2, now, base, moves, now + 60, good)
    with pytest.raises(errors.TooFewSignatures):
        board.post_moved(2, now, base, {0: 2_001}, now + 60, good[:2])
    with pytest.raises(InputError):
        post_large_round(board, 2, now, cells)
    table, sent = post_large_round(board, 2, now, cells, since=base, signed=Signed(now + 60, tuple(good)))
    assert (len(sent), board.table_base(table), board.table_cells(table)) == (1, base, cells)


def test_oracles_change_through_the_timelock_and_go_at_once(risk, worlds):
    board, manager, cells = risk.board, risk.manager, worlds.PRICES
    assert board.oracles() == sorted(ADDRESSES[:5], key=lambda one: int(one, 16))
    manager.assign(board.address, "RiskBoard", ["setOracles"], 7)
    manager.assign(board.address, "RiskBoard", ["removeOracle"], 8)
    manager.grant(7, risk.poster, delay=3_600)
    manager.grant(8, risk.owner)
    for stranger in (risk.stranger, risk.owner):
        with pytest.raises(errors.AccessManagedUnauthorized):
            board.as_sender(stranger).set_oracles(ADDRESSES[:1], 1)
    with pytest.raises(errors.AccessManagedUnauthorized):
        board.as_sender(risk.poster).remove_oracle(ADDRESSES[0])
    rising = sorted(ADDRESSES[3:], key=lambda one: int(one, 16))
    by_poster = board.as_sender(risk.poster)
    with pytest.raises(errors.AccessManagerNotScheduled):
        by_poster.set_oracles(rising, 2)
    manager.as_sender(risk.poster).schedule(board.address, board.data("setOracles", rising, 2))
    risk.chain.advance(3_599)
    with pytest.raises(errors.AccessManagerNotReady):
        by_poster.set_oracles(rising, 2)
    guardian = board.as_sender(risk.owner)
    guardian.remove_oracle(ADDRESSES[0])
    with pytest.raises(errors.NotAnOracle):
        guardian.remove_oracle(ADDRESSES[0])
    with pytest.raises(errors.NotAnOracle):
        post(risk, cells, signed(risk, cells))
    guardian.remove_oracle(ADDRESSES[1])
    assert board.oracles() == sorted(ADDRESSES[2:5], key=lambda one: int(one, 16))
    guardian.remove_oracle(ADDRESSES[2])
    with pytest.raises(errors.TooFewSignatures):
        post(risk, cells, signed(risk, cells, ORACLES[3:5]))
    risk.chain.advance(1)
    by_poster.set_oracles(rising, 2)
    assert (board.oracles(), board.threshold()) == (rising, 2)
    with pytest.raises(errors.NotAnOracle):
        post(risk, cells, signed(risk, cells))
    post(risk, cells, signed(risk, cells, [*ORACLES[3:4], STRANGER_KEY]))


def test_a_minority_is_no_threshold(risk, worlds):
    rising = sorted(ADDRESSES[:4], key=lambda one: int(one, 16))
    for oracles, threshold in ((rising, 0), (rising, 2), (rising, 5), ([], 0), ([], 1), (rising[:1], 0)):
        with pytest.raises(errors.ThresholdRefused):
            risk.board.set_oracles(oracles, threshold)
    for oracles in (rising[::-1], [rising[0], *rising], ["0x" + "00" * 20, *rising]):
        with pytest.raises(errors.OraclesNotRising):
            risk.board.send("setOracles", oracles, len(oracles))
    many = [f"0x{index + 1:040x}" for index in range(65)]
    with pytest.raises(errors.TooManyOracles):
        risk.board.set_oracles(many, 65)
    risk.board.set_oracles(many[:64], 33)
    assert risk.board.threshold() == 33


def test_an_oracle_may_be_a_contract(risk, worlds, batching, tmp_path):
    code, _ = batching.compiled("ContractOracle", tmp_path)
    contract = risk.chain.deploy(code, risk.admin)
    oracles = sorted([contract.lower(), *ADDRESSES[:2]], key=lambda one: int(one, 16))
    risk.board.set_oracles(oracles, 3)
    cells, now = worlds.PRICES, risk.chain.now()
    signatures = [*signed(risk, cells, ORACLES[:2]), OracleSignature(contract, b"")]
    with pytest.raises(errors.SignatureRefused):
        post(risk, cells, signatures)
    digest = risk.board.digest(1, now, table_hash(worlds.SCHEMA_HASH, 1, cells), now + 60)
    risk.chain.transact(contract, keccak(b"accept(bytes32)")[:4] + digest, risk.admin)
    post(risk, cells, signatures)
    assert risk.board.latest_round() == 1


def test_the_gate_does_not_care_who_admitted_a_round(risk, worlds):
    """Opening, renewing, flagging and the clocks on a board of oracles, as on the board of a role."""
    for number, prices in ((1, worlds.PRICES), (2, [2_100, *worlds.PRICES[1:]])):
        post(risk, prices, signed(risk, prices, round_=number), round_=number)
        risk.rounds[number] = prices
        for circuit in risk.circuits.values():
            risk.registry.fold(circuit, 0, risk.board.round_table(number), window=3 * number)
        if number == 1:
            account = risk.open()
    risk.certify(account)
    assert risk.gate.is_covered(account)
    risk.chain.advance(worlds.STALENESS + 1)
    with pytest.raises(errors.StaleRound):
        risk.certify(account)
    risk.chain.advance(worlds.DURATION)
    with pytest.raises(errors.StaleRound):
        risk.gate.lapse(account)
    post(risk, worlds.PRICES, signed(risk, worlds.PRICES, round_=3), round_=3)
    assert risk.board.read("resumedAt") == risk.chain.now()
    risk.gate.lapse(account)
    risk.rounds[3] = worlds.PRICES
    for circuit in risk.circuits.values():
        risk.registry.fold(circuit, 0, risk.board.round_table(3))
    risk.flag(account)
    assert risk.gate.is_liquidatable(account)


def test_a_wrong_key_shows_nothing_of_itself():
    for bad in (bytes(32), b"\xff" * 32, b"secret-key-of-an-oracle", b""):
        with pytest.raises(InputError) as refused:
            sign_digest(bad, bytes(32))
        assert refused.value.code == "bad-key"
        assert refused.value.__cause__ is None
        assert "secret" not in str(refused.value)
