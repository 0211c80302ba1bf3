package mail

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/site/option"
)

// Engagement mails are those that the site sends its members by itself: thanks, advice and reminders, as
// plugins of the old site do. engagementevents.go has those that follow from events, engagementjobs.go
// those that are sent by schedule, and engagementkinds.go the texts.

// mayEngage returns why a member is not to get engagement mails, or "".
func mayEngage(o *site.Options, level, flags int) gone {
	if flags&auth.FlagEmailConfirmed == 0 && o.Bool(option.ConfirmUserEmails) {
		return "the user's address is not confirmed"
	}
	return mayMail(o, level, flags)
}

// mayMail returns why a member is not to get mails that nobody asked for, or "". The conditions are those
// of Q2A for its mailings.
func mayMail(o *site.Options, level, flags int) gone {
	switch {
	case flags&auth.FlagBlocked != 0:
		return "the user is blocked"
	case flags&auth.FlagNoMailings != 0:
		return "the user wants no mailings"
	case level < auth.LevelApproved && o.Bool(option.ModerateUsers):
		return "the user is not approved"
	}
	return ""
}

// step is one mail of a kind to somebody, which is sent once.
type step struct {
	queued
	// number tells the steps of a kind to the same recipient apart.
	number int64
}

// once queues mails, except those whose recipients have had that step of the kind. seq is the number of
// the event from which they follow, or 0 for mails that are sent by schedule. What is recorded is
// recorded in the same transaction, so that a step is neither lost nor repeated. once returns how many it
// has queued.
func once(ctx context.Context, tx *database.DB, seq int64, list ...step) (n int, err error) {
	for _, s := range list {
		first, err := recordStep(ctx, tx, s.userID, s.kind, s.number)
		if err != nil {
			return n, err
		}
		if !first {
			continue
		}
		at := seq
		if at == 0 {
			at = s.number
		}
		if err := add(ctx, tx, at, s.queued); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// recordStep notes that a user gets a step of a kind, and reports whether it is the first time.
func recordStep(
	ctx context.Context, tx *database.DB, userID int, kind string, number int64,
) (first bool, err error) {
	n, err := tx.Exec(ctx, tx.InsertIgnore()+` {q2ab_engagement} (userid, kind, step, at)
		VALUES (?, ?, ?, ?)`, userID, kind, number, tx.Now())
	if err != nil {
		return false, fmt.Errorf("record a step of %s: %w", kind, err)
	}
	return n > 0, nil
}

// forgetEngagement removes what a deleted user has been sent.
func forgetEngagement(ctx context.Context, tx *database.DB, userID int) error {
	if _, err := tx.Exec(ctx, "DELETE FROM {q2ab_engagement} WHERE userid = ?", userID); err != nil {
		return fmt.Errorf("forget what a user was sent: %w", err)
	}
	return nil
}

// ownText is a mail in the words of the site's options instead of ours. Where the title or the body is
// empty, ours stands.
type ownText struct {
	title, body string
	// whole reports whether the title is the whole subject, without the site's name in front.
	// The placeholders of plugins mean nothing in it.
	whole bool
}

// filled returns the text with the plugins' placeholders replaced.
func (t ownText) filled(c *content) ownText {
	if t.whole {
		return ownText{oneLine(t.title), t.body, true}
	}
	places := strings.NewReplacer("^username", c.Handle, "^sitename", c.Site, "^siteurl", c.Address,
		"^count", strconv.Itoa(c.Number), "^type", c.PostType)
	return ownText{oneLine(places.Replace(t.title)), places.Replace(t.body), false}
}

// plain returns a text of an option as the body of a mail: with our line breaks, and without control
// characters and anything that would end the body before the signature.
func plain(text string) string {
	lines := strings.Split(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text), "\n")
	kept := lines[:0]
	for _, line := range lines {
		line = strings.TrimRight(strings.Map(func(r rune) rune {
			if r < ' ' || r == 0x7f {
				return ' '
			}
			return r
		}, line), " ")
		if line == "" && (len(kept) == 0 || kept[len(kept)-1] == "") {
			continue // one empty line divides paragraphs as well as many do
		}
		kept = append(kept, line)
	}
	return strings.TrimSpace(strings.Join(kept, "\n"))
}

// optionText returns the text of options of the site, whose title may be the zero Key.
func optionText(o *site.Options, title, body option.Key) ownText {
	return ownText{title: strings.TrimSpace(o.String(title)), body: strings.TrimSpace(o.String(body))}
}
