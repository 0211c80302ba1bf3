package community

import (
	"testing"

	"38qa.net/backend/modules/auth"
)

// TestFollowersShownTo checks to whom a site shows who follows whom.
func TestFollowersShownTo(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ setting, plugins, want string }{
		{"auto", "", "nobody"},
		{"auto", "q2a-ys-badges;q2a-articles", "nobody"},
		{"auto", "q2a-ys-badges;q2a-custom-user-detail;q2a-articles", "everybody"},
		{"auto", "q2a-custom-user-detail", "everybody"},
		{"auto", "q2a-custom-user-detail-old", "nobody"},
		{"members", "q2a-custom-user-detail", "members"},
		{"nobody", "q2a-custom-user-detail", "nobody"},
		{"everybody", "", "everybody"},
	} {
		if got := followersShownTo(c.setting, c.plugins); got != c.want {
			t.Errorf("%s with plugins %q: %s, want %s", c.setting, c.plugins, got, c.want)
		}
	}
}

// TestMayListFollowers checks who may see who follows a user, and whom the user follows.
func TestMayListFollowers(t *testing.T) {
	t.Parallel()
	visitor, other, self := auth.Caller{}, auth.Caller{UserID: 8}, auth.Caller{UserID: 7}
	admin := auth.Caller{UserID: 1, Level: auth.LevelAdmin}
	for _, c := range []struct {
		shownTo              string
		caller               auth.Caller
		followers, following string
	}{
		{"everybody", visitor, "", ""}, {"everybody", other, "", ""}, {"everybody", self, "", ""},
		{"members", visitor, "login_required", "login_required"},
		{"members", other, "", ""}, {"members", self, "", ""},
		{"nobody", visitor, "permission_level", "permission_level"},
		{"nobody", other, "permission_level", "permission_level"},
		{"nobody", admin, "permission_level", "permission_level"},
		{"nobody", self, "permission_level", ""},
	} {
		followers, following := "", ""
		if e := mayListFollowers(c.shownTo, c.caller); e != nil {
			followers = e.Code.String()
		}
		if e := mayListFollowing(c.shownTo, c.caller, 7); e != nil {
			following = e.Code.String()
		}
		if followers != c.followers || following != c.following {
			t.Errorf("%s, user %d: %q and %q, want %q and %q", c.shownTo, c.caller.UserID, followers, following,
				c.followers, c.following)
		}
	}
}
