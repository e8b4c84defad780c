// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

import {Circuits} from "./Circuits.sol";
import {DataContract} from "./DataContract.sol";
import {Groth16Batch} from "./Groth16Batch.sol";
import {ITableSource} from "./ITableSource.sol";

/// @title Verifies proofs whose public tables have been folded into points once
/// @notice vk_x = IC_0 + Σ x_j · IC_j. The share of a table's cells in that sum is the same for every proof that reads the
/// table: it is computed here once, from cells that a trusted source has admitted, and kept as a point.
/// @dev A stored point is as powerful as the key itself. So only `fold` and `refold` write points, a point's key is (circuit, first
/// cell, table id), a present bit says that it is there, and `verify` takes no points, only table ids: every range of cells is
/// filled exactly once, by the point of the table that the caller names.
contract VerifierRegistry is Circuits, Groth16Batch {
    /// @notice One proof of a batch, as `verify` takes it.
    struct Item {
        uint256[8] proof;
        uint256[] singles;
        bytes32[] tableIds;
        uint256[] ys;
    }

    /// @dev An unfinished sum: the cells before `next` are in (x, y).
    struct Progress {
        uint256 x;
        uint256 y;
        uint256 next;
    }

    /// @notice A table's point is ready to be verified with.
    event Folded(bytes32 indexed circuitId, bytes32 indexed tableId, uint256 tableIndex, uint256 x, uint256 y);
    /// @notice A part of a table has been folded; `next` is the first cell that has not.
    event FoldedUpTo(bytes32 indexed circuitId, bytes32 indexed tableId, uint256 tableIndex, uint256 next);

    /// @notice The table has not been folded for this circuit (or not to its end).
    error NotFolded(bytes32 circuitId, uint256 tableIndex, bytes32 tableId);
    /// @notice Not as many single inputs as the circuit has.
    error InputCountWrong(uint256 expected, uint256 given);
    /// @notice Not as many tables, or hints, as the circuit has.
    error TableCountWrong(uint256 expected, uint256 tables, uint256 hints);
    /// @notice A fold of no cells.
    error NothingToFold();

    mapping(bytes32 pointKey => uint256) private _points;
    mapping(bytes32 pointKey => Progress) private _progress;

    /// @param authority the AccessManager that says who registers and disables circuits
    constructor(address authority) AccessManaged(authority) {}

    /// @notice Reverts unless the proof holds.
    /// @dev The table ids must come from the caller's own storage, never from whoever supplies the proof.
    /// @param proof A.x, A.y, B.x_im, B.x_re, B.y_im, B.y_re, C.x, C.y
    /// @param singles the public inputs in front of the tables
    /// @param tableIds the table that fills each range of cells
    /// @param ys for each table the y of its folded point: a hint, checked
    function verify(
        bytes32 circuitId,
        uint256[8] calldata proof,
        uint256[] calldata singles,
        bytes32[] calldata tableIds,
        uint256[] calldata ys
    ) external view {
        Circuit memory known = _active(circuitId);
        (uint256 x, uint256 y) = _folded(circuitId, known, singles, tableIds, ys);
        _check(known.head, proof, singles, x, y, known.tables == 0);
    }

    /// @notice Reverts unless every proof of the batch holds, all of one circuit: one pairing instead of many.
    /// @dev One item that is malformed, or speaks of a table that is not folded, or has a wrong proof, reverts the whole. Callers drop
    /// what has become stale before they come here, and fall back to halves or single proofs after `BatchRejected`.
    /// The table ids and the inputs must come from the caller's own storage, never from whoever supplies a proof.
    function verifyBatch(bytes32 circuitId, Item[] calldata items) external view {
        Circuit memory known = _active(circuitId);
        if (items.length == 0) revert EmptyBatch();
        uint256 width = RECORD_SINGLES + known.singles + known.tables;
        uint256[] memory records = new uint256[](RECORDS_HEAD + items.length * width);
        records[0] = uint256(circuitId);
        records[1] = items.length;
        uint256 record = _at(records, RECORDS_HEAD);
        bytes32[] calldata lastIds;
        uint256[] calldata lastYs;
        (lastIds, lastYs) = (items[0].tableIds, items[0].ys);
        (uint256 x, uint256 y) = _folded(circuitId, known, items[0].singles, lastIds, lastYs);
        for (uint256 i = 0; i < items.length; ++i) {
            Item calldata item = items[i];
            uint256[] calldata singles = item.singles;
            bytes32[] calldata ids = item.tableIds;
            uint256[] calldata ys = item.ys;
            // Items with the tables and hints of the one before them have its point.
            if (singles.length != known.singles || !_sameTables(ids, lastIds, ys, lastYs)) {
                (x, y) = _folded(circuitId, known, singles, ids, ys);
                (lastIds, lastYs) = (ids, ys);
            }
            _writeRecord(record, item.proof, x, y, singles, ids);
            unchecked {
                // Inside the array.
                record += 32 * width;
            }
        }
        _checkBatch(known.head, records, known.singles, width, known.tables == 0);
    }

    /// @notice Folds an admitted table for a circuit, or its next `maxCells` cells. Anyone may, and anyone may go on where
    /// another stopped; folding a finished table again does nothing.
    function fold(bytes32 circuitId, uint256 tableIndex, bytes32 tableId, uint256 maxCells) external {
        if (maxCells == 0) revert NothingToFold();
        TableInput storage table = _table(circuitId, tableIndex);
        bytes32 key = _pointKey(circuitId, table.first, tableId);
        if (_points[key] != 0) return;
        uint256 next = _progress[key].next;
        uint256 length = table.length;
        uint256 x;
        uint256 y;
        if (next > 0) (x, y) = (_progress[key].x, _progress[key].y);
        else if (table.startsFromIC0) (x, y) = _firstPoint(circuitId);
        uint256 count = length - next;
        if (count > maxCells) count = maxCells;
        bytes memory points = _inputPoints(circuitId, table.first + next, count);
        (x, y) = _sum(x, y, points, _cells(table, tableId, next, count), new bytes(0));
        next += count;
        if (next < length) {
            _progress[key] = Progress(x, y, next);
            emit FoldedUpTo(circuitId, tableId, tableIndex, next);
        } else {
            _finish(circuitId, tableIndex, tableId, key, x, y);
        }
    }

    /// @notice Folds an admitted table from another's point: new = old + Σ (cell'_j - cell_j) · IC_j, over the cells that moved.
    /// @param y the y of the old point: a hint, checked
    function refold(bytes32 circuitId, uint256 tableIndex, bytes32 fromTableId, uint256 y, bytes32 tableId) external {
        TableInput storage table = _table(circuitId, tableIndex);
        bytes32 key = _pointKey(circuitId, table.first, tableId);
        if (_points[key] != 0) return;
        uint256 slot = _points[_pointKey(circuitId, table.first, fromTableId)];
        if (slot == 0) revert NotFolded(circuitId, tableIndex, fromTableId);
        uint256 x = _unpack(slot, y);
        bytes memory points = _inputPoints(circuitId, table.first, table.length);
        bytes memory cells = _cells(table, tableId, 0, table.length);
        bytes memory before = _cells(table, fromTableId, 0, table.length);
        (x, y) = _sum(x, y, points, cells, before);
        _finish(circuitId, tableIndex, tableId, key, x, y);
    }

    /// @notice How far a table is folded for a circuit: the number of its cells that are in the sum, and whether it is ready.
    function folded(bytes32 circuitId, uint256 tableIndex, bytes32 tableId)
        external
        view
        returns (uint256 cells, bool ready)
    {
        TableInput storage table = _table(circuitId, tableIndex);
        bytes32 key = _pointKey(circuitId, table.first, tableId);
        ready = _points[key] != 0;
        cells = ready ? table.length : _progress[key].next;
    }

    /// @dev The sum of the folded points of an item's tables, from storage, (0, 0) without tables; the counts are checked.
    function _folded(
        bytes32 circuitId,
        Circuit memory known,
        uint256[] calldata singles,
        bytes32[] calldata tableIds,
        uint256[] calldata ys
    ) private view returns (uint256 x, uint256 y) {
        if (singles.length != known.singles) revert InputCountWrong(known.singles, singles.length);
        if (tableIds.length != known.tables || ys.length != known.tables) {
            revert TableCountWrong(known.tables, tableIds.length, ys.length);
        }
        for (uint256 i = 0; i < known.tables; ++i) {
            bytes32 tableId = tableIds[i];
            uint256 hint = ys[i];
            uint256 slot = _points[_pointKey(circuitId, _first(known, i), tableId)];
            if (slot == 0) revert NotFolded(circuitId, i, tableId);
            uint256 pointX = _unpack(slot, hint);
            (x, y) = i == 0 ? (pointX, hint) : _add(x, y, pointX, hint);
        }
    }

    /// @dev Whether two items name the same tables with the same hints, so that their folded points are one.
    function _sameTables(
        bytes32[] calldata ids,
        bytes32[] calldata otherIds,
        uint256[] calldata ys,
        uint256[] calldata otherYs
    ) private pure returns (bool same) {
        // Reads calldata inside the arrays only.
        assembly ("memory-safe") {
            same := and(eq(ids.length, otherIds.length), eq(ys.length, otherYs.length))
            for { let end := mul(same, shl(5, ids.length)) } end {} {
                end := sub(end, 0x20)
                same := and(same, eq(calldataload(add(ids.offset, end)), calldataload(add(otherIds.offset, end))))
            }
            for { let end := mul(same, shl(5, ys.length)) } end {} {
                end := sub(end, 0x20)
                same := and(same, eq(calldataload(add(ys.offset, end)), calldataload(add(otherYs.offset, end))))
            }
        }
    }

    /// @dev Copies an item into its record; its counts have been checked.
    function _writeRecord(
        uint256 record,
        uint256[8] calldata proof,
        uint256 x,
        uint256 y,
        uint256[] calldata singles,
        bytes32[] calldata ids
    ) private pure {
        // The record lies inside the array that the caller has allocated.
        assembly ("memory-safe") {
            calldatacopy(record, proof, 0x100)
            mstore(add(record, 0x100), x)
            mstore(add(record, 0x120), y)
            let next := add(record, 0x140)
            calldatacopy(next, singles.offset, shl(5, singles.length))
            calldatacopy(add(next, shl(5, singles.length)), ids.offset, shl(5, ids.length))
        }
    }

    function _finish(bytes32 circuitId, uint256 tableIndex, bytes32 tableId, bytes32 key, uint256 x, uint256 y) private {
        _points[key] = _pack(x, y);
        if (_progress[key].next != 0) delete _progress[key];
        emit Folded(circuitId, tableId, tableIndex, x, y);
    }

    /// @dev IC_0.
    function _firstPoint(bytes32 circuitId) private view returns (uint256 x, uint256 y) {
        return abi.decode(_inputPoints(circuitId, 0, 1), (uint256, uint256));
    }

    /// @dev `count` cells of an admitted table from cell `first` on, 8 bytes each. A source that answers with less than the
    /// table is refused: code beyond the end reads as zeros.
    function _cells(TableInput storage table, bytes32 tableId, uint256 first, uint256 count)
        private
        view
        returns (bytes memory)
    {
        return DataContract.read(ITableSource(table.source).tableData(tableId), 8 * first, 8 * count);
    }

    /// @dev (x, y) + Σ (cells_j - before_j) · points_j; without `before` all of it is zero. Differences of zero cost no precompile.
    function _sum(uint256 x, uint256 y, bytes memory points, bytes memory cells, bytes memory before)
        private
        view
        returns (uint256, uint256)
    {
        uint256 count = cells.length / 8;
        bool fresh = before.length == 0;
        bool done = true;
        // The sum (2 words), the product to add (2 words) and the triple to multiply (3 words) live from the free memory pointer on,
        // inside this block only. The points were checked at registration and scalars are below R: a precompile can
        // fail for lack of gas only, and then the loop ends.
        assembly ("memory-safe") {
            let acc := mload(0x40)
            let product := add(acc, 0x40)
            let triple := add(acc, 0x80)
            mstore(acc, x)
            mstore(add(acc, 0x20), y)
            for { let j := 0 } and(done, lt(j, count)) { j := add(j, 1) } {
                let scalar := shr(192, mload(add(add(cells, 0x20), mul(j, 8))))
                if iszero(fresh) {
                    let old := shr(192, mload(add(add(before, 0x20), mul(j, 8))))
                    scalar := addmod(scalar, sub(R, old), R)
                }
                if scalar {
                    mcopy(triple, add(add(points, 0x20), mul(j, 0x40)), 0x40)
                    mstore(add(triple, 0x40), scalar)
                    done := staticcall(MUL_GAS, 7, triple, 0x60, product, 0x40)
                    done := and(done, staticcall(ADD_GAS, 6, acc, 0x80, acc, 0x40))
                }
            }
            x := mload(acc)
            y := mload(add(acc, 0x20))
        }
        if (!done) revert GasTooLow(MUL_GAS, gasleft());
        return (x, y);
    }

    /// @dev keccak256(abi.encode(circuitId, first, tableId)).
    function _pointKey(bytes32 circuitId, uint256 first, bytes32 tableId) private pure returns (bytes32 key) {
        // Three words from the free memory pointer on, not kept.
        assembly ("memory-safe") {
            let m := mload(0x40)
            mstore(m, circuitId)
            mstore(add(m, 0x20), first)
            mstore(add(m, 0x40), tableId)
            key := keccak256(m, 0x60)
        }
    }
}
