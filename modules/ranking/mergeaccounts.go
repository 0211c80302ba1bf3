package ranking

import (
	"context"
	"fmt"
	"slices"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/database"
)

// WorkOnAccounts takes part in merging accounts: badges that the other account does not have are its own then,
// and the bonuses are added up. The points that follow from posts and votes have been counted with those.
func (m *Module) WorkOnAccounts(accounts *auth.Module) {
	accounts.WorkOnAccounts(m.mergeBonus, mergeBadges)
}

func (m *Module) mergeBonus(ctx context.Context, tx *database.DB, w auth.Work) (int, error) {
	if !w.Merging() {
		return 0, nil
	}
	rows, err := lock(ctx, tx, []int{w.UserID, w.Into})
	if err != nil {
		return 0, err
	}
	from := rows[w.UserID]
	if from == nil || from.Bonus == 0 {
		return 0, nil
	}
	if rows[w.Into] == nil { // this inserts it
		if err := m.Recompute(ctx, tx, w.Options, map[int]Columns{w.Into: AllColumns}); err != nil {
			return 0, err
		}
	}
	for user, change := range map[int]int{w.UserID: -from.Bonus, w.Into: from.Bonus} {
		if _, err := tx.Exec(ctx, "UPDATE {userpoints} SET bonus = bonus + ?, points = points + ? WHERE userid = ?",
			change, change, user); err != nil {
			return 0, fmt.Errorf("hand over a bonus: %w", err)
		}
	}
	return 1, nil
}

// mergeBadges hands over badges. An account has each badge once.
func mergeBadges(ctx context.Context, tx *database.DB, w auth.Work) (int, error) {
	if !w.Merging() {
		return 0, nil
	}
	done := 0
	for _, table := range []string{"{ysb_badges}", "{ysb_badge_ranking}"} {
		var theirs, both []int
		if err := tx.Select(ctx, database.Append(&theirs), "SELECT badgeid FROM "+table+" WHERE userid = ?",
			w.UserID); err != nil {
			return 0, fmt.Errorf("read badges: %w", err)
		}
		if len(theirs) == 0 {
			continue
		}
		if err := tx.Alone(ctx, awardsName); err != nil {
			return 0, err
		}
		if table == "{ysb_badges}" { // the other lists each award of a badge
			if err := tx.Select(ctx, database.Append(&both), "SELECT badgeid FROM "+table+" WHERE userid = ?",
				w.Into); err != nil {
				return 0, fmt.Errorf("read badges: %w", err)
			}
		}
		both = append(slices.Clip(both), 0)
		for _, query := range []string{
			"DELETE FROM " + table + " WHERE userid = ? AND badgeid IN ?",
			"UPDATE " + table + " SET userid = ? WHERE userid = ?",
		} {
			args := []any{w.UserID, both}
			if query[0] == 'U' {
				args = []any{w.Into, w.UserID}
			}
			if _, err := tx.Exec(ctx, query, args...); err != nil {
				return 0, fmt.Errorf("hand over badges: %w", err)
			}
		}
		done += len(theirs)
	}
	return done, nil
}
