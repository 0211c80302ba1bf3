package qa

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/site"
)

// updates reads the caller's update stream from Q2A's tables of events: the caller's own stream, and,
// for favourites that many users share, the shared streams. own includes what happened to the caller's
// own posts, favorites what happened to favourites. A selection of an answer is included only while it
// lasts.
//
// As on the old site, entries about hidden posts stay if they concern the caller's own posts. Unlike
// there, entries are left out if the caller may not see the post, its parent or its question.
func (m *Module) updates(ctx context.Context, o *site.Options, own, favorites bool) ([]event, error) {
	caller := auth.CallerOf(ctx)
	userID := caller.UserID
	var stream string
	args := []any{}
	const columns = "entitytype, questionid, lastpostid, updatetype, lastuserid, updated"
	if favorites {
		stream = "SELECT " + columns + " FROM {userevents} WHERE userid = ?"
		if !own {
			stream += " AND entitytype <> '-'"
		}
		stream += ` UNION SELECT s.entitytype, s.questionid, s.lastpostid, s.updatetype,
				s.lastuserid, s.updated
			FROM {sharedevents} s
			JOIN {userfavorites} f
				ON s.entitytype = f.entitytype AND s.entityid = f.entityid AND f.nouserevents = 1
			WHERE f.userid = ?`
		args = append(args, userID, userID)
	} else {
		stream = "SELECT " + columns + " FROM {userevents} WHERE userid = ? AND entitytype = '-'"
		args = append(args, userID)
	}
	my := m.mineOf(ctx)
	muted, mutedArgs := my.mutedActor("s.lastuserid")
	args = slices.Concat(mutedArgs, args, my.args)
	var events []event
	err := m.db.Select(ctx, func(rows *sql.Rows) error {
		var s scanner
		var kind, parentKind string
		var updateType sql.NullString
		var author, parentAuthor int
		p := &post{hasMyColumns: true}
		e := event{question: p}
		var muted sql.NullBool
		places := append(append(s.listDest(p), s.myDest()...), &muted, &e.postID, &kind, &e.time, &updateType,
			&e.userID, &e.personal, &author, &parentKind, &parentAuthor)
		if err := rows.Scan(append(places, e.author.Dest()...)...); err != nil {
			return err
		}
		s.finish(p)
		e.muted = muted.Bool
		e.kind, _ = splitType(kind)
		e.updateType, e.isUpdate = updateType.String, updateType.Valid
		for _, above := range []*post{p, p.below(kind, author), p.below(parentKind, parentAuthor)} {
			if !mayView(o, caller, above) {
				return nil
			}
		}
		events = append(events, e)
		return nil
	}, `SELECT `+listColumns+my.columns+`, `+muted+`,
			s.lastpostid, e.type, UNIX_TIMESTAMP(s.updated), s.updatetype, COALESCE(s.lastuserid, 0),
			CASE s.entitytype WHEN '-' THEN 1 ELSE 0 END, COALESCE(e.userid, 0), COALESCE(pp.type, ''),
			COALESCE(pp.userid, 0), `+auth.ActorColumns+`
		FROM (`+stream+`) s
		JOIN {posts} p ON p.postid = s.questionid AND p.type IN ('Q', 'Q_HIDDEN')
		JOIN {posts} e ON e.postid = s.lastpostid AND (e.type IN ('Q', 'A', 'C') OR s.entitytype = '-')
		LEFT JOIN {posts} pp ON pp.postid = e.parentid AND e.type NOT IN ('Q', 'Q_HIDDEN', 'Q_QUEUED')
		`+auth.ActorJoin("s.lastuserid")+auth.AuthorJoin+my.join+`
		WHERE (p.selchildid = s.lastpostid OR s.updatetype IS NULL OR s.updatetype <> 'S')
		ORDER BY s.updated DESC`, args...)
	if err != nil {
		return nil, fmt.Errorf("read updates: %w", err)
	}
	return events, nil
}

// below returns a post of the type and author that stands below the question p. It has only the fields
// by which mayView decides.
func (p *post) below(typeName string, userID int) *post {
	kind, state := splitType(typeName)
	return &post{
		kind: kind, hidden: state == "HIDDEN", queued: state == "QUEUED",
		userID: userID, categoryPath: p.categoryPath,
	}
}
