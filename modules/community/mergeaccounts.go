package community

import (
	"context"
	"database/sql"
	"fmt"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/database"
)

// inPrivate is how the column kind of q2ab_conversations names conversations with a user.
const inPrivate = "P"

// messagesAtOnce is how many messages one transaction of a merge hands over.
const messagesAtOnce = 200

// WorkOnAccounts takes part in merging and anonymising accounts.
func (m *Module) WorkOnAccounts(accounts *auth.Module) {
	accounts.WorkOnAccounts(mergeMessages, mergeBoxes, mergeFollowing, mergeOwn, m.mergeGroups, mergeActors)
}

// mergeMessages hands over private messages and wall posts, and what is kept about conversations with their
// partners. Private messages between the two accounts are deleted. Of an account that is anonymised, messages
// no longer name it, as if it were deleted.
func mergeMessages(ctx context.Context, tx *database.DB, w auth.Work) (int, error) {
	var ids, partners []int
	between := []int{0}
	err := tx.Select(ctx, func(rows *sql.Rows) error {
		var id int
		var from, to sql.NullInt64
		var kind string
		if err := rows.Scan(&id, &kind, &from, &to); err != nil {
			return err
		}
		ids = append(ids, id)
		for _, user := range []int{int(from.Int64), int(to.Int64)} {
			if user != w.UserID && user != 0 && kind == "PRIVATE" {
				partners = append(partners, user)
			}
		}
		if kind == "PRIVATE" && w.Merging() && int(from.Int64+to.Int64) == w.UserID+w.Into && from.Valid && to.Valid {
			between = append(between, id)
		}
		return nil
	}, `SELECT messageid, type, fromuserid, touserid FROM {messages} WHERE fromuserid = ?
		UNION
		SELECT messageid, type, fromuserid, touserid FROM {messages} WHERE touserid = ?
		ORDER BY messageid
		LIMIT ?`, w.UserID, w.UserID, messagesAtOnce)
	if err != nil {
		return 0, fmt.Errorf("read the messages of an account: %w", err)
	}
	if len(ids) == 0 {
		return 0, nil
	}
	owner := sql.NullInt64{Int64: int64(w.Into), Valid: w.Merging()}
	if _, err := tx.Exec(ctx, "DELETE FROM {messages} WHERE messageid IN ?", between); err != nil {
		return 0, fmt.Errorf("delete messages between two accounts: %w", err)
	}
	for _, column := range []string{"fromuserid", "touserid"} {
		if _, err := tx.Exec(ctx, "UPDATE {messages} SET "+column+" = ? WHERE messageid IN ? AND "+column+" = ?",
			owner, ids, w.UserID); err != nil {
			return 0, fmt.Errorf("hand over messages: %w", err)
		}
	}
	if !w.Merging() {
		return len(ids), nil
	}
	// Which messages the account that stays has is read anew.
	if _, err := tx.Exec(ctx, "UPDATE {q2ab_message_boxes} SET built = 0 WHERE userid = ?", w.Into); err != nil {
		return 0, fmt.Errorf("note that messages came: %w", err)
	}
	return len(ids), mergeConversations(ctx, tx, w, "userid IN ? AND kind = ? AND other = ?", partners, inPrivate,
		w.UserID)
}

// mergeBoxes hands over what is kept about the conversations of an account.
func mergeBoxes(ctx context.Context, tx *database.DB, w auth.Work) (int, error) {
	if !w.Merging() {
		return 0, nil
	}
	var n int
	if _, err := tx.Get(ctx, []any{&n}, `SELECT (SELECT COUNT(*) FROM {q2ab_conversations} WHERE userid = ?)
		+ (SELECT COUNT(*) FROM {q2ab_message_boxes} WHERE userid = ?)`, w.UserID, w.UserID); err != nil || n == 0 {
		return 0, err
	}
	if err := mergeConversations(ctx, tx, w, "userid = ?", w.UserID); err != nil {
		return 0, err
	}
	return n, forgetBox(ctx, tx, w.UserID)
}

// mergeConversations puts the rows of conversations that meet a condition, and name the account that goes,
// together with those of the account that stays. What either of them has read is read.
func mergeConversations(ctx context.Context, tx *database.DB, w auth.Work, condition string, args ...any) error {
	type row struct {
		user, other          int
		kind                 string
		latest, readAt, read int64
	}
	if ids, ok := args[0].([]int); ok && len(ids) == 0 {
		return nil
	}
	var list []row
	err := tx.Select(ctx, func(rows *sql.Rows) error {
		var r row
		err := rows.Scan(&r.user, &r.kind, &r.other, &r.latest, &r.readAt, &r.read)
		list = append(list, r)
		return err
	}, "SELECT userid, kind, other, latest, read_at, read_id FROM {q2ab_conversations} WHERE "+condition+
		" ORDER BY userid, kind, other", args...)
	if err != nil {
		return fmt.Errorf("read conversations: %w", err)
	}
	greater := func(column string) string {
		return column + " = CASE WHEN {q2ab_conversations}." + column + " < " + tx.Given(column) + " THEN " +
			tx.Given(column) + " ELSE {q2ab_conversations}." + column + " END"
	}
	for _, r := range list {
		if _, err := tx.Exec(ctx, "DELETE FROM {q2ab_conversations} WHERE userid = ? AND kind = ? AND other = ?",
			r.user, r.kind, r.other); err != nil {
			return fmt.Errorf("hand over a conversation: %w", err)
		}
		if r.user == w.UserID {
			r.user = w.Into
		}
		if r.other == w.UserID && r.kind == inPrivate {
			r.other = w.Into
		}
		if r.user == r.other && r.kind == inPrivate {
			continue // with oneself
		}
		if _, err := tx.Exec(ctx,
			"INSERT INTO {q2ab_conversations} (userid, kind, other, latest, read_at, read_id) VALUES (?, ?, ?, ?, ?, ?)"+
				tx.Upsert("userid, kind, other")+greater("latest")+", "+greater("read_at")+", "+greater("read_id"),
			r.user, r.kind, r.other, r.latest, r.readAt, r.read); err != nil {
			return fmt.Errorf("hand over a conversation: %w", err)
		}
	}
	return nil
}

