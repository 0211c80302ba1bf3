package mail

import (
	"context"
	"fmt"

	"38qa.net/backend/modules/kernel/database"
)

// frequency is how often a member wants to be mailed of something that they follow, as the table stores it.
type frequency = string

// The frequencies. Question2Answer mails nothing of what people follow, so that never is the default.
const (
	never  frequency = "none"
	atOnce frequency = "at-once"
	daily  frequency = "daily"
	weekly frequency = "weekly"
)

// followMails say how often a member is mailed of what they follow.
type followMails struct {
	Tags       frequency `json:"tags" enum:"none,at-once,daily,weekly" doc:"New questions with a tag that one follows"`
	Categories frequency `json:"categories" enum:"none,at-once,daily,weekly" doc:"New questions in a category that one follows, and below it"`
	Users      frequency `json:"users" enum:"none,at-once,daily,weekly" doc:"New questions of users whom one follows"`
	Questions  frequency `json:"questions" enum:"none,at-once,daily,weekly" doc:"New answers to questions that one follows"`
	Site       frequency `json:"site" enum:"none,at-once,daily,weekly" doc:"All new questions of the site, whatever one follows; digests have the best"`
}

// followMailsPatch are the frequencies to change; what is absent stays.
type followMailsPatch struct {
	Tags       *frequency `json:"tags,omitempty" enum:"none,at-once,daily,weekly"`
	Categories *frequency `json:"categories,omitempty" enum:"none,at-once,daily,weekly"`
	Users      *frequency `json:"users,omitempty" enum:"none,at-once,daily,weekly"`
	Questions  *frequency `json:"questions,omitempty" enum:"none,at-once,daily,weekly"`
	Site       *frequency `json:"site,omitempty" enum:"none,at-once,daily,weekly"`
}

// nothingByMail are the frequencies of members who have chosen none.
var nothingByMail = followMails{never, never, never, never, never}

// any reports whether the member wants mails that often of anything.
func (f followMails) any(often frequency) bool {
	return f.Tags == often || f.Categories == often || f.Users == often || f.Questions == often ||
		f.Site == often
}

// digest returns the digest into which goes what concerns no single kind of what one follows, such as mails
// beyond the limit of a day: the weekly one for those who have that one only, else the daily one.
func (f followMails) digest() frequency {
	if f.any(weekly) && !f.any(daily) {
		return weekly
	}
	return daily
}

// with returns the frequencies with a member's changes.
func (f followMails) with(p *followMailsPatch) followMails {
	for _, c := range []struct{ to, from *frequency }{{&f.Tags, p.Tags}, {&f.Categories, p.Categories},
		{&f.Users, p.Users}, {&f.Questions, p.Questions}, {&f.Site, p.Site}} {
		if c.from != nil {
			*c.to = *c.from
		}
	}
	return f
}

// without returns the frequencies with those of one kind turned off.
func (f followMails) without(often frequency) followMails {
	for _, c := range []*frequency{&f.Tags, &f.Categories, &f.Users, &f.Questions, &f.Site} {
		if *c == often {
			*c = never
		}
	}
	return f
}

// followMailsOf returns how often a member wants to be mailed of what they follow.
func followMailsOf(ctx context.Context, db *database.DB, userID int) (followMails, error) {
	f := nothingByMail
	_, err := db.Get(ctx, []any{&f.Tags, &f.Categories, &f.Users, &f.Questions, &f.Site},
		"SELECT tags, categories, users, questions, site FROM {q2ab_follow_mails} WHERE userid = ?", userID)
	if err != nil {
		return f, fmt.Errorf("read how often a member is mailed: %w", err)
	}
	return f, nil
}

// storeFollowMails stores how often a member wants to be mailed of what they follow.
func storeFollowMails(ctx context.Context, tx *database.DB, userID int, f followMails) error {
	_, err := tx.Exec(ctx, `INSERT INTO {q2ab_follow_mails} (userid, tags, categories, users, questions, site)
		VALUES (?, ?, ?, ?, ?, ?)`+
		tx.Overwrite("userid", "tags", "categories", "users", "questions", "site"),
		userID, f.Tags, f.Categories, f.Users, f.Questions, f.Site)
	if err != nil {
		return fmt.Errorf("store how often a member is mailed: %w", err)
	}
	return nil
}

// frequencyOf are the frequencies that links in mails turn off, by the topics of the mails. They are no
// topics of the table of preferences.
var frequencyOf = map[topic]frequency{topicFollowed: atOnce, topicDaily: daily, topicWeekly: weekly}

// wantsFollowMails reports whether a member may still want a mail of a topic of frequencyOf. Digests may
// also have what was to be mailed at once; tellDigest looks at what is left of them.
func wantsFollowMails(ctx context.Context, db *database.DB, userID int, often frequency) (bool, error) {
	f, err := followMailsOf(ctx, db, userID)
	return f.any(often) || f.any(atOnce), err
}

// stopFollowMails turns off what a member is mailed of at one frequency.
func stopFollowMails(ctx context.Context, tx *database.DB, userID int, often frequency) error {
	f, err := followMailsOf(ctx, tx, userID)
	if err != nil || !f.any(often) {
		return err
	}
	return storeFollowMails(ctx, tx, userID, f.without(often))
}
