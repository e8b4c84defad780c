// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {CellRules} from "./CellRules.sol";
import {ChunkStore} from "../storage/ChunkStore.sol";
import {DataContract} from "../storage/DataContract.sol";
import {ITableSource} from "../interfaces/ITableSource.sol";

/// @title Tables of public cells, written once
/// @notice A table is written whole, or as the cells that moved since a table that was written whole. Its id is keccak256(schema
/// hash, round or version, cells), each 32 bytes, over all of its cells either way, so how it came in changes nothing.
/// @dev Large tables lie in several data contracts. Pieces that `storeChunk` has written before are not written again: admission then
/// costs calldata, the check of every cell and the hash.
abstract contract TableStore is CellRules, ChunkStore {
    /// @dev A table that is another's cells but for those in `data`: records of a 3-byte index and a cell, indices rising.
    struct Moves {
        bytes32 base;
        address data;
    }

    /// @notice A table has been admitted; `base` is the table that its moved cells refer to, zero for a table written whole.
    event TableAdmitted(bytes32 indexed tableId, uint256 indexed number, bytes32 base);

    /// @notice The table has been admitted already; admitted tables never change.
    error TableAlreadyAdmitted(bytes32 tableId);
    /// @notice Moved cells refer to a table that is itself made of moved cells.
    error BaseNotWhole(bytes32 tableId);
    /// @notice A record of moved cells is cut, out of the table, or not behind the one before it.
    error MovesMalformed(uint256 record);
    /// @notice A range of cells ends behind the table.
    error CellsBeyondEnd(uint256 end, uint256 count);

    uint256 private constant INDEX_BYTES = 3;

    mapping(bytes32 tableId => mapping(uint256 chunk => address)) private _whole;
    mapping(bytes32 tableId => Moves) private _moves;

    /// @notice The table that a table's moved cells refer to; zero for a table written whole.
    function tableBase(bytes32 tableId) external view returns (bytes32 base) {
        base = _moves[tableId].base;
        if (base == 0 && _whole[tableId][0] == address(0)) revert UnknownTable(tableId);
    }

    /// @inheritdoc ITableSource
    function packedCells(bytes32 tableId, uint256 first, uint256 count)
        public
        view
        override
        returns (bytes memory packed)
    {
        if (first + count > cellCount) revert CellsBeyondEnd(first + count, cellCount);
        if (_whole[tableId][0] != address(0)) return _readWhole(tableId, first, count);
        address data = _moves[tableId].data;
        if (data == address(0)) revert UnknownTable(tableId);
        packed = _readWhole(_moves[tableId].base, first, count);
        _apply(DataContract.read(data, 0, DataContract.size(data)), packed, first, count);
    }

    /// @notice The cells of an admitted table.
    function tableCells(bytes32 tableId) external view returns (uint256[] memory cells) {
        bytes memory packed = packedCells(tableId, 0, cellCount);
        cells = new uint256[](cellCount);
        uint256 width = cellBytes;
        for (uint256 i = 0; i < cells.length; ++i) {
            uint256 cell;
            // Reads up to 31 bytes beyond the last cell; they are shifted out.
            assembly ("memory-safe") {
                cell := shr(sub(256, shl(3, width)), mload(add(add(packed, 0x20), mul(i, width))))
            }
            cells[i] = cell;
        }
    }

    /// @dev Writes the checked cells of a table once and for ever.
    function _admit(bytes32 tableId, uint256 number, bytes calldata packed) internal {
        _requireNew(tableId);
        uint256 most = _chunkBytes();
        for (uint256 chunk = 0; chunk * most < packed.length; ++chunk) {
            uint256 end = (chunk + 1) * most;
            if (end > packed.length) end = packed.length;
            _whole[tableId][chunk] = _place(packed[chunk * most:end]);
        }
        emit TableAdmitted(tableId, number, 0);
    }

    /// @dev Writes a checked table as its moved cells, as `_withMoves` took them.
    function _admitMoved(bytes32 tableId, uint256 number, bytes32 base, bytes calldata moved) internal {
        _requireNew(tableId);
        _moves[tableId] = Moves(base, _place(moved));
        emit TableAdmitted(tableId, number, base);
    }

    /// @dev All packed cells of a table that was written whole, with moved ones in their places.
    function _withMoves(bytes32 base, bytes calldata moved) internal view returns (bytes memory packed) {
        if (_moves[base].data != address(0)) revert BaseNotWhole(base);
        if (_whole[base][0] == address(0)) revert UnknownTable(base);
        packed = _readWhole(base, 0, cellCount);
        uint256 record = INDEX_BYTES + cellBytes;
        if (moved.length % record != 0) revert MovesMalformed(moved.length / record);
        uint256 next = 0;
        for (uint256 i = 0; i * record < moved.length; ++i) {
            uint256 index = uint24(bytes3(moved[i * record:]));
            if (index < next || index >= cellCount) revert MovesMalformed(i);
            next = index + 1;
        }
        _apply(moved, packed, 0, cellCount);
    }

    function _requireNew(bytes32 tableId) private view {
        if (_whole[tableId][0] != address(0) || _moves[tableId].data != address(0)) {
            revert TableAlreadyAdmitted(tableId);
        }
    }

    /// @dev A data contract with these bytes: the one that was stored ahead, or a new one.
    function _place(bytes memory piece) private returns (address where) {
        where = chunkAt(keccak256(piece));
        if (where == address(0)) where = DataContract.write(piece);
    }

    /// @dev Bytes of a piece of a table: as many whole cells as a data contract holds.
    function _chunkBytes() private view returns (uint256) {
        return DataContract.CAPACITY - DataContract.CAPACITY % cellBytes;
    }

    /// @dev A range of packed cells of a table that was written whole; the range is inside the table.
    function _readWhole(bytes32 tableId, uint256 first, uint256 count) private view returns (bytes memory packed) {
        packed = new bytes(count * cellBytes);
        uint256 most = _chunkBytes();
        uint256 offset = first * cellBytes;
        uint256 copied = 0;
        while (copied < packed.length) {
            address where = _whole[tableId][offset / most];
            uint256 within = offset % most;
            uint256 length = most - within;
            if (length > packed.length - copied) length = packed.length - copied;
            // Code is copied behind the STOP byte, into the array allocated above; admission wrote these bytes.
            assembly ("memory-safe") {
                extcodecopy(where, add(add(packed, 0x20), copied), add(within, 1), length)
            }
            copied += length;
            offset += length;
        }
    }

    /// @dev Puts moved cells into a range of packed cells. Indices rise, so the first one behind the range is the end.
    function _apply(bytes memory moved, bytes memory packed, uint256 first, uint256 count) private view {
        uint256 width = cellBytes;
        // Writes whole cells of the range only.
        assembly ("memory-safe") {
            let record := add(INDEX_BYTES, width)
            let end := add(add(moved, 0x20), mload(moved))
            for { let at := add(moved, 0x20) } lt(at, end) { at := add(at, record) } {
                let index := shr(232, mload(at))
                if lt(index, first) { continue }
                index := sub(index, first)
                if iszero(lt(index, count)) { break }
                mcopy(add(add(packed, 0x20), mul(index, width)), add(at, INDEX_BYTES), width)
            }
        }
    }
}
