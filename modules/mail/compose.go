package mail

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	netmail "net/mail"
	"strings"
	"text/template"
	"time"

	gomail "github.com/wneessen/go-mail"

	"38qa.net/backend/modules/auth"
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
	// Until is the day until which the link works, of links that expire.
	Until string
	// Waiting reports whether the user waits for a moderator's approval.
	Waiting bool
	// Post is the post that the mail is about, nil if it is about none.
	Post *Post
	// Message is the text of the message that the mail is about.
	Message string
	// Who is the name of the user or visitor who did what the mail reports.
	Who string
	// Flags is how many flags the post has.
	Flags int
	// Number, Step and PostType are which of its kind the mail is about, and the word for such a post.
	Number, Step int
	PostType     string
	// Items and MoreItems are posts that the mail lists, and Begin is what the site says before them.
	Items, MoreItems []listedPost
	Begin            string
	// Figures are what the mail with statistics shows, and CSV is the same for spreadsheets.
	Figures []figure
	CSV     string
	// NoMore says what the link Unsubscribe is for.
	NoMore string
	// Unsubscribe is the address that turns such mails off, "" for mails that nobody can turn off.
	Unsubscribe string
	// Feedback is who wrote to the site, nil in other mails.
	Feedback *feedbackFrom
	// Why is why the recipient is told of a post, in mails about what they follow.
	Why followed
	// Digest is what a digest tells of, nil in other mails.
	Digest *digestContent

	// stops, if it is not "", is the topic that the link Unsubscribe turns off instead of the kind's.
	stops   topic
	options *site.Options
	links   links
	user    user
	// from is the sender, if it is not the site's usual one; replyTo is where answers go, if not there.
	from, replyTo *netmail.Address
	// letter is the text of a mailing, in the site's own words.
	letter ownText
}

// unconfirmed reports whether the user's address is not confirmed yet and there is a code to
// confirm it with.
func (c *content) unconfirmed() bool {
	return c.user.code != "" && c.user.flags&auth.FlagEmailConfirmed == 0
}

// text holds the templates of one kind of mail in one language.
type text struct{ subject, body *template.Template }

// signature is the end of every mail.
const signature = "\n-- \n{{.Site}}\n{{if .Address}}{{.Address}}\n{{end}}" +
	"{{with .Unsubscribe}}{{$.NoMore}}\n{{.}}\n{{end}}"

var signatureTemplate = template.Must(template.New("signature").Parse(signature))

// functions are what the templates of bodies can call.
var functions = template.FuncMap{"quote": quote}

// maxQuoted is how many characters of a post or a message a mail shows.
const maxQuoted = 4000

// quote returns a text that people wrote with a "> " before each line, as mail programs quote, and cut
// to maxQuoted characters.
func quote(written string) string {
	if r := []rune(written); len(r) > maxQuoted {
		written = string(r[:maxQuoted]) + " …"
	}
	lines := strings.Split(strings.TrimSpace(written), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight("> "+oneLine(line), " ")
	}
	return strings.Join(lines, "\n")
}

// What the link is for by which people unsubscribe.
const (
	noMoreEn = "No more mails like this one:"
	noMoreJa = "このようなメールの配信停止:"
)

// parse returns the templates of a mail that is written as the subject, an empty line and the body.
func parse(mail string) text {
	subject, body, _ := strings.Cut(mail, "\n\n")
	return text{template.Must(template.New("subject").Parse(subject)),
		template.Must(template.New("body").Funcs(functions).Parse(body + signature))}
}

func (t text) render(c *content) (subject, body string, err error) {
	var s, b strings.Builder
	if err := errors.Join(t.subject.Execute(&s, c), t.body.Execute(&b, c)); err != nil {
		return "", "", err
	}
	return oneLine(s.String()), b.String(), nil
}

