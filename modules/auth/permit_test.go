package auth_test

import (
	"strings"
	"testing"

	"38qa.net/backend/modules/testsite"
)

func TestPermissionsOfUsersAsRecorded(t *testing.T) {
	t.Parallel()
	testsite.OnEachSite(t, func(t *testing.T, s *testsite.Site) {
		for handle, options := range testsite.Recording[struct{ Users map[string]map[string]any }](t,
			"permissions-users").Users {
			session := testsite.GetAs[struct{ Permissions []string }](t, s, "/v1/auth/session",
				testsite.People[handle])
			granted := map[string]bool{}
			for _, p := range session.Permissions {
				granted[p] = true
			}
			for option, refusal := range options {
				if !strings.HasPrefix(option, "permit_") {
					continue // about moderation and captchas, which belong to writes
				}
				if granted[option] != (refusal == false) {
					t.Errorf("%s, %s: granted %v, Q2A says %v", handle, option, granted[option], refusal)
				}
			}
		}
	})
}
