package media

import (
	"context"
	"fmt"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/database"
)

// filesAtOnce is how many files one transaction of the work on an account hands over.
const filesAtOnce = 200

// WorkOnAccounts takes part in merging accounts, by handing over their files, and in anonymising them, by
// dropping from where they were uploaded. Who may delete the files stays.
func (m *Module) WorkOnAccounts(accounts *auth.Module) {
	accounts.WorkOnAccounts(func(ctx context.Context, tx *database.DB, w auth.Work) (int, error) {
		condition, set, args := "", "userid = ?", []any{w.Into}
		if !w.Merging() {
			condition, set, args = " AND (createip IS NOT NULL OR cookieid IS NOT NULL OR filename IS NOT NULL)",
				"createip = NULL, cookieid = NULL, filename = NULL", nil
		}
		var ids []string
		if err := tx.Select(ctx, database.Append(&ids), "SELECT blobid FROM {blobs} WHERE userid = ?"+condition+
			" LIMIT ?", w.UserID, filesAtOnce); err != nil {
			return 0, fmt.Errorf("read the files of an account: %w", err)
		}
		if len(ids) == 0 {
			return 0, nil
		}
		if _, err := tx.Exec(ctx, "UPDATE {blobs} SET "+set+" WHERE blobid IN ?", append(args, ids)...); err != nil {
			return 0, fmt.Errorf("change whose files they are: %w", err)
		}
		return len(ids), nil
	})
}
