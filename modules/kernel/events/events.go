// Package events stores what happened on the site for those who act on it later: mail, webhooks,
// thumbnails and the streams of server-sent events.
//
// An event is a row of the outbox. It is written in the same transaction as the change that it
// describes, so that neither exists without the other. Number puts committed events into one order,
// which all processes share and readers follow.
package events

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"

	"38qa.net/backend/modules/kernel/database"
)

// Event is something that happened, under the name that Q2A gives it (q_post, a_vote_up, u_register
// …). Q2A's documentation of event modules lists the names.
type Event struct {
	// Seq is the event's place in the order that all processes share; 0 if it has not been numbered
	// yet.
	Seq int64
	// Name is the event's name in Q2A.
	Name string
	// At is when it happened, in Unix seconds.
	At    int64
	Actor Actor
	// Params are Q2A's parameters of the event, in Q2A's order. Of an event that was read from the
	// outbox, RawParams has them as a JSON object.
	Params    []Param
	RawParams json.RawMessage
	// Topics describe what the event is about, for subscribers. An event with zero Topics is told to
	// nobody.
	Topics Topics
}

// Actor is who caused the event; the zero Actor is the system.
type Actor struct {
	// UserID is 0 for anonymous visitors.
	UserID int
	Handle string
	// CookieID is the id in an anonymous visitor's cookie, or "".
	CookieID string
	IP       netip.Addr
}

// Topics describe whom an event may be told to and what it is about.
type Topics struct {
	// Public reports whether everybody may know of the event: it concerns a post that everybody can
	// see, and does not reveal who voted.
	Public bool `json:"public,omitempty"`
	// For are the ids of the users whom the event concerns: to whom a message was sent, whose question
	// was answered. It is told to them in their own streams, even if it is not public.
	For []int `json:"for,omitempty"`
	// What is a short word for clients: "question", "answer", "comment", "vote", "edit" …
	What string `json:"what,omitempty"`
	// ActorShown reports whether everybody may know who caused the event, as they do of posts and edits.
	ActorShown bool `json:"actorShown,omitempty"`
	// PostID is the post concerned, QuestionID the question that it belongs to.
	PostID     int `json:"postId,omitempty"`
	QuestionID int `json:"questionId,omitempty"`
	// CategoryIDs are the ids of the question's category and of all categories above it.
	CategoryIDs []int    `json:"categoryIds,omitempty"`
	Tags        []string `json:"tags,omitempty"`
	// NetVotes are the post's net votes after the event; set for votes only.
	NetVotes *int `json:"netVotes,omitempty"`
}

// personalWords are the words that streams use for events that concern single users and no post. Q2A has
// no events u_inbox and u_inbox_read; package mail reports them.
var personalWords = map[string]string{
	"u_message": "message", "u_wall_post": "wall-post", "g_message": "group-message", "u_notice": "notice",
	"u_inbox": "inbox", "u_inbox_read": "inbox-read",
}

// ToUsers returns the topics of an event with the given name that concerns the users with the ids, and
// nobody else. They learn who caused it. The ids of a message and of a group come from its parameters
// messageid and groupid.
func ToUsers(name string, ids ...int) Topics {
	what, ok := personalWords[name]
	if !ok {
		what = name
	}
	return Topics{For: ids, What: what, ActorShown: true}
}

// Param is one parameter of an event. Value is a string, an int, a bool, a list of ids ([]int), a
// Record, or nil for a parameter without a value.
type Param struct {
	Name  string
	Value any
}

// Record is the value of a parameter for which Q2A passes a whole row, such as the post before an
// edit.
type Record struct {
	// Fields is the number of fields that the row has in Q2A, whose event log shows it instead of
	// the row.
	Fields int
	// ID, Type and UserID are those of the post. UserID is 0 if the post has no author.
	ID     int
	Type   string
	UserID int
	// Row, if it is not nil, is what the outbox has of a row that is no post's.
	Row map[string]any
}

// Append writes events into the outbox. tx must be the transaction that made the change that they
// describe.
func Append(ctx context.Context, tx *database.DB, events ...Event) error {
	if len(events) == 0 {
		return nil
	}
	args := make([]any, 0, 5*len(events))
	for i := range events {
		payload, err := json.Marshal(stored{
			events[i].Actor.stored(), params(events[i].Params), events[i].Topics,
		})
		if err != nil {
			return fmt.Errorf("event %s: %w", events[i].Name, err)
		}
		args = append(args, events[i].Name, events[i].At, string(payload))
	}
	_, err := tx.Exec(ctx, "INSERT INTO {q2ab_outbox} (name, at, payload) VALUES (?, ?, ?)"+
		strings.Repeat(", (?, ?, ?)", len(events)-1), args...)
	if err != nil {
		return fmt.Errorf("write the outbox: %w", err)
	}
	appended(tx)
	return nil
}

// stored is the payload of an outbox row.
type stored struct {
	Actor  storedActor `json:"actor"`
	Params params      `json:"params"`
	Topics Topics      `json:"topics"`
}

type storedActor struct {
	UserID   int    `json:"userId,omitempty"`
	Handle   string `json:"handle,omitempty"`
	CookieID string `json:"cookieId,omitempty"`
	IP       string `json:"ip,omitempty"`
}

func (a Actor) stored() storedActor {
	s := storedActor{UserID: a.UserID, Handle: a.Handle, CookieID: a.CookieID}
	if a.IP.IsValid() {
		s.IP = a.IP.String()
	}
	return s
}

// params encodes parameters as a JSON object that keeps their order. Of a Record it holds only what
// identifies the post.
type params []Param

// MarshalJSON implements json.Marshaler.
func (list params) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, p := range list {
		if i > 0 {
			b.WriteByte(',')
		}
		name, err := json.Marshal(p.Name)
		if err != nil {
			return nil, err
		}
		value := p.Value
		if r, ok := value.(Record); ok {
			value = map[string]any{"postid": r.ID, "type": r.Type, "userid": r.UserID}
			if r.Row != nil {
				value = r.Row
			}
		}
		text, err := json.Marshal(value)
		if err != nil {
			return nil, err
		}
		b.Write(name)
		b.WriteByte(':')
		b.Write(text)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}
