package community

import (
	"testing"

	"38qa.net/backend/modules/kernel/problem"
)

// TestMayMessage checks who may write to whom, on sites with and without the plugins.
func TestMayMessage(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		relation
		without, with string
	}{
		"strangers":                               {relation{}, "", "not_mutual"},
		"who has written before":                  {relation{earlier: true}, "", ""},
		"mutual followers":                        {relation{mutual: true}, "", ""},
		"an administrator":                        {relation{admin: true}, "", ""},
		"who takes no messages":                   {relation{off: true}, "messages_off", "messages_off"},
		"who took messages before":                {relation{off: true, earlier: true}, "messages_off", "messages_off"},
		"a mutual follower who takes no messages": {relation{off: true, mutual: true}, "messages_off", ""},
		"an administrator who takes no messages":  {relation{off: true, admin: true}, "messages_off", ""},
		"who has muted the writer":                {relation{muted: true}, "muted", "muted"},
		"a mutual follower who has muted":         {relation{muted: true, mutual: true, earlier: true}, "muted", "muted"},
		"who has muted and takes no messages":     {relation{muted: true, off: true}, "muted", "muted"},
	} {
		code := func(p *problem.Error) string {
			if p == nil {
				return ""
			}
			return p.Code.String()
		}
		if got := code(mayMessage(false, c.relation)); got != c.without {
			t.Errorf("%s, without plugins: %q, want %q", name, got, c.without)
		}
		if got := code(mayMessage(true, c.relation)); got != c.with {
			t.Errorf("%s, with plugins: %q, want %q", name, got, c.with)
		}
	}
}

// TestOrderOfConversations checks that positions are compared as the list is sorted.
func TestOrderOfConversations(t *testing.T) {
	t.Parallel()
	order := []conversationPosition{
		{9, kindPrivate, 2}, {9, kindPrivate, 1}, {9, kindGroup, 5}, {9, kindGroup, 4}, {8, kindPrivate, 7}, {8, kindGroup, 9},
	}
	for i, a := range order {
		for j, b := range order {
			got := a.compare(b)
			if i < j && got >= 0 || i == j && got != 0 || i > j && got <= 0 {
				t.Errorf("%v and %v: %d", a, b, got)
			}
		}
	}
}
