package events

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humaecho"

	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
)

const (
	// heartbeat is the time between two comment lines that keep a stream alive: proxies close
	// connections that are silent for a minute.
	heartbeat = 15 * time.Second
	// patience is how long a client may take to accept what is sent to it.
	patience = 10 * time.Second
	// streamLife is about how long a stream lasts. The client then connects again by itself, and its
	// permission is checked anew.
	streamLife = time.Hour
	// maxReplay is how many events a client may be behind to be sent those that it missed. Beyond
	// that, loading the pages again is cheaper.
	maxReplay = 10_000
)

// Path is the path of the streams.
const Path = "/v1/events"

type streamInput struct {
	Question    []int    `query:"question" maxItems:"50" doc:"What concerns the questions with these ids: themselves, their answers, all comments"`
	Tag         []string `query:"tag" maxItems:"50" doc:"What concerns questions with one of these tags"`
	Category    []int    `query:"category" maxItems:"50" doc:"What concerns questions in the categories with these ids, or in those below them"`
	Named       string   `query:"named" enum:"true,false" default:"true" doc:"false leaves the lines event: out, so that every event comes to onmessage of an EventSource; data says what it is"`
	Mine        bool     `query:"mine" doc:"true: what concerns the caller, whether it is public or not, and of the rest only what matches another filter; for signed-in callers"`
	LastEventID string   `header:"Last-Event-ID" pattern:"^[0-9]{1,18}$" doc:"Id of the last event received; a browser's EventSource sends it by itself when it connects again"`
	After       string   `query:"lastEventId" pattern:"^[0-9]{1,18}$" doc:"The same, for a new EventSource, which cannot send headers; the header counts if both come"`
	// The ticket is taken before the operation begins, by whoever finds out who the caller is.
	Ticket string `query:"ticket" maxLength:"100" doc:"In place of a bearer token, for an EventSource: what POST /v1/events/tickets returned. It is good for one stream"`
}

// PublicEvent is the part of an event that everybody may know, or those whom it concerns. It never contains
// from which address it was caused, or what was written; and who caused it only where the site shows that too.
type PublicEvent struct {
	What        string       `json:"what" enum:"question,answer,comment,edit,selected,unselected,closed,reopened,hidden,reshown,moved,converted,vote,claimed,message,group-message,wall-post,notice,inbox,inbox-read,hello,reset" doc:"What happened, as in event"`
	At          time.Time    `json:"at"`
	PostID      int          `json:"postId,omitempty" doc:"The post concerned: get it to show it"`
	QuestionID  int          `json:"questionId,omitempty" doc:"The question that it belongs to"`
	CategoryIDs []int        `json:"categoryIds,omitempty" doc:"The question's category and all above it"`
	Tags        []string     `json:"tags,omitempty" doc:"The question's tags"`
	NetVotes    *int         `json:"netVotes,omitempty" doc:"The post's votes afterwards, up less down; for votes"`
	Mine        bool         `json:"mine,omitempty" doc:"It concerns the caller; with mine=true"`
	MessageID   int          `json:"messageId,omitempty" doc:"The message or wall post: get it to show it; in events that concern the caller"`
	GroupID     int          `json:"groupId,omitempty" doc:"The group that the message is in; in events that concern the caller"`
	Unread      *int         `json:"unread,omitempty" doc:"How many entries of the caller's inbox are unread then; in inbox-read"`
	By          *publicActor `json:"by,omitempty" doc:"Who did it, where the site shows that: not for votes, anonymous posts, and events that are sent late"`
}

// publicActor is who caused an event.
type publicActor struct {
	ID     int    `json:"id"`
	Handle string `json:"handle"`
}

