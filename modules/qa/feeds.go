package qa

import (
	"context"
	"encoding/xml"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/site/option"
)

// feed describes one kind of RSS feed.
type feed struct {
	on option.Key // the option that must be on
	// perCategory is set if the feed also exists for single categories.
	perCategory bool
	title       string
}

// feeds are the RSS feeds that Q2A has, by the first part of their path below /feed/.
var feeds = map[string]feed{
	"questions":  {option.FeedForQuestions, true, "Recent questions"},
	"hot":        {option.FeedForHot, false, "Hot questions"},
	"unanswered": {option.FeedForUnanswered, false, "Questions without answers"},
	"answers":    {option.FeedForActivity, true, "Recently answered questions"},
	"comments":   {option.FeedForActivity, true, "Recently added comments"},
	"activity":   {option.FeedForActivity, true, "Recent activity"},
	"qa":         {option.FeedForQa, true, "Recent questions and answers"},
	"tag":        {option.FeedForTagQs, false, "Questions tagged"},
	"search":     {option.FeedForSearch, false, "Search results for"},
}

// rss is an RSS 2.0 document.
type rss struct {
	XMLName xml.Name   `xml:"rss"`
	Version string     `xml:"version,attr"`
	Channel rssChannel `xml:"channel"`
}

type rssChannel struct {
	Title       string    `xml:"title"`
	Link        string    `xml:"link"`
	Description string    `xml:"description"`
	Items       []rssItem `xml:"item"`
}

type rssItem struct {
	Title       string  `xml:"title"`
	Link        string  `xml:"link"`
	Description string  `xml:"description,omitempty"`
	Category    string  `xml:"category,omitempty"`
	GUID        rssGUID `xml:"guid"`
	PubDate     string  `xml:"pubDate,omitempty"`
}

type rssGUID struct {
	IsPermaLink bool   `xml:"isPermaLink,attr"`
	Value       string `xml:",chardata"`
}

// feedPrefixes are the beginnings of the titles in feeds, which say what happened. The keys are the
// kind of the post and what happened to it; new questions have no prefix.
var feedPrefixes = map[string]string{
	"Q-content": "Edited: ", "Q-tags": "Retagged: ", "Q-category": "Recategorized: ",
	"Q-closed": "Closed: ", "Q-visibility": "Reshown: ",
	"A-new": "Answered: ", "A-selected": "Answer selected: ", "A-content": "Answer edited: ",
	"A-visibility": "Answer reshown: ",
	"C-new":        "Commented: ", "C-type": "Comment moved: ", "C-content": "Comment edited: ",
	"C-visibility": "Comment reshown: ",
}

// serveFeed serves the feeds at /feed/{kind}[/{category, tag or query}][.rss|.xml].
func (m *Module) serveFeed(c echo.Context) error {
	ctx := c.Request().Context()
	path, err := url.PathUnescape(strings.TrimPrefix(c.Request().URL.EscapedPath(), "/feed/"))
	if err != nil {
		return problem.NotFound()
	}
	path = strings.TrimSuffix(strings.TrimSuffix(path, ".rss"), ".xml")
	kind, param, _ := strings.Cut(strings.Trim(path, "/"), "/")
	f, ok := feeds[kind]
	o, err := m.site.Options(ctx)
	if err != nil {
		return err
	}
	if !ok || !o.Bool(f.on) || (kind == "tag" || kind == "search") && param == "" {
		return problem.NotFound()
	}
	tree, err := m.tree(ctx)
	if err != nil {
		return err
	}
	var cat *category
	if param != "" && kind != "tag" && kind != "search" {
		if cat = tree.find(param); cat == nil || !f.perCategory || !o.UsingCategories() ||
			!o.Bool(option.FeedPerCategory) {
			return problem.NotFound()
		}
	}
	events, err := m.feedEvents(ctx, o, kind, param, cat)
	if err != nil {
		return err
	}
	title := f.title
	switch {
	case cat != nil:
		title += " in " + cat.title
	case param != "":
		title += " " + param
	}
	site, caller := m.site.SiteURL(o), auth.CallerOf(ctx)
	doc := rss{Version: "2.0", Channel: rssChannel{
		Title: o.String(option.SiteTitle) + " - " + title, Link: site + kind, Description: title,
	}}
	for i := range events {
		doc.Channel.Items = append(doc.Channel.Items, m.feedItem(o, caller, tree, site, &events[i]))
	}
	body, err := xml.MarshalIndent(doc, "", " ")
	if err != nil {
		return err
	}
	return c.Blob(http.StatusOK, "application/rss+xml; charset=utf-8", append([]byte(xml.Header), body...))
}

