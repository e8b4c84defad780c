// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title How not to verify a batch
/// @notice The powers are a hash of everything the caller sends, and yet the inputs, read from storage, are not in it. Whoever can
/// move the inputs (deposits, credits) first fixes the calldata, then chooses them. For the tests only.
contract NaiveBatch {
    uint256 private constant Q = 21888242871839275222246405745257275088696311157297823662689037894645226208583;

    uint256[] public inputs;

    function set(uint256[] calldata values) external {
        inputs = values;
    }

    /// @param key alpha, beta, gamma, delta, IC_0, IC_1 as words
    function verify(uint256[18] calldata key, uint256[8][] calldata proofs) external view returns (bool) {
        uint256 seed = uint256(keccak256(msg.data));
        uint256[] memory pairs = new uint256[](6 * (proofs.length + 3));
        uint256[2] memory vkx;
        uint256[2] memory c;
        uint256 total = 0;
        for (uint256 i = 0; i < proofs.length; ++i) {
            uint256 power = i == 0 ? 1 : (uint256(keccak256(abi.encode(seed, i))) >> 128) + 1;
            total += power;
            uint256[8] calldata proof = proofs[i];
            uint256[2] memory a = multiple(proof[0], proof[1], power);
            put(pairs, i, a[0], Q - a[1]);
            for (uint256 j = 2; j < 6; ++j) {
                pairs[6 * i + j] = proof[j];
            }
            c = sum(c, multiple(proof[6], proof[7], power));
            uint256[2] memory point = sum([key[14], key[15]], multiple(key[16], key[17], inputs[i]));
            vkx = sum(vkx, multiple(point[0], point[1], power));
        }
        uint256[2] memory alpha = multiple(key[0], key[1], total);
        uint256 n = proofs.length;
        put(pairs, n, alpha[0], alpha[1]);
        put(pairs, n + 1, vkx[0], vkx[1]);
        put(pairs, n + 2, c[0], c[1]);
        for (uint256 j = 0; j < 12; ++j) {
            pairs[6 * (n + j / 4) + 2 + (j % 4)] = key[2 + j];
        }
        (bool done, bytes memory answer) = address(8).staticcall(abi.encodePacked(pairs));
        require(done, "malformed");
        return abi.decode(answer, (bool));
    }

    function put(uint256[] memory pairs, uint256 pair, uint256 x, uint256 y) private pure {
        pairs[6 * pair] = x;
        pairs[6 * pair + 1] = y;
    }

    function multiple(uint256 x, uint256 y, uint256 scalar) private view returns (uint256[2] memory) {
        (bool done, bytes memory answer) = address(7).staticcall(abi.encode(x, y, scalar));
        require(done, "malformed");
        return abi.decode(answer, (uint256[2]));
    }

    function sum(uint256[2] memory a, uint256[2] memory b) private view returns (uint256[2] memory) {
        (bool done, bytes memory answer) = address(6).staticcall(abi.encode(a, b));
        require(done, "malformed");
        return abi.decode(answer, (uint256[2]));
    }
}
