package boards_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"38qa.net/backend/modules/ranking/internal/boards"
)

// testWeights are all different, so that a figure in the wrong place is noticed.
var testWeights = boards.Weights{
	Multiple: 10, Question: 2, Answer: 4, ChooseBest: 3, BestAnswer: 30,
	VoteUp: map[byte]int{'Q': 1, 'A': 5}, VoteDown: map[byte]int{'Q': 7, 'A': 11},
	PerUp: map[byte]int{'Q': 1, 'A': 2, 'C': 3}, PerDown: map[byte]int{'Q': 4, 'A': 5, 'C': 6},
	Gain: map[byte]int{'Q': 3, 'A': 7, 'C': 8}, LossMost: map[byte]int{'Q': 6, 'A': 9, 'C': 10},
}

// community is a random site of a few users, so that there are many ties.
type community struct {
	posts []boards.Post
	votes []boards.Vote
}

// newCommunity makes posts and votes, many of them within seconds of the edges of the periods.
func newCommunity(r *rand.Rand, p boards.Periods) *community {
	edges := []int64{
		p.Today.From, p.Today.To, p.Yesterday.From, p.Week.From, p.Week.To, p.LastWeek.From, p.Month.From,
		p.Month.To, p.LastMonth.From,
	}
	when := func() int64 {
		if r.IntN(3) == 0 {
			return p.LastMonth.From - 86400*20 + r.Int64N(86400*90)
		}
		return edges[r.IntN(len(edges))] + int64(r.IntN(5)) - 2
	}
	c := &community{}
	for id := 1; id <= 400; id += 1 + r.IntN(2) {
		p := boards.Post{
			ID: id, Kind: 'Q', Visible: r.IntN(10) > 0, UserID: r.IntN(9), Created: when(), Up: r.IntN(6),
			Down: r.IntN(4),
		}
		if len(c.posts) > 0 && r.IntN(4) > 0 {
			parent := c.posts[r.IntN(len(c.posts))]
			if p.ParentID = parent.ID; parent.Kind == 'Q' {
				p.Kind = "AAC"[r.IntN(3)]
			} else {
				p.Kind = 'C'
			}
		}
		if p.Kind == 'Q' {
			for id := range r.IntN(4) {
				p.Categories = append(p.Categories, id+1)
			}
			p.Tags = [][]string{nil, {"蜂"}, {"queen", "蜂"}, {"Queen"}}[r.IntN(4)]
		}
		c.posts = append(c.posts, p)
	}
	for i := range c.posts {
		q := &c.posts[i]
		for _, a := range c.posts {
			if q.Kind == 'Q' && a.Kind == 'A' && a.ParentID == q.ID && r.IntN(2) == 0 {
				q.SelectedID = a.ID
			}
		}
		for user := 1; user < 9; user++ {
			if r.IntN(3) == 0 {
				c.votes = append(c.votes, boards.Vote{
					UserID: user, PostID: q.ID, Up: r.IntN(3) > 0, At: when(),
				})
			}
		}
	}
	return c
}

func (c *community) post(id int) *boards.Post {
	i := slices.IndexFunc(c.posts, func(p boards.Post) bool { return p.ID == id })
	return &c.posts[i]
}

func (c *community) question(p *boards.Post) *boards.Post {
	for p.Kind != 'Q' {
		p = c.post(p.ParentID)
	}
	return p
}

// in reports whether a question belongs to a scope, by its categories and tags.
func in(scope boards.Scope, q *boards.Post) bool {
	if scope == boards.Site {
		return true
	}
	for _, id := range q.Categories {
		if scope == boards.Scope(fmt.Sprintf("category:%d", id)) {
			return true
		}
	}
	return slices.ContainsFunc(q.Tags, func(tag string) bool { return scope == boards.Scope("tag:"+tag) })
}

// bruteForce computes a board by going through all posts and votes for each user, by the rules of Q2A's
// points page.
func (c *community) bruteForce(scope boards.Scope, span boards.Span) boards.Board {
	inside := func(at int64) bool { return span == boards.Span{} || at >= span.From && at < span.To }
	var board boards.Board
	for user := 1; user < 9; user++ {
		e := boards.Entry{UserID: user}
		points := 0
		for i := range c.posts {
			p := &c.posts[i]
			q := c.question(p)
			if p.UserID != user || !inside(p.Created) || !in(scope, q) {
				continue
			}
			gain, loss := testWeights.PerUp[p.Kind]*p.Up, testWeights.PerDown[p.Kind]*p.Down
			if gain > testWeights.Gain[p.Kind] {
				gain = testWeights.Gain[p.Kind]
			}
			if loss > testWeights.LossMost[p.Kind] {
				loss = testWeights.LossMost[p.Kind]
			}
			points += gain - loss
			if p.Visible && p.Kind == 'Q' {
				e.Questions++
				points += 2
				if p.SelectedID != 0 {
					points += 3
				}
			}
			if p.Visible && p.Kind == 'A' {
				e.Answers++
				points += 4
				if q.SelectedID == p.ID && q.UserID != user {
					e.BestAnswers++
					points += 30
				}
			}
		}
		for _, v := range c.votes {
			p := c.post(v.PostID)
			if v.UserID != user || !inside(v.At) || !in(scope, c.question(p)) || p.Kind == 'C' {
				continue
			}
			switch {
			case p.Kind == 'Q' && v.Up:
				points++
			case p.Kind == 'Q':
				points += 7
			case v.Up:
				points += 5
			default:
				points += 11
			}
		}
		if e.Points = 10 * points; e.Points != 0 || e.Questions+e.Answers > 0 {
			board = append(board, e)
		}
	}
	return board
}

