package auth

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/kernel/audit"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/jobs"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
)

type mergeInput struct {
	ID   int `path:"id" minimum:"1" maximum:"4294967295" doc:"Id of the account that is to go"`
	Body struct {
		Into int `json:"into" minimum:"1" maximum:"4294967295" doc:"Id of the account that is to have everything"`
	}
}

type accountIDInput struct {
	ID int `path:"id" minimum:"1" maximum:"4294967295" doc:"Id of the account"`
}

// AccountWork is an account that is being merged into another or anonymised.
type AccountWork struct {
	Account AccountState  `json:"account" doc:"As it is until the work is done"`
	Run     *jobs.RunInfo `json:"run" doc:"The run of the job that does the work"`
}

type accountWorkOutput struct{ Body AccountWork }

// registerAccountWork adds the operations that merge and anonymise accounts.
func (m *Module) registerAccountWork(api huma.API) {
	op := func(id, path, summary, description string) huma.Operation {
		return huma.Operation{OperationID: id, Method: http.MethodPost, Path: "/v1/admin/users/{id}/" + path,
			Summary: summary, Description: description, Tags: []string{"Administration"},
			DefaultStatus: http.StatusAccepted,
			Errors:        []int{http.StatusForbidden, http.StatusNotFound, http.StatusConflict}}
	}
	web.Register(api, op("merge-users", "merge", "Merge an account into another",
		"For administrators who may delete the account and edit the other. The account is blocked at once; the job "+
			"accounts hands over what it has and deletes it. The same request again goes on with what a failure has left."),
		m.mergeUsers)
	web.Register(api, op("anonymise-user", "anonymise", "Make an account nobody's; its posts and votes stay",
		"For administrators who may delete the account. It gets a neutral handle and is blocked for good, and all that is "+
			"personal goes: at once what belongs to the account, by the job accounts the addresses from which it posted."),
		m.anonymiseUser)
}

// mergeUsers closes an account and has the job accounts merge it into another.
func (m *Module) mergeUsers(ctx context.Context, in *mergeInput) (*accountWorkOutput, error) {
	account, err := m.administerUser(ctx, in.ID, false, func(a *action, t *target) error {
		if err := mayDelete(a.Options, a.Caller, *t); err != nil {
			return err
		}
		into, err := a.mergeTarget(t.id, in.Body.Into)
		if err != nil {
			return err
		}
		switch w, busy, err := underWay(ctx, a.Tx, t.id); {
		case err != nil:
			return err
		case busy && w.Into == into.id:
			return nil // what was asked for already goes on
		case busy:
			return problem.New(codeAccountBusy)
		}
		if err := a.mustRest(t.id, into.id); err != nil {
			return err
		}
		before := *t
		if err := a.closeAccount(t); err != nil {
			return err
		}
		if err := a.beginWork(t.id, into.id); err != nil {
			return err
		}
		a.Report("u_merge", "userid", t.id, "handle", t.handle, "intoid", into.id, "intohandle", into.handle)
		a.audited = true
		type account struct {
			ID     int    `json:"id"`
			Handle string `json:"handle"`
		}
		err = audit.Record(ctx, a.Tx,
			audit.Entry{Kind: audit.User, Subject: strconv.Itoa(t.id),
				Before: map[string]bool{"blocked": before.flags&FlagBlocked != 0},
				After:  map[string]any{"blocked": true, "mergedInto": account{into.id, into.handle}}},
			audit.Entry{Kind: audit.User, Subject: strconv.Itoa(into.id),
				After: map[string]account{"merged": {t.id, t.handle}}})
		if err != nil {
			return err
		}
		return a.Wrote()
	})
	return m.workOutput(ctx, account, err)
}

// mergeTarget locks the account into which another is to be merged. The caller must be somebody who may edit it.
func (a *action) mergeTarget(from, into int) (user, error) {
	if into == from {
		return user{}, problem.Invalid(problem.Field{Name: "into", Code: fieldSameAccount})
	}
	u, found, err := lockIfThere(a.Ctx, a.Tx, into)
	if err != nil {
		return user{}, err
	}
	if !found {
		return user{}, problem.Invalid(problem.Field{Name: "into", Code: fieldNoAccount})
	}
	levels, err := categoryLevels(a.Ctx, a.Tx, u.id)
	if err != nil {
		return user{}, err
	}
	return u, mayEdit(a.Options, a.Caller, targetOf(u, levels))
}

// mustRest refuses the merge of an account while another is being merged into it, or while something is being
// done with the account into which it is to be merged.
func (a *action) mustRest(from, into int) error {
	var n int
	if _, err := a.Tx.Get(a.Ctx, []any{&n},
		"SELECT COUNT(*) FROM {q2ab_account_work} WHERE intoid = ? OR userid = ?", from, into); err != nil {
		return fmt.Errorf("look what is being done with accounts: %w", err)
	}
	if n > 0 {
		return problem.New(codeAccountBusy)
	}
	return nil
}

