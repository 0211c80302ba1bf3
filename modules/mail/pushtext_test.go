package mail

import (
	"strings"
	"testing"
)

// TestPushTitles checks that every kind of entry has texts of its own in both languages, for one event and
// for several, and that no placeholder is left.
func TestPushTitles(t *testing.T) {
	t.Parallel()
	seen := map[string]entryKind{}
	for kind := range topicOf {
		if _, ok := pushTexts[kind]; !ok {
			t.Errorf("%s has no texts", kind)
			continue
		}
		for _, n := range []int{1, 3} {
			en := pushTitle(pushEntry{kind: kind, occurrences: n, number: 25}, "花\r\n子", false)
			ja := pushTitle(pushEntry{kind: kind, occurrences: n, number: 25}, "花\r\n子", true)
			for _, text := range []string{en, ja} {
				if text == "" || strings.ContainsAny(text, "{}\r\n") {
					t.Errorf("%s ×%d: %q", kind, n, text)
				}
				if other, ok := seen[text]; ok && other != kind {
					t.Errorf("%s and %s are both told as %q", kind, other, text)
				}
				seen[text] = kind
			}
			if en == ja {
				t.Errorf("%s ×%d is %q in both languages", kind, n, en)
			}
		}
	}
	for _, c := range []struct {
		entry    pushEntry
		who      string
		japanese bool
		want     string
	}{
		{pushEntry{kind: entryAnswer, occurrences: 1}, "haru", false, "haru answered your question"},
		{pushEntry{kind: entryAnswer, occurrences: 3}, "haru", true, "回答が 3 件つきました"},
		{pushEntry{kind: entryAnswer, occurrences: 1}, "", true, "匿名ユーザー さんが回答しました"},
		{pushEntry{kind: entryAnswer, occurrences: 1}, "{votes}", false, "{votes} answered your question"},
		{pushEntry{kind: entryVotes, occurrences: 2, number: 25}, "", false, "Your post has 25 votes"},
	} {
		if got := pushTitle(c.entry, c.who, c.japanese); got != c.want {
			t.Errorf("%+v by %q: %q, expected %q", c.entry, c.who, got, c.want)
		}
	}
	if got := cut("蜂の巣箱", 3); got != "蜂の…" {
		t.Errorf("cut to %q", got)
	}
}
