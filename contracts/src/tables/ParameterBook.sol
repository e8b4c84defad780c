// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

import {CellRules} from "./CellRules.sol";
import {TableStore} from "./TableStore.sol";

/// @title Versions of the parameter table, each at two margin levels
/// @notice Initial and maintenance margin are one circuit under two tables. They are posted together, so that the order between the
/// levels is checked. The delay of the role that posts is the timelock.
contract ParameterBook is AccessManaged, TableStore {
    /// @notice Which margin a table demands.
    enum Level {
        Initial,
        Maintenance
    }

    /// @notice A version has been posted and is current.
    event VersionPosted(uint64 indexed version, bytes32 indexed initialTable, bytes32 indexed maintenanceTable);

    /// @notice The version is not later than the current one.
    error VersionNotNewer(uint64 current, uint64 given);
    /// @notice The version, a time in seconds, lies too far in the future: no later one could be posted for long.
    error VersionTooFar(uint256 most, uint64 given);
    /// @notice No such version has been posted.
    error UnknownVersion(uint64 version);

    /// @notice Seconds by which a version may be ahead of the chain's clock.
    uint256 public constant MOST_AHEAD = 1 days;
    /// @notice The version that new proofs must use; 0 before the first.
    uint64 public currentVersion;

    mapping(uint64 version => mapping(Level => bytes32)) private _tables;

    /// @param authority the AccessManager that says who posts, and how long after scheduling it
    /// @param schemaHash_ hash of the schema file
    /// @param kinds,kindOf the schema of the cells, as CellRules reads it
    constructor(address authority, bytes32 schemaHash_, uint256[] memory kinds, bytes memory kindOf)
        AccessManaged(authority)
        CellRules(schemaHash_, kinds, kindOf)
    {}

    /// @notice Posts a version: the packed cells of both levels.
    /// @param version larger than every one before: the unix seconds of the parameter file's `as_of`
    function post(uint64 version, bytes calldata initialCells, bytes calldata maintenanceCells) external restricted {
        if (version <= currentVersion) revert VersionNotNewer(currentVersion, version);
        if (version > block.timestamp + MOST_AHEAD) revert VersionTooFar(block.timestamp + MOST_AHEAD, version);
        (bytes32 initialTable, uint256[] memory initial) = _checkCells(version, initialCells);
        (bytes32 maintenanceTable, uint256[] memory maintenance) = _checkCells(version, maintenanceCells);
        _requireLevels(initial, maintenance);
        _admit(initialTable, version, initialCells);
        // Two equal levels are one table.
        if (maintenanceTable != initialTable) _admit(maintenanceTable, version, maintenanceCells);
        currentVersion = version;
        _tables[version][Level.Initial] = initialTable;
        _tables[version][Level.Maintenance] = maintenanceTable;
        emit VersionPosted(version, initialTable, maintenanceTable);
    }

    /// @notice The table of a version at a level.
    function table(uint64 version, Level level) external view returns (bytes32 tableId) {
        tableId = _tables[version][level];
        if (tableId == 0) revert UnknownVersion(version);
    }
}
