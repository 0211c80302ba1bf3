package ranking

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/events"
	"38qa.net/backend/modules/ranking/internal/badges"
)

// The values of the plugin's column show_flag: whether the user has been shown an award.
const (
	untold = 0 // the next page that the user opens shows the award
	told   = 1
	silent = 2 // never shown, because the award is for something long past
)

// awardsName is the name that every transaction which awards badges passes to (*database.DB).Alone.
// Such transactions must not run at the same time, because the plugin's tables have no unique keys.
const awardsName = "badges"

// award is a badge for a user.
type award struct{ userID, badge int }

// HandleEvent awards the badges that users have earned by an event; it is a handler of the outbox.
// A badge stays once it is awarded, even if the post or vote that earned it goes away.
func (m *Module) HandleEvent(ctx context.Context, tx *database.DB, e events.Event) error {
	var earned []award
	var users []int
	if condition, args := postsConcerned(e); condition != "" {
		err := eachPost(ctx, tx, condition, args, func(_ int, p *badges.Post) {
			users = append(users, p.Author)
			for _, id := range p.Of() {
				earned = append(earned, award{p.Author, id})
			}
		})
		if err != nil {
			return err
		}
	}
	switch e.Name {
	case "a_vote_up", "q_favorite":
		users = append(users, e.Actor.UserID)
	case "u_favorite":
		var params struct {
			UserID json.Number `json:"userid"`
		}
		if err := json.Unmarshal(e.RawParams, &params); err == nil {
			id, _ := params.UserID.Int64()
			users = append(users, int(id))
		}
	}
	slices.Sort(users)
	if users = slices.Compact(users); len(users) == 0 {
		return nil
	}
	err := eachPerson(ctx, tx, "0", "u.userid IN ?", []any{users}, func(userID int, p *badges.Person) {
		for _, id := range p.Of() {
			earned = append(earned, award{userID, id})
		}
	})
	if err != nil {
		return err
	}
	_, err = give(ctx, tx, earned, untold)
	return err
}

// postsConcerned returns an SQL condition for the posts (with the alias p) that may have earned a
// badge by an event, with its arguments; "" if there are none.
func postsConcerned(e events.Event) (condition string, args []any) {
	kind, what, _ := strings.Cut(e.Name, "_")
	id, question := e.Topics.PostID, e.Topics.QuestionID
	if kind != "q" && kind != "a" || id == 0 {
		return "", nil
	}
	switch what {
	case "vote_up":
		return "p.postid = ?", []any{id}
	case "post", "edit", "claim":
		return "p.postid IN ?", []any{[]int{id, question}}
	case "approve", "requeue", "hide", "reshow", "move", "to_c":
		// Another answer may be the question's first now.
		return "(p.postid = ? OR p.parentid = ?)", []any{question, question}
	}
	return "", nil
}

// eachPost calls tell with the id of each visible question and answer that has an author and meets
// the condition, and with the facts that badges depend on.
func eachPost(
	ctx context.Context, db *database.DB, condition string, args []any,
	tell func(id int, p *badges.Post),
) error {
	err := db.Select(ctx, func(rows *sql.Rows) error {
		var id int
		var kind string
		p := badges.Post{}
		if err := rows.Scan(&id, &p.Author, &kind, &p.Content, &p.Upvotes, &p.Replies, &p.Wait,
			&p.First); err != nil {
			return err
		}
		p.Kind = kind[0]
		tell(id, &p)
		return nil
	}, `SELECT p.postid, p.userid, p.type, CASE WHEN `+badges.TellingContents("p")+`
			THEN p.content ELSE '' END, p.upvotes, p.acount,
			COALESCE(UNIX_TIMESTAMP(p.created) - UNIX_TIMESTAMP(q.created), 0),
			NOT EXISTS (SELECT 1
				FROM {posts} s
				WHERE s.parentid = p.parentid AND s.type = 'A'
					AND (s.created < p.created OR s.created = p.created AND s.postid < p.postid))
		FROM {posts} p
		LEFT JOIN {posts} q ON q.postid = p.parentid
		WHERE p.type IN ('Q', 'A') AND p.userid IS NOT NULL AND `+condition, args...)
	if err != nil {
		return fmt.Errorf("look for badges of posts: %w", err)
	}
	return nil
}

