package site

import (
	"context"
	"database/sql"
	"fmt"

	"38qa.net/backend/modules/kernel/database"
)

// ordered is a table whose rows have an order, which its column position holds: 1, 2, 3 … without gaps, where
// only Question2Answer and this backend have written it.
type ordered struct {
	// table is the name in braces, and key the column with the ids.
	table, key string
}

// positions are where the rows of a table are, by their ids.
type positions map[int]int

// last returns the position of the last row, or 0 if there is none.
func (p positions) last() (last int) {
	for _, at := range p {
		last = max(last, at)
	}
	return last
}

// lock returns the positions of all rows, and keeps others from changing them before the transaction ends. The
// row of options that every site has is locked as well, since a table without rows has none to wait for.
func (o ordered) lock(ctx context.Context, tx *database.DB) (positions, error) {
	p := positions{}
	var version string
	_, err := tx.Get(ctx, []any{&version},
		"SELECT content FROM {options} WHERE title = 'db_version'"+tx.ForUpdate())
	if err != nil {
		return nil, fmt.Errorf("lock the order of %s: %w", o.table, err)
	}
	err = tx.Select(ctx, func(rows *sql.Rows) error {
		var id, at int
		err := rows.Scan(&id, &at)
		p[id] = at
		return err
	}, "SELECT "+o.key+", position FROM "+o.table+" ORDER BY "+o.key+tx.ForUpdate())
	if err != nil {
		return nil, fmt.Errorf("lock the order of %s: %w", o.table, err)
	}
	return p, nil
}

// move gives a row, whose table is locked, another position, and moves those between its old and its new
// position by one place. As in Question2Answer, positions before the first and behind the last stand for the
// first and the last.
func (o ordered) move(ctx context.Context, tx *database.DB, p positions, id, to int) error {
	old, last := p[id], p.last()
	if to == old {
		return nil
	}
	to = max(1, min(to, last))
	if to == old {
		return nil
	}
	// The row steps aside first, because no two rows may have the same position.
	if err := o.put(ctx, tx, id, last+1); err != nil {
		return err
	}
	var err error
	if to < old {
		err = o.shift(ctx, tx, to, old-1, 1, last+2)
	} else {
		err = o.shift(ctx, tx, old+1, to, -1, last+2)
	}
	if err != nil {
		return err
	}
	return o.put(ctx, tx, id, to)
}

// remove deletes a row, whose table is locked, and moves those behind it by one place.
func (o ordered) remove(ctx context.Context, tx *database.DB, p positions, id int) error {
	if _, err := tx.Exec(ctx, "DELETE FROM "+o.table+" WHERE "+o.key+" = ?", id); err != nil {
		return fmt.Errorf("delete from %s: %w", o.table, err)
	}
	return o.shift(ctx, tx, p[id]+1, p.last(), -1, p.last()+1)
}

func (o ordered) put(ctx context.Context, tx *database.DB, id, at int) error {
	if _, err := tx.Exec(ctx, "UPDATE "+o.table+" SET position = ? WHERE "+o.key+" = ?", at, id); err != nil {
		return fmt.Errorf("move in %s: %w", o.table, err)
	}
	return nil
}

// shift moves the rows from one position to another by a number of places. They go by way of positions
// beyond the given one, which has to be behind all rows: databases check after each row that no two have the
// same position.
func (o ordered) shift(ctx context.Context, tx *database.DB, from, to, by, beyond int) error {
	if from > to {
		return nil
	}
	_, err := tx.Exec(ctx, "UPDATE "+o.table+" SET position = position + ? WHERE position BETWEEN ? AND ?",
		beyond, from, to)
	if err == nil {
		_, err = tx.Exec(ctx, "UPDATE "+o.table+" SET position = position - ? WHERE position > ?",
			beyond-by, beyond)
	}
	if err != nil {
		return fmt.Errorf("move those between in %s: %w", o.table, err)
	}
	return nil
}
