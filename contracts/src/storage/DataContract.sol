// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title Bytes kept as a contract's code
/// @notice Write-once storage: the code is a STOP byte, so that nobody can run it, followed by the data. Reading costs
/// 3 gas a word instead of 2,100, and nothing can ever change it.
library DataContract {
    /// @notice The data contract could not be created (out of gas, or larger than the code size limit).
    error DataWriteFailed(uint256 length);

    /// @notice A read reaches beyond the data; code beyond the end would silently read as zeros.
    error DataReadBeyondEnd(address where, uint256 offset, uint256 length);

    /// @notice The most bytes one data contract holds: the code size limit less the STOP byte.
    uint256 internal constant CAPACITY = 24_575;

    /// @notice Writes `data` as a new contract's code.
    /// @return where the data contract
    function write(bytes memory data) internal returns (address where) {
        if (data.length > CAPACITY) revert DataWriteFailed(data.length);
        // PUSH4 size, DUP1, PUSH1 14, PUSH1 0, CODECOPY, PUSH1 0, RETURN: 14 bytes of creation code that return
        // everything behind them, the STOP byte first.
        bytes memory creation =
            abi.encodePacked(hex"63", uint32(data.length + 1), hex"80600e6000396000f3", hex"00", data);
        assembly ("memory-safe") {
            where := create(0, add(creation, 0x20), mload(creation))
        }
        if (where == address(0)) revert DataWriteFailed(data.length);
    }

    /// @notice The number of data bytes a data contract holds.
    function size(address where) internal view returns (uint256) {
        uint256 code = where.code.length;
        return code == 0 ? 0 : code - 1;
    }

    /// @notice Reads `length` bytes from `offset` of the data.
    function read(address where, uint256 offset, uint256 length) internal view returns (bytes memory data) {
        if (offset + length > size(where)) revert DataReadBeyondEnd(where, offset, length);
        data = new bytes(length);
        assembly ("memory-safe") {
            extcodecopy(where, add(data, 0x20), add(offset, 1), length)
        }
    }
}
