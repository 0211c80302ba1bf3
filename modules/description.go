package modules

import (
	_ "embed" // of the guide

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/site/option"
)

// guide is the text in front of the reference. Its headings are the reference's chapters.
//
//go:embed guide.md
var guide string

// describe returns the description of the API with its examples.
func describe() web.Description {
	d := description
	d.Examples = examples()
	return d
}

// description is what the OpenAPI document says of the whole API. The names in it are part of the API:
// clients are generated from the document.
var description = web.Description{
	Title: "Question2Answer backend", Version: "1.0.0",
	Text: guide,
	Tags: []web.Tag{
		{Name: "Questions", Text: "Questions with their answers and comments, to read."},
		{Name: "Writing",
			Text: "Asking, answering, commenting, voting, editing and everything else that changes posts."},
		{Name: "Search", Text: "Questions by their words."},
		{Name: "Activity", Text: "What happened lately, as lists and as a live stream."},
		{Name: "Categories", Text: "The tree of categories."},
		{Name: "Tags", Text: "Tags, and suggestions for them."},
		{Name: "Users", Text: "Members, their profiles and what they wrote."},
		{Name: "Badges", Text: "Badges and who has them."},
		{Name: "Rankings", Text: "Who leads in points, answers and more, by period."},
		{Name: "Me", Text: "The caller's own account, messages and updates."},
		{Name: "Authentication", Text: "Signing up, in and out, and forgotten passwords."},
		{Name: "Media", Text: "Pictures: uploads, files and their sizes."},
		{Name: "Site", Text: "What the site is, and its pages."},
		{Name: "Moderation", Text: "Lists for those who moderate."},
		{Name: "Administration", Text: "Users, options, points, jobs, webhooks and statistics, for administrators."},
		{Name: "Operations", Text: "Probes for load balancers."},
	},
	Schemas: schemaNames,
	Unions: []web.Union{{Name: "Post", Text: "A post of any type, for clients that keep them together",
		Property: "type",
		Schemas:  map[string]string{"question": "Question", "answer": "Answer", "comment": "Comment"}}},
	Enumerations: []web.Enumeration{
		{Name: "Permission", Text: "The site's options that say who may do what", Words: auth.PermissionNames()},
		{Name: "Level", Text: "A user's role, from the least to the most",
			Words: []string{"basic", "approved", "expert", "editor", "moderator", "admin", "super"}},
		{Name: "PostType", Text: "The kind of a post; a note says why a question is closed",
			Words: []string{"question", "answer", "comment", "note"}},
		{Name: "PostState", Text: "Hidden and queued posts are shown only to those who may see them",
			Words: []string{"visible", "hidden", "queued"}},
		{Name: "Format", Text: "How a content is written", Words: []string{"plain", "html", "markdown"}},
		{Name: "ChangeKind", Text: "What was changed in a post", Words: []string{"content", "tags", "category",
			"closed", "selected", "visibility", "type", "other"}},
		{Name: "ActivityKind", Text: "What happened to a post", Words: []string{"new", "content", "tags", "category",
			"closed", "selected", "visibility", "type", "comment-on-question", "comment-on-answer", "follow", "other"}},
		{Name: "LiveEventKind", Text: "What happened; new words may come", Words: []string{
			"question", "answer", "comment", "edit", "selected", "unselected", "closed", "reopened", "hidden",
			"reshown", "moved", "converted", "vote", "claimed", "message", "group-message", "wall-post", "notice",
			"inbox", "inbox-read", "hello", "reset"}},
		{Name: "RevisionChange", Text: "What is different in two versions of a post",
			Words: []string{"title", "content", "format", "tags", "category"}},
		{Name: "PostAction", Text: "What can be done with many posts at once",
			Words: []string{"approve", "reject", "hide", "reshow", "clear-flags", "delete"}},
		{Name: "PostHistoryKind", Text: "What happened to a post, for those who moderate", Words: []string{"created",
			"edited", "approved", "rejected", "hidden", "reshown", "flags-cleared", "closed", "reopened", "deleted"}},
		{Name: "UserHistoryKind", Text: "What happened to an account, for moderators", Words: []string{"registered",
			"approved", "level", "category-levels", "blocked", "unblocked", "posts-hidden", "changed"}},
		{Name: "BadgeGroup", Text: "What a badge is for",
			Words: []string{"answer", "question", "diary", "action", "month"}},
		{Name: "RankingPeriod", Text: "The time that a ranking covers",
			Words: []string{"all-time", "month", "week", "today", "last-month", "last-week", "yesterday"}},
		{Name: "RankingCriterion", Text: "What is ranked",
			Words: []string{"points", "questions", "answers", "best-answers", "best-answer-rate"}},
		{Name: "AvatarSource", Text: "Which picture of a user is shown", Words: []string{"none", "upload", "gravatar"}},
		{Name: "AccountOrigin", Text: "How an account was made",
			Words: []string{"email", "facebook", "twitter", "google"}},
		{Name: "TokenScope", Text: "What an API token may do",
			Words: []string{"read", "write", "me", "moderate", "admin"}},
		{Name: "ExportState", Text: "How far a copy of a member's data is",
			Words: []string{"waiting", "working", "ready", "expired", "failed"}},
		{Name: "DraftKind", Text: "What a draft is to become",
			Words: []string{"question", "answer", "comment", "message"}},
		{Name: "InboxKind", Text: "What an entry of the inbox tells of", Words: []string{"answer", "comment", "selected",
			"mention", "followed", "votes", "message", "wall", "approved", "hidden", "group-message", "badge"}},
		{Name: "MailFrequency", Text: "How often one is mailed of something: at once, or in a digest",
			Words: []string{"none", "at-once", "daily", "weekly"}},
		{Name: "CaptchaUse", Text: "What needs a solved challenge",
			Words: []string{"sign-up", "forgot", "post", "feedback"}},
		{Name: "JobRunStatus", Text: "How far a run of a job is",
			Words: []string{"queued", "running", "done", "failed", "cancelled", "skipped"}},
		{Name: "MissedRuns", Text: "What becomes of times at which no server was there",
			Words: []string{"catch-up-once", "catch-up-each", "skip"}},
		{Name: "WebhookKind", Text: "Of what receivers of webhooks can be told; new words may come", Words: []string{
			"question", "answer", "comment", "edit", "selected", "unselected", "closed", "reopened", "hidden",
			"reshown", "moved", "converted", "vote", "claimed"}},
		{Name: "WebhookMessageKind", Text: "Of what a message of a webhook tells; new words may come", Words: []string{
			"question", "answer", "comment", "edit", "selected", "unselected", "closed", "reopened", "hidden",
			"reshown", "moved", "converted", "vote", "claimed", "test"}},
		{Name: "DeliveryState", Text: "What has become of a message of a webhook",
			Words: []string{"waiting", "delivered", "failed", "withdrawn"}},
		{Name: "DeliveryFailure", Text: "Why a message of a webhook did not arrive", Words: []string{"timeout",
			"forbidden-address", "unknown-host", "bad-certificate", "no-connection", "redirect", "gone", "refused"}},
		{Name: "SpamService", Text: "Which service against spam was asked", Words: []string{"akismet", "stopforumspam"}},
		{Name: "SpamVerdict", Text: "What a service against spam said", Words: []string{"spam", "blatant", "listed"}},
		{Name: "SpamReason", Text: "What a verdict about spam is about",
			Words: []string{"content", "ip", "email", "ip-and-email", "registration"}},
		{Name: "OptionType", Text: "Which values an option of the site takes", Words: option.Kinds()},
		{Name: "OptionGroup", Text: "The page of the old site's administration that has an option",
			Words: option.Groups()},
		{Name: "PermissionLevel", Text: "Who may see or do something, from everybody to super administrators",
			Words: option.PermissionLevels()},
		{Name: "PageType", Text: "A page of the site's own, or a link to another address",
			Words: []string{"page", "link"}},
		{Name: "ProfileFieldKind", Text: "What a field of profiles holds: one line, several, or an address",
			Words: []string{"line", "lines", "link"}},
		{Name: "PagePlace", Text: "Where the site's navigation shows a page",
			Words: []string{"main", "before-main", "opposite", "footer", "none"}},
	},
}
