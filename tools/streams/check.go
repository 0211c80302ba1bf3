package main

import (
	"context"
	"database/sql"
	"fmt"
)

// lookUp finds the ids of the tags' words. All clients find the same.
func (w *world) lookUp(ctx context.Context, conn *sql.Conn) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, tag := range w.tags[len(w.words):] {
		var id int
		if err := conn.QueryRowContext(ctx,
			"SELECT wordid FROM qa_words WHERE word = ? AND tagcount > 0 ORDER BY wordid LIMIT 1", tag).Scan(&id); err != nil {
			return fmt.Errorf("tag %s: %w", tag, err)
		}
		w.words = append(w.words, id)
	}
	return nil
}

// checker compares the rows with what must be true.
type checker struct {
	w        *world
	failures []string
	rows     int
	// shared has each update of an entity as often as it is in the entity's stream; copies are those in the
	// streams of users.
	shared  map[update]int
	streams map[entity][]update
	copies  map[int]map[update]int
	// sharing says which favourites there are, and whether they share a stream.
	sharing map[favorite]bool
}

func (c *checker) fail(format string, args ...any) {
	c.failures = append(c.failures, fmt.Sprintf(format, args...))
}

// check returns what is wrong after the load.
func (w *world) check(ctx context.Context) ([]string, error) {
	c := &checker{w: w, shared: map[update]int{}, streams: map[entity][]update{}, copies: map[int]map[update]int{},
		sharing: map[favorite]bool{}}
	if err := c.read(ctx); err != nil {
		return nil, err
	}
	var most int
	if _, err := w.d.app.DB.Get(ctx, []any{&most},
		"SELECT content FROM {options} WHERE title = 'max_copy_user_updates'"); err != nil {
		return nil, err
	}
	c.checkShared()
	c.checkFavorites()
	c.checkSharing(most)
	doubled := c.checkCopies()
	fmt.Printf("%d rows compared; %d favourites, %d of them of shared streams, copies for less than %d followers; "+
		"%d copies are there twice\n", c.rows, len(c.sharing), c.sharedFavorites(), most, doubled)
	if doubled > 0 && w.s.oldSite == 0 {
		c.fail("%d copies are there twice", doubled)
	}
	return c.failures, nil
}

// read reads all rows of favourites and streams.
func (c *checker) read(ctx context.Context) error {
	db := c.w.d.app.DB
	if err := db.Select(ctx, func(rows *sql.Rows) error {
		var f favorite
		var sharing bool
		err := rows.Scan(&f.user, &f.kind, &f.id, &sharing)
		c.sharing[f] = sharing
		c.rows++
		return err
	}, "SELECT userid, entitytype, entityid, nouserevents FROM {userfavorites}"); err != nil {
		return err
	}
	if err := db.Select(ctx, func(rows *sql.Rows) error {
		var u update
		err := rows.Scan(&u.kind, &u.id, &u.question, &u.post, &u.by)
		c.shared[u]++
		c.streams[u.entity] = append(c.streams[u.entity], u)
		c.rows++
		return err
	}, "SELECT entitytype, entityid, questionid, lastpostid, lastuserid FROM {sharedevents}"); err != nil {
		return err
	}
	return db.Select(ctx, func(rows *sql.Rows) error {
		var user int
		var u update
		err := rows.Scan(&user, &u.kind, &u.id, &u.question, &u.post, &u.by)
		if c.copies[user] == nil {
			c.copies[user] = map[update]int{}
		}
		c.copies[user][u]++
		c.rows++
		return err
	}, "SELECT userid, entitytype, entityid, questionid, lastpostid, lastuserid FROM {userevents}")
}

// checkShared checks that the streams of entities hold what happened, each thing once.
func (c *checker) checkShared() {
	want := map[update]int{}
	for _, u := range c.w.shared {
		want[u]++
	}
	for u, n := range want {
		if c.shared[u] != n {
			c.fail("update %v is in the entity's stream %d times", u, c.shared[u])
		}
	}
	for u := range c.shared {
		if want[u] == 0 {
			c.fail("update %v never happened", u)
		}
	}
}

// checkFavorites checks that the favourites are those that the clients know.
func (c *checker) checkFavorites() {
	for f := range c.w.favorites {
		if _, there := c.sharing[f]; !there {
			c.fail("favourite %v is not there", f)
		}
	}
	for f := range c.sharing {
		if !c.w.favorites[f] {
			c.fail("favourite %v is there", f)
		}
	}
}

// checkSharing checks that either all followers of an entity share its stream or none does; that all do
// where they are many, and none where they were never many; and that nobody shares more streams than the
// option max_copy_user_updates, most, is worth.
func (c *checker) checkSharing(most int) {
	followers, sharing, streams := map[entity]int{}, map[entity]int{}, map[int]int{}
	for f, shares := range c.sharing {
		if followers[f.entity]++; shares {
			sharing[f.entity]++
			streams[f.user]++
		}
	}
	for e, n := range followers {
		switch {
		case sharing[e] != 0 && sharing[e] != n:
			c.fail("%d of the %d followers of %v share its stream", sharing[e], n, e)
		case sharing[e] == 0 && n >= most:
			c.fail("none of the %d followers of %v shares its stream", n, e)
		case sharing[e] != 0 && len(c.w.ever[e]) < c.w.s.copies:
			c.fail("%v has a shared stream, and never had more than %d followers", e, len(c.w.ever[e]))
		}
	}
	for user, n := range streams {
		if n > most {
			c.fail("user %d shares %d streams, where copies are made for %d followers", user, n, most)
		}
	}
}

func (c *checker) sharedFavorites() (n int) {
	for _, shares := range c.sharing {
		if shares {
			n++
		}
	}
	return n
}

// checkCopies checks that users have in their streams all updates of what they follow, unless that has a
// shared stream, and nothing else. It returns how many copies are there more than once: while somebody
// begins to follow, the old site may copy an update twice, which its page of updates does not show.
func (c *checker) checkCopies() (doubled int) {
	for f, shares := range c.sharing {
		if shares {
			continue
		}
		for _, u := range c.streams[f.entity] {
			if c.copies[f.user][u] == 0 {
				c.fail("user %d follows %v and is not told of %v", f.user, f.entity, u)
			}
		}
	}
	for user, all := range c.copies {
		for u, n := range all {
			if u.kind == "-" {
				continue
			}
			doubled += n - 1
			if _, follows := c.sharing[favorite{user, u.entity}]; !follows {
				c.fail("user %d is told of %v without following it", user, u)
			} else if c.shared[u] == 0 {
				c.fail("user %d is told of %v, which is not in the entity's stream", user, u)
			}
		}
	}
	for _, user := range c.w.users {
		want := map[update]int{}
		for _, u := range c.w.personal[user] {
			want[u]++
		}
		for u, n := range c.copies[user] {
			if u.kind == "-" && want[u] != n {
				c.fail("user %d is told of %v %d times, not %d", user, u, n, want[u])
			}
		}
		for u := range want {
			if c.copies[user][u] == 0 {
				c.fail("user %d is not told of %v on an own post", user, u)
			}
		}
	}
	return doubled
}
