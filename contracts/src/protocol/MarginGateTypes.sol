// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IMarketBoard} from "../interfaces/IMarketBoard.sol";
import {ParameterBook} from "../tables/ParameterBook.sol";
import {VerifierRegistry} from "../verification/VerifierRegistry.sol";

/// @title What the gate keeps, tells and refuses
interface MarginGateTypes {
    /// @notice Where an account stands.
    enum Status {
        None,
        Covered,
        Lapsed,
        Flagged
    }

    /// @notice An account.
    /// @param commitment to its holdings
    /// @param owner who opened it
    /// @param status where it stands
    /// @param nonce proofs accepted so far
    /// @param expiry end of its certificate, in seconds
    /// @param round the certificate's round
    /// @param version the certificate's parameter version
    /// @param lapsedAt when the lapse was recorded
    /// @param flagRound the round of the shortfall proof
    struct Account {
        uint256 commitment;
        address owner;
        Status status;
        uint40 nonce;
        uint40 expiry;
        uint64 round;
        uint64 version;
        uint40 lapsedAt;
        uint64 flagRound;
    }

    /// @notice A proof and what it speaks of.
    /// @param round of the market table
    /// @param version of the parameter table
    /// @param nonce the account's, so that no proof counts twice
    /// @param deadline last second at which the proof may be used
    /// @param proof A.x, A.y, B.x_im, B.x_re, B.y_im, B.y_re, C.x, C.y
    /// @param marketY,parametersY hints: the y of the two folded points
    struct ProofArgs {
        uint64 round;
        uint64 version;
        uint40 nonce;
        uint64 deadline;
        uint256[8] proof;
        uint256 marketY;
        uint256 parametersY;
    }

    /// @notice What a gate is built on.
    /// @param roundWindow how many rounds behind the latest a proof may be
    /// @param certificateDuration seconds that a certificate lasts, from the time of its round
    /// @param grace seconds between a recorded lapse and the request to open the escrow
    /// @param trustedOpening whether accounts may be born with hidden holdings; development chains only
    struct Settings {
        VerifierRegistry registry;
        IMarketBoard board;
        ParameterBook book;
        bytes32 sufficiencyCircuit;
        bytes32 shortfallCircuit;
        uint64 roundWindow;
        uint32 certificateDuration;
        uint32 grace;
        bool trustedOpening;
    }

    /// @notice An account has been opened.
    event Opened(bytes32 indexed account, address indexed owner, bytes32 label, uint256 commitment);
    /// @notice An account holds a certificate.
    event Certified(bytes32 indexed account, uint64 round, uint64 version, uint40 expiry);
    /// @notice A batch went on without this account; `reason` is the selector of the error that `certify` would have met.
    event ItemDropped(bytes32 indexed account, bytes4 reason);
    /// @notice An account's certificate has run out.
    event Lapsed(bytes32 indexed account, uint40 expiry);
    /// @notice An account has been proved short.
    event Flagged(bytes32 indexed account, uint64 round, uint64 version);
    /// @notice Guardians may open the account's escrow.
    event DecryptionRequested(bytes32 indexed account);

    /// @notice Accounts with hidden holdings can be opened on development chains only.
    error TrustedOpeningRefused(uint256 chainId);
    /// @notice This gate opens no accounts with hidden holdings.
    error OpeningClosed();
    /// @notice A circuit's inputs are not [commitment, credit, context], market table, parameter table.
    error CircuitUnfit(bytes32 circuitId);
    /// @notice A certificate about a round that is still fresh could be born expired.
    error DurationTooShort(uint256 duration, uint256 staleness);
    /// @notice The owner has an account with this label.
    error AccountExists(bytes32 account);
    /// @notice No such account.
    error UnknownAccount(bytes32 account);
    /// @notice The account's status does not allow this.
    error StatusRefused(bytes32 account, Status status);
    /// @notice The proof's deadline has passed.
    error DeadlinePassed(uint64 deadline, uint256 blockTimestamp);
    /// @notice The nonce is not the account's: the proof has been used, or is for another state.
    error NonceUsed(uint256 expected, uint256 given);
    /// @notice The round lies too far behind the latest.
    error RoundTooOld(uint64 round, uint64 latest, uint64 window);
    /// @notice The round's prices are stale.
    error StaleRound(uint64 round, uint256 freshUntil);
    /// @notice The round is not newer than the one it must be newer than.
    error NotNewer(uint64 round, uint64 than);
    /// @notice The parameter version is not the one this proof must use.
    error VersionRefused(uint64 version, uint64 expected);
    /// @notice The certificate has not run out.
    error NotExpired(uint256 expiry);
    /// @notice A batch does not have one proof an account.
    error BatchLengthsDiffer(uint256 accounts, uint256 proofs);
    /// @notice Too little gas was left to tell a stale item from a good one.
    error ItemGasTooLow(uint256 item);
    /// @notice The account's grace has not passed.
    error GraceRunning(uint256 until);
}
