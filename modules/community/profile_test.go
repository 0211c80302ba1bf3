package community_test

import (
	"fmt"
	"net/url"
	"testing"

	"38qa.net/backend/modules/testsite"
)

func TestProfilesAsRecorded(t *testing.T) {
	t.Parallel()
	type message struct {
		MessageID         int
		From, To, Content string
		Created           int64
	}
	type recorded struct {
		Account struct {
			UserID, Points, WallPosts int
			Handle                    string
			Created, LoggedIn         int64
			Email                     string
		}
		PointsTitle string `json:"points_title"`
		Points      struct {
			QPosts, APosts, CPosts, ASelects, ASelecteds, QUpvotes, QDownvotes, AUpvotes, ADownvotes,
			Upvoteds, Downvoteds, Bonus int
		}
		Rank           int
		Profile        any
		CategoryLevels []struct {
			EntityID, Level string
		} `json:"category_levels"`
		Questions []int
		Answers   []struct{ QuestionID, AnswerID, ONetVotes int }
		Comments  []struct{ QuestionID, CommentID int }
		Edits     []struct {
			QuestionID, PostID int
			UpdateType         *string
		}
		Activity            []testsite.RecordedActivity `json:"activity_first20"`
		Wall, Inbox, Outbox []message
		Notices             []struct{ NoticeID, Content, Format, Created string }
	}
	type profile struct {
		ID, Points, Rank, WallPostCount int
		Handle, Title, CreatedAt, Email string
		LastSignInAt                    string
		Fields                          []struct{ Name, Value string }
		CategoryLevels                  []struct {
			Category struct{ ID int }
			Level    string
		}
		Stats map[string]int
	}
	type msg struct {
		ID        int
		From, To  struct{ Handle string }
		Content   string
		CreatedAt string
	}
	levelWords := map[string]string{"20": "expert", "50": "editor"}
	testsite.OnEachSite(t, func(t *testing.T, s *testsite.Site) {
		users := testsite.Recording[map[string]recorded](t, "user-profiles")
		if len(users) != 27 {
			t.Fatalf("%d users", len(users))
		}
		for handle, want := range users {
			path := "/v1/users/" + url.PathEscape(handle)
			id := testsite.People[handle]
			got := testsite.GetAs[profile](t, s, path, id)
			testsite.Same(t, handle, []any{
				got.ID, got.Handle, got.Points, got.Rank, got.Title, got.WallPostCount,
				testsite.Unix(got.CreatedAt), got.Email,
			},
				[]any{
					want.Account.UserID, handle, want.Account.Points, want.Rank, want.PointsTitle,
					want.Account.WallPosts, want.Account.Created, want.Account.Email,
				})
			if id != 25 && id != 26 { // the recorded viewers of the blocked users were others
				testsite.Same(t, handle+" last sign-in", testsite.Unix(got.LastSignInAt),
					want.Account.LoggedIn)
			}
			p := want.Points
			testsite.Same(t, handle+" figures", got.Stats, map[string]int{"questions": p.QPosts,
				"answers": p.APosts, "comments": p.CPosts, "answersSelected": p.ASelects,
				"answersSelectedByOthers": p.ASelecteds, "questionUpvotesGiven": p.QUpvotes, "questionDownvotesGiven": p.QDownvotes, "answerUpvotesGiven": p.AUpvotes,
				"answerDownvotesGiven": p.ADownvotes, "upvotesReceived": p.Upvoteds, "downvotesReceived": p.Downvoteds, "bonusPoints": p.Bonus})
			fields, wantFields := map[string]string{}, map[string]string{}
			for _, f := range got.Fields {
				if f.Value != "" {
					fields[f.Name] = f.Value
				}
			}
			if values, ok := want.Profile.(map[string]any); ok {
				for name, value := range values {
					if value != "" {
						wantFields[name] = fmt.Sprint(value)
					}
				}
			}
			testsite.Same(t, handle+" fields", fields, wantFields)
			levels, wantLevels := []string{}, []string{}
			for _, l := range got.CategoryLevels {
				levels = append(levels, fmt.Sprint(l.Category.ID, l.Level))
			}
			for _, l := range want.CategoryLevels {
				wantLevels = append(wantLevels, l.EntityID+levelWords[l.Level])
			}
			testsite.Same(t, handle+" levels in categories", levels, wantLevels)

			// The posts are read in small pages, between which none may get lost.
			posts := func(kind string) []testsite.Activity {
				var all []testsite.Activity
				for cursor := ""; ; {
					page := testsite.Get[testsite.List[testsite.Activity]](t, s,
						path+"/"+kind+"?limit=3"+cursor)
					all = append(all, page.Items...)
					if page.NextCursor == "" {
						return all
					}
					cursor = "&cursor=" + page.NextCursor
				}
			}
			var gotIDs []string
			var wantIDs []string
			for _, a := range posts("questions") {
				gotIDs = append(gotIDs, fmt.Sprint("Q", a.Question.ID))
			}
			for _, a := range posts("answers") {
				gotIDs = append(gotIDs, fmt.Sprint("A", a.Question.ID, a.Post.ID, a.Votes.Net))
			}
			for _, a := range posts("comments") {
				gotIDs = append(gotIDs, fmt.Sprint("C", a.Question.ID, a.Post.ID))
			}
			for _, a := range posts("edits") {
				gotIDs = append(gotIDs, fmt.Sprint("E", a.Question.ID, a.Post.ID, a.What))
			}
			for _, q := range want.Questions {
				wantIDs = append(wantIDs, fmt.Sprint("Q", q))
			}
			for _, a := range want.Answers {
				wantIDs = append(wantIDs, fmt.Sprint("A", a.QuestionID, a.AnswerID, a.ONetVotes))
			}
			for _, c := range want.Comments {
				wantIDs = append(wantIDs, fmt.Sprint("C", c.QuestionID, c.CommentID))
			}
			for _, e := range want.Edits {
				wantIDs = append(wantIDs,
					fmt.Sprint("E", e.QuestionID, e.PostID, testsite.UpdateWords[*e.UpdateType]))
			}
			testsite.Same(t, handle+" posts", gotIDs, wantIDs)
			acts := testsite.Entries(testsite.Get[testsite.List[testsite.Activity]](t, s,
				path+"/activity").Items)
			for i := range acts {
				acts[i].At = 0
			}
			testsite.Same(t, handle+" activity", acts, testsite.RecordedEntries(want.Activity, false))

			messages := func(path string) []message {
				out := []message{}
				for _, m := range testsite.GetAs[testsite.List[msg]](t, s, path, id).Items {
					out = append(out, message{
						m.ID, m.From.Handle, m.To.Handle, m.Content, testsite.Unix(m.CreatedAt),
					})
				}
				return out
			}
			strip := func(list []message, from, to bool) []message {
				out := []message{}
				for _, m := range list {
					if !from {
						m.From = ""
					}
					if !to {
						m.To = ""
					}
					out = append(out, m)
				}
				return out
			}
			testsite.Same(t, handle+" wall", strip(messages(path+"/wall?limit=50"), true, false),
				strip(want.Wall, true, false))
			if id != 0 {
				testsite.Same(t, handle+" inbox", strip(messages("/v1/me/messages?limit=50"), true, false),
					strip(want.Inbox, true, false))
				testsite.Same(t, handle+" outbox",
					strip(messages("/v1/me/messages?box=out&limit=50"), false, true),
					strip(want.Outbox, false, true))
				notices, wantNotices := []string{}, []string{}
				for _, n := range testsite.GetAs[testsite.List[struct {
					ID                         int
					Content, Format, CreatedAt string
				}]](t, s, "/v1/me/notices", id).Items {
					notices = append(notices, fmt.Sprint(n.ID, n.Content, testsite.Unix(n.CreatedAt)))
				}
				for _, n := range want.Notices {
					wantNotices = append(wantNotices, n.NoticeID+n.Content+n.Created)
				}
				testsite.Same(t, handle+" notices", notices, wantNotices)
			}
		}
	})
}

