package community

import (
	"context"
	"database/sql"
	"fmt"

	"38qa.net/backend/modules/kernel/database"
)

// Q2A has no index by which one could see with whom a user has messages. The rows of q2ab_conversations
// say it: for each user with whom there are private messages, a time that is not before the latest
// message. As the old site writes messages too, which tells us nothing, whoever reads the list first
// adds what came since (followBox); and what the old site has hidden or deleted is noticed when the row
// comes into a page, where each is compared with the messages themselves (see pageOfPartners).

const (
	// boxOverlap is how far before the latest known message one looks for new ones, in seconds: as long
	// as a transaction may take to commit a message, and clocks may differ.
	boxOverlap = 600
	// idOverlap is the same for ids: more messages than are written at the same time.
	idOverlap = 200
	// boxKept is after how long all messages of a user are read again, in seconds.
	boxKept = 24 * 3600
	// boxRows is how many rows one statement writes.
	boxRows = 100
)

// box says how far the rows of a user follow the messages: the time of the latest message and the id of
// the latest that the user has sent, and when all were read last.
type box struct{ newest, sent, built int64 }

// followBox brings the rows of a user up to date with the messages.
func (m *Module) followBox(ctx context.Context, user int) error {
	var known box
	if _, err := m.db.Get(ctx, []any{&known.newest, &known.sent, &known.built},
		"SELECT newest, sent, built FROM {q2ab_message_boxes} WHERE userid = ?", user); err != nil {
		return fmt.Errorf("read how far a message box was followed: %w", err)
	}
	now, from := m.db.Now(), known
	whole := known.built <= now-boxKept || known.built > now
	if whole {
		from = box{}
	}
	found, followed, err := m.messagesSince(ctx, user, from)
	if err != nil {
		return err
	}
	raised, err := m.newerThanKnown(ctx, user, found, whole)
	if followed.built = known.built; whole {
		followed.built = now
	}
	followed.newest, followed.sent = max(followed.newest, known.newest), max(followed.sent, known.sent)
	if err != nil || len(raised) == 0 && followed == known {
		return err
	}
	return m.db.Tx(ctx, func(tx *database.DB) error {
		if err := raisePartners(ctx, tx, user, raised); err != nil {
			return err
		}
		_, err := tx.Exec(ctx,
			"INSERT INTO {q2ab_message_boxes} (userid, newest, sent, built) VALUES (?, ?, ?, ?)"+
				tx.Overwrite("userid", "newest", "sent", "built"), user, followed.newest, followed.sent, followed.built)
		if err != nil {
			return fmt.Errorf("note how far a message box was followed: %w", err)
		}
		return nil
	})
}

// messagesSince returns the time of the latest message after what is known with each user with whom the
// user has private messages, 0 standing for deleted accounts, and what is known then. Those that were
// received are found by their time, and those that were sent by their ids, which the keys of Q2A's
// table allow.
func (m *Module) messagesSince(ctx context.Context, user int, known box) (map[int]int64, box, error) {
	found, followed := map[int]int64{}, box{}
	err := m.db.Select(ctx, func(rows *sql.Rows) error {
		var other int
		var at, sent int64
		err := rows.Scan(&other, &at, &sent)
		found[other] = max(found[other], at)
		followed.newest, followed.sent = max(followed.newest, at), max(followed.sent, sent)
		return err
	}, `SELECT COALESCE(m.fromuserid, 0), UNIX_TIMESTAMP(MAX(m.created)), 0 FROM {messages} m
		WHERE m.touserid = ? AND m.type = 'PRIVATE' AND m.created >= FROM_UNIXTIME(?) AND m.tohidden = 0
		GROUP BY m.fromuserid
		UNION ALL
		SELECT COALESCE(m.touserid, 0), UNIX_TIMESTAMP(MAX(m.created)), MAX(m.messageid) FROM {messages} m
		WHERE m.fromuserid = ? AND m.messageid > ? AND COALESCE(m.type, '') = 'PRIVATE' AND m.fromhidden = 0
		GROUP BY m.touserid`, user, max(known.newest-boxOverlap, 0), user, max(known.sent-idOverlap, 0))
	if err != nil {
		return nil, followed, fmt.Errorf("read new messages: %w", err)
	}
	return found, followed, nil
}

