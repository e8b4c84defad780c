// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {DataContract} from "../storage/DataContract.sol";
import {ITableSource} from "../interfaces/ITableSource.sol";

/// @title What the cells of a table may be
/// @notice A single cell outside its schema can make a circuit prove anything, so no cell gets in unchecked.
/// @dev Cells are unsigned, at most 128 bits; signed quantities are in offset form. Thousands of cells are of a few kinds, so a
/// schema is the list of kinds, two words each, and a byte a cell that names its kind:
///   word 0: minimum (high 128 bits) | maximum (low 128 bits)
///   word 1: bits 0..31 how many cells back stands the cell that must not be larger, 0 for none | 32..39 order between margin
///           levels: 0 none, 1 initial >= maintenance, 2 initial <= maintenance
abstract contract CellRules is ITableSource {
    /// @notice A cell kind contradicts itself.
    error BadCellKind(uint256 kind);
    /// @notice A cell names a kind that does not exist, or one whose earlier cell does not.
    error BadKindOfCell(uint256 index, uint256 kind);
    /// @notice A cell is below its minimum or above its maximum.
    error CellOutOfBounds(uint256 index, uint256 value, uint256 minimum, uint256 maximum);
    /// @notice A cell is smaller than the earlier cell that it must not be smaller than.
    error CellsOutOfOrder(uint256 earlierIndex, uint256 earlier, uint256 index, uint256 value);
    /// @notice A cell of the two levels stands in the wrong order.
    error LevelsOutOfOrder(uint256 index, uint256 initial, uint256 maintenance);

    /// @inheritdoc ITableSource
    bytes32 public immutable override schemaHash;
    /// @inheritdoc ITableSource
    bytes32 public immutable override schemaWordsHash;
    /// @inheritdoc ITableSource
    uint256 public immutable override cellCount;
    /// @inheritdoc ITableSource
    uint256 public immutable override cellBytes;

    /// @notice The data contract that holds the kinds, then a byte a cell.
    address public immutable schemaWords;

    /// @dev Words in front of a table's cells in what its id is the hash of: schema hash, round or version.
    uint256 internal constant ID_WORDS = 2;

    uint256 private immutable _kindsBytes;

    /// @param schemaHash_ hash of the schema file
    /// @param kinds two words a kind
    /// @param kindOf a byte a cell
    constructor(bytes32 schemaHash_, uint256[] memory kinds, bytes memory kindOf) {
        uint256 widest = _requireKinds(kinds);
        for (uint256 i = 0; i < kindOf.length; ++i) {
            uint256 kind = uint8(kindOf[i]);
            if (2 * kind >= kinds.length || uint32(kinds[2 * kind + 1]) > i) revert BadKindOfCell(i, kind);
        }
        bytes memory packed = abi.encodePacked(kinds, kindOf);
        schemaHash = schemaHash_;
        schemaWordsHash = keccak256(packed);
        cellCount = kindOf.length;
        cellBytes = widest;
        schemaWords = DataContract.write(packed);
        _kindsBytes = 32 * kinds.length;
    }

    /// @dev The id and the words of a table with these packed cells, if each fits its kind: schema hash, round or version, cells.
    function _checkCells(uint256 number, bytes memory packed)
        internal
        view
        returns (bytes32 tableId, uint256[] memory words)
    {
        uint256 count = cellCount;
        uint256 width = cellBytes;
        if (packed.length != width * count) revert CellBytesWrong(width * count, packed.length);
        bytes memory schema = _readSchema();
        uint256 kindsBytes = _kindsBytes;
        words = new uint256[](ID_WORDS + count);
        words[0] = uint256(schemaHash);
        words[1] = number;
        uint256 refused; // 1 + the index of the first cell that does not fit
        // Reads up to 31 bytes beyond the last packed cell and the last cell's kind; they are shifted out. Kinds are below the
        // number of kinds and earlier cells inside the table: the constructor has checked both.
        assembly ("memory-safe") {
            let kinds := add(schema, 0x20)
            let kindOf := add(kinds, kindsBytes)
            let from := add(packed, 0x20)
            let to := add(words, 0x60)
            let shift := sub(256, shl(3, width))
            for { let i := 0 } lt(i, count) { i := add(i, 1) } {
                let kind := add(kinds, shl(6, byte(0, mload(add(kindOf, i)))))
                let bounds := mload(kind)
                let value := shr(shift, mload(from))
                let back := shl(5, and(mload(add(kind, 0x20)), 0xffffffff))
                mstore(to, value)
                // With nothing to go back to, the cell is compared with itself.
                if or(
                    or(lt(value, shr(128, bounds)), gt(value, shr(128, shl(128, bounds)))),
                    gt(mload(sub(to, back)), value)
                ) {
                    refused := add(i, 1)
                    break
                }
                from := add(from, width)
                to := add(to, 0x20)
            }
        }
        if (refused != 0) _refuse(schema, words, refused - 1);
        assembly ("memory-safe") {
            tableId := keccak256(add(words, 0x20), shl(5, mload(words)))
        }
    }

    /// @dev Reverts unless the words of an initial and a maintenance table stand in the order that their kinds ask for.
    function _requireLevels(uint256[] memory initial, uint256[] memory maintenance) internal view {
        bytes memory schema = _readSchema();
        for (uint256 i = 0; i < cellCount; ++i) {
            (, uint256 rest) = _kind(schema, i);
            uint256 order = uint8(rest >> 32);
            (uint256 first, uint256 second) = (initial[ID_WORDS + i], maintenance[ID_WORDS + i]);
            if ((order == 1 && first < second) || (order == 2 && first > second)) {
                revert LevelsOutOfOrder(i, first, second);
            }
        }
    }

    /// @dev The bytes that the largest maximum needs, if every kind is one.
    function _requireKinds(uint256[] memory kinds) private pure returns (uint256 widest) {
        if (kinds.length % 2 != 0) revert BadCellKind(kinds.length / 2);
        widest = 1;
        for (uint256 k = 0; 2 * k < kinds.length; ++k) {
            (uint256 bounds, uint256 rest) = (kinds[2 * k], kinds[2 * k + 1]);
            uint256 maximum = uint128(bounds);
            if (bounds >> 128 > maximum || uint8(rest >> 32) > 2 || rest >> 40 != 0) revert BadCellKind(k);
            while (maximum >> (8 * widest) != 0) ++widest;
        }
    }

    /// @dev Says what is wrong with a cell that does not fit.
    function _refuse(bytes memory schema, uint256[] memory words, uint256 index) private view {
        (uint256 bounds, uint256 rest) = _kind(schema, index);
        uint256 value = words[ID_WORDS + index];
        if (value < bounds >> 128 || value > uint128(bounds)) {
            revert CellOutOfBounds(index, value, bounds >> 128, uint128(bounds));
        }
        uint256 earlier = index - uint32(rest);
        revert CellsOutOfOrder(earlier, words[ID_WORDS + earlier], index, value);
    }

    function _readSchema() private view returns (bytes memory) {
        return DataContract.read(schemaWords, 0, _kindsBytes + cellCount);
    }

    /// @dev The two words of a cell's kind.
    function _kind(bytes memory schema, uint256 index) private view returns (uint256 bounds, uint256 rest) {
        uint256 kind = uint8(schema[_kindsBytes + index]);
        assembly ("memory-safe") {
            let where := add(add(schema, 0x20), shl(6, kind))
            bounds := mload(where)
            rest := mload(add(where, 0x20))
        }
    }
}