// TestLinksOfProfilesLeadToTheWeb checks that the API links only addresses of the web, whatever is in the
// profile's field.
func TestLinksOfProfilesLeadToTheWeb(t *testing.T) {
	t.Parallel()
	testsite.OnEachSite(t, func(t *testing.T, s *testsite.Site) {
		for value, want := range map[string]string{
			"https://e.jp/x": "https://e.jp/x", "e.jp": "http://e.jp",
			"javascript:alert(document.cookie)": "", "JavaScript://e.jp/%0aalert(1)": "",
			"data:text/html,x.y": "", "https://bank.example@e.jp/": "", "nothing": "", "": "",
		} {
			t.Run(value, func(t *testing.T) {
				if status, body, _ := s.Try(t, testsite.Haru, "PATCH", "/v1/me", map[string]any{
					"fields": map[string]any{"website": value},
				}); status != 200 {
					t.Fatalf("%d %v", status, body)
				}
				_, body, _ := s.Try(t, testsite.Visitor, "GET", "/v1/users/haru", nil)
				for _, f := range body["fields"].([]any) {
					f := f.(map[string]any)
					if f["name"] != "website" {
						continue
					}
					url, _ := f["url"].(string)
					isLink, _ := f["isLink"].(bool)
					if f["value"] != value || url != want || isLink != (want != "") {
						t.Errorf("%v, want a link to %q", f, want)
					}
					return
				}
				t.Errorf("no website in %v", body)
			})
		}
	})
}
