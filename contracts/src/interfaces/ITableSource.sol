// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title Where the cells of a circuit's public tables come from
/// @notice A source admits a table once, checks it against its schema and never changes it. Its schema is immutable.
interface ITableSource {
    /// @notice No table with this id has been admitted.
    error UnknownTable(bytes32 tableId);
    /// @notice The bytes are not the width of a cell times the number of cells.
    error CellBytesWrong(uint256 expected, uint256 given);

    /// @notice Hash of the schema file that the circuits reading this table were compiled against.
    function schemaHash() external view returns (bytes32);

    /// @notice keccak256 of the cell kinds that tables are checked against, and of each cell's kind.
    function schemaWordsHash() external view returns (bytes32);

    /// @notice Cells of every table of this source.
    function cellCount() external view returns (uint256);

    /// @notice Bytes of a packed cell, 1 to 16: as many as the widest cell of the schema needs.
    function cellBytes() external view returns (uint256);

    /// @notice `count` cells of an admitted table from cell `first` on, packed, big-endian.
    function packedCells(bytes32 tableId, uint256 first, uint256 count) external view returns (bytes memory);
}
