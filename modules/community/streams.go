package community

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/qa"
	"38qa.net/backend/modules/site/option"
)

// The kinds of updates, by the letters with which Q2A stores them.
const (
	updateCategory = "A"
	updateClosed   = "C"
	updateContent  = "E"
	updateSelected = "S"
	updateTags     = "T"
	updateType     = "Y"
	updateVisible  = "H"
	updateFollows  = "F"
	updateForQ     = "U" // a comment on a question
	updateForA     = "N" // a comment on an answer
)

// perQuestion is how many updates of one question a stream keeps.
const perQuestion = 5

// entity is something that has a stream of updates. Its kind is Q2A's letter for a question (Q), a
// user (U), a tag (T) or a category (C).
type entity struct {
	kind string
	id   int
}

// update is a new row of one or more streams. An update of an entity goes to the entity's stream
// and to those of its followers. An update without an entity goes only to the stream of the user
// userID.
type update struct {
	to         entity // kind "-" for none
	userID     int    // whose stream gets it, if there is no entity
	questionID int
	postID     int
	what       string
	by         int
}

// ListenToPosts keeps the update streams of questions, users, tags and categories, and of the users
// who follow one of those or wrote what was changed. It does what Q2A's own event module for
// updates does. It also removes the drafts of what was posted.
func (m *Module) ListenToPosts(questions *qa.Module) {
	questions.Listen(func(ctx context.Context, tx *database.DB, a *qa.Action) error {
		var updates []update
		for _, e := range a.Events {
			if !e.Silent {
				updates = append(updates, updatesOf(e)...)
			}
		}
		return newStreams(tx, a.Options.Int(option.MaxStoreUserUpdates)).append(ctx, updates)
	})
	questions.Listen(dropPosted)
}

// updatesOf returns the updates that follow from an event, in Q2A's order.
func updatesOf(e qa.Event) []update {
	by := e.Actor.UserID
	everyone := func(questionID int, what string, other int) []update {
		list := []update{{to: entity{"Q", questionID}, questionID: questionID, postID: e.PostID,
			what: what, by: by}}
		if by != 0 {
			list = append(list,
				update{to: entity{"U", by}, questionID: questionID, postID: e.PostID, what: what, by: by})
		}
		if other != 0 && other != by {
			list = append(list, own(other, questionID, e.PostID, what, by))
		}
		return list
	}
	labels := func(kind string, ids []int, what string) []update {
		var list []update
		for _, id := range ids {
			list = append(list,
				update{to: entity{kind, id}, questionID: e.PostID, postID: e.PostID, what: what, by: by})
		}
		return list
	}
	switch e.Name {
	case "q_post":
		var list []update
		if e.FollowedID != 0 {
			list = everyone(e.FollowedID, updateFollows, e.ParentOwnerID)
		}
		return slices.Concat(list, everyone(e.PostID, "", 0), labels("T", e.TagWordIDs, ""),
			labels("C", e.CategoryIDs, ""))
	case "a_post":
		return everyone(e.QuestionID, "", e.ParentOwnerID)
	case "c_post":
		return commentUpdates(e, everyone)
	case "q_edit":
		switch {
		case e.TextChanged && e.TagsChanged:
			return append(everyone(e.PostID, updateContent, e.OwnerID),
				labels("T", e.TagWordIDs, updateTags)...)
		case e.TextChanged:
			return everyone(e.PostID, updateContent, e.OwnerID)
		case e.TagsChanged:
			return append(everyone(e.PostID, updateTags, e.OwnerID), labels("T", e.TagWordIDs, updateTags)...)
		}
	case "a_edit", "c_edit":
		if e.TextChanged {
			return everyone(e.QuestionID, updateContent, e.OwnerID)
		}
	case "a_to_c":
		if e.TextChanged {
			return everyone(e.QuestionID, updateContent, e.OwnerID)
		}
		return everyone(e.QuestionID, updateType, e.OwnerID)
	case "a_select":
		return everyone(e.QuestionID, updateSelected, e.OwnerID)
	case "q_close", "q_reopen":
		return everyone(e.PostID, updateClosed, e.OwnerID)
	case "q_move":
		return append(everyone(e.PostID, updateCategory, e.OwnerID),
			labels("C", e.CategoryIDs, updateCategory)...)
	case "q_reshow", "a_reshow", "c_reshow":
		return everyone(e.QuestionID, updateVisible, e.OwnerID)
	case "q_hide", "a_hide", "c_hide":
		if e.OwnerID != 0 { // even if it was the owner who hid the post
			return []update{own(e.OwnerID, e.QuestionID, e.PostID, updateVisible, by)}
		}
	}
	return nil
}

