package qa

import (
	"context"
	"net/netip"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/formtext"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/site/option"
)

// Screening is a look at new posts that the module moderation takes before they are written.
type Screening interface {
	// Suspects reports whether posts of the caller are looked at at all.
	Suspects(o *site.Options, c auth.Caller) bool
	// Screen returns what is suspicious about a post, or nil. It may ask other services, so it must not be
	// called within a transaction. It takes two seconds at most.
	Screen(ctx context.Context, o *site.Options, d *Draft) *Suspicion
	// Keep stores, in the transaction that writes the post, why it was queued.
	Keep(ctx context.Context, tx *database.DB, postID int, s *Suspicion) error
	// Reviews returns what moderators are told of the posts with the given ids, by id.
	Reviews(ctx context.Context, ids []int) (map[int]Review, error)
}

// UseScreening tells the module who looks at new posts. It must be called before the application serves
// requests.
func (m *Module) UseScreening(s Screening) { m.screening = s }

// Draft is what a look at a post is given of it.
type Draft struct {
	Kind Kind
	// UserID is the id of the author, 0 for visitors.
	UserID int
	// Name is the author's handle, or the name that a visitor gives.
	Name string
	// IP is the address that the post comes from, or the zero Addr if that is not known.
	IP netip.Addr
	// Title is the title of a question. Text is the plain text of the post.
	Title, Text string
	// Thread is the address of the question that is answered or commented on, "" for questions.
	Thread string
}

// postingRules are the option and the hourly limit that govern who writes posts of a kind.
var postingRules = map[Kind]struct {
	permission option.Key
	limit      auth.Action
}{
	KindQuestion: {option.PermitPostQ, auth.Questions},
	KindAnswer:   {option.PermitPostA, auth.Answers},
	KindComment:  {option.PermitPostC, auth.Comments},
}

// screen returns what is suspicious about the post that the caller wants to write below the parent, 0 for a
// question. The post is queued then. Nobody is asked about posts that will be refused, nor again when a
// request is repeated; whatever fails here fails once more in the transaction, which reports it.
func (m *Module) screen(
	ctx context.Context, kind Kind, parent int, title string, w *Writing, text *content,
) *Suspicion {
	o, err := m.site.Options(ctx)
	caller := auth.CallerOf(ctx)
	if err != nil || text == nil || m.screening == nil || !m.screening.Suspects(o, caller) {
		return nil
	}
	rule := postingRules[kind]
	if auth.Refusal(o, caller, rule.permission, caller.MaximumLevel()) != nil {
		return nil
	}
	p, check := &post{kind: kind, title: formtext.Line(title)}, &checks{}
	p.take(text)
	if check.person(w); kind == KindQuestion {
		check.question(o, p, false)
	} else {
		check.content(o, p, kind)
	}
	if check.err() != nil {
		return nil
	}
	if done, err := web.Done(ctx, m.db); done || err != nil {
		return nil
	}
	if auth.CheckLimit(ctx, m.db, o, caller, rule.limit) != nil {
		return nil
	}
	d := &Draft{Kind: kind, UserID: caller.UserID, Name: caller.Handle, IP: caller.IP,
		Title: p.title, Text: TextOf(p.content, p.format)}
	if caller.Anonymous() && w.Name != nil && o.Bool(option.AllowAnonymousNaming) {
		d.Name = formtext.Line(*w.Name)
	}
	if parent != 0 {
		_, t, above, err := m.findPost(ctx, parent, questionsAndAnswers, nil)
		if err != nil || seen(o, caller, t, above) != nil || kind == KindAnswer && above.kind != KindQuestion {
			return nil
		}
		d.Thread = m.addressOf(o, t.question, t.question)
	}
	return m.screening.Screen(ctx, o, d)
}

// addressOf returns the address of the post, of the question given, for services outside.
func (m *Module) addressOf(o *site.Options, p, question *post) string {
	return m.site.SiteURL(o) + encodePath(m.ref(o, p, question).Path)
}

// Draft returns what a look at a stored post is given of it, or nil if there is no such post.
func (m *Module) Draft(ctx context.Context, id int) (*Draft, error) {
	o, t, p, err := m.findPost(ctx, id, anyKind, nil)
	if isProblem(err) {
		return nil, nil //nolint:nilnil // there is no such post
	}
	if err != nil {
		return nil, err
	}
	d := &Draft{Kind: p.kind, UserID: p.userID, Name: p.name, Text: TextOf(p.content, p.format)}
	if handle := p.author.Handle(); handle != "" {
		d.Name = handle
	}
	d.IP, _ = netip.AddrFromSlice(p.createIP)
	if p.kind == KindQuestion {
		d.Title = p.title
	} else {
		d.Thread = m.addressOf(o, t.question, t.question)
	}
	return d, nil
}

// keepSuspicion stores why a new post was queued, if something was suspicious about it.
func (c *change) keepSuspicion(p *post) error {
	if c.suspicion == nil {
		return nil
	}
	return c.m.screening.Keep(c.Ctx, c.Tx, p.id, c.suspicion)
}
