package mail

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/mail/internal/webpush"
	"38qa.net/backend/modules/site/option"
)

// pushed is what a device is sent, as JSON. It never holds what people wrote, other than the titles of
// questions that everybody can see.
type pushed struct {
	ID    int64  `json:"id"` // of the entry of the inbox
	Kind  string `json:"kind"`
	Count int    `json:"count"`
	Title string `json:"title"`
	Body  string `json:"body,omitempty"`
	// URL is that of a page of the site, "" if the site does not know its address.
	URL    string `json:"url,omitempty"`
	Unread int    `json:"unread"`
}

// The lengths of the longest texts of a push, in characters, and of an address in bytes.
const (
	maxPushTitle = 120
	maxPushBody  = 200
	maxPushURL   = 1500
)

// pushEntry is the entry of the inbox that a push is about.
type pushEntry struct {
	kind                                            entryKind
	seq                                             int64
	unread                                          bool
	post, message, by, number, occurrences, subject int
}

// composePush returns the message of a push, as the data is now. Its error is a gone if the push is not
// needed any more, and an outage if the data cannot be read.
func (m *Module) composePush(ctx context.Context, p *push) (message webpush.Message, err error) {
	var e pushEntry
	user := p.device.userID
	found, err := m.db.Get(ctx, []any{&e.kind, &e.seq, &e.unread, &e.post, &e.message, &e.by, &e.number,
		&e.occurrences, &e.subject}, `SELECT kind, seq, unread, postid, messageid, byuserid, number,
			occurrences, subject
		FROM {q2ab_inbox}
		WHERE id = ? AND userid = ?`, p.entry, user)
	switch {
	case err != nil:
		return message, outage{fmt.Errorf("read the entry of a push: %w", err)}
	case !found:
		return message, gone("the entry is gone")
	case !e.unread:
		return message, gone("it has been read")
	case e.seq != p.seq:
		return message, gone("a later push tells it all")
	}
	o, err := m.site.Options(ctx)
	if err != nil {
		return message, outage{err}
	}
	c, err := m.about(ctx, o, user)
	if err != nil {
		return message, err
	}
	if c.user.flags&auth.FlagBlocked != 0 {
		return message, gone("the user is blocked")
	}
	if err := m.tellActor(ctx, &e, user, c); err != nil {
		return message, err
	}
	japanese := strings.HasPrefix(o.String(option.SiteLanguage), "ja")
	out := pushed{ID: p.entry, Kind: string(e.kind), Count: e.occurrences, Title: pushTitle(e, c.Who, japanese)}
	if err := m.describe(ctx, &e, c, japanese, &out); err != nil {
		return message, err
	}
	if out.Unread, err = unreadOf(ctx, m.db, user); err != nil {
		return message, outage{err}
	}
	out.Title, out.Body = cut(out.Title, maxPushTitle), cut(out.Body, maxPushBody)
	if len(out.URL) > maxPushURL {
		out.URL = c.Address
	}
	message.Urgency, message.Topic = webpush.Normal, "inbox"+strconv.FormatInt(p.entry, 36)
	switch e.kind {
	case entryFollowed, entryVotes, entryBadge:
		message.Urgency = webpush.Low
	default:
	}
	if message.Body, err = json.Marshal(out); len(message.Body) > webpush.MaxBody { // signs take up to six bytes
		out.Body, out.URL = "", c.Address
		message.Body, err = json.Marshal(out)
	}
	return message, err
}

// tellActor reads the name of who did what the entry is about. The error is a gone if the recipient has
// muted them.
func (m *Module) tellActor(ctx context.Context, e *pushEntry, user int, c *content) error {
	if e.by == 0 {
		return nil
	}
	var muted bool
	_, err := m.db.Get(ctx, []any{&c.Who, &muted}, `SELECT u.handle, EXISTS (SELECT 1
				FROM {userfavorites} f
				WHERE f.userid = ? AND f.entitytype = 'M' AND f.entityid = u.userid)
			FROM {users} u
			WHERE u.userid = ?`, user, e.by)
	if err != nil {
		return outage{fmt.Errorf("read who caused a push: %w", err)}
	}
	if muted {
		return gone("the recipient has muted who did it")
	}
	return nil
}

