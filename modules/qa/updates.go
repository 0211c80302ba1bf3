package qa

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"38qa.net/backend/modules/auth"
)

// updates reads a user's stream of updates from Q2A's tables of events: the user's own stream, and, for favourites that
// many share, the shared streams. Entries about hidden posts stay when they concern the user's own posts; a selection
// counts only while it lasts.
func (m *Module) updates(ctx context.Context, userID int, own, favorites bool) ([]event, error) {
	var stream string
	args := []any{}
	const columns = "entitytype, questionid, lastpostid, updatetype, lastuserid, updated"
	if favorites {
		stream = "SELECT " + columns + " FROM {userevents} WHERE userid = ?"
		if !own {
			stream += " AND entitytype <> '-'"
		}
		stream += " UNION SELECT s.entitytype, s.questionid, s.lastpostid, s.updatetype, s.lastuserid, s.updated FROM {sharedevents} s " +
			"JOIN {userfavorites} f ON s.entitytype = f.entitytype AND s.entityid = f.entityid AND f.nouserevents = 1 WHERE f.userid = ?"
		args = append(args, userID, userID)
	} else {
		stream = "SELECT " + columns + " FROM {userevents} WHERE userid = ? AND entitytype = '-'"
		args = append(args, userID)
	}
	args = append(args, userID, userID)
	var events []event
	err := m.db.Select(ctx, func(rows *sql.Rows) error {
		var s scanner
		var kind string
		var updateType sql.NullString
		p := &post{hasMyColumns: true}
		e := event{question: p}
		places := append(append(s.listDest(p), s.myDest()...), &e.postID, &kind, &e.time, &updateType, &e.userID, &e.personal)
		if err := rows.Scan(append(places, e.author.Dest()...)...); err != nil {
			return err
		}
		s.finish(p)
		e.kind, _, _ = strings.Cut(kind, "_")
		e.updateType, e.isUpdate = updateType.String, updateType.Valid
		events = append(events, e)
		return nil
	}, "SELECT "+listColumns+myColumns+", s.lastpostid, e.type, UNIX_TIMESTAMP(s.updated), s.updatetype, COALESCE(s.lastuserid, 0), "+
		"CASE s.entitytype WHEN '-' THEN 1 ELSE 0 END, "+auth.ActorColumns+
		" FROM ("+stream+") s JOIN {posts} p ON p.postid = s.questionid AND p.type IN ('Q', 'Q_HIDDEN') "+
		"JOIN {posts} e ON e.postid = s.lastpostid AND (e.type IN ('Q', 'A', 'C') OR s.entitytype = '-') "+
		auth.ActorJoin("s.lastuserid")+auth.AuthorJoin+myJoin+
		" WHERE (p.selchildid = s.lastpostid OR s.updatetype IS NULL OR s.updatetype <> 'S') ORDER BY s.updated DESC", args...)
	if err != nil {
		return nil, fmt.Errorf("read updates: %w", err)
	}
	return events, nil
}
