package testsite

import (
	"net/url"
	"regexp"
	"strings"
)

var messageDeletion = regexp.MustCompile(`^m(\d+)_dodelete$`)

// messageCalls returns the API requests that stand for a recorded action with private messages and
// walls, and nil for other actions.
func (tr *Transition) messageCalls() []Call {
	path := strings.TrimPrefix(tr.Action.Request.Path, "/")
	if text, err := url.PathUnescape(path); err == nil {
		path = text
	}
	content := map[string]any{"content": tr.Field("message")}
	if handle, ok := strings.CutPrefix(path, "message/"); ok && tr.hasField("domessage") {
		return []Call{{"POST", "/v1/me/messages/" + url.PathEscape(handle), content}}
	}
	if tr.hasField("dowallpost") || tr.Field("qa_operation") == "wallpost" {
		return []Call{{"POST", "/v1/users/" + url.PathEscape(tr.Field("handle")) + "/wall", content}}
	}
	for name := range tr.Action.Request.Fields {
		if m := messageDeletion.FindStringSubmatch(name); m != nil {
			return []Call{{"DELETE", "/v1/messages/" + m[1], nil}}
		}
	}
	return nil
}

// aboutMessages reports whether a request of the API is one with messages or walls.
func aboutMessages(path string) bool {
	return strings.HasPrefix(path, "/v1/me/messages/") || strings.HasPrefix(path, "/v1/messages/") ||
		strings.HasPrefix(path, "/v1/users/") && strings.HasSuffix(path, "/wall")
}
