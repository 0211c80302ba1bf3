package qa

import (
	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/problem"
)

// may returns nil if the rules allow the operation on the post, as `can` tells readers; else the problem. No write gets past
// finish without having asked.
func (c *change) may(op operation, p *post) error {
	if !c.rules(p).allows(op) {
		return c.whyNot(op, p)
	}
	c.granted = true
	return nil
}

// limited refuses what the caller has done too often in this hour.
func (c *change) limited(action auth.Action) error {
	return auth.CheckLimit(c.ctx, c.tx, c.o, c.caller, action)
}

// rules are what Q2A's page finds about the post.
func (c *change) rules(p *post) rules { return c.t.rules[p.id] }

// The rules of permissions.go say whether something may be done; what follows says why not. Nothing of it decides.

// whyNot returns the problem of an operation that the rules do not allow: the first reason that applies.
func (c *change) whyNot(op operation, p *post) *problem.Error {
	for _, applies := range reasons[op] {
		if e := applies(c, p); e != nil {
			return e
		}
	}
	return problem.New("permission_level")
}

// reason returns a problem if it applies to the caller and the post, else nil.
type reason func(c *change, p *post) *problem.Error

// reasons are why an operation may be refused, by what helps most: mostly first what concerns the caller, then the state of
// the post, then the caller's level.
var reasons = [operations][]reason{
	answering:   inOrder(option("permit_post_a"), "already_answered", notToOwn("allow_self_answer")),
	commenting:  inOrder(option("permit_post_c"), "hidden", commentsOff),
	editing:     inOrder(unlessOwn(perKind("permit_edit_")), "closed"),
	labelling:   inOrder(unlessOwn(option("permit_retag_cat")), "closed", noLabels),
	selecting:   inOrder(option("permit_select_a"), "permission_level"),
	votingUp:    {signedOut, unseen, votingOff, own, lacks(voteOption)},
	votingDown:  {signedOut, unseen, votingOff, own, lacks(voteOption), lacks(option("permit_vote_down"))},
	flagging:    inOrder(option("permit_flag"), "permission_level", signedOut, off("flagging_of_posts"), own),
	unflagging:  inOrder(option(""), "permission_level", signedOut),
	clearing:    {lacks(option("permit_hide_show")), always("own_flag_only")},
	closing:     inOrder(closeOption, "closed", off("allow_close_questions")),
	reopening:   {person(reopenOption), unseen, lacks(reopenOption), always("closed_by_other")},
	approving:   {lacks(option("permit_moderate")), always("not_queued")},
	hiding:      inOrder(unlessOwn(option("permit_hide_show")), "closed_by_other"),
	reshowing:   {queued, lacks(unlessOwn(option("permit_hide_show"))), always("hidden_by_other")},
	deleting:    {lacks(option("permit_delete_hidden")), notHidden, always("has_replies")},
	claiming:    inOrder(perKind("permit_post_"), "not_claimable", signedOut),
	followingUp: {off("follow_on_as"), unseen, always("hidden")},
}

// inOrder are the reasons of most operations: those given first, then what the option asks of the caller, the state of the
// post, the caller's level, and a last code.
func inOrder(of asked, last string, first ...reason) []reason {
	return append(first, person(of), state, lacks(of), always(last))
}

func always(code string) reason {
	return func(*change, *post) *problem.Error { return problem.New(code) }
}

// when makes a reason of a condition and the code of its problem.
func when(code string, applies func(c *change, p *post) bool) reason {
	return func(c *change, p *post) *problem.Error {
		if applies(c, p) {
			return problem.New(code)
		}
		return nil
	}
}

// off applies while an option of the site is switched off.
func off(name string) reason {
	return when("feature_off", func(c *change, _ *post) bool { return !c.o.Bool(name) })
}

// notToOwn applies to what may not be done to one's own posts while the option is off.
func notToOwn(name string) reason {
	return when("own_post", func(c *change, p *post) bool { return c.rules(p).isByUser && !c.o.Bool(name) })
}

var (
	signedOut = when("login_required", func(c *change, _ *post) bool { return c.caller.Anonymous() })
	own       = when("own_post", func(c *change, p *post) bool { return c.rules(p).isByUser })
	queued    = when("queued", func(_ *change, p *post) bool { return p.queued })
	notHidden = when("not_hidden", func(_ *change, p *post) bool { return !p.hidden })
	votingOff = when("feature_off", func(c *change, p *post) bool { return !c.o.Bool("voting_on_" + letters[p.kind] + "s") })
	// commentsOff asks about posts that everybody sees only: of others their state is the reason.
	commentsOff = when("feature_off", func(c *change, p *post) bool { return p.visible() && !c.o.Bool("comment_on_"+letters[p.kind]+"s") })
	noLabels    = when("feature_off", func(c *change, _ *post) bool { return !c.o.UsingTags() && !c.o.UsingCategories() })
)

// unseen applies to posts that not everybody sees.
func unseen(_ *change, p *post) *problem.Error {
	switch {
	case p.hidden:
		return problem.New("hidden")
	case p.queued:
		return problem.New("queued")
	}
	return nil
}

// state applies to posts that not everybody sees, and to closed questions.
func state(c *change, p *post) *problem.Error {
	if e := unseen(c, p); e != nil {
		return e
	}
	if p == c.t.question && isClosed(c.o, p) {
		return problem.New("closed")
	}
	return nil
}

// asked is the option that an operation on a post asks about, "" if whoever is not blocked may do it.
type asked func(c *change, p *post) string

func option(name string) asked { return func(*change, *post) string { return name } }

// perKind is the option for posts of the kind: prefix with Q2A's letter of it.
func perKind(prefix string) asked {
	return func(_ *change, p *post) string { return prefix + letters[p.kind] }
}

// unlessOwn is the option, or for the caller's own posts none but not to be blocked.
func unlessOwn(of asked) asked {
	return func(c *change, p *post) string {
		if c.rules(p).isByUser {
			return ""
		}
		return of(c, p)
	}
}

func closeOption(c *change, p *post) string {
	if c.rules(p).isByUser && c.o.Bool("allow_close_own_questions") {
		return ""
	}
	return "permit_close_q"
}

// reopenOption is closeOption but for questions that somebody else closed.
func reopenOption(c *change, p *post) string {
	if !c.rules(p).authorLast {
		return "permit_close_q"
	}
	return closeOption(c, p)
}

// lacks applies when the caller, at the level for the post, lacks what the option asks for.
func lacks(of asked) reason {
	return func(c *change, p *post) *problem.Error {
		return auth.Refusal(c.o, c.caller, of(c, p), c.level(p.categoryPath))
	}
}

// person is lacks without a lack of level or points, which the state of the post may explain better.
func person(of asked) reason {
	return func(c *change, p *post) *problem.Error {
		e := lacks(of)(c, p)
		if e != nil && (e.Code == "permission_level" || e.Code == "permission_points") {
			return nil
		}
		return e
	}
}
