package mail

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	netmail "net/mail"
	"strconv"
	"strings"
	"time"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/site/option"
)

// A mailing goes to all members. Its texts and how far it has come stand in Q2A's own options, so that
// either side shows the progress and can go on with what the other has begun. mailingjob.go sends it,
// and mailingapi.go has the operations by which administrators run it.

// The kinds of mail of mailings. mailing_test goes to the administrator who asks for it.
const (
	kindMailing     = "mailing"
	kindMailingTest = "mailing_test"
)

var mailingKinds = map[string]kind{
	kindMailing: {topic: topicMailings, load: (*Module).loadMailing, own: letterOf,
		en: parse("{{.Site}}\n\n"), ja: parse("{{.Site}}\n\n")},
	kindMailingTest: {topic: topicMailings, load: (*Module).loadMailing, own: letterOf,
		en: parse("{{.Site}}\n\n"), ja: parse("{{.Site}}\n\n")},
}

func letterOf(c *content) ownText { return c.letter }

// topicMailings are the mailings. It is no topic of the preferences: whether members want them is a flag
// of their accounts, as on the old site.
const topicMailings topic = "mailings"

// letter is the text of a mailing and its sender.
type letter struct{ fromName, fromEmail, subject, body string }

// letterIn returns the text that the site's options hold, with Q2A's defaults of the sender.
func letterIn(o *site.Options) letter {
	text := func(key option.Key) string { return strings.TrimSpace(o.String(key)) }
	return letter{cmp.Or(text(option.MailingFromName), text(option.SiteTitle)),
		cmp.Or(text(option.MailingFromEmail), text(option.FromEmail)),
		text(option.MailingSubject), text(option.MailingBody)}
}

// put makes the mail that of the letter. With the setting MAIL_FROM mails come from that address only;
// that of the letter is then where answers go.
func (l letter) put(c *content, setting string) {
	c.letter = ownText{title: l.subject, body: l.body, whole: true}
	from := &netmail.Address{Name: headerText(l.fromName, maxName), Address: l.fromEmail}
	if !validAddress(l.fromEmail) {
		from = nil
	}
	if own, err := netmail.ParseAddress(setting); err == nil {
		c.replyTo = from
		from = &netmail.Address{Name: headerText(l.fromName, maxName), Address: own.Address}
	}
	c.from = from
}

// loadMailing reads the text of a mailing: as it was when the mailing began or, of a test, as it is now.
func (m *Module) loadMailing(ctx context.Context, r *row, c *content) error {
	l := letterIn(c.options)
	if r.about.Mailing != 0 {
		if reason := mayMail(c.options, c.user.level, c.user.flags); reason != "" {
			return reason
		}
		found, err := m.db.Get(ctx, []any{&l.fromName, &l.fromEmail, &l.subject, &l.body},
			"SELECT from_name, from_email, subject, body FROM {q2ab_mailings} WHERE id = ?", r.about.Mailing)
		if err != nil {
			return outage{fmt.Errorf("read a mailing: %w", err)}
		}
		if !found {
			return gone("the mailing is gone")
		}
	}
	// Without an address of the API there is no link that turns mailings off at once.
	if account := c.links.to([]string{"account"}); account != "" && !strings.Contains(m.site.APIURL(), "://") {
		l.body += "\n\n" + account
	}
	l.put(c, m.settings.From)
	return nil
}

// recipientsOf returns mayMail as an SQL condition.
func recipientsOf(o *site.Options) (condition string, args []any) {
	condition, args = "(flags & ?) = 0", []any{auth.FlagBlocked | auth.FlagNoMailings}
	if o.Bool(option.ModerateUsers) {
		condition, args = condition+" AND level >= ?", append(args, auth.LevelApproved)
	}
	return condition, args
}

// progress is how far a mailing has come, as Q2A's options say.
type progress struct {
	// under reports whether a mailing is under way, on either side.
	under             bool
	last, done, total int
	// stamp is the option mailing_last_timestamp, from when on the old site sends next. It may have
	// a fraction.
	stamp string
}

// at returns the time of the stamp in Unix seconds; 0 if there is none.
func (p progress) at() int64 {
	f, err := strconv.ParseFloat(p.stamp, 64)
	if err != nil || f < 0 || f > 1e11 {
		return 0
	}
	return int64(f)
}

var progressOptions = []option.Key{option.MailingLastUserid, option.MailingLastTimestamp,
	option.MailingDoneUsers, option.MailingTotalUsers}

// readProgress reads how far the mailing has come from the database, since the options in memory may be a
// second old. tail is added to the query.
func readProgress(ctx context.Context, db *database.DB, tail string) (p progress, err error) {
	names := make([]string, len(progressOptions))
	for i, key := range progressOptions {
		names[i] = key.Name()
	}
	values := map[string]string{}
	err = db.Select(ctx, func(rows *sql.Rows) error {
		var name, value string
		err := rows.Scan(&name, &value)
		values[name] = value
		return err
	}, "SELECT title, content FROM {options} WHERE title IN ? ORDER BY title"+tail, names)
	if err != nil {
		return p, fmt.Errorf("read how far the mailing has come: %w", err)
	}
	number := func(key option.Key) int {
		n, _ := strconv.Atoi(strings.TrimSpace(values[key.Name()])) // 0 of what is no number
		return n
	}
	last := strings.TrimSpace(values[option.MailingLastUserid.Name()])
	return progress{under: last != "", last: number(option.MailingLastUserid),
		done: number(option.MailingDoneUsers), total: number(option.MailingTotalUsers),
		stamp: strings.TrimSpace(values[option.MailingLastTimestamp.Name()])}, nil
}

