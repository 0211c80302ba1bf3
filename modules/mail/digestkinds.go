package mail

import (
	"context"
	"database/sql"
	"fmt"
)

// Kinds of digests, as the queue stores them.
const (
	kindDigestDaily  = "digest_daily"
	kindDigestWeekly = "digest_weekly"
)

// digestContent is what the templates of digests show.
type digestContent struct {
	Questions, Answers, Mine, Over, Unanswered []digestItem
	// First is the title of the first post, and More how many further ones there are.
	First string
	More  int
}

// digestItem is a post in a digest.
type digestItem struct {
	// Title is that of the post's question, and Link its address, "" if that is not known.
	Title, Link string
	// Who wrote it; "" for visitors without a name.
	Who string
	// Answer reports whether it is an answer. Questions have Answers.
	Answer         bool
	Votes, Answers int
}

// digestHeadings are the headings of a digest's parts, in one language.
type digestHeadings struct{ questions, over, mine, answers, unanswered string }

// digestText returns the text of digests in one language. info is the line below a post's title.
func digestText(subject, start, info string, h digestHeadings) text {
	body := start
	for _, part := range []struct{ list, heading string }{{".Digest.Mine", h.mine},
		{".Digest.Answers", h.answers}, {".Digest.Questions", h.questions}, {".Digest.Over", h.over},
		{".Digest.Unanswered", h.unanswered}} {
		body += "{{with " + part.list + "}}\n\n" + headingMark + part.heading +
			"{{range .}}\n\n" + itemMark + "{{.Title}}\n  " + info + "{{if .Link}}\n  {{.Link}}{{end}}{{end}}{{end}}"
	}
	return parse(subject + "\n\n" + body + "\n")
}

// toReader describes a digest.
func toReader(t topic, subjectEn, subjectJa, startEn, startJa string) kind {
	const (
		infoEn = `{{if .Answer}}{{if .Who}}Answer by {{.Who}}{{else}}New answer{{end}}` +
			`{{else}}{{if .Who}}{{.Who}} · {{end}}` +
			`{{.Answers}} {{if eq .Answers 1}}answer{{else}}answers{{end}} · ` +
			`{{.Votes}} {{if eq .Votes 1}}vote{{else}}votes{{end}}{{end}}`
		infoJa = `{{if .Answer}}{{if .Who}}{{.Who}} さんの回答{{else}}新しい回答{{end}}` +
			`{{else}}{{if .Who}}{{.Who}} さん・{{end}}回答 {{.Answers}} 件・{{.Votes}} 票{{end}}`
		moreEn = `{{.Digest.First}}{{if .Digest.More}} and {{.Digest.More}} more{{end}}`
		moreJa = `「{{.Digest.First}}」{{if .Digest.More}}ほか {{.Digest.More}} 件{{end}}`
	)
	return kind{
		topic: t, digest: true,
		en: digestText("{{.Site}}: "+subjectEn+": "+moreEn,
			"{{if .Handle}}Hello {{.Handle}},\n\n{{end}}"+startEn, infoEn, digestHeadings{
				questions: "New questions", over: "More of what you follow: too many to be mailed one by one",
				mine: "Answers to your questions", answers: "Answers to questions that you follow",
				unanswered: "Can you answer these?",
			}),
		ja: digestText("{{.Site}} "+subjectJa+moreJa,
			"{{if .Handle}}{{.Handle}} 様\n\n{{end}}"+startJa, infoJa, digestHeadings{
				questions: "新しい質問", over: "フォロー中の新着（1日のメール数の上限を超えた分）",
				mine: "あなたの質問への回答", answers: "フォロー中の質問への回答",
				unanswered: "回答を待っている質問",
			}),
	}
}

// digestKinds are the mails about all that is new of what people follow.
var digestKinds = map[string]kind{
	kindDigestDaily: toReader(topicDaily, "today", "今日のまとめ", "this is new since yesterday:",
		"昨日からの新着をお知らせします。"),
	kindDigestWeekly: toReader(topicWeekly, "this week", "今週のまとめ", "this is new since last week:",
		"この1週間の新着をお知らせします。"),
}

// tellDigest reads what a digest tells of: the posts that its recipient may see now. Its error is a gone if
// none of what was new is left, or if the recipient wants no such digests any more.
func (m *Module) tellDigest(ctx context.Context, k kind, r *row, c *content) error {
	if r.about.Digest == nil {
		return gone("there is nothing in it")
	}
	d := *r.about.Digest
	mails, err := followMailsOf(ctx, m.db, r.userID)
	if err != nil {
		return outage{err}
	}
	if !mails.any(atOnce) {
		d.Over = nil
	}
	if !mails.any(frequencyOf[k.topic]) { // the digest is for what is too much to be mailed at once only
		d, c.stops = digest{Over: d.Over}, topicFollowed
	}
	items, err := m.digestItems(ctx, r.userID, d.posts())
	if err != nil {
		return outage{err}
	}
	part := func(ids []int) (list []digestItem) {
		for _, id := range ids {
			if item, ok := items[id]; ok {
				list = append(list, item)
			}
		}
		return list
	}
	told := &digestContent{Questions: part(d.Questions), Answers: part(d.Answers), Mine: part(d.Mine),
		Over: part(d.Over), Unanswered: part(d.Unanswered)}
	// In the order of the text.
	for _, list := range [][]digestItem{told.Mine, told.Answers, told.Questions, told.Over} {
		if told.First == "" && len(list) > 0 {
			told.First, told.More = list[0].Title, -1
		}
		told.More += len(list)
	}
	if told.First == "" {
		return gone("nothing of it is left")
	}
	c.Digest = told
	return nil
}

// digestItems returns those of the posts with the ids that a user may see.
func (m *Module) digestItems(ctx context.Context, userID int, ids []int) (map[int]digestItem, error) {
	items := map[int]digestItem{}
	if len(ids) == 0 {
		return items, nil
	}
	visible, err := m.settings.PostsFor(ctx, userID, ids)
	if err != nil {
		return nil, fmt.Errorf("read what a user may see: %w", err)
	}
	err = m.db.Select(ctx, func(rows *sql.Rows) error {
		var id int
		var item digestItem
		if err := rows.Scan(&id, &item.Answer, &item.Votes, &item.Answers, &item.Who); err != nil {
			return err
		}
		if link, ok := visible[id]; ok {
			item.Title, item.Who = oneLine(link.Title), oneLine(item.Who)
			item.Link = (&Post{Address: link.Address}).Link()
			items[id] = item
		}
		return nil
	}, `SELECT p.postid, p.type = 'A', p.netvotes, p.acount, COALESCE(u.handle, p.name, '')
		FROM {posts} p
		LEFT JOIN {users} u ON u.userid = p.userid
		WHERE p.postid IN ?`, ids)
	if err != nil {
		return nil, fmt.Errorf("read the posts of a digest: %w", err)
	}
	return items, nil
}
