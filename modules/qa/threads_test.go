package qa_test

import (
	"fmt"
	"net/http"
	"net/url"
	"sort"
	"strings"
	"testing"

	"38qa.net/backend/modules/testsite"
)

type post struct {
	ID     int
	Type   string
	State  string
	Votes  struct{ Net int }
	Author struct {
		ID     int
		Handle string
		Points int
	}
	Content, Format, HTML string
	Comments              []post
	FollowUps             []struct{ ID int }
	Can                   map[string]bool
	Selected              bool
}

type threadBody struct {
	testsite.Question
	State   string
	Content string
	Format  string
	Extra   string
	Follows *struct{ ID, QuestionID int }
	Closure *struct {
		DuplicateOf *struct{ ID int }
		Note        *struct{ Content string }
	}
	Duplicates []struct{ ID int }
	Answers    []post
	Comments   []post
	Can        map[string]bool
}

func TestQuestionPagesAsRecorded(t *testing.T) {
	t.Parallel()
	type ref struct {
		PostID, OfAnswer int
		Type             string
		NetVotes         int
		Content          string
	}
	type page struct {
		Question struct {
			row
			Type             string
			Content, Format  string
			CategoryBackpath string `json:"categorybackpath"`
			Name             *string
		}
		Answers  []ref            `json:"answers_in_display_order"`
		Comments map[string][]ref `json:"comments_by_parent"`
		Follows  []struct {
			PostID   int `json:"postid"`
			OfAnswer int `json:"of_answer"`
		} `json:"follow_on_questions"`
		Parent     *int `json:"parent_question"`
		ClosedBy   *ref `json:"closed_by"`
		Duplicates []int
		Extra      *string
		Path       string
	}
	testsite.OnEachSite(t, func(t *testing.T, s *testsite.Site) {
		pages := testsite.Recording[struct{ Pages map[string]page }](t, "question-pages").Pages
		if len(pages) != 74 {
			t.Fatalf("%d pages", len(pages))
		}
		for id, want := range pages {
			got := testsite.GetAs[threadBody](t, s, "/v1/questions/"+id+"?include=answers,comments",
				testsite.Superbee)
			if got.Selected == 0 {
				want.Question.SelChildID = 0 // a hidden selected answer counts as none on the page
			}
			if err := want.Question.row.matches(got.Question); err != nil {
				t.Error(err)
			}
			format := map[string]string{"": "plain"}[want.Question.Format]
			if format == "" {
				format = want.Question.Format
			}
			testsite.Same(t, id+" content", []string{got.Content, got.Format, got.Path},
				[]string{want.Question.Content, format, want.Path})

			answers, wantAnswers := []string{}, []string{}
			comments, wantComments := map[string][]int{}, map[string][]int{}
			follows, wantFollows := []string{}, []string{}
			collect := func(parent int, list []post) {
				for _, c := range list {
					key := fmt.Sprint(parent)
					comments[key] = append(comments[key], c.ID)
				}
			}
			collect(got.ID, got.Comments)
			for _, a := range got.Answers {
				answers = append(answers, fmt.Sprint(a.ID, " ", stateType("A", a.State), " ", a.Votes.Net))
				collect(a.ID, a.Comments)
				for _, f := range a.FollowUps {
					follows = append(follows, fmt.Sprint(f.ID, " of ", a.ID))
				}
			}
			for _, a := range want.Answers {
				wantAnswers = append(wantAnswers, fmt.Sprint(a.PostID, " ", a.Type, " ", a.NetVotes))
			}
			for parent, list := range want.Comments {
				for _, c := range list {
					wantComments[parent] = append(wantComments[parent], c.PostID)
				}
			}
			for _, f := range want.Follows {
				wantFollows = append(wantFollows, fmt.Sprint(f.PostID, " of ", f.OfAnswer))
			}
			sort.Strings(follows)
			sort.Strings(wantFollows)
			testsite.Same(t, id+" answers", answers, wantAnswers)
			testsite.Same(t, id+" comments", comments, wantComments)
			testsite.Same(t, id+" follow-ups", follows, wantFollows)

			parent := 0
			if got.Follows != nil {
				parent = got.Follows.QuestionID
			}
			wantParent := 0
			if want.Parent != nil {
				wantParent = *want.Parent
			}
			testsite.Same(t, id+" parent question", parent, wantParent)
			extra := ""
			if want.Extra != nil {
				extra = *want.Extra
			}
			testsite.Same(t, id+" extra", got.Extra, extra)
			duplicates := []int{}
			for _, d := range got.Duplicates {
				duplicates = append(duplicates, d.ID)
			}
			testsite.Same(t, id+" duplicates", duplicates, append([]int{}, want.Duplicates...))
			switch {
			case want.ClosedBy == nil:
				testsite.Same(t, id+" closure", got.Closure == nil, true)
			case got.Closure == nil:
				t.Errorf("%s: no closure", id)
			case want.ClosedBy.Type == "NOTE":
				testsite.Same(t, id+" note", got.Closure.Note.Content, want.ClosedBy.Content)
			default:
				testsite.Same(t, id+" duplicate of", got.Closure.DuplicateOf.ID, want.ClosedBy.PostID)
			}
		}
	})
}

