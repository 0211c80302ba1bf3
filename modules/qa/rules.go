package qa

import (
	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/site/option"
)

// permissions says what the caller may do with a post now. Each field is about one operation, and is absent
// if the caller may not do it.
type permissions struct {
	Answer     bool `json:"answer,omitempty"`
	Comment    bool `json:"comment,omitempty"`
	Edit       bool `json:"edit,omitempty"`
	Revisions  bool `json:"seeRevisions,omitempty" doc:"See its versions"`
	Restore    bool `json:"restore,omitempty" doc:"Make it again what it was in one of its versions"`
	Recategory bool `json:"changeCategoryAndTags,omitempty"`
	Retag      bool `json:"changeTags,omitempty" doc:"The tags too, of what changeCategoryAndTags is about"`
	Select     bool `json:"selectAnswer,omitempty"`
	VoteUp     bool `json:"voteUp,omitempty"`
	VoteDown   bool `json:"voteDown,omitempty"`
	Flag       bool `json:"flag,omitempty"`
	Unflag     bool `json:"unflag,omitempty"`
	ClearFlags bool `json:"clearFlags,omitempty"`
	Close      bool `json:"close,omitempty"`
	Reopen     bool `json:"reopen,omitempty"`
	Approve    bool `json:"approve,omitempty"`
	Hide       bool `json:"hide,omitempty"`
	Reshow     bool `json:"reshow,omitempty"`
	Delete     bool `json:"delete,omitempty"`
	Claim      bool `json:"claim,omitempty"`
	FollowUp   bool `json:"followUp,omitempty" doc:"Ask a question that follows from this answer"`
}

// obstacles says why the caller may not do what the pages of a site offer to everybody. A field is absent if
// the caller may do it, or if nobody can do it with such a post.
type obstacles struct {
	Answer   string `json:"answer,omitempty" format:"problem-code"`
	Comment  string `json:"comment,omitempty" format:"problem-code"`
	VoteUp   string `json:"voteUp,omitempty" format:"problem-code"`
	VoteDown string `json:"voteDown,omitempty" format:"problem-code"`
	Flag     string `json:"flag,omitempty" format:"problem-code"`
	// These are told only to those whom nothing but a rule of the site keeps from it.
	Select string `json:"selectAnswer,omitempty" format:"problem-code"`
	Retag  string `json:"changeTags,omitempty" format:"problem-code"`
}

// operation is a kind of write that has a permission of its own. Reads report whether the rules allow
// it, and the write itself asks the same rules.
type operation int

const (
	answering operation = iota
	commenting
	editing
	labelling // changing a question's tags and category
	tagging   // changing its tags
	selecting
	votingUp
	votingDown
	flagging
	unflagging
	clearing // all flags
	closing
	reopening
	approving // or rejecting
	hiding
	reshowing
	deleting
	claiming
	followingUp

	operations // how many there are
)

// allows reports whether the rules allow the operation now. It does not look at the hourly limits.
func (r rules) allows(op operation) bool {
	switch op {
	case answering:
		return r.answerable
	case commenting:
		return r.commentable
	case editing:
		return r.editable
	case labelling:
		return r.retagCatable
	case tagging:
		return r.taggable
	case selecting:
		return r.aSelectable && r.choiceOpen
	case votingUp:
		return r.voteUp
	case votingDown:
		return r.voteDown
	case flagging:
		return r.flaggable
	case unflagging:
		return r.unflaggable
	case clearing:
		return r.clearable
	case closing:
		return r.closeable
	case reopening:
		return r.reopenable
	case approving:
		return r.moderatable
	case hiding:
		return r.hideable
	case reshowing:
		return r.reshowable
	case deleting:
		return r.deleteable
	case claiming:
		return r.claimable
	case followingUp:
		return r.followable
	}
	return false
}

// rules holds what Q2A's question page finds out about one post and one caller. The fields have Q2A's
// names, as permissions-posts.json of the recordings has them: some describe the post, some say which
// buttons Q2A shows, and some what the caller may do at once.
type rules struct {
	isByUser, closed, authorLast, viewable         bool
	answerButton, commentButton, commentable       bool
	editButton, editable                           bool
	retagCatButton, retagCatable                   bool
	aSelectable                                    bool
	flagButton, flagToHide, unflaggable, clearable bool
	closeable, reopenable, moderatable             bool
	hideable, reshowImmed, reshowable, deleteable  bool
	claimable, followable                          bool

	// These are not among Q2A's rules: they say whether a click on a button that shows would succeed.
	answerable, voteUp, voteDown, flaggable bool

	// revisions says whether the caller may see the versions of the post. Q2A itself keeps none.
	revisions bool
	// These follow from the rules of the old site's plugins: whether the caller may change the tags, and
	// whether the best answer can be chosen, or chosen anew.
	taggable, choiceOpen bool
}

