package mail

import (
	"fmt"
	"slices"
	"testing"
)

// TestWhatDigestsTell has a row for each rule about what a digest has, and what it leaves out.
func TestWhatDigestsTell(t *testing.T) {
	t.Parallel()
	const me, other, third = 1, 2, 3
	const tag, category, otherTag = 11, 21, 12
	n := &news{often: daily, from: 1000, until: 2000}
	n.questions = []newsQuestion{ // the best first
		{id: 100, author: other, at: 1500, tags: []int{tag}, categories: []int{category}},
		{id: 101, author: me, at: 1500, tags: []int{tag}},
		{id: 102, author: third, at: 1100, tags: []int{otherTag}},
		{id: 103, author: 0, at: 1900, tags: []int{tag}},
	}
	for id := 104; id < 120; id++ {
		n.questions = append(n.questions, newsQuestion{id: id, author: third, at: 1500, categories: []int{22}})
	}
	n.unanswered = []newsQuestion{{id: 90, author: other, tags: []int{tag}}, {id: 91, author: me, tags: []int{tag}},
		{id: 92, author: third, categories: []int{category}}}
	n.answers = []newsAnswer{
		{id: 200, question: 50, author: other, asker: third, at: 1500},
		{id: 201, question: 50, author: me, asker: third, at: 1500},
		{id: 202, question: 51, author: other, asker: me, at: 1500, mailed: true},
		{id: 203, question: 52, author: other, asker: me, at: 1500},
		{id: 204, question: 52, author: me, asker: me, at: 1500},
	}
	n.index()
	f := func(tags, categories, users, questions, site frequency) followMails {
		return followMails{tags, categories, users, questions, site}
	}
	set := func(ids ...int) map[int]bool {
		m := map[int]bool{}
		for _, id := range ids {
			m[id] = true
		}
		return m
	}
	for name, c := range map[string]struct {
		recipient
		want digest
	}{
		"nothing chosen":     {recipient{mails: nothingByMail, tags: []int{tag}}, digest{}},
		"a tag":              {recipient{mails: f(daily, never, never, never, never), tags: []int{tag}, repliesMailed: true}, digest{Questions: []int{100, 103}, Mine: []int{203}, Unanswered: []int{90}}},
		"a tag, weekly":      {recipient{mails: f(weekly, never, never, never, never), tags: []int{tag}}, digest{}},
		"a tag, at once":     {recipient{mails: f(atOnce, never, never, never, never), tags: []int{tag}}, digest{}},
		"a tag, told before": {recipient{mails: f(daily, never, never, never, never), tags: []int{tag}, mailed: set(100, 203)}, digest{Questions: []int{103}, Mine: []int{202}, Unanswered: []int{90}}},
		"a muted author":     {recipient{mails: f(daily, never, never, never, never), tags: []int{tag}, muted: set(other)}, digest{Questions: []int{103}}},
		"since the last one": {recipient{mails: f(daily, never, never, never, never), tags: []int{tag}, since: 1800}, digest{Questions: []int{103}, Unanswered: []int{90}}},
		"a category":         {recipient{mails: f(never, daily, never, never, never), categories: []int{category}, repliesMailed: true}, digest{Questions: []int{100}, Mine: []int{203}, Unanswered: []int{92}}},
		"not followed":       {recipient{mails: f(daily, daily, daily, daily, never), tags: []int{77}, mailed: set(202, 203)}, digest{}},
		"old questions only": {recipient{mails: f(never, daily, never, never, never), categories: []int{category}, mailed: set(100, 202, 203)}, digest{}},
		"an author":          {recipient{mails: f(never, never, daily, never, never), users: []int{other, me}, mailed: set(202, 203)}, digest{Questions: []int{100}}},
		"two reasons":        {recipient{mails: f(daily, daily, daily, never, never), tags: []int{tag}, categories: []int{category}, users: []int{other}, mailed: set(202, 203)}, digest{Questions: []int{100, 103}, Unanswered: []int{90, 92}}},
		"the site":           {recipient{mails: f(never, never, never, never, daily), mailed: set(202, 203)}, digest{Questions: []int{100, 102, 103, 104, 105, 106, 107, 108, 109, 110}}},
		"a question":         {recipient{mails: f(never, never, never, daily, never), questions: []int{50, 52}, repliesMailed: true}, digest{Answers: []int{200}, Mine: []int{203}}},
		"no mails at once":   {recipient{mails: f(never, never, never, daily, never)}, digest{Mine: []int{202, 203}}},
		"both digests":       {recipient{mails: f(never, daily, never, weekly, never)}, digest{Mine: []int{202, 203}}},
		"too much at once":   {recipient{mails: f(atOnce, never, never, never, never), over: []int{103, 100}}, digest{Over: []int{103, 100}}},
		"too much, and more": {recipient{mails: f(daily, never, never, atOnce, never), tags: []int{tag}, over: []int{200, 100}, mailed: set(202, 203)}, digest{Over: []int{200, 100}, Questions: []int{103}, Unanswered: []int{90}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.userID = me
			if got := n.digestOf(&c.recipient); fmt.Sprint(got) != fmt.Sprint(c.want) {
				t.Errorf("%+v, expected %+v", got, c.want)
			}
		})
	}
}

// TestWhichDigestHasTheRest checks which digest has what belongs to no single choice.
func TestWhichDigestHasTheRest(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		mails followMails
		want  frequency
	}{
		{nothingByMail, daily},
		{followMails{atOnce, never, never, never, never}, daily},
		{followMails{atOnce, daily, never, never, weekly}, daily},
		{followMails{atOnce, never, never, never, weekly}, weekly},
	} {
		if got := c.mails.digest(); got != c.want {
			t.Errorf("%v: %s, expected %s", c.mails, got, c.want)
		}
	}
}

// TestChoosing checks that a change of one's frequencies leaves what it does not name.
func TestChoosing(t *testing.T) {
	t.Parallel()
	once, week := atOnce, weekly
	got := nothingByMail.with(&followMailsPatch{Tags: &once, Site: &week})
	if want := (followMails{atOnce, never, never, never, weekly}); got != want {
		t.Errorf("%v, expected %v", got, want)
	}
	if want := (followMails{never, never, never, never, weekly}); got.without(atOnce) != want {
		t.Errorf("%v without mails at once, expected %v", got.without(atOnce), want)
	}
	if !slices.Equal(found(map[int][]int{1: {3, 1}, 2: {3}}, []int{2, 1, 5}), []int{1, 3}) {
		t.Error("places are not in order, or not once")
	}
}
