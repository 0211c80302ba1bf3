package qa

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/site/option"
)

// metadata is what the page of a question tells search engines and networks that show links.
type metadata struct {
	Canonical   string            `json:"canonical" doc:"The question's one address, on the site"`
	Title       string            `json:"title"`
	Description string            `json:"description" doc:"The beginning of the text, of about 120 characters"`
	OpenGraph   map[string]string `json:"openGraph" doc:"Contents of meta elements by their property (og:title …)"`
	JSONLD      qaPage            `json:"jsonLd" doc:"For a script element of the type application/ld+json"`
}

// qaPage and the types below are those of schema.org, with the properties that search engines demand of a
// page with a question.
type qaPage struct {
	Context    string     `json:"@context" enum:"https://schema.org"`
	Type       string     `json:"@type" enum:"QAPage"`
	MainEntity ldQuestion `json:"mainEntity"`
}

type ldQuestion struct {
	Type      string     `json:"@type" enum:"Question"`
	Name      string     `json:"name"`
	Text      string     `json:"text"`
	Answers   int        `json:"answerCount"`
	Upvotes   int        `json:"upvoteCount"`
	Published time.Time  `json:"datePublished"`
	Author    ldPerson   `json:"author"`
	Accepted  *ldAnswer  `json:"acceptedAnswer,omitempty"`
	Suggested []ldAnswer `json:"suggestedAnswer,omitempty"`
}

type ldAnswer struct {
	Type      string    `json:"@type" enum:"Answer"`
	Text      string    `json:"text"`
	Upvotes   int       `json:"upvoteCount"`
	URL       string    `json:"url"`
	Published time.Time `json:"datePublished"`
	Author    ldPerson  `json:"author"`
}

type ldPerson struct {
	Type string `json:"@type" enum:"Person"`
	Name string `json:"name"`
	URL  string `json:"url,omitempty"`
}

type metadataOutput struct{ Body metadata }

func (m *Module) registerMetadata(api huma.API) {
	web.Register(api, huma.Operation{
		OperationID: "get-question-metadata", Method: http.MethodGet, Path: "/v1/questions/{id}/metadata",
		Tags: []string{"Questions"}, Summary: "What a question's page tells search engines and link previews",
		Description: "The canonical address, Open Graph and JSON-LD (QAPage), of visible posts only.",
		Errors:      []int{http.StatusForbidden},
	}, m.getMetadata)
}

func (m *Module) getMetadata(ctx context.Context, in *postID) (*metadataOutput, error) {
	o, t, err := m.open(ctx, in.ID, nil)
	if err != nil {
		return nil, err
	}
	q, siteURL := t.question, m.site.SiteURL(o)
	if !q.visible() { // its author and moderators may see it, but no search engine
		return nil, problem.New(codeHidden)
	}
	text := m.plain(o, q)
	out := metadata{
		Canonical: siteURL + m.path(o, q.id, q.title), Title: m.shown(o, q.title).title,
		Description: excerptOf(text, nil).Text,
	}
	out.OpenGraph = map[string]string{
		"og:type": "article", "og:title": out.Title, "og:description": out.Description,
		"og:url": out.Canonical, "og:site_name": o.String(option.SiteTitle),
	}
	if picture := m.thumbnail(o, q); picture != nil {
		out.OpenGraph["og:image"] = picture.URL
	}
	main := ldQuestion{
		Type: "Question", Name: out.Title, Text: text, Upvotes: q.up, Published: unixTime(q.created),
		Author: m.ldPerson(o, q),
	}
	for _, a := range t.answers {
		if !a.visible() {
			continue
		}
		ref := m.ref(o, a, q)
		entry := ldAnswer{Type: "Answer", Text: m.plain(o, a), Upvotes: a.up, URL: siteURL + ref.Path,
			Published: unixTime(a.created), Author: m.ldPerson(o, a)}
		if main.Answers++; a.id == q.selectedID {
			main.Accepted = &entry
		} else {
			main.Suggested = append(main.Suggested, entry)
		}
	}
	out.JSONLD = qaPage{"https://schema.org", "QAPage", main}
	return &metadataOutput{Body: out}, nil
}

// plain returns the text of a post without marks, as the site shows it.
func (m *Module) plain(o *site.Options, p *post) string {
	return strings.TrimSpace(m.blockedWords(o).Censor(TextOf(p.content, p.format)))
}

// ldPerson returns the author of a post; anonymous ones have the name that they gave, or none.
func (m *Module) ldPerson(o *site.Options, p *post) ldPerson {
	if author := p.author.Author(o, p.userID); author != nil {
		return ldPerson{"Person", author.Handle,
			m.site.SiteURL(o) + "user/" + url.PathEscape(author.Handle)}
	}
	name := m.blockedWords(o).Censor(p.name)
	if name == "" {
		name = "Anonymous"
	}
	return ldPerson{Type: "Person", Name: name}
}