// describe fills in what the entry is about, and its page. The error is a gone if that may not be seen any
// more.
func (m *Module) describe(ctx context.Context, e *pushEntry, c *content, japanese bool, out *pushed) error {
	switch e.kind {
	case entryMessage:
		out.URL = c.links.to([]string{"message", c.Who})
		return nil
	case entryGroup:
		out.URL = c.links.to([]string{"messages"})
		return nil
	case entryWall:
		if out.URL = c.links.profile(c.user); out.URL != "" {
			out.URL += "#wall"
		}
		return nil
	case entryBadge:
		language := problem.English
		if japanese {
			language = problem.Japanese
		}
		badge, ok := m.settings.Badge(e.number, language)
		if !ok {
			return gone("there is no such badge")
		}
		out.Body, out.URL = badge.Title, c.links.profile(c.user)
		return nil
	default:
	}
	post, err := m.settings.Post(ctx, e.post, true)
	switch {
	case err != nil:
		return outage{fmt.Errorf("read the post of a push: %w", err)}
	case post == nil:
		return gone("the post is gone")
	case post.Visible:
		out.Body, out.URL = oneLine(post.Title), post.Link()
	case e.kind != entryHidden:
		return gone("the post cannot be seen any more")
	}
	return nil
}

// cut returns a text of at most the given number of characters.
func cut(text string, most int) string {
	if r := []rune(text); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return text
}

// pushTitle returns what an entry tells, in one line.
func pushTitle(e pushEntry, who string, japanese bool) string {
	texts := pushTexts[e.kind]
	if japanese {
		return texts.ja(e, cmp.Or(oneLine(who), "匿名ユーザー"))
	}
	return texts.en(e, cmp.Or(oneLine(who), "Somebody"))
}

// told is how an entry that stands for one event, or for several, is told.
type told struct {
	en, ja func(e pushEntry, who string) string
}

// several returns texts for one event, with who did it, and for several events, with their number.
func several(one, many string) func(pushEntry, string) string {
	return func(e pushEntry, who string) string {
		if e.occurrences > 1 && many != "" {
			return strings.ReplaceAll(many, "{n}", strconv.Itoa(e.occurrences))
		}
		return strings.NewReplacer("{who}", who, "{votes}", strconv.Itoa(e.number)).Replace(one)
	}
}

// pushTexts are the texts of pushes. A test checks that every kind has its own.
var pushTexts = map[entryKind]told{
	entryAnswer: {several("{who} answered your question", "{n} answers to your question"),
		several("{who} さんが回答しました", "回答が {n} 件つきました")},
	entryComment: {several("{who} commented", "{n} new comments"),
		several("{who} さんがコメントしました", "コメントが {n} 件つきました")},
	entrySelected: {several("Your answer was chosen as the best", ""),
		several("あなたの回答がベストアンサーに選ばれました", "")},
	entryMention: {several("{who} mentioned you", "You were mentioned {n} times"),
		several("{who} さんがあなたに言及しました", "{n} 件の投稿であなたに言及がありました")},
	entryFollowed: {several("New from what you follow", "{n} new posts from what you follow"),
		several("フォロー中の新しい投稿があります", "フォロー中の新しい投稿が {n} 件あります")},
	entryVotes: {several("Your post has {votes} votes", ""),
		several("あなたの投稿が {votes} 票になりました", "")},
	entryMessage: {several("Message from {who}", "{n} new messages"),
		several("{who} さんからメッセージが届きました", "新しいメッセージが {n} 件あります")},
	entryGroup: {several("{who} wrote in a group", "{n} new messages in a group"),
		several("{who} さんがグループに書き込みました", "グループに新しいメッセージが {n} 件あります")},
	entryWall: {several("{who} wrote on your wall", "{n} new posts on your wall"),
		several("{who} さんがウォールに書き込みました", "ウォールに新しい書き込みが {n} 件あります")},
	entryApproved: {several("Your post was approved", ""), several("あなたの投稿が承認されました", "")},
	entryHidden:   {several("A moderator hid your post", ""), several("あなたの投稿が非表示になりました", "")},
	entryBadge:    {several("You earned a badge", ""), several("バッジを獲得しました", "")},
}
