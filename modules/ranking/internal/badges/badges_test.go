package badges

import (
	"reflect"
	"strings"
	"testing"

	"38qa.net/backend/modules/kernel/problem"
)

// TestPosts checks which badges a post earns, on both sides of every threshold, by the rules of the plugin's
// classes of awards.
func TestPosts(t *testing.T) {
	long := strings.Repeat("蜂", 500)
	for name, c := range map[string]struct {
		post Post
		want []int
	}{
		"an answer":                      {Post{Kind: 'A', Wait: 3600, First: true}, []int{101}},
		"liked twice":                    {Post{Kind: 'A', Wait: 3600, Upvotes: 2}, []int{101}},
		"liked thrice":                   {Post{Kind: 'A', Wait: 3600, Upvotes: 3}, []int{101, 102}},
		"within 15 minutes":              {Post{Kind: 'A', Wait: 899}, []int{101, 103}},
		"after 15 minutes":               {Post{Kind: 'A', Wait: 900}, []int{101}},
		"first, within a day":            {Post{Kind: 'A', Wait: 86399, First: true}, []int{101}},
		"first, after a day":             {Post{Kind: 'A', Wait: 86400, First: true}, []int{101, 104}},
		"second, after a day":            {Post{Kind: 'A', Wait: 86400}, []int{101}},
		"499 letters":                    {Post{Kind: 'A', Wait: 3600, Content: long[3:]}, []int{101}},
		"500 letters":                    {Post{Kind: 'A', Wait: 3600, Content: long}, []int{101, 105}},
		"500 with tags":                  {Post{Kind: 'A', Wait: 3600, Content: "<p>" + long[3:] + "</p>"}, []int{101}},
		"500 in tags":                    {Post{Kind: 'A', Wait: 3600, Content: `<p title="a > b">` + long + "</p>"}, []int{101, 105}},
		"500 after a sign":               {Post{Kind: 'A', Wait: 3600, Content: "< " + long[6:]}, []int{101, 105}},
		"an open tag":                    {Post{Kind: 'A', Wait: 3600, Content: "<p " + long}, []int{101}},
		"entities are letters":           {Post{Kind: 'A', Wait: 3600, Content: "&amp;" + long[15:]}, []int{101, 105}},
		"a picture as HTML":              {Post{Kind: 'A', Wait: 3600, Content: `<p><IMG src="x"></p>`}, []int{101, 106}},
		"a picture as the old site's":    {Post{Kind: 'A', Wait: 3600, Content: `[image="12"]`}, []int{101, 106}},
		"the same without quotes":        {Post{Kind: 'A', Wait: 3600, Content: `[Image=12]`}, []int{101, 106}},
		"an empty one":                   {Post{Kind: 'A', Wait: 3600, Content: `[image=]`}, []int{101}},
		"a question":                     {Post{Kind: 'Q'}, []int{201}},
		"a question liked twice":         {Post{Kind: 'Q', Upvotes: 2, Replies: 4}, []int{201}},
		"a question liked thrice":        {Post{Kind: 'Q', Upvotes: 3}, []int{201, 202}},
		"a question with five answers":   {Post{Kind: 'Q', Replies: 5}, []int{201, 203}},
		"a long question with a picture": {Post{Kind: 'Q', Content: long + "<img>"}, []int{201, 204, 205}},
		"a question with a video":        {Post{Kind: 'Q', Content: `[uploaded-video="3"]`}, []int{201, 206}},
		"an answer with a video":         {Post{Kind: 'A', Wait: 3600, Content: `[uploaded-video="3"]`}, []int{101}},
		"a diary post":                   {Post{Kind: 'B'}, []int{301}},
		"a diary post with all":          {Post{Kind: 'B', Upvotes: 3, Replies: 5, Content: long + `[image=1][uploaded-video=2]`}, []int{301, 302, 303, 304, 305, 306}},
		"a comment":                      {Post{Kind: 'C', Upvotes: 9}, nil},
	} {
		if got := c.post.Of(); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// TestPersons checks which badges users earn by all their actions together, on both sides of the thresholds.
func TestPersons(t *testing.T) {
	for _, c := range []struct {
		person Person
		want   []int
	}{
		{Person{}, nil},
		{Person{Answers: 4, Questions: 2, DiaryPosts: 2, Supported: 2, Collected: 4, Followers: 9}, nil},
		{Person{Answers: 5}, []int{107}},
		{Person{Answers: 14}, []int{107}},
		{Person{Answers: 15}, []int{107, 108}},
		{Person{Answers: 49}, []int{107, 108}},
		{Person{Answers: 50}, []int{107, 108, 109}},
		{Person{Questions: 3}, []int{207}},
		{Person{Questions: 10}, []int{207, 208}},
		{Person{Questions: 30}, []int{207, 208, 209}},
		{Person{DiaryPosts: 3}, []int{307}},
		{Person{DiaryPosts: 10}, []int{307, 308}},
		{Person{DiaryPosts: 30}, []int{307, 308, 309}},
		{Person{Supported: 3}, []int{401}},
		{Person{Collected: 5}, []int{402}},
		{Person{Followers: 10}, []int{403}},
	} {
		if got := c.person.Of(); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%+v: %v, want %v", c.person, got, c.want)
		}
	}
}

// TestEveryBadgeIsKnown checks that each badge has a number of its own, a rule, and texts in both languages.
func TestEveryBadgeIsKnown(t *testing.T) {
	if len(All) != 30 || len(Monthly) != 3 || len(texts) != 33 {
		t.Errorf("%d, %d and %d badges", len(All), len(Monthly), len(texts))
	}
	for _, list := range [][]Badge{All, Monthly} {
		for i := range list {
			b := &list[i]
			if ByID(b.ID) != b || b.Title(problem.English) == "" || b.Title(problem.Japanese) == "" ||
				b.Description(problem.English) == "" || b.Description(problem.Japanese) == "" {
				t.Errorf("badge %d: %+v", b.ID, b)
			}
			if (b.ofPost != nil) == (b.ofPerson != nil) && b.Group != "month" {
				t.Errorf("badge %d has no rule, or two", b.ID)
			}
		}
	}
	if ByID(999) != nil {
		t.Error("a badge 999")
	}
}
