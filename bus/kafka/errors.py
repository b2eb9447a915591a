"""What the client library's errors mean to us: every one of them, by name.

A test compares the tables with the library, so that an error which a new version brings
is classified by a person and not by chance.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from bus.kafka.library import KafkaError
from model.errors import (
    ConfigurationError,
    LogUnavailable,
    MalformedRecord,
    RecordTooLarge,
    TocsinError,
)

TOO_LARGE = frozenset({"MessageSizeTooLargeError", "RecordListTooLargeError"})
"""The broker's limit is lower than ours."""

MALFORMED = frozenset({"InvalidRecordError", "InvalidTimestampError"})
"""The broker takes this record never."""

CONFIGURATION = frozenset(
    {
        "AuthorizationError",
        "ClusterAuthorizationFailedError",
        "DelegationTokenAuthDisabledError",
        "DelegationTokenAuthorizationFailedError",
        "DelegationTokenExpiredError",
        "DelegationTokenNotFoundError",
        "DelegationTokenOwnerMismatchError",
        "DelegationTokenRequestNotAllowedError",
        "FeatureUpdateFailedError",
        "FencedInstanceIdError",
        "GroupAuthorizationFailedError",
        "GroupMaxSizeReachedError",
        "GroupSubscribedToTopicError",
        "IllegalArgumentError",
        "IllegalSaslStateError",
        "IncompatibleBrokerVersion",
        "InconsistentClusterIdError",
        "InconsistentGroupProtocolError",
        "InvalidCommitOffsetSizeError",
        "InvalidConfigurationError",
        "InvalidFetchRequestError",
        "InvalidGroupIdError",
        "InvalidPartitionsError",
        "InvalidPrincipalTypeError",
        "InvalidRegistrationError",
        "InvalidReplicationAssignmentError",
        "InvalidReplicationFactorError",
        "InvalidRequestError",
        "InvalidRequiredAcksError",
        "InvalidSessionTimeoutError",
        "InvalidTopicError",
        "InvalidTransactionTimeoutError",
        "InvalidUpdateVersionError",
        "KafkaConfigurationError",
        "MismatchedEndpointTypeError",
        "OffsetMetadataTooLargeError",
        "OperationNotAttemptedError",
        "PolicyViolationError",
        "PrincipalDeserializationFailureError",
        "SaslAuthenticationFailedError",
        "SecurityDisabledError",
        "TelemetryTooLargeError",
        "TopicAuthorizationFailedError",
        "TopicDeletionDisabledError",
        "TransactionalIdAuthorizationFailedError",
        "UnacceptableCredentialError",
        "UnrecognizedBrokerVersion",
        "UnsupportedAssignorError",
        "UnsupportedCodecError",
        "UnsupportedCompressionTypeError",
        "UnsupportedEndpointTypeError",
        "UnsupportedForMessageFormatError",
        "UnsupportedSaslMechanismError",
        "UnsupportedVersionError",
    }
)
"""Wrong settings, credentials or rights here, or a cluster that does not allow what we do."""

