package modules_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/testsite"
)

// Groups of callers on the recorded site, in the order of increasing rights. A rule names the first group
// that may call an operation; walkOperation tries each operation in this order.
const (
	everyone = iota
	members
	moderators
	admins
	superAdmins
)

// walkers are the users who try each operation, one of each group of callers.
var walkers = []int{testsite.Visitor, testsite.Haru, testsite.ModKenji, testsite.AdminHana, testsite.Superbee}

// TestEveryOperationHasARule tries each operation as a caller of each group, and checks that it is refused to
// those to whom operationRules does not allow it, and to nobody else.
func TestEveryOperationHasARule(t *testing.T) {
	t.Parallel()
	shape := testsite.New(t)
	seen := map[string]bool{}
	for path, item := range shape.App.Server.API().OpenAPI().Paths {
		for method, op := range map[string]*huma.Operation{
			"GET": item.Get, "POST": item.Post, "PUT": item.Put, "PATCH": item.Patch, "DELETE": item.Delete,
		} {
			if op == nil {
				continue
			}
			seen[op.OperationID] = true
			if elsewhere[op.OperationID] != "" {
				continue
			}
			r, ok := operationRules[op.OperationID]
			if !ok {
				t.Errorf("%s %s (%s) has no rule: say in operationRules who may call it", method, path,
					op.OperationID)
				continue
			}
			if r.path == "" {
				r.path = fillPath(path) + requiredParams(op, "")
			}
			t.Run(op.OperationID, func(t *testing.T) { walkOperation(t, method, r) })
		}
	}
	for id := range operationRules {
		if !seen[id] {
			t.Errorf("there is no operation %s any more", id)
		}
	}
	for id, test := range elsewhere {
		if !seen[id] || test == "" {
			t.Errorf("there is no operation %s any more", id)
		}
	}
}

// refusals are the codes of problems that say that the caller lacks the permission.
var refusals = []string{
	"login_required", "permission_level", "permission_points", "not_approved", "email_unconfirmed",
	"user_blocked", "ip_blocked", "not_claimable",
}

func walkOperation(t *testing.T, method string, r rule) {
	site := testsite.New(t)
	for who, user := range walkers {
		if strings.HasPrefix(r.path, "/v1/me/password") && who > members {
			return // the others have other passwords
		}
		if strings.Contains(r.path, "/users/haru/favorites") && who > members {
			return // a user may see only their own favourites
		}
		status, body, _ := site.Try(t, user, method, r.path, r.body)
		code, _ := body["code"].(string)
		if who < r.who &&
			(code == "hidden" || code == "not_found" && strings.HasPrefix(r.path, "/v1/posts/280/")) {
			continue // refused like to everybody who may not see the post: 280 waits for approval
		}
		refused := status == http.StatusUnauthorized ||
			status == http.StatusForbidden && slices.Contains(refusals, code)
		switch {
		case who < r.who && !refused:
			t.Errorf("%s %s is open to user %d: %d %s", method, r.path, user, status, code)
		case who >= r.who && refused:
			t.Errorf("%s %s is refused to user %d: %d %s", method, r.path, user, status, code)
		case who == r.who && status >= 400:
			t.Errorf("%s %s as user %d shows nothing: %d %v", method, r.path, user, status, body)
		}
	}
}

// notAudited are operations that only moderators and administrators may call and that write no entry into the
// log of changes, each with the reason.
var notAudited = map[string]string{
	"edit-question": "posts have their own history", "edit-answer": "posts have their own history",
	"edit-comment": "posts have their own history", "move-question": "posts have their own history",
	"restore-revision": "posts have their own history", "retag-question": "posts have their own history",
	"lock-post": "looking changes nothing", "unlock-post": "looking changes nothing",
	"lock-user": "looking changes nothing", "unlock-user": "looking changes nothing",
}

// TestAdministrativeWritesAreAudited checks that each operation by which moderators and administrators change
// something leaves an entry in the log of changes, with its own name.
func TestAdministrativeWritesAreAudited(t *testing.T) {
	t.Parallel()
	shape := testsite.New(t)
	audited := 0
	for path, item := range shape.App.Server.API().OpenAPI().Paths {
		for method, op := range web.Operations(item) {
			r, ok := operationRules[op.OperationID]
			if !ok || method == "GET" || r.who < moderators || notAudited[op.OperationID] != "" {
				continue
			}
			audited++
			if r.path == "" {
				r.path = fillPath(path) + requiredParams(op, "")
			}
			t.Run(op.OperationID, func(t *testing.T) {
				s := testsite.New(t)
				// What takes something back needs something there.
				switch op.OperationID {
				case "unblock-user":
					s.Alter(t, "UPDATE {users} SET flags = flags | 2 WHERE userid = ?", testsite.Aki)
				case "unblock-address":
					s.SetOptions(t, map[string]string{"block_ips_write": "198.51.100.7"})
				case "remove-bonus-points":
					s.Alter(t, "UPDATE {userpoints} SET bonus = 5 WHERE userid = ?", testsite.Aki)
				}
				status, body, _ := s.Try(t, walkers[r.who], method, r.path, r.body)
				n := s.Scalar(t, "SELECT COUNT(*) FROM {q2ab_audit} WHERE action = ? AND byuserid = ?",
					op.OperationID, walkers[r.who])
				if status >= 400 || n == 0 {
					t.Errorf("%s %s: %d %v, %d entries in the log", method, r.path, status, body, n)
				}
			})
		}
	}
	if audited < 12 {
		t.Errorf("only %d operations", audited)
	}
}
