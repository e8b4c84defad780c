// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title Where the cells of a circuit's public tables come from
/// @notice A source admits a table once, checks it against its schema and never changes it. Its schema is immutable.
interface ITableSource {
    /// @notice No table with this id has been admitted.
    error UnknownTable(bytes32 tableId);

    /// @notice Hash of the schema file that the circuits reading this table were compiled against.
    function schemaHash() external view returns (bytes32);

    /// @notice keccak256 of the schema words that tables are checked against, 32 bytes a cell.
    function schemaWordsHash() external view returns (bytes32);

    /// @notice Cells of every table of this source.
    function cellCount() external view returns (uint256);

    /// @notice The data contract that holds an admitted table: 8 bytes a cell, big-endian.
    function tableData(bytes32 tableId) external view returns (address);
}
