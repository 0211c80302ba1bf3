package mail

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/jobs"
	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/site/option"
)

const (
	// engagedAtOnce is how many members one batch considers.
	engagedAtOnce = 200
	// stale is how late a run may begin and still send what it would have sent at its time.
	stale = 2 * 24 * time.Hour
)

// AdviceJob returns the job that advises askers whose questions nobody answers.
func (m *Module) AdviceJob() jobs.Job {
	return jobs.Job{
		Name: "advice-mails",
		Summary: "advises askers whose questions have had no answer for some hours, " +
			"where MAIL_KINDS has no_answer on",
		Schedule: "7 * * * *",
		Missed:   jobs.CatchUpEach,
		Steps:    []jobs.Step{m.engagement("no_answer", unanswered, byPost)},
	}
}

// EngagementJob returns the job that sends thanks and reminders once a day.
func (m *Module) EngagementJob() jobs.Job {
	return jobs.Job{
		Name: "engagement-mails",
		Summary: "sends members thanks and reminders, new ones a private message, and helpers the questions " +
			"that wait, where MAIL_KINDS has them on",
		Schedule: "0 8 * * *",
		Missed:   jobs.CatchUpEach,
		Steps: []jobs.Step{
			m.engagement("only_question", onlyQuestions, byUser),
			m.engagement("only_answer", onlyAnswers, byUser),
			m.engagement("comment_reminder", onMondays(commentReminders), byUser),
			{Name: autoMessage, Batch: m.autoMessages},
			m.listedMails("help_answer", option.QaAskHelpAnswerToAddress),
			m.listedMails("statistics", option.Q2aStaticsEmails),
		},
	}
}

// finder finds the next steps of a kind after a place, which is 0 at first and then that of the last step
// before. due is when the run was due, in the community's time zone. It returns fewer than engagedAtOnce if
// there are no more.
type finder func(
	ctx context.Context, db *database.DB, o *site.Options, after int, due time.Time,
) ([]step, error)

// The places of steps in the order of finders: by user, and by post.
func byUser(s step) int { return s.userID }
func byPost(s step) int { return s.about.Post }

// engagement returns a step of a job that queues the mails of a kind, batch by batch.
func (m *Module) engagement(kind string, find finder, place func(step) int) jobs.Step {
	batch := func(ctx context.Context, after int, w *jobs.Work) (next int, err error) {
		w.Done = 0
		o, on, err := m.engages(ctx, w, kind)
		if err != nil || !on {
			return 0, err
		}
		list, err := find(ctx, m.db, o, after, w.Due)
		if err != nil || len(list) == 0 {
			return 0, err
		}
		if len(list) >= engagedAtOnce {
			next = place(list[len(list)-1])
		}
		if list, err = m.engageable(ctx, o, list); err != nil {
			return 0, err
		}
		w.Done = len(list)
		if w.DryRun || len(list) == 0 {
			return next, nil
		}
		if err := w.Tx(ctx, func(tx *database.DB) error {
			_, err := once(ctx, tx, 0, list...)
			return err
		}); err != nil {
			return 0, err
		}
		m.wake.Signal()
		return next, nil
	}
	return jobs.Step{Name: kind, Batch: batch}
}

// listedMails returns a step of a job that queues a mail of a kind to each address that an option lists,
// once a day.
func (m *Module) listedMails(kind string, key option.Key) jobs.Step {
	return jobs.Step{Name: kind, Batch: func(ctx context.Context, _ int, w *jobs.Work) (int, error) {
		w.Done = 0
		o, on, err := m.engages(ctx, w, kind)
		if err != nil || !on {
			return 0, err
		}
		list := toListed(o, kind, key)
		if w.DryRun || len(list) == 0 {
			w.Done = len(list)
			return 0, nil
		}
		today := dayCount(w.Due)
		err = w.Tx(ctx, func(tx *database.DB) error {
			w.Done = 0
			first, err := recordStep(ctx, tx, 0, kind, today)
			if err != nil || !first {
				return err
			}
			for _, q := range list {
				if err := add(ctx, tx, today, q); err != nil {
					return err
				}
			}
			w.Done = len(list)
			return nil
		})
		m.wake.Signal()
		return 0, err
	}}
}

// engages reports whether a run is to queue mails of a kind, and returns the site's options.
func (m *Module) engages(ctx context.Context, w *jobs.Work, kind string) (*site.Options, bool, error) {
	o, err := m.site.Options(ctx)
	if err != nil {
		return nil, false, err
	}
	late := time.Unix(m.db.Now(), 0).Sub(w.Due)
	// The private message is no mail, so that it does not matter whether mails are off.
	return o, (m.target != nil || kind == autoMessage) && m.sends(o, kind) && late < stale, nil
}

// engageable returns the steps of those who may get such mails.
func (m *Module) engageable(ctx context.Context, o *site.Options, list []step) ([]step, error) {
	ids := make([]int, len(list))
	for i, s := range list {
		ids[i] = s.userID
	}
	may := map[int]bool{}
	err := m.db.Select(ctx, func(rows *sql.Rows) error {
		var id, level, flags int
		err := rows.Scan(&id, &level, &flags)
		may[id] = mayEngage(o, level, flags) == ""
		return err
	}, "SELECT userid, level, flags FROM {users} WHERE userid IN ?", ids)
	if err != nil {
		return nil, fmt.Errorf("read who may get mails of the site: %w", err)
	}
	var kept []step
	for _, s := range list {
		if may[s.userID] {
			kept = append(kept, s)
		}
	}
	return kept, nil
}

