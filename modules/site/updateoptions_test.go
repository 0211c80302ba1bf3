package site_test

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"38qa.net/backend/config"
	"38qa.net/backend/modules/kernel/events"
	"38qa.net/backend/modules/testsite"
)

type (
	object        = map[string]any
	configuration = config.Config
)

// options is what the API lists of the site's options.
type options = testsite.List[optionItem]

type optionItem struct {
	Name, Group, Type, Description, PointsOption string
	Value, Default                               any
	Minimum, Maximum, MinLength, MaxLength       *int
	Choices                                      []struct{ Value, Label string }
	Affects                                      []string
}

// change changes options as an administrator.
func change(t *testing.T, s *testsite.Site, body object) {
	t.Helper()
	s.Do(t, testsite.AdminHana, "PATCH", "/v1/admin/options", body)
}

// stored returns what the table has of an option, and "-" if it has nothing.
func stored(t *testing.T, s *testsite.Site, name string) string {
	t.Helper()
	value := "-"
	if _, err := s.App.DB.Get(t.Context(), []any{&value}, "SELECT content FROM {options} WHERE title = ?",
		name); err != nil {
		t.Fatal(err)
	}
	return value
}

// TestOptionsAreStoredAsQ2ADoes checks what is stored for values, that defaults are stored as rows, that
// the log of changes has what was changed and nothing else, and that the new values hold at once.
func TestOptionsAreStoredAsQ2ADoes(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db, testsite.Config(func(c *configuration) { c.SiteURL = "" }),
			testsite.After("DELETE FROM {options} WHERE title IN ('page_size_qs', 'permit_retag_cat')",
				"REPLACE INTO {options} (title, content) VALUES ('permit_edit_q', '70'), ('page_size_tags', '9')"))
		change(t, s, object{"options": object{
			"voting_on_qs": false, "voting_on_as": true, "page_size_qs": 7.0, "site_url": " https://qa.example.jp/q2a ",
			"block_bad_words": []string{"spam; eggs", "", "ham"}, "permit_edit_q": "editors",
			"block_ips_write":    []string{"192.0.2.1", "198.51.100.0 - 198.51.100.9; 2001:db8::1"},
			"tags_or_categories": "tc", "permit_flag": "points", "permit_flag_points": 50, "custom_welcome": "Hello\r\nyou",
		}, "reset": []string{"page_size_tags", "permit_retag_cat", "allow_login_email_only"}})
		for name, want := range map[string]string{
			"voting_on_qs": "0", "voting_on_as": "1", "page_size_qs": "7", "site_url": "https://qa.example.jp/q2a/",
			"block_bad_words": "spam , eggs , ham", "permit_edit_q": "70", "tags_or_categories": "tc",
			"block_ips_write": "192.0.2.1 , 198.51.100.0-198.51.100.9 , 2001:db8::1",
			"permit_flag":     "106", "permit_flag_points": "50", "custom_welcome": "Hello\nyou",
			"page_size_tags": "30", "permit_retag_cat": "70", "allow_login_email_only": "",
		} {
			testsite.Same(t, name, stored(t, s, name), want)
		}
		list := testsite.GetAs[options](t, s, "/v1/admin/options?group=spam", testsite.AdminHana).Items
		i := slices.IndexFunc(list, func(o optionItem) bool { return o.Name == "block_ips_write" })
		if items, _ := list[i].Value.([]any); len(items) != 3 || items[1] != "198.51.100.0-198.51.100.9" {
			t.Errorf("addresses %v", list[i].Value)
		}
		type changes = testsite.List[struct {
			Action, Kind, Subject string
			Before, After         any
		}]
		logged := map[string][2]any{}
		for _, c := range testsite.GetAs[changes](t, s, "/v1/admin/changes?limit=100", testsite.AdminHana).Items {
			testsite.Same(t, "action", c.Action+" "+c.Kind, "update-options option")
			logged[c.Subject] = [2]any{c.Before, c.After}
		}
		testsite.Same(t, "entry", logged["page_size_qs"], [2]any{"20", "7"})
		testsite.Same(t, "entry", logged["page_size_tags"], [2]any{"9", "30"})
		for _, unchanged := range []string{"permit_edit_q", "voting_on_as", "permit_retag_cat"} {
			if _, there := logged[unchanged]; there {
				t.Errorf("%s is logged: %v", unchanged, logged[unchanged])
			}
		}
		if n := len(testsite.Get[testsite.List[testsite.Question]](t, s, "/v1/questions").Items); n != 7 {
			t.Errorf("%d questions in the next request", n)
		}
	})
}

