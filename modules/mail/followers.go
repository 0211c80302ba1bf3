package mail

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/events"
	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/site/option"
)

// Kinds of mails about what people follow, as the queue stores them.
const (
	kindFollowedQuestion = "followed_question"
	kindFollowedAnswer   = "followed_answer"
)

// States of {q2ab_followed}.
const (
	stateMailed = "mailed" // it was queued as a mail of its own
	stateOver   = "over"   // it was too much for the day, and waits for the digest
	stateTold   = "told"   // a digest has it
)

// follows returns the SQL of the ids of the users who want to be mailed at once of a new post, for whatever
// reason, and the kind of mail that tells of it. The SQL is "" for events that no follower is mailed of:
// those that are not about a new post, or not one that everybody can see. A post that was approved is new
// when it is.
func follows(e events.Event) (kind, union string, args []any) {
	if !e.Topics.Public {
		return "", "", nil
	}
	var parts []string
	add := func(column, condition string, arg any) {
		parts = append(parts, `SELECT f.userid
			FROM {userfavorites} f
			JOIN {q2ab_follow_mails} c ON c.userid = f.userid AND c.`+column+` = ?
			WHERE `+condition)
		args = append(args, atOnce, arg)
	}
	switch e.Name {
	case "q_post":
		kind = kindFollowedQuestion
		parts = append(parts, "SELECT c.userid FROM {q2ab_follow_mails} c WHERE c.site = ?")
		args = append(args, atOnce)
		// The tags are those that the question has now, by the index, which tells apart what differs in
		// accents only.
		add("tags", "f.entitytype = 'T' AND f.entityid IN (SELECT wordid FROM {posttags} WHERE postid = ?)",
			e.Topics.PostID)
		if len(e.Topics.CategoryIDs) > 0 {
			add("categories", "f.entitytype = 'C' AND f.entityid IN ?", e.Topics.CategoryIDs)
		}
		if e.Actor.UserID != 0 {
			add("users", "f.entitytype = 'U' AND f.entityid = ?", e.Actor.UserID)
		}
	case "a_post":
		kind = kindFollowedAnswer
		add("questions", "f.entitytype = 'Q' AND f.entityid = ?", e.Topics.QuestionID)
	}
	return kind, strings.Join(parts, "\n\t\tUNION "), args
}

// mailFollowers queues mails to those who want to be told of a new post at once, other than its author and
// those whom other mails tell of the same event. It reports whether it has queued any. However many they
// are, it takes two or three statements. What is more than a member gets in a day is noted for the digest.
func (m *Module) mailFollowers(
	ctx context.Context, tx *database.DB, o *site.Options, e events.Event, others []queued, parent []subscriber,
) (queued bool, err error) {
	kind, union, who := follows(e)
	if union == "" {
		return false, nil
	}
	users, addresses, err := toldOtherwise(ctx, tx, o, e, others, parent)
	if err != nil {
		return false, err
	}
	limit := m.settings.MailsPerDay
	if limit <= 0 {
		limit = math.MaxInt32
	}
	day := dayNumber(time.Unix(e.At, 0).In(m.site.Zone()))
	args := append([]any{e.Topics.PostID, e.Seq, e.At, day, day, stateMailed, limit, stateMailed, stateOver},
		who...)
	args = append(args, users, addresses, e.Actor.UserID)
	// Nothing changes if the event was handled before.
	fresh, err := tx.Exec(ctx, tx.InsertIgnore()+` {q2ab_followed} (userid, postid, seq, at, told_on, state)
		SELECT r.userid, ?, ?, ?, ?, CASE
			WHEN (SELECT COUNT(*) FROM {q2ab_followed} d
				WHERE d.told_on = ? AND d.userid = r.userid AND d.state = ?) < ? THEN ?
			ELSE ? END
		FROM (`+union+`) r
		JOIN {users} u ON u.userid = r.userid
		WHERE r.userid NOT IN ? AND u.email NOT IN ? AND `+reachable(o)+`
			AND NOT EXISTS (SELECT 1 FROM {userfavorites} b
				WHERE b.userid = r.userid AND b.entitytype = 'M' AND b.entityid = ?)`, args...)
	if err == nil && fresh > 0 {
		now := tx.Now()
		_, err = tx.Exec(ctx, tx.InsertIgnore()+` {q2ab_mail} (seq, kind, userid, postid, params, created, due)
			SELECT ?, ?, t.userid, 0, ?, ?, ?
			FROM {q2ab_followed} t
			WHERE t.postid = ? AND t.seq = ? AND t.state = ?`,
			e.Seq, kind, fmt.Sprintf(`{"post":%d}`, e.Topics.PostID), now, now, e.Topics.PostID, e.Seq, stateMailed)
	}
	if err != nil {
		return false, fmt.Errorf("queue mails to followers: %w", err)
	}
	return fresh > 0, nil
}

// toldOtherwise returns the users and the addresses that are not mailed of an event as followers: who caused
// it, and those whom others of its mails tell. Members who have turned replies off do not get those.
func toldOtherwise(
	ctx context.Context, tx *database.DB, o *site.Options, e events.Event, others []queued, parent []subscriber,
) (users []int, addresses []string, err error) {
	users, addresses = []int{e.Actor.UserID}, []string{""}
	for _, q := range others {
		users = append(users, q.userID)
	}
	var off []int
	if len(others) > 0 {
		err = tx.Select(ctx, database.Append(&off),
			"SELECT userid FROM {q2ab_preferences} WHERE userid IN ? AND kind = ? AND mail = 0",
			users, string(topicReplies))
		if err != nil {
			return nil, nil, fmt.Errorf("read who wants no mails about replies: %w", err)
		}
	}
	users = users[:1]
	for _, q := range others {
		switch {
		case kinds[q.kind].toSite:
			addresses = append(addresses, o.String(option.FeedbackEmail))
		case !slices.Contains(off, q.userID):
			users = append(users, q.userID)
			for _, s := range parent {
				if s.postID == q.postID && validAddress(s.notify) {
					addresses = append(addresses, s.notify)
				}
			}
		}
	}
	return users, addresses, nil
}

// reachable returns the SQL condition that a user u gets mails about what they follow: the site has not
// blocked the account, and the address is confirmed where the site asks for that. As Q2A does, the site trusts
// the addresses of experts and above without that.
func reachable(o *site.Options) string {
	condition := fmt.Sprintf("(u.flags & %d) = 0", auth.FlagBlocked)
	if o.Bool(option.ConfirmUserEmails) {
		condition += fmt.Sprintf(" AND (u.level >= %d OR (u.flags & %d) <> 0)",
			auth.LevelExpert, auth.FlagEmailConfirmed)
	}
	return condition
}

// isReachable reports whether a user meets the condition of reachable.
func isReachable(o *site.Options, u user) bool {
	return u.flags&auth.FlagBlocked == 0 &&
		(!o.Bool(option.ConfirmUserEmails) || u.level >= auth.LevelExpert || u.flags&auth.FlagEmailConfirmed != 0)
}

// dayNumber returns a day as a number that people can read, such as 20261130.
func dayNumber(t time.Time) int {
	y, month, d := t.Date()
	return y*10000 + int(month)*100 + d
}
