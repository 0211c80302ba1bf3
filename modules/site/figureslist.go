package site

import (
	"context"
	"strconv"
)

// Figure is one figure of the site's last 30 days, by the name that it has in GET /v1/admin/stats. Value
// is a number as text, of rates in per cent; "" where nothing is known, as the rate of no questions.
type Figure struct{ Name, Value string }

// Figures returns the figures that the old site's plugin q2a-statics mails, in its order, counted now.
func (m *Module) Figures(ctx context.Context) ([]Figure, error) {
	i, err := m.indicators(ctx)
	if err != nil {
		return nil, err
	}
	return i.list(), nil
}

func (i *indicators) list() []Figure {
	average := func(f *float64) string {
		if f == nil {
			return ""
		}
		return strconv.FormatFloat(*f, 'f', 1, 64)
	}
	percent := func(f *float64) string {
		if f == nil {
			return ""
		}
		p := *f * 100
		return average(&p)
	}
	return []Figure{
		{"questions", strconv.Itoa(i.Questions)}, {"answers", strconv.Itoa(i.Answers)},
		{"comments", strconv.Itoa(i.Comments)},
		{"answersPerQuestion", average(i.AnswersPerQuestion)},
		{"commentsPerAnswer", average(i.CommentsPerAnswer)},
		{"bestAnswerRate", percent(i.BestAnswerRate)}, {"upvotesPerAnswer", average(i.UpvotesPerAnswer)},
		{"answeredWithin1hRate", percent(i.Within1hRate)}, {"answeredWithin3hRate", percent(i.Within3hRate)},
		{"answeredWithin12hRate", percent(i.Within12hRate)},
		{"answeredWithin24hRate", percent(i.Within24hRate)},
		{"posters", strconv.Itoa(i.Posters)}, {"postsPerPoster", average(i.PostsPerPoster)},
		{"newUsersPostedWithin1dRate", percent(i.Posted1dRate)},
		{"newUsersPostedWithin3dRate", percent(i.Posted3dRate)},
		{"newUsersPostedWithin7dRate", percent(i.Posted7dRate)},
		{"privateMessages", strconv.Itoa(i.Messages)},
	}
}
