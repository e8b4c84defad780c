// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Groth16Verifier} from "./Groth16Verifier.sol";

/// @title Many Groth16 proofs under one key, one pairing
/// @notice Item i's equation is raised to the power c_i and all are multiplied:
/// Π e(c_i·A_i, B_i) = e(Σ c_i·alpha, beta) · e(Σ c_i·vk_x_i, gamma) · e(Σ c_i·C_i, delta), N + 3 pairs for N proofs.
/// @dev Everything that is verified is first copied into one array in memory, the records. The powers are hashes of exactly that
/// array, and the sums read nothing else: a hash over calldata while inputs came from storage would let someone choose the inputs
/// after the powers, so that the errors of eight wrong proofs cancel (a short vector of a lattice; a test shows it).
///
/// The first power is 1. With all other powers fixed, at most one value of its own makes a product with a wrong equation hold, so
/// one wrong equation behind the first is enough for a chance of at most 2^-128 a guess; and if the first alone is wrong the
/// product is it. The other powers are uniform in [1, 2^128].
///
/// A record, in words: proof (8) | folded point x, y | single inputs | table ids. In front of all: circuit id, number of items.
abstract contract Groth16Batch is Groth16Verifier {
    /// @notice The batch is empty.
    error EmptyBatch();
    /// @notice A word of an item's proof is no canonical coordinate.
    error ItemNotCanonical(uint256 item, uint256 word, uint256 value);
    /// @notice An item's public input is not below the group order.
    error ItemInputNotCanonical(uint256 item, uint256 index, uint256 value);
    /// @notice A point of an item's proof is not on its curve, not in the subgroup, or at infinity.
    error MalformedItem(uint256 item);
    /// @notice The product of the equations does not hold: at least one proof is wrong, and this does not say which.
    error BatchRejected();

    /// @dev Words in front of the records.
    uint256 internal constant RECORDS_HEAD = 2;
    /// @dev Words of a record in front of its single inputs.
    uint256 internal constant RECORD_POINT = 8;
    uint256 internal constant RECORD_SINGLES = 10;

    uint256 private constant PAIR_BYTES = 0xc0;

    /// @dev Reverts unless every item's proof holds.
    /// @param head data contract that begins with the key's words up to IC_singles
    /// @param records all that is verified, as laid out above; the folded points in it are on the curve
    /// @param singles single inputs of an item
    /// @param width words of a record
    /// @param fromIC0 there are no tables: vk_x starts from the key's own IC_0, and the points in the records are ignored
    function _checkBatch(address head, uint256[] memory records, uint256 singles, uint256 width, bool fromIC0)
        internal
        view
    {
        uint256 items = records[1];
        for (uint256 i = 0; i < items; ++i) {
            _requireItem(records, i, singles, width);
        }
        uint256[] memory scalars = new uint256[](singles + 1);
        uint256[] memory pairs = new uint256[](6 * (items + 3));
        _scale(records, scalars, pairs, width, fromIC0);
        _addKey(head, scalars, pairs, items, fromIC0);
        _requireProduct(pairs, items);
    }

    /// @dev Fills the items' pairs, adds up the folded points and the C's where the key's pairs will stand, and the powers, alone
    /// (`scalars[0]`) and times each input.
    function _scale(
        uint256[] memory records,
        uint256[] memory scalars,
        uint256[] memory pairs,
        uint256 width,
        bool fromIC0
    ) private view {
        uint256 record = _at(records, RECORDS_HEAD);
        uint256 pair = _at(pairs, 0);
        uint256 inputs = _at(pairs, 6 * (records[1] + 1));
        uint256 seed;
        // The hash covers the array's words: circuit id, count, records.
        assembly ("memory-safe") {
            seed := keccak256(add(records, 0x20), shl(5, mload(records)))
        }
        // Items that speak of the same tables share a product: the powers of a run of equal points are added first.
        uint256 runPoint = record + 32 * RECORD_POINT;
        uint256 runPower = 0;
        uint256 items = records[1];
        unchecked {
            // Places in memory, and sums of powers below 2^129 each: there is no memory for 2^126 items.
            for (uint256 i = 0; i < items; ++i) {
                uint256 power = i == 0 ? 1 : _power(seed, i);
                _addPowers(scalars, record + 32 * RECORD_SINGLES, power);
                uint256 point = record + 32 * RECORD_POINT;
                if (!fromIC0 && !_sameTwoWords(point, runPoint)) {
                    _addMultiple(inputs, runPoint, runPower);
                    (runPoint, runPower) = (point, 0);
                }
                runPower += power;
                _addMultiple(pair, record, power);
                _addMultiple(inputs + PAIR_BYTES, record + 0xc0, power);
                // (c·A, B), A's ordinate negated; it is never 0.
                assembly ("memory-safe") {
                    mstore(add(pair, 0x20), sub(Q, mload(add(pair, 0x20))))
                    mcopy(add(pair, 0x40), add(record, 0x40), 0x80)
                }
                record += 32 * width;
                pair += PAIR_BYTES;
            }
        }
        if (!fromIC0) _addMultiple(inputs, runPoint, runPower);
    }

    /// @dev Completes the last three pairs: (Σ c_i·alpha, beta), (Σ c_i·vk_x_i, gamma), (Σ c_i·C_i, delta).
    function _addKey(
        address head,
        uint256[] memory scalars,
        uint256[] memory pairs,
        uint256 items,
        bool fromIC0
    ) private view {
        uint256[] memory key = new uint256[](HEAD_BYTES / 32 + 2 * scalars.length);
        uint256 start = _at(key, 0);
        uint256 last = _at(pairs, 6 * items);
        // Code is copied behind the STOP byte, into the array allocated above; beta, gamma and delta go behind the sums.
        assembly ("memory-safe") {
            extcodecopy(head, start, 1, shl(5, mload(key)))
            mcopy(add(last, 0x40), add(start, 0x40), 0x80)
            mcopy(add(last, 0x100), add(start, 0xc0), 0x80)
            mcopy(add(last, 0x1c0), add(start, 0x140), 0x80)
        }
        _addMultiple(last, start, scalars[0]);
        for (uint256 j = fromIC0 ? 0 : 1; j < scalars.length; ++j) {
            _addMultiple(last + PAIR_BYTES, start + HEAD_BYTES + 64 * j, scalars[j]);
        }
    }

    /// @dev The pairing of all pairs. When the precompile refuses them, each item's B is asked for alone: A, C and the sums are on
    /// the curve, so one of them is to blame.
    function _requireProduct(uint256[] memory pairs, uint256 items) private view {
        (bool wellFormed, bool holds) = _pair(_at(pairs, 0), items + 3);
        if (!wellFormed) {
            for (uint256 i = 0; i < items; ++i) {
                (wellFormed,) = _pair(_at(pairs, 6 * i), 1);
                if (!wellFormed) revert MalformedItem(i);
            }
            // None is: on this chain the pairing costs more than it was given.
            revert GasTooLow(PAIRING_GAS, gasleft());
        }
        if (!holds) revert BatchRejected();
    }

    /// @dev The pairing precompile over `count` pairs: whether it took them, and its answer. Gas is its price and a tenth; too
    /// little of it reverts, so that refusal is never for lack of gas.
    function _pair(uint256 from, uint256 count) private view returns (bool wellFormed, bool holds) {
        uint256 price = 50_000 + 37_500 * count;
        uint256 needed = price + price / 63 + 1_000;
        if (gasleft() < needed) revert GasTooLow(needed, gasleft());
        // The answer goes to scratch space.
        assembly ("memory-safe") {
            wellFormed := staticcall(price, 8, from, mul(count, PAIR_BYTES), 0x00, 0x20)
            wellFormed := and(wellFormed, eq(returndatasize(), 0x20))
            holds := eq(mload(0x00), 1)
        }
    }

    /// @dev Refuses what is not canonical, A and C off the curve, and points at infinity.
    function _requireItem(uint256[] memory records, uint256 item, uint256 singles, uint256 width) private pure {
        uint256 record;
        unchecked {
            // Inside the array.
            record = _at(records, RECORDS_HEAD + item * width);
        }
        uint256 b;
        bool canonical;
        // Reads the record only.
        assembly ("memory-safe") {
            canonical := and(lt(mload(record), Q), lt(mload(add(record, 0x20)), Q))
            canonical := and(canonical, lt(mload(add(record, 0x40)), Q))
            canonical := and(canonical, lt(mload(add(record, 0x60)), Q))
            canonical := and(canonical, lt(mload(add(record, 0x80)), Q))
            canonical := and(canonical, lt(mload(add(record, 0xa0)), Q))
            canonical := and(canonical, lt(mload(add(record, 0xc0)), Q))
            canonical := and(canonical, lt(mload(add(record, 0xe0)), Q))
            let input := add(record, 0x140)
            for { let end := add(input, shl(5, singles)) } lt(input, end) { input := add(input, 0x20) } {
                canonical := and(canonical, lt(mload(input), R))
            }
            b := or(mload(add(record, 0x40)), mload(add(record, 0x60)))
            b := or(b, or(mload(add(record, 0x80)), mload(add(record, 0xa0))))
        }
        if (!canonical) _nameWord(record, item, singles);
        if (
            b == 0 || !_isOnCurve(_load(record), _load(record + 0x20))
                || !_isOnCurve(_load(record + 0xc0), _load(record + 0xe0))
        ) revert MalformedItem(item);
    }

    /// @dev Reverts with the word of a record that is not canonical.
    function _nameWord(uint256 record, uint256 item, uint256 singles) private pure {
        for (uint256 i = 0; i < 8; ++i) {
            uint256 value = _load(record + 32 * i);
            if (value >= Q) revert ItemNotCanonical(item, i, value);
        }
        for (uint256 i = 0; i < singles; ++i) {
            uint256 value = _load(record + 32 * (RECORD_SINGLES + i));
            if (value >= R) revert ItemInputNotCanonical(item, i, value);
        }
    }

    /// @dev The power of an item behind the first: 128 bits of a hash, plus 1.
    function _power(uint256 seed, uint256 item) private pure returns (uint256 power) {
        // Two words of scratch space.
        assembly ("memory-safe") {
            mstore(0x00, seed)
            mstore(0x20, item)
            power := add(shr(128, keccak256(0x00, 0x40)), 1)
        }
    }

    /// @dev Adds the power to `scalars[0]` and, times each input, to the scalar behind it.
    function _addPowers(uint256[] memory scalars, uint256 inputs, uint256 power) private pure {
        assembly ("memory-safe") {
            let scalar := add(scalars, 0x20)
            let end := add(scalar, shl(5, mload(scalars)))
            mstore(scalar, addmod(mload(scalar), power, R))
            for { scalar := add(scalar, 0x20) } lt(scalar, end) { scalar := add(scalar, 0x20) } {
                mstore(scalar, addmod(mload(scalar), mulmod(mload(inputs), power, R), R))
                inputs := add(inputs, 0x20)
            }
        }
    }

    /// @dev The point at `to` += scalar · the point at `from`, both in memory. Points are on the curve and the scalar is below 2^256: a
    /// precompile can fail for lack of gas only.
    function _addMultiple(uint256 to, uint256 from, uint256 scalar) private view {
        bool done;
        // Seven words from the free memory pointer on, not kept: the sum's operands, then the product's.
        assembly ("memory-safe") {
            let m := mload(0x40)
            let triple := add(m, 0x80)
            mcopy(triple, from, 0x40)
            mstore(add(triple, 0x40), scalar)
            done := 1
            // The product alone when nothing has been added yet: no point of the curve has two zeros.
            switch or(mload(to), mload(add(to, 0x20)))
            case 0 {
                switch scalar
                case 1 { mcopy(to, from, 0x40) }
                default { done := staticcall(MUL_GAS, 7, triple, 0x60, to, 0x40) }
            }
            default {
                mcopy(m, to, 0x40)
                done := staticcall(MUL_GAS, 7, triple, 0x60, add(m, 0x40), 0x40)
                done := and(done, staticcall(ADD_GAS, 6, m, 0x80, to, 0x40))
            }
        }
        if (!done) revert GasTooLow(MUL_GAS, gasleft());
    }

    /// @dev Whether two points in memory are one.
    function _sameTwoWords(uint256 left, uint256 right) private pure returns (bool same) {
        assembly ("memory-safe") {
            same := and(eq(mload(left), mload(right)), eq(mload(add(left, 0x20)), mload(add(right, 0x20))))
        }
    }

    /// @dev Where word `index` of an array stands in memory.
    function _at(uint256[] memory words, uint256 index) internal pure returns (uint256 where) {
        assembly ("memory-safe") {
            where := add(add(words, 0x20), shl(5, index))
        }
    }

    function _load(uint256 where) private pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := mload(where)
        }
    }
}
