// Package events keeps what happened on the site for those who act on it later: mail, webhooks, thumbnails, and the streams
// of server-sent events.
//
// An event is a row of the outbox, written in the transaction that did what it tells of, so that neither exists without
// the other. Numbering puts committed events into one order that all processes share; readers follow it.
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

// Event is one thing that happened, under the name that Q2A gives it (q_post, a_vote_up, u_register …; Q2A's page "Event
// modules" lists them).
type Event struct {
	// Seq is the event's place in the order that all processes share, 0 until it has one.
	Seq int64
	// Name is Q2A's.
	Name string
	// At is in Unix seconds.
	At    int64
	Actor Actor
	// Params are Q2A's parameters of the event, in its order; of an event that was read, RawParams has them as a JSON object.
	Params    []Param
	RawParams json.RawMessage
	// Topics say whom the event may concern; the zero Topics concern nobody who is not allowed to see everything.
	Topics Topics
}

// Actor is who did it; the zero Actor is the system.
type Actor struct {
	// UserID is 0 for anonymous visitors.
	UserID int
	Handle string
	// CookieID is that of an anonymous visitor's cookie, or "".
	CookieID string
	IP       netip.Addr
}

// Topics say what an event about a post belongs to.
type Topics struct {
	// Public tells whether everybody may know of it: it concerns a post that everybody sees, and no secret of voters.
	Public bool `json:"public,omitempty"`
	// What is a short word for clients: "question", "answer", "comment", "vote", "edit" …
	What string `json:"what,omitempty"`
	// PostID is the post concerned, QuestionID the question that it belongs to.
	PostID     int `json:"postId,omitempty"`
	QuestionID int `json:"questionId,omitempty"`
	// CategoryIDs are those of the question's category and of all above it.
	CategoryIDs []int    `json:"categoryIds,omitempty"`
	Tags        []string `json:"tags,omitempty"`
	// NetVotes are those of the post afterwards; for votes only.
	NetVotes *int `json:"netVotes,omitempty"`
}

// Param is one parameter of an event. Value is a string, an int, a bool, nil for one without a value, or a Record.
type Param struct {
	Name  string
	Value any
}

// Record stands where Q2A passes a whole row, such as the post before an edit.
type Record struct {
	// Fields is how many fields the row has for Q2A, which its event log tells instead of the row.
	Fields int
	// ID, Type and UserID of the post; UserID is 0 if it has no author.
	ID     int
	Type   string
	UserID int
}

// Append writes events into the outbox, within the transaction that did what they tell of.
func Append(ctx context.Context, tx *database.DB, events ...Event) error {
	if len(events) == 0 {
		return nil
	}
	args := make([]any, 0, 5*len(events))
	for i := range events {
		payload, err := json.Marshal(stored{events[i].Actor.stored(), params(events[i].Params), events[i].Topics})
		if err != nil {
			return fmt.Errorf("event %s: %w", events[i].Name, err)
		}
		args = append(args, events[i].Name, events[i].At, string(payload))
	}
	_, err := tx.Exec(ctx, "INSERT INTO {q2ab_outbox} (name, at, payload) VALUES (?, ?, ?)"+strings.Repeat(", (?, ?, ?)", len(events)-1), args...)
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

// params become a JSON object in their order; of a Record only what identifies the post.
type params []Param

// MarshalJSON writes the parameters as one object.
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
