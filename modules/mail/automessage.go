package mail

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/jobs"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/site/option"
)

const (
	// messageAfter is how many days after they joined new members get the private message.
	messageAfter = 3
	// firstUser is who writes the message if the option names nobody: the account that was made when the
	// old site was installed.
	firstUser = 1
)

// newMember is what the private message to new members depends on.
type newMember struct {
	id, level, flags int
	handle           string
	posted           bool
}

// mayGet reports whether the member is to get the message.
func (n newMember) mayGet(o *site.Options) bool {
	return n.flags&auth.FlagNoMessages == 0 && mayEngage(o, n.level, n.flags) == ""
}

// autoMessageText returns the private message to a new member: the site's own, or else ours. It is plain
// text.
func autoMessageText(o *site.Options, n newMember) string {
	key, ours := option.QaAutoPmsgMessageForPosted, autoMessageEn[0]
	japanese := strings.HasPrefix(o.String(option.SiteLanguage), "ja")
	if !n.posted {
		key, ours = option.QaAutoPmsgMessageForNoPosted, autoMessageEn[0]+"\n\n"+autoMessageEn[1]
	}
	switch {
	case japanese && n.posted:
		ours = autoMessageJa[0]
	case japanese:
		ours = autoMessageJa[0] + "\n\n" + autoMessageJa[1]
	}
	text := o.String(key)
	if strings.TrimSpace(text) == "" {
		text = ours
	}
	places := strings.NewReplacer("^username", oneLine(n.handle),
		"^sitename", oneLine(o.String(option.SiteTitle)), "^siteurl", o.String(option.SiteURL))
	return plain(inTable(places.Replace(text)))
}

// Our words, the second of each for those who have not posted yet.
var (
	autoMessageEn = [2]string{
		"Hello ^username, thank you for joining ^sitename. If anything is unclear, reply to this message.",
		"Whatever you wonder about, just ask your first question: ^siteurl"}
	autoMessageJa = [2]string{
		"^username さん、^sitename にご参加いただき、ありがとうございます。ご不明な点がありましたら、このメッセージにご返信ください。",
		"気になることがありましたら、お気軽に最初の質問を投稿してください。^siteurl"}
)

// newMembers returns the next members, by their ids, who joined on the day that was messageAfter days
// before a run was due.
func newMembers(ctx context.Context, db *database.DB, after int, due time.Time) (list []newMember, err error) {
	from, to := daysBefore(due, messageAfter)
	err = db.Select(ctx, func(rows *sql.Rows) error {
		var n newMember
		err := rows.Scan(&n.id, &n.level, &n.flags, &n.handle, &n.posted)
		list = append(list, n)
		return err
	}, `SELECT u.userid, u.level, u.flags, u.handle, EXISTS (SELECT 1 FROM {posts} p WHERE p.userid = u.userid)
		FROM {users} u
		WHERE u.userid > ? AND u.created >= FROM_UNIXTIME(?) AND u.created < FROM_UNIXTIME(?)
		ORDER BY u.userid
		LIMIT ?`, after, from, to, engagedAtOnce)
	if err != nil {
		return nil, fmt.Errorf("read new members: %w", err)
	}
	return list, nil
}

// autoMessenger returns the id of the user who writes to new members.
func (m *Module) autoMessenger(ctx context.Context, o *site.Options) (int, error) {
	handle := strings.TrimSpace(o.String(option.QaAutoPmsgFromHandle))
	if handle == "" {
		return firstUser, nil
	}
	a, err := m.settings.Auth.AccountByHandle(ctx, handle)
	if p := (*problem.Error)(nil); errors.As(err, &p) && p.Status() == http.StatusNotFound {
		return firstUser, nil
	}
	return a.ID, err
}

// autoMessages writes the private message to the members who joined messageAfter days before.
func (m *Module) autoMessages(ctx context.Context, after int, w *jobs.Work) (next int, err error) {
	w.Done = 0
	o, on, err := m.engages(ctx, w, autoMessage)
	if err != nil || !on {
		return 0, err
	}
	list, err := newMembers(ctx, m.db, after, w.Due)
	if err != nil || len(list) == 0 {
		return 0, err
	}
	if len(list) >= engagedAtOnce {
		next = list[len(list)-1].id
	}
	from, err := m.autoMessenger(ctx, o)
	if err != nil {
		return 0, err
	}
	for _, to := range list {
		if !to.mayGet(o) || to.id == from {
			continue
		}
		if w.Done++; w.DryRun {
			continue
		}
		first := func(tx *database.DB) (bool, error) { return recordStep(ctx, tx, to.id, autoMessage, 1) }
		if err := m.settings.Message(ctx, from, to.id, autoMessageText(o, to), first); err != nil {
			return 0, fmt.Errorf("write to a new member: %w", err)
		}
	}
	return next, nil
}

// inTable returns a text without characters beyond the basic plane, which Q2A's tables may not hold.
func inTable(text string) string {
	return strings.Map(func(r rune) rune {
		if r > 0xFFFF {
			return -1
		}
		return r
	}, text)
}
