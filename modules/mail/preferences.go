package mail

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/web"
)

// channels says how a member is told of something.
type channels struct {
	Inbox bool `json:"inbox" doc:"In the inbox of the site"`
	Mail  bool `json:"mail" doc:"By mail at once, for what is mailed at all"`
	Push  bool `json:"push" doc:"On the devices of POST /v1/me/push-subscriptions, for what comes into the inbox"`
}

// topic is what members choose channels for: kinds of mail and of entries of the inbox that belong
// together.
type topic string

// The topics, as the table of preferences stores them.
const (
	topicReplies  topic = "replies"
	topicSelected topic = "selected"
	topicMentions topic = "mentions"
	topicFollowed topic = "followed"
	topicVotes    topic = "votes"
	topicBadges   topic = "badges"
	topicMessages topic = "messages"
	topicWall     topic = "wall"
	topicPosts    topic = "posts"
	topicTips     topic = "tips"
)

// Topics of mails that followMails decide about.
const (
	topicDaily  topic = "daily"
	topicWeekly topic = "weekly"
)

// byDefault says which channels are used until a member chooses others. Mail is as Q2A sends it.
// Replies and chosen answers are mailed only if the post asks for it, as on the old site; turning mail
// off here turns it off for all posts.
var byDefault = map[topic]channels{
	topicReplies:  {Inbox: true, Mail: true, Push: true},
	topicSelected: {Inbox: true, Mail: true, Push: true},
	topicMentions: {Inbox: true, Push: true}, topicFollowed: {Inbox: true}, topicVotes: {Inbox: true},
	topicMessages: {Inbox: true, Mail: true, Push: true}, topicWall: {Inbox: true, Mail: true, Push: true},
	topicPosts: {Inbox: true, Push: true}, topicBadges: {Inbox: true}, topicTips: {Mail: true},
	topicMailings: {Mail: true},
}

// preferences are a member's choices for all topics.
type preferences struct {
	Replies  channels `json:"replies" doc:"Answers to one's questions, and comments on one's posts or after one's own. Mailed only for posts that ask for it (notify)"`
	Selected channels `json:"selected" doc:"One's answer was chosen as the best. Mailed only for answers that ask for it (notify)"`
	Mentions channels `json:"mentions" doc:"One's @handle stands in a post. Never mailed"`
	Followed channels `json:"followed" doc:"New questions of users, tags and categories that one follows, and answers to questions. Mailed as followMails says, whatever mail says here"`
	Votes    channels `json:"votes" doc:"A post reached a round number of votes. Never mailed"`
	Badges   channels `json:"badges" doc:"One was awarded a badge. Never mailed"`
	Messages channels `json:"messages" doc:"Private messages, and those in groups. Of groups none are mailed"`
	Wall     channels `json:"wall" doc:"Posts on one's wall"`
	Posts    channels `json:"posts" doc:"What moderators did with one's posts. Never mailed"`
	Tips     channels `json:"tips" doc:"Thanks, advice and reminders of the site itself. Never in the inbox"`

	FollowMails followMails `json:"followMails" doc:"How often one is mailed of what one follows: at once, or in a digest in the morning, on Mondays if it is weekly. Beyond the site's limit of a day, mails become part of the digest"`
}

// each calls do with each topic and its channels.
func (p *preferences) each(do func(t topic, c *channels)) {
	do(topicReplies, &p.Replies)
	do(topicSelected, &p.Selected)
	do(topicMentions, &p.Mentions)
	do(topicFollowed, &p.Followed)
	do(topicVotes, &p.Votes)
	do(topicBadges, &p.Badges)
	do(topicMessages, &p.Messages)
	do(topicWall, &p.Wall)
	do(topicPosts, &p.Posts)
	do(topicTips, &p.Tips)
}

type preferencesOutput struct{ Body preferences }

// channelsPatch are the channels to change; what is absent stays.
type channelsPatch struct {
	Inbox *bool `json:"inbox,omitempty"`
	Mail  *bool `json:"mail,omitempty"`
	Push  *bool `json:"push,omitempty"`
}

type preferencesInput struct {
	Body struct {
		Replies  *channelsPatch `json:"replies,omitempty"`
		Selected *channelsPatch `json:"selected,omitempty"`
		Mentions *channelsPatch `json:"mentions,omitempty"`
		Followed *channelsPatch `json:"followed,omitempty"`
		Votes    *channelsPatch `json:"votes,omitempty"`
		Badges   *channelsPatch `json:"badges,omitempty"`
		Messages *channelsPatch `json:"messages,omitempty"`
		Wall     *channelsPatch `json:"wall,omitempty"`
		Posts    *channelsPatch `json:"posts,omitempty"`
		Tips     *channelsPatch `json:"tips,omitempty"`

		FollowMails *followMailsPatch `json:"followMails,omitempty"`
	}
}

func (m *Module) registerPreferences(api huma.API) {
	operation := huma.Operation{OperationID: "get-preferences", Method: http.MethodGet,
		Path: "/v1/me/preferences", Tags: []string{"Me"}, Summary: "How one is told of what",
		Description: "What the site may send at all is in GET /v1/me (notifications).",
		Errors:      []int{http.StatusForbidden}}
	web.Register(api, operation, func(ctx context.Context, _ *struct{}) (*preferencesOutput, error) {
		caller, err := auth.RequireUser(ctx)
		if err != nil {
			return nil, err
		}
		p, err := preferencesOf(ctx, m.db, caller.UserID)
		return &preferencesOutput{Body: p}, err
	})
	operation.OperationID, operation.Method = "update-preferences", http.MethodPatch
	operation.Summary = "Change how one is told of what"
	operation.Description = "Topics and channels that are left out stay as they are."
	web.Register(api, operation, m.updatePreferences)
}

