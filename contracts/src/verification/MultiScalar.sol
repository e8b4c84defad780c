// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Groth16Verifier} from "./Groth16Verifier.sol";

/// @title Σ (cells_j − before_j) · points_j
/// @notice Two ways to one sum. A product a cell: 6,000 gas a precompile call, whatever the size of the cell. Or buckets: cells and their
/// moves are far below 2^254, so they are cut into digits of `window` bits, a point is added (150 gas a call) to the bucket of each of its
/// digits, and at the end bucket k of window w counts k · 2^(window · w) times. Which way, and which window, decides the gas alone.
/// @dev The points were checked at registration and cells are below 2^128: a precompile can fail for lack of gas only.
abstract contract MultiScalar is Groth16Verifier {
    /// @dev Packed cells and what they are compared with, as many; `width` bytes each.
    struct Terms {
        bytes cells;
        bytes before;
        uint256 width;
    }

    /// @dev Buckets in memory, 64 bytes each, 2^window a window, (0, 0) when empty; those from `top` on have not been cleared yet.
    struct Buckets {
        uint256 window;
        uint256 start;
        uint256 top;
    }

    /// @notice Buckets of digits this wide would cost more than they save.
    error WindowTooWide(uint256 given, uint256 most);

    /// @dev The most bits of a digit.
    uint256 internal constant MOST_WINDOW = 12;
    /// @dev Bytes in front of the buckets: three pairs of points.
    uint256 private constant SCRATCH = 0x180;
    /// @dev How far in front of the buckets stand the point that is added to them, and its y.
    uint256 private constant POINT = 0x140;
    uint256 private constant POINT_Y = 0x120;

    /// @dev (x, y) + Σ over the cells `from` to `to` - 1, a product each; `points` begins with that of cell `from`.
    function _addProducts(uint256 x, uint256 y, bytes memory points, Terms memory terms, uint256 from, uint256 to)
        internal
        view
        returns (uint256, uint256)
    {
        bool done = true;
        bytes memory cells = terms.cells;
        bytes memory before = terms.before;
        uint256 width = terms.width;
        // The sum (2 words), the product to add (2 words) and the triple to multiply (3 words) live from the free memory pointer
        // on, inside this block only. Reads up to 31 bytes beyond the last cell; they are shifted out.
        assembly ("memory-safe") {
            let acc := mload(0x40)
            let triple := add(acc, 0x80)
            let shift := sub(256, shl(3, width))
            let whole := div(32, width)
            mstore(acc, x)
            mstore(add(acc, 0x20), y)
            for { let j := from } and(done, lt(j, to)) { j := add(j, 1) } {
                let at := add(0x20, mul(j, width))
                let value := mload(add(cells, at))
                let old := mload(add(before, at))
                // A word that is the same holds nothing that moved.
                if eq(value, old) {
                    j := add(j, sub(whole, 1))
                    continue
                }
                value := shr(shift, value)
                old := shr(shift, old)
                if eq(value, old) { continue }
                mcopy(triple, add(add(points, 0x20), shl(6, sub(j, from))), 0x40)
                mstore(add(triple, 0x40), addmod(value, sub(R, old), R))
                done := staticcall(MUL_GAS, 7, triple, 0x60, add(acc, 0x40), 0x40)
                done := and(done, staticcall(ADD_GAS, 6, acc, 0x80, acc, 0x40))
            }
            x := mload(acc)
            y := mload(add(acc, 0x20))
        }
        if (!done) revert GasTooLow(MUL_GAS, gasleft());
        return (x, y);
    }

    /// @dev Room for the buckets of cells of `width` bytes. Nothing may be allocated until they have been emptied.
    function _newBuckets(uint256 window, uint256 width) internal pure returns (Buckets memory buckets) {
        if (window > MOST_WINDOW) revert WindowTooWide(window, MOST_WINDOW);
        buckets.window = window;
        uint256 windows = (8 * width + window - 1) / window;
        uint256 start;
        // SCRATCH bytes to add in, then the windows. Memory is paid for when it is first touched: only windows that some digit
        // reaches are.
        assembly ("memory-safe") {
            start := add(mload(0x40), SCRATCH)
            mstore(0x40, add(start, mul(windows, shl(add(window, 6), 1))))
        }
        (buckets.start, buckets.top) = (start, start);
    }

    /// @dev Adds the points of the cells `from` to `to` - 1 to the buckets of their digits; `points` begins with that of cell `from`.
    function _fill(Buckets memory buckets, bytes memory points, Terms memory terms, uint256 from, uint256 to)
        internal
        view
    {
        bool done = true;
        // The pair to add (bucket, point: 4 words) lives in the scratch in front of the buckets, which lie inside the room that
        // `_newBuckets` has made. Reads up to 31 bytes beyond the last cell.
        assembly ("memory-safe") {
            let window := mload(buckets)
            let start := mload(add(buckets, 0x20))
            let top := mload(add(buckets, 0x40))
            let windowBytes := shl(add(window, 6), 1)
            let width := mload(add(terms, 0x40))
            let at := add(add(mload(terms), 0x20), mul(from, width))
            let end := add(at, mul(sub(to, from), width))
            let toBefore := sub(mload(add(terms, 0x20)), mload(terms))
            let point := add(points, 0x20)
            for {} and(done, lt(at, end)) {
                at := add(at, width)
                point := add(point, 0x40)
            } {
                let digits := mload(at)
                let old := mload(add(at, toBefore))
                // A word that is the same holds nothing that moved; the last of its cells is stepped over above.
                if eq(digits, old) {
                    let others := sub(div(32, width), 1)
                    at := add(at, mul(others, width))
                    point := add(point, shl(6, others))
                    continue
                }
                digits := shr(sub(256, shl(3, width)), digits)
                old := shr(sub(256, shl(3, width)), old)
                if eq(digits, old) { continue }
                mcopy(sub(start, POINT), point, 0x40)
                switch lt(digits, old)
                case 0 { digits := sub(digits, old) }
                default {
                    // The opposite point; no point of the curve has y = 0.
                    digits := sub(old, digits)
                    mstore(sub(start, POINT_Y), sub(Q, mload(sub(start, POINT_Y))))
                }
                // Windows that no digit has reached yet are cleared.
                for {} shr(mul(window, div(sub(top, start), windowBytes)), digits) {} {
                    calldatacopy(top, calldatasize(), windowBytes)
                    top := add(top, windowBytes)
                }
                // Bucket 0 counts for nothing: adding to it is cheaper than asking every digit whether it is 0.
                for { let first := start } digits {} {
                    let bucket := add(first, and(shl(6, digits), sub(windowBytes, 0x40)))
                    mcopy(sub(start, SCRATCH), bucket, 0x40)
                    done := and(done, staticcall(ADD_GAS, 6, sub(start, SCRATCH), 0x80, bucket, 0x40))
                    first := add(first, windowBytes)
                    digits := shr(window, digits)
                }
            }
            mstore(add(buckets, 0x40), top)
        }
        if (!done) revert GasTooLow(ADD_GAS, gasleft());
    }

    /// @dev Σ_w 2^(window · w) · Σ_k k · bucket_(w, k), and their room given back. A window's inner sum is the sum of all sums of its
    /// upper buckets.
    function _emptied(Buckets memory buckets) internal view returns (uint256 x, uint256 y) {
        bool done = true;
        uint256 window = buckets.window;
        uint256 start = buckets.start;
        uint256 top = buckets.top;
        // Three pairs of points (sum and what is added to it) in the scratch: of all windows, of a window, of its upper buckets.
        // y = 0 is the point at infinity and nothing else, so adding it is left out.
        assembly ("memory-safe") {
            let all := sub(start, SCRATCH)
            let inner := add(all, 0x80)
            let upper := add(all, 0x100)
            let windowBytes := shl(add(window, 6), 1)
            calldatacopy(all, calldatasize(), SCRATCH)
            for {} and(done, gt(top, start)) {} {
                let bucket := sub(top, 0x40)
                top := sub(top, windowBytes)
                if mload(add(all, 0x20)) {
                    for { let i := 0 } lt(i, window) { i := add(i, 1) } {
                        mcopy(add(all, 0x40), all, 0x40)
                        done := and(done, staticcall(ADD_GAS, 6, all, 0x80, all, 0x40))
                    }
                }
                calldatacopy(inner, calldatasize(), 0x100)
                for {} and(done, gt(bucket, top)) { bucket := sub(bucket, 0x40) } {
                    if mload(add(bucket, 0x20)) {
                        mcopy(add(upper, 0x40), bucket, 0x40)
                        done := and(done, staticcall(ADD_GAS, 6, upper, 0x80, upper, 0x40))
                    }
                    if mload(add(upper, 0x20)) {
                        mcopy(add(inner, 0x40), upper, 0x40)
                        done := and(done, staticcall(ADD_GAS, 6, inner, 0x80, inner, 0x40))
                    }
                }
                mcopy(add(all, 0x40), inner, 0x40)
                done := and(done, staticcall(ADD_GAS, 6, all, 0x80, all, 0x40))
            }
            x := mload(all)
            y := mload(add(all, 0x20))
            mstore(0x40, all)
        }
        if (!done) revert GasTooLow(ADD_GAS, gasleft());
    }
}
