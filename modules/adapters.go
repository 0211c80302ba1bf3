package modules

import (
	"context"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/hooks"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/mail"
	"38qa.net/backend/modules/ranking"
	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/site/option"
)

// The functions here are what one module needs of another that it may not import.

// mayRead returns an error if the caller may not read a page with that permit value, which is
// Q2A's number for who may see the page.
func mayRead(ctx context.Context, o *site.Options, permit int) error {
	c := auth.CallerOf(ctx)
	if p := auth.PermitValue(o, permit, !c.Anonymous(), c.Level, c.Flags).Problem(); p != nil {
		return p
	}
	return nil
}

// mayFollow refuses the event streams to callers who may not see questions, because the events
// are about questions.
func (a *App) mayFollow(ctx context.Context) error {
	o, err := a.Site.Options(ctx)
	if err != nil {
		return err
	}
	c := auth.CallerOf(ctx)
	if reason := auth.PermitReading(o, c, option.PermitViewQPage, c.Level); reason != auth.Permitted {
		return reason.Problem()
	}
	return nil
}

// postToMail returns what mails say of the post with the id, or nil if there is no such post.
func (a *App) postToMail(ctx context.Context, id int, censored bool) (*mail.Post, error) {
	p, err := a.QA.Tell(ctx, id, censored)
	if err != nil || p == nil {
		return nil, err
	}
	return &mail.Post{Author: p.Author, Title: p.Title, Text: p.Text, Parent: p.Parent, Address: p.Address,
		QuestionID: p.QuestionID, Visible: p.Visible}, nil
}

// postRefs returns those of the posts with the ids that the caller may see.
func (a *App) postRefs(ctx context.Context, ids []int) (map[int]mail.InboxPost, error) {
	refs, err := a.QA.Refs(ctx, ids)
	list := make(map[int]mail.InboxPost, len(refs))
	for id, r := range refs {
		list[id] = mail.InboxPost{ID: r.ID, Type: r.Type, QuestionID: r.QuestionID, Title: r.Title, Path: r.Path}
	}
	return list, err
}

// postsFor returns those of the posts with the ids that a user may see.
func (a *App) postsFor(ctx context.Context, userID int, ids []int) (map[int]mail.PostLink, error) {
	ctx, found, err := a.Auth.As(ctx, userID)
	if err != nil || !found {
		return nil, err
	}
	refs, err := a.QA.Refs(ctx, ids)
	list := make(map[int]mail.PostLink, len(refs))
	for id, r := range refs {
		list[id] = mail.PostLink{Title: r.Title, QuestionID: r.QuestionID, Address: r.Address}
	}
	return list, err
}

// badgeOf returns what the inbox shows of a badge.
func badgeOf(id int, l problem.Language) (mail.InboxBadge, bool) {
	title, ok := ranking.BadgeTitle(id, l)
	return mail.InboxBadge{ID: id, Title: title}, ok
}

// postsToHooks returns what receivers of webhooks are told of those of the posts that the caller may see.
func (a *App) postsToHooks(ctx context.Context, ids []int) (map[int]hooks.Post, error) {
	refs, err := a.QA.Refs(ctx, ids)
	list := make(map[int]hooks.Post, len(refs))
	for id, r := range refs {
		list[id] = hooks.Post{Title: r.Title, Address: r.Address}
	}
	return list, err
}
