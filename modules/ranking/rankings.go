package ranking

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/ranking/internal/boards"
	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/site/option"
)

// Ranking is a page of a leaderboard.
type Ranking struct {
	web.List[RankedUser]
	Period     string      `json:"period" enum:"all-time,month,week,today,last-month,last-week,yesterday"`
	By         string      `json:"by" enum:"points,questions,answers,best-answers,best-answer-rate"`
	From       *time.Time  `json:"from,omitempty" doc:"When the period began in the community's time zone; absent for all time"`
	To         *time.Time  `json:"to,omitempty" doc:"When it ends"`
	ComputedAt *time.Time  `json:"computedAt,omitempty" doc:"When it was computed; absent until that has been done for the first time"`
	Me         *RankedUser `json:"me,omitempty" doc:"The caller's own place, wherever it is; absent for those who have none"`
}

// RankedUser is a user's place in a leaderboard.
type RankedUser struct {
	Rank   int         `json:"rank" doc:"From 1; equals share a rank"`
	Change *int        `json:"change,omitempty" doc:"How many ranks the user has come up since the period before (of all-time: since the month began); negative for down, absent without a rank then"`
	User   auth.Author `json:"user"`
	Points int         `json:"points" doc:"Of all-time: the user's points. Otherwise what the posts and votes of the period have brought"`
	// The counts include only what everybody may see.
	Questions      int      `json:"questions"`
	Answers        int      `json:"answers"`
	BestAnswers    int      `json:"bestAnswers" doc:"Answers that somebody else chose as the best"`
	BestAnswerRate *float64 `json:"bestAnswerRate,omitempty" doc:"Best answers by answers, from 0 to 1; absent without answers"`
}

type rankingInput struct {
	web.Page
	Period   string `path:"period" enum:"all-time,month,week,today,last-month,last-week,yesterday" doc:"Calendar periods in the community's time zone; weeks begin on Monday"`
	By       string `query:"by" enum:"points,questions,answers,best-answers,best-answer-rate" default:"points" doc:"What is ranked; best-answer-rate takes users with at least 5 answers in the period"`
	Category string `query:"category" maxLength:"900" doc:"Id or path of slugs: only what was done in it and the categories below"`
	Tag      string `query:"tag" maxLength:"80" doc:"Only what was done at questions with this tag"`
}

type rankingOutput struct{ Body Ranking }

func (m *Module) registerRankings(api huma.API) {
	web.Register(api, huma.Operation{
		OperationID: "get-ranking", Method: http.MethodGet, Path: "/v1/rankings/{period}",
		Tags: []string{"Rankings"}, Summary: "Who did most in a period",
		Description: "Computed every hour; all periods, categories and tags change at the same moment. A post counts for the period in which it was written, with all that it has earned since; " +
			"a vote given for the one in which it was first cast. Pages that follow a cursor stay with the computation of the first page, for an hour.",
	}, m.getRanking)
}

// rankingPosition is where the next page of a ranking begins: the generation, and the number of its
// places that earlier pages have shown.
type rankingPosition struct {
	Generation int64 `json:"g"`
	Offset     int   `json:"o"`
}

// Valid reports whether a ranking can have such a position.
func (p *rankingPosition) Valid() bool {
	return p.Generation >= 1 && p.Generation <= math.MaxUint32 && p.Offset >= 1 && web.ValidCount(p.Offset)
}

func (m *Module) getRanking(ctx context.Context, in *rankingInput) (*rankingOutput, error) {
	if err := in.Check(); err != nil {
		return nil, err
	}
	o, err := m.site.Options(ctx)
	if err != nil {
		return nil, err
	}
	scope, err := m.scope(ctx, in)
	if err != nil {
		return nil, err
	}
	at := rankingPosition{Offset: in.Offset(in.Size(o.Int(option.PageSizeUsers)))}
	list := fmt.Sprintf("ranking:%s:%s:%s", in.Period, in.By, scope)
	if in.Cursor != "" {
		if err := web.DecodeCursor(list, in.Cursor, &at); err != nil {
			return nil, err
		}
	}
	out := &rankingOutput{Body: Ranking{Period: in.Period, By: in.By}}
	out.Body.Items = []RankedUser{}
	var s *snapshot
	if in.Cursor == "" {
		s, err = m.shown.latest(ctx)
	} else {
		s, err = m.shown.at(ctx, at.Generation)
	}
	if err != nil || s == nil {
		return out, err
	}
	r := &reader{shown: m.shown, snapshot: s, key: boardKey{in.Period, scope}, by: boards.Measure(in.By)}
	out.Body.describe(s, in.Period)
	return out, m.fill(ctx, o, r, &out.Body, at, in.Size(o.Int(option.PageSizeUsers)), list)
}

