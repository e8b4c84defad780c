// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {DevelopmentKeys} from "./DevelopmentKeys.sol";
import {Groth16Verifier} from "./Groth16Verifier.sol";

/// @title What a verifying key must be before a circuit may rest on it
/// @notice A key that breaks any of these lets someone forge, whatever the circuit says.
abstract contract KeyChecks is Groth16Verifier {
    /// @notice The key's length is not that of a key with this many public inputs.
    error KeyLengthWrong(uint256 expected, uint256 given);
    /// @notice alpha is at infinity or no point of the curve.
    error AlphaRefused(uint256 x, uint256 y);
    /// @notice A point of the second group is at infinity, off the curve or outside the subgroup (1 beta, 2 gamma, 3 delta).
    error SecondGroupPointRefused(uint256 index);
    /// @notice Two of beta, gamma, delta are equal or opposite: anyone can forge, as with a skipped second phase.
    error KeyPointsRelated(uint256 index, uint256 other);
    /// @notice delta is the generator or its opposite: nobody has contributed to the second phase.
    error KeyUncontributed();
    /// @notice IC_j is at infinity or no point of the curve: an input would bind nothing.
    error InputPointRefused(uint256 index);
    /// @notice The development key stands on a chain that is no development chain: anyone can forge with it.
    error DevelopmentKeyRefused(uint256 chainId);

    uint256 private constant DEVELOPMENT_CHAIN = 31_337;

    // The generator of the second group, in the precompile's order.
    uint256 private constant G2_X_IM = 11559732032986387107991004021392285783925812861821192530917403151452391805634;
    uint256 private constant G2_X_RE = 10857046999023057135944570762232829481370756359578518086990519993285655852781;
    uint256 private constant G2_Y_IM = 4082367875863433681332203403145435568316851327593401208105741076214120093531;
    uint256 private constant G2_Y_RE = 8495653923123431417604973247489272438418190587263600148770280649306958101930;

    /// @dev Refuses a key that is malformed, related in itself, uncontributed, or the development key elsewhere.
    /// @param key the key's bytes
    /// @param inputs its number of public inputs
    function _checkKey(bytes memory key, uint256 inputs) internal view {
        uint256 expected = HEAD_BYTES + 64 * (inputs + 1);
        if (key.length != expected) revert KeyLengthWrong(expected, key.length);
        (uint256 x, uint256 y) = (_word(key, 0), _word(key, 1));
        if (!_isOnCurve(x, y)) revert AlphaRefused(x, y);
        if (block.chainid != DEVELOPMENT_CHAIN && DevelopmentKeys.contains(x, y)) {
            revert DevelopmentKeyRefused(block.chainid);
        }
        _checkSecondGroup(key);
        for (uint256 j = 0; j <= inputs; ++j) {
            if (!_isOnCurve(_word(key, 14 + 2 * j), _word(key, 15 + 2 * j))) revert InputPointRefused(j);
        }
    }

    /// @dev beta, gamma, delta (indices 1, 2, 3): points of the subgroup, pairwise unrelated, delta not the generator.
    function _checkSecondGroup(bytes memory key) private view {
        for (uint256 i = 1; i <= 3; ++i) {
            if (!_isInSecondGroup(key, i)) revert SecondGroupPointRefused(i);
            for (uint256 j = 1; j < i; ++j) {
                if (_sameUpToSign(key, i, j)) revert KeyPointsRelated(j, i);
            }
        }
        // The generator and its opposite share x; y needs no look.
        if (_word(key, 10) == G2_X_IM && _word(key, 11) == G2_X_RE) revert KeyUncontributed();
    }

    /// @dev On the curve and in the subgroup, by a pairing of the point at infinity with it; the precompile checks both and refuses
    /// coordinates that are not canonical. A second pair with the generator guards against a precompile that skips such pairs
    /// without looking: e(G1, P) · e(-G1, P) = 1 makes it look.
    function _isInSecondGroup(bytes memory key, uint256 index) private view returns (bool) {
        uint256 w = 4 * index - 2;
        (uint256 a, uint256 b, uint256 c, uint256 d) =
            (_word(key, w), _word(key, w + 1), _word(key, w + 2), _word(key, w + 3));
        if (a == 0 && b == 0 && c == 0 && d == 0) return false;
        if (gasleft() < GAS_BEFORE_PAIRING) revert GasTooLow(GAS_BEFORE_PAIRING, gasleft());
        bytes memory pairs = abi.encode(1, 2, a, b, c, d, 1, Q - 2, a, b, c, d);
        bool done;
        bool holds;
        // The answer goes to scratch space.
        assembly ("memory-safe") {
            done := staticcall(PAIRING_GAS, 8, add(pairs, 0x20), mload(pairs), 0x00, 0x20)
            done := and(done, eq(returndatasize(), 0x20))
            holds := eq(mload(0x00), 1)
        }
        return done && holds;
    }

    /// @dev Two points of the subgroup with one x are equal or opposite.
    function _sameUpToSign(bytes memory key, uint256 i, uint256 j) private pure returns (bool) {
        return _word(key, 4 * i - 2) == _word(key, 4 * j - 2) && _word(key, 4 * i - 1) == _word(key, 4 * j - 1);
    }

    /// @dev Word `index` of bytes that are known to be long enough.
    function _word(bytes memory data, uint256 index) private pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := mload(add(add(data, 0x20), mul(index, 0x20)))
        }
    }
}
