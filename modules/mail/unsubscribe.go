package mail

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
)

// unsubscribePath is the address of the page that turns mails off. It is outside of the API's own form,
// because mail programs send forms there (RFC 8058).
const unsubscribePath = "/v1/unsubscribe"

// subscription is what a link in a mail turns off: a topic's mails to a member, or, for visitors, the
// mails for which their post asks.
type subscription struct {
	UserID int   `json:"u,omitempty"`
	Topic  topic `json:"t,omitempty"`
	PostID int   `json:"p,omitempty"`
}

// macSize is the length of a link's signature, in bytes.
const macSize = 16

// unsubscribeLink returns the address that turns off mails such as that of the row. It is "" for mails
// that nobody can turn off, and where the API's own address is not known (PUBLIC_URL).
func (m *Module) unsubscribeLink(ctx context.Context, k kind, r *row) (string, error) {
	api := m.site.APIURL()
	if k.topic == "" || r.userID == 0 && r.postID == 0 || !strings.Contains(api, "://") {
		return "", nil
	}
	s := subscription{UserID: r.userID, Topic: k.topic}
	if r.userID == 0 {
		s.PostID = r.postID
	}
	token, err := m.sign(ctx, s)
	return strings.TrimSuffix(api, "/") + unsubscribePath + "?token=" + token, err
}

func (m *Module) mac(ctx context.Context, text []byte) ([]byte, error) {
	key, err := m.signing.Read(ctx, m.db)
	if err != nil {
		return nil, err
	}
	h := hmac.New(sha256.New, key)
	h.Write(text)
	return h.Sum(nil)[:macSize], nil
}

// sign returns the token that stands for a subscription.
func (m *Module) sign(ctx context.Context, s subscription) (string, error) {
	text, err := json.Marshal(s)
	if err != nil {
		return "", err
	}
	mac, err := m.mac(ctx, text)
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(append(mac, text...)), nil
}

// verify returns the subscription for which a token stands, or not_found if the site has not made the
// token.
func (m *Module) verify(ctx context.Context, token string) (s subscription, err error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(raw) <= macSize {
		return s, problem.NotFound()
	}
	mac, err := m.mac(ctx, raw[macSize:])
	if err != nil {
		return s, err
	}
	if !hmac.Equal(mac, raw[:macSize]) {
		return s, problem.NotFound()
	}
	err = json.Unmarshal(raw[macSize:], &s)
	return s, err
}

type unsubscribeInput struct {
	Token string `query:"token" required:"true" maxLength:"500" doc:"Stands in the link of the mail"`
}

type unsubscribeOutput struct {
	ContentType    string `header:"Content-Type"`
	Policy         string `header:"Content-Security-Policy"`
	ReferrerPolicy string `header:"Referrer-Policy"`
	CacheControl   string `header:"Cache-Control"`
	Body           []byte
}

func (m *Module) registerUnsubscribe(api huma.API) {
	operation := func(id, method, summary string) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: unsubscribePath, Summary: summary,
			Tags: []string{"Site"}, Errors: []int{http.StatusNotFound},
			Responses: map[string]*huma.Response{"200": {Description: "A page in Japanese or English",
				Content: map[string]*huma.MediaType{"text/html": {Schema: &huma.Schema{Type: huma.TypeString}}}}}}
	}
	// GET only asks, since programs that look at the links of mails must not turn anything off.
	web.Register(api,
		operation("ask-to-unsubscribe", http.MethodGet, "A page that asks whether mails are to be turned off"),
		func(ctx context.Context, in *unsubscribeInput) (*unsubscribeOutput, error) {
			if _, err := m.verify(ctx, in.Token); err != nil {
				return nil, err
			}
			return m.unsubscribePage(ctx, false)
		})
	turnOff := operation("unsubscribe-by-link", http.MethodPost, "Turn mails off by a link in a mail, without signing in")
	turnOff.Description = "The address is in the header List-Unsubscribe of mails. Mail programs send " +
		"List-Unsubscribe=One-Click as a form (RFC 8058); the body is not looked at. Mails that are queued " +
		"already do not leave any more."
	web.Register(api, turnOff, func(ctx context.Context, in *unsubscribeInput) (*unsubscribeOutput, error) {
		s, err := m.verify(ctx, in.Token)
		if err != nil {
			return nil, err
		}
		if err := m.unsubscribe(ctx, s); err != nil {
			return nil, err
		}
		return m.unsubscribePage(ctx, true)
	})
}

