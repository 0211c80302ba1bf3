package qa

import (
	"slices"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/site/option"
)

// may returns nil if the rules allow the operation on the post, and otherwise the problem that says why
// not. It asks the same rules that the field "can" of responses reports. finish refuses a change for
// which no call of may has returned nil.
func (c *change) may(op operation, p *post) error {
	if !c.rules(p).allows(op) {
		return c.whyNot(op, p)
	}
	c.granted = true
	return nil
}

// limited returns a problem if the caller has done the action too often in the current hour.
func (c *change) limited(action auth.Action) error {
	return auth.CheckLimit(c.Ctx, c.Tx, c.Options, c.Caller, action)
}

// rules returns what Q2A's rules say about the post and the caller.
func (c *change) rules(p *post) rules { return c.thread.rules[p.id] }

// The rules in rules.go decide whether an operation is allowed. The rest of this file only finds
// out why it is not.

// whyNot returns the problem for an operation that the rules do not allow: that of the first reason
// that applies.
func (c *change) whyNot(op operation, p *post) *problem.Error {
	for _, applies := range reasons[op] {
		if e := applies(c, p); e != nil {
			return e
		}
	}
	return problem.New(auth.CodePermissionLevel)
}

// obstacles returns why the caller may not do with the post what the pages of a site offer to everybody. The
// codes are those with which the writes are refused.
func (t *loaded) obstacles(o *site.Options, caller auth.Caller, p *post) *obstacles {
	c := &change{Writer: auth.Writer{Options: o, Caller: caller}, threadEdit: threadEdit{thread: t}}
	code := func(op operation) string {
		if c.rules(p).allows(op) {
			return ""
		}
		return c.whyNot(op, p).Code.String()
	}
	why := obstacles{
		VoteUp: code(votingUp), VoteDown: code(votingDown), Flag: code(flagging),
	}
	if p.kind == KindQuestion {
		why.Answer = code(answering)
		r := c.rules(p)
		if r.aSelectable {
			why.Select = code(selecting)
		}
		if r.retagCatable && o.UsingTags() {
			why.Retag = code(tagging)
		}
	}
	if p.kind != KindComment {
		why.Comment = code(commenting)
	}
	if why == (obstacles{}) {
		return nil
	}
	return &why
}

// reason is a function that returns a problem if the reason applies to the caller and the post, and nil
// otherwise.
type reason func(c *change, p *post) *problem.Error

// reasons lists why each operation may be refused. The reason that helps the caller most comes first:
// usually what concerns the caller, then the state of the post, then the caller's level.
var reasons = [operations][]reason{
	answering: unlessMuted(
		inOrder(fixed(option.PermitPostA), codeAlreadyAnswered, notToOwn(option.AllowSelfAnswer))),
	commenting: unlessMuted(inOrder(fixed(option.PermitPostC), codeHidden, commentsOff)),
	editing:    inOrder(unlessOwn(editOption), codeClosed),
	labelling:  inOrder(unlessOwn(fixed(option.PermitRetagCat)), codeClosed, noLabels),
	tagging:    inOrder(unlessOwn(fixed(option.PermitRetagCat)), codeClosed, tagsRestricted, noTags),
	selecting:  inOrder(unlessOwn(fixed(option.PermitSelectA)), auth.CodePermissionLevel, choiceFinal),
	votingUp:   {signedOut, unseen, votingOff, own, lacks(voteOption)},
	votingDown: {signedOut, unseen, votingOff, own, lacks(voteOption), lacks(fixed(option.PermitVoteDown))},
	flagging: inOrder(fixed(option.PermitFlag), auth.CodePermissionLevel, signedOut,
		off(option.FlaggingOfPosts), own),
	unflagging:  inOrder(fixed(option.None), auth.CodePermissionLevel, signedOut),
	clearing:    {lacks(fixed(option.PermitHideShow)), always(codeOwnFlagOnly)},
	closing:     inOrder(closeOption, codeClosed, off(option.AllowCloseQuestions)),
	reopening:   {person(reopenOption), unseen, lacks(reopenOption), always(codeClosedByOther)},
	approving:   {lacks(fixed(option.PermitModerate)), always(codeNotQueued)},
	hiding:      {person(hideOption), unseen, lacks(hideOption), always(codeClosedByOther)},
	reshowing:   {queued, lacks(hideOption), always(codeHiddenByOther)},
	deleting:    {lacks(fixed(option.PermitDeleteHidden)), notHidden, always(codeHasReplies)},
	claiming:    inOrder(postOption, codeNotClaimable, signedOut),
	followingUp: {off(option.FollowOnAs), unseen, always(codeHidden)},
}

// inOrder returns the reasons in the order that suits most operations: those in first, then what the
// option requires of the caller apart from level and points, the state of the post, the caller's level
// and points, and last the given code, which always applies.
func inOrder(of asked, last problem.Code, first ...reason) []reason {
	return append(first, person(of), state, lacks(of), always(last))
}

// unlessMuted returns the reasons with one more before the last, which applies if the post's author has
// muted the caller.
func unlessMuted(list []reason) []reason {
	return slices.Insert(list, len(list)-1,
		when(auth.CodeMuted, func(_ *change, p *post) bool { return p.mutedMe }))
}