// thread holds the posts around a post, as far as they are known. The rules look at the parent of a
// post and at the posts below it.
type thread struct {
	question *post
	// answers are the answers to the question.
	answers []*post
	// comments are the comments on the question and on its answers, and the questions that follow from
	// answers.
	comments []*post
	// duplicates are the questions closed as duplicates of the question.
	duplicates []*post
}

// below returns the posts among which are all that stand right below p or are closed because of it;
// callers look at their parentID and closedByID.
func (t thread) below(p *post) []*post {
	if p.kind == KindQuestion {
		return append(append(append([]*post{}, t.answers...), t.comments...), t.duplicates...)
	}
	return t.comments
}

// mayView reports whether the caller may see the post, as far as that depends on the post itself and
// not on the posts above it.
func mayView(o *site.Options, c auth.Caller, p *post) bool {
	level, own := c.LevelIn(p.categoryPath...), c.Wrote(p.userID, p.cookieID)
	switch {
	case p.hidden && own:
		return auth.Permit(o, c, option.None, level) == auth.Permitted
	case p.hidden:
		return auth.Permit(o, c, option.PermitHideShow, level) == auth.Permitted
	case p.queued:
		return own || auth.Permit(o, c, option.PermitModerate, level) == auth.Permitted
	}
	return true
}

// permissions applies Q2A's rules to a post. It is the only place that knows these rules: reads report
// its result, and writes ask it again.
func (m *Module) permissions(o *site.Options, c auth.Caller, t thread, p *post) rules {
	level := c.Level
	if len(p.categoryPath) > 0 {
		level = c.LevelIn(p.categoryPath...)
	}
	permit := func(permission option.Key) auth.Reason { return auth.Permit(o, c, permission, level) }
	of := optionsOf(p.kind)
	var r rules
	r.isByUser = c.Wrote(p.userID, p.cookieID)
	r.closed = isClosed(o, p)
	r.authorLast = p.lastUserID == 0 || p.lastUserID == p.userID

	postA, postC := permit(option.PermitPostA), permit(option.PermitPostC)
	edit, retag, flag := permit(of.edit), permit(option.PermitRetagCat), permit(option.PermitFlag)
	hide := permit(option.PermitHideShow)
	hideSelf, unblocked := hide, permit(option.None)
	if r.isByUser {
		hideSelf = unblocked
	}
	closing := permit(option.PermitCloseQ)
	closeThis := closing
	if r.isByUser && o.Bool(option.AllowCloseOwnQuestions) {
		closeThis = unblocked
	}
	moderate := permit(option.PermitModerate)
	visible := !p.hidden && !p.queued

	r.viewable = mayView(o, c, p)
	r.revisions = r.viewable && mayReadRevisions(o, c, p) == auth.Permitted

	r.answerButton = p.kind == KindQuestion && visible && postA != auth.NeedsLevel && !r.closed &&
		(o.Bool(option.AllowSelfAnswer) || !r.isByUser)
	r.commentButton = visible && postC != auth.NeedsLevel &&
		(p.kind == KindQuestion && o.Bool(option.CommentOnQs) ||
			p.kind == KindAnswer && o.Bool(option.CommentOnAs))
	r.commentable = r.commentButton && postC == auth.Permitted && !p.mutedMe

	r.editButton = !p.hidden && !r.closed && (r.isByUser || !hidesButton(edit) && !p.queued)
	r.editable = r.editButton && (r.isByUser && unblocked == auth.Permitted || edit == auth.Permitted)
	r.retagCatButton = p.kind == KindQuestion && (o.UsingTags() || o.UsingCategories()) && !p.hidden &&
		(r.isByUser || !hidesButton(retag))
	r.retagCatable = r.retagCatButton &&
		(r.isByUser && unblocked == auth.Permitted || retag == auth.Permitted)
	if r.editButton && r.retagCatButton { // both lead to the same form, so only one of them shows
		if r.retagCatable && !r.editable {
			r.editButton = false
		} else {
			r.retagCatButton = false
		}
	}

	selecting := permit(option.PermitSelectA)
	if r.isByUser {
		selecting = unblocked
	}
	r.aSelectable = p.kind == KindQuestion && visible && selecting == auth.Permitted
	r.choiceOpen = p.kind != KindQuestion || !m.settings.choiceIsFinal(o, c, p)
	r.taggable = r.retagCatable && o.UsingTags() && !m.settings.tagsRestricted(o, c)

	r.flagButton = o.Bool(option.FlaggingOfPosts) && !r.isByUser && visible && p.myFlag == 0 &&
		!hidesButton(flag)
	r.flaggable = r.flagButton && flag == auth.Permitted && !c.Anonymous()
	r.flagToHide = r.flagButton && flag == auth.Permitted && p.flags+1 >= o.Int(option.FlaggingHideAfter)
	r.unflaggable = p.myFlag != 0 && !p.hidden
	others := 1
	if p.myFlag != 0 {
		others = 2
	}
	r.clearable = p.flags >= others && hide == auth.Permitted

	notClosedByOther := !r.closed || p.closedByID == 0 || r.authorLast
	notHiddenByOther := !p.hidden || r.authorLast
	r.closeable = o.Bool(option.AllowCloseQuestions) && p.kind == KindQuestion && visible && !r.closed &&
		closeThis == auth.Permitted
	// A question that is closed because an answer is selected stays closed until the selection is taken
	// back.
	r.reopenable = r.closed && p.closedByID != 0 && closeThis == auth.Permitted && !p.hidden &&
		(notClosedByOther || closing == auth.Permitted)
	r.moderatable = p.queued && moderate == auth.Permitted
	r.hideable = !p.hidden && (r.isByUser || !p.queued) && hideSelf == auth.Permitted &&
		(notClosedByOther || hide == auth.Permitted)
	r.reshowImmed = p.hidden && hide == auth.Permitted
	r.reshowable = p.hidden && hideSelf == auth.Permitted &&
		(r.reshowImmed || notHiddenByOther && p.flags == 0)
	r.deleteable = p.hidden && permit(option.PermitDeleteHidden) == auth.Permitted
	r.claimable = p.userID == 0 && !c.Anonymous() && p.cookieID != "" && p.cookieID == c.CookieID &&
		permit(of.post) == auth.Permitted
	r.followable = p.kind == KindAnswer && visible && o.Bool(option.FollowOnAs)

	r.answerable = r.answerButton && postA == auth.Permitted && !p.mutedMe
	r.vote(o, c, p, permit)
	m.rulesOfRelatives(o, c, t, p, &r)
	return r
}

