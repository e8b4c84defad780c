// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title An oracle that is a contract
/// @notice Accepts, as ERC-1271 has it, the digests it has been shown before. For the tests only.
contract ContractOracle {
    mapping(bytes32 => bool) private _accepted;

    function accept(bytes32 digest) external {
        _accepted[digest] = true;
    }

    function isValidSignature(bytes32 digest, bytes calldata) external view returns (bytes4) {
        return _accepted[digest] ? this.isValidSignature.selector : bytes4(0);
    }
}
