package option

import (
	"slices"
	"strings"
	"testing"

	"38qa.net/backend/modules/kernel/problem"
)

// TestEveryOptionIsPlaced checks that each key is described, secret, changed elsewhere or without effect, and
// only one of these: whoever adds a key has to say which.
func TestEveryOptionIsPlaced(t *testing.T) {
	t.Parallel()
	for key := range All() {
		places := 0
		for _, there := range []bool{definitions[key.name] != nil, secret[key.name], elsewhere[key.name] != "",
			withoutEffect[key.name]} {
			if there {
				places++
			}
		}
		if places != 1 {
			t.Errorf("%s has %d places: describe it (Definition), or name it in unchanged.go", key, places)
		}
	}
	for name := range secret {
		if d, why := Lookup(name); d != nil || why != (Why{}) {
			t.Errorf("something is told of %s", name)
		}
	}
}

// TestDescriptions checks what each option says of itself, and that its default is a value that it takes.
func TestDescriptions(t *testing.T) {
	t.Parallel()
	parts := strings.Fields(`accounts answers avatars captcha categories comments feeds flags hotness limits lists
		mail media messages moderation notices permissions questions related search session site sitemap tags updates
		users votes wall`)
	for _, d := range Definitions() {
		english, japanese := d.Text.In(problem.English), d.Text.In(problem.Japanese)
		if !strings.HasSuffix(english, ".") || !strings.HasSuffix(japanese, "。") || len(d.Affects) == 0 {
			t.Errorf("%s: %q, %q, affects %v", d.Key, english, japanese, d.Affects)
		}
		for _, part := range d.Affects {
			if !slices.Contains(parts, part) {
				t.Errorf("%s affects %q", d.Key, part)
			}
		}
		if (d.Kind == OneOf || d.Kind == Permission) != (len(d.Choices) > 1) {
			t.Errorf("%s: %d choices", d.Key, len(d.Choices))
		}
		if d.NoDefault {
			continue
		}
		if wrong := d.Fits(d.Key.Default()); !wrong.Code.IsZero() {
			t.Errorf("%s: its default %q is %v", d.Key, d.Key.Default(), wrong)
		}
	}
}

