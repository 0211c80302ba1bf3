package qa

import (
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"

	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/site/option"
)

// visible reports whether the post is neither hidden nor queued. Whether everybody sees it depends on
// the posts above it, too.
func (p *post) visible() bool { return !p.hidden && !p.queued }

// typeName returns the post's type as the database stores it.
func (p *post) typeName() string {
	switch {
	case p.hidden:
		return string(p.kind) + "_HIDDEN"
	case p.queued:
		return string(p.kind) + "_QUEUED"
	}
	return string(p.kind)
}

// counted adds sign, which is 1 or -1, to each of the site's counts that includes the post. Every count
// is a sum over posts, so an action changes it by the difference between its posts after and before the
// action.
func (p *post) counted(counts map[option.Key]int, sign int) {
	if p.queued {
		counts[option.CacheQueuedcount] += sign
	}
	if !p.visible() {
		return
	}
	switch p.kind {
	case KindAnswer:
		counts[option.CacheAcount] += sign
	case KindComment:
		counts[option.CacheCcount] += sign
	case KindQuestion:
		counts[option.CacheQcount] += sign
		if p.closedByID != 0 {
			return
		}
		if p.answers == 0 {
			counts[option.CacheUnaqcount] += sign
		}
		if p.maxAnswerVotes == 0 {
			counts[option.CacheUnupaqcount] += sign
		}
		if p.selectedID == 0 {
			counts[option.CacheUnselqcount] += sign
		}
	}
}

// countPosts adds to the site's cached counts what the action changes in them.
func (c *change) countPosts() error {
	counts := map[option.Key]int{option.CacheTagcount: c.tags}
	c.eachChange(func(before, after *post) {
		if before != nil {
			before.counted(counts, -1)
		}
		if after != nil {
			after.counted(counts, 1)
		}
	})
	counts[option.CacheFlaggedcount] += c.flagged
	return site.AddCounts(c.Ctx, c.Tx, counts)
}

// countQuestions brings the categories' counts of visible questions up to date.
func (c *change) countQuestions() error {
	counts := c.questionCounts()
	for _, difference := range []int{-1, 1} {
		ids := slices.Sorted(maps.Keys(counts))
		ids = slices.DeleteFunc(ids, func(id int) bool { return counts[id] != difference })
		if err := c.countIn(ids, difference); err != nil {
			return err
		}
	}
	return nil
}

// countIn adds difference, which is 1 or -1, to the question counts of the categories with the given
// ids. A count does not fall below 0.
func (c *change) countIn(ids []int, difference int) error {
	if len(ids) == 0 {
		return nil
	}
	ids = slices.Sorted(slices.Values(ids))
	set := "qcount + 1"
	if difference < 0 {
		set = "CASE WHEN qcount = 0 THEN 0 ELSE qcount - 1 END"
	}
	if _, err := c.Tx.Exec(c.Ctx,
		"UPDATE {categories} SET qcount = "+set+" WHERE categoryid IN ?", ids); err != nil {
		return fmt.Errorf("count a category's questions: %w", err)
	}
	return nil
}

// derive updates what a question stores about its answers, and notes whether its hotness changes.
func (c *change) derive() error {
	heated, best, known := c.countAnswers()
	c.heated = c.heated || heated
	if !known {
		return c.bestOfOthers(best)
	}
	return nil
}

// bestOfOthers sets the votes of the best answer where only a part of the thread was read: to best,
// which is the highest of the answers that were read, or to that of the other answers in the database.
func (c *change) bestOfOthers(best int) error {
	q := c.thread.question
	loaded := slices.Collect(maps.Keys(c.thread.byID))
	var most sql.NullInt64
	if _, err := c.Tx.Get(c.Ctx, []any{&most},
		"SELECT MAX(netvotes) FROM {posts} WHERE parentid = ? AND type = 'A' AND postid NOT IN ?",
		q.id, loaded); err != nil {
		return fmt.Errorf("find the best answer: %w", err)
	}
	q.maxAnswerVotes = max(best, int(most.Int64), 0)
	return nil
}

// warm recomputes the hotness of the question where only a part of the thread was read, in which case
// nothing but votes has changed. The result is written together with the posts.
func (c *change) warm() (err error) {
	q := c.thread.question
	if !c.heated || c.whole {
		return nil
	}
	q.hotness, err = computeHotness(c.Ctx, c.Tx, c.Options, q.id, q.net-c.before[q.id].net)
	return err
}

// heat recomputes the question's hotness after its posts were written, if something that it depends on
// changed and the whole thread was read.
func (c *change) heat() error {
	if !c.heated || !c.whole || c.gone(c.thread.question) {
		return nil
	}
	return c.m.updateHotness(c.Ctx, c.Tx, c.Options, c.thread.question.id)
}

// cell is a column of the table of posts, with the value that a post has in it.
type cell struct {
	column string
	value  any
}

