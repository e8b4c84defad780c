// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Circuits} from "./Circuits.sol";
import {ITableSource} from "../interfaces/ITableSource.sol";
import {MultiScalar} from "./MultiScalar.sol";

/// @title Public tables folded into points once
/// @notice vk_x = IC_0 + Σ x_j · IC_j. The share of a table's cells in that sum is the same for every proof that reads the
/// table: it is computed here once, from cells that a trusted source has admitted, and kept as a point.
/// @dev A stored point is as powerful as the key itself. So only `fold` and `refold` write points, a point's key is (circuit, first
/// cell, table id), and a present bit says that it is there. An unfinished sum lies elsewhere, under the point it will become and the
/// point it began from: so several ways to one point can be on their way at once, none of them can be read, and whichever ends
/// first writes the only point that all of them can write.
abstract contract Folding is Circuits, MultiScalar {
    /// @dev An unfinished sum: the cells before `next` are in (x, y).
    struct Progress {
        uint256 x;
        uint256 y;
        uint256 next;
    }

    /// @notice A table's point is ready to be verified with.
    event Folded(bytes32 indexed circuitId, bytes32 indexed tableId, uint256 tableIndex, uint256 x, uint256 y);
    /// @notice A part of a table has been folded, from another's point or from nothing (zero); `next` is the first cell that has not.
    event FoldedUpTo(
        bytes32 indexed circuitId, bytes32 indexed tableId, uint256 tableIndex, bytes32 fromTableId, uint256 next
    );

    /// @notice The table has not been folded for this circuit (or not to its end).
    error NotFolded(bytes32 circuitId, uint256 tableIndex, bytes32 tableId);
    /// @notice A fold of no cells.
    error NothingToFold();

    /// @dev Points of the key that are in memory at a time.
    uint256 private constant SEGMENT = 376;

    mapping(bytes32 pointKey => uint256) private _points;
    mapping(bytes32 progressKey => Progress) private _progress;

    /// @notice Folds an admitted table for a circuit, or its next `maxCells` cells. Anyone may, and anyone may go on where
    /// another stopped; folding a finished table again does nothing.
    /// @param window bits of a digit, or 0 for a product a cell: a matter of gas alone (see MultiScalar)
    function fold(bytes32 circuitId, uint256 tableIndex, bytes32 tableId, uint256 maxCells, uint256 window) external {
        _advance(circuitId, tableIndex, 0, 0, tableId, maxCells, window);
    }

    /// @notice Folds an admitted table from another's point: new = old + Σ (cell'_j - cell_j) · IC_j, over the cells that moved among
    /// the next `maxCells`. Otherwise as `fold`.
    /// @param y the y of the old point: a hint, checked when the first cells are folded and ignored later
    function refold(
        bytes32 circuitId,
        uint256 tableIndex,
        bytes32 fromTableId,
        uint256 y,
        bytes32 tableId,
        uint256 maxCells,
        uint256 window
    ) external {
        if (fromTableId == 0) revert NotFolded(circuitId, tableIndex, fromTableId);
        _advance(circuitId, tableIndex, fromTableId, y, tableId, maxCells, window);
    }

    /// @notice How far a table is folded for a circuit, from nothing (zero) or from another table's point: the number of its cells
    /// that are in the sum, and whether its point is ready, however it came about.
    function folded(bytes32 circuitId, uint256 tableIndex, bytes32 fromTableId, bytes32 tableId)
        external
        view
        returns (uint256 cells, bool ready)
    {
        TableInput storage table = _table(circuitId, tableIndex);
        bytes32 key = _pointKey(circuitId, table.first, tableId);
        ready = _points[key] != 0;
        cells = ready ? table.length : _progress[_progressKey(key, fromTableId)].next;
    }

    /// @dev keccak256(abi.encode(circuitId, first, tableId)).
    function _pointKey(bytes32 circuitId, uint256 first, bytes32 tableId) internal pure returns (bytes32 key) {
        // Three words from the free memory pointer on, not kept.
        assembly ("memory-safe") {
            let m := mload(0x40)
            mstore(m, circuitId)
            mstore(add(m, 0x20), first)
            mstore(add(m, 0x40), tableId)
            key := keccak256(m, 0x60)
        }
    }

    function _progressKey(bytes32 pointKey, bytes32 fromTableId) private pure returns (bytes32) {
        return keccak256(abi.encode(pointKey, fromTableId));
    }

    /// @dev Adds the next cells to the sum that began from nothing, or from another table's point.
    function _advance(
        bytes32 circuitId,
        uint256 tableIndex,
        bytes32 fromTableId,
        uint256 hint,
        bytes32 tableId,
        uint256 maxCells,
        uint256 window
    ) private {
        if (maxCells == 0) revert NothingToFold();
        TableInput storage table = _table(circuitId, tableIndex);
        bytes32 key = _pointKey(circuitId, table.first, tableId);
        if (_points[key] != 0) return;
        bytes32 progressKey = _progressKey(key, fromTableId);
        Progress memory sum;
        bool begun = _progress[progressKey].next > 0;
        if (begun) {
            sum = _progress[progressKey];
        } else if (fromTableId != 0) {
            (sum.x, sum.y) = (_foldedX(circuitId, tableIndex, table.first, fromTableId, hint), hint);
        } else if (table.startsFromIC0) {
            (sum.x, sum.y) = _firstPoint(circuitId);
        }
        uint256 count = table.length - sum.next;
        if (count > maxCells) count = maxCells;
        Terms memory terms = _terms(ITableSource(table.source), fromTableId, tableId, sum.next, count);
        _addTerms(sum, circuitId, table.first + sum.next, terms, window);
        sum.next += count;
        if (sum.next < table.length) {
            _progress[progressKey] = sum;
            emit FoldedUpTo(circuitId, tableId, tableIndex, fromTableId, sum.next);
            return;
        }
        _points[key] = _pack(sum.x, sum.y);
        if (begun) delete _progress[progressKey];
        emit Folded(circuitId, tableId, tableIndex, sum.x, sum.y);
    }

    /// @dev x of a finished point, its y given as a hint and checked.
    function _foldedX(bytes32 circuitId, uint256 tableIndex, uint256 first, bytes32 tableId, uint256 hint)
        internal
        view
        returns (uint256)
    {
        uint256 slot = _points[_pointKey(circuitId, first, tableId)];
        if (slot == 0) revert NotFolded(circuitId, tableIndex, tableId);
        return _unpack(slot, hint);
    }

    /// @dev The cells of a range, and those of the table that the sum began from, zeros for nothing. A source that answers with
    /// another number of bytes than it says is refused.
    function _terms(ITableSource source, bytes32 fromTableId, bytes32 tableId, uint256 first, uint256 count)
        private
        view
        returns (Terms memory terms)
    {
        terms.width = source.cellBytes();
        uint256 expected = terms.width * count;
        terms.cells = source.packedCells(tableId, first, count);
        terms.before = fromTableId == 0 ? new bytes(expected) : source.packedCells(fromTableId, first, count);
        if (terms.width == 0 || terms.width > 16 || terms.cells.length != expected) {
            revert ITableSource.CellBytesWrong(expected, terms.cells.length);
        }
        if (terms.before.length != expected) revert ITableSource.CellBytesWrong(expected, terms.before.length);
    }

    /// @dev Adds Σ over the terms, the first of which is of input `first`, to the point of `sum`.
    function _addTerms(Progress memory sum, bytes32 circuitId, uint256 first, Terms memory terms, uint256 window)
        private
        view
    {
        uint256 count = terms.cells.length / terms.width;
        bytes memory points = new bytes(64 * (count < SEGMENT ? count : SEGMENT));
        Buckets memory buckets;
        if (window != 0) buckets = _newBuckets(window, terms.width);
        for (uint256 from = 0; from < count; from += SEGMENT) {
            uint256 to = from + SEGMENT < count ? from + SEGMENT : count;
            _loadPoints(points, circuitId, first + from, to - from);
            if (window == 0) (sum.x, sum.y) = _addProducts(sum.x, sum.y, points, terms, from, to);
            else _fill(buckets, points, terms, from, to);
        }
        if (window == 0) return;
        (uint256 x, uint256 y) = _emptied(buckets);
        (sum.x, sum.y) = _add(sum.x, sum.y, x, y);
    }

    /// @dev IC_0.
    function _firstPoint(bytes32 circuitId) private view returns (uint256 x, uint256 y) {
        bytes memory point = new bytes(64);
        _loadPoints(point, circuitId, 0, 1);
        return abi.decode(point, (uint256, uint256));
    }
}
