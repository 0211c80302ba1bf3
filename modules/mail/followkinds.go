package mail

import (
	"context"
	"fmt"
	"slices"
)

// followed is why somebody is told of a post: what they follow (question, tag, category, user or site), and
// its name.
type followed struct{ What, Name string }

// Why a mail about what one follows came, in words.
const (
	whyEn = `{{if eq .Why.What "tag"}}You follow the tag “{{.Why.Name}}”.` +
		`{{else if eq .Why.What "category"}}You follow the category “{{.Why.Name}}”.` +
		`{{else if eq .Why.What "user"}}You follow {{.Why.Name}}.` +
		`{{else if eq .Why.What "question"}}You follow this question.` +
		`{{else}}You wanted to be told of all new questions.{{end}}`
	whyJa = `{{if eq .Why.What "tag"}}タグ「{{.Why.Name}}」をフォローしているため、お知らせしています。` +
		`{{else if eq .Why.What "category"}}カテゴリー「{{.Why.Name}}」をフォローしているため、お知らせしています。` +
		`{{else if eq .Why.What "user"}}{{.Why.Name}} さんをフォローしているため、お知らせしています。` +
		`{{else if eq .Why.What "question"}}この質問をフォローしているため、お知らせしています。` +
		`{{else}}新しい質問をすべて受け取る設定のため、お知らせしています。{{end}}`
)

// toFollower describes a mail to somebody about a new post of what they follow.
func toFollower(en, ja quotation) kind {
	en.more, ja.more = "\n\n"+whyEn, "\n\n"+whyJa
	k := toAuthor(topicFollowed, en, ja)
	k.followed = true
	return k
}

// followKinds are the mails about single posts of what people follow. Who wrote them is c.Who.
var followKinds = map[string]kind{
	kindFollowedQuestion: toFollower(quotation{
		subject:  "New question: {{.Post.Title}} – {{.Site}}",
		sentence: "{{.Who}} has asked “{{.Post.Title}}”:",
	}, quotation{
		subject:  "{{.Site}} 新しい質問「{{.Post.Title}}」",
		sentence: "{{.Who}} さんが「{{.Post.Title}}」を質問しました。",
	}),
	kindFollowedAnswer: toFollower(quotation{
		subject:  "New answer: {{.Post.Title}} – {{.Site}}",
		sentence: "{{.Who}} has answered “{{.Post.Title}}”:",
	}, quotation{
		subject:  "{{.Site}} 「{{.Post.Title}}」に新しい回答がありました",
		sentence: "「{{.Post.Title}}」に {{.Who}} さんが回答しました。",
	}),
}

// tellFollowed reads what mails about what people follow tell of. Its error is a gone if the recipient does
// not follow it any more, or may not see it.
func (m *Module) tellFollowed(ctx context.Context, k kind, r *row, c *content) error {
	if !k.followed && !k.digest {
		return nil
	}
	if !isReachable(c.options, c.user) {
		return gone("the user is blocked, or the address is not confirmed")
	}
	if k.digest {
		return m.tellDigest(ctx, k, r, c)
	}
	visible, err := m.settings.PostsFor(ctx, r.userID, []int{r.about.Post})
	if err != nil {
		return outage{fmt.Errorf("read whether a post may be seen: %w", err)}
	}
	if _, ok := visible[r.about.Post]; !ok {
		return gone("the user may not see the post")
	}
	one := []any{r.userID, atOnce, r.about.Post}
	var id int
	found, err := m.db.Get(ctx, []any{&c.Why.What, &id}, whyFollowed, slices.Concat(one, one, one, one, one)...)
	if err != nil {
		return outage{fmt.Errorf("read why a user is told of a post: %w", err)}
	}
	if !found {
		return gone("the user does not follow it any more")
	}
	if query := nameOfFollowed[c.Why.What]; query != "" {
		if _, err = m.db.Get(ctx, []any{&c.Why.Name}, query, id); err != nil {
			return outage{fmt.Errorf("read why a user is told of a post: %w", err)}
		}
	}
	c.Why.Name = oneLine(c.Why.Name)
	return nil
}

// whyFollowed reads by which of the things that a user follows they are told of a post at once, and its id.
const whyFollowed = `SELECT r.what, r.id FROM (
	SELECT 1 AS place, 'tag' AS what, f.entityid AS id
		FROM {q2ab_follow_mails} c
		JOIN {userfavorites} f ON f.userid = c.userid AND f.entitytype = 'T'
		WHERE c.userid = ? AND c.tags = ? AND f.entityid IN (SELECT wordid FROM {posttags} WHERE postid = ?)
	UNION ALL SELECT 2, 'category', f.entityid
		FROM {q2ab_follow_mails} c
		JOIN {userfavorites} f ON f.userid = c.userid AND f.entitytype = 'C'
		JOIN {posts} p ON f.entityid IN (p.categoryid, p.catidpath1, p.catidpath2, p.catidpath3)
		WHERE c.userid = ? AND c.categories = ? AND p.postid = ? AND p.type = 'Q'
	UNION ALL SELECT 3, 'user', f.entityid
		FROM {q2ab_follow_mails} c
		JOIN {userfavorites} f ON f.userid = c.userid AND f.entitytype = 'U'
		JOIN {posts} p ON p.userid = f.entityid
		WHERE c.userid = ? AND c.users = ? AND p.postid = ? AND p.type = 'Q'
	UNION ALL SELECT 4, 'question', f.entityid
		FROM {q2ab_follow_mails} c
		JOIN {userfavorites} f ON f.userid = c.userid AND f.entitytype = 'Q'
		JOIN {posts} p ON p.parentid = f.entityid
		WHERE c.userid = ? AND c.questions = ? AND p.postid = ? AND p.type = 'A'
	UNION ALL SELECT 5, 'site', 0
		FROM {q2ab_follow_mails} c
		JOIN {posts} p ON p.type = 'Q'
		WHERE c.userid = ? AND c.site = ? AND p.postid = ?
	) r ORDER BY r.place LIMIT 1`

// nameOfFollowed reads the names of what people follow.
var nameOfFollowed = map[string]string{
	"tag":      "SELECT word FROM {words} WHERE wordid = ?",
	"category": "SELECT title FROM {categories} WHERE categoryid = ?",
	"user":     "SELECT handle FROM {users} WHERE userid = ?",
}
