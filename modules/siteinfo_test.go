package modules_test

import (
	"net/http"
	"testing"

	"38qa.net/backend/modules/testsite"
)

// TestSite checks that GET /v1/site says what the site's options say, and that it stays the same version
// until one of them changes.
func TestSite(t *testing.T) {
	t.Parallel()
	type body struct {
		Name, Language, TimeZone string
		Features                 struct {
			Categories                            string
			Tags, VoteOnComments, PrivateMessages bool
		}
		Limits struct {
			Title, Tags struct{ Min, Max int }
			UploadBytes int
		}
		Accounts struct {
			Issuer     string
			SignUpOpen bool
			Password   struct{ Min int }
		}
		PageSizes struct{ Questions int }
	}
	for _, c := range []struct {
		name, sql  string
		categories string
		tags       bool
		titles     [2]int
	}{
		{"as recorded", "", "", true, [2]int{12, 120}},
		{"without tags, a category is needed",
			"REPLACE INTO {options} (title, content) VALUES ('tags_or_categories', 'c'), ('allow_no_category', '')",
			"required", false, [2]int{12, 120}},
		{"a category is not needed",
			"REPLACE INTO {options} (title, content) VALUES ('tags_or_categories', 'tc'), ('allow_no_category', '1')",
			"optional", true, [2]int{12, 120}},
		{"only tags, long titles",
			`REPLACE INTO {options} (title, content)
				VALUES ('tags_or_categories', 't'), ('min_len_q_title', '20'), ('max_len_q_title', '5000')`,
			"none", true, [2]int{20, 800}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var options []testsite.Option
			if c.sql != "" {
				options = append(options, testsite.After(c.sql))
			}
			s := testsite.New(t, options...)
			got := testsite.Get[body](t, s, "/v1/site")
			if c.categories != "" && got.Features.Categories != c.categories || got.Features.Tags != c.tags {
				t.Errorf("categories %s, tags %v", got.Features.Categories, got.Features.Tags)
			}
			if title := got.Limits.Title; title.Min != c.titles[0] || title.Max != c.titles[1] {
				t.Errorf("titles of %d to %d characters", title.Min, title.Max)
			}
			if got.Accounts.Issuer != "builtin" || got.Accounts.Password.Min != 8 || !got.Accounts.SignUpOpen {
				t.Errorf("accounts: %+v", got.Accounts)
			}
			if got.Name == "" || got.TimeZone == "" || got.PageSizes.Questions == 0 || got.Limits.UploadBytes == 0 {
				t.Errorf("%+v", got)
			}
			tag := s.Request(t, http.MethodGet, "/v1/site", testsite.Visitor).Header.Get("ETag")
			again := s.Request(t, http.MethodGet, "/v1/site", testsite.Haru, "If-None-Match", tag)
			if again.StatusCode != http.StatusNotModified {
				t.Errorf("the same again: %s", again.Status)
			}
		})
	}
}