// unsubscribePage returns the page that asks, or that tells that it is done.
func (m *Module) unsubscribePage(ctx context.Context, done bool) (*unsubscribeOutput, error) {
	o, err := m.site.Options(ctx)
	if err != nil {
		return nil, err
	}
	about, err := m.about(ctx, o, 0)
	if err != nil {
		return nil, err
	}
	text := unsubscribeTexts["en"]
	if web.ClientOf(ctx).Language == problem.Japanese {
		text = unsubscribeTexts["ja"]
	}
	var page bytes.Buffer
	if err := unsubscribeTemplate.Execute(&page,
		map[string]any{"Text": text, "Site": about.Site, "Done": done}); err != nil {
		return nil, err
	}
	return &unsubscribeOutput{ContentType: "text/html; charset=utf-8", CacheControl: "no-store",
		Policy:         "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'",
		ReferrerPolicy: "no-referrer", Body: page.Bytes()}, nil
}

// unsubscribe turns mails off. It does nothing if they are off already, or if the account or the post is
// gone.
func (m *Module) unsubscribe(ctx context.Context, s subscription) error {
	if s.UserID == 0 {
		if err := m.settings.StopTelling(ctx, s.PostID); err != nil {
			return fmt.Errorf("unsubscribe: %w", err)
		}
		return nil
	}
	if s.Topic == topicMailings {
		return m.settings.Auth.RefuseMailings(ctx, s.UserID)
	}
	return m.db.Tx(ctx, func(tx *database.DB) error {
		var there int
		found, err := tx.Get(ctx, []any{&there}, "SELECT 1 FROM {users} WHERE userid = ?", s.UserID)
		if err != nil || !found {
			return err
		}
		if often, ok := frequencyOf[s.Topic]; ok {
			return stopFollowMails(ctx, tx, s.UserID, often)
		}
		p, err := preferencesOf(ctx, tx, s.UserID)
		if err != nil {
			return err
		}
		p.each(func(t topic, c *channels) {
			if t == s.Topic && err == nil {
				err = choose(ctx, tx, s.UserID, t, channels{Inbox: c.Inbox, Push: c.Push})
			}
		})
		return err
	})
}

var unsubscribeTexts = map[string]map[string]string{
	"en": {"Language": "en", "Title": "Mails from", "Ask": "Do you want no more mails like the one that you came from?",
		"Button": "No more mails like this", "Done": "Done. You will get no more such mails."},
	"ja": {"Language": "ja", "Title": "メール配信:", "Ask": "このようなメールの配信を停止しますか？",
		"Button": "配信を停止する", "Done": "配信を停止しました。"},
}

// unsubscribeTemplate is the page for people who have not signed in, wherever the site's own pages are.
var unsubscribeTemplate = template.Must(template.New("unsubscribe").Parse(`<!DOCTYPE html>
<html lang="{{.Text.Language}}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>{{.Text.Title}} {{.Site}}</title>
<style>
body { max-width: 34rem; margin: 4rem auto; padding: 0 1.25rem; font: 1rem/1.8 system-ui, sans-serif; background: #f6f3ec; color: #2b2720 }
button { min-height: 3rem; padding: 0 1.5rem; border: 0; border-radius: .5rem; background: #8a5a00; color: #fff; font: inherit }
@media (prefers-color-scheme: dark) { body { background: #1b1a17; color: #ece7db } button { background: #f2b84b; color: #1b1a17 } }
</style>
</head>
<body>
<main>
<h1>{{.Text.Title}} {{.Site}}</h1>
{{if .Done}}<p role="status">{{.Text.Done}}</p>
{{else}}<p>{{.Text.Ask}}</p>
<form method="post"><button>{{.Text.Button}}</button></form>
{{end}}</main>
</body>
</html>
`))
