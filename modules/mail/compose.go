package mail

import (
	"context"
	"errors"
	"fmt"
	netmail "net/mail"
	"strings"
	"text/template"
	"time"

	gomail "github.com/wneessen/go-mail"

	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/site/option"
)

// user is the part of a user's row that mails need.
type user struct {
	email, handle, code string
	level, flags        int
}

// content is the data for the templates of mails. The templates use the exported fields.
type content struct {
	// Site is the name of the site. Address is its address, "" if that is not known.
	Site, Address string
	Handle        string
	// Code and Link let the user confirm an address or set a password, for example; "" if the mail
	// has none.
	Code, Link string
	Profile    string
	// Waiting reports whether the user waits for a moderator's approval.
	Waiting bool

	options *site.Options
	links   links
	user    user
}

// unconfirmed reports whether the user's address is not confirmed yet and there is a code to
// confirm it with.
func (c *content) unconfirmed() bool { return c.user.code != "" && c.user.flags&emailConfirmed == 0 }

// text holds the templates of one kind of mail in one language.
type text struct{ subject, body *template.Template }

// signature is the end of every mail.
const signature = "\n-- \n{{.Site}}\n{{if .Address}}{{.Address}}\n{{end}}"

// parse returns the templates of a mail that is written as the subject, an empty line and the body.
func parse(mail string) text {
	subject, body, _ := strings.Cut(mail, "\n\n")
	return text{template.Must(template.New("subject").Parse(subject)),
		template.Must(template.New("body").Parse(body + signature))}
}

func (t text) render(c *content) (subject, body string, err error) {
	var s, b strings.Builder
	if err := errors.Join(t.subject.Execute(&s, c), t.body.Execute(&b, c)); err != nil {
		return "", "", err
	}
	return oneLine(s.String()), b.String(), nil
}

// oneLine returns the text with line breaks and other control characters replaced by spaces, so
// that it may stand in a header.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

// compose returns the mail of a row of the queue, as the user's data is now. Its error is a gone if
// the mail is not needed any more, and an outage if the data cannot be read.
func (m *Module) compose(ctx context.Context, r *row) (*gomail.Msg, error) {
	k, known := kinds[r.kind]
	if !known { // a newer release has queued it, and its processes will send it
		return nil, fmt.Errorf("mail %q: there is no such kind", r.kind)
	}
	o, err := m.site.Options(ctx)
	if err != nil {
		return nil, outage{err}
	}
	c, err := m.about(ctx, o, r.userID)
	if err != nil {
		return nil, err
	}
	if k.code != "" {
		if c.user.code, err = m.settings.Code(ctx, r.userID, c.user.email, k.code); err != nil {
			return nil, outage{fmt.Errorf("ask for the code of a mail: %w", err)}
		}
	}
	to := c.user.email
	if k.toSite {
		to = o.String(option.FeedbackEmail)
	}
	recipient, err := netmail.ParseAddress(to)
	if err != nil { // err is dropped because it contains the address
		return nil, gone("there is no valid address")
	}
	if unneeded := k.prepare(c); unneeded != "" {
		return nil, unneeded
	}
	japanese := strings.HasPrefix(o.String(option.SiteLanguage), "ja")
	t := k.en
	if japanese {
		t = k.ja
	}
	subject, body, err := t.render(c)
	if err != nil {
		return nil, fmt.Errorf("write mail %s: %w", r.kind, err)
	}
	msg := gomail.NewMsg(gomail.WithEncoding(m.target.encoding(japanese)), gomail.WithNoDefaultUserAgent())
	msg.FromMailAddress(m.sender(o, c))
	msg.ToMailAddress(&netmail.Address{Address: recipient.Address})
	msg.Subject(subject)
	msg.SetDateWithValue(time.Unix(m.db.Now(), 0).UTC())
	// The Message-ID depends on the row alone, whichever process sends it and however often.
	msg.SetMessageIDWithValue(fmt.Sprintf("q2ab.%d.%d.%d@%s", r.created, r.seq, r.id, c.links.host()))
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetBodyString(gomail.TypeTextPlain, body)
	return msg, nil
}

// about returns the data about a user and the site that all kinds of mail share.
func (m *Module) about(ctx context.Context, o *site.Options, userID int) (*content, error) {
	address := m.site.SiteURL(o)
	c := &content{Site: oneLine(o.String(option.SiteTitle)), Address: address, options: o}
	if !strings.Contains(address, "://") {
		c.Address = ""
	}
	c.links = links{site: address, neat: o.String(option.NeatURLs) == "1",
		confirmPage: m.settings.ConfirmURL, resetPage: m.settings.ResetURL}
	if c.Site == "" {
		c.Site = c.links.host()
	}
	u := &c.user
	found, err := m.db.Get(ctx, []any{&u.email, &u.handle, &u.level, &u.flags},
		"SELECT email, handle, level, flags FROM {users} WHERE userid = ?", userID)
	if err != nil {
		return nil, outage{fmt.Errorf("read the user of a mail: %w", err)}
	}
	if !found {
		return nil, gone("the user is gone")
	}
	c.Handle = oneLine(u.handle)
	c.Waiting = o.Bool(option.ModerateUsers) && u.level < levelApproved
	return c, nil
}

// sender returns the sender of mails: the address in the settings, or else that in the option
// from_email, or else a no-reply address at the site's host.
func (m *Module) sender(o *site.Options, c *content) *netmail.Address {
	for _, address := range []string{m.settings.From, o.String(option.FromEmail)} {
		if a, err := netmail.ParseAddress(address); err == nil {
			return &netmail.Address{Name: c.Site, Address: a.Address}
		}
	}
	return &netmail.Address{Name: c.Site, Address: "no-reply@" + c.links.host()}
}