TRANSIENT = frozenset(
    {
        "BrokerIdNotRegisteredError",
        "BrokerNotAvailableError",
        "BrokerResponseError",
        "Cancelled",
        "CommitFailedError",
        "ConcurrentTransactionsError",
        "CoordinatorLoadInProgressError",
        "CoordinatorNotAvailableError",
        "CorrelationIdError",
        "CorruptRecordError",
        "DuplicateBrokerRegistrationError",
        "DuplicateResourceError",
        "DuplicateSequenceNumberError",
        "DuplicateVoterError",
        "ElectionNotNeededError",
        "EligibleLeadersNotAvailableError",
        "FencedLeaderEpochError",
        "FencedMemberEpochError",
        "FencedStateEpochError",
        "FetchSessionIdNotFoundError",
        "FetchSessionTopicIdError",
        "GroupIdNotFoundError",
        "IllegalGenerationError",
        "IllegalStateError",
        "InconsistentTopicIdError",
        "InconsistentVoterSetError",
        "IneligibleReplicaError",
        "InvalidFetchSessionEpochError",
        "InvalidMetadataError",
        "InvalidProducerEpochError",
        "InvalidProducerIdMappingError",
        "InvalidReceiveError",
        "InvalidRecordStateError",
        "InvalidShareSessionEpochError",
        "InvalidTxnStateError",
        "InvalidVoterKeyError",
        "KafkaConnectionError",
        "KafkaError",
        "KafkaProtocolError",
        "KafkaStorageError",
        "KafkaTimeoutError",
        "LeaderNotAvailableError",
        "ListenerNotFoundError",
        "LogDirNotFoundError",
        "LogTruncationError",
        "MemberIdRequiredError",
        "MetadataEmptyBrokerList",
        "NetworkExceptionError",
        "NewLeaderElectedError",
        "NoError",
        "NoOffsetForPartitionError",
        "NoReassignmentInProgressError",
        "NodeNotReadyError",
        "NonEmptyGroupError",
        "NotControllerError",
        "NotCoordinatorError",
        "NotEnoughReplicasAfterAppendError",
        "NotEnoughReplicasError",
        "NotLeaderForPartitionError",
        "OffsetMovedToTieredStorageError",
        "OffsetNotAvailableError",
        "OffsetOutOfRangeError",
        "OutOfOrderSequenceNumberError",
        "PositionOutOfRangeError",
        "PreferredLeaderNotAvailableError",
        "ProducerFencedError",
        "QuotaViolationError",
        "ReassignmentInProgressError",
        "RebalanceInProgressError",
        "ReplicaNotAvailableError",
        "RequestTimedOutError",
        "ResourceNotFoundError",
        "RetriableError",
        "ShareSessionNotFoundError",
        "SnapshotNotFoundError",
        "StaleBrokerEpochError",
        "StaleControllerEpochError",
        "StaleMemberEpochError",
        "StaleMetadata",
        "ThrottlingQuotaExceededError",
        "TooManyInFlightRequests",
        "TopicAlreadyExistsError",
        "TransactionAbortableError",
        "TransactionAbortedError",
        "TransactionCoordinatorFencedError",
        "TransactionalIdNotFoundError",
        "UnknownBrokerIdError",
        "UnknownControllerIdError",
        "UnknownError",
        "UnknownLeaderEpochError",
        "UnknownMemberIdError",
        "UnknownProducerIdError",
        "UnknownSubscriptionIdError",
        "UnknownTopicIdError",
        "UnknownTopicOrPartitionError",
        "UnreleasedInstanceIdError",
        "UnstableOffsetCommitError",
        "VoterNotFoundError",
    }
)
"""A broker is away or the cluster is busy with itself; the client starts anew and tries again."""


def translated(error: KafkaError, what: str) -> TocsinError:
    """Our error for one of the library's; ``what`` says what could not be done."""
    names = [kind.__name__ for kind in type(error).__mro__]
    kind = next((_KINDS[name] for name in names if name in _KINDS), LogUnavailable)
    return kind(what, cause=str(error), remedy=_REMEDIES[kind])


@contextmanager
def kafka_errors(what: str) -> Iterator[None]:
    """Turn the library's errors into ours."""
    try:
        yield
    except KafkaError as error:
        raise translated(error, what) from error


_KINDS: dict[str, type[TocsinError]] = {
    **dict.fromkeys(TOO_LARGE, RecordTooLarge),
    **dict.fromkeys(MALFORMED, MalformedRecord),
    **dict.fromkeys(CONFIGURATION, ConfigurationError),
    **dict.fromkeys(TRANSIENT, LogUnavailable),
}
_REMEDIES: dict[type[TocsinError], str] = {
    RecordTooLarge: "Raise the topic's max.message.bytes, then retry it",
    MalformedRecord: "",
    ConfigurationError: "Compare the settings of Kafka with what the cluster allows",
    LogUnavailable: "",
}
