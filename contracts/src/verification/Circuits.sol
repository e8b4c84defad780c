// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

import {ChunkStore} from "../storage/ChunkStore.sol";
import {DataContract} from "../storage/DataContract.sol";
import {ITableSource} from "../interfaces/ITableSource.sol";
import {KeyChecks} from "./KeyChecks.sol";

/// @title The circuits a registry knows: key, map of the public inputs, and whether they are disabled
/// @notice Add-only. A circuit is named by its key's hash, so it can be disabled but never replaced.
abstract contract Circuits is AccessManaged, ChunkStore, KeyChecks {
    /// @notice One table among a circuit's public inputs.
    /// @param first index of the table's first cell among the IC points (inputs count from 1)
    /// @param length its number of cells
    /// @param startsFromIC0 whether its folded point starts from IC_0; exactly one table's does
    /// @param source the contract that admits such tables
    /// @param schemaHash what the source's schema must be
    /// @param schemaWordsHash what the source's schema words must hash to
    struct TableInput {
        uint32 first;
        uint32 length;
        bool startsFromIC0;
        address source;
        bytes32 schemaHash;
        bytes32 schemaWordsHash;
    }

    /// @dev What every verification reads, one slot: the key's first data contract, the counts, and the first cells of the tables
    /// behind the first one (24 bits each, low bits first; the first table begins right behind the singles).
    struct Circuit {
        address head;
        uint8 singles;
        uint8 tables;
        bool disabled;
        uint72 laterFirsts;
    }

    /// @notice A circuit can be verified from now on.
    event CircuitRegistered(bytes32 indexed circuitId, uint256 inputs, uint256 singles, uint256 tables);
    /// @notice A circuit accepts no proof any more.
    event CircuitDisabledFor(bytes32 indexed circuitId);

    /// @notice No circuit has this id.
    error UnknownCircuit(bytes32 circuitId);
    /// @notice The circuit has been disabled.
    error CircuitDisabled(bytes32 circuitId);
    /// @notice The key is registered already; nothing is ever replaced.
    error AlreadyRegistered(bytes32 circuitId);
    /// @notice No chunk with this hash has been stored here.
    error UnknownChunk(bytes32 chunkHash);
    /// @notice Every chunk but the last is exactly CHUNK_BYTES long.
    error ChunkLengthWrong(uint256 index, uint256 length);
    /// @notice A table does not begin where the inputs before it end.
    error TablesDoNotTile(uint256 tableIndex, uint256 expected, uint256 given);
    /// @notice A table without cells.
    error EmptyTable(uint256 tableIndex);
    /// @notice More tables than a circuit can have.
    error TooManyTables(uint256 given, uint256 most);
    /// @notice More inputs than a circuit can have.
    error TooManyInputs(uint256 given, uint256 most);
    /// @notice Not exactly one table starts from IC_0.
    error StartTablesWrong(uint256 given);
    /// @notice The source's schema is not the one that the circuit was compiled against.
    error SchemaMismatch(uint256 tableIndex, address source);
    /// @notice The circuit has no such table.
    error NoSuchTable(bytes32 circuitId, uint256 tableIndex);

    /// @notice Key bytes a chunk: 376 points of the first group.
    uint256 public constant CHUNK_BYTES = 376 * 64;
    /// @notice The most tables of a circuit.
    uint256 public constant MOST_TABLES = 4;
    /// @notice The most inputs of a circuit.
    uint256 public constant MOST_INPUTS = (1 << 24) - 1;

    mapping(bytes32 circuitId => Circuit) private _circuits;
    mapping(bytes32 circuitId => address[]) private _keyChunks;
    mapping(bytes32 circuitId => TableInput[]) private _tables;

    /// @notice Registers a circuit.
    /// @param chunkHashes the key's bytes, as stored by `storeChunk`, in order
    /// @param singles the number of inputs that are no table's cells; they come first
    /// @param tables the tables, in order; together they tile the inputs behind the singles
    /// @return circuitId keccak256 of the key's bytes
    function register(bytes32[] calldata chunkHashes, uint8 singles, TableInput[] calldata tables)
        external
        restricted
        returns (bytes32 circuitId)
    {
        (uint256 inputs, uint72 laterFirsts) = _checkMap(singles, tables);
        (address[] memory chunks, bytes memory key) = _readKey(chunkHashes);
        circuitId = keccak256(key);
        if (_circuits[circuitId].head != address(0)) revert AlreadyRegistered(circuitId);
        _checkKey(key, inputs);
        _circuits[circuitId] = Circuit(chunks[0], singles, uint8(tables.length), false, laterFirsts);
        _keyChunks[circuitId] = chunks;
        for (uint256 i = 0; i < tables.length; ++i) {
            _tables[circuitId].push(tables[i]);
        }
        emit CircuitRegistered(circuitId, inputs, singles, tables.length);
    }

    /// @notice Stops a circuit at once and for ever.
    function disable(bytes32 circuitId) external restricted {
        _active(circuitId);
        _circuits[circuitId].disabled = true;
        emit CircuitDisabledFor(circuitId);
    }

    /// @notice A circuit's numbers of singles and tables, and whether it is disabled.
    function circuit(bytes32 circuitId) external view returns (uint256 singles, uint256 tables, bool disabled) {
        Circuit memory known = _known(circuitId);
        return (known.singles, known.tables, known.disabled);
    }

    /// @notice One of a circuit's tables.
    function tableInput(bytes32 circuitId, uint256 tableIndex) external view returns (TableInput memory) {
        return _table(circuitId, tableIndex);
    }

    /// @notice The data contracts that hold a circuit's key.
    function keyChunks(bytes32 circuitId) external view returns (address[] memory) {
        _known(circuitId);
        return _keyChunks[circuitId];
    }

    /// @dev A registered circuit.
    function _known(bytes32 circuitId) internal view returns (Circuit memory found) {
        found = _circuits[circuitId];
        if (found.head == address(0)) revert UnknownCircuit(circuitId);
    }

    /// @dev A registered circuit that is not disabled.
    function _active(bytes32 circuitId) internal view returns (Circuit memory found) {
        found = _known(circuitId);
        if (found.disabled) revert CircuitDisabled(circuitId);
    }

    /// @dev One of a registered circuit's tables.
    function _table(bytes32 circuitId, uint256 tableIndex) internal view returns (TableInput storage) {
        if (tableIndex >= _known(circuitId).tables) revert NoSuchTable(circuitId, tableIndex);
        return _tables[circuitId][tableIndex];
    }

    /// @dev The first cell of a table, as its folded point is keyed.
    function _first(Circuit memory known, uint256 tableIndex) internal pure returns (uint256) {
        unchecked {
            // No circuit has more than MOST_TABLES tables.
            if (tableIndex == 0) return uint256(known.singles) + 1;
            return uint24(known.laterFirsts >> (24 * (tableIndex - 1)));
        }
    }

    /// @dev Writes IC_first ... IC_(first + count - 1) of a registered circuit, 64 bytes a point, to the front of `points`, which is at
    /// least that long. The range is inside the key: it comes from a map that was checked against the key's length.
    function _loadPoints(bytes memory points, bytes32 circuitId, uint256 first, uint256 count) internal view {
        uint256 offset = HEAD_BYTES + 64 * first;
        uint256 end = 64 * count;
        uint256 copied = 0;
        while (copied < end) {
            address chunk = _keyChunks[circuitId][offset / CHUNK_BYTES];
            uint256 within = offset % CHUNK_BYTES;
            uint256 length = CHUNK_BYTES - within;
            if (length > end - copied) length = end - copied;
            // Code is copied behind the STOP byte, into the caller's array.
            assembly ("memory-safe") {
                extcodecopy(chunk, add(add(points, 0x20), copied), add(within, 1), length)
            }
            copied += length;
            offset += length;
        }
    }

    /// @dev The map's number of inputs and its tables' packed first cells, if the tables tile the inputs and read the right schemas.
    function _checkMap(uint256 singles, TableInput[] calldata tables)
        private
        view
        returns (uint256 inputs, uint72 laterFirsts)
    {
        if (tables.length > MOST_TABLES) revert TooManyTables(tables.length, MOST_TABLES);
        inputs = singles;
        uint256 starts = 0;
        for (uint256 i = 0; i < tables.length; ++i) {
            TableInput calldata table = tables[i];
            if (table.length == 0) revert EmptyTable(i);
            if (table.first != inputs + 1) revert TablesDoNotTile(i, inputs + 1, table.first);
            ITableSource source = ITableSource(table.source);
            if (
                source.schemaHash() != table.schemaHash || source.schemaWordsHash() != table.schemaWordsHash
                    || source.cellCount() != table.length
            ) revert SchemaMismatch(i, table.source);
            if (i > 0) laterFirsts |= uint72(table.first) << uint72(24 * (i - 1));
            inputs += table.length;
            if (inputs > MOST_INPUTS) revert TooManyInputs(inputs, MOST_INPUTS);
            if (table.startsFromIC0) ++starts;
        }
        if (starts != (tables.length == 0 ? 0 : 1)) revert StartTablesWrong(starts);
    }

    /// @dev The data contracts and the bytes of a key whose chunks have been stored here.
    function _readKey(bytes32[] calldata chunkHashes) private view returns (address[] memory chunks, bytes memory key) {
        chunks = new address[](chunkHashes.length);
        uint256 length = 0;
        for (uint256 i = 0; i < chunkHashes.length; ++i) {
            chunks[i] = chunkAt(chunkHashes[i]);
            if (chunks[i] == address(0)) revert UnknownChunk(chunkHashes[i]);
            uint256 size = DataContract.size(chunks[i]);
            if (size != CHUNK_BYTES && (i + 1 < chunkHashes.length || size > CHUNK_BYTES)) {
                revert ChunkLengthWrong(i, size);
            }
            length += size;
        }
        key = new bytes(length);
        uint256 end = 0;
        for (uint256 i = 0; i < chunks.length; ++i) {
            address chunk = chunks[i];
            uint256 size = DataContract.size(chunk);
            // Code is copied behind the STOP byte, into the array allocated above.
            assembly ("memory-safe") {
                extcodecopy(chunk, add(add(key, 0x20), end), 1, size)
            }
            end += size;
        }
    }
}