// newerThanKnown returns those of the times that are later than the rows have them.
func (m *Module) newerThanKnown(
	ctx context.Context, user int, found map[int]int64, whole bool,
) (map[int]int64, error) {
	if whole || len(found) == 0 {
		return found, nil
	}
	raised, ids := map[int]int64{}, make([]int, 0, len(found))
	for id, at := range found {
		ids, raised[id] = append(ids, id), at
	}
	err := m.db.Select(ctx, func(rows *sql.Rows) error {
		var id int
		var at int64
		err := rows.Scan(&id, &at)
		if raised[id] <= at {
			delete(raised, id)
		}
		return err
	}, `SELECT other, latest FROM {q2ab_conversations}
		WHERE userid = ? AND kind = 'P' AND other IN ?`, user, ids)
	if err != nil {
		return nil, fmt.Errorf("read known conversations: %w", err)
	}
	return raised, nil
}

// raisePartners makes the rows of a user say that there are messages of the given times.
func raisePartners(ctx context.Context, tx *database.DB, user int, times map[int]int64) error {
	var args []any
	flush := func() error {
		if len(args) == 0 {
			return nil
		}
		_, err := tx.Exec(ctx, "INSERT INTO {q2ab_conversations} (userid, kind, other, latest) VALUES "+
			repeated("(?, 'P', ?, ?)", len(args)/3)+tx.Upsert("userid, kind, other")+
			"latest = CASE WHEN {q2ab_conversations}.latest < "+tx.Given("latest")+" THEN "+tx.Given("latest")+
			" ELSE {q2ab_conversations}.latest END", args...)
		args = nil
		if err != nil {
			return fmt.Errorf("note conversations: %w", err)
		}
		return nil
	}
	for _, other := range sortedKeys(times) { // one order for all transactions
		if args = append(args, user, other, times[other]); len(args) == 3*boxRows {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}

// partnerRow is a row of q2ab_conversations about private messages, with what the messages themselves say.
type partnerRow struct {
	other          int // 0 for deleted accounts
	latest         int64
	readAt, readID int64
	// received and sent are the ids of the latest messages that the user sees, 0 for none.
	received, sent int
	// message is the latest of both.
	message messageRow
	// own is the latest that the user has written.
	own messageRow
}

// pageOfPartners returns the first of the user's conversations after a position, with their latest
// messages. The rows are bounds: no conversation is later than its row. So a page is right if each of
// its rows is; those that are not are corrected, and the page is read again.
func (m *Module) pageOfPartners(
	ctx context.Context, user int, after conversationPosition, count int,
) ([]partnerRow, error) {
	const rounds = 8 // more are needed only if the old site has hidden that many pages of conversations
	for round := 1; ; round++ {
		page, err := m.readPartners(ctx, user, after, count)
		if err != nil {
			return nil, err
		}
		var right, wrong []partnerRow
		for _, r := range page {
			if r.message.id != 0 && r.message.created == r.latest {
				right = append(right, r)
			} else {
				wrong = append(wrong, r)
			}
		}
		if len(wrong) == 0 || round == rounds {
			return right, nil
		}
		if err := m.correctPartners(ctx, user, wrong); err != nil {
			return nil, err
		}
	}
}

func (m *Module) readPartners(
	ctx context.Context, user int, after conversationPosition, count int,
) ([]partnerRow, error) {
	var page []partnerRow
	condition, args := "", []any{user}
	if after.At != 0 {
		condition, args = " AND c.latest < ?", append(args, after.At)
		if after.Kind == kindPrivate {
			condition = " AND (c.latest < ? OR c.latest = ? AND c.other < ?)"
			args = append(args, after.At, after.ID)
		}
	}
	const latest = `COALESCE((SELECT m.messageid FROM {messages} m WHERE m.type = 'PRIVATE' AND %s
		ORDER BY m.created DESC, m.messageid DESC LIMIT 1), 0)`
	err := m.db.Select(ctx, func(rows *sql.Rows) error {
		var r partnerRow
		err := rows.Scan(&r.other, &r.latest, &r.readAt, &r.readID, &r.received, &r.sent)
		page = append(page, r)
		return err
	}, `SELECT c.other, c.latest, c.read_at, c.read_id, `+
		fmt.Sprintf(latest, "m.fromuserid = c.other AND m.touserid = c.userid AND m.tohidden = 0")+", "+
		fmt.Sprintf(latest, "m.fromuserid = c.userid AND m.touserid = c.other AND m.fromhidden = 0")+`
		FROM {q2ab_conversations} c
		WHERE c.userid = ? AND c.kind = 'P' AND c.latest > 0`+condition+`
		ORDER BY c.latest DESC, c.other DESC LIMIT ?`, append(args, count)...)
	if err != nil {
		return nil, fmt.Errorf("read conversations: %w", err)
	}
	return page, m.readLatest(ctx, user, page)
}

// readLatest fills in the latest messages.
func (m *Module) readLatest(ctx context.Context, user int, page []partnerRow) error {
	var ids []int
	for i := range page {
		r := &page[i]
		if r.other == 0 {
			_, err := m.db.Get(ctx, []any{&r.received, &r.sent}, `SELECT
				COALESCE((SELECT m.messageid FROM {messages} m
					WHERE m.type = 'PRIVATE' AND m.fromuserid IS NULL AND m.touserid = ? AND m.tohidden = 0
					ORDER BY m.created DESC, m.messageid DESC LIMIT 1), 0),
				COALESCE((SELECT m.messageid FROM {messages} m
					WHERE m.type = 'PRIVATE' AND m.fromuserid = ? AND m.touserid IS NULL AND m.fromhidden = 0
					ORDER BY m.created DESC, m.messageid DESC LIMIT 1), 0)`,
				user, user)
			if err != nil {
				return fmt.Errorf("read messages with deleted accounts: %w", err)
			}
		}
		ids = append(ids, r.received, r.sent)
	}
	if ids = distinct(ids); len(ids) == 0 {
		return nil
	}
	rows, err := m.readMessages(ctx, "SELECT "+messageColumns+
		" FROM {messages} m WHERE m.messageid IN ?", ids)
	if err != nil {
		return err
	}
	byID := map[int]messageRow{}
	for _, r := range rows {
		byID[r.id] = r
	}
	for i := range page {
		r := &page[i]
		r.message, r.own = byID[r.received], byID[r.sent]
		if r.own.created > r.message.created ||
			r.own.created == r.message.created && r.own.id > r.message.id {
			r.message = r.own
		}
	}
	return nil
}

// correctPartners corrects rows of a user that are later than the messages. Where there are no messages
// any more, the other account may have been deleted, and its messages are now those of deleted
// accounts. A row that was raised in the meantime stays.
func (m *Module) correctPartners(ctx context.Context, user int, wrong []partnerRow) error {
	return m.db.Tx(ctx, func(tx *database.DB) error {
		ownerless := map[int]int64{}
		for _, r := range wrong {
			const this = " WHERE userid = ? AND kind = 'P' AND other = ? AND latest = ?"
			var err error
			if r.message.id != 0 {
				_, err = tx.Exec(ctx, "UPDATE {q2ab_conversations} SET latest = ?"+this, r.message.created, user,
					r.other, r.latest)
			} else {
				_, err = tx.Exec(ctx, "DELETE FROM {q2ab_conversations}"+this, user, r.other, r.latest)
				if r.other != 0 {
					ownerless[0] = max(ownerless[0], r.latest)
				}
			}
			if err != nil {
				return fmt.Errorf("correct a conversation: %w", err)
			}
		}
		return raisePartners(ctx, tx, user, ownerless)
	})
}

// forgetBox removes what is kept about the messages of a user whose account is deleted.
func forgetBox(ctx context.Context, tx *database.DB, user int) error {
	for _, table := range []string{"{q2ab_conversations}", "{q2ab_message_boxes}"} {
		if _, err := tx.Exec(ctx, "DELETE FROM "+table+" WHERE userid = ?", user); err != nil {
			return fmt.Errorf("forget the messages of a user: %w", err)
		}
	}
	return nil
}