// closeAccount blocks an account, so that it can write nothing more, and ends its sessions here and on the old
// site.
func (a *action) closeAccount(t *target) error {
	t.flags |= FlagBlocked
	if err := set(a.Ctx, a.Tx, t.id, "flags = ?, sessioncode = ''", t.flags); err != nil {
		return err
	}
	if err := signOutForGood(a.Ctx, a.Tx, t.id); err != nil {
		return err
	}
	return a.countUnapproved()
}

// workOutput asks for a run of the job that does the work on an account, and returns both. The event that
// was reported asks for a run too, should this process die before.
func (m *Module) workOutput(
	ctx context.Context, account *accountOutput, err error,
) (*accountWorkOutput, error) {
	if err != nil {
		return nil, err
	}
	run, err := m.jobs.Request(ctx, accountsJob, jobs.Options{})
	if err != nil {
		return nil, err
	}
	return &accountWorkOutput{AccountWork{account.Body, run.Info()}}, nil
}

// finishMerge hands over what the accounts themselves have, when all else is handed over, and deletes the
// merged one. Its level, its address and its password go with it.
func (a *action) finishMerge(from, into user) error {
	if err := a.mergeAvatar(from, into); err != nil {
		return err
	}
	if err := a.mergeProfile(from.id, into.id); err != nil {
		return err
	}
	for _, query := range []string{
		"UPDATE {userlogins} SET userid = ? WHERE userid = ?",
		"UPDATE {q2ab_people} SET userid = ? WHERE userid = ?",
		a.Tx.UpdateIgnore() + " {q2ab_migrated} SET userid = ? WHERE userid = ?",
	} {
		if _, err := a.Tx.Exec(a.Ctx, query, into.id, from.id); err != nil {
			return fmt.Errorf("hand over the sign-ins of an account: %w", err)
		}
	}
	if err := CountWallPosts(a.Ctx, a.Tx, into.id); err != nil {
		return err
	}
	if err := a.tell(Merged, into.id, into.email); err != nil {
		return err
	}
	users, err := findUsers(a.Ctx, a.Tx, "userid = ?", from.id) // the avatar may be the other's now
	if err != nil || len(users) == 0 {
		return err
	}
	return a.delete(users[0])
}

// mergeAvatar gives an account that shows no picture that of the other.
func (a *action) mergeAvatar(from, into user) error {
	shown := from.flags & (flagShowAvatar | flagShowGravatar)
	if into.flags&(flagShowAvatar|flagShowGravatar) != 0 || shown == 0 || into.avatarBlob != "" {
		return nil
	}
	if from.avatarBlob != "" {
		var width, height sql.NullInt64
		if _, err := a.Tx.Get(a.Ctx, []any{&width, &height},
			"SELECT avatarwidth, avatarheight FROM {users} WHERE userid = ?", from.id); err != nil {
			return fmt.Errorf("read the picture of an account: %w", err)
		}
		if err := set(a.Ctx, a.Tx, into.id, "avatarblobid = ?, avatarwidth = ?, avatarheight = ?",
			from.avatarBlob, width, height); err != nil {
			return err
		}
		if err := set(a.Ctx, a.Tx, from.id, "avatarblobid = NULL"); err != nil {
			return err
		}
	}
	return set(a.Ctx, a.Tx, into.id, "flags = ?", into.flags|shown)
}

// mergeProfile hands over the fields of a profile that the other profile leaves empty.
func (a *action) mergeProfile(from, into int) error {
	type field struct{ title, content string }
	var fields []field
	err := a.Tx.Select(a.Ctx, func(rows *sql.Rows) error {
		var f field
		err := rows.Scan(&f.title, &f.content)
		fields = append(fields, f)
		return err
	}, `SELECT f.title, f.content
		FROM {userprofile} f
		LEFT JOIN {userprofile} i ON i.userid = ? AND i.title = f.title
		WHERE f.userid = ? AND f.content <> '' AND COALESCE(i.content, '') = ''`, into, from)
	if err != nil {
		return fmt.Errorf("read the fields of a profile: %w", err)
	}
	for _, f := range fields {
		if _, err := a.Tx.Exec(a.Ctx, "INSERT INTO {userprofile} (userid, title, content) VALUES (?, ?, ?)"+
			a.Tx.Overwrite("userid, title", "content"), into, f.title, f.content); err != nil {
			return fmt.Errorf("hand over the fields of a profile: %w", err)
		}
	}
	return nil
}

// Reassign hands over the rows of a table, whose column names the merged account, to the other account, for
// steps of WorkOnAccounts. Rows that the other account has already, by a key of the table, are deleted. It is
// for tables with few rows of an account. It returns how many rows there were.
func Reassign(ctx context.Context, tx *database.DB, table, column string, w Work) (done int, err error) {
	moved, err := tx.Exec(ctx, tx.UpdateIgnore()+" "+table+" SET "+column+" = ? WHERE "+column+" = ?",
		w.Into, w.UserID)
	if err != nil {
		return 0, fmt.Errorf("hand over rows of %s: %w", table, err)
	}
	left, err := tx.Exec(ctx, "DELETE FROM "+table+" WHERE "+column+" = ?", w.UserID)
	if err != nil {
		return 0, fmt.Errorf("drop rows of %s: %w", table, err)
	}
	return int(moved + left), nil
}
