package site_test

import (
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"38qa.net/backend/modules/site/option"
	"38qa.net/backend/modules/testsite"
)

// flip is a change of an option that what a user reads at a path follows.
type flip struct {
	option string
	value  any
	user   int
	path   string
	// with are options that are set besides, before and after.
	with object
}

// session is where callers read what they may do, and how often.
const session = "/v1/auth/session"

// What the site suggests for the title 巣箱の大きさ.
const (
	swarming  = "?title=%E5%B7%A3%E7%AE%B1%E3%81%AE%E5%A4%A7%E3%81%8D%E3%81%95"
	suggested = "/v1/tags/suggested" + swarming
)

// flips are options with an effect that shows in what somebody reads.
var flips = []flip{
	{"site_title", "Another site", testsite.Visitor, "/v1/site", nil},
	{"site_url", "https://elsewhere.example.jp/qa", testsite.Visitor, "/v1/site", nil},
	{"site_language", "fr", testsite.Visitor, "/v1/site", nil},
	{"site_maintenance", true, testsite.Visitor, "/v1/site", nil},
	{"show_custom_sidebar", false, testsite.Visitor, "/v1/site", nil},
	{"custom_sidebar", "<b>Bees</b>", testsite.Visitor, "/v1/site", nil},
	{"show_custom_sidepanel", true, testsite.Visitor, "/v1/site", object{"custom_sidepanel": "Hello"}},
	{"custom_sidepanel", "Bees", testsite.Visitor, "/v1/site", object{"show_custom_sidepanel": true}},
	{"show_custom_header", true, testsite.Visitor, "/v1/site", object{"custom_header": "Hello"}},
	{"custom_header", "Bees", testsite.Visitor, "/v1/site", object{"show_custom_header": true}},
	{"show_custom_footer", true, testsite.Visitor, "/v1/site", object{"custom_footer": "Hello"}},
	{"custom_footer", "Bees", testsite.Visitor, "/v1/site", object{"show_custom_footer": true}},
	{"show_custom_home", true, testsite.Visitor, "/v1/site", object{"custom_home_content": "Hello"}},
	{"custom_home_content", "Bees", testsite.Visitor, "/v1/site", object{"show_custom_home": true}},
	{"show_home_description", true, testsite.Visitor, "/v1/site", object{"home_description": "Hello"}},
	{"home_description", "Bees", testsite.Visitor, "/v1/site", object{"show_home_description": true}},
	{"show_custom_ask", true, testsite.Visitor, "/v1/site", object{"custom_ask": "Hello"}},
	{"custom_ask", "Bees", testsite.Visitor, "/v1/site", object{"show_custom_ask": true}},
	{"show_custom_answer", true, testsite.Visitor, "/v1/site", object{"custom_answer": "Hello"}},
	{"custom_answer", "Bees", testsite.Visitor, "/v1/site", object{"show_custom_answer": true}},
	{"show_custom_comment", true, testsite.Visitor, "/v1/site", object{"custom_comment": "Hello"}},
	{"custom_comment", "Bees", testsite.Visitor, "/v1/site", object{"show_custom_comment": true}},
	{"show_custom_register", true, testsite.Visitor, "/v1/site", object{"custom_register": "Hello"}},
	{"custom_register", "Bees", testsite.Visitor, "/v1/site", object{"show_custom_register": true}},
	{"custom_home_heading", "Bees", testsite.Visitor, "/v1/site", object{"show_custom_home": true}},
	{"register_terms", "Agreed", testsite.Visitor, "/v1/site", object{"show_register_terms": true}},
	{"extra_field_prompt", "Where?", testsite.Visitor, "/v1/site", nil},
	{"extra_field_label", "Place", testsite.Visitor, "/v1/site", nil},
	{"tags_or_categories", "t", testsite.Visitor, "/v1/site", nil},
	{"allow_anonymous_naming", false, testsite.Visitor, "/v1/site", nil},
	{"allow_no_category", false, testsite.Visitor, "/v1/site", nil},
	{"allow_private_messages", false, testsite.Visitor, "/v1/site", nil},
	{"allow_user_walls", false, testsite.Visitor, "/v1/site", nil},
	{"comment_on_as", false, testsite.Visitor, "/v1/site", nil},
	{"comment_on_qs", false, testsite.Visitor, "/v1/site", nil},
	{"extra_field_active", false, testsite.Visitor, "/v1/site", nil},
	{"flagging_of_posts", false, testsite.Visitor, "/v1/site", nil},
	{"follow_on_as", false, testsite.Visitor, "/v1/site", nil},
	{"voting_on_qs", false, testsite.Visitor, "/v1/site", nil},
	{"voting_on_as", false, testsite.Visitor, "/v1/site", nil},
	{"voting_on_cs", false, testsite.Visitor, "/v1/site", nil},
	{"min_len_q_title", 20, testsite.Visitor, "/v1/site", nil},
	{"max_len_q_title", 99, testsite.Visitor, "/v1/site", nil},
	{"min_len_q_content", 9, testsite.Visitor, "/v1/site", nil},
	{"min_len_a_content", 9, testsite.Visitor, "/v1/site", nil},
	{"min_len_c_content", 9, testsite.Visitor, "/v1/site", nil},
	{"min_num_q_tags", 2, testsite.Visitor, "/v1/site", nil},
	{"max_num_q_tags", 7, testsite.Visitor, "/v1/site", nil},
	{"page_size_qs", 7, testsite.Visitor, "/v1/site", nil},
	{"page_size_search", 7, testsite.Visitor, "/v1/site", nil},
	{"page_size_users", 7, testsite.Visitor, "/v1/site", nil},
	{"page_size_tags", 7, testsite.Visitor, "/v1/site", nil},
	{"suspend_register_users", true, testsite.Visitor, "/v1/site", nil},
	{"show_register_terms", true, testsite.Visitor, "/v1/site", nil},
	{"allow_login_email_only", true, testsite.Visitor, "/v1/site", nil},
	{"confirm_user_required", true, testsite.Visitor, "/v1/site", object{"confirm_user_emails": true}},
	{"confirm_user_emails", false, testsite.Visitor, "/v1/site", object{"confirm_user_required": true}},
	{"page_size_hot_qs", 2, testsite.Visitor, "/v1/questions?sort=hot", nil},
	{"page_size_una_qs", 2, testsite.Visitor, "/v1/questions?unanswered=selected", nil},
	{"page_size_tag_qs", 1, testsite.Visitor, "/v1/questions?tag=queen", nil},
	{"page_size_activity", 2, testsite.Visitor, "/v1/activity", nil},
	{"page_size_wall", 1, testsite.Visitor, "/v1/users/%E3%81%BF%E3%81%A4%E3%81%B0%E3%81%A1%E5%A4%AA%E9%83%8E/wall", nil},
	{"page_size_pms", 1, testsite.Lurker, "/v1/me/messages", nil},
	{"page_size_related_qs", 1, testsite.Visitor, "/v1/questions/1/related", nil},
	{"sort_answers_by", "votes", testsite.Visitor, "/v1/questions/323/answers", nil},
	{"show_selected_first", false, testsite.Visitor, "/v1/questions/14/answers", nil},
	{"show_user_points", false, testsite.Visitor, "/v1/questions/1", nil},
	{"show_post_update_meta", false, testsite.Visitor, "/v1/questions", nil},
	{"show_user_titles", false, testsite.Visitor, "/v1/users", nil},
	{"show_notice_visitor", true, testsite.Visitor, "/v1/notices", object{"notice_visitor": "Hello"}},
	{"notice_visitor", "Good day", testsite.Visitor, "/v1/notices", object{"show_notice_visitor": true}},
	{"q_urls_title_length", 5, testsite.Visitor, "/v1/questions", nil},
	{"q_urls_remove_accents", true, testsite.Visitor, "/v1/questions", nil},
	{"block_bad_words", []string{"queen", "女王"}, testsite.Visitor, "/v1/questions?tag=queen", nil},
	{"edit_history_view_perms", "admins", testsite.Visitor, "/v1/posts/1/revisions", nil},
	{"permit_view_new_users_page", "everybody", testsite.Visitor, "/v1/users?sort=newest", nil},
	{"permit_view_special_users_page", "everybody", testsite.Visitor, "/v1/users?level=expert", nil},
	{"feed_for_questions", false, testsite.Visitor, "/feed/questions.rss", nil},
	{"feed_for_qa", false, testsite.Visitor, "/feed/qa.rss", nil},
	{"feed_for_activity", false, testsite.Visitor, "/feed/activity.rss", nil},
	{"feed_for_unanswered", false, testsite.Visitor, "/feed/unanswered.rss", nil},
	{"feed_for_hot", true, testsite.Visitor, "/feed/hot.rss", nil},
	{"feed_for_tag_qs", true, testsite.Visitor, "/feed/tag/queen.rss", nil},
	{"feed_for_search", true, testsite.Visitor, "/feed/search/queen.rss", nil},
	{"feed_number_items", 3, testsite.Visitor, "/feed/qa.rss", nil},
	{"xml_sitemap_show_questions", false, testsite.Visitor, "/sitemap.xml", nil},
	{"xml_sitemap_show_users", false, testsite.Visitor, "/sitemap.xml", nil},
	{"xml_sitemap_show_tag_qs", false, testsite.Visitor, "/sitemap.xml", nil},
	{"xml_sitemap_show_category_qs", false, testsite.Visitor, "/sitemap.xml", nil},
	{"do_example_tags", false, testsite.Visitor, suggested, nil},
	{"page_size_ask_tags", 3, testsite.Visitor, suggested,
		object{"match_example_tags": "5", "page_size_ask_tags": 50}},
	{"match_example_tags", "1", testsite.Visitor, suggested,
		object{"match_example_tags": "5", "page_size_ask_tags": 50}},
	{"match_ask_check_qs", "5", testsite.Visitor, "/v1/questions/similar" + swarming,
		object{"match_ask_check_qs": "1", "page_size_ask_check_qs": 50}},
	{"avatar_allow_gravatar", false, testsite.Visitor, "/v1/users/haru", nil},
	{"avatar_profile_size", 77, testsite.Visitor, "/v1/users/haru", nil},
	{"avatar_default_show", true, testsite.Visitor, "/v1/users/lurker", object{"avatar_default_show": false}},
	{"captcha_on_feedback", true, testsite.Visitor, session,
		object{"captcha_on_anon_post": true, "captcha_on_feedback": false}},
	{"plugin_cat_desc_max_len", 5, testsite.Visitor, "/v1/categories/2", nil},
	{"max_rate_user_qs", 1, testsite.Haru, session, nil}, {"max_rate_ip_qs", 1, testsite.Haru, session, nil},
	{"max_rate_user_as", 1, testsite.Haru, session, nil}, {"max_rate_ip_as", 1, testsite.Haru, session, nil},
	{"max_rate_user_cs", 1, testsite.Haru, session, nil}, {"max_rate_ip_cs", 1, testsite.Haru, session, nil},
	{"max_rate_user_votes", 1, testsite.Haru, session, nil}, {"max_rate_ip_votes", 1, testsite.Haru, session, nil},
	{"max_rate_user_flags", 1, testsite.Haru, session, nil}, {"max_rate_ip_flags", 1, testsite.Haru, session, nil},
	{"max_rate_user_uploads", 1, testsite.Haru, session, nil},
	{"max_rate_ip_uploads", 1, testsite.Haru, session, nil},
	{"max_rate_user_messages", 1, testsite.Haru, session, nil},
	{"max_rate_ip_messages", 1, testsite.Haru, session, nil},
	{"max_rate_ip_registers", 1, testsite.Haru, session, nil},
	{"max_rate_ip_logins", 1, testsite.Haru, session, nil},
	{"permit_view_q_page", "confirmed", testsite.Visitor, session, nil},
	{"permit_post_q", "experts", testsite.Haru, session, nil},
	{"permit_post_a", "experts", testsite.Haru, session, nil},
	{"permit_post_c", "experts", testsite.Haru, session, nil},
	{"permit_vote_q", "approved-points", testsite.Newbie2, session, object{"permit_vote_q_points": 100000}},
	{"permit_vote_a", "approved-points", testsite.Newbie2, session, object{"permit_vote_a_points": 100000}},
	{"permit_vote_c", "approved-points", testsite.Newbie2, session, object{"permit_vote_c_points": 100000}},
	{"permit_vote_down", "experts", testsite.Haru, session, nil},
	{"permit_retag_cat", "users", testsite.Haru, session, nil},
	{"permit_edit_q", "users", testsite.Haru, session, nil},
	{"permit_edit_a", "users", testsite.Haru, session, nil},
	{"permit_edit_c", "users", testsite.Haru, session, nil},
	{"permit_edit_silent", "experts", testsite.ExpertSato, session, nil},
	{"permit_close_q", "points", testsite.Haru, session, object{"permit_close_q_points": 0}},
	{"permit_select_a", "points", testsite.Haru, session, object{"permit_select_a_points": 0}},
	{"permit_anon_view_ips", "everybody", testsite.Haru, session, nil},
	{"permit_view_voters_flaggers", "experts", testsite.ExpertSato, session, nil},
	{"permit_flag", "editors", testsite.Haru, session, nil},
	{"permit_moderate", "points", testsite.Haru, session, object{"permit_moderate_points": 0}},
	{"permit_hide_show", "points", testsite.Haru, session, object{"permit_hide_show_points": 0}},
	{"permit_delete_hidden", "editors", testsite.EditorYuki, session, nil},
	{"permit_post_wall", "approved-points", testsite.Haru, session, object{"permit_post_wall_points": 100000}},
	{"plugin_tag_desc_permit_edit", "users", testsite.Haru, session, nil},
	{"plugin_cat_desc_permit_edit", "users", testsite.Haru, session, nil},
}

