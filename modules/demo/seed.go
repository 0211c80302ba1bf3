package demo

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"

	"38qa.net/backend/modules/kernel/database"
)

// SeedOptions are the parameters of [Seed].
type SeedOptions struct {
	// Questions is the number of questions. On average, each gets about two answers and two and a
	// half comments.
	Questions int
	// Users is the number of users. If it is 0, there is one for each 15 questions, but at least
	// 30.
	Users int
	// Seed is the seed of the random numbers. The same seed always gives the same rows, and
	// different seeds give different communities.
	Seed uint64
	// NoContentIndex leaves the words of contents out of the word index, which takes most of the
	// time. It is for benchmarks that do not search.
	NoContentIndex bool
	// Progress is called from time to time with the number of posts in the database and the
	// number of all posts to be made. It may be nil.
	Progress func(done, total int)
}

// batchPosts is how many posts are written in one transaction.
const batchPosts = 1000

// Seed fills an empty database with a generated community of bee-keepers, for benchmarks and
// tests. Words, tags and voters occur with frequencies by Zipf's law, and all of Q2A's derived
// figures are as Q2A itself would compute them. Seed creates the tables if there are none. It
// returns an error, without writing anything, if the database has any content already. If it
// fails later, the rows that have been inserted stay.
func Seed(ctx context.Context, db *database.DB, o SeedOptions) error {
	if o.Users == 0 {
		o.Users = max(30, o.Questions/15)
	}
	if o.Questions < 1 || o.Users < 10 {
		return errors.New("seed: at least 1 question and 10 users are needed")
	}
	if err := prepareSeed(ctx, db); err != nil {
		return err
	}
	pl := newPlan(rand.New(rand.NewPCG(o.Seed, 1)), o.Questions, o.Users)
	if err := seedPeople(ctx, db, pl); err != nil {
		return fmt.Errorf("seed users and categories: %w", err)
	}
	s := newSeeder(pl, rand.New(rand.NewPCG(o.Seed, 2)))
	s.index.noContent = o.NoContentIndex
	if err := withoutWordKeys(ctx, db,
		func() error { return seedPosts(ctx, db, s, o.Progress) }); err != nil {
		return fmt.Errorf("seed posts: %w", err)
	}
	if err := seedTotals(ctx, db, s); err != nil {
		return fmt.Errorf("seed totals: %w", err)
	}
	return nil
}

// prepareSeed creates the tables if necessary, and checks that they are empty.
func prepareSeed(ctx context.Context, db *database.DB) error {
	err := db.CheckSchema(ctx)
	var schema *database.SchemaError
	if errors.As(err, &schema) && len(schema.Missing) == len(database.CoreTables()) {
		err = db.CreateSchema(ctx)
	}
	if err != nil {
		return err
	}
	for _, table := range []string{"posts", "users", "categories", "words"} {
		var one int
		found, err := db.Get(ctx, []any{&one}, "SELECT 1 FROM {"+table+"} LIMIT 1")
		if err != nil {
			return fmt.Errorf("look into %s: %w", table, err)
		}
		if found {
			return fmt.Errorf("seed: there are %s already; only an empty database is filled", table)
		}
	}
	return nil
}

// seedPosts inserts all posts with their words and votes. While this goroutine inserts the rows
// of one batch, another composes the texts of the next.
func seedPosts(ctx context.Context, db *database.DB, s *seeder, progress func(done, total int)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	batches := make(chan *rows, 1)
	go func() {
		defer close(batches)
		for from := 0; from < len(s.plan.posts); from += batchPosts {
			select {
			case batches <- s.write(from, min(from+batchPosts, len(s.plan.posts))):
			case <-ctx.Done():
				return
			}
		}
	}()
	done := 0
	for batch := range batches {
		if err := batch.insert(ctx, db); err != nil {
			return err
		}
		if done = min(done+batchPosts, len(s.plan.posts)); progress != nil {
			progress(done, len(s.plan.posts))
		}
	}
	return ctx.Err()
}

// rows are rows to be inserted in one transaction. They are grouped by table, in the order in
// which the tables were first used.
type rows struct {
	tables []*tableRows
}

type tableRows struct {
	name, columns string
	width         int
	args          []any
}

// add adds one row. columns are the names of the columns, separated by commas.
func (r *rows) add(table, columns string, values ...any) {
	for _, t := range r.tables {
		if t.name == table {
			t.args = append(t.args, values...)
			return
		}
	}
	r.tables = append(r.tables, &tableRows{table, columns, len(values), values})
}

func (r *rows) insert(ctx context.Context, db *database.DB) error {
	return db.Tx(ctx, func(tx *database.DB) error {
		for _, t := range r.tables {
			if err := t.insert(ctx, tx); err != nil {
				return fmt.Errorf("insert into %s: %w", t.name, err)
			}
		}
		return nil
	})
}

// insert runs INSERT statements of 512 rows each, and then of powers of two for the remaining
// rows. So there are only few different statements, each of which database.DB remembers.
func (t *tableRows) insert(ctx context.Context, tx *database.DB) error {
	row := "(" + strings.Repeat("?, ", t.width-1) + "?)"
	args := t.args
	for size := 512; size > 0; size /= 2 {
		for ; len(args) >= size*t.width; args = args[size*t.width:] {
			query := "INSERT INTO {" + t.name + "} (" + t.columns + ") VALUES " +
				strings.Repeat(row+", ", size-1) + row
			if _, err := tx.Exec(ctx, query, args[:size*t.width]...); err != nil {
				return err
			}
		}
	}
	return nil
}
