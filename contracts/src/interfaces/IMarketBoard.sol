// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ITableSource} from "./ITableSource.sol";

/// @title Rounds of the market table, whoever admits them
/// @notice What a gate asks of a board. Rounds and their times only go forward, a round is never posted twice, and its table never
/// changes: so there is one price a round, and one table a proof can speak of.
interface IMarketBoard is ITableSource {
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

    /// @notice Seconds after which a round's prices are stale.
    function staleness() external view returns (uint64);

    /// @notice The latest round; 0 before the first.
    function latestRound() external view returns (uint64);

    /// @notice When the board last came back from being stale; clocks that ran out meanwhile count from here.
    function resumedAt() external view returns (uint64);

    /// @notice A round's table.
    function roundTable(uint64 round) external view returns (bytes32);

    /// @notice All that a gate asks of a round: its table, its time, until when it is fresh, and the latest round.
    function roundInfo(uint64 round)
        external
        view
        returns (bytes32 tableId, uint64 timestamp, uint256 freshUntil, uint64 latest);

    /// @notice Whether even the latest prices are too old to act on.
    function isStale() external view returns (bool);
}
