package mail

import (
	"context"
	"database/sql"
	"fmt"
	netmail "net/mail"
	"strconv"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/events"
	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/site/option"
)

// subscriber is the author of a post, with what the post's column notify says: that its author wants to
// be told of what happens to it.
type subscriber struct {
	postID, userID int
	cookieID       string
	// notify is "@" for the address of the author's account, or an address, as visitors give one.
	// Posts whose column is NULL have no subscriber.
	notify string
}

// wrote reports whether the actor is the author of the subscriber's post. Visitors are known by their
// cookies.
func (s subscriber) wrote(a events.Actor) bool {
	if s.userID != 0 || a.UserID != 0 {
		return s.userID == a.UserID
	}
	return s.cookieID != "" && s.cookieID == a.CookieID
}

// addressee identifies a subscriber among those of other posts: by the address that the post names, or
// by the account.
func (s subscriber) addressee() string {
	if validAddress(s.notify) {
		return s.notify
	}
	return strconv.Itoa(s.userID)
}

// validAddress reports whether a text is an e-mail address and nothing else.
func validAddress(text string) bool {
	a, err := netmail.ParseAddress(text)
	return err == nil && a.Address == text
}

// followingPost returns the mails that follow from an event about a post, as Q2A's own event module for
// mails sends them. parent are the subscribers of the post that was answered, commented on or selected;
// thread are those of the earlier comments on the same post.
//
// Q2A means to tell the author of an answer of questions that follow from it, but never does, because it
// passes the answer under another name than it looks for. Such mails are not sent here either.
func followingPost(o *site.Options, e events.Event, parent, thread []subscriber) (list []queued) {
	what := about{Post: e.Topics.PostID, By: e.Actor.UserID}
	tell := func(kind string, subscribers []subscriber, told map[string]bool) {
		for _, s := range subscribers {
			if s.wrote(e.Actor) || told[s.addressee()] || s.userID == 0 && !validAddress(s.notify) {
				continue
			}
			told[s.addressee()] = true
			list = append(list, queued{kind: kind, userID: s.userID, postID: s.postID, about: what})
		}
	}
	told := map[string]bool{}
	switch e.Name {
	case "q_post":
		if o.Bool(option.NotifyAdminQPost) {
			list = append(list, queued{kind: "q_posted", about: what})
		}
	case "a_post":
		tell("q_answered", parent, told)
	case "c_post":
		kind := "q_commented"
		if e.Param("parenttype") == "A" {
			kind = "a_commented"
		}
		tell(kind, parent, told)
		tell("c_commented", thread, told)
	case "a_select":
		tell("a_selected", parent, told)
	case "q_queue", "a_queue", "c_queue":
		if o.Bool(option.ModerateNotifyAdmin) {
			list = append(list, queued{kind: "moderate", about: what})
		}
	case "q_requeue", "a_requeue", "c_requeue":
		if o.Bool(option.ModerateNotifyAdmin) {
			list = append(list, queued{kind: "remoderate", about: what})
		}
	case "q_flag", "a_flag", "c_flag":
		what.Flags = number(e, "flagcount")
		every := max(o.Int(option.FlaggingNotifyEvery), 1)
		if over := what.Flags - o.Int(option.FlaggingNotifyFirst); over >= 0 && over%every == 0 {
			what.By = 0
			list = append(list, queued{kind: "flagged", about: what})
		}
	}
	return list
}

// subscribers returns the subscribers whom an event about a post may concern: those of the post that was
// answered, commented on or selected, and those of the other comments on it that were there by then.
func subscribers(
	ctx context.Context, db *database.DB, e events.Event,
) (parent, thread []subscriber, err error) {
	id := e.Topics.PostID
	switch e.Name {
	case "a_select":
		parent, err = readSubscribers(ctx, db, "postid = ?", id)
		return parent, nil, err
	case "a_post", "c_post":
	default:
		return nil, nil, nil
	}
	over := number(e, "parentid")
	if parent, err = readSubscribers(ctx, db, "postid = ?", over); err != nil || e.Name == "a_post" {
		return parent, nil, err
	}
	thread, err = readSubscribers(ctx, db,
		"parentid = ? AND type = 'C' AND postid <> ? AND UNIX_TIMESTAMP(created) <= ?", over, id, e.At)
	return parent, thread, err
}

func readSubscribers(
	ctx context.Context, db *database.DB, condition string, args ...any,
) (list []subscriber, err error) {
	err = db.Select(ctx, func(rows *sql.Rows) error {
		var s subscriber
		var user sql.NullInt64
		var cookie sql.NullString
		err := rows.Scan(&s.postID, &user, &cookie, &s.notify)
		s.userID, s.cookieID = int(user.Int64), cookie.String
		list = append(list, s)
		return err
	}, "SELECT postid, userid, cookieid, notify FROM {posts} WHERE notify IS NOT NULL AND "+condition+
		" ORDER BY postid", args...)
	if err != nil {
		return nil, fmt.Errorf("read who wants to be told of replies: %w", err)
	}
	return list, nil
}

// number returns a parameter of an event as a number, 0 if it is none.
func number(e events.Event, param string) int {
	switch v := e.Param(param).(type) {
	case int:
		return v
	case string:
		n, _ := strconv.Atoi(v) // 0 if it is not a number
		return n
	}
	return 0
}