// own returns an update that goes only to one user's stream.
func own(userID, questionID, postID int, what string, by int) update {
	return update{to: entity{"-", 0}, userID: userID, questionID: questionID, postID: postID, what: what,
		by: by}
}

// commentUpdates returns the updates that follow from a new comment. They go to the authors of the
// earlier comments on the same post, to the author of that post unless that is one of those, and to
// the followers of the question and of the comment's author.
func commentUpdates(e qa.Event, everyone func(questionID int, what string, other int) []update) []update {
	var list []update
	for _, userID := range e.ThreadUserIDs {
		if userID != e.Actor.UserID {
			list = append(list, own(userID, e.QuestionID, e.PostID, updateFollows, e.Actor.UserID))
		}
	}
	what := updateForA
	if e.ParentKind == qa.KindQuestion {
		what = updateForQ
	}
	other := e.ParentOwnerID
	if slices.Contains(e.ThreadUserIDs, other) {
		other = 0
	}
	return append(list, everyone(e.QuestionID, what, other)...)
}

// row is one row of a stream, with the columns that trimming needs. insert is the update that a new
// row is made of, and nil for rows that the database already holds.
type row struct {
	questionID int
	updated    int64
	insert     *update
	of         int // the user, for rows of users' streams
}

// streams holds the update streams that an action changes. They are read once and trimmed in
// memory, with the same result as Q2A's trimming in the database: after each insert a stream is
// trimmed to five rows of the same question or, if it had no more than five of them, to the site's
// limit of rows.
type streams struct {
	tx      *database.DB
	most    int
	shared  map[entity][]row
	users   map[int][]row
	follows map[entity][]int
	deletes []deletion
}

// deletion is a trimming that has to be carried out in the database.
type deletion struct {
	table, condition string
	args             []any
}

func newStreams(tx *database.DB, most int) *streams { return &streams{tx: tx, most: most} }

// append adds the updates to all streams to which they belong, and writes the result to the
// database. The entities' streams are written before the followers are read: whoever begins to follow
// an entity meanwhile is then either found among its followers, or finds the updates in its stream.
func (s *streams) append(ctx context.Context, updates []update) error {
	if len(updates) == 0 {
		return nil
	}
	if err := s.appendToEntities(ctx, updates); err != nil {
		return err
	}
	return s.appendToUsers(ctx, updates)
}

// appendToEntities adds the updates to the streams of their entities.
func (s *streams) appendToEntities(ctx context.Context, updates []update) error {
	if err := s.readShared(ctx, updates); err != nil {
		return err
	}
	for i := range updates {
		if u := &updates[i]; u.to.kind != "-" {
			s.shared[u.to] = append(s.shared[u.to], row{u.questionID, s.tx.Now(), u, 0})
			s.trimShared(u)
		}
	}
	return s.writeShared(ctx)
}

// appendToUsers adds the updates to the streams of the followers of their entities, and of the users
// who get them without following anything.
func (s *streams) appendToUsers(ctx context.Context, updates []update) error {
	if err := s.readFollowers(ctx, updates); err != nil {
		return err
	}
	picked := s.pick(updates)
	if err := s.readUsers(ctx, updates, picked); err != nil {
		return err
	}
	for i := range updates {
		u := &updates[i]
		if u.to.kind == "-" {
			s.addTo(u, u.userID)
			s.trimUser(u.userID, u.questionID)
		} else if followers := s.follows[u.to]; len(followers) > 0 {
			for _, userID := range followers {
				s.addTo(u, userID)
			}
			s.trimUser(picked[i], u.questionID)
		}
	}
	return s.writeUsers(ctx)
}

// addTo adds an update to a user's stream.
func (s *streams) addTo(u *update, userID int) {
	s.users[userID] = append(s.users[userID], row{u.questionID, s.tx.Now(), u, userID})
}