// cells returns the columns that changes write, with the post's values. Times are Unix seconds; 0 and
// "" stand for NULL in the columns that may be NULL.
func (p *post) cells() []cell {
	path := func(i int) any {
		if i < len(p.categoryPath) && i < maxDepth-1 {
			return p.categoryPath[i]
		}
		return nil
	}
	var title, tags, name any
	if p.kind == KindQuestion {
		title, tags = p.title, p.tags
	}
	if p.hasName {
		name = p.name
	}
	return []cell{
		{"type", p.typeName()}, {"parentid", orNull(p.parentID)}, {"categoryid", orNull(p.categoryID)},
		{"catidpath1", path(0)}, {"catidpath2", path(1)}, {"catidpath3", path(2)},
		{"acount", p.answers}, {"amaxvote", p.maxAnswerVotes}, {"selchildid", orNull(p.selectedID)},
		{"closedbyid", orNull(p.closedByID)}, {"userid", orNull(p.userID)},
		{"lastuserid", orNull(p.lastUserID)}, {"upvotes", p.up}, {"downvotes", p.down},
		{"netvotes", p.net}, {"flagcount", p.flags}, {"format", p.format}, {"created", p.created},
		{"updated", orNull(int(p.updated))}, {"updatetype", textOrNull(p.updateType)},
		{"title", title}, {"content", p.content}, {"tags", tags}, {"name", name},
		{"notify", textOrNull(p.notify)}, {"lastip", string(p.lastIP)}, {"hotness", p.hotness},
	}
}

// argument returns the value in the form in which SQL takes it; IP addresses are binary.
func (c cell) argument() any {
	if text, ok := c.value.(string); ok && c.column == "lastip" {
		if text == "" {
			return nil
		}
		return []byte(text)
	}
	return c.value
}

// isTime reports whether the column holds a time.
func isTime(column string) bool { return column == "created" || column == "updated" }

// placeholder returns the SQL expression that takes a value for the column.
func placeholder(column string) string {
	if isTime(column) {
		return "FROM_UNIXTIME(?)"
	}
	return "?"
}

func orNull(id int) any {
	if id == 0 {
		return nil
	}
	return id
}

func textOrNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// postsPerUpdate is the largest number of posts that one statement changes.
const postsPerUpdate = 100

// newCell is the new value of a column of the post with the id.
type newCell struct {
	id int
	cell
}

// writePosts writes the posts that changed. Of each post it writes only the columns that changed, so
// that it does not undo what the old site changes in the others at the same time.
func (c *change) writePosts() error {
	var changed []newCell
	ids := 0
	flush := func() error {
		err := c.update(changed)
		changed, ids = nil, 0
		return err
	}
	for _, p := range c.posts() {
		before, existed := c.before[p.id]
		if !existed || c.gone(p) && before.closedByID == 0 {
			continue
		}
		old, count := before.cells(), len(changed)
		for i, now := range p.cells() {
			if now.value != old[i].value {
				changed = append(changed, newCell{p.id, now})
			}
		}
		if len(changed) > count {
			ids++
		}
		if ids == postsPerUpdate {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}

// update writes the changed columns of one or more posts in one statement.
func (c *change) update(changed []newCell) error {
	if len(changed) == 0 {
		return nil
	}
	var ids []int
	byColumn := map[string][]newCell{}
	for _, n := range changed {
		if !slices.Contains(ids, n.id) {
			ids = append(ids, n.id)
		}
		byColumn[n.column] = append(byColumn[n.column], n)
	}
	var sets []string
	var args []any
	for _, column := range slices.Sorted(maps.Keys(byColumn)) {
		if len(ids) == 1 {
			sets, args = append(sets, column+" = "+placeholder(column)),
				append(args, byColumn[column][0].argument())
			continue
		}
		set := column + " = CASE postid"
		for _, n := range byColumn[column] {
			set, args = set+" WHEN ? THEN "+placeholder(column), append(args, n.id, n.argument())
		}
		sets = append(sets, set+" ELSE "+column+" END")
	}
	if _, err := c.Tx.Exec(c.Ctx, "UPDATE {posts} SET "+strings.Join(sets, ", ")+" WHERE postid IN ?",
		append(args, ids)...); err != nil {
		return fmt.Errorf("write posts: %w", err)
	}
	return nil
}

func (c *change) insert(p *post) error {
	columns, marks, args := []string{"cookieid", "createip"}, []string{"?", "?"},
		[]any{textOrNull(p.cookieID), p.createIP}
	for _, cell := range p.cells() {
		if cell.column == "hotness" {
			continue // only questions have one, which is computed after they are written
		}
		columns, marks, args = append(columns, cell.column), append(marks, placeholder(cell.column)),
			append(args, cell.argument())
	}
	if p.createIP == nil {
		args[1] = nil
	}
	id, err := c.Tx.Insert(c.Ctx,
		"INSERT INTO {posts} ("+strings.Join(columns, ", ")+") VALUES ("+strings.Join(marks, ", ")+")",
		args...)
	if err != nil {
		return fmt.Errorf("write a post: %w", err)
	}
	p.id = int(id)
	return nil
}

// writeExtra stores the new content of the question's extra field, if there is one.
func (c *change) writeExtra() error {
	if c.extra == nil {
		return nil
	}
	_, err := c.Tx.Exec(c.Ctx,
		`INSERT INTO {postmetas} (postid, title, content)
			VALUES (?, 'qa_q_extra', ?)`+
			c.Tx.Overwrite("postid, title", "content"), c.thread.question.id, *c.extra)
	if err != nil {
		return fmt.Errorf("write the extra field: %w", err)
	}
	return nil
}
