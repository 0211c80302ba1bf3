package community_test

import (
	"fmt"
	"net/http"
	"testing"

	"38qa.net/backend/modules/testsite"
)

// TestFavoriteQuestionsOfOthers checks that a user's favourite questions are shown to others only where the
// old site's plugin shows them, without those that are hidden.
func TestFavoriteQuestionsOfOthers(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		const path = "/v1/users/aki/favorite-questions"
		s := testsite.New(t, db)
		refused(t, s, testsite.Visitor, "GET", path, http.StatusForbidden, "login_required")
		refused(t, s, testsite.Superbee, "GET", path, http.StatusForbidden, "permission_level")
		refused(t, s, testsite.Superbee, "GET", "/v1/users/nobody/favorite-questions", http.StatusNotFound, "not_found")
		own := idsOf(t, s, testsite.Aki, path)

		s = testsite.New(t, db)
		s.SetOptions(t, map[string]string{"enabled_plugins": "q2a-ys-badges;q2a-custom-user-detail"})
		testsite.Same(t, "to visitors", idsOf(t, s, testsite.Visitor, path), own)
		if len(own) != 4 {
			t.Fatalf("favourites %v", own)
		}
		first := testsite.Get[testsite.List[struct{ ID int }]](t, s, path+"?limit=3")
		testsite.Same(t, "the second page", idsOf(t, s, testsite.Visitor, path+"?limit=3&cursor="+first.NextCursor), own[3:])
		s.Hide(t, own[1])
		testsite.Same(t, "without a hidden one", len(idsOf(t, s, testsite.Visitor, path)), 3)
		if n := len(s.Statements(t, path)); n > 5 {
			t.Errorf("%d statements", n)
		}
	})
}

// TestHowAccountsWereMade checks to whom profiles show how an account was made, and what.
func TestHowAccountsWereMade(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		for plugins, public := range map[string]bool{"": false, "q2a-custom-user-detail": true, "x-q2a-custom-user-detail": false} {
			s := testsite.New(t, db)
			s.SetOptions(t, map[string]string{"enabled_plugins": plugins})
			s.Exec(t, `INSERT INTO {userlogins} (userid, source, identifier, identifiermd5)
				VALUES (13, 'Facebook', 'x', ?), (16, 'myspace', 'x', ?)`, make([]byte, 16), make([]byte, 16))
			for handle, want := range map[string]string{"aki": "facebook", "haru": "email", "lurker": "email"} {
				for _, user := range []int{
					testsite.Visitor, testsite.Natsu, testsite.ModKenji, testsite.AdminHana, testsite.People[handle],
				} {
					got := fmt.Sprint(testsite.GetAs[object](t, s, "/v1/users/"+handle, user)["madeWith"])
					wanted := want
					if !public && user != testsite.AdminHana && user != testsite.People[handle] {
						wanted = "<nil>"
					}
					if got != wanted {
						t.Errorf("%q: %s to %d: %s, want %s", plugins, handle, user, got, wanted)
					}
				}
			}
		}
	})
}

// TestFieldsOfProfiles checks who sees a profile field, by its permit.
func TestFieldsOfProfiles(t *testing.T) {
	t.Parallel()
	testsite.OnEachSite(t, func(t *testing.T, s *testsite.Site) {
		s.Exec(t, "DELETE FROM {userprofile} WHERE userid = 13 AND title = 'about'")
		s.Exec(t, "INSERT INTO {userprofile} (userid, title, content) VALUES (13, 'about', 'x')")
		everybody := []int{testsite.Visitor, testsite.TrollX, testsite.Natsu, testsite.ExpertSato, testsite.EditorYuki,
			testsite.ModKenji, testsite.AdminHana, testsite.Superbee, testsite.Aki}
		for permit, hidden := range map[any]int{nil: 0, 150: 0, 120: 2, 100: 3, 70: 4, 40: 5, 20: 6, 0: 7} {
			s.Exec(t, "UPDATE {userfields} SET permit = ? WHERE title = 'about'", permit)
			for i, user := range everybody {
				if permit == 150 && user == testsite.TrollX {
					continue // of blocked users Q2A asks only whether they are signed in and blocked
				}
				sees := false
				for _, f := range testsite.GetAs[struct{ Fields []struct{ Name string } }](t, s, "/v1/users/aki", user).Fields {
					sees = sees || f.Name == "about"
				}
				if want := i >= hidden; sees != want {
					t.Errorf("permit %v: user %d sees it: %t", permit, user, sees)
				}
			}
		}
	})
}