// TestWrongOptionsChangeNothing checks that each wrong value is named, in all of a request, and that nothing
// of such a request is stored.
func TestWrongOptionsChangeNothing(t *testing.T) {
	t.Parallel()
	s := testsite.New(t, testsite.After(`REPLACE INTO {options} (title, content)
		VALUES ('confirm_user_emails', '0'), ('moderate_users', '0'), ('permit_flag_points', ''),
			('min_len_q_title', '12'), ('max_len_q_title', '120')`))
	before := testsite.Text(t, s.Request(t, "GET", "/v1/admin/options", testsite.AdminHana))
	for _, c := range []struct {
		body object
		want string
	}{
		{object{"options": object{"page_size_qs": 51}}, "options.page_size_qs too_large"},
		{object{"options": object{"page_size_qs": 0}}, "options.page_size_qs too_small"},
		{object{"options": object{"page_size_qs": "7"}}, "options.page_size_qs not_integer"},
		{object{"options": object{"page_size_qs": 1e300}}, "options.page_size_qs too_large"},
		{object{"options": object{"page_size_qs": nil}}, "options.page_size_qs wrong_form"},
		{object{"options": object{"page_size_qs": 2.5}}, "options.page_size_qs wrong_form"},
		{object{"options": object{"voting_on_qs": 1}}, "options.voting_on_qs not_boolean"},
		{object{"options": object{"site_title": ""}}, "options.site_title required"},
		{object{"options": object{"site_title": "a\nb"}}, "options.site_title bad_characters"},
		{object{"options": object{"site_title": "🐝"}}, "options.site_title bad_characters"},
		{object{"options": object{"site_url": "javascript:alert(1)"}}, "options.site_url wrong_form"},
		{object{"options": object{"from_email": "nobody"}}, "options.from_email wrong_form"},
		{object{"options": object{"block_bad_words": "a b"}}, "options.block_bad_words not_array"},
		{object{"options": object{"block_ips_write": []string{"spammer"}}}, "options.block_ips_write wrong_form"},
		{object{"options": object{"tags_or_categories": "x"}}, "options.tags_or_categories not_in_list"},
		{object{"options": object{"permit_delete_hidden": "users"}}, "options.permit_delete_hidden not_in_list"},
		{object{"options": object{"permit_post_q": "confirmed"}}, "options.permit_post_q not_in_list"},
		{object{"options": object{"permit_flag": "points"}}, "options.permit_flag_points required"},
		{object{"options": object{"min_len_q_title": 121}}, "options.min_len_q_title too_large"},
		{object{"options": object{"max_len_q_title": 11}}, "options.max_len_q_title too_small"},
		{object{"options": object{"smtp_password": "x"}}, "options.smtp_password unknown"},
		{object{"options": object{"recaptcha_private_key": "x"}}, "options.recaptcha_private_key unknown"},
		{object{"options": object{"nonsense": "x"}}, "options.nonsense unknown"},
		{object{"options": object{"points_base": 3}}, "options.points_base changed_elsewhere"},
		{object{"options": object{"points_to_titles": "x"}}, "options.points_to_titles changed_elsewhere"},
		{object{"options": object{"cache_qcount": 3}}, "options.cache_qcount changed_elsewhere"},
		{object{"options": object{"site_theme": "x"}}, "options.site_theme no_effect"},
		{object{"reset": []string{"site_title"}}, "reset[0] no_default"},
		{object{"reset": []string{"form_security_salt"}}, "reset[0] unknown"},
		{object{"options": object{"voting_on_qs": true}, "reset": []string{"voting_on_qs"}}, "reset[0] not_combinable"},
		{object{"options": object{"page_size_qs": 7, "voting_on_qs": "x", "zzz": 1}},
			"options.voting_on_qs not_boolean; options.zzz unknown"},
	} {
		status, body, _ := s.Try(t, testsite.AdminHana, "PATCH", "/v1/admin/options", c.body)
		var got []string
		list, _ := body["errors"].([]any)
		for _, e := range list {
			field, _ := e.(object)
			got = append(got, field["field"].(string)+" "+field["code"].(string))
		}
		if status != http.StatusUnprocessableEntity || strings.Join(got, "; ") != c.want {
			t.Errorf("%v: %d %v, want %s", c.body, status, body, c.want)
		}
	}
	if after := testsite.Text(t, s.Request(t, "GET", "/v1/admin/options", testsite.AdminHana)); after != before {
		t.Error("something was changed")
	}
	if n := s.Scalar(t, "SELECT COUNT(*) FROM {q2ab_audit}"); n != 0 {
		t.Errorf("%d entries in the log", n)
	}
	// Where addresses are confirmed, permissions can depend on that, also by the same request.
	change(t, s, object{"options": object{"permit_post_q": "confirmed", "confirm_user_emails": true}})
}

