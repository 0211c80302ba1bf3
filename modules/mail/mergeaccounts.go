package mail

import (
	"context"
	"errors"
	"fmt"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/database"
)

// WorkOnAccounts takes part in merging accounts: the inbox, the devices, the mails that wait and what was sent
// already are the other account's then; where both have chosen something, the choice of the account that stays
// is kept. What is known against the address of the account that goes, goes with the address.
func (m *Module) WorkOnAccounts(accounts *auth.Module) {
	accounts.WorkOnAccounts(func(ctx context.Context, tx *database.DB, w auth.Work) (int, error) {
		if !w.Merging() {
			return 0, nil
		}
		done := 0
		var failures []error
		count := func(n int, err error) { done, failures = done+n, append(failures, err) }
		count(auth.Reassign(ctx, tx, "{q2ab_inbox}", "userid", w))
		count(auth.Reassign(ctx, tx, "{q2ab_preferences}", "userid", w))
		count(auth.Reassign(ctx, tx, "{q2ab_follow_mails}", "userid", w))
		count(auth.Reassign(ctx, tx, "{q2ab_followed}", "userid", w))
		count(auth.Reassign(ctx, tx, "{q2ab_digests}", "userid", w))
		count(auth.Reassign(ctx, tx, "{q2ab_engagement}", "userid", w))
		count(auth.Reassign(ctx, tx, "{q2ab_push_subscriptions}", "userid", w))
		count(auth.Reassign(ctx, tx, "{q2ab_mail}", "userid", w))
		count(auth.Reassign(ctx, tx, "{q2ab_dead_mail}", "userid", w))
		count(auth.Reassign(ctx, tx, "{q2ab_mailings}", "byuserid", w))
		count(mergeInboxActors(ctx, tx, w))
		count(m.mergeOldNotices(ctx, tx, w))
		return done, errors.Join(failures...)
	})
}

// mergeInboxActors hands over who caused entries of the inboxes of others. Entries are kept together by who
// writes messages, so that this is their subject too.
func mergeInboxActors(ctx context.Context, tx *database.DB, w auth.Work) (int, error) {
	// The table has no key with the actor. Nearly all entries are about posts and messages of the account.
	actors, err := auth.Reassign(ctx, tx, "{q2ab_inbox}", "byuserid", w)
	if err != nil {
		return 0, err
	}
	kinds := []string{string(entryMessage), string(entryWall)}
	moved, err := tx.Exec(ctx, tx.UpdateIgnore()+" {q2ab_inbox} SET subject = ? WHERE subject = ? AND kind IN ?",
		w.Into, w.UserID, kinds)
	if err != nil {
		return 0, fmt.Errorf("hand over entries of inboxes: %w", err)
	}
	left, err := tx.Exec(ctx, "DELETE FROM {q2ab_inbox} WHERE subject = ? AND kind IN ?", w.UserID, kinds)
	if err != nil {
		return 0, fmt.Errorf("drop entries of inboxes: %w", err)
	}
	return actors + int(moved+left), nil
}

// mergeOldNotices hands over the notices of a plugin of the old site, if it is there.
func (m *Module) mergeOldNotices(ctx context.Context, tx *database.DB, w auth.Work) (int, error) {
	all, err := tx.Columns(ctx, noticeTable)
	if err != nil {
		return 0, err
	}
	c := findNoticeColumns(all)
	if c.user == "" {
		return 0, nil
	}
	return auth.Reassign(ctx, tx, "{sn_notice}", c.user, w)
}

// forgetQueued removes the mails that wait for an account that is anonymised. Those to an account that is
// deleted are dropped when their turn comes.
func forgetQueued(ctx context.Context, tx *database.DB, userID int) error {
	if _, err := tx.Exec(ctx, "DELETE FROM {q2ab_mail} WHERE userid = ?", userID); err != nil {
		return fmt.Errorf("drop the mails to an account: %w", err)
	}
	return nil
}
