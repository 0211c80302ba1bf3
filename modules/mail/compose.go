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
)

// user is what mails need of a user's row.
type user struct {
	email, handle, code string
	level, flags        int
}

// content is what the texts of mails are made of.
type content struct {
	// Site is the name of the site, Address its address.
	Site, Address string
	Handle        string
	// Code and Link are what the user is to do something with; "" if there is nothing.
	Code, Link string
	Profile    string
	// Waiting tells that the user waits for a moderator's approval.
	Waiting bool

	options *site.Options
	links   links
	user    user
}

// unconfirmed tells whether the user has a code and may confirm the address with it.
func (c *content) unconfirmed() bool { return c.user.code != "" && c.user.flags&emailConfirmed == 0 }

// text is the template of a mail in one language.
type text struct{ subject, body *template.Template }

// signature ends every mail.
const signature = "\n-- \n{{.Site}}\n{{if .Address}}{{.Address}}\n{{end}}"

// parse makes a text of the subject, an empty line and the body.
func parse(mail string) text {
	subject, body, _ := strings.Cut(mail, "\n\n")
	return text{template.Must(template.New("subject").Parse(subject)), template.Must(template.New("body").Parse(body + signature))}
}

func (t text) render(c *content) (subject, body string, err error) {
	var s, b strings.Builder
	if err := errors.Join(t.subject.Execute(&s, c), t.body.Execute(&b, c)); err != nil {
		return "", "", err
	}
	return oneLine(s.String()), b.String(), nil
}

// oneLine is a text without line breaks and other control characters, for a header.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

// compose writes a mail as things are now; gone if there is nothing to write any more.
func (m *Module) compose(ctx context.Context, r *row) (*gomail.Msg, error) {
	k, known := kinds[r.kind]
	if !known { // of a newer release, whose processes send it
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
		to = o.String("feedback_email")
	}
	recipient, err := netmail.ParseAddress(to)
	if err != nil { // which would have the address in it
		return nil, gone("there is no valid address")
	}
	if unneeded := k.prepare(c); unneeded != "" {
		return nil, unneeded
	}
	japanese := strings.HasPrefix(o.String("site_language"), "ja")
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
	// The same whenever and by whomever this row is sent.
	msg.SetMessageIDWithValue(fmt.Sprintf("q2ab.%d.%d.%d@%s", r.created, r.seq, r.id, c.links.host()))
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetBodyString(gomail.TypeTextPlain, body)
	return msg, nil
}

// about reads what all kinds of mail say about a user.
func (m *Module) about(ctx context.Context, o *site.Options, userID int) (*content, error) {
	address := m.site.SiteURL(o)
	c := &content{Site: oneLine(o.String("site_title")), Address: address, options: o}
	if !strings.Contains(address, "://") {
		c.Address = ""
	}
	c.links = links{site: address, neat: o.String("neat_urls") == "1", confirmPage: m.settings.ConfirmURL, resetPage: m.settings.ResetURL}
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
	c.Waiting = o.Bool("moderate_users") && u.level < levelApproved
	return c, nil
}

// sender is whom mails come from: the address of the settings, or else that of the option from_email, or one of the site's host
// that takes no answers.
func (m *Module) sender(o *site.Options, c *content) *netmail.Address {
	for _, address := range []string{m.settings.From, o.String("from_email")} {
		if a, err := netmail.ParseAddress(address); err == nil {
			return &netmail.Address{Name: c.Site, Address: a.Address}
		}
	}
	return &netmail.Address{Name: c.Site, Address: "no-reply@" + c.links.host()}
}