// TestTwoAdministrators checks that of two administrators who have read the same options only the first can
// change them, that the second can after reading them again, and that those who change different groups are
// not in each other's way.
func TestTwoAdministrators(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db)
		tag := func(path string) string {
			return s.Request(t, "GET", path, testsite.AdminHana).Header.Get("ETag")
		}
		patch := func(user int, tag string, options object) int {
			status, _, _ := s.Try(t, user, "PATCH", "/v1/admin/options", object{"options": options}, "If-Match", tag)
			return status
		}
		const everything, ofLists = "/v1/admin/options", "/v1/admin/options?group=lists"
		all, lists, spam := tag(everything), tag(ofLists), tag("/v1/admin/options?group=spam")
		for _, c := range []struct {
			name, tag string // tag is that of what is read now if it is an address
			options   object
			want      int
		}{
			{"the first", all, object{"page_size_qs": 7}, 200},
			{"the second", all, object{"page_size_tags": 8}, 412},
			{"the second, of the group", lists, object{"page_size_tags": 8}, 412},
			{"another group", spam, object{"moderate_users": false}, 200},
			{"that group once more", spam, object{"moderate_users": true}, 412},
			{"a group and another", ofLists, object{"page_size_qs": 9, "moderate_users": true}, 412},
			{"whoever has read again", ofLists, object{"page_size_qs": 9}, 200},
			{"whoever has read all again", everything, object{"page_size_qs": 10, "moderate_users": true}, 200},
		} {
			if strings.HasPrefix(c.tag, "/") {
				c.tag = tag(c.tag)
			}
			if got := patch(testsite.Superbee, c.tag, c.options); got != c.want {
				t.Errorf("%s: %d, not %d", c.name, got, c.want)
			}
		}
		_, _, header := s.Try(t, testsite.AdminHana, "PATCH", "/v1/admin/options",
			object{"options": object{"page_size_qs": 11}})
		if got := patch(testsite.AdminHana, header.Get("ETag"), object{"page_size_qs": 12}); got != 200 {
			t.Errorf("with the tag of one's own change: %d", got)
		}
		s.SetOptions(t, map[string]string{"page_size_qs": "13"}) // by the old site, or another server
		if got := patch(testsite.AdminHana, header.Get("ETag"), object{"page_size_qs": 12}); got != 412 {
			t.Errorf("after the old site: %d", got)
		}
	})
}

// TestHotnessFollowsItsWeights checks that each changed weight of hotness has the job that computes it
// requested, once, and that the questions have the new hotness then.
func TestHotnessFollowsItsWeights(t *testing.T) {
	t.Parallel()
	s := testsite.New(t)
	requested := func() int {
		t.Helper()
		if err := events.Consume(context.Background(), s.App.DB, "jobs", s.App.Jobs.HandleEvent); err != nil {
			t.Fatal(err)
		}
		return s.Scalar(t, "SELECT COUNT(*) FROM {q2ab_job_runs} WHERE name = 'hotness' AND status = 'queued'")
	}
	sum := func() int { return s.Scalar(t, "SELECT CAST(SUM(hotness) / 1000000 AS INTEGER) FROM {posts}") }
	testsite.RunJob(t, s.App, "hotness")
	change(t, s, object{"options": object{"page_size_qs": 9, "hot_weight_votes": 100}})
	if n := requested(); n != 0 {
		t.Errorf("%d runs for weights that are the same", n)
	}
	for _, name := range []string{"hot_weight_q_age", "hot_weight_a_age", "hot_weight_answers",
		"hot_weight_votes", "hot_weight_views"} {
		before := sum()
		change(t, s, object{"options": object{name: 3000}})
		if n := requested(); n != 1 {
			t.Errorf("%s: %d runs", name, n)
		}
		testsite.RunJob(t, s.App, "hotness")
		if after := sum(); after <= before {
			t.Errorf("%s: the hotness of all questions is %d, and was %d", name, after, before)
		}
	}
	if _, found := testsite.RunJobFor(t, s.App, "recount", true); len(found) > 1 { // cache_unselqcount as recorded
		t.Errorf("the recalculation finds %v", found)
	}
}