// flipsOfPoints returns a change of each option with the points of a permission: from none, which everybody
// has, to more than anybody has.
func flipsOfPoints() (list []flip) {
	for _, d := range option.Definitions() {
		permission, ok := strings.CutSuffix(d.Key.Name(), "_points")
		if ok && strings.HasPrefix(permission, "permit_") {
			list = append(list, flip{d.Key.Name(), 100000, testsite.Haru, session,
				object{permission: "points", d.Key.Name(): 0}})
		}
	}
	return list
}

// heldElsewhere are options whose effect other tests show, by package and test.
var heldElsewhere = map[string]string{
	"neat_urls":  "mail TestLinks",
	"from_email": "mail TestSender", "feedback_email": "mail TestNotNeeded",
	"notify_admin_q_post": "mail TestWhoIsToldOfPosts", "feedback_enabled": "mail TestFeedbackIsRefused",
	"show_notice_welcome": "community TestSiteNotices", "notice_welcome": "community TestSiteNotices",
	"show_custom_welcome": "mail TestCustomWelcome", "custom_welcome": "mail TestCustomWelcome",
	"allow_change_usernames": "auth TestAccountPage", "register_notify_admin": "mail TestNotNeeded",
	"block_bad_usernames": "auth TestNamesAsRecorded", "show_message_history": "community TestMessagesThatAreNotKept",
	"avatar_allow_upload": "media TestAvatar", "avatar_store_size": "media TestAvatarStoreSize",
	"avatar_users_size":    "media TestAvatarSizes",
	"avatar_q_page_a_size": "media TestAvatarSizes", "avatar_q_page_c_size": "media TestAvatarSizes",
	"avatar_q_list_size": "media TestAvatarSizes", "avatar_message_list_size": "media TestAvatarSizes",
	"avatar_q_page_q_size":   "media TestAvatar",
	"max_store_user_updates": "community TestStreamsAreTrimmed", "mailing_enabled": "auth TestAccountPage",
	"match_related_qs": "qa TestRelatedOfManyCandidates", "feed_per_category": "qa TestFeedsObeyTheReadersOption",
	"feed_full_text": "qa TestFeedsObeyTheReadersOption", "do_close_on_select": "qa TestSelections",
	"allow_close_questions": "qa TestWhyNot", "allow_close_own_questions": "qa TestWhyNot",
	"allow_self_answer": "qa TestWhyNot", "allow_multi_answers": "qa TestWhyNot",
	"tag_separator_comma": "qa TestOracleTags", "page_size_ask_check_qs": "qa TestSimilarAsRecorded",
	"moderate_users": "mail TestWelcomeSaysWhatIsLeftToDo", "captcha_on_register": "auth TestAsksCaptcha",
	"captcha_on_reset_password": "auth TestAsksCaptcha", "captcha_on_anon_post": "auth TestAsksCaptcha",
	"captcha_on_unapproved": "auth TestAsksCaptcha", "captcha_on_unconfirmed": "auth TestAsksCaptcha",
	"captcha_module": "auth TestCaptchaKeys", "recaptcha_public_key": "auth TestCaptchaKeys",
	"moderate_by_points": "qa TestStatesOfPosts", "moderate_points_limit": "qa TestStatesOfPosts",
	"moderate_edited_again": "qa TestEditsAreApprovedAgain", "moderate_notify_admin": "mail TestWhoIsToldOfPosts",
	"moderate_update_time": "qa TestTimesOfApproval", "flagging_notify_first": "mail TestWhoIsToldOfPosts",
	"flagging_notify_every": "mail TestWhoIsToldOfPosts", "flagging_hide_after": "qa TestFlags",
	"block_ips_write": "auth TestBlockedAddressesChangeNothing", "event_logger_to_database": "qa TestEventLog",
	"wysiwyg_editor_upload_images": "media TestUploadsObeyTheSite",
	"medium_editor_upload_images":  "media TestUploadsObeyTheSite",
	"wysiwyg_editor_upload_all":    "media TestUploadOfOtherFiles",
	"plugin_tag_desc_max_len":      "qa TestTagPageOfThePlugin", "plugin_tag_desc_default_image": "qa TestDefaultPictureOfTags",
	"q2a_tag_set_restriction_enabled": "qa TestTagRestriction", "qa_ask_restriction_date": "qa TestAskDays",
	"hot_weight_q_age": "site TestHotnessFollowsItsWeights", "hot_weight_a_age": "site TestHotnessFollowsItsWeights",
	"hot_weight_answers": "site TestHotnessFollowsItsWeights", "hot_weight_votes": "site TestHotnessFollowsItsWeights",
	"hot_weight_views": "site TestHotnessFollowsItsWeights",
	"do_count_q_views": "site TestOptionsOfViewsAndLinks", "recalc_hotness_q_view": "site TestOptionsOfViewsAndLinks",
	"show_url_links": "site TestOptionsOfViewsAndLinks", "links_in_new_window": "site TestOptionsOfViewsAndLinks",
	"moderate_anon_post":   "site TestOptionsOfModeration",
	"moderate_unconfirmed": "site TestOptionsOfModeration", "moderate_unapproved": "site TestOptionsOfModeration",
	"extra_field_display": "site TestOptionsOfViewsAndLinks",
}

