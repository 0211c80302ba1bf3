package mail

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"time"

	"38qa.net/backend/modules/kernel/background"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/jobs"
	"38qa.net/backend/modules/site"
)

const (
	// mailingJob is the name of the job that sends a mailing.
	mailingJob = "mailing"
	// hold is for how many seconds the stamp in the options keeps the old site from sending. The old
	// site takes a stamp that is more than 60 seconds ahead for a broken one.
	hold = 30
	// settling is how many seconds a run waits after it has taken a mailing over, so that a step of the
	// old site that has just read the old stamp writes down whom it sends to.
	settling = 10
	// mailingRest is the longest pause between two looks at the mailing. It is shorter than hold, so that
	// the stamp never runs out while a run holds the mailing.
	mailingRest = 10 * time.Second
	// mailingBacklog is how many mails of a mailing may wait in the queue, as a multiple of a step's, so
	// that no other mail waits long behind them.
	mailingBacklog = 3
)

// UseJobs tells the module of the manager of jobs, which runs those that it requests.
func (m *Module) UseJobs(j *jobs.Manager) { m.jobs = j }

// MailingJob returns the job that sends the mailing that is under way, at the pace of the option
// mailing_per_minute. It advances Q2A's own options and queues the mails in one transaction, so that
// nobody is left out and nobody gets it twice, whenever it is killed.
//
// The old site sends a mailing from a page that an administrator keeps open. Both sides read from when on
// the next mails may be sent in the option mailing_last_timestamp, and a time that is less than a minute
// ahead keeps the old site from sending. So this job keeps the time ahead. If it finds a time that it has
// not written, the old site has sent meanwhile: it takes the mailing over, and waits until a step that
// was under way there is written down.
func (m *Module) MailingJob() jobs.Job {
	return jobs.Job{
		Name:    mailingJob,
		Summary: "sends the mailing to all members that administrators have begun (PUT /v1/admin/mailing/state)",
		Steps:   []jobs.Step{{Name: "members", Count: m.awaitMailing, Batch: m.mailNext}},
	}
}

// awaitMailing returns how many users the mailing has not come to.
func (m *Module) awaitMailing(ctx context.Context) (n int, err error) {
	p, err := readProgress(ctx, m.db, "")
	if err != nil || !p.under {
		return 0, err
	}
	_, err = m.db.Get(ctx, []any{&n}, "SELECT COUNT(*) FROM {users} WHERE userid > ?", p.last)
	return n, err
}

// mailNext queues the mailing's mails to the next users, if it is time for them, and rests otherwise.
func (m *Module) mailNext(ctx context.Context, after int, w *jobs.Work) (next int, err error) {
	w.Done = 0
	if m.target == nil {
		return 0, errors.New("mails are off: MAIL_URL is not set")
	}
	if w.DryRun {
		return 0, nil
	}
	o, err := m.site.Options(ctx)
	if err != nil {
		return 0, err
	}
	var rest time.Duration
	err = w.Tx(ctx, func(tx *database.DB) error {
		w.Done, next, rest = 0, after+1, mailingRest
		p, err := readProgress(ctx, tx, tx.ForUpdate())
		if err != nil {
			return err
		}
		if !p.under {
			next = 0
			return endMailings(ctx, tx)
		}
		g, err := openMailing(ctx, tx, o)
		if err != nil {
			return err
		}
		now := tx.Now()
		if p.stamp != g.stamp {
			g.settled = now + settling
		}
		step := paceIn(o)
		if wait := max(g.settled, g.due) - now; wait > 0 {
			rest = min(time.Duration(wait)*time.Second, mailingRest)
		} else if room, err := roomInQueue(ctx, tx, g.id, step); err != nil {
			return err
		} else if room {
			users, mails, err := queueMailing(ctx, tx, o, g.id, p.last, step.users())
			if err != nil {
				return err
			}
			if len(users) == 0 {
				next = 0
				return errors.Join(endMailings(ctx, tx), progress{}.store(ctx, tx))
			}
			p.last, p.done = users[len(users)-1], p.done+len(users)
			rest = step.pause(mails)
			g.due = now + background.Seconds(rest)
			w.Done = len(users)
			if _, err := tx.Exec(ctx, "UPDATE {q2ab_mailings} SET recipients = recipients + ? WHERE id = ?",
				mails, g.id); err != nil {
				return err
			}
		}
		p.stamp = strconv.FormatInt(now+hold, 10)
		if _, err := tx.Exec(ctx, "UPDATE {q2ab_mailings} SET stamp = ?, settled = ?, due = ? WHERE id = ?",
			p.stamp, g.settled, g.due, g.id); err != nil {
			return err
		}
		return p.store(ctx, tx)
	})
	if err != nil {
		return 0, fmt.Errorf("send a mailing: %w", err)
	}
	m.site.Forget()
	if w.Done > 0 {
		m.wake.Signal()
	}
	if next != 0 {
		m.rest(ctx, min(rest, mailingRest))
	}
	return next, nil
}

// roomInQueue reports whether few enough of the mailing's mails wait to be sent.
func roomInQueue(ctx context.Context, tx *database.DB, id int, p pace) (bool, error) {
	var waiting int
	if _, err := tx.Get(ctx, []any{&waiting}, "SELECT COUNT(*) FROM {q2ab_mail} WHERE seq = ? AND kind = ?",
		id, kindMailing); err != nil {
		return false, fmt.Errorf("count the mails of a mailing that wait: %w", err)
	}
	return waiting < mailingBacklog*p.users(), nil
}

// queueMailing queues the mails of a mailing to those of the next users who get mailings. It returns the
// users that it came to, and to how many of them there is a mail.
func queueMailing(
	ctx context.Context, tx *database.DB, o *site.Options, id, after, limit int,
) (users []int, mails int, err error) {
	condition, args := recipientsOf(o)
	var to []int
	err = tx.Select(ctx, func(rows *sql.Rows) error {
		var user int
		var gets bool
		err := rows.Scan(&user, &gets)
		users = append(users, user)
		if gets {
			to = append(to, user)
		}
		return err
	}, "SELECT userid, "+condition+" FROM {users} WHERE userid > ? ORDER BY userid LIMIT ?",
		append(args, after, limit)...)
	if err != nil {
		return nil, 0, fmt.Errorf("read who gets a mailing: %w", err)
	}
	for _, user := range to {
		q := queued{kind: kindMailing, userID: user, about: about{Mailing: id}}
		if err := add(ctx, tx, int64(id), q); err != nil {
			return nil, 0, err
		}
	}
	return users, len(to), nil
}