// TestOptionsOfViewsAndLinks checks the options of views, links and the additional field, which show in
// single questions.
func TestOptionsOfViewsAndLinks(t *testing.T) {
	t.Parallel()
	s := testsite.New(t)
	state := func() (views, hotness int) {
		return s.Scalar(t, "SELECT views FROM {posts} WHERE postid = 388"),
			s.Scalar(t, "SELECT CAST(hotness / 1000 AS INTEGER) FROM {posts} WHERE postid = 388")
	}
	for i, c := range []struct {
		options       object
		counted, warm bool
	}{
		{object{"do_count_q_views": false}, false, false},
		{object{"do_count_q_views": true, "recalc_hotness_q_view": false}, true, false},
		{object{"recalc_hotness_q_view": true}, true, true},
	} {
		change(t, s, object{"options": c.options})
		views, hotness := state()
		s.Send(t, testsite.Haru, "GET", "/v1/questions/388", nil, "X-Forwarded-For", "192.0.2."+strconv.Itoa(i+1))
		if v, h := state(); v > views != c.counted || h > hotness != c.warm {
			t.Errorf("%v: %d views and hotness %d; before %d and %d", c.options, v, h, views, hotness)
		}
	}
	id := s.Do(t, testsite.Haru, "POST", "/v1/questions", object{"title": "Where do links lead to?",
		"content": "See https://example.jp/links for more.", "categoryId": 3, "extra": "Something besides"})
	path := "/v1/questions/" + strconv.Itoa(id)
	text := func() string { return testsite.Text(t, s.Request(t, "GET", path, testsite.Visitor)) }
	for _, c := range []struct {
		options object
		want    string
		there   bool
	}{
		{object{"show_url_links": true, "links_in_new_window": false}, `href=`, true},
		{object{"show_url_links": true, "links_in_new_window": false}, `_blank`, false},
		{object{"links_in_new_window": true}, `_blank`, true},
		{object{"show_url_links": false}, `href=`, false},
		{object{"extra_field_display": true}, "Something besides", true},
		{object{"extra_field_display": false}, "Something besides", false},
	} {
		change(t, s, object{"options": c.options})
		if got := text(); strings.Contains(got, c.want) != c.there {
			t.Errorf("%v: %s is there %v in %s", c.options, c.want, !c.there, got)
		}
	}
}

// TestOptionsOfModeration checks whose questions wait for approval by which options.
func TestOptionsOfModeration(t *testing.T) {
	t.Parallel()
	s := testsite.New(t)
	s.Alter(t, "UPDATE {users} SET flags = 0 WHERE userid = ?", testsite.Tanaka)
	all := object{"moderate_anon_post": false, "moderate_unapproved": false, "moderate_unconfirmed": false,
		"moderate_by_points": false, "moderate_users": true, "confirm_user_emails": true}
	for i, c := range []struct {
		option string
		user   int
	}{
		{"moderate_anon_post", testsite.Visitor}, {"moderate_unapproved", testsite.Fuyu},
		{"moderate_unconfirmed", testsite.Tanaka},
	} {
		for _, on := range []bool{false, true} {
			change(t, s, object{"options": all})
			change(t, s, object{"options": object{c.option: on}})
			id := s.Do(t, c.user, "POST", "/v1/questions", object{"title": "Does number " + strconv.Itoa(i) +
				" wait for approval?", "content": "That depends on " + c.option + strconv.FormatBool(on)})
			queued := s.Scalar(t, "SELECT COUNT(*) FROM {posts} WHERE postid = ? AND type = 'Q_QUEUED'", id) == 1
			if queued != on {
				t.Errorf("%s %v: waits %v", c.option, on, queued)
			}
		}
	}
}