// write returns the subject and the body of a mail, in the site's own words where it has some.
func (k kind) write(c *content, japanese bool) (subject, body string, err error) {
	t := k.en
	if japanese {
		t = k.ja
	}
	if subject, body, err = t.render(c); err != nil || k.own == nil {
		return subject, body, err
	}
	own := k.own(c).filled(c)
	switch {
	case own.title == "":
	case own.whole:
		subject = own.title
	case japanese:
		subject = "【" + c.Site + "】" + own.title
	default:
		subject = c.Site + ": " + own.title
	}
	if own.body != "" {
		var end strings.Builder
		err = signatureTemplate.Execute(&end, c)
		body = plain(own.body) + "\n" + end.String()
	}
	return subject, body, err
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

// The most characters of a subject and of the sender's name. Lines of a header have at most 998 bytes, and
// words are not divided.
const (
	maxSubject = 250
	maxName    = 80
)

// headerText returns a text as it may stand in a header: in one line, not too long, and without what mail
// programs would take for encoded words and decode.
func headerText(s string, longest int) string {
	s = strings.ReplaceAll(oneLine(strings.ToValidUTF8(s, "?")), "=?", "= ?")
	if r := []rune(s); len(r) > longest {
		s = string(r[:longest-1]) + "…"
	}
	return s
}

// compose returns the mail of a row of the queue, as the data is now. Its error is a gone if the mail is
// not needed any more, and an outage if the data cannot be read.
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
	if k.engaging && r.userID != 0 {
		if reason := mayEngage(o, c.user.level, c.user.flags); reason != "" {
			return nil, reason
		}
	}
	if k.code != "" {
		if c.user.code, err = m.settings.Code(ctx, r.userID, c.user.email, k.code); err != nil {
			return nil, outage{fmt.Errorf("ask for the code of a mail: %w", err)}
		}
	}
	if k.topic != "" && r.userID != 0 {
		wanted, err := wants(ctx, m.db, r.userID, k.topic)
		if err != nil {
			return nil, outage{err}
		}
		if !wanted {
			return nil, gone("the user has turned such mails off")
		}
	}
	to, err := m.recipient(ctx, o, k, r, c)
	if err != nil {
		return nil, err
	}
	if err := m.checkAddress(ctx, k, to); err != nil {
		return nil, err
	}
	if err := m.tell(ctx, k, r, c); err != nil {
		return nil, err
	}
	if err := m.tellFollowed(ctx, k, r, c); err != nil {
		return nil, err
	}
	k.topic = cmp.Or(c.stops, k.topic)
	if k.load != nil {
		if err := k.load(m, ctx, r, c); err != nil {
			return nil, err
		}
	}
	if k.prepare != nil {
		if unneeded := k.prepare(c); unneeded != "" {
			return nil, unneeded
		}
	}
	japanese := strings.HasPrefix(o.String(option.SiteLanguage), "ja")
	anonymous := "anonymous"
	c.NoMore = noMoreEn
	if japanese {
		anonymous, c.NoMore = "匿名", noMoreJa
	}
	c.Who = cmp.Or(oneLine(c.Who), anonymous)
	if c.Unsubscribe, err = m.unsubscribeLink(ctx, k, r); err != nil {
		return nil, outage{err}
	}
	subject, body, err := k.write(c, japanese)
	if err != nil {
		return nil, fmt.Errorf("write mail %s: %w", r.kind, err)
	}
	msg := gomail.NewMsg(gomail.WithEncoding(m.target.encoding(japanese)), gomail.WithNoDefaultUserAgent())
	msg.FromMailAddress(m.sender(o, c))
	msg.ToMailAddress(&netmail.Address{Address: to})
	msg.Subject(headerText(subject, maxSubject))
	msg.SetDateWithValue(time.Unix(m.db.Now(), 0).UTC())
	id, err := m.messageID(ctx, r, to, c.links.host())
	if err != nil {
		return nil, outage{err}
	}
	msg.SetMessageIDWithValue(id)
	if c.Post != nil { // mail programs show all mails about a question together
		thread := fmt.Sprintf("<q2ab.question.%d@%s>", c.Post.QuestionID, c.links.host())
		msg.SetGenHeader(gomail.HeaderInReplyTo, thread)
		msg.SetGenHeader(gomail.HeaderReferences, thread)
	}
	if c.replyTo != nil {
		msg.ReplyToMailAddress(c.replyTo)
	}
	if c.Feedback != nil && k.toSite && validAddress(c.Feedback.Email) {
		msg.ReplyToMailAddress(&netmail.Address{Name: headerText(c.Feedback.Name, maxName),
			Address: c.Feedback.Email})
	}
	if c.Unsubscribe != "" { // RFC 8058: mail programs show a button that does it
		msg.SetGenHeader(gomail.HeaderListUnsubscribe, "<"+c.Unsubscribe+">")
		msg.SetGenHeader(gomail.HeaderListUnsubscribePost, "List-Unsubscribe=One-Click")
	}
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetBodyString(gomail.TypeTextPlain, body)
	msg.AddAlternativeString(gomail.TypeTextHTML, page(subject, body, c.Unsubscribe, japanese))
	return msg, nil
}

