// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title A source that says one thing of its tables and hands out another
/// @notice Registered as three cells of one byte; then it answers with whatever it has been told to. For the tests only.
contract LyingSource {
    bytes32 public schemaHash;
    bytes32 public schemaWordsHash;
    uint256 public cellCount = 3;
    uint256 public cellBytes = 1;
    bytes private _answer = hex"010203";

    function lie(uint256 width, bytes calldata answer) external {
        cellBytes = width;
        _answer = answer;
    }

    function packedCells(bytes32, uint256, uint256) external view returns (bytes memory) {
        return _answer;
    }
}
