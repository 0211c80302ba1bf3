package hooks

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/kernel/events"
	"38qa.net/backend/modules/kernel/problem"
)

// kinds are the kinds of events of which receivers can be told: those of live events that everybody may
// know.
var kinds = []string{"question", "answer", "comment", "edit", "selected", "unselected", "closed", "reopened",
	"hidden", "reshown", "moved", "converted", "vote", "claimed"}

const (
	// kindTest is the kind of messages that administrators send to try a receiver.
	kindTest = "test"
	// kindHidden is the kind of events whose post is not public any more when they are told.
	kindHidden = "hidden"
)

// webhookMessage is the body of a request to a receiver.
type webhookMessage struct {
	Type      string      `json:"type" enum:"question,answer,comment,edit,selected,unselected,closed,reopened,hidden,reshown,moved,converted,vote,claimed,test" doc:"What happened"`
	Timestamp time.Time   `json:"timestamp" doc:"When it happened, to the second; webhook-timestamp is when the message was sent"`
	Data      webhookData `json:"data"`
}

// webhookData is what a message says of a public post. It has neither who did it nor what they wrote, beside
// the title of the question.
type webhookData struct {
	PostID      int      `json:"postId,omitempty" doc:"The post concerned: get it to show it; absent in tests"`
	QuestionID  int      `json:"questionId,omitempty" doc:"The question that it belongs to; absent in tests"`
	Title       string   `json:"title,omitempty" doc:"The question's title now; absent for hidden"`
	URL         string   `json:"url,omitempty" format:"uri" doc:"The post's page on the site; absent for hidden, and if the site does not know its address"`
	CategoryIDs []int    `json:"categoryIds,omitempty" doc:"The question's category and all above it; absent for hidden"`
	Tags        []string `json:"tags,omitempty" doc:"The question's tags then; absent for hidden"`
	NetVotes    *int     `json:"netVotes,omitempty" doc:"The post's votes afterwards, up less down; for vote"`
}

// compose returns the body of a delivery's message, or nil if the site does not tell everybody of the event
// any more.
func (m *Module) compose(ctx context.Context, d *queued) ([]byte, error) {
	msg := webhookMessage{Type: d.kind, Timestamp: time.Unix(d.at, 0).UTC()}
	if d.kind == kindTest {
		return json.Marshal(msg)
	}
	if err := m.settings.May(ctx); err != nil {
		if p := (*problem.Error)(nil); errors.As(err, &p) {
			return nil, nil // only members may read the site by now
		}
		return nil, err
	}
	topics := d.topics
	if err := m.settings.Still(ctx, []*events.Topics{&topics}); err != nil {
		return nil, err
	}
	if !topics.Public || topics.What != d.kind {
		return nil, nil
	}
	msg.Data = webhookData{PostID: topics.PostID, QuestionID: topics.QuestionID}
	posts, err := m.settings.Posts(ctx, []int{topics.PostID})
	if err != nil {
		return nil, err
	}
	post, visible := posts[topics.PostID]
	switch {
	case d.kind == kindHidden: // the ids alone, also if it is shown again meanwhile
		return json.Marshal(msg)
	case !visible:
		return nil, nil
	}
	msg.Data.Title, msg.Data.CategoryIDs, msg.Data.Tags = post.Title, topics.CategoryIDs, topics.Tags
	msg.Data.NetVotes = topics.NetVotes
	if strings.Contains(post.Address, "://") {
		msg.Data.URL = post.Address
	}
	return json.Marshal(msg)
}

// summaries say of each kind of message when it comes.
var summaries = map[string]string{
	"question": "Somebody asked a question", "answer": "Somebody answered",
	"comment": "Somebody commented", "edit": "A post was edited",
	"selected": "An answer became the best one", "unselected": "An answer is not the best one any more",
	"closed": "A question was closed", "reopened": "A question was opened again",
	"hidden": "A post was hidden: forget it", "reshown": "A post is shown again",
	"moved": "A question came into another category", "converted": "An answer became a comment",
	"vote": "The votes of a post changed", "claimed": "A visitor's post got an author",
	kindTest: "An administrator tries the receiver",
}

// describeMessages adds the messages to the OpenAPI document, as its webhooks.
func describeMessages(api huma.API) {
	doc := api.OpenAPI()
	if doc.Webhooks == nil {
		doc.Webhooks = map[string]*huma.PathItem{}
	}
	schema := doc.Components.Schemas.Schema(reflect.TypeFor[webhookMessage](), true, "")
	header := func(name, text string) *huma.Param {
		return &huma.Param{Name: name, In: "header", Required: true, Description: text,
			Schema: &huma.Schema{Type: huma.TypeString}}
	}
	for kind, summary := range summaries {
		doc.Webhooks[kind] = &huma.PathItem{Post: &huma.Operation{
			OperationID: "receive-" + kind, Summary: summary, Tags: []string{"Administration"},
			Description: "Sent to the address of each webhook that asks for it, as Standard Webhooks 1.0 says.",
			Security:    []map[string][]string{{}},
			Parameters: []*huma.Param{
				header("webhook-id", "Names the message; the same whenever it is sent again"),
				header("webhook-timestamp", "When it was sent, in Unix seconds"),
				header("webhook-signature", "Signatures, separated by spaces: v1 by the secret, v1a by the "+
					"public key; twice each while a new secret takes over"),
			},
			RequestBody: &huma.RequestBody{Required: true,
				Content: map[string]*huma.MediaType{"application/json": {Schema: schema}}},
			Responses: map[string]*huma.Response{
				"2XX": {Description: "Received, within 10 seconds; the body is not read"},
				"410": {Description: "The receiver is gone: the webhook is switched off"},
				"default": {Description: http.StatusText(http.StatusServiceUnavailable) +
					" or anything else, also a redirect: it is sent again later"},
			},
		}}
	}
}