func stateType(kind, state string) string {
	return kind + map[string]string{"visible": "", "hidden": "_HIDDEN", "queued": "_QUEUED"}[state]
}

func commentsOf(answers []post) [][]post {
	var out [][]post
	for _, a := range answers {
		out = append(out, a.Comments)
	}
	return out
}

// threadIDs returns the ids of all recorded questions.
func threadIDs(t *testing.T) []int {
	t.Helper()
	var out []int
	for id := range testsite.Recording[struct{ Pages map[string]any }](t, "question-pages").Pages {
		var n int
		fmt.Sscan(id, &n)
		out = append(out, n)
	}
	return out
}

func TestHiddenPostsShowToNobodyElse(t *testing.T) {
	t.Parallel()
	testsite.OnEachSite(t, func(t *testing.T, s *testsite.Site) {
		for path, want := range map[string]int{
			"/v1/questions/344": 403, "/v1/questions/256": 403, // hidden
			"/v1/questions/380": 404,                          // queued
			"/v1/answers/345":   403, "/v1/comments/346": 403, // below a hidden question
			"/v1/answers/353": 403, "/v1/comments/172": 403, // hidden themselves
			"/v1/answers/212": 404, "/v1/comments/213": 404, // queued
			"/v1/posts/353": 403, "/v1/posts/182": 404, "/v1/posts/379": 404, // 182 was deleted, 379 is a closing note
			"/v1/questions/3": 404, "/v1/answers/1": 404, "/v1/comments/3": 404, // of another type
			"/v1/posts/3": 200, "/v1/comments/2": 200, "/v1/answers/3": 200,
		} {
			t.Run(path, func(t *testing.T) {
				if got := s.Request(t, http.MethodGet, path, testsite.Visitor).StatusCode; got != want {
					t.Errorf("GET %s as a visitor: %d, want %d", path, got, want)
				}
			})
		}
		// The lists that everybody sees do not show these posts either.
		for _, path := range []string{
			"/v1/questions?limit=100", "/v1/activity?limit=100", "/v1/activity?kind=answers&limit=100",
			"/v1/activity?kind=edits&limit=100", "/v1/search?limit=100&q=" + url.QueryEscape("非表示"),
			"/v1/users/aki/activity", "/v1/users/troll_x/answers", "/v1/users/newbie2/questions",
			"/feed/activity.rss", "/sitemap.xml",
		} {
			body := testsite.Text(t, s.Request(t, http.MethodGet, path, testsite.Visitor))
			for _, secret := range []string{"非表示にした質問", "退会の方法", "もう一つの承認待ち", "Buy BEST honey"} {
				if strings.Contains(body, secret) {
					t.Errorf("GET %s shows %q", path, secret)
				}
			}
		}
		got := s.Request(t, http.MethodGet, "/v1/questions/344", testsite.Superbee).StatusCode
		if got != 200 {
			t.Errorf("the administrator cannot see a hidden question: %d", got)
		}
	})
}