// preferencesOf returns a member's choices, or the defaults where there are none.
func preferencesOf(ctx context.Context, db *database.DB, userID int) (p preferences, err error) {
	chosen := map[topic]channels{}
	err = db.Select(ctx, func(rows *sql.Rows) error {
		var t topic
		var c channels
		var push sql.NullBool
		err := rows.Scan(&t, &c.Inbox, &c.Mail, &push)
		if c.Push = push.Bool; !push.Valid {
			c.Push = byDefault[t].Push
		}
		chosen[t] = c
		return err
	}, "SELECT kind, inbox, mail, push FROM {q2ab_preferences} WHERE userid = ?", userID)
	if err != nil {
		return p, fmt.Errorf("read preferences: %w", err)
	}
	p.each(func(t topic, c *channels) {
		var ok bool
		if *c, ok = chosen[t]; !ok {
			*c = byDefault[t]
		}
	})
	p.FollowMails, err = followMailsOf(ctx, db, userID)
	return p, err
}

func (m *Module) updatePreferences(ctx context.Context, in *preferencesInput) (*preferencesOutput, error) {
	caller, err := auth.RequireUser(ctx)
	if err != nil {
		return nil, err
	}
	b := &in.Body
	patches := map[topic]*channelsPatch{topicReplies: b.Replies, topicSelected: b.Selected,
		topicMentions: b.Mentions, topicFollowed: b.Followed, topicVotes: b.Votes,
		topicBadges: b.Badges, topicMessages: b.Messages, topicWall: b.Wall, topicPosts: b.Posts,
		topicTips: b.Tips}
	out := &preferencesOutput{}
	err = m.db.Tx(ctx, func(tx *database.DB) error {
		var err error
		if out.Body, err = preferencesOf(ctx, tx, caller.UserID); err != nil {
			return err
		}
		out.Body.each(func(t topic, c *channels) {
			patch := patches[t]
			if err != nil || patch == nil {
				return
			}
			if patch.Inbox != nil {
				c.Inbox = *patch.Inbox
			}
			if patch.Mail != nil {
				c.Mail = *patch.Mail
			}
			if patch.Push != nil {
				c.Push = *patch.Push
			}
			err = choose(ctx, tx, caller.UserID, t, *c)
		})
		if err == nil && b.FollowMails != nil {
			out.Body.FollowMails = out.Body.FollowMails.with(b.FollowMails)
			err = storeFollowMails(ctx, tx, caller.UserID, out.Body.FollowMails)
		}
		return err
	})
	return out, err
}

// choose stores a member's choice for a topic.
func choose(ctx context.Context, tx *database.DB, userID int, t topic, c channels) error {
	_, err := tx.Exec(ctx, `INSERT INTO {q2ab_preferences} (userid, kind, inbox, mail, push)
		VALUES (?, ?, ?, ?, ?)`+tx.Overwrite("userid, kind", "inbox", "mail", "push"),
		userID, string(t), c.Inbox, c.Mail, c.Push)
	if err != nil {
		return fmt.Errorf("store a preference: %w", err)
	}
	return nil
}

// choicesAtOnce is of how many members the choices are read by one statement.
const choicesAtOnce = 500

// choicesOf returns a function that reports whether one of the users wants to be told of a topic by a
// channel: inbox or push, as the column with the choice is called. standard is what counts for those who have
// not chosen.
func choicesOf(
	ctx context.Context, tx *database.DB, channel string, standard func(channels) bool, users []int,
) (wanted func(userID int, t topic) bool, err error) {
	type choice struct {
		userID int
		topic  topic
	}
	chosen := map[choice]bool{}
	for some := range slices.Chunk(users, choicesAtOnce) {
		err = tx.Select(ctx, func(rows *sql.Rows) error {
			var c choice
			var wanted bool
			err := rows.Scan(&c.userID, &c.topic, &wanted)
			chosen[c] = wanted
			return err
		}, "SELECT userid, kind, "+channel+" FROM {q2ab_preferences} "+
			"WHERE "+channel+" IS NOT NULL AND userid IN ?", some)
		if err != nil {
			return nil, fmt.Errorf("read preferences: %w", err)
		}
	}
	return func(userID int, t topic) bool {
		if wanted, ok := chosen[choice{userID, t}]; ok {
			return wanted
		}
		return standard(byDefault[t])
	}, nil
}

// wants reports whether a member has not turned off the mails of a topic.
func wants(ctx context.Context, db *database.DB, userID int, t topic) (bool, error) {
	if often, ok := frequencyOf[t]; ok {
		return wantsFollowMails(ctx, db, userID, often)
	}
	mails := byDefault[t].Mail
	_, err := db.Get(ctx, []any{&mails}, "SELECT mail FROM {q2ab_preferences} WHERE userid = ? AND kind = ?",
		userID, string(t))
	if err != nil {
		return false, fmt.Errorf("read a preference: %w", err)
	}
	return mails, nil
}
