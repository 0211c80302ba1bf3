package demo

import (
	"context"
	"errors"
	"fmt"

	"38qa.net/backend/modules/kernel/database"
)

// These statements drop and add the indexes and constraints of contentwords, the largest table,
// which gets some fifty rows for each post. On MySQL the table is filled without them and they
// are built at the end, which halves the total time.
const (
	dropWordKeys = "ALTER TABLE {contentwords} DROP FOREIGN KEY `{contentwords}_ibfk_1`, " +
		"DROP FOREIGN KEY `{contentwords}_ibfk_2`, DROP KEY `postid`, DROP KEY `wordid`"
	addWordKeys = "ALTER TABLE {contentwords} ADD KEY `postid` (`postid`), ADD KEY `wordid` (`wordid`)"
	// With foreign key checks off, MySQL adds the constraints without reading all rows again. The
	// rows are correct anyway, because each was inserted in the same transaction as the rows it
	// refers to.
	addWordConstraints = "ALTER TABLE {contentwords} " +
		"ADD CONSTRAINT `{contentwords}_ibfk_1` FOREIGN KEY (`postid`) REFERENCES {posts} (`postid`) " +
		"ON DELETE CASCADE, " +
		"ADD CONSTRAINT `{contentwords}_ibfk_2` FOREIGN KEY (`wordid`) REFERENCES {words} (`wordid`)"
)

// withoutWordKeys calls fill while the table contentwords has no indexes, and restores the
// indexes even if fill fails. With SQLite it just calls fill.
func withoutWordKeys(ctx context.Context, db *database.DB, fill func() error) error {
	if db.Dialect() == database.SQLite {
		return fill()
	}
	if _, err := db.Exec(ctx, dropWordKeys); err != nil {
		return fmt.Errorf("drop the indexes of contentwords: %w", err)
	}
	err := fill()
	ctx = context.WithoutCancel(ctx) // a cancelled context must not leave the table without indexes
	_, keys := db.Exec(ctx, addWordKeys)
	return errors.Join(err, keys, db.Tx(ctx, func(tx *database.DB) error { // in one session
		if _, err := tx.Exec(ctx, "SET foreign_key_checks = 0"); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, addWordConstraints)
		_, back := tx.Exec(ctx, "SET foreign_key_checks = 1")
		return errors.Join(err, back)
	}))
}
