#include "eas/status.h"

#include <stddef.h>

/* MS-ASCMD 2.2.2. The HTTP codes are those of the documents where they give one; else 400 where the request
 * is to blame, 403 where the account or device is refused, 500 or 503 where the server is. */
static const struct eas_status_info statuses[] = {
	{ STATUS_INVALID_CONTENT, "InvalidContent", 400, EAS_14_0 },
	{ STATUS_INVALID_WBXML, "InvalidWBXML", 400, EAS_14_0 },
	{ STATUS_INVALID_XML, "InvalidXML", 400, EAS_14_0 },
	{ STATUS_INVALID_DATE_TIME, "InvalidDateTime", 400, EAS_14_0 },
	{ STATUS_INVALID_COMBINATION_OF_IDS, "InvalidCombinationOfIDs", 400, EAS_14_0 },
	{ STATUS_INVALID_IDS, "InvalidIDs", 400, EAS_14_0 },
	{ STATUS_INVALID_MIME, "InvalidMIME", 400, EAS_14_0 },
	{ STATUS_DEVICE_ID_MISSING_OR_INVALID, "DeviceIdMissingOrInvalid", 400, EAS_14_0 },
	{ STATUS_DEVICE_TYPE_MISSING_OR_INVALID, "DeviceTypeMissingOrInvalid", 400, EAS_14_0 },
	{ STATUS_SERVER_ERROR, "ServerError", 500, EAS_14_0 },
	{ STATUS_SERVER_ERROR_RETRY_LATER, "ServerErrorRetryLater", 503, EAS_14_0 },
	{ STATUS_ACTIVE_DIRECTORY_ACCESS_DENIED, "ActiveDirectoryAccessDenied", 403, EAS_14_0 },
	{ STATUS_MAILBOX_QUOTA_EXCEEDED, "MailboxQuotaExceeded", 507, EAS_14_0 },
	{ STATUS_MAILBOX_SERVER_OFFLINE, "MailboxServerOffline", 503, EAS_14_0 },
	{ STATUS_SEND_QUOTA_EXCEEDED, "SendQuotaExceeded", 507, EAS_14_0 },
	{ STATUS_MESSAGE_RECIPIENT_UNRESOLVED, "MessageRecipientUnresolved", 400, EAS_14_0 },
	{ STATUS_MESSAGE_REPLY_NOT_ALLOWED, "MessageReplyNotAllowed", 403, EAS_14_0 },
	{ STATUS_MESSAGE_PREVIOUSLY_SENT, "MessagePreviouslySent", 400, EAS_14_0 },
	{ STATUS_MESSAGE_HAS_NO_RECIPIENT, "MessageHasNoRecipient", 400, EAS_14_0 },
	{ STATUS_MAIL_SUBMISSION_FAILED, "MailSubmissionFailed", 500, EAS_14_0 },
	{ STATUS_MESSAGE_REPLY_FAILED, "MessageReplyFailed", 500, EAS_14_0 },
	{ STATUS_ATTACHMENT_IS_TOO_LARGE, "AttachmentIsTooLarge", 500, EAS_14_0 },
	{ STATUS_USER_HAS_NO_MAILBOX, "UserHasNoMailbox", 403, EAS_14_0 },
	{ STATUS_USER_CANNOT_BE_ANONYMOUS, "UserCannotBeAnonymous", 403, EAS_14_0 },
	{ STATUS_USER_PRINCIPAL_COULD_NOT_BE_FOUND, "UserPrincipalCouldNotBeFound", 403, EAS_14_0 },
	{ STATUS_USER_DISABLED_FOR_SYNC, "UserDisabledForSync", 403, EAS_14_0 },
	{ STATUS_USER_ON_NEW_MAILBOX_CANNOT_SYNC, "UserOnNewMailboxCannotSync", 403, EAS_14_0 },
	{ STATUS_USER_ON_LEGACY_MAILBOX_CANNOT_SYNC, "UserOnLegacyMailboxCannotSync", 403, EAS_14_0 },
	{ STATUS_DEVICE_IS_BLOCKED_FOR_THIS_USER, "DeviceIsBlockedForThisUser", 403, EAS_14_0 },
	{ STATUS_ACCESS_DENIED, "AccessDenied", 403, EAS_14_0 },
	{ STATUS_ACCOUNT_DISABLED, "AccountDisabled", 403, EAS_14_0 },
	{ STATUS_SYNC_STATE_NOT_FOUND, "SyncStateNotFound", 403, EAS_14_0 },
	{ STATUS_SYNC_STATE_LOCKED, "SyncStateLocked", 503, EAS_14_0 },
	{ STATUS_SYNC_STATE_CORRUPT, "SyncStateCorrupt", 500, EAS_14_0 },
	{ STATUS_SYNC_STATE_ALREADY_EXISTS, "SyncStateAlreadyExists", 503, EAS_14_0 },
	{ STATUS_SYNC_STATE_VERSION_INVALID, "SyncStateVersionInvalid", 500, EAS_14_0 },
	{ STATUS_COMMAND_NOT_SUPPORTED, "CommandNotSupported", 501, EAS_14_0 },
	{ STATUS_VERSION_NOT_SUPPORTED, "VersionNotSupported", 400, EAS_14_0 },
	{ STATUS_DEVICE_NOT_FULLY_PROVISIONABLE, "DeviceNotFullyProvisionable", 403, EAS_14_0 },
	{ STATUS_REMOTE_WIPE_REQUESTED, "RemoteWipeRequested", 449, EAS_14_0 },
	{ STATUS_LEGACY_DEVICE_ON_STRICT_POLICY, "LegacyDeviceOnStrictPolicy", 449, EAS_14_0 },
	{ STATUS_DEVICE_NOT_PROVISIONED, "DeviceNotProvisioned", 449, EAS_14_0 },
	{ STATUS_POLICY_REFRESH, "PolicyRefresh", 449, EAS_14_0 },
	{ STATUS_INVALID_POLICY_KEY, "InvalidPolicyKey", 449, EAS_14_0 },
	{ STATUS_EXTERNALLY_MANAGED_DEVICES_NOT_ALLOWED, "ExternallyManagedDevicesNotAllowed", 403,
	    EAS_14_0 },
	{ STATUS_NO_RECURRENCE_IN_CALENDAR, "NoRecurrenceInCalendar", 400, EAS_14_0 },
	{ STATUS_UNEXPECTED_ITEM_CLASS, "UnexpectedItemClass", 400, EAS_14_0 },
	{ STATUS_REMOTE_SERVER_HAS_NO_SSL, "RemoteServerHasNoSSL", 500, EAS_14_0 },
	{ STATUS_INVALID_STORED_REQUEST, "InvalidStoredRequest", 400, EAS_14_0 },
	{ STATUS_ITEM_NOT_FOUND, "ItemNotFound", 500, EAS_14_0 },
	{ STATUS_TOO_MANY_FOLDERS, "TooManyFolders", 500, EAS_14_0 },
	{ STATUS_NO_FOLDERS_FOUND, "NoFoldersFound", 500, EAS_14_0 },
	{ STATUS_ITEMS_LOST_AFTER_MOVE, "ItemsLostAfterMove", 500, EAS_14_0 },
	{ STATUS_FAILURE_IN_MOVE_OPERATION, "FailureInMoveOperation", 500, EAS_14_0 },
	{ STATUS_MOVE_DISALLOWED_FOR_NON_PERSISTENT_MOVE, "MoveCommandDisallowedForNonPersistentMoveAction",
	    400, EAS_14_0 },
	{ STATUS_MOVE_INVALID_DESTINATION_FOLDER, "MoveCommandInvalidDestinationFolder", 400, EAS_14_0 },
	{ STATUS_AVAILABILITY_TOO_MANY_RECIPIENTS, "AvailabilityTooManyRecipients", 400, EAS_14_0 },
	{ STATUS_AVAILABILITY_DL_LIMIT_REACHED, "AvailabilityDLLimitReached", 400, EAS_14_0 },
	{ STATUS_AVAILABILITY_TRANSIENT_FAILURE, "AvailabilityTransientFailure", 503, EAS_14_0 },
	{ STATUS_AVAILABILITY_FAILURE, "AvailabilityFailure", 500, EAS_14_0 },
	{ STATUS_BODY_PART_PREFERENCE_TYPE_NOT_SUPPORTED, "BodyPartPreferenceTypeNotSupported", 400,
	    EAS_14_1 },
	{ STATUS_DEVICE_INFORMATION_REQUIRED, "DeviceInformationRequired", 400, EAS_14_1 },
	{ STATUS_INVALID_ACCOUNT_ID, "InvalidAccountId", 400, EAS_14_1 },
	{ STATUS_ACCOUNT_SEND_DISABLED, "AccountSendDisabled", 403, EAS_14_1 },
	{ STATUS_IRM_FEATURE_DISABLED, "IRM_FeatureDisabled", 403, EAS_14_1 },
	{ STATUS_IRM_TRANSIENT_ERROR, "IRM_TransientError", 503, EAS_14_1 },
	{ STATUS_IRM_PERMANENT_ERROR, "IRM_PermanentError", 500, EAS_14_1 },
	{ STATUS_IRM_INVALID_TEMPLATE_ID, "IRM_InvalidTemplateID", 400, EAS_14_1 },
	{ STATUS_IRM_OPERATION_NOT_PERMITTED, "IRM_OperationNotPermitted", 403, EAS_14_1 },
	{ STATUS_NO_PICTURE, "NoPicture", 500, EAS_14_1 },
	{ STATUS_PICTURE_TOO_LARGE, "PictureTooLarge", 500, EAS_14_1 },
	{ STATUS_PICTURE_LIMIT_REACHED, "PictureLimitReached", 500, EAS_14_1 },
	{ STATUS_BODY_PART_CONVERSATION_TOO_LARGE, "BodyPart_ConversationTooLarge", 500, EAS_14_1 },
	{ STATUS_MAXIMUM_DEVICES_REACHED, "MaximumDevicesReached", 403, EAS_14_1 },
	{ STATUS_INVALID_MIME_BODY_COMBINATION, "InvalidMimeBodyCombination", 400, EAS_16_0 },
	{ STATUS_INVALID_SMART_FORWARD_PARAMETERS, "InvalidSmartForwardParameters", 400, EAS_16_0 },
	{ STATUS_INVALID_RECIPIENTS, "InvalidRecipients", 400, EAS_16_0 },
	{ STATUS_ONE_OR_MORE_EXCEPTIONS_FAILED, "OneOrMoreExceptionsFailed", 500, EAS_16_0 },
};

const struct eas_status_info *eas_status_info(unsigned status)
{
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		if (statuses[i].status == status)
			return &statuses[i];
	return NULL;
}

int eas_status_http(unsigned status, enum eas_version v)
{
	const struct eas_status_info *info = eas_status_info(status);

	return !info || v >= EAS_14_0 ? 200 : info->http;
}
