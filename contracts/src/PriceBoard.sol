// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

import {TableStore} from "./TableStore.sol";

/// @title Rounds of the market table
/// @notice Rounds and their times only go forward; a round is never posted twice; a board without a recent round is stale.
contract PriceBoard is AccessManaged, TableStore {
    /// @dev What a round is: its table and the time of its prices.
    struct Round {
        bytes32 tableId;
        uint64 timestamp;
    }

    /// @notice A round has been posted.
    event RoundPosted(uint64 indexed round, uint64 timestamp, bytes32 indexed tableId);

    /// @notice The round is not later than the latest one.
    error RoundNotNewer(uint64 latest, uint64 given);
    /// @notice The round skips so many that few would be left.
    error RoundTooFar(uint64 latest, uint64 given);
    /// @notice The time lies in the future.
    error TimestampInFuture(uint64 timestamp, uint256 blockTimestamp);
    /// @notice The prices are already older than the staleness bound.
    error TimestampTooOld(uint64 timestamp, uint256 oldest);
    /// @notice The time is before the latest round's.
    error TimeWentBack(uint64 latest, uint64 given);
    /// @notice No such round has been posted.
    error UnknownRound(uint64 round);

    /// @notice How far a round may lie behind the one before: no single post can use up the numbers.
    uint256 public constant MOST_SKIPPED = 1 << 32;
    /// @notice Seconds after which a round's prices are stale.
    uint64 public immutable staleness;
    /// @notice The latest round; 0 before the first.
    uint64 public latestRound;
    /// @notice When the board last came back from being stale; clocks that ran out meanwhile count from here.
    uint64 public resumedAt;

    mapping(uint64 round => Round) private _rounds;

    /// @param authority the AccessManager that says who posts
    /// @param staleness_ seconds
    constructor(address authority, bytes32 schemaHash_, uint256[] memory words, uint64 staleness_)
        AccessManaged(authority)
        TableStore(schemaHash_, words)
    {
        staleness = staleness_;
    }

    /// @notice Posts a round: cells as packed uint64, in the schema's order and bounds.
    function post(uint64 round, uint64 timestamp, bytes calldata cells) external restricted returns (bytes32 tableId) {
        uint64 latest = latestRound;
        uint64 previous = _rounds[latest].timestamp;
        if (round <= latest) revert RoundNotNewer(latest, round);
        if (round > latest + MOST_SKIPPED) revert RoundTooFar(latest, round);
        if (timestamp > block.timestamp) revert TimestampInFuture(timestamp, block.timestamp);
        if (uint256(timestamp) + staleness < block.timestamp) {
            revert TimestampTooOld(timestamp, block.timestamp - staleness);
        }
        if (timestamp < previous) revert TimeWentBack(previous, timestamp);
        tableId = _tableId(round, _checkCells(_readSchema(), cells));
        _admit(tableId, round, cells);
        if (uint256(previous) + staleness < block.timestamp) resumedAt = uint64(block.timestamp);
        latestRound = round;
        _rounds[round] = Round(tableId, timestamp);
        emit RoundPosted(round, timestamp, tableId);
    }

    /// @notice A round's table.
    function roundTable(uint64 round) external view returns (bytes32) {
        return _round(round).tableId;
    }

    /// @notice All that a gate asks of a round: its table, its time, until when it is fresh, and the latest round.
    function roundInfo(uint64 round)
        external
        view
        returns (bytes32 tableId, uint64 timestamp, uint256 freshUntil, uint64 latest)
    {
        Round memory found = _round(round);
        return (found.tableId, found.timestamp, uint256(found.timestamp) + staleness, latestRound);
    }

    /// @notice Whether even the latest prices are too old to act on.
    function isStale() external view returns (bool) {
        return uint256(_rounds[latestRound].timestamp) + staleness < block.timestamp;
    }

    function _round(uint64 round) private view returns (Round memory found) {
        found = _rounds[round];
        if (found.tableId == 0) revert UnknownRound(round);
    }
}