// eachPerson calls tell with the id of each user who meets the condition, and with the facts that
// badges depend on. diary is an SQL expression for how many diary posts the user has.
func eachPerson(
	ctx context.Context, db *database.DB, diary, condition string, args []any,
	tell func(userID int, p *badges.Person),
) error {
	err := db.Select(ctx, func(rows *sql.Rows) error {
		var id int
		p := badges.Person{}
		if err := rows.Scan(&id, &p.Questions, &p.Answers, &p.DiaryPosts, &p.Supported, &p.Collected,
			&p.Followers); err != nil {
			return err
		}
		tell(id, &p)
		return nil
	}, `SELECT u.userid, COALESCE(up.qposts, 0), COALESCE(up.aposts, 0), `+diary+`,
			(SELECT COUNT(*)
				FROM {uservotes} v
				JOIN {posts} p ON p.postid = v.postid
				WHERE v.userid = u.userid AND v.vote > 0 AND p.type = 'A'),
			(SELECT COUNT(*) FROM {userfavorites} f WHERE f.userid = u.userid AND f.entitytype = 'Q'),
			(SELECT COUNT(*) FROM {userfavorites} f WHERE f.entitytype = 'U' AND f.entityid = u.userid)
		FROM {users} u
		LEFT JOIN {userpoints} up ON up.userid = u.userid
		WHERE `+condition, args...)
	if err != nil {
		return fmt.Errorf("look for badges of users: %w", err)
	}
	return nil
}

// give stores those awards that users do not have yet, each once and with the given show_flag, and
// returns them.
func give(ctx context.Context, tx *database.DB, earned []award, flag int) ([]award, error) {
	fresh, err := missing(ctx, tx, earned)
	if err != nil || len(fresh) == 0 {
		return nil, err
	}
	if err := tx.Alone(ctx, awardsName); err != nil {
		return nil, err
	}
	if fresh, err = missing(ctx, tx, earned); err != nil || len(fresh) == 0 {
		return nil, err // somebody else has awarded them meanwhile
	}
	for part := range slices.Chunk(fresh, usersPerBatch) {
		var args []any
		for _, a := range part {
			args = append(args, a.badge, a.userID, flag, tx.Now(), tx.Now())
		}
		const row = "(?, ?, ?, FROM_UNIXTIME(?), FROM_UNIXTIME(?))"
		if _, err := tx.Exec(ctx,
			"INSERT INTO {ysb_badges} (badgeid, userid, show_flag, created, updated) VALUES "+row+
				strings.Repeat(", "+row, len(part)-1), args...); err != nil {
			return nil, fmt.Errorf("award badges: %w", err)
		}
		if flag != untold {
			continue
		}
		told := make([]events.Event, len(part))
		for i, a := range part {
			told[i] = awarded(tx, a)
		}
		if err := events.Append(ctx, tx, told...); err != nil {
			return nil, err
		}
	}
	return fresh, nil
}

// awarded returns the event that a user was awarded a badge, for the inbox. Q2A and the plugin have no such
// event.
func awarded(tx *database.DB, a award) events.Event {
	return events.Event{Name: "u_badge", At: tx.Now(), Params: []events.Param{
		{Name: "userid", Value: a.userID}, {Name: "badgeid", Value: a.badge}}}
}

// missing returns the awards that users do not have yet, each once.
func missing(ctx context.Context, db *database.DB, earned []award) (fresh []award, err error) {
	want := map[award]bool{}
	var users []int
	for _, a := range earned {
		want[a] = true
		users = append(users, a.userID)
	}
	slices.Sort(users)
	for part := range slices.Chunk(slices.Compact(users), usersPerBatch) {
		err := db.Select(ctx, func(rows *sql.Rows) error {
			var a award
			err := rows.Scan(&a.userID, &a.badge)
			delete(want, a)
			return err
		}, "SELECT userid, badgeid FROM {ysb_badges} WHERE userid IN ?", part)
		if err != nil {
			return nil, fmt.Errorf("read badges: %w", err)
		}
	}
	for _, a := range earned {
		if want[a] {
			fresh = append(fresh, a)
			delete(want, a)
		}
	}
	return fresh, nil
}
