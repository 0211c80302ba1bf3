package community

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/site/option"
)

// aloneForGroups is the name under which a transaction is the only one that changes who is in which group.
const aloneForGroups = "groups"

type startGroupInput struct {
	Body struct {
		Handles []string `json:"handles" minItems:"1" maxItems:"50" maxLength:"80" doc:"The others: at least two, and with the caller at most ten"`
	}
}

type addMembersInput struct {
	ID   int `path:"id" minimum:"1" maximum:"4294967295"`
	Body struct {
		Handles []string `json:"handles" minItems:"1" maxItems:"50" maxLength:"80" doc:"Whom to add; with those who are in it, a group has at most ten members"`
	}
}

type startGroupOutput struct {
	Location string `header:"Location"`
	Body     group
}

type membersOutput struct{ Body web.List[auth.Author] }

func (m *Module) registerGroupMembers(api huma.API) {
	web.Register(api, messageOperation("list-group-members", http.MethodGet, "me/groups/{id}/members",
		"Who is in a group"), m.listMembers)
	add := messageOperation("add-group-members", http.MethodPost, "me/groups/{id}/members",
		"Add users to a group")
	add.DefaultStatus = http.StatusOK
	web.Register(api, add, m.addMembers)
}

func (m *Module) listMembers(ctx context.Context, in *groupInput) (*membersOutput, error) {
	caller, err := m.groupMember(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	g, err := m.groupOf(ctx, caller.UserID, in.ID)
	return &membersOutput{web.List[auth.Author]{Items: g.Members}}, err
}

// invited are users to be added to a group, each once and without the caller, with the index of each
// among the handles that were sent.
type invited struct {
	accounts []auth.Account
	index    map[int]int
}

// invite returns the users with the handles. It returns a problem that names each handle of nobody.
func (m *Module) invite(ctx context.Context, caller auth.Caller, handles []string) (invited, error) {
	in := invited{index: map[int]int{}}
	var known []string
	for _, h := range handles {
		if !database.BeyondQ2A(h) {
			known = append(known, h)
		}
	}
	var accounts []auth.Account
	if len(known) > 0 {
		var err error
		if accounts, err = m.auth.Accounts(ctx, "u.handle IN ? ORDER BY u.userid", known); err != nil {
			return in, err
		}
	}
	var wrong []problem.Field
	for i, h := range handles {
		a, there := named(accounts, h)
		if !there {
			wrong = append(wrong, problem.Field{Name: fmt.Sprintf("handles[%d]", i), Code: fieldNoUser})
			continue
		}
		if _, twice := in.index[a.ID]; !twice && a.ID != caller.UserID {
			in.index[a.ID] = i
			in.accounts = append(in.accounts, a)
		}
	}
	if wrong != nil {
		return in, problem.Invalid(wrong...)
	}
	return in, nil
}

// named returns the account with the handle, as AccountByHandle chooses among those that the database takes
// for equal.
func named(accounts []auth.Account, handle string) (found auth.Account, there bool) {
	for _, a := range accounts {
		switch {
		case a.Handle == handle:
			return a, true
		case !there && database.CompareGeneralCI(a.Handle, handle) == 0:
			found, there = a, true
		}
	}
	return found, there
}

// startGroup starts a group, or returns the one that the same users have already, as the plugin does.
func (m *Module) startGroup(ctx context.Context, in *startGroupInput) (*startGroupOutput, error) {
	caller, err := m.groupCaller(ctx)
	if err != nil {
		return nil, err
	}
	others, err := m.invite(ctx, caller, in.Body.Handles)
	if err != nil {
		return nil, err
	}
	switch n := len(others.accounts); {
	case n < leastMembers-1:
		return nil, problem.Invalid(problem.Field{Name: "handles", Code: problem.FieldTooFew,
			Args: []any{leastMembers - 1}})
	case n > mostMembers-1:
		return nil, problem.Invalid(problem.Field{Name: "handles", Code: problem.FieldTooMany,
			Args: []any{mostMembers - 1}})
	}
	id, err := m.auth.Write(ctx, func(w *auth.Writer) (int, error) { return m.writeGroup(w, others) })
	if err != nil {
		return nil, err
	}
	g, err := m.groupOf(ctx, caller.UserID, id)
	return &startGroupOutput{fmt.Sprintf("/v1/me/groups/%d", id), g}, err
}

func (m *Module) writeGroup(w *auth.Writer, others invited) (id int, err error) {
	if err := w.Tx.Alone(w.Ctx, aloneForGroups); err != nil {
		return 0, err
	}
	people := []int{w.Caller.UserID}
	for _, a := range others.accounts {
		people = append(people, a.ID)
	}
	if p := auth.Refusal(w.Options, w.Caller, option.None, w.Caller.Level); p != nil {
		return 0, p
	}
	if id, err = sameGroup(w.Ctx, w.Tx, people); err != nil || id != 0 {
		return id, err
	}
	if err := m.requireReachable(w, others); err != nil {
		return 0, err
	}
	started, err := w.Tx.Insert(w.Ctx,
		"INSERT INTO {msg_groups} (title, created) VALUES ('', FROM_UNIXTIME(?))", w.Tx.Now())
	if err != nil {
		return 0, fmt.Errorf("start a group: %w", err)
	}
	return int(started), addToGroup(w, int(started), people)
}

// sameGroup returns the oldest group that has exactly these members, 0 if there is none.
func sameGroup(ctx context.Context, tx *database.DB, people []int) (id int, err error) {
	_, err = tx.Get(ctx, []any{&id}, `SELECT u.groupid FROM {msg_group_users} u
		WHERE u.groupid IN (SELECT o.groupid FROM {msg_group_users} o WHERE o.userid = ?)
		GROUP BY u.groupid
		HAVING COUNT(*) = ? AND SUM(CASE WHEN u.userid IN ? THEN 1 ELSE 0 END) = ?
		ORDER BY u.groupid LIMIT 1`, people[0], len(people), people, len(people))
	if err != nil {
		return 0, fmt.Errorf("look for a group of the same users: %w", err)
	}
	return id, nil
}

// requireReachable returns a problem that names those to whom the caller could not write either.
func (m *Module) requireReachable(w *auth.Writer, others invited) error {
	ids := []int{w.Caller.UserID}
	for _, a := range others.accounts {
		ids = append(ids, a.ID)
	}
	people, err := lockPartners(w.Ctx, w.Tx, ids...)
	if err != nil {
		return err
	}
	var partners []partner
	for _, a := range others.accounts {
		if p, there := people[a.ID]; there {
			partners = append(partners, p)
		}
	}
	relations, err := m.allRelations(w.Ctx, w.Tx, true, people[w.Caller.UserID], partners)
	if err != nil {
		return err
	}
	var wrong []problem.Field
	for _, a := range others.accounts {
		field := problem.Field{Name: fmt.Sprintf("handles[%d]", others.index[a.ID]), Code: fieldNotReachable}
		if _, there := people[a.ID]; !there {
			field.Code = fieldNoUser // deleted in the meantime
		} else if mayMessage(true, relations[a.ID]) == nil {
			continue
		}
		wrong = append(wrong, field)
	}
	if wrong != nil {
		return problem.Invalid(wrong...)
	}
	return nil
}

// addToGroup writes the rows of new members, the caller possibly among them, and reports each other one.
func addToGroup(w *auth.Writer, id int, people []int) error {
	args := []any{}
	for _, user := range people {
		args = append(args, id, user)
	}
	// Ignoring who is there: the old site may add the same user at the same time.
	_, err := w.Tx.Exec(w.Ctx, w.Tx.InsertIgnore()+
		" {msg_group_users} (groupid, userid, `join`, notify) VALUES "+repeated("(?, ?, 1, 1)", len(people)), args...)
	if err != nil {
		return fmt.Errorf("add to a group: %w", err)
	}
	for _, user := range people {
		if user != w.Caller.UserID {
			w.ReportTo([]int{user}, "g_invite", "groupid", id, "userid", user)
		}
	}
	return nil
}

func (m *Module) addMembers(ctx context.Context, in *addMembersInput) (*membersOutput, error) {
	caller, err := m.groupMember(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	others, err := m.invite(ctx, caller, in.Body.Handles)
	if err != nil {
		return nil, err
	}
	if _, err := m.auth.Write(ctx, func(w *auth.Writer) (int, error) {
		return in.ID, m.writeMembers(w, in.ID, others)
	}); err != nil {
		return nil, err
	}
	g, err := m.groupOf(ctx, caller.UserID, in.ID)
	return &membersOutput{web.List[auth.Author]{Items: g.Members}}, err
}

func (m *Module) writeMembers(w *auth.Writer, id int, others invited) error {
	if err := w.Tx.Alone(w.Ctx, aloneForGroups); err != nil {
		return err
	}
	if err := requireMember(w.Ctx, w.Tx, id, w.Caller.UserID, true); err != nil {
		return err
	}
	if p := auth.Refusal(w.Options, w.Caller, option.None, w.Caller.Level); p != nil {
		return p
	}
	// Who was deleted with the account takes no place.
	members := map[int]bool{}
	joined := 0
	err := w.Tx.Select(w.Ctx, func(rows *sql.Rows) error {
		var user int
		var there bool
		err := rows.Scan(&user, &there)
		if members[user] = true; there {
			joined++
		}
		return err
	}, `SELECT g.userid, u.userid IS NOT NULL FROM {msg_group_users} g
		LEFT JOIN {users} u ON u.userid = g.userid WHERE g.groupid = ?`, id)
	if err != nil {
		return fmt.Errorf("read who is in a group: %w", err)
	}
	others.accounts = slices.DeleteFunc(others.accounts, func(a auth.Account) bool { return members[a.ID] })
	switch {
	case len(others.accounts) == 0:
		return nil
	case joined+len(others.accounts) > mostMembers:
		return problem.Invalid(problem.Field{Name: "handles", Code: problem.FieldTooMany,
			Args: []any{max(mostMembers-joined, 0)}})
	}
	if err := m.requireReachable(w, others); err != nil {
		return err
	}
	people := make([]int, len(others.accounts))
	for i, a := range others.accounts {
		people[i] = a.ID
	}
	return addToGroup(w, id, people)
}
