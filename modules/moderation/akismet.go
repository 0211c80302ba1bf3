package moderation

import (
	"cmp"
	"context"
	"errors"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"38qa.net/backend/modules/qa"
)

// akismetName is the name of the service in rows, responses and logs.
const akismetName = "akismet"

// akismetURL is the address of Akismet itself, according to its documentation.
const akismetURL = "https://rest.akismet.com/1.1/"

// akismet asks a service with Akismet's protocol about posts.
type akismet struct {
	key   string
	base  string // ends in "/"
	guard *guard
}

func newAkismet(key, address string) *akismet {
	return &akismet{key: key, base: strings.TrimRight(cmp.Or(address, akismetURL), "/") + "/",
		guard: newGuard(akismetName, address != "")}
}

// submission is a post as the service is told of it, the same when it is asked and when it is told of a
// decision.
type submission struct {
	*qa.Draft
	// Site is the address of the site, and Language its language, such as "ja".
	Site, Language string
	UserAgent      string
}

// akismetTypes are Akismet's words for the kinds of posts.
var akismetTypes = map[qa.Kind]string{
	qa.KindQuestion: "forum-post", qa.KindAnswer: "reply", qa.KindComment: "reply",
}

// form returns the fields of the protocol. The e-mail address of the author is not among what is sent.
func (a *akismet) form(s *submission) url.Values {
	form := url.Values{
		"api_key": {a.key}, "blog": {s.Site}, "blog_charset": {"UTF-8"}, "blog_lang": {s.Language},
		"user_ip": {""}, "user_agent": {s.UserAgent}, "permalink": {s.Thread},
		"comment_type": {akismetTypes[s.Kind]}, "comment_author": {s.Name},
		"comment_content": {strings.TrimSpace(s.Title + "\n\n" + s.Text)},
	}
	if s.IP.IsValid() {
		form.Set("user_ip", s.IP.Unmap().WithZone("").String())
	}
	for name := range form {
		if form.Get(name) == "" && name != "user_ip" { // which the protocol requires
			form.Del(name)
		}
	}
	return form
}

// check asks whether a post is spam. verdict is "" if it is not.
func (a *akismet) check(ctx context.Context, s *submission, limit time.Duration) (verdict string, err error) {
	err = a.guard.post(ctx, a.base+"comment-check", a.form(s), limit, func(r response) error {
		verdict, err = akismetVerdict(r)
		return err
	})
	return verdict, err
}

// akismetVerdict reads the response to comment-check. The body is "true" for spam and "false" otherwise, and
// a header tells of spam that is beyond doubt. Anything else is an error, such as a wrong key.
func akismetVerdict(r response) (verdict string, err error) {
	switch strings.TrimSpace(string(r.body)) {
	case "false":
		return "", nil
	case "true":
		if r.header.Get("X-Akismet-Pro-Tip") == "discard" {
			return "blatant", nil
		}
		return "spam", nil
	case "invalid":
		return "", errors.New("the key is not good, or the service takes the request for wrong")
	}
	return "", errors.New("the response is none of the protocol's")
}

// tell says what moderators decided about a post, so that the service learns from it.
func (a *akismet) tell(ctx context.Context, s *submission, spam bool) error {
	method := "submit-ham"
	if spam {
		method = "submit-spam"
	}
	return a.guard.post(ctx, a.base+method, a.form(s), tellTime, func(r response) error {
		if strings.TrimSpace(string(r.body)) == "invalid" {
			return errors.New("the key is not good, or the service takes the request for wrong")
		}
		return nil
	})
}

// maxUserAgent is how many characters of a user agent are kept and sent.
const maxUserAgent = 255

// shortUserAgent returns a User-Agent header as it is kept and sent.
func shortUserAgent(header string) string {
	header = strings.ToValidUTF8(strings.ReplaceAll(header, "\x00", ""), "")
	if utf8.RuneCountInString(header) > maxUserAgent {
		header = string([]rune(header)[:maxUserAgent])
	}
	return header
}
