package mail

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/jobs"
)

const (
	// digestsAtOnce is how many members one batch makes digests for.
	digestsAtOnce = 500
	// caughtUp is how many periods a digest is about at most, if earlier ones could not be made.
	caughtUp = 3
	// keptForDays is for how many days it is known what members were told of.
	keptForDays = 40
)

// DigestJob returns the job that makes the digests of what members follow, and queues them as mails. It looks
// every hour whether there are any to make, so that no day is left out where the clock is changed or no
// process was running at that hour; then the digests of that time come late, or are part of the next ones.
func (m *Module) DigestJob() jobs.Job {
	step := func(often frequency) jobs.Step {
		return jobs.Step{
			Name: often,
			Count: func(ctx context.Context) (n int, err error) {
				_, err = m.db.Get(ctx, []any{&n}, `SELECT COUNT(*) FROM {q2ab_follow_mails} c WHERE `+wantsDigest,
					repeated(often, 5)...)
				return n, err
			},
			Batch: func(ctx context.Context, after int, w *jobs.Work) (next int, err error) {
				return m.makeDigests(ctx, often, after, w)
			},
		}
	}
	return jobs.Job{
		Name:     "digests",
		Summary:  "mails members what is new of what they follow, once a day or a week",
		Schedule: "0 * * * *",
		Steps:    []jobs.Step{step(daily), step(weekly), {Name: "old records", Batch: m.forgetTold}},
	}
}

// wantsDigest is the condition that a member c has chosen a digest. Its arguments are five times which.
const wantsDigest = "(c.tags = ? OR c.categories = ? OR c.users = ? OR c.questions = ? OR c.site = ?)"

func repeated(value any, n int) []any {
	list := make([]any, n)
	for i := range list {
		list[i] = value
	}
	return list
}

// makeDigests makes the digests of the next members after the one with the id.
func (m *Module) makeDigests(
	ctx context.Context, often frequency, after int, w *jobs.Work,
) (next int, err error) {
	if m.target == nil {
		return 0, nil
	}
	n, ok := w.Memory.(*news)
	if !ok || n.often != often {
		if n, err = m.newsFor(ctx, often, w.Due); err != nil || n == nil {
			return 0, err
		}
	}
	w.Memory = n
	list, last, err := m.recipients(ctx, n, after)
	if err != nil {
		return 0, err
	}
	var due []int
	var digests []digest
	for _, r := range list {
		if d := n.digestOf(r); !d.empty() {
			due, digests = append(due, r.userID), append(digests, d)
		}
	}
	if w.DryRun {
		w.Done = len(list)
		w.Report("q2ab_digests", often, "digests to be mailed", 0, len(due))
		return last, nil
	}
	return w.Once(ctx, func(tx *database.DB) (int, error) {
		w.Done = len(list)
		if err := queueDigests(ctx, tx, n, due, digests); err != nil {
			return 0, err
		}
		if err := markTold(ctx, tx, list, due); err != nil {
			return 0, err
		}
		if last == 0 { // all are made
			return 0, recordDigests(ctx, tx, n, []int{0})
		}
		return last, nil
	})
}

// newsFor returns what the digests at or before a moment are made from, or nil if they have been made.
func (m *Module) newsFor(ctx context.Context, often frequency, now time.Time) (*news, error) {
	zone, hour := m.site.Zone(), m.settings.DigestHour
	until := digestDue(now, zone, hour, often)
	var done int64
	_, err := m.db.Get(ctx, []any{&done},
		"SELECT COALESCE(MAX(made_for), 0) FROM {q2ab_digests} WHERE userid = 0 AND often = ?", often)
	if err != nil {
		return nil, fmt.Errorf("read which digests have been made: %w", err)
	}
	if done >= until.Unix() {
		return nil, nil //nolint:nilnil // there are none to make
	}
	from := digestBefore(until, zone, hour, often)
	for range caughtUp - 1 {
		if done > 0 && done < from.Unix() {
			from = digestBefore(from, zone, hour, often)
		}
	}
	return readNews(ctx, m.db, often, max(from.Unix(), done), until.Unix())
}

// recipients returns the next members after the one with the id for whom the digests may be, with what they
// follow. last is the id of the last one, or 0 if there are no more.
func (m *Module) recipients(
	ctx context.Context, n *news, after int,
) (list []*recipient, last int, err error) {
	o, err := m.site.Options(ctx)
	if err != nil {
		return nil, 0, err
	}
	over, args := "", append([]any{n.often, string(topicReplies), after}, repeated(n.often, 5)...)
	if n.often == daily {
		over = " OR EXISTS (SELECT 1 FROM {q2ab_followed} t WHERE t.userid = c.userid AND t.state = ?)"
		args = append(args, stateOver)
	}
	byID := map[int]*recipient{}
	err = m.db.Select(ctx, func(rows *sql.Rows) error {
		r := &recipient{muted: map[int]bool{}, mailed: map[int]bool{}}
		err := rows.Scan(&r.userID, &r.mails.Tags, &r.mails.Categories, &r.mails.Users, &r.mails.Questions,
			&r.mails.Site, &r.since, &r.repliesMailed)
		last = r.userID
		byID[r.userID] = r
		list = append(list, r)
		return err
	}, `SELECT c.userid, c.tags, c.categories, c.users, c.questions, c.site,
			COALESCE((SELECT MAX(d.made_for) FROM {q2ab_digests} d WHERE d.userid = c.userid AND d.often = ?), 0),
			COALESCE(p.mail, 1)
		FROM {q2ab_follow_mails} c
		JOIN {users} u ON u.userid = c.userid
		LEFT JOIN {q2ab_preferences} p ON p.userid = c.userid AND p.kind = ?
		WHERE c.userid > ? AND (`+wantsDigest+over+`) AND `+reachable(o)+`
		ORDER BY c.userid LIMIT ?`, append(args, digestsAtOnce)...)
	if err != nil {
		return nil, 0, fmt.Errorf("read who gets digests: %w", err)
	}
	if len(list) < digestsAtOnce {
		last = 0
	}
	// Those of an earlier run that was not finished have been told.
	kept := list[:0]
	var ids []int
	for _, r := range list {
		if r.since < n.until {
			kept, ids = append(kept, r), append(ids, r.userID)
		}
	}
	if len(ids) == 0 {
		return nil, last, nil
	}
	return kept, last, m.readFollowed(ctx, n, ids, byID)
}