// dayCount returns the number of a time's day in its time zone.
func dayCount(t time.Time) int64 {
	y, mo, d := t.Date()
	return time.Date(y, mo, d, 0, 0, 0, 0, time.UTC).Unix() / day
}

// daysBefore returns the day that was so many days before a time, as a span in Unix seconds, in the time
// zone of the time.
func daysBefore(t time.Time, days int) (from, to int64) {
	y, mo, d := t.Date()
	return site.StartOfDay(y, mo, d-days, t.Location()).Unix(),
		site.StartOfDay(y, mo, d-days+1, t.Location()).Unix()
}

// onMondays returns a finder that finds something in runs of Mondays only.
func onMondays(
	find func(ctx context.Context, db *database.DB, after int, due int64) ([]step, error),
) finder {
	return func(
		ctx context.Context, db *database.DB, _ *site.Options, after int, due time.Time,
	) ([]step, error) {
		if due.Weekday() != time.Monday {
			return nil, nil
		}
		return find(ctx, db, after, due.Unix())
	}
}

// onlyQuestions finds members whose only visible question was written the plugin's number of days ago.
func onlyQuestions(
	ctx context.Context, db *database.DB, o *site.Options, after int, due time.Time,
) ([]step, error) {
	return onlyPosts(ctx, db, "only_question", o.Int(option.Q2aOnlyOnceQuestionDay), after, due,
		"p.type = 'Q'", "o.type = 'Q'")
}

// onlyAnswers finds members whose only visible post is an answer that was written the plugin's number of
// days ago.
func onlyAnswers(
	ctx context.Context, db *database.DB, o *site.Options, after int, due time.Time,
) ([]step, error) {
	return onlyPosts(ctx, db, "only_answer", o.Int(option.Q2aOnlyOnceAnswerDay), after, due,
		"p.type = 'A'", "o.type IN ('Q', 'A', 'C')")
}

// onlyPosts finds members with a post p that was written some days ago and beside which they have no
// other post o.
func onlyPosts(
	ctx context.Context, db *database.DB, kind string, days, after int, due time.Time, post, others string,
) (list []step, err error) {
	if days <= 0 {
		return nil, nil
	}
	from, to := daysBefore(due, days)
	err = db.Select(ctx, func(rows *sql.Rows) error {
		s := step{queued: queued{kind: kind}, number: 1}
		err := rows.Scan(&s.userID)
		list = append(list, s)
		return err
	}, `SELECT p.userid
		FROM {posts} p
		WHERE `+post+` AND p.userid > ? AND p.created >= FROM_UNIXTIME(?) AND p.created < FROM_UNIXTIME(?)
			AND NOT EXISTS (SELECT 1 FROM {posts} o
				WHERE o.userid = p.userid AND o.postid <> p.postid AND `+others+`)
		ORDER BY p.userid
		LIMIT ?`, after, from, to, engagedAtOnce)
	if err != nil {
		return nil, fmt.Errorf("find members with one post: %w", err)
	}
	return list, nil
}

// unanswered finds the authors of open questions without an answer that have the plugin's number of hours
// and less than one more.
func unanswered(
	ctx context.Context, db *database.DB, o *site.Options, after int, due time.Time,
) (list []step, err error) {
	hours := o.Int(option.Q2aAdvicemailHour)
	if hours <= 0 {
		return nil, nil
	}
	to := due.Unix() - int64(hours)*60*60
	err = db.Select(ctx, func(rows *sql.Rows) error {
		s := step{queued: queued{kind: "no_answer"}}
		err := rows.Scan(&s.userID, &s.about.Post)
		s.number = int64(s.about.Post)
		list = append(list, s)
		return err
	}, `SELECT userid, postid
		FROM {posts}
		WHERE type = 'Q' AND userid IS NOT NULL AND acount = 0 AND closedbyid IS NULL
			AND created > FROM_UNIXTIME(?) AND created <= FROM_UNIXTIME(?) AND postid > ?
		ORDER BY postid
		LIMIT ?`, to-60*60, to, after, engagedAtOnce)
	if err != nil {
		return nil, fmt.Errorf("find questions without an answer: %w", err)
	}
	return list, nil
}

// stillUnanswered checks that the question of an advice still waits for an answer.
func (m *Module) stillUnanswered(ctx context.Context, r *row, _ *content) error {
	var waits int
	found, err := m.db.Get(ctx, []any{&waits},
		"SELECT 1 FROM {posts} WHERE postid = ? AND type = 'Q' AND acount = 0 AND closedbyid IS NULL",
		r.about.Post)
	if err != nil {
		return outage{fmt.Errorf("look at the question of an advice: %w", err)}
	}
	if !found {
		return gone("the question has been answered or closed")
	}
	return nil
}
