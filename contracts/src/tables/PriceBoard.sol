// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

import {MarketBoard} from "./MarketBoard.sol";

/// @title Rounds of the market table, posted by a role
/// @notice The AccessManager says who posts.
contract PriceBoard is AccessManaged, MarketBoard {
    /// @param authority the AccessManager that says who posts
    /// @param schemaHash_ hash of the schema file
    /// @param kinds,kindOf the schema of the cells, as CellRules reads it
    /// @param staleness_ seconds
    constructor(address authority, bytes32 schemaHash_, uint256[] memory kinds, bytes memory kindOf, uint64 staleness_)
        AccessManaged(authority)
        MarketBoard(schemaHash_, kinds, kindOf, staleness_)
    {}

    /// @notice Posts a round: all packed cells, in the schema's order and bounds.
    function post(uint64 round, uint64 timestamp, bytes calldata cells) external restricted returns (bytes32 tableId) {
        _requireNext(round, timestamp);
        (tableId,) = _checkCells(round, cells);
        _admit(tableId, round, cells);
        _enter(round, timestamp, tableId);
    }

    /// @notice Posts a round by the cells that moved since a table that was posted whole.
    /// @param base the table that was posted whole
    /// @param moved records of a 3-byte index and a packed cell, indices rising
    function postMoved(uint64 round, uint64 timestamp, bytes32 base, bytes calldata moved)
        external
        restricted
        returns (bytes32 tableId)
    {
        _requireNext(round, timestamp);
        (tableId,) = _checkCells(round, _withMoves(base, moved));
        _admitMoved(tableId, round, base, moved);
        _enter(round, timestamp, tableId);
    }
}
