// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {DataContract} from "./DataContract.sol";

/// @title Bytes stored ahead, found by their hash
/// @notice What is too large for one transaction is stored piece by piece. A piece has no meaning until whoever may admit it names
/// its bytes, so anyone may store, in any order, and go on where another stopped.
abstract contract ChunkStore {
    /// @notice A chunk has been written.
    event ChunkStored(bytes32 indexed chunkHash, address where);

    mapping(bytes32 chunkHash => address) private _chunk;

    /// @notice Writes a chunk of at most 24,575 bytes; a chunk that is there already costs no second write.
    function storeChunk(bytes calldata chunk) external returns (bytes32 chunkHash) {
        chunkHash = keccak256(chunk);
        if (_chunk[chunkHash] != address(0)) return chunkHash;
        address where = DataContract.write(chunk);
        _chunk[chunkHash] = where;
        emit ChunkStored(chunkHash, where);
    }

    /// @notice The data contract that holds a chunk; zero before it is stored.
    function chunkAt(bytes32 chunkHash) public view returns (address) {
        return _chunk[chunkHash];
    }
}