func always(code problem.Code) reason {
	return func(*change, *post) *problem.Error { return problem.New(code) }
}

// when returns a reason that applies if the condition holds. code is that of its problem.
func when(code problem.Code, applies func(c *change, p *post) bool) reason {
	return func(c *change, p *post) *problem.Error {
		if applies(c, p) {
			return problem.New(code)
		}
		return nil
	}
}

// off returns a reason that applies while the option of the site is switched off.
func off(key option.Key) reason {
	return when(problem.CodeFeatureOff, func(c *change, _ *post) bool { return !c.Options.Bool(key) })
}

// notToOwn returns a reason that applies to the caller's own posts while the option is switched off.
func notToOwn(key option.Key) reason {
	return when(codeOwnPost, func(c *change, p *post) bool { return c.rules(p).isByUser && !c.Options.Bool(key) })
}

var (
	signedOut = when(auth.CodeLoginRequired, func(c *change, _ *post) bool { return c.Caller.Anonymous() })
	own       = when(codeOwnPost, func(c *change, p *post) bool { return c.rules(p).isByUser })
	queued    = when(codeQueued, func(_ *change, p *post) bool { return p.queued })
	notHidden = when(codeNotHidden, func(_ *change, p *post) bool { return !p.hidden })
	votingOff = when(problem.CodeFeatureOff, func(c *change, p *post) bool {
		return !c.Options.Bool(optionsOf(p.kind).voting)
	})
	// commentsOff applies to visible posts only. For others, their state is the reason.
	commentsOff = when(problem.CodeFeatureOff, func(c *change, p *post) bool {
		return p.visible() && !c.Options.Bool(optionsOf(p.kind).comments)
	})
	noLabels = when(problem.CodeFeatureOff, func(c *change, _ *post) bool {
		return !c.Options.UsingTags() && !c.Options.UsingCategories()
	})
	noTags = when(problem.CodeFeatureOff, func(c *change, _ *post) bool { return !c.Options.UsingTags() })
	// choiceFinal and tagsRestricted apply to callers who could do it but for that rule of the site.
	choiceFinal = when(codeBestAnswerFinal, func(c *change, p *post) bool {
		return c.rules(p).aSelectable && !c.rules(p).choiceOpen
	})
	tagsRestricted = when(codeTagsRestricted, func(c *change, p *post) bool {
		return c.rules(p).retagCatable && c.Options.UsingTags() && !c.rules(p).taggable
	})
)

// unseen refuses hidden and queued posts, which not everybody sees.
func unseen(_ *change, p *post) *problem.Error {
	switch {
	case p.hidden:
		return problem.New(codeHidden)
	case p.queued:
		return problem.New(codeQueued)
	}
	return nil
}

// state applies to hidden and queued posts, and to closed questions.
func state(c *change, p *post) *problem.Error {
	if e := unseen(c, p); e != nil {
		return e
	}
	if p == c.thread.question && isClosed(c.Options, p) {
		return problem.New(codeClosed)
	}
	return nil
}

// asked is a function that returns the option that says who may do an operation on a post. It returns
// option.None if everybody may who is not blocked.
type asked func(c *change, p *post) option.Key

// fixed returns an asked that returns the same option for all posts.
func fixed(key option.Key) asked { return func(*change, *post) option.Key { return key } }

// editOption returns the option that says who may edit posts of the post's kind.
func editOption(_ *change, p *post) option.Key { return optionsOf(p.kind).edit }

// postOption returns the option that says who may write posts of the post's kind.
func postOption(_ *change, p *post) option.Key { return optionsOf(p.kind).post }

// unlessOwn returns a check that asks for the option which of names, but only on the posts of others. On
// their own posts callers need no permission; they only must not be blocked.
func unlessOwn(of asked) asked {
	return func(c *change, p *post) option.Key {
		if c.rules(p).isByUser {
			return option.None
		}
		return of(c, p)
	}
}

// hideOption returns the option that says who may hide the post or show it again.
var hideOption = unlessOwn(fixed(option.PermitHideShow))

// closeOption returns the option that says who may close the question. An author needs none where the
// site lets authors close their own questions.
func closeOption(c *change, p *post) option.Key {
	if c.rules(p).isByUser && c.Options.Bool(option.AllowCloseOwnQuestions) {
		return option.None
	}
	return option.PermitCloseQ
}

// reopenOption returns the option that says who may reopen the question: that of closeOption if nobody
// but the author has changed the question last, and otherwise permit_close_q.
func reopenOption(c *change, p *post) option.Key {
	if !c.rules(p).authorLast {
		return option.PermitCloseQ
	}
	return closeOption(c, p)
}

// lacks returns a reason that applies when the caller, at the level that counts for the post's
// category, does not have what the option requires.
func lacks(of asked) reason {
	return func(c *change, p *post) *problem.Error {
		return auth.Refusal(c.Options, c.Caller, of(c, p), c.level(p.categoryPath))
	}
}

// person returns a reason like lacks, but without a lack of level or points, for which the state of the
// post may be the better explanation.
func person(of asked) reason {
	return func(c *change, p *post) *problem.Error {
		e := lacks(of)(c, p)
		if e != nil && (e.Code == auth.CodePermissionLevel || e.Code == auth.CodePermissionPoints) {
			return nil
		}
		return e
	}
}