// TestEveryOptionIsHeld checks that there is a test of the effect of each option.
func TestEveryOptionIsHeld(t *testing.T) {
	t.Parallel()
	tests, shown := testsOf(t), append(flipsOfPoints(), flips...)
	for _, d := range option.Definitions() {
		name := d.Key.Name()
		flipped := slices.ContainsFunc(shown, func(f flip) bool { return f.option == name })
		held := heldElsewhere[name]
		switch {
		case held != "" && !tests[held]:
			t.Errorf("%s: there is no test %s any more", name, held)
		case !flipped && held == "":
			t.Errorf("no test shows the effect of %s", name)
		}
	}
}

// testsOf returns the tests of all modules, as package and name.
func testsOf(t *testing.T) map[string]bool {
	t.Helper()
	tests := map[string]bool{}
	function := regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := os.ReadFile(path)
		for _, m := range function.FindAllSubmatch(source, -1) {
			tests[filepath.Base(filepath.Dir(path))+" "+string(m[1])] = true
		}
		return err
	})
	if err != nil || len(tests) < 300 {
		t.Fatalf("%d tests found: %v", len(tests), err)
	}
	return tests
}

// TestOptionsTakeEffect changes each option over REST, and checks that what somebody reads is different then,
// and the same as before when the option is what it was.
func TestOptionsTakeEffect(t *testing.T) {
	t.Parallel()
	s := testsite.New(t, testsite.Config(func(c *configuration) { c.SiteURL = "" }), testsite.After(
		`REPLACE INTO {options} (title, content)
			VALUES ('avatar_default_blobid', '12345'), ('recaptcha_public_key', 'public'),
				('recaptcha_private_key', 'private'), ('captcha_module', '')`,
		"UPDATE {categories} SET content = 'For those who begin with bees' WHERE categoryid = 2"))
	read := func(f flip) string {
		res := s.Request(t, http.MethodGet, f.path, f.user, "X-Forwarded-For", "192.0.2.9")
		return http.StatusText(res.StatusCode) + " " + testsite.Text(t, res)
	}
	with := func(f flip) object {
		if f.with == nil {
			return object{}
		}
		return f.with
	}
	for range 2 {
		s.Do(t, testsite.Haru, "POST", "/v1/me/messages/lurker", object{"content": "Hello"})
	}
	was := object{}
	for _, o := range testsite.GetAs[options](t, s, "/v1/admin/options", testsite.AdminHana).Items {
		was[o.Name] = o.Value
	}
	for _, f := range append(flipsOfPoints(), flips...) {
		restore := func(names object) {
			values, reset := object{}, []string{}
			for name := range names {
				if was[name] == nil {
					reset = append(reset, name)
				} else {
					values[name] = was[name]
				}
			}
			change(t, s, object{"options": values, "reset": reset})
		}
		change(t, s, object{"options": with(f)})
		before := read(f)
		if again := read(f); again != before {
			t.Errorf("%s: %s changes by itself", f.option, f.path)
		}
		change(t, s, object{"options": object{f.option: f.value}})
		if read(f) == before {
			t.Errorf("%s: %s is the same with %v", f.option, f.path, f.value)
		}
		restore(object{f.option: nil})
		change(t, s, object{"options": with(f)})
		if after := read(f); after != before {
			t.Errorf("%s: %s is not as before, when it is: %.300s\n%.300s", f.option, f.path, before, after)
		}
		restore(f.with)
	}
}