// TestParse checks how values are stored, and which are refused.
func TestParse(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("蜂", contentLength+1)
	for _, c := range []struct {
		option string
		value  any
		want   string // or the code of the fault, after a !
	}{
		{"voting_on_qs", true, "1"}, {"voting_on_qs", false, "0"}, {"voting_on_qs", "1", "!not_boolean"},
		{"page_size_qs", 50.0, "50"}, {"page_size_qs", 51.0, "!too_large"}, {"page_size_qs", 0.0, "!too_small"},
		{"page_size_qs", 1.5, "!not_integer"}, {"page_size_qs", true, "!not_integer"},
		{"max_num_q_tags", 1.0, "!too_small"}, {"page_size_users", 200.0, "200"},
		{"permit_flag_points", 0.0, "0"}, {"permit_flag_points", -1.0, "!too_small"},
		{"site_title", "  蜂の Q&A ", "蜂の Q&A"}, {"site_title", " ", "!required"},
		{"site_title", strings.Repeat("蜂", 200), strings.Repeat("蜂", 200)},
		{"site_title", strings.Repeat("蜂", 201), "!too_long"}, {"site_title", "a\tb", "!bad_characters"},
		{"site_url", "https://qa.example.jp", "https://qa.example.jp/"},
		{"site_url", "http://localhost:8080/q2a/", "http://localhost:8080/q2a/"},
		{"site_url", "qa.example.jp", "!wrong_form"}, {"site_url", "https://a:b@example.jp", "!wrong_form"},
		{"site_url", "https://example.jp/?a=b", "!wrong_form"}, {"site_url", "https:///x", "!wrong_form"},
		{"feedback_email", "", ""}, {"feedback_email", "a@example.jp", "a@example.jp"},
		{"feedback_email", "Aki <a@example.jp>", "!wrong_form"}, {"from_email", "", "!required"},
		{"feedback_email", "a@example.jp\nBcc: b@example.jp", "!bad_characters"},
		{"site_language", "zh-TW", "zh-TW"}, {"site_language", "../x", "!wrong_form"},
		{"notice_welcome", "<b>Hello</b>\r\nyou", "<b>Hello</b>\nyou"}, {"notice_welcome", long, "!too_long"},
		{"notice_welcome", "🐝", "!bad_characters"}, {"notice_welcome", 3.0, "!not_text"},
		{"tags_or_categories", "", ""}, {"tags_or_categories", "c", "c"}, {"tags_or_categories", "ct", "!not_in_list"},
		{"match_related_qs", "5", "5"}, {"match_related_qs", 5.0, "!not_text"},
		{"permit_post_q", "everybody", "150"}, {"permit_post_q", "approved-points", "102"},
		{"permit_post_q", "150", "!not_in_list"}, {"permit_view_q_page", "points", "!not_in_list"},
		{"permit_view_voters_flaggers", "supers", "0"}, {"permit_delete_hidden", "experts", "!not_in_list"},
		{"block_bad_words", []any{"a b", "c*d", "", "蜂"}, "a , b , c*d , 蜂"}, {"block_bad_words", []any{}, ""},
		{"block_bad_words", []any{"a-b_c@d"}, "a , b , c , d"}, {"block_bad_words", []any{3.0}, "!not_text"},
		{"block_bad_words", "a", "!not_array"}, {"block_bad_words", []any{long}, "!too_long"},
		{"block_ips_write", []any{"192.0.2.*"}, "192.0.2.*"},
		{"block_ips_write", []any{"192.0.2.1 - 192.0.2.9", "::1"}, "192.0.2.1-192.0.2.9 , ::1"},
		{"block_ips_write", []any{"2001:db8:*:*:*:*:*:*"}, "2001:db8:*:*:*:*:*:*"},
		{"block_ips_write", []any{"192.0.2"}, "!wrong_form"}, {"block_ips_write", []any{"*"}, "!wrong_form"},
		{"block_ips_write", []any{"192.0.2.1-::1"}, "!wrong_form"}, {"block_ips_write", []any{"bad"}, "!wrong_form"},
		{"plugin_tag_desc_default_image", "javascript:x", "!wrong_form"},
		{"recaptcha_public_key", "6Le_x-y", "6Le_x-y"}, {"recaptcha_public_key", "<b>", "!wrong_form"},
	} {
		d, _ := Lookup(c.option)
		if d == nil {
			t.Errorf("there is no option %s", c.option)
			continue
		}
		got, wrong := d.Parse(c.value)
		if !wrong.Code.IsZero() {
			got = "!" + wrong.Code.String()
		}
		if got != c.want {
			t.Errorf("%s with %.50q is %.50q, want %.50q", c.option, c.value, got, c.want)
		}
	}
}

// TestValue checks how stored values are read, also those that nobody would store now.
func TestValue(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		option, stored string
		want           any
	}{
		{"voting_on_qs", "", false}, {"voting_on_qs", "0", false}, {"voting_on_qs", "yes", true},
		{"page_size_qs", "", 0}, {"page_size_qs", "30 ", 30}, {"page_size_qs", "7.9", 7},
		{"permit_flag_points", "", nil}, {"permit_flag_points", "0", 0},
		{"permit_flag", "106", "points"}, {"permit_flag", "20", "admins"}, {"permit_flag", "99", "99"},
		{"sort_answers_by", "votes", "votes"}, {"site_title", "蜂", "蜂"},
	} {
		d, _ := Lookup(c.option)
		if got := d.Value(c.stored); got != c.want {
			t.Errorf("%s stored as %q is %v, want %v", c.option, c.stored, got, c.want)
		}
	}
	d, _ := Lookup("block_bad_words")
	if got, _ := d.Value("a,b\nc  d").([]string); !slices.Equal(got, []string{"a", "b", "c", "d"}) {
		t.Errorf("words %q", got)
	}
}

// TestOffered checks that values which depend on confirmed addresses, or on approval, are offered where the
// site has these.
func TestOffered(t *testing.T) {
	t.Parallel()
	d, _ := Lookup("permit_post_wall")
	for _, c := range []struct {
		confirms, approves bool
		want               string
	}{
		{false, false, `"users", "points"`},
		{true, false, `"users", "confirmed", "points", "points-confirmed"`},
		{false, true, `"users", "points", "approved", "approved-points"`},
		{true, true, `"users", "confirmed", "points", "points-confirmed", "approved", "approved-points"`},
	} {
		if got := Names(d.Offered(c.confirms, c.approves)); got != c.want {
			t.Errorf("confirms %v, approves %v: %s", c.confirms, c.approves, got)
		}
	}
}
