// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";

import {MarketBoard} from "./MarketBoard.sol";

/// @title Rounds of the market table, signed by k of n risk oracles
/// @notice Oracles compute prices and scenario rows from public data and sign the hash of all cells, never a point: whoever brings the
/// signatures pays for the round, and cannot change a cell. The cells are checked against the schema here, whoever has signed them.
/// @dev More than half of the oracles must sign, so two tables of one round need an oracle that signed both. A signature holds for one
/// chain, one board, one schema, one round, one time and one table, until its deadline and while its oracle is registered.
contract RiskBoard is AccessManaged, EIP712, MarketBoard {
    /// @notice An oracle's signature: ECDSA of an account, or what an ERC-1271 contract accepts.
    struct Signature {
        address oracle;
        bytes signature;
    }

    /// @notice These are the oracles from now on, and so many of them must sign.
    event OraclesSet(address[] oracles, uint256 threshold);

    /// @notice Oracles are not in rising order, or one of them is the zero address.
    error OraclesNotRising(uint256 index);
    /// @notice The threshold is not more than half of the oracles and at most all of them.
    error ThresholdRefused(uint256 threshold, uint256 oracles);
    /// @notice More oracles than one round's signatures can reasonably come from.
    error TooManyOracles(uint256 given, uint256 most);
    /// @notice Fewer signatures than the threshold.
    error TooFewSignatures(uint256 needed, uint256 given);
    /// @notice Signatures are not in rising order of their oracles: none counts twice.
    error SignersNotRising(uint256 index);
    /// @notice Whoever signed is no oracle, or none any more.
    error NotAnOracle(address signer);
    /// @notice The signature is not this oracle's on this table.
    error SignatureRefused(address oracle);
    /// @notice The signatures may not be used any more.
    error SignaturesExpired(uint256 deadline, uint256 blockTimestamp);

    /// @notice The most oracles of a board.
    uint256 public constant MOST_ORACLES = 64;

    /// @notice What oracles sign, as EIP-712 has it; the domain names the chain and this board.
    bytes32 public constant TABLE_TYPE =
        keccak256("RiskTable(bytes32 schema,uint64 round,uint64 timestamp,bytes32 table,uint256 deadline)");

    /// @notice How many oracles must sign.
    uint256 public threshold;
    /// @notice Whether an address is an oracle.
    mapping(address => bool) public isOracle;

    address[] private _oracles;

    /// @param authority the AccessManager that says who changes the oracles, and how long after scheduling it
    /// @param schemaHash_ hash of the schema file
    /// @param kinds,kindOf the schema of the cells, as CellRules reads it
    /// @param staleness_ seconds
    /// @param oracles_ in rising order
    /// @param threshold_ how many of them must sign
    constructor(
        address authority,
        bytes32 schemaHash_,
        uint256[] memory kinds,
        bytes memory kindOf,
        uint64 staleness_,
        address[] memory oracles_,
        uint256 threshold_
    ) AccessManaged(authority) EIP712("zkmargin RiskBoard", "1") MarketBoard(schemaHash_, kinds, kindOf, staleness_) {
        _setOracles(oracles_, threshold_);
    }

    /// @notice Posts a round: all packed cells, and the signatures of enough oracles. Anyone may.
    function post(
        uint64 round,
        uint64 timestamp,
        bytes calldata cells,
        uint256 deadline,
        Signature[] calldata signatures
    ) external returns (bytes32 tableId) {
        _requireNext(round, timestamp);
        (tableId,) = _checkCells(round, cells);
        _requireSigned(round, timestamp, tableId, deadline, signatures);
        _admit(tableId, round, cells);
        _enter(round, timestamp, tableId);
    }

    /// @notice Posts a round by the cells that moved since a table that was posted whole. Signatures are of the whole table.
    /// @param base the table that was posted whole
    /// @param moved records of a 3-byte index and a packed cell, indices rising
    function postMoved(
        uint64 round,
        uint64 timestamp,
        bytes32 base,
        bytes calldata moved,
        uint256 deadline,
        Signature[] calldata signatures
    ) external returns (bytes32 tableId) {
        _requireNext(round, timestamp);
        (tableId,) = _checkCells(round, _withMoves(base, moved));
        _requireSigned(round, timestamp, tableId, deadline, signatures);
        _admitMoved(tableId, round, base, moved);
        _enter(round, timestamp, tableId);
    }

    /// @notice Replaces the oracles. The delay of the role that may is the timelock.
    /// @param oracles_ in rising order
    /// @param threshold_ how many of them must sign
    function setOracles(address[] calldata oracles_, uint256 threshold_) external restricted {
        _setOracles(oracles_, threshold_);
    }

    /// @notice Strikes an oracle off at once, for a role without delay: what it has signed counts no more. The threshold stays, so a
    /// board can be brought to a stop by this, never to a weaker majority.
    function removeOracle(address oracle) external restricted {
        if (!isOracle[oracle]) revert NotAnOracle(oracle);
        isOracle[oracle] = false;
        uint256 last = _oracles.length - 1;
        uint256 index = 0;
        while (_oracles[index] != oracle) ++index;
        // Moves up those behind it, so that the list keeps rising.
        for (; index < last; ++index) {
            _oracles[index] = _oracles[index + 1];
        }
        _oracles.pop();
        emit OraclesSet(_oracles, threshold);
    }

    /// @notice The oracles, in rising order.
    function oracles() external view returns (address[] memory) {
        return _oracles;
    }

    /// @notice What oracles sign for a table.
    function digest(uint64 round, uint64 timestamp, bytes32 tableId, uint256 deadline) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(TABLE_TYPE, schemaHash, round, timestamp, tableId, deadline)));
    }

    /// @dev Reverts unless enough distinct oracles have signed. All signatures are looked at: a wrong one is an error, not a lack.
    function _requireSigned(
        uint64 round,
        uint64 timestamp,
        bytes32 tableId,
        uint256 deadline,
        Signature[] calldata signatures
    ) private view {
        if (block.timestamp > deadline) revert SignaturesExpired(deadline, block.timestamp);
        if (signatures.length < threshold) revert TooFewSignatures(threshold, signatures.length);
        bytes32 signed = digest(round, timestamp, tableId, deadline);
        address last = address(0);
        for (uint256 i = 0; i < signatures.length; ++i) {
            address oracle = signatures[i].oracle;
            if (oracle <= last) revert SignersNotRising(i);
            if (!isOracle[oracle]) revert NotAnOracle(oracle);
            if (!SignatureChecker.isValidSignatureNowCalldata(oracle, signed, signatures[i].signature)) {
                revert SignatureRefused(oracle);
            }
            last = oracle;
        }
    }

    function _setOracles(address[] memory given, uint256 threshold_) private {
        if (given.length > MOST_ORACLES) revert TooManyOracles(given.length, MOST_ORACLES);
        if (2 * threshold_ <= given.length || threshold_ > given.length) {
            revert ThresholdRefused(threshold_, given.length);
        }
        for (uint256 i = 0; i < _oracles.length; ++i) {
            isOracle[_oracles[i]] = false;
        }
        address last = address(0);
        for (uint256 i = 0; i < given.length; ++i) {
            if (given[i] <= last) revert OraclesNotRising(i);
            last = given[i];
            isOracle[last] = true;
        }
        _oracles = given;
        threshold = threshold_;
        emit OraclesSet(given, threshold_);
    }
}
