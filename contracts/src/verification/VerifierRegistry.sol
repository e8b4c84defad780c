// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

import {Circuits} from "./Circuits.sol";
import {Folding} from "./Folding.sol";
import {Groth16Batch} from "./Groth16Batch.sol";

/// @title Verifies proofs whose public tables have been folded into points once
/// @notice `verify` takes no points, only table ids: every range of cells is filled exactly once, by the folded point of the table
/// that the caller names.
contract VerifierRegistry is Folding, Groth16Batch {
    /// @notice One proof of a batch, as `verify` takes it.
    struct Item {
        uint256[8] proof;
        uint256[] singles;
        bytes32[] tableIds;
        uint256[] ys;
    }

    /// @notice Not as many single inputs as the circuit has.
    error InputCountWrong(uint256 expected, uint256 given);
    /// @notice Not as many tables, or hints, as the circuit has.
    error TableCountWrong(uint256 expected, uint256 tables, uint256 hints);

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
            uint256 hint = ys[i];
            uint256 pointX = _foldedX(circuitId, i, _first(known, i), tableIds[i], hint);
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
}