// rankByCounting ranks users as Q2A does: a rank is one more than the number of users who have more.
func rankByCounting(b boards.Board, value func(boards.Entry) (float64, bool)) []boards.Place {
	var places []boards.Place
	for _, e := range b {
		mine, ok := value(e)
		if !ok {
			continue
		}
		place := boards.Place{Entry: e, Rank: 1}
		for _, other := range b {
			if theirs, ok := value(other); ok && theirs > mine {
				place.Rank++
			}
		}
		places = append(places, place)
	}
	slices.SortFunc(places, func(a, b boards.Place) int {
		return cmp.Or(cmp.Compare(a.Rank, b.Rank), cmp.Compare(a.UserID, b.UserID))
	})
	return places
}

// moments are times near the ends of days, weeks, months and years, and near changes of the clock.
var moments = map[string][]string{
	"Asia/Tokyo":          {"2026-11-30T23:59:59", "2026-12-01T00:00:00", "2026-01-01T08:59:59", "2026-03-01T00:00:01", "2024-02-29T12:00:00", "2026-11-22T23:30:00", "2026-11-23T00:00:00"},
	"Europe/Berlin":       {"2026-03-29T01:59:59", "2026-03-29T03:00:00", "2026-10-25T02:30:00", "2026-11-01T00:00:00", "2026-04-01T00:00:00"},
	"America/Los_Angeles": {"2026-03-08T12:00:00", "2026-11-01T01:30:00", "2026-11-01T23:59:59"},
	"Asia/Beirut":         {"2026-03-29T01:00:00", "2026-03-30T00:00:00"}, // clocks are put forward at midnight
}

// TestBoardsEqualBruteForce compares every board in every order with a slow computation that goes through all
// users and all posts.
func TestBoardsEqualBruteForce(t *testing.T) {
	compared := 0
	for zone, times := range moments {
		for _, text := range times {
			location, err := time.LoadLocation(zone)
			if err != nil {
				t.Fatal(err)
			}
			now, err := time.ParseInLocation("2006-01-02T15:04:05", text, location)
			if err != nil {
				t.Fatal(err)
			}
			p := boards.PeriodsAt(now)
			c := newCommunity(rand.New(rand.NewPCG(uint64(now.Unix()), 7)), p)
			spans := []boards.Span{{}, p.Today, p.Yesterday, p.Week, p.LastWeek, p.Month, p.LastMonth}
			counter := boards.NewCounter(testWeights, spans)
			for i := range c.posts {
				counter.Post(&c.posts[i])
			}
			counter.Settle()
			for i := range c.votes {
				counter.Vote(&c.votes[i])
			}
			for i, span := range spans {
				counted := counter.Boards(i)
				for _, scope := range []boards.Scope{
					boards.Site, boards.Category(1), boards.Category(3), boards.Tag("蜂"), boards.Tag("queen"),
					boards.Tag("Queen"), boards.Tag("none"),
				} {
					want := c.bruteForce(scope, span)
					if got := counted[scope]; !reflect.DeepEqual(got, want) && len(got)+len(want) > 0 {
						t.Fatalf("%s %s, span %d, %s:\n got %+v\nwant %+v", zone, text, i, scope, got, want)
					}
					compared += len(want)
					checkOrders(t, want)
				}
			}
		}
	}
	if compared < 1000 {
		t.Errorf("only %d entries were compared", compared)
	}
}

func checkOrders(t *testing.T, b boards.Board) {
	t.Helper()
	for by, value := range map[boards.Measure]func(boards.Entry) (float64, bool){
		boards.Points:      func(e boards.Entry) (float64, bool) { return float64(e.Points), true },
		boards.Questions:   func(e boards.Entry) (float64, bool) { return float64(e.Questions), e.Questions > 0 },
		boards.Answers:     func(e boards.Entry) (float64, bool) { return float64(e.Answers), e.Answers > 0 },
		boards.BestAnswers: func(e boards.Entry) (float64, bool) { return float64(e.BestAnswers), e.BestAnswers > 0 },
		boards.BestAnswerRate: func(e boards.Entry) (float64, bool) {
			return float64(e.BestAnswers) / float64(e.Answers), e.Answers >= 5
		},
	} {
		if got, want := b.Ranked(by), rankByCounting(b, value); !reflect.DeepEqual(got, want) &&
			len(got)+len(want) > 0 {
			t.Fatalf("by %s:\n got %+v\nwant %+v", by, got, want)
		}
	}
}