// streamDescription is the description of the operation in the OpenAPI document.
const streamDescription = "A stream of server-sent events (`text/event-stream`), for a browser's `EventSource`. " +
	"Of several filters one must match; without one everything public is told. A page needs one stream for all that it shows.\n\n" +
	"Each event is `id`, `event` and `data`, a JSON object. `event`, and `what` in the data, are:\n" +
	"- `question`, `answer`, `comment`: somebody posted one.\n" +
	"- `edit`, `moved`, `converted`, `claimed`: a post, its category, its type or its author changed.\n" +
	"- `vote`: the votes of a post changed; `netVotes` has them.\n" +
	"- `selected`, `unselected`: an answer is the best one, or is not any more.\n" +
	"- `closed`, `reopened`, `hidden`, `reshown`.\n" +
	"- `hello`: from here on the stream is live. It comes first, or after what was missed; its id is where to resume.\n" +
	"- `reset`: what happened since `Last-Event-ID` is not known any more, or is too much (more than 10,000 events): load again what is shown.\n\n" +
	"New words may come. Comment lines come every 15 seconds; an `id` alone tells how far the stream has come.\n\n" +
	"With `Last-Event-ID` the stream begins after that event; of what has been hidden since, no more is told than that it was. The server ends a stream after about an hour, when it stops, and when the client does not keep up; " +
	"connecting again with the last id misses nothing.\n\n" +
	"With `mine=true` a signed-in caller is told what concerns them, and nobody else is: `mine` in the data marks it. That is\n" +
	"- `answer`, `comment`, `question`: an answer to the caller's question, a comment on their post or after their own, a question that follows from their answer.\n" +
	"- `edit`, `moved`, `converted`, `selected`, `unselected`, `closed`, `reopened`, `hidden`, `reshown`: what others did with the caller's posts.\n" +
	"- `message`, `group-message`, `wall-post`, `notice`: somebody sent one; `messageId` and `groupId` say which.\n" +
	"- `inbox`: something new is in the caller's inbox, or an entry of it stands for one more: get `/v1/me/inbox`.\n" +
	"- `inbox-read`: entries were marked as read or unread, here or elsewhere; `unread` says how many are unread then.\n\n" +
	"An `EventSource` cannot send a bearer token: get a ticket from `POST /v1/events/tickets` and open `/v1/events?mine=true&ticket=…`. A ticket is good once, so that the browser cannot connect again by itself: " +
	"on an error close the `EventSource`, get a new ticket and open another one with `lastEventId`. Such a stream ends within a minute when the session ends or the account is blocked. Every stream ends within half a minute when the site closes for maintenance.\n\n" +
	"429 `too_many_streams` for too many streams of one client, 503 when the server has too many."

// Register adds the operation GET /v1/events to the API.
func (st *Streams) Register(api huma.API) {
	data := api.OpenAPI().Components.Schemas.Schema(typePublicEvent, true, "")
	web.Register(api, huma.Operation{
		OperationID: "stream-events", Method: http.MethodGet, Path: Path, Tags: []string{"Activity"},
		Summary: "What happens, as it happens", Description: streamDescription,
		Errors: []int{http.StatusForbidden, http.StatusNotImplemented, http.StatusServiceUnavailable},
		Responses: map[string]*huma.Response{"200": {Description: "The stream; the schema is that of the data of an event",
			Content: map[string]*huma.MediaType{"text/event-stream": {Schema: data}}}},
	}, st.open)
}

