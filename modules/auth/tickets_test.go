package auth_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/events"
	"38qa.net/backend/modules/testsite"
)

// ticket is the response to a request for a ticket, or the refusal.
type ticket struct {
	Ticket    string
	ExpiresAt time.Time
	Code      string
}

func getTicket(t *testing.T, s *testsite.Issuer, token string) (status int, got ticket) {
	t.Helper()
	return testsite.Ask[ticket](t, s, "POST", "/v1/events/tickets", token, testsite.Home, nil)
}

// TestTicket checks that a ticket opens one stream of its owner, on whichever task, and that it is refused
// when it comes again, late, or never was.
func TestTicket(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		url := db.Copy(t)
		s, other := testsite.NewIssuer(t, testsite.On(url)), testsite.NewIssuer(t, testsite.On(url))
		token := s.SignIn(t, "haru", "haru-pass-123").AccessToken
		status, got := getTicket(t, s, token)
		if left := time.Until(got.ExpiresAt); status != http.StatusCreated || got.Ticket == "" ||
			left > time.Minute+5*time.Second || left < 30*time.Second {
			t.Fatalf("%d %+v", status, got)
		}
		if n := s.Scalar(t, "SELECT COUNT(*) FROM {q2ab_tickets} WHERE id = ?", []byte(got.Ticket)); n != 0 {
			t.Error("the ticket itself is stored")
		}
		refused := func(what, query string) {
			t.Helper()
			status, answer := testsite.Ask[ticket](t, s, "GET", "/v1/events"+query, "", testsite.Home, nil)
			if status != http.StatusUnauthorized || answer.Code != "ticket_ended" {
				t.Errorf("%s: %d %+v", what, status, answer)
			}
		}
		st := testsite.OpenStream(t, other.Site, "?mine=true&ticket="+got.Ticket, "")
		if e := st.Next(t); e["event"] != "hello" {
			t.Errorf("first event %v", e)
		}
		refused("used", "?mine=true&ticket="+got.Ticket)
		refused("unknown", "?mine=true&ticket=unknown")
		refused("without mine", "?ticket=unknown")
		_, got = getTicket(t, s, token)
		s.Pass(61 * time.Second)
		refused("expired", "?mine=true&ticket="+got.Ticket)

		// It is told what concerns its owner, and nothing else.
		lurker := s.SignIn(t, "lurker", "lurker-pass-1").AccessToken
		_, asked := testsite.Ask[testsite.Question](t, s, "POST", "/v1/questions", token, testsite.Home,
			map[string]any{"title": "Who opens the hive at night?", "content": "A ticket is at hand."})
		for _, question := range []int{1, asked.ID} {
			path := fmt.Sprintf("/v1/questions/%d/answers", question)
			status, _ := testsite.Ask[any](t, s, "POST", path, lurker, testsite.Home,
				map[string]any{"content": "An answer for the ticket."})
			if status != http.StatusCreated {
				t.Fatalf("answer: %d", status)
			}
		}
		e := st.Next(t)
		var data struct {
			QuestionID int
			Mine       bool
		}
		if err := json.Unmarshal([]byte(e["data"]), &data); err != nil || e["event"] != "answer" ||
			data.QuestionID != asked.ID || !data.Mine {
			t.Errorf("told %v", e)
		}

		// A ticket is good for streams only, and none comes without an account or a session.
		_, got = getTicket(t, s, token)
		status, answer := testsite.Ask[ticket](t, s, "GET", "/v1/me?ticket="+got.Ticket, "", testsite.Home, nil)
		if status == http.StatusOK || answer.Code == "" {
			t.Errorf("as a token: %d %+v", status, answer)
		}
		if status, answer := getTicket(t, s, ""); status != 403 || answer.Code != "login_required" {
			t.Errorf("ticket for a visitor: %d %+v", status, answer)
		}
		status, answer = testsite.Ask[ticket](t, s, "GET", "/v1/events?mine=true", "", testsite.Home, nil)
		if status != http.StatusForbidden || answer.Code != "login_required" {
			t.Errorf("stream of a visitor: %d %+v", status, answer)
		}
		testsite.Ask[any](t, s, "POST", "/v1/auth/sign-out", token, testsite.Home, map[string]any{})
		status, answer = testsite.Ask[ticket](t, s, "GET", "/v1/events?mine=true&ticket="+got.Ticket, "",
			testsite.Home, nil)
		if status != http.StatusUnauthorized || answer.Code != "unauthenticated" {
			t.Errorf("after the session: %d %+v", status, answer)
		}
	})
}

// TestWhoMayHoldStreams checks that a stream of what concerns a user is for those who are signed in, not
// blocked, and whose session goes on.
func TestWhoMayHoldStreams(t *testing.T) {
	t.Parallel()
	testsite.OnEachIssuer(t, func(t *testing.T, s *testsite.Issuer) {
		haru := s.SignIn(t, "haru", "haru-pass-123")
		again := s.SignIn(t, "haru", "haru-pass-123")
		var holders []events.Holder
		for _, in := range []testsite.SignedIn{haru, again} {
			holders = append(holders, events.Holder{
				UserID: testsite.Haru, Session: claimsOf(t, in.AccessToken)["origin_jti"].(string),
			})
		}
		// Tokens of Cognito have no session that this backend could look up.
		holders = append(holders, events.Holder{UserID: testsite.Haru}, events.Holder{UserID: testsite.Lurker},
			events.Holder{UserID: 99999}, events.Holder{UserID: testsite.Lurker, Session: holders[0].Session})
		check := func(what string, want ...bool) {
			t.Helper()
			may, err := s.App.Auth.MayHoldStreams(t.Context(), holders)
			if err != nil {
				t.Fatal(err)
			}
			for i, h := range holders {
				if may[h] != want[i] {
					t.Errorf("%s: holder %d may: %v", what, i, may[h])
				}
			}
		}
		check("signed in", true, true, true, true, false, false)
		testsite.Ask[any](t, s, "POST", "/v1/auth/sign-out", haru.AccessToken, testsite.Home, map[string]any{})
		check("one session ended", false, true, true, true, false, false)
		s.Alter(t, "UPDATE {users} SET flags = ? WHERE userid = ?", auth.FlagBlocked, testsite.Lurker)
		check("blocked", false, true, true, false, false, false)
		s.Alter(t, "UPDATE {users} SET sessioncode = 'changed1' WHERE userid = ?", testsite.Haru)
		check("signed out on the old site", false, false, true, false, false, false)

		token := s.SignIn(t, "haru", "haru-pass-123").AccessToken
		s.Alter(t, "UPDATE {users} SET flags = ? WHERE userid = ?", auth.FlagBlocked, testsite.Haru)
		if status, answer := getTicket(t, s, token); status != 403 || answer.Code != "user_blocked" {
			t.Errorf("ticket for a blocked user: %d %+v", status, answer)
		}
		status, answer := testsite.Ask[ticket](t, s, "GET", "/v1/events?mine=true", token, testsite.Home, nil)
		if status != http.StatusForbidden || answer.Code != "user_blocked" {
			t.Errorf("stream of a blocked user: %d %+v", status, answer)
		}
	})
}