// TestPostsBeforeTheirParents checks that posts are counted which come before their parents: an answer that
// was turned into a comment may belong to a younger answer.
func TestPostsBeforeTheirParents(t *testing.T) {
	c := boards.NewCounter(testWeights, []boards.Span{{}})
	for _, p := range []boards.Post{
		{ID: 1, ParentID: 2, Kind: 'C', Visible: true, UserID: 5, Up: 2},
		{ID: 2, ParentID: 3, Kind: 'A', Visible: true, UserID: 6},
		{ID: 3, Kind: 'Q', Visible: true, UserID: 7, Tags: []string{"late"}},
		{ID: 4, ParentID: 99, Kind: 'A', Visible: true, UserID: 8}, // its parent is nowhere
	} {
		c.Post(&p)
	}
	c.Settle()
	c.Vote(&boards.Vote{UserID: 9, PostID: 2, Up: true})
	want := boards.Board{
		{UserID: 5, Points: 60}, {UserID: 6, Points: 40, Answers: 1}, {UserID: 7, Points: 20, Questions: 1},
		{UserID: 9, Points: 50},
	}
	if got := c.Boards(0)[boards.Tag("late")]; !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
}

func TestPeriods(t *testing.T) {
	tokyo, berlin := time.FixedZone("JST", 9*3600), mustZone(t, "Europe/Berlin")
	at := func(text string) int64 {
		when, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		return when.Unix()
	}
	// Sunday evening in Tokyo, still Sunday noon in Greenwich.
	p := boards.PeriodsAt(time.Date(2026, 11, 1, 23, 0, 0, 0, tokyo))
	if want := (boards.Span{
		From: at("2026-10-31T15:00:00Z"), To: at("2026-11-30T15:00:00Z"),
	}); p.Month != want {
		t.Errorf("month %+v", p.Month)
	}
	if want := (boards.Span{
		From: at("2026-10-25T15:00:00Z"), To: at("2026-11-01T15:00:00Z"),
	}); p.Week != want {
		t.Errorf("week %+v", p.Week)
	}
	// The day on which clocks go back has 25 hours, the one on which they go forward 23.
	p = boards.PeriodsAt(time.Date(2026, 10, 25, 12, 0, 0, 0, berlin))
	if hours := (p.Today.To - p.Today.From) / 3600; hours != 25 {
		t.Errorf("%d hours", hours)
	}
	p = boards.PeriodsAt(time.Date(2026, 3, 30, 0, 0, 0, 0, berlin))
	if hours := (p.Yesterday.To - p.Yesterday.From) / 3600; hours != 23 || p.Yesterday.To != p.Week.From {
		t.Errorf("%d hours", hours)
	}
	// Where midnight does not exist the day begins at one.
	p = boards.PeriodsAt(time.Date(2026, 3, 29, 12, 0, 0, 0, mustZone(t, "Asia/Beirut")))
	if from := time.Unix(p.Today.From, 0).In(mustZone(t, "Asia/Beirut")); from.Hour() != 1 ||
		from.Day() != 29 {
		t.Errorf("the day begins at %s", from)
	}
}

func mustZone(t *testing.T, name string) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func TestEncoding(t *testing.T) {
	for _, b := range []boards.Board{nil, {{UserID: 1}}, {{UserID: 3, Points: -70},
		{UserID: 4294967295, Points: 1 << 30, Questions: 300, Answers: 70000, BestAnswers: 128}}} {
		got, err := boards.Decode(b.Encode())
		if err != nil || len(got) != len(b) || len(b) > 0 && !reflect.DeepEqual(got, b) {
			t.Errorf("%+v became %+v, %v", b, got, err)
		}
	}
	whole := boards.Board{{UserID: 3, Points: -70}, {UserID: 500, Points: 9000, Answers: 4}}.Encode()
	for n := range whole {
		if _, err := boards.Decode(whole[:n]); err == nil {
			t.Errorf("%d of %d bytes are taken for a board", n, len(whole))
		}
	}
	if _, err := boards.Decode(append(whole, 0)); err == nil {
		t.Error("a byte too many is taken for a board")
	}
}

// FuzzDecode checks that no bytes make Decode panic or take much memory.
func FuzzDecode(f *testing.F) {
	f.Add([]byte{2, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0})
	f.Add([]byte{255, 255, 255, 255, 255, 255, 255, 255, 127})
	f.Fuzz(func(_ *testing.T, data []byte) {
		if b, err := boards.Decode(data); err == nil {
			b.Ranked(boards.BestAnswerRate)
		}
	})
}