// open checks whether the client may have a stream, subscribes it to the events and returns the
// stream.
func (st *Streams) open(ctx context.Context, in *streamInput) (*huma.StreamResponse, error) {
	if st.settings.Off {
		return nil, problem.New(codeNoStreams)
	}
	if st.settings.May != nil {
		if err := st.settings.May(ctx); err != nil {
			return nil, err
		}
	}
	var after *int64
	if last := cmp.Or(in.LastEventID, in.After); last != "" {
		after = new(int64)
		if _, err := fmt.Sscan(last, after); err != nil {
			return nil, err // the pattern lets nothing else pass
		}
	}
	filter := Filter{QuestionIDs: in.Question, CategoryIDs: in.Category, Tags: in.Tag}
	var holder Holder
	if in.Mine {
		if st.settings.Holder == nil {
			return nil, problem.New(codeNoStreams)
		}
		var err error
		if holder, err = st.settings.Holder(ctx); err != nil {
			return nil, err
		}
		filter.UserID = holder.UserID
	}
	leave, err := st.enter(ctx)
	if err != nil {
		return nil, err
	}
	named := in.Named == "true"
	sub, err := st.follower.Subscribe(ctx, filter)
	if err != nil {
		leave()
		return nil, err
	}
	mine := &personal{} // whose end never comes, unless the stream is personal
	if in.Mine {
		var release func()
		mine, release = st.hold(holder)
		leaveAll := leave
		leave = func() { release(); leaveAll() }
	}
	connected := connection(ctx)
	// Release everything however the request ends.
	context.AfterFunc(connected, func() { sub.Close(); leave() })
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		defer leave()
		defer sub.Close()
		for name, value := range map[string]string{
			"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no",
			// A stream is the last response on its connection; and a client that asked with HEAD
			// closes the connection, which ends the stream.
			"Connection": "close",
		} {
			hc.SetHeader(name, value)
		}
		w := humaecho.Unwrap(hc).Response()
		c := &streamClient{w: w, control: http.NewResponseController(w), patience: st.patience, named: named,
			ended: mine.ended, may: st.stillMay(ctx)}
		if err := st.serve(connected, c, sub, after); err != nil && connected.Err() == nil {
			slog.WarnContext(ctx, "stream of events ended", "error", err)
		}
	}}, nil
}

// serve sends events until the client goes away or is too slow, the stream's time is over, or the
// server stops.
func (st *Streams) serve(ctx context.Context, c *streamClient, sub *Subscription, after *int64) error {
	_ = c.control.SetReadDeadline(time.Time{}) // or the server would regard the client as gone
	// The random delay makes the clients of a server that stops come back at different times.
	if c.send(fmt.Appendf(nil, ": events\nretry: %d\n\n", 1000+rand.IntN(4000))) != nil {
		return nil // it went away, here as below
	}
	if after != nil {
		complete, err := st.replay(ctx, c, sub, *after)
		if err != nil {
			return err
		}
		if !complete && c.send(c.mark("reset", sub.Start())) != nil {
			return nil
		}
	}
	if c.send(c.mark("hello", sub.Start())) != nil {
		return nil
	}
	beat := time.NewTicker(st.heartbeat)
	defer beat.Stop()
	end := time.NewTimer(streamLife + rand.N(streamLife/4))
	defer end.Stop()
	stopping := st.stopping(ctx)
	for {
		var text []byte
		select {
		case <-ctx.Done():
			return nil
		case <-stopping:
			return nil
		case <-end.C:
			return nil
		case <-c.ended:
			return nil
		case n, open := <-sub.events:
			if !open {
				return nil // too slow, or the process ends
			}
			text = c.frame(n)
		case <-beat.C:
			if !c.still() {
				return nil
			}
			text = []byte(":\n\n")
			if at := sub.passed(); at > 0 {
				text = fmt.Appendf(nil, ":\nid: %d\n\n", at)
			}
		}
		if c.send(text) != nil {
			return nil
		}
	}
}

// replay sends the events after the given place that the client missed. complete is false if some of
// them have been removed, or if they are more than maxReplay.
func (st *Streams) replay(
	ctx context.Context, c *streamClient, sub *Subscription, after int64,
) (complete bool, err error) {
	until := sub.Start()
	if after > until || until-after > maxReplay {
		return false, nil
	}
	for after < until {
		list, err := Read(ctx, st.follower.db, after, int(min(readAtOnce, until-after)))
		if err != nil {
			return false, err
		}
		if len(list) == 0 || list[0].Seq != after+1 {
			return false, nil
		}
		if err := st.forget(ctx, list); err != nil {
			return false, err
		}
		var text []byte
		for _, e := range list {
			// Meanwhile the account may have been deleted or renamed.
			e.Topics.ActorShown = false
			if personal := sub.filter.concerns(e.Topics); personal || sub.filter.matches(e.Topics) {
				text = append(text, c.frame(newNotice(e, personal))...)
			}
		}
		after = list[len(list)-1].Seq
		if len(text) > 0 && c.send(text) != nil {
			return true, nil //nolint:nilerr // it went away; the next thing sent tells
		}
	}
	return true, nil
}

