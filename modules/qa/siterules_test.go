package qa

import (
	"reflect"
	"slices"
	"testing"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/site"
)

func TestSwitch(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		why     string
		s       Switch
		enabled string
		own     bool
		want    bool
	}{
		{"not set", "", "q2a-ask-restriction", true, false},
		{"off", Off, "q2a-ask-restriction", true, false},
		{"on", On, "", false, true},
		{"on, though the plugin is not", On, "q2a-other", false, true},
		{"auto, no plugins", Auto, "", false, false},
		{"auto, the plugin alone", Auto, "q2a-ask-restriction", false, true},
		{"auto, the plugin among others", Auto, "q2a-other;q2a-ask-restriction;q2a-more", false, true},
		{"auto, a plugin of a longer name", Auto, "q2a-ask-restriction-2", false, false},
		{"auto, switched off, its option left behind", Auto, "q2a-other", true, false},
		{"auto, plugins unknown, its option there", Auto, "", true, true},
	} {
		t.Run(c.why, func(t *testing.T) {
			t.Parallel()
			o := site.NewOptions(map[string]string{"enabled_plugins": c.enabled})
			if got := c.s.holds(o, askPlugin, c.own); got != c.want {
				t.Errorf("holds: %v", got)
			}
		})
	}
}

func TestWhoMayAsk(t *testing.T) {
	t.Parallel()
	filled := map[string]string{"location": "長崎", "about": "Two hives."}
	for _, c := range []struct {
		why  string
		a    asker
		code string
		args []any
	}{
		{"all done", asker{fields: filled}, "", nil},
		{"nothing filled in", asker{}, "profile_incomplete", nil},
		{"no location", asker{fields: map[string]string{"about": "Two hives."}}, "profile_incomplete", nil},
		{"no about", asker{fields: map[string]string{"location": "長崎", "about": ""}}, "profile_incomplete", nil},
		{"what PHP takes for empty", asker{fields: map[string]string{"location": "0", "about": "Two hives."}},
			"profile_incomplete", nil},
		{"the profile first", asker{answers: []int{3}}, "profile_incomplete", nil},
		{"an answer", asker{filled, []int{3}}, "answers_uncommented", []any{7, "3"}},
		{"five answers", asker{filled, []int{3, 4, 5, 6, 7}}, "answers_uncommented", []any{7, "3, 4, 5, 6, 7"}},
		{"more answers", asker{filled, []int{3, 4, 5, 6, 7, 8}}, "answers_uncommented",
			[]any{7, "3, 4, 5, 6, 7, …"}},
	} {
		t.Run(c.why, func(t *testing.T) {
			t.Parallel()
			switch p := c.a.mayAsk(7); {
			case p == nil:
				if c.code != "" {
					t.Errorf("may ask, want %s", c.code)
				}
			case p.Code.String() != c.code || !reflect.DeepEqual(p.Args, c.args):
				t.Errorf("refused with %v %v, want %s %v", p.Code, p.Args, c.code, c.args)
			}
		})
	}
}

func TestAskDays(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]int{"": 7, "0": 7, "-3": 7, "14": 14} {
		if got := askDays(site.NewOptions(map[string]string{"qa_ask_restriction_date": value})); got != want {
			t.Errorf("%q: %d days", value, got)
		}
	}
}

