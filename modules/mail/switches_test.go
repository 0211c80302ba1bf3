package mail

import (
	"strings"
	"testing"

	"38qa.net/backend/modules/site"
)

// TestWhoSends has a row for each way in which a kind of mail is switched.
func TestWhoSends(t *testing.T) {
	t.Parallel()
	texts := map[string]string{"q2a-only-once-question-body": "Hello"}
	plugin := map[string]string{"enabled_plugins": "event-logger;q2a-only-once-question-email"}
	others := map[string]string{"enabled_plugins": "event-logger", "q2a-only-once-question-body": "Hello"}
	for name, c := range map[string]struct {
		kind     string
		switches map[string]Switch
		options  map[string]string
		want     bool
	}{
		"Q2A's own":                         {kind: "q_answered", want: true},
		"Q2A's own, off":                    {kind: "q_answered", switches: map[string]Switch{"q_answered": Off}},
		"another one off":                   {kind: "q_answered", switches: map[string]Switch{"a_selected": Off}, want: true},
		"plugins have no part in Q2A's own": {kind: "q_answered", switches: map[string]Switch{pluginGroup: Off}, want: true},
		"a plugin's by default":             {kind: "only_question", options: plugin},
		"a plugin's, on":                    {kind: "only_question", switches: map[string]Switch{"only_question": On}, want: true},
		"auto, without the plugin":          {kind: "only_question", switches: map[string]Switch{"only_question": Auto}},
		"auto, with its text":               {kind: "only_question", switches: map[string]Switch{"only_question": Auto}, options: texts, want: true},
		"auto, with the plugin":             {kind: "only_question", switches: map[string]Switch{"only_question": Auto}, options: plugin, want: true},
		"auto, with a text, plugin off":     {kind: "only_question", switches: map[string]Switch{"only_question": Auto}, options: others},
		"all plugins auto":                  {kind: "only_question", switches: map[string]Switch{pluginGroup: Auto}, options: plugin, want: true},
		"all plugins but one":               {kind: "only_question", switches: map[string]Switch{pluginGroup: On, "only_question": Off}, options: plugin},
		"a message":                         {kind: autoMessage, switches: map[string]Switch{pluginGroup: On}, want: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := sends(c.switches, site.NewOptions(c.options), c.kind); got != c.want {
				t.Errorf("sends = %v", got)
			}
		})
	}
}

// TestSwitchesAreChecked checks that a setting with a kind that does not exist, or with a position that the
// kind does not have, is refused, and names it.
func TestSwitchesAreChecked(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind     string
		position Switch
		wrong    string
	}{
		{"q_answered", Off, ""}, {"statistics", Auto, ""}, {autoMessage, On, ""}, {pluginGroup, Auto, ""},
		{"q_replied", Off, "q_replied"}, {"q_answered", Auto, "auto"}, {"statistics", "yes", "yes"}, {"", On, `""`}, {"mailing", Off, "mailing"},
	} {
		err := checkSwitches(map[string]Switch{c.kind: c.position})
		if (err != nil) != (c.wrong != "") || err != nil && !strings.Contains(err.Error(), c.wrong) {
			t.Errorf("%s: %s: %v", c.kind, c.position, err)
		}
	}
}

// TestPluginsKindsAreKinds checks that each kind of a plugin is a kind of mail, or the private message, and
// that the engagement mails are those of plugins.
func TestPluginsKindsAreKinds(t *testing.T) {
	t.Parallel()
	for name := range origins {
		if _, known := engagementKinds[name]; !known && name != autoMessage {
			t.Errorf("%s is no kind", name)
		}
	}
	for name := range engagementKinds {
		if _, known := origins[name]; !known {
			t.Errorf("%s is of no plugin", name)
		}
	}
}

// TestExamineMails checks what the doctor says of which side sends what.
func TestExamineMails(t *testing.T) {
	t.Parallel()
	all := "q2a-stepmail-question;q2a-only-once-question-email;q2a-statics"
	for name, c := range map[string]struct {
		switches map[string]Switch
		plugins  string
		want     string // severities and kinds
	}{
		"nothing set": {},
		"left to the old site": {plugins: all,
			want: "note only_question, note statistics, note step_question"},
		"both sides": {plugins: all, switches: map[string]Switch{pluginGroup: Auto},
			want: "warning only_question, warning statistics, ok step_question"},
		"here alone":     {switches: map[string]Switch{"statistics": On}, want: "ok statistics"},
		"nobody answers": {switches: map[string]Switch{"q_answered": Off}, want: "note q_answered"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, f := range ExamineKinds(site.NewOptions(map[string]string{"enabled_plugins": c.plugins}), c.switches) {
				for kind := range kinds {
					if strings.Contains(" "+f.Text+" ", " "+kind+" ") {
						got = append(got, f.Severity+" "+kind)
					}
				}
			}
			if text := strings.Join(got, ", "); text != c.want {
				t.Errorf("%q, expected %q", text, c.want)
			}
		})
	}
}
