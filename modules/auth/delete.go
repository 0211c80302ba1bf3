package auth

import (
	"context"
	"fmt"
	"net/http"

	"38qa.net/backend/modules/kernel/audit"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/site/option"
)

// freshSignIn is how old a sign-in may be for an action that cannot be undone, in seconds.
const freshSignIn = 300

// deleteMe deletes the caller's own account, by the rules by which administrators delete accounts:
// the posts stay, without an author. It requires a recent sign-in, so that nobody can delete the
// account on a device that its owner has left unattended.
func (m *Module) deleteMe(ctx context.Context, _ *struct{}) (*noContent, error) {
	caller, err := RequireUser(ctx)
	if err != nil {
		return nil, err
	}
	if m.db.Now()-personOf(ctx).SignedInAt > freshSignIn {
		return nil, problem.New(codeSignInAgain, freshSignIn/60)
	}
	err = m.transact(ctx, func(a *action) error {
		u, err := lockUser(ctx, a.Tx, caller.UserID)
		if err != nil {
			return err
		}
		if err := a.barred(u); err != nil { // otherwise they could register anew
			return err
		}
		if caller.MaximumLevel() >= LevelModerator {
			// Moderators and above have to give up their level first.
			return problem.New(CodePermissionLevel)
		}
		return a.delete(u)
	})
	return &noContent{http.StatusNoContent}, err
}

// deleteUser deletes the account of another user. The user's posts stay, without an author.
func (m *Module) deleteUser(ctx context.Context, in *handleInput) (*noContent, error) {
	_, err := m.administer(ctx, in.Handle, false, func(a *action, t *target) error {
		if err := mayDelete(a.Options, a.Caller, *t); err != nil {
			return err
		}
		if err := a.delete(t.user); err != nil {
			return err
		}
		if err := a.audit(t.id, nil, nil); err != nil { // who it was is forgotten
			return err
		}
		return a.Wrote()
	})
	return &noContent{http.StatusNoContent}, err
}

// delete deletes an account with everything that belongs to it. Listeners are called first, so that
// other modules can update what they derive from the account.
func (a *action) delete(u user) error {
	a.Report("u_delete_before", "userid", u.id, "handle", u.handle)
	if err := a.tell(Deleting, u.id, u.email); err != nil {
		return err
	}
	if u.avatarBlob != "" {
		if err := a.m.settings.DropImage(a.Ctx, a.Tx, u.avatarBlob); err != nil {
			return err
		}
	}
	counts := map[option.Key]int{}
	if u.level < LevelApproved && u.flags&FlagBlocked == 0 {
		counts[option.CacheUapprovecount] = -1
	}
	if err := signOutForGood(a.Ctx, a.Tx, u.id); err != nil {
		return err
	}
	for _, query := range []string{
		"DELETE FROM {q2ab_people} WHERE userid = ?", "DELETE FROM {q2ab_migrated} WHERE userid = ?",
		"DELETE FROM {users} WHERE userid = ?", // foreign keys delete the rest with this row
	} {
		if _, err := a.Tx.Exec(a.Ctx, query, u.id); err != nil {
			return fmt.Errorf("delete an account: %w", err)
		}
	}
	if err := audit.Forget(a.Ctx, a.Tx, u.id); err != nil {
		return err
	}
	a.Report("u_delete", "userid", u.id, "handle", u.handle)
	return site.AddCounts(a.Ctx, a.Tx, counts)
}
