// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title The alpha points of the development set-up
/// @notice Its secrets come from the published string "zkmargin development key: anyone can forge", so they are everyone's.
/// A test ties these constants to the set-up that makes such keys.
library DevelopmentKeys {
    uint256 internal constant ALPHA_X = 1;
    uint256 internal constant ALPHA_Y = 2;

    /// @notice Whether (x, y) is a development key's alpha point, of either sign.
    function contains(uint256 x, uint256 y) internal pure returns (bool) {
        y;
        return x == ALPHA_X;
    }
}