// forget removes from events that are sent late what is not public any more.
func (st *Streams) forget(ctx context.Context, list []Event) error {
	if st.settings.Still == nil {
		return nil
	}
	var public []*Topics
	for i := range list {
		if list[i].Topics.Public {
			public = append(public, &list[i].Topics)
		}
	}
	if len(public) == 0 {
		return nil
	}
	return st.settings.Still(ctx, public)
}

// newNotice returns an event in the forms in which streams send it: to everybody or, if it is personal,
// to those whom it concerns.
func newNotice(e Event, personal bool) *notice {
	t := e.Topics
	public := PublicEvent{
		What: t.What, At: time.Unix(e.At, 0).UTC(), PostID: t.PostID, QuestionID: t.QuestionID,
		CategoryIDs: t.CategoryIDs, Tags: t.Tags, NetVotes: t.NetVotes,
	}
	if public.Mine = personal; personal {
		public.MessageID, _ = e.Param("messageid").(int)
		public.GroupID, _ = e.Param("groupid").(int)
		if unread, ok := e.Param("unread").(int); ok {
			public.Unread = &unread
		}
	}
	if t.ActorShown && e.Actor.Handle != "" {
		public.By = &publicActor{e.Actor.UserID, e.Actor.Handle}
	}
	data, err := json.Marshal(public)
	if err != nil {
		panic("events: " + err.Error()) // numbers and texts only
	}
	return &notice{e.Seq, fmt.Appendf(nil, "id: %d\nevent: %s\ndata: %s\n\n", e.Seq, t.What, data),
		fmt.Appendf(nil, "id: %d\ndata: %s\n\n", e.Seq, data)}
}

// streamClient is the client of one stream.
type streamClient struct {
	w        io.Writer
	control  *http.ResponseController
	patience time.Duration
	named    bool            // whether it wants the names of events in lines of their own
	ended    <-chan struct{} // closed when the client may not have the stream any more; nil for never
	may      func() error    // returns an error if the client could not begin a stream now; nil for never
}

// still reports whether the client may go on having the stream. It may while that cannot be found out.
func (c *streamClient) still() bool {
	var refused *problem.Error
	return c.may == nil || !errors.As(c.may(), &refused)
}

// stillMay returns a function that checks again what was checked when the stream of the request began. The
// request's own time may be over by then.
func (st *Streams) stillMay(ctx context.Context) func() error {
	if st.settings.May == nil {
		return nil
	}
	ctx = context.WithoutCancel(ctx)
	return func() error { return st.settings.May(ctx) }
}

// frame returns the form of an event that the client wants.
func (c *streamClient) frame(n *notice) []byte {
	if c.named {
		return n.named
	}
	return n.unnamed
}

// mark returns an event of the stream itself, which is about no post.
func (c *streamClient) mark(what string, at int64) []byte {
	return c.frame(newNotice(Event{Seq: at, At: time.Now().Unix(), Topics: Topics{What: what}}, false))
}

// send sends a text to the client. An error means that the client went away or is too slow.
func (c *streamClient) send(text []byte) error {
	// This replaces the server's deadline, which is meant for a single response.
	_ = c.control.SetWriteDeadline(time.Now().Add(c.patience))
	if _, err := c.w.Write(text); err != nil {
		return err
	}
	return c.control.Flush()
}