// readFollowers reads which users get a copy of the updates of each entity. It locks these rows, so
// that nobody who is not a follower any more gets a copy.
func (s *streams) readFollowers(ctx context.Context, updates []update) error {
	s.follows = map[entity][]int{}
	byKind := map[string][]int{}
	for _, u := range updates {
		if u.to.kind != "-" && !slices.Contains(byKind[u.to.kind], u.to.id) {
			byKind[u.to.kind] = append(byKind[u.to.kind], u.to.id)
		}
	}
	var parts []string
	var args []any
	for kind, ids := range byKind {
		parts, args = append(parts, "entitytype = ? AND entityid IN ? AND nouserevents = 0"),
			append(args, kind, ids)
	}
	if len(parts) == 0 {
		return nil
	}
	err := s.tx.Select(ctx, func(rows *sql.Rows) error {
		var e entity
		var userID int
		err := rows.Scan(&e.kind, &e.id, &userID)
		s.follows[e] = append(s.follows[e], userID)
		return err
	}, "SELECT entitytype, entityid, userid FROM {userfavorites} WHERE "+strings.Join(parts, " OR ")+
		" ORDER BY userid"+s.tx.ForUpdate(), args...)
	if err != nil {
		return fmt.Errorf("read followers: %w", err)
	}
	return nil
}

// pick returns, for each update, the one follower whose stream is trimmed after it. Like Q2A, it
// chooses one at random.
func (s *streams) pick(updates []update) []int {
	picked := make([]int, len(updates))
	for i, u := range updates {
		if followers := s.follows[u.to]; len(followers) > 0 {
			picked[i] = followers[rand.IntN(len(followers))]
		}
	}
	return picked
}

// readShared reads the streams of the entities that the updates concern.
func (s *streams) readShared(ctx context.Context, updates []update) error {
	s.shared = map[entity][]row{}
	byKind := map[string][]int{}
	for _, u := range updates {
		if u.to.kind != "-" {
			byKind[u.to.kind] = append(byKind[u.to.kind], u.to.id)
		}
	}
	var parts []string
	var args []any
	for kind, ids := range byKind {
		parts, args = append(parts, "entitytype = ? AND entityid IN ?"), append(args, kind, ids)
	}
	if len(parts) == 0 {
		return nil
	}
	err := s.tx.Select(ctx, func(rows *sql.Rows) error {
		var e entity
		var r row
		err := rows.Scan(&e.kind, &e.id, &r.questionID, &r.updated)
		s.shared[e] = append(s.shared[e], r)
		return err
	}, "SELECT entitytype, entityid, questionid, UNIX_TIMESTAMP(updated) FROM {sharedevents} WHERE "+
		strings.Join(parts, " OR "), args...)
	if err != nil {
		return fmt.Errorf("read shared updates: %w", err)
	}
	return nil
}

