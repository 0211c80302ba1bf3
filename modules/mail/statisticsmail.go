package mail

import (
	"context"
	"encoding/csv"
	"fmt"
	"strings"

	"38qa.net/backend/modules/site/option"
)

// figure is one of the figures of the mail with statistics.
type figure struct{ Label, Value string }

// figureLabels are the names of the site's figures, in English and Japanese.
var figureLabels = map[string][2]string{
	"questions":                  {"Questions", "質問数"},
	"answers":                    {"Answers", "回答数"},
	"comments":                   {"Comments", "コメント数"},
	"answersPerQuestion":         {"Answers per question", "質問あたりの回答数"},
	"commentsPerAnswer":          {"Comments per answer", "回答あたりのコメント数"},
	"bestAnswerRate":             {"Questions with a best answer (%)", "ベストアンサー率 (%)"},
	"upvotesPerAnswer":           {"Likes per answer", "回答あたりの支持数"},
	"answeredWithin1hRate":       {"Answered within 1 hour (%)", "1 時間以内の回答率 (%)"},
	"answeredWithin3hRate":       {"Answered within 3 hours (%)", "3 時間以内の回答率 (%)"},
	"answeredWithin12hRate":      {"Answered within 12 hours (%)", "12 時間以内の回答率 (%)"},
	"answeredWithin24hRate":      {"Answered within 24 hours (%)", "24 時間以内の回答率 (%)"},
	"posters":                    {"Users who wrote", "投稿ユーザー数"},
	"postsPerPoster":             {"Posts per user who wrote", "ユーザーあたりの投稿数"},
	"newUsersPostedWithin1dRate": {"New users who wrote within 1 day (%)", "新規ユーザーの 1 日以内の投稿率 (%)"},
	"newUsersPostedWithin3dRate": {"New users who wrote within 3 days (%)", "新規ユーザーの 3 日以内の投稿率 (%)"},
	"newUsersPostedWithin7dRate": {"New users who wrote within 7 days (%)", "新規ユーザーの 7 日以内の投稿率 (%)"},
	"privateMessages":            {"Private messages", "プライベートメッセージ数"},
}

// loadStatistics reads the figures of the last 30 days. What cannot be known is left empty.
func (m *Module) loadStatistics(ctx context.Context, _ *row, c *content) error {
	list, err := m.site.Figures(ctx)
	if err != nil {
		return outage{fmt.Errorf("read the figures of a mail: %w", err)}
	}
	language := 0
	if strings.HasPrefix(c.options.String(option.SiteLanguage), "ja") {
		language = 1
	}
	var names, values []string
	for _, f := range list {
		label := figureLabels[f.Name][language]
		c.Figures = append(c.Figures, figure{label, f.Value})
		names, values = append(names, label), append(values, f.Value)
	}
	var b strings.Builder
	w := csv.NewWriter(&b)
	if err := w.WriteAll([][]string{names, values}); err != nil {
		return fmt.Errorf("write the figures of a mail: %w", err)
	}
	c.CSV = b.String()
	return nil
}
