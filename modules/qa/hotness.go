package qa

import (
	"context"
	"fmt"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/site/option"
)

// hotnessStart is the time from which hotness counts seconds in Q2A: 2010-01-01 00:00 in the database's
// time zone.
const hotnessStart = "2010-01-01 00:00:00"

// updateHotness computes the hotness of a question again and stores it.
func (m *Module) updateHotness(ctx context.Context, tx *database.DB, o *site.Options, id int) error {
	hotness, err := computeHotness(ctx, tx, o, id, 0)
	if err != nil {
		return err
	}
	if _, err = tx.Exec(ctx, "UPDATE {posts} SET hotness = ? WHERE postid = ?", hotness, id); err != nil {
		return fmt.Errorf("store hotness: %w", err)
	}
	return nil
}

// computeHotness returns the hotness of a question, computed from the database, with votes added to its
// number of votes. It adds up the age of the question and of its newest visible answer, in seconds, and
// the numbers of answers, votes and views, each with the site's weight. As in Q2A, a vote and an answer
// count 160,000 s and a view 4,000 s. The result is rounded to the column's type FLOAT.
func computeHotness(ctx context.Context, db *database.DB, o *site.Options, id, votes int) (float64, error) {
	seconds := func(column string) string {
		if db.Dialect() == database.SQLite {
			return "(UNIX_TIMESTAMP(" + column + ") - UNIX_TIMESTAMP('" + hotnessStart + "'))"
		}
		// This counts by the calendar. UNIX_TIMESTAMP would count an hour more or less with daylight
		// saving.
		return "TIMESTAMPDIFF(SECOND, '" + hotnessStart + "', " + column + ")"
	}
	var question, answer float64
	var answers, net, views int
	_, err := db.Get(ctx, []any{&question, &answer, &answers, &net, &views},
		`SELECT `+seconds("MAX(q.created)")+`, `+seconds("COALESCE(MAX(a.created), MAX(q.created))")+`,
				COUNT(a.postid), MAX(q.netvotes), MAX(q.views)
			FROM {posts} q
			LEFT JOIN {posts} a ON a.parentid = q.postid AND a.type = 'A'
			WHERE q.postid = ?
			GROUP BY q.postid`, id)
	if err != nil {
		return 0, fmt.Errorf("compute hotness: %w", err)
	}
	weight := func(key option.Key) float64 { return float64(o.Int(key)) }
	hotness := question*weight(option.HotWeightQAge) + answer*weight(option.HotWeightAAge) +
		float64(answers)*weight(option.HotWeightAnswers)*160000 +
		float64(net+votes)*weight(option.HotWeightVotes)*160000 +
		float64(views)*weight(option.HotWeightViews)*4000
	return float64(float32(hotness)), nil
}
