package auth

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/kernel/audit"
	"38qa.net/backend/modules/kernel/events"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/site"
)

const (
	// maxHistory is how many entries of each source a history has at most: the newest.
	maxHistory = 500
	// historySize is how many entries a page has unless the client says.
	historySize = 50
	// sameMoment is how many seconds apart two records of one happening may be.
	sameMoment = 2
)

// UserHistoryEntry is something that happened to an account.
type UserHistoryEntry struct {
	At     time.Time `json:"at"`
	What   string    `json:"what" enum:"registered,approved,level,category-levels,blocked,unblocked,posts-hidden,changed" doc:"What happened; changed is anything else that is in the log of changes"`
	By     *Author   `json:"by,omitempty" doc:"Who did it; absent where that is not known, and for deleted accounts"`
	From   string    `json:"from,omitempty" enum:"basic,approved,expert,editor,moderator,admin,super" doc:"The level before"`
	To     string    `json:"to,omitempty" enum:"basic,approved,expert,editor,moderator,admin,super" doc:"The level since then"`
	Action string    `json:"action,omitempty" doc:"The operation by which it was done; absent for what the old site did"`

	by int
}

type userHistoryInput struct {
	ID int `path:"id" minimum:"1" maximum:"4294967295" doc:"Id of the user"`
	web.Page
}

type userHistoryOutput struct{ Body web.List[UserHistoryEntry] }

// registerUserHistory adds the operation that lists what happened to an account.
func (m *Module) registerUserHistory(api huma.API) {
	web.Register(api, huma.Operation{
		OperationID: "list-user-history", Method: http.MethodGet, Path: "/v1/admin/users/{id}/history",
		Tags: []string{"Moderation"}, Summary: "What happened to an account, the newest first",
		Description: "For moderators: the registration, levels, approvals and blocks. What was done here is in the " +
			"log of changes; what the old site did is known where it has its event log.",
		Errors: []int{http.StatusForbidden, http.StatusNotFound},
	}, m.listUserHistory)
}

func (m *Module) listUserHistory(ctx context.Context, in *userHistoryInput) (*userHistoryOutput, error) {
	if err := m.RequireModerator(ctx); err != nil {
		return nil, err
	}
	accounts, err := m.Accounts(ctx, "u.userid = ?", in.ID)
	if err != nil {
		return nil, err
	}
	if len(accounts) == 0 {
		return nil, problem.NotFound()
	}
	changes, err := audit.About(ctx, m.db, audit.User, strconv.Itoa(in.ID), maxHistory)
	if err != nil {
		return nil, err
	}
	logged, err := events.LoggedAbout(ctx, m.db, []string{"u_block", "u_unblock", "u_level"}, "userid", in.ID,
		maxHistory)
	if err != nil {
		return nil, err
	}
	list := userHistory(accounts[0], changes, logged)
	page, err := web.PastPage("user-history:"+strconv.Itoa(in.ID), in.Page, list,
		func(e UserHistoryEntry) int64 { return e.At.Unix() }, in.Size(historySize))
	if err != nil {
		return nil, err
	}
	o, err := m.site.Options(ctx)
	if err != nil {
		return nil, err
	}
	return &userHistoryOutput{*page}, m.nameActors(ctx, o, page.Items)
}

// nameActors sets who did what is in the entries.
func (m *Module) nameActors(ctx context.Context, o *site.Options, entries []UserHistoryEntry) error {
	var ids []int
	for _, e := range entries {
		if e.by != 0 {
			ids = append(ids, e.by)
		}
	}
	authors, err := m.Authors(ctx, o, ids)
	if err != nil {
		return fmt.Errorf("read who changed an account: %w", err)
	}
	for i := range entries {
		entries[i].By = authors[entries[i].by]
	}
	return nil
}

// userHistory returns all that is known to have happened to an account, the newest first: its registration,
// the entries of the log of changes, and those of Q2A's event log that the log of changes does not have too.
func userHistory(a Account, changes []audit.Change, logged []events.Logged) []UserHistoryEntry {
	list := []UserHistoryEntry{{At: time.Unix(a.Created, 0).UTC(), What: "registered"}}
	for _, c := range changes {
		list = append(list, changesOfUser(c)...)
	}
	for _, l := range logged {
		e := loggedOfUser(l)
		known := slices.ContainsFunc(list, func(other UserHistoryEntry) bool {
			return other.What == e.What && other.by == e.by &&
				max(other.At.Unix()-l.At, l.At-other.At.Unix()) <= sameMoment
		})
		if !known {
			list = append(list, e)
		}
	}
	slices.SortStableFunc(list, func(a, b UserHistoryEntry) int { return cmp.Compare(b.At.Unix(), a.At.Unix()) })
	return list
}

// changesOfUser returns what an entry of the log of changes tells of an account. It leaves out values, such as
// e-mail addresses, that are for administrators.
func changesOfUser(c audit.Change) []UserHistoryEntry {
	entry := UserHistoryEntry{At: c.At, What: "changed", Action: c.Action}
	if c.By != nil {
		entry.by = c.By.ID
	}
	if c.Action == "hide-user-posts" {
		entry.What = "posts-hidden"
		return []UserHistoryEntry{entry}
	}
	var before, after AccountState
	if json.Unmarshal(c.Before, &before) != nil || json.Unmarshal(c.After, &after) != nil ||
		before.Level == "" || after.Level == "" {
		return []UserHistoryEntry{entry}
	}
	var list []UserHistoryEntry
	add := func(what, from, to string) {
		e := entry
		e.What, e.From, e.To = what, from, to
		list = append(list, e)
	}
	if before.Level != after.Level {
		add(levelChange(before.Level, after.Level))
	}
	if !slices.Equal(before.CategoryLevels, after.CategoryLevels) {
		add("category-levels", "", "")
	}
	switch {
	case !before.Blocked && after.Blocked:
		add("blocked", "", "")
	case before.Blocked && !after.Blocked:
		add("unblocked", "", "")
	}
	if list == nil {
		list = append(list, entry)
	}
	return list
}

// levelChange returns the word for a change of level, and the levels.
func levelChange(from, to string) (what, before, after string) {
	if from == LevelName(LevelBasic) && to == LevelName(LevelApproved) {
		return "approved", from, to
	}
	return "level", from, to
}

// loggedOfUser returns what an event of Q2A's log tells of an account.
func loggedOfUser(l events.Logged) UserHistoryEntry {
	e := UserHistoryEntry{At: time.Unix(l.At, 0).UTC(), by: l.UserID}
	switch l.Name {
	case "u_block":
		e.What = "blocked"
	case "u_unblock":
		e.What = "unblocked"
	default:
		from, _ := strconv.Atoi(l.Params["oldlevel"])
		to, _ := strconv.Atoi(l.Params["level"])
		e.What, e.From, e.To = levelChange(LevelName(from), LevelName(to))
	}
	return e
}
