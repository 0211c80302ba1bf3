package demo

import (
	"context"
	"errors"
	"fmt"

	"38qa.net/backend/modules/kernel/database"
)

// wordKeys are the indexes and constraints of the greatest table, contentwords, which gets some fifty rows for each
// post: on MySQL it is filled without them, and they are built at the end, which takes about half the time in all.
const (
	dropWordKeys = "ALTER TABLE {contentwords} DROP FOREIGN KEY `{contentwords}_ibfk_1`, DROP FOREIGN KEY `{contentwords}_ibfk_2`, " +
		"DROP KEY `postid`, DROP KEY `wordid`"
	addWordKeys = "ALTER TABLE {contentwords} ADD KEY `postid` (`postid`), ADD KEY `wordid` (`wordid`)"
	// With the checks off the constraints are added without reading all rows again; the rows come from one transaction
	// with what they point to.
	addWordConstraints = "ALTER TABLE {contentwords} ADD CONSTRAINT `{contentwords}_ibfk_1` FOREIGN KEY (`postid`) REFERENCES {posts} (`postid`) ON DELETE CASCADE, " +
		"ADD CONSTRAINT `{contentwords}_ibfk_2` FOREIGN KEY (`wordid`) REFERENCES {words} (`wordid`)"
)

// withoutWordKeys runs fill while contentwords has no indexes, and makes them again whatever comes of it.
func withoutWordKeys(ctx context.Context, db *database.DB, fill func() error) error {
	if db.Dialect() == database.SQLite {
		return fill()
	}
	if _, err := db.Exec(ctx, dropWordKeys); err != nil {
		return fmt.Errorf("drop the indexes of contentwords: %w", err)
	}
	err := fill()
	ctx = context.WithoutCancel(ctx) // or the table would stay without them
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