// recipient returns the address to which a mail goes. It is the site's own, or that which the
// recipient's post names, or that of the recipient's account.
func (m *Module) recipient(
	ctx context.Context, o *site.Options, k kind, r *row, c *content,
) (address string, err error) {
	address = c.user.email
	switch {
	case k.toSite:
		address = o.String(option.FeedbackEmail)
	case k.address != nil:
		address = k.address(c, r)
	case r.postID != 0:
		list, err := readSubscribers(ctx, m.db, "postid = ?", r.postID)
		if err != nil {
			return "", outage{err}
		}
		if len(list) == 0 || list[0].userID != r.userID {
			return "", gone("the post does not ask for mails any more")
		}
		if validAddress(list[0].notify) {
			address = list[0].notify
		}
	}
	recipient, err := netmail.ParseAddress(address)
	if err != nil { // err is dropped because it contains the address
		return "", gone("there is no valid address")
	}
	return recipient.Address, nil
}

// checkAddress returns a gone if nothing is to be mailed to the address. Mails that confirm an address are
// sent nevertheless, since that is how people show that it works, and so are mails to the site itself,
// which has nobody who could confirm its address.
func (m *Module) checkAddress(ctx context.Context, k kind, address string) error {
	if k.code == "confirm" || k.toSite {
		return nil
	}
	problem, err := m.AddressProblem(ctx, address)
	switch {
	case err != nil:
		return outage{err}
	case problem == addressBounced:
		return gone("mails to the address came back")
	case problem != "":
		return gone("the address's owner has reported a mail as spam")
	}
	return nil
}

// tell reads the post or the message that a mail is about, and the name of who wrote it or acted on it.
func (m *Module) tell(ctx context.Context, k kind, r *row, c *content) (err error) {
	if k.aboutPost {
		// The site's own mails show blocked words too, so that moderators see them.
		if c.Post, err = m.settings.Post(ctx, r.about.Post, !k.toSite); err != nil {
			return outage{fmt.Errorf("read the post of a mail: %w", err)}
		}
		if c.Post == nil || !c.Post.Visible && !k.toSite {
			return gone("the post is gone")
		}
		c.Post.Title, c.Who, c.Flags = oneLine(c.Post.Title), c.Post.Author, r.about.Flags
	}
	c.Feedback, c.Number, c.Step = r.about.Feedback, r.about.Number, r.about.Step
	if k.aboutMessage {
		c.Message = r.about.Text
		if r.about.Message != 0 {
			var text, format string
			found, err := m.db.Get(ctx, []any{&text, &format},
				"SELECT content, format FROM {messages} WHERE messageid = ?", r.about.Message)
			if err != nil {
				return outage{fmt.Errorf("read the message of a mail: %w", err)}
			}
			if !found {
				return gone("the message is gone")
			}
			c.Message = m.settings.Text(text, format)
		}
		if k.censored {
			if c.Message, err = m.settings.Censor(ctx, c.Message); err != nil {
				return outage{err}
			}
		}
	}
	if r.about.By == 0 {
		return nil
	}
	if _, err := m.db.Get(ctx, []any{&c.Who}, "SELECT handle FROM {users} WHERE userid = ?",
		r.about.By); err != nil {
		return outage{fmt.Errorf("read who caused a mail: %w", err)}
	}
	return nil
}

// about returns the data about a user and the site that all kinds of mail share. The user's data is empty
// if the id is 0.
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
	if userID == 0 {
		return c, nil
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
	c.Waiting = o.Bool(option.ModerateUsers) && u.level < auth.LevelApproved
	return c, nil
}

// sender returns the sender of mails: the address in the settings, or else that in the option
// from_email, or else a no-reply address at the site's host.
func (m *Module) sender(o *site.Options, c *content) *netmail.Address {
	if c.from != nil {
		return c.from
	}
	for _, address := range []string{m.settings.From, o.String(option.FromEmail)} {
		if a, err := netmail.ParseAddress(address); err == nil {
			return &netmail.Address{Name: headerText(c.Site, maxName), Address: a.Address}
		}
	}
	return &netmail.Address{Name: headerText(c.Site, maxName), Address: "no-reply@" + c.links.host()}
}
