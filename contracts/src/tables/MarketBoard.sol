// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {CellRules} from "./CellRules.sol";
import {IMarketBoard} from "../interfaces/IMarketBoard.sol";
import {TableStore} from "./TableStore.sol";

/// @title Rounds that only go forward
/// @notice A round is never posted twice; a board without a recent round is stale. Who may post is up to the boards built on this.
abstract contract MarketBoard is IMarketBoard, TableStore {
    /// @dev What a round is: its table and the time of its prices.
    struct Round {
        bytes32 tableId;
        uint64 timestamp;
    }

    /// @notice How far a round may lie behind the one before: no single post can use up the numbers.
    uint256 public constant MOST_SKIPPED = 1 << 32;
    /// @inheritdoc IMarketBoard
    uint64 public immutable override staleness;
    /// @inheritdoc IMarketBoard
    uint64 public override latestRound;
    /// @inheritdoc IMarketBoard
    uint64 public override resumedAt;

    mapping(uint64 round => Round) private _rounds;

    /// @param staleness_ seconds
    constructor(bytes32 schemaHash_, uint256[] memory kinds, bytes memory kindOf, uint64 staleness_)
        CellRules(schemaHash_, kinds, kindOf)
    {
        staleness = staleness_;
    }

    /// @inheritdoc IMarketBoard
    function roundTable(uint64 round) external view override returns (bytes32) {
        return _round(round).tableId;
    }

    /// @inheritdoc IMarketBoard
    function roundInfo(uint64 round)
        external
        view
        override
        returns (bytes32 tableId, uint64 timestamp, uint256 freshUntil, uint64 latest)
    {
        Round memory found = _round(round);
        return (found.tableId, found.timestamp, uint256(found.timestamp) + staleness, latestRound);
    }

    /// @inheritdoc IMarketBoard
    function isStale() external view override returns (bool) {
        return uint256(_rounds[latestRound].timestamp) + staleness < block.timestamp;
    }

    /// @dev Reverts unless a round of this number and time may be the next one.
    function _requireNext(uint64 round, uint64 timestamp) internal view {
        uint64 latest = latestRound;
        uint64 previous = _rounds[latest].timestamp;
        if (round <= latest) revert RoundNotNewer(latest, round);
        if (round > latest + MOST_SKIPPED) revert RoundTooFar(latest, round);
        if (timestamp > block.timestamp) revert TimestampInFuture(timestamp, block.timestamp);
        if (uint256(timestamp) + staleness < block.timestamp) {
            revert TimestampTooOld(timestamp, block.timestamp - staleness);
        }
        if (timestamp < previous) revert TimeWentBack(previous, timestamp);
    }

    /// @dev Makes an admitted table the latest round, which `_requireNext` has let through.
    function _enter(uint64 round, uint64 timestamp, bytes32 tableId) internal {
        if (uint256(_rounds[latestRound].timestamp) + staleness < block.timestamp) resumedAt = uint64(block.timestamp);
        latestRound = round;
        _rounds[round] = Round(tableId, timestamp);
        emit RoundPosted(round, timestamp, tableId);
    }

    function _round(uint64 round) private view returns (Round memory found) {
        found = _rounds[round];
        if (found.tableId == 0) revert UnknownRound(round);
    }
}