// vote sets whether the caller may vote on the post, up and down.
func (r *rules) vote(o *site.Options, c auth.Caller, p *post, permit func(option.Key) auth.Reason) {
	r.voteUp = o.Bool(optionsOf(p.kind).voting) && p.visible() && !r.isByUser && !c.Anonymous() &&
		permit(voteOption(nil, p)) == auth.Permitted
	r.voteDown = r.voteUp && permit(option.PermitVoteDown) == auth.Permitted
}

// rulesOfRelatives applies the rules that look at the posts around p. Where the site does not allow
// several answers by one user, a user may neither write nor claim a second answer to a question. Where
// it does not allow answers to one's own question, a user can claim neither an answer to an own
// question nor a question with an own answer. A post can only be deleted if no post stands below it or
// is closed because of it.
func (m *Module) rulesOfRelatives(o *site.Options, c auth.Caller, t thread, p *post, r *rules) {
	if r.claimable && p.kind == KindAnswer && t.question != nil {
		if !o.Bool(option.AllowSelfAnswer) && c.Wrote(t.question.userID, t.question.cookieID) {
			r.claimable = false
		}
		for _, a := range t.answers {
			if !o.Bool(option.AllowMultiAnswers) && a.parentID == p.parentID &&
				c.Wrote(a.userID, a.cookieID) {
				r.claimable = false
			}
		}
	}
	for _, child := range t.below(p) {
		if child.parentID == p.id {
			r.deleteable = false
			if child.kind == KindAnswer && c.Wrote(child.userID, child.cookieID) {
				if !o.Bool(option.AllowMultiAnswers) {
					r.answerButton, r.answerable = false, false
				}
				if !o.Bool(option.AllowSelfAnswer) {
					r.claimable = false
				}
			}
		}
		if child.closedByID == p.id {
			r.deleteable = false
		}
	}
}

// hidesButton reports whether Q2A shows no button at all for the reason. For other reasons it shows a
// button that says why the operation is not possible.
func hidesButton(reason auth.Reason) bool {
	return reason == auth.NeedsLogin || reason == auth.NeedsLevel || reason == auth.NeedsApproval
}

// public returns the rules as the API reports them.
func (r rules) public() permissions {
	return permissions{
		Answer: r.allows(answering), Comment: r.allows(commenting),
		Edit: r.allows(editing), Revisions: r.revisions, Restore: r.revisions && r.allows(editing),
		Recategory: r.allows(labelling), Retag: r.allows(tagging), Select: r.allows(selecting),
		VoteUp: r.allows(votingUp), VoteDown: r.allows(votingDown),
		Flag: r.allows(flagging), Unflag: r.allows(unflagging), ClearFlags: r.allows(clearing),
		Close: r.allows(closing), Reopen: r.allows(reopening),
		Approve: r.allows(approving), Hide: r.allows(hiding), Reshow: r.allows(reshowing),
		Delete: r.allows(deleting), Claim: r.allows(claiming), FollowUp: r.allows(followingUp),
	}
}