// TestWhomRulesRestrict checks for each level and each setting whom the rules of the plugins restrict.
func TestWhomRulesRestrict(t *testing.T) {
	t.Parallel()
	all := Settings{Ask: On, BestAnswer: On, Tags: On}
	members := map[string]string{"q2a_tag_set_restriction_enabled": "1"}
	const asks, chooses, tags = 1, 2, 4
	for _, c := range []struct {
		why      string
		settings Settings
		options  map[string]string
		caller   auth.Caller
		want     int
	}{
		{"everything off", Settings{}, members, auth.Caller{}, 0},
		{"everything off, a member", Settings{Off, Off, Off}, members, auth.Caller{UserID: 9}, 0},
		{"a visitor", all, nil, auth.Caller{}, chooses | tags},
		{"a member", all, nil, auth.Caller{UserID: 9}, asks | chooses},
		{"a member, tags for nobody", all, members, auth.Caller{UserID: 9}, asks | chooses | tags},
		{"a moderator", all, members, auth.Caller{UserID: 9, Level: auth.LevelModerator}, asks | chooses | tags},
		{"a member who administers a category", all, members,
			auth.Caller{UserID: 9, CategoryLevels: map[int]int{3: auth.LevelAdmin}}, asks | chooses | tags},
		{"an administrator", all, members, auth.Caller{UserID: 9, Level: auth.LevelAdmin}, asks | tags},
		{"a super administrator", all, members, auth.Caller{UserID: 9, Level: auth.LevelSuper}, asks},
		{"auto without plugins", Settings{Auto, Auto, Auto}, nil, auth.Caller{UserID: 9}, 0},
		{"auto, by the plugins' options", Settings{Auto, Auto, Auto},
			map[string]string{"qa_ask_restriction_date": "7", "q2a_tag_set_restriction_enabled": "1"},
			auth.Caller{UserID: 9}, asks | tags},
		{"auto, by the list of plugins", Settings{Auto, Auto, Auto},
			map[string]string{"enabled_plugins": askPlugin + ";" + bestAnswerPlugin + ";" + tagsPlugin},
			auth.Caller{}, chooses | tags},
	} {
		t.Run(c.why, func(t *testing.T) {
			t.Parallel()
			o, got := site.NewOptions(c.options), 0
			if c.settings.asksRestricted(o, c.caller) {
				got |= asks
			}
			if c.settings.choiceIsFinal(o, c.caller, &post{kind: "Q", selectedID: otherPost}) {
				got |= chooses
			}
			if c.settings.tagsRestricted(o, c.caller) {
				got |= tags
			}
			if got != c.want {
				t.Errorf("restricts %b, want %b", got, c.want)
			}
			if c.settings.choiceIsFinal(o, c.caller, &post{kind: "Q"}) {
				t.Error("the first choice is restricted")
			}
		})
	}
}

// TestSiteRulesRefuseWithTheirCodes checks that the rules of the plugins are told with codes of their own to
// those whom nothing else keeps from it, and that other reasons come first.
func TestSiteRulesRefuseWithTheirCodes(t *testing.T) {
	t.Parallel()
	restricting := func(w *world) { w.settings = Settings{Ask: On, BestAnswer: On, Tags: On} }
	forAll := with("q2a_tag_set_restriction_enabled", "1")
	for _, c := range []struct {
		why     string
		op      operation
		changes []different
		code    string
	}{
		{"choose the first", selecting, nil, ""},
		{"choose another", selecting, []different{selected}, "best_answer_final"},
		{"choose another, as an administrator", selecting, []different{selected,
			by(func(c *auth.Caller) { c.Level = auth.LevelAdmin })}, ""},
		{"choose another, closed by the first", selecting,
			[]different{selected, with("do_close_on_select", "1")}, "best_answer_final"},
		{"choose another, without the permission", selecting,
			[]different{selected, closedTo("permit_select_a")}, "permission_level"},
		{"choose another, of a hidden question", selecting, []different{selected, hidden}, "hidden"},
		{"tags of a member", tagging, nil, ""},
		{"tags of a visitor", tagging, []different{visitor}, "tags_restricted"},
		{"tags of a member, for nobody", tagging, []different{forAll}, "tags_restricted"},
		{"tags of a closed question", tagging, []different{forAll, closedNow}, "tags_restricted"},
		{"tags without the permission", tagging, []different{forAll, closedTo("permit_retag_cat")},
			"permission_level"},
		{"tags on a site without", tagging, []different{with("tags_or_categories", "c")}, "feature_off"},
		{"category of a visitor", labelling, []different{visitor}, ""},
	} {
		t.Run(c.why, func(t *testing.T) {
			t.Parallel()
			w := newWorld("Q", slices.Concat([]different{restricting}, c.changes)...)
			if code := w.refusal(t, c.op); code != c.code {
				t.Errorf("refused with %q, want %q", code, c.code)
			}
		})
	}
}
