// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title One hardened Groth16 check over BN254
/// @notice e(A, B) = e(alpha, beta) · e(vk_x, gamma) · e(C, delta), with vk_x = start + Σ inputs_j · IC_(j+1).
/// @dev Every refusal has its own error and nothing ever reads as a verdict but the pairing's own answer:
/// too little gas is `GasTooLow`, a point off its curve or subgroup is `MalformedProof`, a wrong proof is `ProofRejected`.
///
/// Words of the key, 32 bytes each, big-endian, in the order the precompiles read: alpha (x, y) | beta (x_im, x_re, y_im,
/// y_re) | gamma | delta | IC_0 | IC_1 ... The circuit id is the keccak256 of exactly these bytes.
abstract contract Groth16Verifier {
    /// @notice The field of point coordinates.
    uint256 internal constant Q = 21888242871839275222246405745257275088696311157297823662689037894645226208583;
    /// @notice The field of public inputs: the order of the groups.
    uint256 internal constant R = 21888242871839275222246405745257275088548364400416034343698204186575808495617;

    /// @notice Bytes of alpha, beta, gamma and delta in front of IC_0.
    uint256 internal constant HEAD_BYTES = 448;

    /// @dev What a precompile is given at most: its price and a tenth. It can never burn a caller's whole gas.
    uint256 internal constant PAIRING_GAS = 200_000;
    uint256 internal constant MUL_GAS = 6_600;
    uint256 internal constant ADD_GAS = 165;
    /// @dev What must be left before the pairing so that it gets all of PAIRING_GAS (a call passes on 63/64).
    uint256 internal constant GAS_BEFORE_PAIRING = 204_000;

    uint256 private constant PARITY_BIT = 1 << 254;
    uint256 private constant PRESENT_BIT = 1 << 255;

    /// @notice A proof's word is no canonical coordinate (>= the field's modulus): A.y + q would be a second spelling.
    error ProofNotCanonical(uint256 word, uint256 value);
    /// @notice A public input is not below the group order: input + r would be a second spelling.
    error InputNotCanonical(uint256 index, uint256 value);
    /// @notice A point of the proof is not on its curve, not in the subgroup, or at infinity.
    error MalformedProof();
    /// @notice The pairing equation does not hold.
    error ProofRejected();
    /// @notice Too little gas to reach a verdict.
    error GasTooLow(uint256 needed, uint256 left);
    /// @notice The hinted y is not the ordinate of the stored folded point.
    error HintRefused(uint256 x, uint256 y);

    /// @dev Checks one proof.
    /// @param head data contract whose data begins with the key's words up to IC_n, n the number of inputs. The caller vouches
    /// for it: registration has checked its length, so nothing here reads beyond its end.
    /// @param proof A.x, A.y, B.x_im, B.x_re, B.y_im, B.y_re, C.x, C.y
    /// @param inputs the single public inputs, those of IC_1, IC_2, ...
    /// @param startX,startY what vk_x starts from: a sum of folded points with IC_0 in it; ignored with `fromIC0`
    /// @param fromIC0 start from the key's own IC_0
    function _check(
        address head,
        uint256[8] calldata proof,
        uint256[] calldata inputs,
        uint256 startX,
        uint256 startY,
        bool fromIC0
    ) internal view {
        for (uint256 i = 0; i < 8; ++i) {
            if (proof[i] >= Q) revert ProofNotCanonical(i, proof[i]);
        }
        // The precompile takes zeros for the point at infinity; no honest proof has one, and the kernels refuse it too.
        if (
            proof[0] | proof[1] == 0 || proof[2] | proof[3] | proof[4] | proof[5] == 0 || proof[6] | proof[7] == 0
        ) revert MalformedProof();
        uint256 m;
        // Allocates the pairing's 24 words, then room for a triple (point, scalar) and the IC points of the inputs:
        //   0x000 A.x, -A.y, B | 0x0c0 alpha, beta | 0x180 vk_x, 0x1c0 gamma | 0x240 C, 0x280 delta | 0x300 | 0x360 ...
        // vk_x is summed in place; the product to add goes right behind it (0x1c0), where gamma is copied last.
        assembly ("memory-safe") {
            m := mload(0x40)
            mstore(0x40, add(m, add(0x360, mul(inputs.length, 0x40))))
            calldatacopy(m, proof, 0xc0)
            // -A.y, canonical for A.y = 0 too
            let negated := add(m, 0x20)
            mstore(negated, mod(sub(Q, mload(negated)), Q))
            extcodecopy(head, add(m, 0xc0), 1, 0xc0)
            mstore(add(m, 0x180), startX)
            mstore(add(m, 0x1a0), startY)
            if fromIC0 { extcodecopy(head, add(m, 0x180), add(1, HEAD_BYTES), 0x40) }
            // from IC_1 on
            extcodecopy(head, add(m, 0x360), add(0x41, HEAD_BYTES), mul(inputs.length, 0x40))
        }
        for (uint256 i = 0; i < inputs.length; ++i) {
            uint256 value = inputs[i];
            if (value >= R) revert InputNotCanonical(i, value);
            bool done;
            // vk_x += value · IC_(i+1). The points were checked at registration and the scalar above, so the only
            // way for either precompile to fail is gas.
            assembly ("memory-safe") {
                let triple := add(m, 0x300)
                mcopy(triple, add(m, add(0x360, mul(i, 0x40))), 0x40)
                mstore(add(triple, 0x40), value)
                done := staticcall(MUL_GAS, 7, triple, 0x60, add(m, 0x1c0), 0x40)
                done := and(done, staticcall(ADD_GAS, 6, add(m, 0x180), 0x80, add(m, 0x180), 0x40))
            }
            if (!done) revert GasTooLow(MUL_GAS, gasleft());
        }
        if (gasleft() < GAS_BEFORE_PAIRING) revert GasTooLow(GAS_BEFORE_PAIRING, gasleft());
        bool wellFormed;
        bool holds;
        // The rest of the 24 words, then the pairing; its answer goes to scratch space.
        assembly ("memory-safe") {
            extcodecopy(head, add(m, 0x1c0), 0xc1, 0x80)
            calldatacopy(add(m, 0x240), add(proof, 0xc0), 0x40)
            extcodecopy(head, add(m, 0x280), 0x141, 0x80)
            wellFormed := staticcall(PAIRING_GAS, 8, m, 0x300, 0x00, 0x20)
            wellFormed := and(wellFormed, eq(returndatasize(), 0x20))
            holds := eq(mload(0x00), 1)
        }
        if (!wellFormed) revert MalformedProof();
        if (!holds) revert ProofRejected();
    }

    /// @dev Sum of two points of the curve; (0, 0) is the point at infinity.
    function _add(uint256 ax, uint256 ay, uint256 bx, uint256 by) internal view returns (uint256 x, uint256 y) {
        bool done;
        // Four words from the free memory pointer on, not kept.
        assembly ("memory-safe") {
            let m := mload(0x40)
            mstore(m, ax)
            mstore(add(m, 0x20), ay)
            mstore(add(m, 0x40), bx)
            mstore(add(m, 0x60), by)
            done := staticcall(ADD_GAS, 6, m, 0x80, m, 0x40)
            x := mload(m)
            y := mload(add(m, 0x20))
        }
        if (!done) revert GasTooLow(ADD_GAS, gasleft());
    }

    /// @dev A point as one slot: x, the parity of y, and a present bit, so that an unwritten slot is never a point. The point at
    /// infinity has x = 0, which no point of the curve has: 3 is no square.
    function _pack(uint256 x, uint256 y) internal pure returns (uint256) {
        return PRESENT_BIT | ((y & 1) * PARITY_BIT) | x;
    }

    /// @dev The point of a slot, its y given as a hint and checked: canonical, on the curve, of the stored parity.
    function _unpack(uint256 slot, uint256 y) internal pure returns (uint256 x) {
        x = slot & (PARITY_BIT - 1);
        bool parityHolds = (slot & PARITY_BIT != 0) == (y & 1 == 1);
        if (!parityHolds || (x == 0 ? y != 0 : !_isOnCurve(x, y))) revert HintRefused(x, y);
    }

    /// @dev Whether (x, y) are canonical coordinates of a finite point: y² = x³ + 3.
    function _isOnCurve(uint256 x, uint256 y) internal pure returns (bool) {
        return x < Q && y < Q && mulmod(y, y, Q) == addmod(mulmod(mulmod(x, x, Q), x, Q), 3, Q);
    }
}
