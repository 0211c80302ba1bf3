package audit_test

import (
	"net/http"
	"strings"
	"testing"

	"38qa.net/backend/modules/kernel/audit"
	"38qa.net/backend/modules/testsite"
)

type object = map[string]any

// changes are what the API lists of the log.
type changes = testsite.List[struct {
	ID int
	By struct {
		ID     int
		Handle string
	}
	IP, Action, Kind, Subject string
	Before, After             object
}]

// TestChangesAreKept checks that the log says who changed what, from where, what it was and what it became, and
// that what changes nothing, or is refused, leaves no entry.
func TestChangesAreKept(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db)
		s.Do(t, testsite.ModKenji, "PUT", "/v1/users/haru/block", nil)
		s.Do(t, testsite.ModKenji, "PUT", "/v1/users/haru/block", nil) // changes nothing
		s.Try(t, testsite.Aki, "PUT", "/v1/users/lurker/block", nil)   // refused
		s.Do(t, testsite.AdminHana, "PATCH", "/v1/users/lurker", object{"fields": object{"location": "長野"}})
		s.Do(t, testsite.AdminHana, "PUT", "/v1/users/lurker/bonus-points", object{"bonus": 7})

		list := testsite.GetAs[changes](t, s, "/v1/admin/changes", testsite.AdminHana).Items
		if len(list) != 3 {
			t.Fatalf("%d entries: %v", len(list), list)
		}
		block := list[2]
		testsite.Same(t, "action", block.Action+" "+block.Kind+" "+block.Subject, "block-user user 16")
		testsite.Same(t, "who", block.By.Handle, "mod_kenji")
		testsite.Same(t, "from where", block.IP, testsite.Address)
		testsite.Same(t, "before", block.Before["blocked"], any(false))
		testsite.Same(t, "after", block.After["blocked"], any(true))
		fields, _ := list[1].After["fields"].(object)
		testsite.Same(t, "fields", fields["location"], any("長野"))
		testsite.Same(t, "bonus", list[0].After["bonus"], any(7.0))

		for filter, want := range map[string]int{"?by=4": 0, "?action=block-user": 1, "?kind=user&subject=17": 2,
			"?kind=option": 0, "?limit=1": 1} {
			if got := testsite.GetAs[changes](t, s, "/v1/admin/changes"+filter, testsite.AdminHana).Items; len(got) != want {
				t.Errorf("%s: %d entries, not %d", filter, len(got), want)
			}
		}
		for user, status := range map[int]int{testsite.Visitor: http.StatusUnauthorized, testsite.Haru: 403, testsite.ModKenji: 403} {
			if got, _, _ := s.Try(t, user, "GET", "/v1/admin/changes", nil); got < 401 || got > 403 {
				t.Errorf("user %d: %d, not %d", user, got, status)
			}
		}
	})
}

// TestChangesForgetPeople checks that deleting accounts blanks what the log holds of them, and nothing else.
func TestChangesForgetPeople(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db)
		s.Do(t, testsite.ModKenji, "PUT", "/v1/users/lurker/level", object{"level": "expert"})
		s.Do(t, testsite.AdminHana, "PATCH", "/v1/users/lurker", object{"email": "secret-address@example.jp"})
		s.Do(t, testsite.Superbee, "DELETE", "/v1/users/lurker", nil)
		s.Do(t, testsite.Superbee, "PUT", "/v1/users/mod_kenji/level", object{"level": "basic"})
		s.Do(t, testsite.Superbee, "DELETE", "/v1/users/mod_kenji", nil)
		var all strings.Builder
		count := 0
		err := s.App.Audit.Export(t.Context(), audit.Filter{}, func(c audit.Change) error {
			count++
			all.Write(c.Before)
			all.Write(c.After)
			if c.By != nil {
				all.WriteString(c.By.Handle)
			}
			return nil
		})
		if err != nil || count != 5 {
			t.Fatalf("%d entries, %v", count, err)
		}
		for _, personal := range []string{"lurker", "secret-address", "mod_kenji"} {
			if strings.Contains(all.String(), personal) {
				t.Errorf("the log holds %s: %s", personal, &all)
			}
		}
		if !strings.Contains(all.String(), "admin_hana") {
			t.Errorf("who is left is forgotten: %s", &all)
		}
	})
}

// TestCommandsAreActors checks that what a command changes has the command's name and no person.
func TestCommandsAreActors(t *testing.T) {
	t.Parallel()
	s := testsite.New(t)
	ctx := audit.Command(t.Context(), "admin plugins enable")
	if err := audit.Record(ctx, s.App.DB, audit.Entry{Kind: "plugin", Subject: "messages"}); err != nil {
		t.Fatal(err)
	}
	list := testsite.GetAs[changes](t, s, "/v1/admin/changes", testsite.AdminHana).Items
	if len(list) != 1 || list[0].By.ID != 0 || list[0].Action != "admin plugins enable" || list[0].IP != "" {
		t.Errorf("%+v", list)
	}
}
