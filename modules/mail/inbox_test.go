package mail

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"38qa.net/backend/modules/kernel/events"
)

// TestWhoIsToldOnTheSite has a row for each reason for an entry of the inbox, and for each reason for none.
func TestWhoIsToldOnTheSite(t *testing.T) {
	t.Parallel()
	votes := func(n int) *int { return &n }
	for name, c := range map[string]struct {
		event  string
		actor  int
		who    authors
		hidden bool
		votes  *int
		params []events.Param
		want   string
	}{
		"an answer":                     {event: "a_post", actor: 9, who: authors{post: 9, parent: 5}, want: "answer 5"},
		"one's own answer":              {event: "a_post", actor: 5, who: authors{post: 5, parent: 5}},
		"an answer that waits":          {event: "a_queue", actor: 9, who: authors{parent: 5}},
		"an answer nobody sees":         {event: "a_post", actor: 9, hidden: true, who: authors{post: 9, parent: 5}},
		"an answer to a visitor":        {event: "a_post", actor: 9, who: authors{post: 9}},
		"a visitor's answer":            {event: "a_post", who: authors{parent: 5}, want: "answer 5"},
		"a comment":                     {event: "c_post", actor: 9, who: authors{post: 9, parent: 5, thread: []int{6, 9, 5}}, want: "comment 5, comment 6"},
		"a chosen answer":               {event: "a_select", actor: 5, who: authors{post: 6}, want: "selected 6"},
		"one's own answer chosen":       {event: "a_select", actor: 6, who: authors{post: 6}},
		"five votes":                    {event: "a_vote_up", actor: 9, votes: votes(5), who: authors{post: 6}, want: "votes 6"},
		"six votes":                     {event: "a_vote_up", actor: 9, votes: votes(6), who: authors{post: 6}},
		"back to five":                  {event: "a_vote_down", actor: 9, votes: votes(5), who: authors{post: 6}},
		"a mention":                     {event: "q_post", actor: 9, who: authors{post: 9, mentioned: []int{5, 9, 5, 6}}, want: "mention 5, mention 6"},
		"mentioned where one is told":   {event: "a_post", actor: 9, who: authors{post: 9, parent: 5, mentioned: []int{5}}, want: "answer 5"},
		"an edit tells nobody":          {event: "a_edit", actor: 9, who: authors{post: 5, parent: 6}},
		"approved":                      {event: "q_approve", actor: 3, who: authors{post: 5}, want: "approved 5"},
		"hidden by a moderator":         {event: "a_hide", actor: 3, hidden: true, who: authors{post: 5}, want: "hidden 5"},
		"hidden by its author":          {event: "a_hide", actor: 5, hidden: true, who: authors{post: 5}},
		"hidden by flags":               {event: "a_hide", hidden: true, who: authors{post: 5}, want: "hidden 5"},
		"a message in a group":          {event: "g_message", actor: 9, who: authors{group: []int{5, 9, 6}}, want: "group-message 5, group-message 6"},
		"a badge":                       {event: "u_badge", params: []events.Param{{Name: "userid", Value: 5}, {Name: "badgeid", Value: 101}}, want: "badge 5"},
		"a message":                     {event: "u_message", actor: 9, params: []events.Param{{Name: "userid", Value: 5}}, want: "message 5"},
		"a post on the wall":            {event: "u_wall_post", actor: 9, params: []events.Param{{Name: "userid", Value: 5}}, want: "wall 5"},
		"a post on one's own wall":      {event: "u_wall_post", actor: 5, params: []events.Param{{Name: "userid", Value: 5}}},
		"a wall post deleted":           {event: "u_wall_delete", actor: 9, params: []events.Param{{Name: "userid", Value: 5}}},
		"something of another module's": {event: "u_favorite", actor: 9, params: []events.Param{{Name: "userid", Value: 5}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := events.Event{Name: c.event, Actor: events.Actor{UserID: c.actor}, Params: c.params,
				Topics: events.Topics{Public: !c.hidden, PostID: 40, QuestionID: 30, NetVotes: c.votes}}
			var got []string
			for _, n := range entriesOf(e, c.who) {
				if anonymous := n.kind == entryVotes || topicOf[n.kind] == topicPosts; n.by != 0 && anonymous {
					t.Errorf("%s tells who did it", n.kind)
				}
				if topicOf[n.kind] == "" {
					t.Errorf("%s belongs to no topic", n.kind)
				}
				got = append(got, fmt.Sprintf("%s %d", n.kind, n.userID))
			}
			if text := strings.Join(got, ", "); text != c.want {
				t.Errorf("%q, expected %q", text, c.want)
			}
		})
	}
}

// TestMentions checks what is taken for a handle after an @.
func TestMentions(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"@aki":                    {"aki"},
		"thanks @Bee Keeper, yes": {"Bee Keeper, yes", "Bee Keeper", "Bee"},
		"ありがとう @みつばち太郎 さん": {"みつばち太郎 さん", "みつばち太郎"},
		"（@花子）":                   {"花子"},
		"mail me at aki@haru.jp":  nil,
		"@ nobody":                nil,
		"line\n@one\nline":        {"one"},
		strings.Repeat("@a ", 50): {"a"},
		"@123456789012345678901x": {"12345678901234567890"},
	} {
		list := mentions(text)
		if len(list) > maxMentions {
			t.Errorf("%q: %d mentions", text, len(list))
		}
		all := slices.Concat(list...)
		for _, w := range want {
			if !slices.Contains(all, w) {
				t.Errorf("%q: no %q in %q", text, w, all)
			}
		}
		if want == nil && all != nil {
			t.Errorf("%q mentions %q", text, all)
		}
	}
}
