package auth

import (
	"context"
	"fmt"

	"38qa.net/backend/modules/kernel/audit"
	"38qa.net/backend/modules/kernel/problem"
)

// anonymiseUser makes an account nobody's: unlike a deleted one, it stays, blocked and under a neutral handle,
// so that its posts stay apart from those of others, and its votes count. All that is personal goes.
func (m *Module) anonymiseUser(ctx context.Context, in *accountIDInput) (*accountWorkOutput, error) {
	account, err := m.administerUser(ctx, in.ID, true, func(a *action, t *target) error {
		if err := mayDelete(a.Options, a.Caller, *t); err != nil {
			return err
		}
		switch w, busy, err := underWay(ctx, a.Tx, t.id); {
		case err != nil:
			return err
		case busy && !w.Merging():
			return nil // what was asked for already goes on
		case busy:
			return problem.New(codeAccountBusy)
		}
		var merging int
		if _, err := a.Tx.Get(ctx, []any{&merging},
			"SELECT COUNT(*) FROM {q2ab_account_work} WHERE intoid = ?", t.id); err != nil {
			return fmt.Errorf("look what is being done with accounts: %w", err)
		}
		if merging > 0 {
			return problem.New(codeAccountBusy)
		}
		if err := a.anonymise(t); err != nil {
			return err
		}
		if err := a.beginWork(t.id, 0); err != nil {
			return err
		}
		a.Report("u_anonymise", "userid", t.id, "handle", t.handle)
		if err := a.audit(t.id, nil, map[string]string{"anonymised": t.handle}); err != nil {
			return err
		}
		return a.Wrote()
	})
	return m.workOutput(ctx, account, err)
}

// anonymise takes from an account all that is personal, other than the addresses from which it posted.
func (a *action) anonymise(t *target) error {
	handle, err := a.neutralHandle(t.id)
	if err != nil {
		return err
	}
	if err := a.tell(Anonymised, t.id, t.email); err != nil {
		return err
	}
	if t.avatarBlob != "" {
		if err := a.m.settings.DropImage(a.Ctx, a.Tx, t.avatarBlob); err != nil {
			return err
		}
	}
	if err := signOutForGood(a.Ctx, a.Tx, t.id); err != nil {
		return err
	}
	for _, query := range []string{
		"DELETE FROM {q2ab_people} WHERE userid = ?", "DELETE FROM {q2ab_migrated} WHERE userid = ?",
		"DELETE FROM {userlogins} WHERE userid = ?", "DELETE FROM {userprofile} WHERE userid = ?",
		"DELETE FROM {userlevels} WHERE userid = ?", "DELETE FROM {userlimits} WHERE userid = ?",
	} {
		if _, err := a.Tx.Exec(a.Ctx, query, t.id); err != nil {
			return fmt.Errorf("anonymise an account: %w", err)
		}
	}
	if err := audit.Forget(a.Ctx, a.Tx, t.id); err != nil {
		return err
	}
	t.handle, t.email, t.avatarBlob = handle, "", ""
	t.level, t.flags = LevelBasic, FlagBlocked|FlagNoMessages|FlagNoMailings|FlagNoWallPosts
	if err := set(a.Ctx, a.Tx, t.id, `handle = ?, email = '', level = ?, flags = ?, createip = ?, loginip = ?,
			writeip = NULL, loggedin = created, written = NULL, passsalt = NULL, passcheck = NULL, passhash = NULL,
			emailcode = '', sessioncode = '', sessionsource = NULL, avatarblobid = NULL, avatarwidth = NULL,
			avatarheight = NULL`,
		t.handle, t.level, t.flags, []byte{}, []byte{}); err != nil {
		return err
	}
	if err := CountWallPosts(a.Ctx, a.Tx, t.id); err != nil {
		return err
	}
	return a.countUnapproved()
}

// neutralHandle returns a handle that says nothing of the user with the id. Names are locked.
func (a *action) neutralHandle(id int) (string, error) {
	for number := id; ; number += 1_000_003 { // somebody may have chosen such a handle
		handle := fmt.Sprintf("anonymous%d", number)
		taken, err := a.taken("handle", handle, id)
		if err != nil || !taken {
			return handle, err
		}
	}
}
