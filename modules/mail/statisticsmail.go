package mail

import (
	"context"
	"encoding/csv"
	"fmt"
	"strconv"
	"strings"

	"38qa.net/backend/modules/site"
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
	"noticesRead12To24hRate":     {"Notices of 12 to 24 hours ago that were read (%)", "12〜24 時間前のお知らせの既読率 (%)"},
	"noticesRead24To48hRate":     {"Notices of 24 to 48 hours ago that were read (%)", "24〜48 時間前のお知らせの既読率 (%)"},
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
	read, err := m.noticesRead(ctx)
	if err != nil {
		return outage{err}
	}
	for _, f := range append(list, read...) {
		c.Figures = append(c.Figures, figure{figureLabels[f.Name][language], f.Value})
	}
	var names, values []string
	for _, f := range c.Figures {
		names, values = append(names, f.Label), append(values, f.Value)
	}
	var b strings.Builder
	w := csv.NewWriter(&b)
	if err := w.WriteAll([][]string{names, values}); err != nil {
		return fmt.Errorf("write the figures of a mail: %w", err)
	}
	c.CSV = b.String()
	return nil
}

// noticesRead returns how many percent of the old site's notices have been read: of those that are 12 to 24
// hours old, and 24 to 48, as the plugin q2a-statics reports. It returns nothing where there is no such table
// with the columns that this takes.
func (m *Module) noticesRead(ctx context.Context) (list []site.Figure, err error) {
	all, err := m.db.Columns(ctx, noticeTable)
	if err != nil {
		return nil, fmt.Errorf("read the columns of %s: %w", noticeTable, err)
	}
	c := findNoticeColumns(all)
	if c.read == "" || c.created == "" {
		return nil, nil
	}
	const anHour = 60 * 60
	now := m.db.Now()
	for _, span := range []struct {
		name           string
		oldest, newest int64 // ages in hours
	}{{"noticesRead12To24hRate", 24, 12}, {"noticesRead24To48hRate", 48, 24}} {
		var notices, read int
		if _, err := m.db.Get(ctx, []any{&notices, &read},
			"SELECT COUNT(*), COALESCE(SUM(CASE WHEN "+c.read+" <> 0 THEN 1 ELSE 0 END), 0) FROM {"+noticeTable+"} "+
				"WHERE "+c.created+" >= FROM_UNIXTIME(?) AND "+c.created+" < FROM_UNIXTIME(?)",
			now-span.oldest*anHour, now-span.newest*anHour); err != nil {
			return nil, fmt.Errorf("count the notices that were read: %w", err)
		}
		f := site.Figure{Name: span.name}
		if notices > 0 {
			f.Value = strconv.FormatFloat(float64(read)*100/float64(notices), 'f', 1, 64)
		}
		list = append(list, f)
	}
	return list, nil
}
