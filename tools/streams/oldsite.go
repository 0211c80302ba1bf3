package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
)

// oldSite does what the old site does, statement by statement and without transactions.
type oldSite struct {
	ctx  context.Context
	conn *sql.Conn
}

// exec runs a statement, and runs it again after a deadlock as often as the old site does: up to a
// hundred times, at intervals of a hundredth of a second.
func (o *oldSite) exec(query string, args ...any) (sql.Result, error) {
	for attempt := 0; ; attempt++ {
		res, err := o.conn.ExecContext(o.ctx, query, args...)
		if err == nil || attempt == 99 || !strings.Contains(err.Error(), "1213") {
			if err != nil {
				err = fmt.Errorf("%.80s: %w", query, err)
			}
			return res, err
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// value returns the value that a query reads, or false if there is none.
func (o *oldSite) value(into any, query string, args ...any) (bool, error) {
	err := o.conn.QueryRowContext(o.ctx, query, args...).Scan(into)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("%.80s: %w", query, err)
	}
	return true, nil
}

// of is the condition that a row belongs to an entity.
const of = "entitytype = ? AND entityid = ?"

// follow makes a user follow an entity, or mute a user.
func (o *oldSite) follow(user int, e entity) error {
	var most int
	if _, err := o.value(&most, "SELECT content FROM qa_options WHERE title = 'max_copy_user_updates'"); err != nil {
		return err
	}
	if _, err := o.exec(`INSERT IGNORE INTO qa_userfavorites (userid, entitytype, entityid, nouserevents)
		VALUES (?, ?, ?, 0)`, user, e.kind, e.id); err != nil {
		return err
	}
	var sharing, followers int
	if _, err := o.value(&sharing,
		"SELECT COUNT(*) FROM qa_userfavorites WHERE "+of+" AND nouserevents > 0", e.kind, e.id); err != nil {
		return err
	}
	if sharing == 0 {
		if _, err := o.value(&followers, "SELECT COUNT(*) FROM qa_userfavorites WHERE "+of, e.kind, e.id); err != nil {
			return err
		}
	}
	if sharing > 0 || followers >= most {
		return o.share(e, most)
	}
	if _, err := o.exec(`INSERT INTO qa_userevents
			(userid, entitytype, entityid, questionid, lastpostid, updatetype, lastuserid, updated)
		SELECT ?, entitytype, entityid, questionid, lastpostid, updatetype, lastuserid, updated
		FROM qa_sharedevents
		WHERE `+of, user, e.kind, e.id); err != nil {
		return err
	}
	return o.truncate(user, 0)
}

// share lets all followers of an entity read its own stream.
func (o *oldSite) share(e entity, most int) error {
	var streams sql.NullInt64
	if _, err := o.value(&streams, `SELECT MAX(c) FROM (SELECT COUNT(*) AS c
		FROM qa_userfavorites a
		JOIN qa_userfavorites b ON a.userid = b.userid
		WHERE a.nouserevents > 0 AND b.entitytype = ? AND b.entityid = ? AND b.nouserevents = 0
		GROUP BY a.userid) y`, e.kind, e.id); err != nil {
		return err
	}
	if int(streams.Int64)+1 > most {
		if _, err := o.exec(`INSERT INTO qa_options (title, content) VALUES ('max_copy_user_updates', ?)
			ON DUPLICATE KEY UPDATE content = VALUES(content)`, streams.Int64+1); err != nil {
			return err
		}
	}
	_, err := o.exec("UPDATE qa_userfavorites SET nouserevents = 1 WHERE "+of+" AND nouserevents = 0", e.kind, e.id)
	return err
}

func (o *oldSite) unfollow(user int, e entity) error {
	for _, table := range []string{"qa_userfavorites", "qa_userevents"} {
		if _, err := o.exec("DELETE FROM "+table+" WHERE userid = ? AND "+of, user, e.kind, e.id); err != nil {
			return err
		}
	}
	return nil
}

// maxStored is the option max_store_user_updates of the load.
const maxStored = 1_000_000

// truncate trims a user's stream: to five updates of the question or, if it has no more of them, as a whole.
func (o *oldSite) truncate(user, question int) error {
	var until string
	if question != 0 {
		found, err := o.value(&until,
			"SELECT updated FROM qa_userevents WHERE userid = ? AND questionid = ? ORDER BY updated DESC LIMIT 5, 1",
			user, question)
		if err != nil {
			return err
		}
		if found {
			_, err = o.exec("DELETE FROM qa_userevents WHERE userid = ? AND questionid = ? AND updated <= ?", user,
				question, until)
			return err
		}
	}
	found, err := o.value(&until,
		"SELECT updated FROM qa_userevents WHERE userid = ? ORDER BY updated DESC LIMIT ?, 1", user, maxStored)
	if err == nil && found {
		_, err = o.exec("DELETE FROM qa_userevents WHERE userid = ? AND updated <= ?", user, until)
	}
	return err
}

// update adds an update to the stream of an entity and to those of its followers. The trimming of the
// entity's stream is left out: here it never has anything to trim.
func (o *oldSite) update(e entity, question, post, by int) error {
	if _, err := o.exec(`INSERT INTO qa_sharedevents
			(entitytype, entityid, questionid, lastpostid, updatetype, lastuserid, updated)
		VALUES (?, ?, ?, ?, NULL, ?, NOW())`, e.kind, e.id, question, post, by); err != nil {
		return err
	}
	var follower int
	found, err := o.value(&follower,
		"SELECT userid FROM qa_userfavorites WHERE "+of+" AND nouserevents = 0 ORDER BY RAND() LIMIT 1", e.kind, e.id)
	if err != nil || !found {
		return err
	}
	if _, err := o.exec(`INSERT INTO qa_userevents
			(userid, entitytype, entityid, questionid, lastpostid, updatetype, lastuserid, updated)
		SELECT userid, ?, ?, ?, ?, NULL, ?, NOW()
		FROM qa_userfavorites
		WHERE `+of+" AND nouserevents = 0", e.kind, e.id, question, post, by, e.kind, e.id); err != nil {
		return err
	}
	return o.truncate(follower, question)
}

// ask writes a question with one tag or in one category. The word index and all counts are left out.
func (o *oldSite) ask(user int, text, tag string, label entity) (int, error) {
	category := sql.NullInt64{Int64: int64(label.id), Valid: label.kind == "C"}
	res, err := o.exec(`INSERT INTO qa_posts (type, userid, categoryid, catidpath1, createip, title, content, tags, format,
			created)
		VALUES ('Q', ?, ?, ?, '', ?, ?, ?, '', NOW())`, user, category, category, text, text, tag)
	if err != nil {
		return 0, err
	}
	id, err := res.LastInsertId()
	for _, e := range []entity{{"Q", int(id)}, {"U", user}, label} {
		if err == nil {
			err = o.update(e, int(id), int(id), user)
		}
	}
	return int(id), err
}

// answer writes an answer.
func (o *oldSite) answer(user int, q question, text string) (int, error) {
	res, err := o.exec(`INSERT INTO qa_posts (type, parentid, userid, createip, content, format, created)
		VALUES ('A', ?, ?, '', ?, '', NOW())`, q.id, user, text)
	if err != nil {
		return 0, err
	}
	last, err := res.LastInsertId()
	id := int(last)
	for _, e := range []entity{{"Q", q.id}, {"U", user}} {
		if err == nil {
			err = o.update(e, q.id, id, user)
		}
	}
	if err != nil || q.asker == user {
		return id, err
	}
	if _, err := o.exec(`INSERT INTO qa_userevents
			(userid, entitytype, entityid, questionid, lastpostid, updatetype, lastuserid, updated)
		VALUES (?, '-', 0, ?, ?, NULL, ?, NOW())`, q.asker, q.id, id, user); err != nil {
		return id, err
	}
	return id, o.truncate(q.asker, q.id)
}