// scope returns the part of the site that the parameters ask for. A category and a tag together are
// refused, since there are no boards of a tag within a category.
func (m *Module) scope(ctx context.Context, in *rankingInput) (boards.Scope, error) {
	switch {
	case in.Category != "" && in.Tag != "":
		return "", problem.Invalid(problem.Field{
			Name: "tag", Code: problem.FieldNotCombinable, Args: []any{"category"},
		})
	case in.Tag != "":
		return boards.Tag(in.Tag), nil
	case in.Category != "":
		id, err := m.questions.CategoryID(ctx, in.Category)
		return boards.Category(id), err
	}
	return boards.Site, nil
}

// describe fills in when the ranking was computed and which span of time it covers.
func (r *Ranking) describe(s *snapshot, period string) {
	at := func(unix int64) *time.Time { t := time.Unix(unix, 0).UTC(); return &t }
	r.ComputedAt = at(s.computed)
	if span := s.spans[period]; span != (boards.Span{}) {
		r.From, r.To = at(span.From), at(span.To)
	}
}

// fill adds the page and the caller's own place to the body.
func (m *Module) fill(
	ctx context.Context, o *site.Options, r *reader, body *Ranking, at rankingPosition, size int, list string,
) error {
	board, err := r.board(ctx)
	if err != nil {
		return err
	}
	before, err := r.before(ctx)
	if err != nil {
		return err
	}
	places := board.places[min(at.Offset, len(board.places)):]
	if len(places) > size {
		places = places[:size]
		body.NextCursor = web.EncodeCursor(list, &rankingPosition{r.snapshot.generation, at.Offset + size})
	}
	total := len(board.places)
	body.Total = &total
	own := board.of(auth.CallerOf(ctx).UserID)
	ids := make([]int, 0, size+1)
	for i := range places {
		ids = append(ids, places[i].UserID)
	}
	if own != nil {
		ids = append(ids, own.UserID)
	}
	if len(ids) == 0 {
		return nil
	}
	accounts, err := m.auth.Accounts(ctx, "u.userid IN ?", ids)
	if err != nil {
		return err
	}
	authors := make(map[int]*auth.Author, len(accounts))
	for i := range accounts {
		authors[accounts[i].ID] = accounts[i].Author(o)
	}
	for i := range places {
		if a := authors[places[i].UserID]; a != nil { // the account may have been deleted since
			body.Items = append(body.Items, rankedUser(&places[i], before, a))
		}
	}
	if own != nil && authors[own.UserID] != nil {
		me := rankedUser(own, before, authors[own.UserID])
		body.Me = &me
	}
	return nil
}

func rankedUser(p *boards.Place, before *ranked, a *auth.Author) RankedUser {
	u := RankedUser{Rank: p.Rank, User: *a, Points: p.Points, Questions: p.Questions, Answers: p.Answers,
		BestAnswers: p.BestAnswers}
	if was := before.of(p.UserID); was != nil {
		change := was.Rank - p.Rank
		u.Change = &change
	}
	if p.Answers > 0 {
		rate := float64(p.BestAnswers) / float64(p.Answers)
		u.BestAnswerRate = &rate
	}
	return u
}

// reader reads one ranking of one computation.
type reader struct {
	shown    *shown
	snapshot *snapshot
	key      boardKey
	by       boards.Measure
}

func (r *reader) board(ctx context.Context) (*ranked, error) {
	return r.shown.board(ctx, r.snapshot.generation, r.key, r.by)
}

// periodsBefore names the period against which each period's changes of rank are counted.
var periodsBefore = map[string]string{allTime: allTimeBefore, month: lastMonth, week: lastWeek,
	today: yesterday}

// before returns the same ranking for the period before; it is empty if there is none.
func (r *reader) before(ctx context.Context) (*ranked, error) {
	period, ok := periodsBefore[r.key.period]
	if !ok {
		return &ranked{}, nil
	}
	return r.shown.board(ctx, r.snapshot.generation, boardKey{period, r.key.scope}, r.by)
}