// readUsers reads the users' streams that are going to be trimmed.
func (s *streams) readUsers(ctx context.Context, updates []update, picked []int) error {
	s.users = map[int][]row{}
	var ids []int
	for i, u := range updates {
		for _, id := range []int{u.userID, picked[i]} {
			if id != 0 && !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	if len(ids) == 0 {
		return nil
	}
	err := s.tx.Select(ctx, func(rows *sql.Rows) error {
		r := row{}
		err := rows.Scan(&r.of, &r.questionID, &r.updated)
		s.users[r.of] = append(s.users[r.of], r)
		return err
	}, "SELECT userid, questionid, UNIX_TIMESTAMP(updated) FROM {userevents} WHERE userid IN ?", ids)
	if err != nil {
		return fmt.Errorf("read updates of users: %w", err)
	}
	return nil
}

// trim returns a stream without its oldest rows. If questionID is not 0, only the rows of that
// question are considered. If there are more than keep such rows, it drops the one that is number
// keep+1 from the newest, and all rows that are not newer than it; until is that row's time. As in
// Q2A, this also drops newer rows of the same second. trimmed reports whether there was anything to
// drop.
func trim(rows []row, questionID, keep int) (kept []row, until int64, trimmed bool) {
	var times []int64
	for _, r := range rows {
		if questionID == 0 || r.questionID == questionID {
			times = append(times, r.updated)
		}
	}
	if len(times) <= keep {
		return rows, 0, false
	}
	slices.SortFunc(times, func(a, b int64) int { return int(b - a) })
	until = times[keep]
	return slices.DeleteFunc(slices.Clone(rows), func(r row) bool {
		return (questionID == 0 || r.questionID == questionID) && r.updated <= until
	}), until, true
}

func (s *streams) trimShared(u *update) {
	if u.to.kind == "Q" {
		kept, until, trimmed := trim(s.shared[u.to], u.questionID, perQuestion)
		if trimmed {
			s.shared[u.to] = kept
			s.delete("sharedevents",
				"entitytype = ? AND entityid = ? AND questionid = ? AND updated <= FROM_UNIXTIME(?)",
				u.to.kind, u.to.id, u.questionID, until)
			return
		}
	}
	kept, until, trimmed := trim(s.shared[u.to], 0, s.most)
	if trimmed {
		s.shared[u.to] = kept
		s.delete("sharedevents", "entitytype = ? AND entityid = ? AND updated <= FROM_UNIXTIME(?)",
			u.to.kind, u.to.id, until)
	}
}

func (s *streams) trimUser(userID, questionID int) {
	kept, until, trimmed := trim(s.users[userID], questionID, perQuestion)
	if trimmed {
		s.users[userID] = kept
		s.delete("userevents", "userid = ? AND questionid = ? AND updated <= FROM_UNIXTIME(?)",
			userID, questionID, until)
		return
	}
	if kept, until, trimmed = trim(s.users[userID], 0, s.most); trimmed {
		s.users[userID] = kept
		s.delete("userevents", "userid = ? AND updated <= FROM_UNIXTIME(?)", userID, until)
	}
}

func (s *streams) delete(table, condition string, args ...any) {
	s.deletes = append(s.deletes, deletion{table, condition, args})
}

// carryOut carries out the deletions in the database.
func (s *streams) carryOut(ctx context.Context) error {
	for _, d := range s.deletes {
		if _, err := s.tx.Exec(ctx, "DELETE FROM {"+d.table+"} WHERE "+d.condition, d.args...); err != nil {
			return fmt.Errorf("trim updates: %w", err)
		}
	}
	s.deletes = nil
	return nil
}

// eventColumns are the columns of an update that the tables of both kinds of streams have.
const eventColumns = "entitytype, entityid, questionid, lastpostid, updatetype, lastuserid, updated"

// eventMarks are the placeholders for eventColumns.
const eventMarks = "?, ?, ?, ?, ?, ?, FROM_UNIXTIME(?)"

// writeShared writes the streams of entities: it carries out the deletions and inserts the new rows
// that trimming has left.
func (s *streams) writeShared(ctx context.Context) error {
	if err := s.carryOut(ctx); err != nil {
		return err
	}
	var args []any
	for e, rows := range s.shared {
		for _, r := range rows {
			if u := r.insert; u != nil {
				args = append(args, e.kind, e.id, u.questionID, u.postID, orNull(u.what),
					idOrNull(u.by), r.updated)
			}
		}
	}
	return s.insert(ctx, "sharedevents", eventColumns, "("+eventMarks+")", args, 7)
}

// writeUsers does what writeShared does, for the streams of users.
func (s *streams) writeUsers(ctx context.Context) error {
	if err := s.carryOut(ctx); err != nil {
		return err
	}
	var args []any
	for _, rows := range s.users {
		for _, r := range rows {
			if u := r.insert; u != nil {
				args = append(args, u.to.kind, u.to.id, u.questionID, u.postID, orNull(u.what),
					idOrNull(u.by), r.updated, r.of)
			}
		}
	}
	return s.insert(ctx, "userevents", eventColumns+", userid", "("+eventMarks+", ?)", args, 8)
}

func (s *streams) insert(ctx context.Context, table, columns, marks string, args []any, width int) error {
	if len(args) == 0 {
		return nil
	}
	_, err := s.tx.Exec(ctx, "INSERT INTO {"+table+"} ("+columns+") VALUES "+marks+
		strings.Repeat(", "+marks, len(args)/width-1), args...)
	if err != nil {
		return fmt.Errorf("write updates: %w", err)
	}
	return nil
}

func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}

func idOrNull(id int) any {
	if id == 0 {
		return nil
	}
	return id
}