// mergeFollowing hands over what an account follows and mutes, and who follows and mutes it. Nobody follows
// themselves.
func mergeFollowing(ctx context.Context, tx *database.DB, w auth.Work) (int, error) {
	if !w.Merging() {
		return 0, nil
	}
	done, err := auth.Reassign(ctx, tx, "{userfavorites}", "userid", w)
	if err != nil {
		return 0, err
	}
	const theirs = " WHERE entitytype IN ('U', 'M') AND entityid = ?"
	moved, err := tx.Exec(ctx, tx.UpdateIgnore()+" {userfavorites} SET entityid = ?"+theirs, w.Into, w.UserID)
	if err != nil {
		return 0, fmt.Errorf("hand over followers: %w", err)
	}
	left, err := tx.Exec(ctx, "DELETE FROM {userfavorites}"+theirs, w.UserID)
	if err != nil {
		return 0, fmt.Errorf("drop followers: %w", err)
	}
	if _, err := tx.Exec(ctx, "DELETE FROM {userfavorites}"+theirs+" AND userid = ?", w.Into, w.Into); err != nil {
		return 0, fmt.Errorf("drop what follows itself: %w", err)
	}
	return done + int(moved+left), nil
}

// mergeOwn hands over drafts, notices, the update streams and what plugins keep of an account. Where both
// accounts have a draft for the same place, that of the account that stays is kept.
func mergeOwn(ctx context.Context, tx *database.DB, w auth.Work) (int, error) {
	if !w.Merging() {
		return 0, nil
	}
	drafts, err := auth.Reassign(ctx, tx, "{q2ab_drafts}", "userid", w)
	if err != nil {
		return 0, err
	}
	metas, err := auth.Reassign(ctx, tx, "{usermetas}", "userid", w)
	if err != nil {
		return 0, err
	}
	notices, err := auth.Reassign(ctx, tx, "{usernotices}", "userid", w)
	if err != nil {
		return 0, err
	}
	updates, err := auth.Reassign(ctx, tx, "{userevents}", "userid", w)
	if err != nil {
		return 0, err
	}
	followed, err := tx.Exec(ctx,
		"UPDATE {sharedevents} SET entityid = ? WHERE entitytype = 'U' AND entityid = ?", w.Into, w.UserID)
	if err != nil {
		return 0, fmt.Errorf("hand over what an account did: %w", err)
	}
	return drafts + metas + notices + updates + int(followed), nil
}

// mergeGroups hands over the groups of an account and what it wrote there. An account that is anonymised leaves
// its groups.
func (m *Module) mergeGroups(ctx context.Context, tx *database.DB, w auth.Work) (int, error) {
	if !w.Merging() {
		p, err := m.messagePlugins(ctx)
		if err != nil || !p.groups {
			return 0, err
		}
		left, err := tx.Exec(ctx, "DELETE FROM {msg_group_users} WHERE userid = ?", w.UserID)
		return int(left), err
	}
	done, err := auth.Reassign(ctx, tx, "{q2ab_group_messages}", "userid", w)
	if err != nil {
		return 0, err
	}
	p, err := m.messagePlugins(ctx)
	if err != nil || !p.groups {
		return done, err
	}
	members, err := auth.Reassign(ctx, tx, "{msg_group_users}", "userid", w)
	if err != nil {
		return 0, err
	}
	messages, err := auth.Reassign(ctx, tx, "{msg_group_messages}", "userid", w)
	return done + members + messages, err
}

// mergeActors hands over who did what the update streams tell of, and who gave notices to all members. No key
// of these tables has the actor, so this comes last and reads each of them once or twice.
func mergeActors(ctx context.Context, tx *database.DB, w auth.Work) (int, error) {
	if !w.Merging() {
		return 0, nil
	}
	shared, err := auth.Reassign(ctx, tx, "{sharedevents}", "lastuserid", w)
	if err != nil {
		return 0, err
	}
	own, err := auth.Reassign(ctx, tx, "{userevents}", "lastuserid", w)
	if err != nil {
		return 0, err
	}
	notices, err := auth.Reassign(ctx, tx, "{q2ab_notices}", "byuserid", w)
	return shared + own + notices, err
}

// anonymise removes what an account that is anonymised has here, other than its messages, which follow later.
func anonymise(ctx context.Context, tx *database.DB, userID int) error {
	for _, query := range []string{
		"DELETE FROM {userfavorites} WHERE userid = ?", "DELETE FROM {usermetas} WHERE userid = ?",
		"DELETE FROM {usernotices} WHERE userid = ?", "DELETE FROM {userevents} WHERE userid = ?",
	} {
		if _, err := tx.Exec(ctx, query, userID); err != nil {
			return fmt.Errorf("forget what a user had: %w", err)
		}
	}
	return nil
}
