package modules

// schemaNames are the names of schemas in the OpenAPI document, by those that follow from the names of Go's types.
var schemaNames = map[string]string{
	// Posts.
	"Text": "PostText", "Update": "LastChange", "ListQuestionItem": "QuestionPage",
	"ListSearchItem": "SearchPage", "ListRelatedItem": "RelatedQuestionPage", "ListString": "TagNames",
	"AskInputBody": "NewQuestion", "ReplyInputBody": "NewReply", "EditInputBody": "ReplyPatch",
	"EditQuestionInputBody": "QuestionPatch", "ConvertInputBody": "AnswerConversion",
	"CloseInputBody": "NewClosure", "MoveInputBody": "CategoryChange", "RetagInputBody": "TagsChange",
	"SelectInputBody": "AnswerSelection", "VoteInputBody": "NewVote",
	"VisibilityInputBody": "VisibilityChange", "ApprovalInputBody": "ApprovalDecision",
	"RestoreInputBody": "RevisionRestoration", "TicketOutputBody": "EventTicket",
	"SetTagPageInputBody": "TagPageTexts", "SetCategoryPageInputBody": "CategoryPatch",
	"CategoryPage": "CategoryPageTexts", "CategoryPageChange": "CategoryPagePatch",
	"PreferencesInputBody": "PreferencesPatch", "UnreadOutputBody": "UnreadCount",
	"ReadInputBody": "InboxEntryMark", "ReadAllInputBody": "InboxMark", "FeedbackInputBody": "NewFeedback",
	"MailState": "MailQueue", "QueueState": "MailQueueCounts",
	"MailingState": "Mailing", "MailingStateInputBody": "MailingChange",
	"MailingPreviewOutputBody": "MailingPreview",
	"SubscribeInputBody":       "NewPushSubscription", "PushKeys": "PushSubscriptionKeys",
	"ReadOldNoticesInputBody": "OldNoticesMark",
	"HidePostsOutputBody":     "HiddenPosts", "Metadata": "QuestionMetadata", "PublicEvent": "LiveEvent",
	// Users, from what stands beside a post to the whole of one's own account.
	"Author": "UserSummary", "User": "UserListItem", "Profile": "UserProfile", "Me": "OwnAccount",
	"AccountState": "UserAccount", "Stats": "UserStats",
	"ChangeMeInputBody": "OwnAccountPatch", "ChangePasswordInputBody": "PasswordChange",
	"EmailInputBody": "EmailChange", "AvatarInputBody": "AvatarChoice", "EditUserInputBody": "UserPatch",
	"MessageBody": "NewMessage", "WallInputBody": "NewWallPost", "StartGroupInputBody": "NewGroup",
	"AddMembersInputBody": "NewMembers", "GroupPatchInputBody": "GroupPatch", "Candidate": "MessageCandidate",
	"LevelInputBody": "LevelChange", "LevelInCategory": "CategoryLevelChange",
	"SignInInputBody": "SignIn", "SignUpInputBody": "NewAccount", "SignOutInputBody": "SignOut",
	"RefreshInputBody": "TokenRefresh", "ForgotInputBody": "PasswordResetRequest",
	"ResetInputBody": "PasswordReset", "ConfirmInputBody": "EmailConfirmation",
	"BonusInputBody": "NewBonus", "BonusOutputBody": "BonusPoints", "TitlesBody": "UserTitles",
	"WeightsOutputBody": "PointWeightsState", "BadgeOutputBody": "BadgeDetail",
	"NewNoticeInputBody": "NewNotice", "DraftText": "NewDraft",
	// Pictures, jobs and the site.
	"Uploaded": "UploadedMedia", "Direct": "DirectUpload", "DirectInputBody": "NewDirectUpload",
	"Info": "Job", "InfoOutputBody": "JobDetail", "RunInfo": "JobRun", "RunInputBody": "NewJobRun",
	"Parameter": "JobParameter", "Page": "SitePage", "ListPage": "SitePages",
	"StatsOutputBody": "SiteStats", "CohortsOutputBody": "SiteCohorts", "ProbeBody": "HealthStatus",
	"SiteInfo": "Site", "SecretRotation": "WebhookSecretRotation", "UpdateOptionsInputBody": "OptionsPatch",
}
