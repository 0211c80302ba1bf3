package option

// secret are options of Q2A and its plugins that are neither shown nor changed here, whether this backend
// reads them or not.
var secret = map[string]bool{
	"form_security_salt": true, "recaptcha_private_key": true, "smtp_password": true,
	"smtp_username": true, "facebook_app_secret": true, "twitter_consumer_secret": true,
	"google_client_secret": true, "s3_access_key": true, "s3_secret_key": true,
}

// elsewhere are options that are not changed as options, with what changes them.
var elsewhere = map[string]string{
	PointsToTitles.name: "PUT /v1/admin/titles",
	PointsVoteOnQ.name:  "PUT /v1/admin/points", PointsVoteOnA.name: "PUT /v1/admin/points",
	PointsPerQVoted.name: "PUT /v1/admin/points", PointsPerAVoted.name: "PUT /v1/admin/points",
	AskNeedsLogin.name: PermitPostQ.name, AnswerNeedsLogin.name: PermitPostA.name,
	CommentNeedsLogin.name:   PermitPostC.name,
	AvatarDefaultBlobID.name: "the old site, admin/users",
	EnabledPlugins.name:      "the old site, admin/plugins",
	MaxCopyUserUpdates.name:  "the server itself",
}

func init() {
	for _, k := range []Key{PointsASelected, PointsAVotedMaxGain, PointsAVotedMaxLoss, PointsBase,
		PointsCVotedMaxGain, PointsCVotedMaxLoss, PointsMultiple, PointsPerAVotedDown, PointsPerAVotedUp,
		PointsPerCVotedDown, PointsPerCVotedUp, PointsPerQVotedDown, PointsPerQVotedUp, PointsPostA,
		PointsPostQ, PointsQVotedMaxGain, PointsQVotedMaxLoss, PointsSelectA, PointsVoteDownA,
		PointsVoteDownQ, PointsVoteUpA, PointsVoteUpQ} {
		elsewhere[k.name] = "PUT /v1/admin/points"
	}
	for _, k := range []Key{CacheAcount, CacheCcount, CacheFlaggedcount, CacheQcount, CacheQueuedcount,
		CacheTagcount, CacheUapprovecount, CacheUnaqcount, CacheUnselqcount, CacheUnupaqcount,
		CacheUserpointscount} {
		elsewhere[k.name] = "POST /v1/admin/jobs/recount/run"
	}
	for _, k := range []Key{MailingBody, MailingDoneUsers, MailingFromEmail, MailingFromName, MailingLastTimestamp,
		MailingLastUserid, MailingPerMinute, MailingSubject, MailingTotalUsers} {
		elsewhere[k.name] = "PUT /v1/admin/mailing"
	}
	// The texts and numbers of the plugins' mails have pages of the plugins' own.
	for _, k := range []Key{Q2aAdvicemailBody, Q2aAdvicemailHour, Q2aAgainPostsThanksBody, Q2aAgainPostsThanksDay,
		Q2aGetRoundnumberCelebrateBody, Q2aOnlyOnceAnswerBody, Q2aOnlyOnceAnswerDay, Q2aOnlyOnceQuestionBody,
		Q2aOnlyOnceQuestionDay, Q2aStepmailAnswer1, Q2aStepmailAnswer2, Q2aStepmailAnswer3,
		Q2aStepmailAnswer4, Q2aStepmailAnswerRound1, Q2aStepmailAnswerRound2, Q2aStepmailAnswerRound3,
		Q2aStepmailAnswerRound4, Q2aStepmailAnswerTitle1, Q2aStepmailAnswerTitle2, Q2aStepmailAnswerTitle3,
		Q2aStepmailAnswerTitle4, Q2aStepmailQuestion1, Q2aStepmailQuestion2, Q2aStepmailQuestion3,
		Q2aStepmailQuestion4, Q2aStepmailQuestionRound1, Q2aStepmailQuestionRound2,
		Q2aStepmailQuestionRound3, Q2aStepmailQuestionRound4, Q2aStepmailQuestionTitle1,
		Q2aStepmailQuestionTitle2, Q2aStepmailQuestionTitle3, Q2aStepmailQuestionTitle4, Q2aStaticsEmails,
		QaAskHelpAnswerMailBegin, QaAskHelpAnswerMailSubject, QaAskHelpAnswerToAddress, QaAutoPmsgFromHandle,
		QaAutoPmsgMessageForNoPosted, QaAutoPmsgMessageForPosted} {
		elsewhere[k.name] = "the old site, admin/plugins"
	}
}

// withoutEffect are options that only the old site's pages obey.
var withoutEffect = map[string]bool{}

func init() {
	for _, k := range []Key{
		// How the old site's pages look, and what their forms and menus offer.
		AllowViewQBots, ColumnsTags, ColumnsUsers, CustomInHead, DoAskCheckQs, DoCompleteTags, MinifyHTML, NavAsk,
		NavQaNotHome, NavQuestions, NavTags, NavUnanswered, NavUsers, NotifyUsersDefault, PageSizeHome,
		PageSizeQAs, PagesPrevNext, ShowACLinks, ShowAFormImmediate, ShowCReplyButtons, ShowCompactNumbers,
		ShowCustomInHead, ShowFewerCsCount, ShowFewerCsFrom, ShowFullDateDays, ShowViewCountQPage, ShowViewCounts,
		ShowWhenCreated, SiteTextDirection, SiteTheme, UseMicrodata,
		// Its cache, and how it sends mail.
		CachingCatwidgetTime, CachingDriver, CachingEnabled, CachingQStart, CachingQTime, CachingQlistTime,
		SMTPPort,
		// Points for permissions that do not depend on points.
		PermitViewQPage.Points(), PermitViewNewUsersPage.Points(), PermitViewSpecialUsersPage.Points(),
		PermitViewVotersFlaggers.Points(), PermitEditSilent.Points(), PermitDeleteHidden.Points(),
		PluginCatDescPermitEdit.Points(), PluginTagDescPermitEdit.Points(),
	} {
		withoutEffect[k.name] = true
	}
}
