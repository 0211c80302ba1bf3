package site

import (
	"encoding/json"
	"os"
	"testing"

	"38qa.net/backend/modules/site/option"
)

func TestOptionsFallBackToQ2AsDefaults(t *testing.T) {
	o := NewOptions(map[string]string{
		"page_size_qs": "7", "voting_on_qs": "", "permit_edit_q": "40", "points_per_a_voted": "5",
		"ask_needs_login": "1", "min_len_q_title": "abc",
	})
	for name, want := range map[string]int{"page_size_qs": 7, "page_size_una_qs": 20, "permit_retag_cat": 40,
		"points_per_a_voted_up": 5, "points_per_q_voted_up": 1,
		"permit_post_q": 120, "permit_post_a": 150, "min_len_q_title": 0, "neat_urls": 5} {
		if got := o.Int(option.Of(name)); got != want {
			t.Errorf("%s is %d, want %d", name, got, want)
		}
	}
	if o.Bool(option.VotingOnQs) || !o.Bool(option.VotingOnAs) || o.Bool(option.None) {
		t.Error("conditions are not PHP's")
	}
}

// TestDefaultsAsRecorded checks that the options' defaults are those of the recorded site, except for the
// options that were changed there on purpose.
func TestDefaultsAsRecorded(t *testing.T) {
	text, err := os.ReadFile("../../testdata/oracle/reads/options.json")
	if err != nil {
		t.Fatal(err)
	}
	var recorded map[string]string
	if err := json.Unmarshal(text, &recorded); err != nil {
		t.Fatal(err)
	}
	different := 0
	for key := range option.All() {
		got, ok := recorded[key.Name()]
		if value := key.Default(); ok && value != "" && got != value {
			different++
			t.Logf("%s: default %q, recorded %q", key, value, got)
		}
	}
	// Some options of the recorded site differ on purpose, and so do its counts and its captchas, which a
	// recording could not solve.
	if different > 30 {
		t.Errorf("%d defaults differ from the recorded site", different)
	}
}

func TestTitles(t *testing.T) {
	o := NewOptions(map[string]string{"points_to_titles": "0 見習い蜂,150 はたらき蜂,nonsense,400 Queen Bee"})
	for points, want := range map[int]string{
		-5: "", 0: "見習い蜂", 149: "見習い蜂", 150: "はたらき蜂", 5000: "Queen Bee",
	} {
		if got := o.Title(points); got != want {
			t.Errorf("%d points: %q, want %q", points, got, want)
		}
	}
}
