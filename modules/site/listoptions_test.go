package site_test

import (
	"strings"
	"testing"

	"38qa.net/backend/modules/site/option"
	"38qa.net/backend/modules/testsite"
)

// TestOptionsAreListed checks what administrators see of the options: all with their values and what they do,
// in the language that they ask for, and no secrets.
func TestOptionsAreListed(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db)
		const secret = "not-for-any-eye"
		for _, name := range []string{"recaptcha_private_key", "smtp_password", "form_security_salt",
			"some_plugins_token"} {
			s.Alter(t, "REPLACE INTO {options} (title, content) VALUES (?, ?)", name, secret)
		}
		s.Alter(t, "DELETE FROM {options} WHERE title = 'page_size_qs'")
		res := s.Request(t, "GET", "/v1/admin/options", testsite.AdminHana, "Accept-Language", "ja")
		text := testsite.Text(t, res)
		for _, hidden := range []string{secret, "recaptcha_private_key", "smtp_password", "form_security_salt",
			"some_plugins_token", "cache_qcount", "points_base"} {
			if strings.Contains(text, hidden) {
				t.Errorf("%s is shown", hidden)
			}
		}
		list := testsite.GetAs[options](t, s, "/v1/admin/options", testsite.AdminHana).Items
		if len(list) != len(option.Definitions()) {
			t.Errorf("%d options of %d", len(list), len(option.Definitions()))
		}
		for _, o := range list {
			switch o.Name {
			case "page_size_qs":
				testsite.Same(t, "a number", o.Value, any(20.0))
				testsite.Same(t, "its default", o.Default, any(20.0))
				testsite.Same(t, "its least and greatest", [2]int{*o.Minimum, *o.Maximum}, [2]int{1, 50})
			case "permit_edit_q":
				testsite.Same(t, "a permission's points", o.PointsOption, "permit_edit_q_points")
				if o.Choices[0].Value != "users" || o.Choices[0].Label != "Registered users" {
					t.Errorf("choices %v", o.Choices)
				}
			}
		}
		if !strings.Contains(text, "質問一覧の 1 ページの件数です。") {
			t.Error("no Japanese")
		}
		group := testsite.GetAs[options](t, s, "/v1/admin/options?group=mailing", testsite.AdminHana).Items
		if len(group) != 1 || group[0].Name != "mailing_enabled" {
			t.Errorf("group %v", group)
		}
		for _, user := range []int{testsite.Visitor, testsite.Haru, testsite.ModKenji} {
			for _, method := range []string{"GET", "PATCH"} {
				var body any
				if method == "PATCH" {
					body = object{"options": object{"site_title": "Mine"}}
				}
				if status, _, _ := s.Try(t, user, method, "/v1/admin/options", body); status != 401 && status != 403 {
					t.Errorf("%s as %d: %d", method, user, status)
				}
			}
		}
	})
}