// readFollowed reads what members follow, and what they have been told of at once.
func (m *Module) readFollowed(ctx context.Context, n *news, ids []int, byID map[int]*recipient) error {
	err := m.db.Select(ctx, func(rows *sql.Rows) error {
		var user, id int
		var kind string
		err := rows.Scan(&user, &kind, &id)
		r := byID[user]
		switch kind {
		case "T":
			r.tags = append(r.tags, id)
		case "C":
			r.categories = append(r.categories, id)
		case "U":
			r.users = append(r.users, id)
		case "Q":
			r.questions = append(r.questions, id)
		case "M":
			r.muted[id] = true
		}
		return err
	}, `SELECT userid, entitytype, entityid
		FROM {userfavorites}
		WHERE userid IN ? AND entitytype IN ('T', 'C', 'U', 'Q', 'M')`, ids)
	if err != nil {
		return fmt.Errorf("read what members follow: %w", err)
	}
	err = m.db.Select(ctx, func(rows *sql.Rows) error {
		var user, post int
		var state string
		err := rows.Scan(&user, &post, &state)
		if r := byID[user]; state == stateOver {
			r.over = append(r.over, post)
		} else {
			r.mailed[post] = true
		}
		return err
	}, `SELECT userid, postid, state
		FROM {q2ab_followed}
		WHERE userid IN ? AND (state = ? OR at >= ?)
		ORDER BY userid, postid DESC`, ids, stateOver, n.from-settled)
	if err != nil {
		return fmt.Errorf("read what members were told of: %w", err)
	}
	for _, r := range byID {
		if r.mails.digest() != n.often || !r.mails.any(atOnce) {
			r.over = nil // it is part of another digest, or not wanted any more
		}
	}
	return nil
}

// queueDigests queues digests to users, and records that they were made. A second one for the same user and
// time is an error.
func queueDigests(ctx context.Context, tx *database.DB, n *news, users []int, digests []digest) error {
	const atATime = 100
	kind, now := kindDigestDaily, tx.Now()
	if n.often == weekly {
		kind = kindDigestWeekly
	}
	for start := 0; start < len(users); start += atATime {
		end := min(start+atATime, len(users))
		var args []any
		for i := start; i < end; i++ {
			params, err := json.Marshal(about{Digest: &digests[i]})
			if err != nil {
				return fmt.Errorf("queue a digest: %w", err)
			}
			// The time stands where other mails have the number of their event.
			args = append(args, n.until, kind, users[i], string(params), now, now)
		}
		if err := recordDigests(ctx, tx, n, users[start:end]); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "INSERT INTO {q2ab_mail} (seq, kind, userid, params, created, due) VALUES "+
			rowsOf("(?, ?, ?, ?, ?, ?)", end-start), args...)
		if err != nil {
			return fmt.Errorf("queue digests: %w", err)
		}
	}
	return nil
}

// recordDigests records that the digests of users were made.
func recordDigests(ctx context.Context, tx *database.DB, n *news, users []int) error {
	var args []any
	for _, user := range users {
		args = append(args, user, n.often, n.until)
	}
	_, err := tx.Exec(ctx, "INSERT INTO {q2ab_digests} (userid, often, made_for) VALUES "+
		rowsOf("(?, ?, ?)", len(users)), args...)
	if err != nil {
		return fmt.Errorf("record digests: %w", err)
	}
	return nil
}

// rowsOf returns the rows of an INSERT.
func rowsOf(row string, n int) string {
	return strings.TrimSuffix(strings.Repeat(row+", ", n), ", ")
}

// markTold marks what was too much for a day and is part of the digests of the users in due.
func markTold(ctx context.Context, tx *database.DB, list []*recipient, due []int) error {
	told := map[int]bool{}
	for _, user := range due {
		told[user] = true
	}
	for _, r := range list {
		if len(r.over) == 0 || !told[r.userID] {
			continue
		}
		_, err := tx.Exec(ctx, "UPDATE {q2ab_followed} SET state = ? WHERE userid = ? AND postid IN ?",
			stateTold, r.userID, r.over)
		if err != nil {
			return fmt.Errorf("mark what a digest tells of: %w", err)
		}
	}
	return nil
}

// forgetTold removes old records of what members were told of.
func (m *Module) forgetTold(ctx context.Context, _ int, w *jobs.Work) (next int, err error) {
	old := w.Due.In(m.site.Zone()).AddDate(0, 0, -keptForDays)
	if w.DryRun {
		return 0, nil
	}
	return w.Once(ctx, func(tx *database.DB) (int, error) {
		_, err := tx.Exec(ctx, "DELETE FROM {q2ab_followed} WHERE told_on < ?", dayNumber(old))
		if err == nil {
			_, err = tx.Exec(ctx, "DELETE FROM {q2ab_digests} WHERE made_for < ?", old.Unix())
		}
		if err != nil {
			return 0, fmt.Errorf("remove what is known of old digests: %w", err)
		}
		return 0, nil
	})
}
