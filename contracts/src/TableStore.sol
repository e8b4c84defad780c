// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {DataContract} from "./DataContract.sol";
import {ITableSource} from "./ITableSource.sol";

/// @title Tables of public cells, checked against their schema and written once
/// @notice A single cell outside its schema can make a circuit prove anything, so no cell gets in unchecked and none ever changes.
/// @dev Cells are unsigned, at most 64 bits, posted as packed big-endian uint64. Signed quantities are in offset form. A schema
/// word a cell, bits: 0..63 minimum | 64..127 maximum | 128..143 1 + the index of an earlier cell that must not be larger, 0 for
/// none | 144..151 order between margin levels: 0 none, 1 initial >= maintenance, 2 initial <= maintenance.
/// A table's id is keccak256(schema hash, round or version, cells), each 32 bytes.
abstract contract TableStore is ITableSource {
    /// @notice A table has been admitted.
    event TableAdmitted(bytes32 indexed tableId, uint256 indexed number, address data);

    /// @notice A schema word contradicts itself.
    error BadSchemaWord(uint256 index, uint256 word);
    /// @notice The bytes are not 8 times the number of cells.
    error CellBytesWrong(uint256 expected, uint256 given);
    /// @notice A cell is below its minimum or above its maximum.
    error CellOutOfBounds(uint256 index, uint256 value, uint256 minimum, uint256 maximum);
    /// @notice A cell is smaller than the earlier cell that it must not be smaller than.
    error CellsOutOfOrder(uint256 earlierIndex, uint256 earlier, uint256 index, uint256 value);
    /// @notice The table has been admitted already; admitted tables never change.
    error TableAlreadyAdmitted(bytes32 tableId);

    /// @inheritdoc ITableSource
    bytes32 public immutable override schemaHash;
    /// @inheritdoc ITableSource
    bytes32 public immutable override schemaWordsHash;
    /// @inheritdoc ITableSource
    uint256 public immutable override cellCount;

    /// @notice The data contract that holds the schema words.
    address public immutable schemaWords;

    mapping(bytes32 tableId => address) private _data;

    /// @param schemaHash_ hash of the schema file
    /// @param words a schema word a cell
    constructor(bytes32 schemaHash_, uint256[] memory words) {
        for (uint256 i = 0; i < words.length; ++i) {
            uint256 word = words[i];
            uint256 earlier = uint16(word >> 128);
            if (uint64(word) > uint64(word >> 64) || earlier > i || uint8(word >> 144) > 2 || word >> 152 != 0) {
                revert BadSchemaWord(i, word);
            }
        }
        bytes memory packed = abi.encodePacked(words);
        schemaHash = schemaHash_;
        schemaWordsHash = keccak256(packed);
        cellCount = words.length;
        schemaWords = DataContract.write(packed);
    }

    /// @inheritdoc ITableSource
    function tableData(bytes32 tableId) public view override returns (address data) {
        data = _data[tableId];
        if (data == address(0)) revert UnknownTable(tableId);
    }

    /// @notice The cells of an admitted table.
    function tableCells(bytes32 tableId) external view returns (uint256[] memory) {
        return _unpackCells(DataContract.read(tableData(tableId), 0, 8 * cellCount));
    }

    /// @dev The schema words.
    function _readSchema() internal view returns (bytes memory) {
        return DataContract.read(schemaWords, 0, 32 * cellCount);
    }

    /// @dev The cells of posted bytes, if each fits its schema word and its order to earlier cells.
    function _checkCells(bytes memory schema, bytes calldata posted) internal view returns (uint256[] memory cells) {
        if (posted.length != 8 * cellCount) revert CellBytesWrong(8 * cellCount, posted.length);
        cells = _unpackCells(posted);
        for (uint256 i = 0; i < cells.length; ++i) {
            uint256 word = _schemaWord(schema, i);
            uint256 value = cells[i];
            if (value < uint64(word) || value > uint64(word >> 64)) {
                revert CellOutOfBounds(i, value, uint64(word), uint64(word >> 64));
            }
            uint256 earlier = uint16(word >> 128);
            if (earlier != 0 && cells[earlier - 1] > value) {
                revert CellsOutOfOrder(earlier - 1, cells[earlier - 1], i, value);
            }
        }
    }

    /// @dev The id of a table with these cells.
    function _tableId(uint256 number, uint256[] memory cells) internal view returns (bytes32) {
        return keccak256(abi.encodePacked(schemaHash, number, cells));
    }

    /// @dev Writes checked cells once and for ever.
    function _admit(bytes32 tableId, uint256 number, bytes calldata posted) internal {
        if (_data[tableId] != address(0)) revert TableAlreadyAdmitted(tableId);
        address data = DataContract.write(posted);
        _data[tableId] = data;
        emit TableAdmitted(tableId, number, data);
    }

    /// @dev Schema word `index` of bytes that hold a word a cell.
    function _schemaWord(bytes memory schema, uint256 index) internal pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := mload(add(add(schema, 0x20), mul(index, 0x20)))
        }
    }

    /// @dev 8 bytes a cell, big-endian, to one word a cell.
    function _unpackCells(bytes memory posted) private pure returns (uint256[] memory cells) {
        cells = new uint256[](posted.length / 8);
        for (uint256 i = 0; i < cells.length; ++i) {
            uint256 cell;
            // Reads up to 24 bytes beyond the last cell; they are shifted out.
            assembly ("memory-safe") {
                cell := shr(192, mload(add(add(posted, 0x20), mul(i, 8))))
            }
            cells[i] = cell;
        }
    }
}
