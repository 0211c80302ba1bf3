package mail

import (
	"context"
	"fmt"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/events"
	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/site/option"
)

const (
	// steps is how many step mails there are for questions, and for answers.
	steps = 4
	// roundNumber is which of the site's questions and answers are celebrated: each whose number is a
	// multiple.
	roundNumber = 50
)

// newPost is what the rules for engagement mails look at of a post that has just appeared.
type newPost struct {
	id, author int
	kind       string // Q, A or C
	at         int64  // in Unix seconds
	// own is how many visible posts of its type its author had with it, and all how many the site had.
	own, all int
	// before is when the author's post before it was written, whatever its type, in Unix seconds; 0 if
	// there is none.
	before int64
}

// onNewPost returns the steps that follow from a new post. They are sent as far as their kinds are on.
func onNewPost(o *site.Options, p newPost) (list []step) {
	if p.author == 0 {
		return nil
	}
	of := map[string]string{"Q": "question", "A": "answer"}[p.kind]
	add := func(kind string, number int64, what about) {
		what.Post = p.id
		list = append(list, step{queued{kind: kind, userID: p.author, about: what}, number})
	}
	if of != "" {
		for i := 1; i <= steps; i++ {
			round := o.Int(option.Of(fmt.Sprintf("q2a-stepmail-%s-round-%d", of, i)))
			if round > 0 && round == p.own {
				add("step_"+of, int64(i), about{Step: i, Number: p.own})
				break
			}
		}
		if p.all > 0 && p.all%roundNumber == 0 {
			add("round_"+of, int64(p.all), about{Number: p.all})
		}
	}
	days := o.Int(option.Q2aAgainPostsThanksDay)
	if days > 0 && p.before > 0 && p.at-p.before >= int64(days)*day {
		add("again_post", int64(p.id), about{})
	}
	return list
}

// onFeedback returns the reply to what somebody wrote to the site, if it names an address.
func onFeedback(e events.Event) []step {
	q := feedbackMail(e)
	if !validAddress(q.about.Feedback.Email) {
		return nil
	}
	q.kind = "inquiry_reply"
	return []step{{q, e.Seq}}
}

// engage queues the engagement mails that follow from an event, and returns how many there are.
func (m *Module) engage(ctx context.Context, tx *database.DB, o *site.Options, e events.Event) (int, error) {
	var list []step
	switch e.Name {
	case "feedback":
		if m.sends(o, "inquiry_reply") {
			list = onFeedback(e)
		}
	case "q_post", "a_post", "c_post":
		p, err := m.newPost(ctx, tx, o, e)
		if err != nil {
			return 0, err
		}
		for _, s := range onNewPost(o, p) {
			if !m.sends(o, s.kind) {
				continue
			}
			taken, err := celebrated(ctx, tx, s)
			if err != nil {
				return 0, err
			}
			if !taken {
				list = append(list, s)
			}
		}
	}
	return once(ctx, tx, e.Seq, list...)
}

// celebrated reports whether the step is a round number that somebody else has been congratulated on, as
// happens when a post is hidden later and the numbers of all after it move.
func celebrated(ctx context.Context, tx *database.DB, s step) (bool, error) {
	if s.kind != "round_question" && s.kind != "round_answer" {
		return false, nil
	}
	var one int
	found, err := tx.Get(ctx, []any{&one},
		"SELECT 1 FROM {q2ab_engagement} WHERE kind = ? AND step = ? LIMIT 1", s.kind, s.number)
	if err != nil {
		return false, fmt.Errorf("look who was congratulated: %w", err)
	}
	return found, nil
}

// newPost reads what the rules look at of the post that an event tells of. It leaves out what only kinds
// need that are off. The zero newPost stands for a post that is not visible, or that a visitor wrote.
func (m *Module) newPost(
	ctx context.Context, tx *database.DB, o *site.Options, e events.Event,
) (p newPost, err error) {
	of := map[string]string{"q_post": "question", "a_post": "answer"}[e.Name]
	byNumber, bySite, bySilence := of != "" && m.sends(o, "step_"+of), of != "" && m.sends(o, "round_"+of),
		m.sends(o, "again_post")
	if !byNumber && !bySite && !bySilence {
		return p, nil
	}
	found, err := tx.Get(ctx, []any{&p.id, &p.author, &p.kind, &p.at},
		`SELECT postid, userid, type, UNIX_TIMESTAMP(created)
			FROM {posts}
			WHERE postid = ? AND userid IS NOT NULL AND type IN ('Q', 'A', 'C')`, e.Topics.PostID)
	if err != nil || !found {
		return newPost{}, wrapNewPost(err)
	}
	// What counts is the place of the post by the time at which it appeared, so that it does not matter
	// how late the event is handled.
	const upTo = "(o.created < p.created OR o.created = p.created AND o.postid <= p.postid)"
	read := func(wanted bool, into any, query string) {
		if err == nil && wanted {
			_, err = tx.Get(ctx, []any{into}, query, p.id)
		}
	}
	read(byNumber, &p.own, `SELECT COUNT(*)
		FROM {posts} p
		JOIN {posts} o ON o.userid = p.userid AND o.type = p.type AND `+upTo+`
		WHERE p.postid = ?`)
	read(bySite, &p.all, `SELECT COUNT(*)
		FROM {posts} p
		JOIN {posts} o ON o.type = p.type AND `+upTo+`
		WHERE p.postid = ?`)
	read(bySilence, &p.before, `SELECT COALESCE(MAX(UNIX_TIMESTAMP(o.created)), 0)
		FROM {posts} p
		JOIN {posts} o ON o.userid = p.userid AND o.type IN ('Q', 'A', 'C') AND o.postid <> p.postid
			AND `+upTo+`
		WHERE p.postid = ?`)
	return p, wrapNewPost(err)
}

// wrapNewPost says in an error, if it is one, what was being done.
func wrapNewPost(err error) error {
	if err != nil {
		return fmt.Errorf("read a new post: %w", err)
	}
	return nil
}