// store writes how far the mailing has come, as Q2A does.
func (p progress) store(ctx context.Context, tx *database.DB) error {
	values := map[option.Key]string{}
	for _, key := range progressOptions {
		values[key] = ""
	}
	if p.under {
		values[option.MailingLastUserid] = strconv.Itoa(p.last)
		values[option.MailingLastTimestamp] = p.stamp
		values[option.MailingDoneUsers] = strconv.Itoa(p.done)
		values[option.MailingTotalUsers] = strconv.Itoa(p.total)
	}
	return site.Set(ctx, tx, values)
}

// mailing is a row of this backend's own about a mailing that is under way.
type mailing struct {
	id int
	// stamp, settled and due are described with the table.
	stamp        string
	settled, due int64
}

// openMailing returns this backend's row of the mailing that is under way. It makes one if the old site
// has begun the mailing.
func openMailing(ctx context.Context, tx *database.DB, o *site.Options) (g mailing, err error) {
	found, err := tx.Get(ctx, []any{&g.id, &g.stamp, &g.settled, &g.due},
		`SELECT id, stamp, settled, due
			FROM {q2ab_mailings}
			WHERE ended = 0
			ORDER BY id DESC
			LIMIT 1`)
	if err == nil && !found {
		g.id, err = newMailing(ctx, tx, letterIn(o), 0)
	}
	if err != nil {
		return g, fmt.Errorf("find the mailing under way: %w", err)
	}
	return g, nil
}

// newMailing makes the row of a mailing that begins.
func newMailing(ctx context.Context, tx *database.DB, l letter, by int) (int, error) {
	if err := endMailings(ctx, tx); err != nil { // of one that the old site has ended
		return 0, err
	}
	id, err := tx.Insert(ctx,
		`INSERT INTO {q2ab_mailings} (from_name, from_email, subject, body, byuserid, began)
		VALUES (?, ?, ?, ?, ?, ?)`, l.fromName, l.fromEmail, l.subject, l.body, by, tx.Now())
	return int(id), err
}

// endMailings notes that no mailing is under way any more.
func endMailings(ctx context.Context, tx *database.DB) error {
	if _, err := tx.Exec(ctx, "UPDATE {q2ab_mailings} SET ended = ? WHERE ended = 0", tx.Now()); err != nil {
		return fmt.Errorf("end a mailing: %w", err)
	}
	return nil
}

// beginMailing begins a mailing unless one is under way.
func beginMailing(ctx context.Context, tx *database.DB, o *site.Options, by int) error {
	p, err := readProgress(ctx, tx, tx.ForUpdate())
	if err != nil || p.under {
		return err
	}
	id, err := newMailing(ctx, tx, letterIn(o), by)
	if err != nil {
		return fmt.Errorf("begin a mailing: %w", err)
	}
	p = progress{under: true, stamp: strconv.FormatInt(tx.Now()+hold, 10)}
	if _, err := tx.Get(ctx, []any{&p.total}, "SELECT COUNT(*) FROM {users}"); err != nil {
		return fmt.Errorf("count the users: %w", err)
	}
	if _, err := tx.Exec(ctx, "UPDATE {q2ab_mailings} SET stamp = ?, settled = ? WHERE id = ?",
		p.stamp, tx.Now()+settling, id); err != nil {
		return fmt.Errorf("begin a mailing: %w", err)
	}
	return p.store(ctx, tx)
}

// releaseMailing lets the old site go on with the mailing at once.
func releaseMailing(ctx context.Context, tx *database.DB) error {
	p, err := readProgress(ctx, tx, tx.ForUpdate())
	if err != nil || !p.under {
		return err
	}
	p.stamp = strconv.FormatInt(tx.Now(), 10)
	return p.store(ctx, tx)
}

// cancelMailing ends the mailing under way. Those who have not got it yet do not get it.
func cancelMailing(ctx context.Context, tx *database.DB) error {
	if _, err := readProgress(ctx, tx, tx.ForUpdate()); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `DELETE FROM {q2ab_mail}
		WHERE kind = ? AND seq IN (SELECT id FROM {q2ab_mailings} WHERE ended = 0)`, kindMailing)
	return errors.Join(err, endMailings(ctx, tx), progress{}.store(ctx, tx))
}

// pace is how a mailing goes on: how many users one step looks at, and how long it takes for so many mails.
type pace struct{ perMinute int }

// paceIn returns the pace that the option mailing_per_minute sets.
func paceIn(o *site.Options) pace { return pace{max(o.Int(option.MailingPerMinute), 1)} }

// users returns how many users a step looks at: those of about six seconds, at most a hundred, as in
// Q2A.
func (p pace) users() int { return min(max(p.perMinute/10, 1), 100) }

// pause returns how long it takes until so many mails may have been sent.
func (p pace) pause(mails int) time.Duration {
	return time.Duration(mails) * time.Minute / time.Duration(p.perMinute)
}
