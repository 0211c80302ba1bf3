package qa

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/audit"
	"38qa.net/backend/modules/kernel/events"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/site/option"
)

const (
	// maxDecisions is how many decisions of each source a history has at most: the newest.
	maxDecisions = 500
	// historySize is how many entries of a history a page has unless the client says.
	historySize = 50
	// sameMoment is how many seconds apart two records of one happening may be.
	sameMoment = 2
)

// PostHistoryEntry is something that happened to a post.
type PostHistoryEntry struct {
	At       time.Time    `json:"at"`
	What     string       `json:"what" enum:"created,edited,approved,rejected,hidden,reshown,flags-cleared,closed,reopened,deleted" doc:"What happened"`
	By       *auth.Author `json:"by,omitempty" doc:"Who did it; absent for visitors, for deleted accounts, and where it is not known, as for posts that flags have hidden"`
	Revision int          `json:"revision,omitempty" doc:"Number of the version that was made"`
	Silent   bool         `json:"silent,omitempty" doc:"The edit left no trace on the post"`
	Action   string       `json:"action,omitempty" doc:"The operation by which a moderator decided it; absent for what the old site did"`

	by int
}

type postHistoryInput struct {
	ID int `path:"id" minimum:"1" maximum:"4294967295" doc:"Id of the post"`
	web.Page
}

type postHistoryOutput struct{ Body web.List[PostHistoryEntry] }

// registerPostHistory adds the operation that lists what happened to a post.
func (m *Module) registerPostHistory(api huma.API) {
	web.Register(api, huma.Operation{
		OperationID: "list-post-history", Method: http.MethodGet, Path: "/v1/admin/posts/{id}/history",
		Tags: []string{"Moderation"}, Summary: "What happened to a post, the newest first",
		Description: "For those who may approve, hide or delete the post: its versions, and who hid, approved, closed " +
			"or deleted it. Decisions that were made here about posts of others are in the log of changes; those of the " +
			"old site are known where it has its event log, and otherwise the last one, from the post itself. Of a " +
			"deleted post the decisions are left.",
		Errors: []int{http.StatusForbidden, http.StatusNotFound},
	}, m.listPostHistory)
}

func (m *Module) listPostHistory(ctx context.Context, in *postHistoryInput) (*postHistoryOutput, error) {
	o, err := m.site.Options(ctx)
	if err != nil {
		return nil, err
	}
	if err := mayModerate(o, auth.CallerOf(ctx), moderationPermissions); err != nil {
		return nil, err
	}
	list, err := m.postHistory(ctx, o, in.ID)
	if err != nil {
		return nil, err
	}
	page, err := web.PastPage("post-history:"+itoa(in.ID), in.Page, list,
		func(e PostHistoryEntry) int64 { return e.At.Unix() }, in.Size(historySize))
	if err != nil {
		return nil, err
	}
	var ids []int
	for _, e := range page.Items {
		if e.by != 0 {
			ids = append(ids, e.by)
		}
	}
	authors, err := m.auth.Authors(ctx, o, ids)
	if err != nil {
		return nil, fmt.Errorf("read who changed a post: %w", err)
	}
	for i := range page.Items {
		page.Items[i].By = authors[page.Items[i].by]
	}
	return &postHistoryOutput{*page}, nil
}

// postHistory returns all that is known to have happened to a post, the newest first.
func (m *Module) postHistory(ctx context.Context, o *site.Options, id int) ([]PostHistoryEntry, error) {
	caller := auth.CallerOf(ctx)
	_, _, p, err := m.openPost(ctx, id, anyKind, nil)
	var refused *problem.Error
	switch {
	case err == nil:
		if err := mayDecide(o, caller, p); err != nil {
			return nil, err
		}
	case errors.As(err, &refused) && refused.Code == problem.CodeNotFound &&
		everywhere(o, caller, option.PermitHideShow) && everywhere(o, caller, option.PermitModerate):
		p = nil // whoever sees all posts may know what became of one that is gone
	default:
		return nil, err
	}
	var list []PostHistoryEntry
	if p != nil {
		versions, err := m.versions(ctx, o, p)
		if err != nil {
			return nil, err
		}
		list = entriesOfPost(p, versions)
	}
	changes, err := audit.About(ctx, m.db, audit.Post, itoa(id), maxDecisions)
	if err != nil {
		return nil, err
	}
	for _, c := range changes {
		list = addEntry(list, entryOfChange(c))
	}
	logged, err := events.LoggedAbout(ctx, m.db, decisionEvents(), "postid", id, maxDecisions)
	if err != nil {
		return nil, err
	}
	for _, l := range logged {
		list = addEntry(list, PostHistoryEntry{At: unixTime(l.At), What: decisions[l.Name[2:]], by: l.UserID})
	}
	if p == nil && list == nil {
		return nil, problem.NotFound()
	}
	if p != nil {
		list = addEntry(list, lastDecision(p))
	}
	slices.SortStableFunc(list, func(a, b PostHistoryEntry) int {
		return cmp.Compare(b.At.Unix(), a.At.Unix())
	})
	return list, nil
}

// decisionEvents returns the names of Q2A's events that are decisions.
func decisionEvents() []string {
	var names []string
	for _, end := range slices.Sorted(maps.Keys(decisions)) {
		for _, kind := range []Kind{KindQuestion, KindAnswer, KindComment} {
			names = append(names, kind.letter()+"_"+end)
		}
	}
	return names
}

// addEntry adds an entry unless the list has it already from another source.
func addEntry(list []PostHistoryEntry, e PostHistoryEntry) []PostHistoryEntry {
	known := slices.ContainsFunc(list, func(other PostHistoryEntry) bool {
		apart := other.At.Unix() - e.At.Unix()
		return other.What == e.What && other.by == e.by && max(apart, -apart) <= sameMoment
	})
	if e.What == "" || known {
		return list
	}
	return append(list, e)
}

// entriesOfPost returns that the post was written, and its edits.
func entriesOfPost(p *post, versions []version) []PostHistoryEntry {
	list := []PostHistoryEntry{{At: unixTime(p.created), What: "created", by: p.userID}}
	for i, v := range versions {
		if v.at == 0 || i == 0 && v.number == 1 {
			continue
		}
		list = append(list, PostHistoryEntry{At: unixTime(v.at), What: "edited", Revision: v.number,
			Silent: v.silent, by: v.userID})
	}
	return list
}

// entryOfChange returns the decision that an entry of the log of changes is about. It has no word if it is none.
func entryOfChange(c audit.Change) PostHistoryEntry {
	var d decided
	if json.Unmarshal(c.After, &d) != nil || !slices.Contains(decisionNames(), d.Decision) {
		return PostHistoryEntry{}
	}
	e := PostHistoryEntry{At: c.At, What: d.Decision, Action: c.Action}
	if c.By != nil {
		e.by = c.By.ID
	}
	return e
}

// lastDecision returns the decision that the post itself tells of as its last change. It has no word if there
// is none.
func lastDecision(p *post) PostHistoryEntry {
	e := PostHistoryEntry{At: unixTime(p.updated), by: p.lastUserID}
	switch {
	case p.updated == 0:
	case p.updateType == "H" && p.hidden:
		e.What = decisions["hide"]
	case p.updateType == "H":
		e.What = decisions["reshow"]
	case p.updateType == "C" && p.closedByID != 0:
		e.What = decisions["close"]
	case p.updateType == "C":
		e.What = decisions["reopen"]
	}
	return e
}
