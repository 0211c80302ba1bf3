package qa

import (
	"strings"
	"unicode/utf8"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/formtext"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/qa/internal/words"
	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/site/option"
)

// Writing holds the fields that the bodies of all requests that write posts have in common.
type Writing struct {
	Content *string `json:"content,omitempty" maxLength:"48000" doc:"The text, in the format; what becomes of it may have 12,000 characters"`
	Format  string  `json:"format,omitempty" enum:"plain,html,markdown" doc:"How content is written; plain by default. HTML is cleaned, and stored as plain text where it has no more than paragraphs, as the old site's editor does; Markdown is stored as the HTML that it stands for, so that the old site can show it"`
	Notify  *bool   `json:"notify,omitempty" doc:"Whether the author wants an e-mail about replies"`
	Email   *string `json:"email,omitempty" maxLength:"200" doc:"Where to, for anonymous authors; signed-in ones are reached at their own address without it"`
	Name    *string `json:"name,omitempty" maxLength:"200" doc:"What an anonymous author wants to be called, where the site allows it"`
}

// These are the sizes of Q2A's columns, in characters.
const (
	maxTitle   = 800
	maxContent = 12000
	maxTags    = 800
	maxName    = 40
	maxExtra   = 8000
	maxEmail   = 80
)

// maxRaw is the largest number of characters that HTML may have before it is cleaned, whether it was
// sent or made from Markdown. It is a few times maxContent, because cleaning may remove much.
const maxRaw = 4 * maxContent

// tagsOf returns the tags that were typed, each once, as Q2A reads them: every word is a tag or, where
// the site separates tags by commas, whatever stands between commas.
func tagsOf(o *site.Options, typed []string) []string {
	if !o.Bool(option.TagSeparatorComma) {
		return distinct(words.SplitTags(formtext.Visible(strings.Join(typed, " "))))
	}
	var tags []string
	for _, t := range typed {
		for part := range strings.SplitSeq(
			words.Lower(strings.ReplaceAll(formtext.Visible(t), "/", " ")), ",") {
			if part = strings.Trim(part, trimmed); part != "" {
				tags = append(tags, part)
			}
		}
	}
	return distinct(tags)
}

// checks collects everything that is wrong with an input, so that one response reports all of it.
type checks struct{ fields []problem.Field }

func (c *checks) add(name string, code problem.FieldCode, args ...any) {
	for _, f := range c.fields {
		if f.Name == name {
			return // report only one problem of each field
		}
	}
	c.fields = append(c.fields, problem.Field{Name: name, Code: code, Args: args})
}

// length checks the length of a text in characters; a maxLength of 0 means that there is no limit.
func (c *checks) length(name, text string, minLength, maxLength int) {
	n := utf8.RuneCountInString(text)
	switch {
	case n < minLength && minLength == 1:
		c.add(name, problem.FieldRequired)
	case n < minLength:
		c.add(name, problem.FieldTooShort, minLength)
	case maxLength > 0 && n > maxLength:
		c.add(name, problem.FieldTooLong, maxLength)
	}
}

func (c *checks) err() error {
	if len(c.fields) == 0 {
		return nil
	}
	return problem.Invalid(c.fields...)
}

// question checks a question's title and content and, if tagged is set, its tags against the site's
// limits.
func (c *checks) question(o *site.Options, p *post, tagged bool) {
	title := titleRange(o)
	c.length("title", p.title, title.Min, title.Max)
	c.content(o, p, KindQuestion)
	if tagged {
		c.tags(o, p.tags)
	}
}

// content checks that the content of a post fits its column and that, as plain text, it is not too
// short for its kind.
func (c *checks) content(o *site.Options, p *post, kind Kind) {
	if utf8.RuneCountInString(p.content) > maxContent {
		c.add("content", problem.FieldTooLong, maxContent)
		return
	}
	c.length("content", TextOf(p.content, p.format), o.Int(optionsOf(kind).minLength), 0)
}

func (c *checks) tags(o *site.Options, joined string) {
	if !o.UsingTags() {
		return
	}
	allowed := tagRange(o)
	switch n := len(tagList(joined)); {
	case n < allowed.Min:
		c.add("tags", problem.FieldTooFew, allowed.Min)
	case n > allowed.Max:
		c.add("tags", problem.FieldTooMany, allowed.Max)
	default:
		c.length("tags", joined, 0, maxTags)
	}
}

// person checks the e-mail address and the name that an author sent.
func (c *checks) person(w *Writing) {
	if w.Notify != nil && *w.Notify && w.Email != nil && *w.Email != "" {
		email := formtext.Exact(*w.Email)
		if !auth.ValidEmail(email) {
			c.add("email", problem.FieldBadEmail)
		}
		c.length("email", email, 0, maxEmail)
	}
	if w.Name != nil {
		c.length("name", formtext.Line(*w.Name), 0, maxName)
	}
}

// author sets the author of a new post, the wish to be notified and, if the author is anonymous, the
// name and the cookie.
func (c *change) author(p *post, w *Writing) error {
	p.userID = c.Caller.UserID
	p.notify = notifyOf(p.userID, w.Notify != nil && *w.Notify, w.Email)
	if !c.Caller.Anonymous() {
		return nil
	}
	if c.Options.Bool(option.AllowAnonymousNaming) { // Q2A's form sends a name, even an empty one
		if p.hasName = true; w.Name != nil {
			p.name = formtext.Line(*w.Name)
		}
	}
	cookie, err := auth.CookieFor(c.Ctx, c.Tx, c.Caller)
	if err != nil {
		return err
	}
	p.cookieID, c.Caller.CookieID = cookie, cookie
	return nil
}

// notifyOf returns the wish to be notified as Q2A stores it: an e-mail address, "@" for the address of
// the author's account, or "" for no notification.
func notifyOf(userID int, notify bool, email *string) string {
	switch {
	case !notify:
		return ""
	case email != nil && formtext.Exact(*email) != "":
		return formtext.Exact(*email)
	case userID != 0:
		return "@"
	}
	return ""
}

// level returns the caller's level for a post in the category with the given path of ids.
func (c *change) level(path []int) int { return c.Caller.LevelIn(path...) }
