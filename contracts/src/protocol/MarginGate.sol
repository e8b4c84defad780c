// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IMarketBoard} from "../interfaces/IMarketBoard.sol";
import {MarginGateTypes} from "./MarginGateTypes.sol";
import {ParameterBook} from "../tables/ParameterBook.sol";
import {VerifierRegistry} from "../verification/VerifierRegistry.sol";

/// @title Accounts with hidden holdings, covered by margin proofs
/// @notice The gate knows an account by its commitment. A sufficiency proof covers it for a while, a shortfall proof flags it for
/// liquidation. Of a healthy account there is no shortfall proof, of an insolvent one no sufficiency proof.
/// @dev The gate fills every public input but the context's free arguments from its own storage: commitment and credit, the market
/// table of the round, the parameter table of version and level. Whatever else it acts on is inside the context.
///
/// A shortfall proof needs the opening, so whoever can flag holds it; before the grace of a lapsed account has passed these are the
/// owner and whom he told. After it the gate emits `DecryptionRequested`, on which alone guardians open the escrow.
contract MarginGate is MarginGateTypes {
    /// @notice Action words of the context, ASCII at the left.
    bytes32 public constant OPEN = "open";
    bytes32 public constant CERTIFY = "certify";
    bytes32 public constant FLAG = "flag";

    /// @notice Box class of certificates that hold at the round's values only.
    uint256 public constant BOX_NONE = 0;

    /// @notice Verifies the proofs.
    VerifierRegistry public immutable registry;
    /// @notice Names the market tables.
    IMarketBoard public immutable board;
    /// @notice Names the parameter tables.
    ParameterBook public immutable book;
    /// @notice The circuit that proves surplus >= 0.
    bytes32 public immutable sufficiencyCircuit;
    /// @notice The circuit that proves surplus < 0.
    bytes32 public immutable shortfallCircuit;
    /// @notice How many rounds behind the latest a proof may be.
    uint64 public immutable roundWindow;
    /// @notice Seconds that a certificate lasts, from the time of its round.
    uint32 public immutable certificateDuration;
    /// @notice Seconds between a recorded lapse and the request to open the escrow.
    uint32 public immutable grace;
    /// @notice Whether accounts may be born with hidden holdings.
    bool public immutable trustedOpening;

    mapping(bytes32 account => Account) private _accounts;

    constructor(Settings memory settings) {
        if (settings.trustedOpening && block.chainid != 31_337) revert TrustedOpeningRefused(block.chainid);
        uint64 staleness = settings.board.staleness();
        if (settings.certificateDuration <= staleness) revert DurationTooShort(settings.certificateDuration, staleness);
        registry = settings.registry;
        board = settings.board;
        book = settings.book;
        sufficiencyCircuit = settings.sufficiencyCircuit;
        shortfallCircuit = settings.shortfallCircuit;
        roundWindow = settings.roundWindow;
        certificateDuration = settings.certificateDuration;
        grace = settings.grace;
        trustedOpening = settings.trustedOpening;
        _requireFit(settings, settings.sufficiencyCircuit);
        _requireFit(settings, settings.shortfallCircuit);
        if (settings.sufficiencyCircuit == settings.shortfallCircuit) revert CircuitUnfit(settings.shortfallCircuit);
    }

    /// @notice Opens an account of the sender with hidden holdings, which meet initial margin.
    function open(bytes32 label, uint256 commitment, ProofArgs calldata args) external returns (bytes32 account) {
        if (!trustedOpening) revert OpeningClosed();
        account = accountId(msg.sender, label);
        Account storage opened = _accounts[account];
        if (opened.status != Status.None) revert AccountExists(account);
        (uint64 roundTime, bytes32 market) = _requireTimely(args.round, args.deadline, args.nonce, 0);
        _requireVersion(args.version, book.currentVersion());
        opened.commitment = commitment;
        opened.owner = msg.sender;
        uint256 context = contextOfOpen(msg.sender, label, commitment, args.round, args.version, args.nonce, args.deadline);
        bytes32 parameters = book.table(args.version, ParameterBook.Level.Initial);
        _verify(sufficiencyCircuit, commitment, context, args, market, parameters);
        emit Opened(account, msg.sender, label, commitment);
        _cover(account, opened, args, uint256(roundTime) + certificateDuration);
    }

    /// @notice Covers an account that meets maintenance margin. Anyone may. Cover never gets shorter; under older parameters, which an
    /// account keeps while its certificate runs, it does not get longer either.
    function certify(bytes32 account, ProofArgs calldata args) external {
        (bytes32 market, bytes32 parameters, uint256 expiry) =
            certifiable(account, args.round, args.version, args.nonce, args.deadline);
        uint256 context = contextOfCertify(account, args.round, args.version, args.nonce, args.deadline);
        Account storage certified = _accounts[account];
        _verify(sufficiencyCircuit, certified.commitment, context, args, market, parameters);
        _cover(account, certified, args, expiry);
    }

    /// @notice Covers many accounts by one pairing. An item that `certify` would refuse for its nonce, deadline, round, version or
    /// account is dropped with an event, so that nothing which becomes stale on the way stops the others. A proof that is wrong
    /// or malformed, or whose tables are not folded, reverts the whole; none of these comes about between a simulation and its
    /// transaction. Whoever sends a batch then goes back to halves, or to `certify`.
    /// @dev Effects come first, so that a second proof of one account meets the nonce that the first has left. If the proofs do not
    /// hold, all of it is undone; until then nothing is called but views of the registry, the board and the book.
    /// @return certified how many accounts were covered
    function certifyBatch(bytes32[] calldata accounts, ProofArgs[] calldata args) external returns (uint256 certified) {
        if (accounts.length != args.length) revert BatchLengthsDiffer(accounts.length, args.length);
        VerifierRegistry.Item[] memory items = new VerifierRegistry.Item[](accounts.length);
        for (uint256 i = 0; i < accounts.length; ++i) {
            bytes32 account = accounts[i];
            ProofArgs calldata given = args[i];
            try this.certifiable(account, given.round, given.version, given.nonce, given.deadline) returns (
                bytes32 market, bytes32 parameters, uint256 expiry
            ) {
                uint256 context = contextOfCertify(account, given.round, given.version, given.nonce, given.deadline);
                Account storage covered = _accounts[account];
                VerifierRegistry.Item memory item = items[certified++];
                item.proof = given.proof;
                item.singles = _singles(covered.commitment, context);
                (item.tableIds, item.ys) = _tables(given, market, parameters);
                _cover(account, covered, given, expiry);
            } catch (bytes memory reason) {
                // Lack of gas has no reason, and is none.
                if (reason.length < 4) revert ItemGasTooLow(i);
                emit ItemDropped(account, bytes4(reason));
            }
        }
        // What was dropped left no gap.
        assembly ("memory-safe") {
            mstore(items, certified)
        }
        if (certified > 0) registry.verifyBatch(sufficiencyCircuit, items);
    }

    /// @notice Reverts, with the reason, when no proof about this round and version could certify the account now; otherwise tells
    /// the tables the proof must speak of and the expiry it would give.
    function certifiable(bytes32 account, uint64 round, uint64 version, uint40 nonce, uint64 deadline)
        public
        view
        returns (bytes32 market, bytes32 parameters, uint256 expiry)
    {
        Account storage certified = _known(account);
        uint64 roundTime;
        (roundTime, market) = _requireTimely(round, deadline, nonce, certified.nonce);
        if (certified.status == Status.Flagged) {
            if (round <= certified.flagRound) revert NotNewer(round, certified.flagRound);
        } else if (round < certified.round) {
            revert NotNewer(round, certified.round);
        }
        uint64 current = book.currentVersion();
        expiry = uint256(roundTime) + certificateDuration;
        if (version != current) {
            _requireVersion(version, _isRunning(certified) ? certified.version : current);
            expiry = certified.expiry;
        }
        parameters = book.table(version, ParameterBook.Level.Maintenance);
    }

    /// @notice Records that an account's certificate has run out. Not while prices are stale or the sufficiency circuit is
    /// disabled: then nobody could have renewed.
    function lapse(bytes32 account) external {
        Account storage lapsed = _known(account);
        if (lapsed.status != Status.Covered) revert StatusRefused(account, lapsed.status);
        if (_isRunning(lapsed)) revert NotExpired(lapsed.expiry);
        _requireClocks();
        lapsed.status = Status.Lapsed;
        lapsed.lapsedAt = uint40(block.timestamp);
        emit Lapsed(account, lapsed.expiry);
    }

    /// @notice Asks the guardians to open the escrow of an account that lapsed longer ago than the grace, or whose certificate ran out
    /// longer ago while it was flagged: else an owner who is short could flag himself and keep the opening from everyone. Time
    /// in which nobody could renew does not count.
    function requestDecryption(bytes32 account) external {
        Account storage asked = _known(account);
        if (asked.status == Status.Covered) revert StatusRefused(account, asked.status);
        _requireClocks();
        uint256 since = board.resumedAt();
        // A lapse is recorded after the expiry; a flagged account may never have lapsed.
        if (since < asked.expiry) since = asked.expiry;
        if (since < asked.lapsedAt) since = asked.lapsedAt;
        if (block.timestamp <= since + grace) revert GraceRunning(since + grace);
        emit DecryptionRequested(account);
    }

    /// @notice Flags an account that does not meet maintenance margin, by a proof about a round newer than its certificate's. Anyone who
    /// can make the proof may. An account keeps the parameters of its certificate while that runs.
    function flag(bytes32 account, ProofArgs calldata args) external {
        Account storage flagged = _known(account);
        if (flagged.status == Status.Flagged) revert StatusRefused(account, flagged.status);
        (, bytes32 market) = _requireTimely(args.round, args.deadline, args.nonce, flagged.nonce);
        if (args.round <= flagged.round) revert NotNewer(args.round, flagged.round);
        _requireVersion(args.version, _isRunning(flagged) ? flagged.version : book.currentVersion());
        if (_isDisabled(sufficiencyCircuit)) revert CircuitUnfit(sufficiencyCircuit);
        uint256 context = contextOfFlag(account, args.round, args.version, args.nonce, args.deadline);
        bytes32 parameters = book.table(args.version, ParameterBook.Level.Maintenance);
        _verify(shortfallCircuit, flagged.commitment, context, args, market, parameters);
        flagged.status = Status.Flagged;
        flagged.flagRound = args.round;
        ++flagged.nonce;
        emit Flagged(account, args.round, args.version);
    }

    /// @notice Whether an account holds a certificate that has not run out.
    function isCovered(bytes32 account) external view returns (bool) {
        Account storage asked = _accounts[account];
        return asked.status == Status.Covered && _isRunning(asked);
    }

    /// @notice Whether an account has been proved short and has not recovered since.
    function isLiquidatable(bytes32 account) external view returns (bool) {
        return _accounts[account].status == Status.Flagged;
    }

    /// @notice Everything the gate knows of an account.
    function statusOf(bytes32 account) external view returns (Account memory) {
        return _known(account);
    }

    /// @notice The account of an owner and a label.
    function accountId(address owner, bytes32 label) public pure returns (bytes32) {
        return keccak256(abi.encode(owner, label));
    }

    /// @notice The context that a proof for `open` must carry.
    function contextOfOpen(
        address owner,
        bytes32 label,
        uint256 commitment,
        uint64 round,
        uint64 version,
        uint256 nonce,
        uint64 deadline
    ) public view returns (uint256) {
        bytes32 arguments = keccak256(abi.encode(round, BOX_NONE, version, ParameterBook.Level.Initial, commitment));
        return _context(sufficiencyCircuit, accountId(owner, label), OPEN, arguments, 0, nonce, deadline);
    }

    /// @notice The context that a proof for `certify` must carry.
    function contextOfCertify(bytes32 account, uint64 round, uint64 version, uint256 nonce, uint64 deadline)
        public
        view
        returns (uint256)
    {
        return _context(
            sufficiencyCircuit,
            account,
            CERTIFY,
            _arguments(round, version),
            _accounts[account].commitment,
            nonce,
            deadline
        );
    }

    /// @notice The context that a proof for `flag` must carry.
    function contextOfFlag(bytes32 account, uint64 round, uint64 version, uint256 nonce, uint64 deadline)
        public
        view
        returns (uint256)
    {
        return _context(
            shortfallCircuit, account, FLAG, _arguments(round, version), _accounts[account].commitment, nonce, deadline
        );
    }

    /// @dev The arguments of `certify` and `flag`: round, box class, version, level.
    function _arguments(uint64 round, uint64 version) private pure returns (bytes32) {
        return keccak256(abi.encode(round, BOX_NONE, version, ParameterBook.Level.Maintenance));
    }

    function _context(
        bytes32 circuitId,
        bytes32 account,
        bytes32 action,
        bytes32 arguments,
        uint256 oldCommitment,
        uint256 nonce,
        uint64 deadline
    ) private view returns (uint256) {
        bytes memory all = abi.encode(
            "zkmargin/context/1",
            block.chainid,
            address(this),
            circuitId,
            account,
            action,
            arguments,
            oldCommitment,
            nonce,
            deadline
        );
        return uint256(keccak256(all)) >> 8;
    }

    /// @dev Gives an account a certificate. The expiry only moves forward.
    function _cover(bytes32 account, Account storage covered, ProofArgs calldata args, uint256 expiry) private {
        covered.status = Status.Covered;
        ++covered.nonce;
        if (expiry > covered.expiry) covered.expiry = uint40(expiry);
        covered.round = args.round;
        covered.version = args.version;
        emit Certified(account, args.round, args.version, covered.expiry);
    }

    /// @dev Reverts unless the proof holds for inputs and tables that this gate names.
    function _verify(
        bytes32 circuitId,
        uint256 commitment,
        uint256 context,
        ProofArgs calldata args,
        bytes32 market,
        bytes32 parameters
    ) private view {
        (bytes32[] memory tableIds, uint256[] memory ys) = _tables(args, market, parameters);
        registry.verify(circuitId, args.proof, _singles(commitment, context), tableIds, ys);
    }

    /// @dev The single inputs of a statement about an account.
    function _singles(uint256 commitment, uint256 context) private pure returns (uint256[] memory singles) {
        singles = new uint256[](3);
        singles[0] = commitment;
        singles[1] = 0; // credit: pending deposits do not exist yet
        singles[2] = context;
    }

    /// @dev The tables that this gate names, and the proof's hints to their points.
    function _tables(ProofArgs calldata args, bytes32 market, bytes32 parameters)
        private
        pure
        returns (bytes32[] memory tableIds, uint256[] memory ys)
    {
        tableIds = new bytes32[](2);
        (tableIds[0], tableIds[1]) = (market, parameters);
        ys = new uint256[](2);
        (ys[0], ys[1]) = (args.marketY, args.parametersY);
    }

    /// @dev The time and the table of the proof's round, if deadline, nonce, window and freshness hold.
    function _requireTimely(uint64 round, uint64 deadline, uint256 nonce, uint256 expected)
        private
        view
        returns (uint64 roundTime, bytes32 market)
    {
        if (block.timestamp > deadline) revert DeadlinePassed(deadline, block.timestamp);
        if (nonce != expected) revert NonceUsed(expected, nonce);
        uint256 freshUntil;
        uint64 latest;
        (market, roundTime, freshUntil, latest) = board.roundInfo(round);
        if (latest - round > roundWindow) revert RoundTooOld(round, latest, roundWindow);
        if (block.timestamp > freshUntil) revert StaleRound(round, freshUntil);
    }

    /// @dev The clocks of lapse and grace stand while nobody could renew.
    function _requireClocks() private view {
        uint64 latest = board.latestRound();
        (,, uint256 freshUntil,) = board.roundInfo(latest);
        if (block.timestamp > freshUntil) revert StaleRound(latest, freshUntil);
        if (_isDisabled(sufficiencyCircuit)) revert CircuitUnfit(sufficiencyCircuit);
    }

    function _requireVersion(uint64 version, uint64 expected) private pure {
        if (version != expected) revert VersionRefused(version, expected);
    }

    function _isRunning(Account storage asked) private view returns (bool) {
        return block.timestamp <= asked.expiry;
    }

    function _isDisabled(bytes32 circuitId) private view returns (bool disabled) {
        (,, disabled) = registry.circuit(circuitId);
    }

    function _known(bytes32 account) private view returns (Account storage found) {
        found = _accounts[account];
        if (found.status == Status.None) revert UnknownAccount(account);
    }

    /// @dev Refuses a circuit whose tables do not come from this gate's board and book.
    function _requireFit(Settings memory settings, bytes32 circuitId) private view {
        (uint256 singles, uint256 tables,) = settings.registry.circuit(circuitId);
        if (
            singles != 3 || tables != 2
                || settings.registry.tableInput(circuitId, 0).source != address(settings.board)
                || settings.registry.tableInput(circuitId, 1).source != address(settings.book)
        ) revert CircuitUnfit(circuitId);
    }
}
