// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title The alpha points of the development set-up
/// @notice Its secrets come from the published string "zkmargin development key: anyone can forge", so they are everyone's.
/// A test ties this list to the set-up that makes such keys.
library DevelopmentKeys {
    uint256 internal constant ALPHA_X = 18116234756679322580371343721143328275505188177624342256582478130487515504207;
    uint256 internal constant ALPHA_Y = 2664549371771003716235701187711134607285939454235685234276967603907636909924;

    /// @notice Whether (x, y) is a development key's alpha point.
    function contains(uint256 x, uint256 y) internal pure returns (bool) {
        return x == ALPHA_X && y == ALPHA_Y;
    }
}
