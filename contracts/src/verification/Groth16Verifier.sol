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
        _requireProofWords(proof);
        uint256 m;
        uint256 key;
        // Allocates the pairing's 24 words, a triple (point, scalar), and the key's words up to the inputs' last point:
        //   0x000 A.x, -A.y, B | 0x0c0 alpha, beta | 0x180 vk_x, 0x1c0 gamma | 0x240 C, 0x280 delta | 0x300 | 0x360 key
        // vk_x is summed in place; the product to add goes right behind it (0x1c0), where gamma is copied last.
        assembly ("memory-safe") {
            m := mload(0x40)
            key := add(m, 0x360)
            let keyBytes := add(add(HEAD_BYTES, 0x40), mul(inputs.length, 0x40))
            mstore(0x40, add(key, keyBytes))
            extcodecopy(head, key, 1, keyBytes)
            calldatacopy(m, proof, 0xc0)
            // -A.y, canonical for A.y = 0 too
            let negated := add(m, 0x20)
            mstore(negated, mod(sub(Q, mload(negated)), Q))
            mcopy(add(m, 0xc0), key, 0xc0)
            mstore(add(m, 0x180), startX)
            mstore(add(m, 0x1a0), startY)
            if fromIC0 { mcopy(add(m, 0x180), add(key, HEAD_BYTES), 0x40) }
            calldatacopy(add(m, 0x240), add(proof, 0xc0), 0x40)
            mcopy(add(m, 0x280), add(key, 0x140), 0x80)
        }
        uint256 refused;
        bool done = true;
        // vk_x += inputs_i · IC_(i+1). The points were checked at registration and the scalar is checked here, so the only
        // way for either precompile to fail is gas. `refused` is 1 + the index of an input that is too large.
        assembly ("memory-safe") {
            let triple := add(m, 0x300)
            let point := add(key, HEAD_BYTES)
            for { let i := 0 } lt(i, inputs.length) { i := add(i, 1) } {
                let value := calldataload(add(inputs.offset, shl(5, i)))
                if iszero(lt(value, R)) {
                    refused := add(i, 1)
                    break
                }
                point := add(point, 0x40)
                mcopy(triple, point, 0x40)
                mstore(add(triple, 0x40), value)
                done := and(done, staticcall(MUL_GAS, 7, triple, 0x60, add(m, 0x1c0), 0x40))
                done := and(done, staticcall(ADD_GAS, 6, add(m, 0x180), 0x80, add(m, 0x180), 0x40))
            }
        }
        if (refused != 0) revert InputNotCanonical(refused - 1, inputs[refused - 1]);
        if (!done) revert GasTooLow(MUL_GAS, gasleft());
        if (gasleft() < GAS_BEFORE_PAIRING) revert GasTooLow(GAS_BEFORE_PAIRING, gasleft());
        bool wellFormed;
        bool holds;
        // gamma completes the 24 words; the pairing's answer goes to scratch space.
        assembly ("memory-safe") {
            mcopy(add(m, 0x1c0), add(key, 0xc0), 0x80)
            wellFormed := staticcall(PAIRING_GAS, 8, m, 0x300, 0x00, 0x20)
            wellFormed := and(wellFormed, eq(returndatasize(), 0x20))
            holds := eq(mload(0x00), 1)
        }
        if (!wellFormed) revert MalformedProof();
        if (!holds) revert ProofRejected();
    }

    /// @dev Refuses coordinates that are not canonical, and points at infinity: the precompile takes zeros for them, but no honest
    /// proof has one and the kernels refuse them too.
    function _requireProofWords(uint256[8] calldata proof) private pure {
        bool canonical;
        bool infinite;
        // Reads calldata only, without a loop: this is on the path of every proof.
        assembly ("memory-safe") {
            canonical := lt(calldataload(proof), Q)
            canonical := and(canonical, lt(calldataload(add(proof, 0x20)), Q))
            canonical := and(canonical, lt(calldataload(add(proof, 0x40)), Q))
            canonical := and(canonical, lt(calldataload(add(proof, 0x60)), Q))
            canonical := and(canonical, lt(calldataload(add(proof, 0x80)), Q))
            canonical := and(canonical, lt(calldataload(add(proof, 0xa0)), Q))
            canonical := and(canonical, lt(calldataload(add(proof, 0xc0)), Q))
            canonical := and(canonical, lt(calldataload(add(proof, 0xe0)), Q))
            let b := or(calldataload(add(proof, 0x40)), calldataload(add(proof, 0x60)))
            b := or(b, or(calldataload(add(proof, 0x80)), calldataload(add(proof, 0xa0))))
            let a := or(calldataload(proof), calldataload(add(proof, 0x20)))
            let c := or(calldataload(add(proof, 0xc0)), calldataload(add(proof, 0xe0)))
            infinite := or(iszero(a), or(iszero(b), iszero(c)))
        }
        if (!canonical) {
            uint256 word = 0;
            while (proof[word] < Q) ++word;
            revert ProofNotCanonical(word, proof[word]);
        }
        if (infinite) revert MalformedProof();
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