// feedEvents reads the entries of a feed. Their number is the site's option feed_number_items, but at
// least 1 and at most 200.
func (m *Module) feedEvents(
	ctx context.Context, o *site.Options, kind, param string, c *category,
) ([]event, error) {
	count := max(1, min(o.Int(option.FeedNumberItems), 200))
	switch kind {
	case "qa":
		return m.activity(ctx, "home", c, count)
	case "activity":
		return m.activity(ctx, "all", c, count)
	case "answers", "comments":
		events, err := m.activity(ctx, kind, c, count)
		return merge(events), err
	}
	in := &questionsInput{Page: web.Page{}, Sort: "recent"}
	switch kind {
	case "hot":
		in.Sort = "hot"
	case "unanswered":
		in.Unanswered = "answer"
	case "tag":
		in.Tag = param
	}
	if c != nil {
		in.Category = itoa(c.id)
	}
	var posts []*post
	if kind == "search" {
		found, err := m.find(ctx, param)
		if err != nil {
			return nil, err
		}
		hits := hitsOf(found.Best(nil, 0, count))
		if err := m.fetch(ctx, hits); err != nil {
			return nil, err
		}
		for _, h := range hits {
			if h.post != nil {
				posts = append(posts, h.post)
			}
		}
	} else {
		tree, err := m.tree(ctx)
		if err != nil {
			return nil, err
		}
		f, err := m.filter(o, tree, &in.QuestionFilters)
		if err != nil {
			return nil, err
		}
		if kind == "tag" {
			posts, _, err = m.tagPage(ctx, f, in, count)
		} else {
			posts, _, err = m.questionPage(ctx, f, orders[in.Sort], in.Page, count)
		}
		if err != nil {
			return nil, err
		}
	}
	return m.withContents(ctx, posts)
}

// withContents returns an event for each of the questions, in the same order, with the question's content.
func (m *Module) withContents(ctx context.Context, posts []*post) ([]event, error) {
	if len(posts) == 0 {
		return nil, nil
	}
	ids := make([]int, len(posts))
	for i, p := range posts {
		ids[i] = p.id
	}
	read, err := m.events(ctx, eventQuery{
		ids: "SELECT postid FROM {posts} WHERE postid IN ?", args: []any{ids},
	})
	if err != nil {
		return nil, err
	}
	byID := map[int]event{}
	for _, e := range read {
		byID[e.postID] = e
	}
	events := make([]event, 0, len(posts))
	for _, p := range posts {
		if e, ok := byID[p.id]; ok {
			events = append(events, e)
		}
	}
	return events, nil
}

// feedItem returns one entry of a feed. If the site's feeds have full texts, it contains the text for
// those who may read it on the question's page; the old site's feeds give it to everybody.
func (m *Module) feedItem(
	o *site.Options, c auth.Caller, tree *categoryTree, siteURL string, e *event,
) rssItem {
	what := "new"
	if e.isUpdate {
		what = updateName(e.updateType)
	}
	prefix := feedPrefixes[string(e.kind)+"-"+what]
	if e.kind == KindQuestion && what == "closed" && !isClosed(o, e.question) {
		prefix = "Reopened: "
	}
	link := siteURL + encodePath(m.ref(o, &post{id: e.postID, kind: e.kind}, e.question).Path)
	item := rssItem{
		Title: prefix + m.shown(o, e.question.title).title, Link: link, GUID: rssGUID{true, link},
		PubDate: unixTime(e.time).Format(time.RFC1123Z),
	}
	if o.Bool(option.FeedFullText) && mayRead(o, c, e.question) == auth.Permitted {
		item.Description = m.html(o, e.content, e.format)
	}
	if category := tree.ref(e.question.categoryID); category != nil {
		item.Category = category.Title
	}
	return item
}

// encodePath percent-encodes an address that may contain letters of any language. It keeps the /, ?, #
// and = of the address.
func encodePath(path string) string {
	rest, fragment, hasFragment := strings.Cut(path, "#")
	p, query, hasQuery := strings.Cut(rest, "?")
	out := (&url.URL{Path: p}).EscapedPath()
	if hasQuery {
		out += "?" + query
	}
	if hasFragment {
		out += "#" + fragment
	}
	return out
}
