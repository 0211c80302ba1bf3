package qa

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"38qa.net/backend/modules/kernel/web"
)

// order is an order of questions: descending by its columns, and then descending by postid. Q2A leaves
// the order of questions with equal values to the database; here the higher id always comes first, so
// that pages neither repeat nor omit questions.
type order struct {
	name    string
	columns []string
}

var orders = map[string]order{
	"recent":  {"recent", []string{"created"}},
	"hot":     {"hot", []string{"hotness"}},
	"votes":   {"votes", []string{"netvotes", "created"}},
	"answers": {"answers", []string{"acount", "created"}},
	"views":   {"views", []string{"views", "created"}},
}

// position is a place in an order, which cursors hold: the values of the order's columns, and the id of
// the post.
type position struct {
	Values []string `json:"v"`
	ID     int      `json:"id"`

	order order
}

// Valid reports whether a question can have the position. There must be one value for each column of
// the order, written as positionOf writes it.
func (p *position) Valid() bool {
	if len(p.Values) != len(p.order.columns) || !web.ValidID(p.ID) {
		return false
	}
	for i, column := range p.order.columns {
		switch v := p.Values[i]; column {
		case "created":
			if !web.ValidTime(v) {
				return false
			}
		case "hotness":
			f, err := strconv.ParseFloat(v, 64)
			if err != nil || !(math.Abs(f) <= math.MaxFloat32) || // false for NaN, too
				strconv.FormatFloat(f, 'f', -1, 64) != v {
				return false
			}
		default:
			if n, err := strconv.Atoi(v); err != nil || !web.ValidCount(n) || itoa(n) != v {
				return false
			}
		}
	}
	return true
}

// arguments returns the values as SQL takes them.
func (p *position) arguments() []any {
	values := make([]any, len(p.Values))
	for i, v := range p.Values {
		values[i] = v
		if p.order.columns[i] != "created" {
			f, _ := strconv.ParseFloat(v, 64) // it is a valid number
			values[i] = f
		}
	}
	return values
}

// positionOf returns the place of a post in the order.
func (o order) positionOf(p *post) position {
	at := position{ID: p.id, order: o}
	for _, c := range o.columns {
		switch c {
		case "created":
			at.Values = append(at.Values, p.createdText)
		case "hotness":
			at.Values = append(at.Values, strconv.FormatFloat(p.hotness, 'f', -1, 64))
		case "netvotes":
			at.Values = append(at.Values, itoa(p.net))
		case "acount":
			at.Values = append(at.Values, itoa(p.answers))
		case "views":
			at.Values = append(at.Values, itoa(p.views))
		}
	}
	return at
}

// decode reads a cursor of this order that belongs to the named list. It returns the position and the
// SQL arguments for it.
func (o order) decode(list, cursor string) (position, []any, error) {
	at := position{order: o}
	if err := web.DecodeCursor(list+":"+o.name, cursor, &at); err != nil {
		return at, nil, err
	}
	return at, at.arguments(), nil
}

func (o order) encode(list string, p *post) string {
	at := o.positionOf(p)
	return web.EncodeCursor(list+":"+o.name, &at)
}

// cut returns the first size posts, which are the page, and the cursor of the next page, which is "" if
// this is the last one.
func (o order) cut(list string, posts []*post, size int) (page []*post, next string) {
	if len(posts) <= size {
		return posts, ""
	}
	return posts[:size], o.encode(list, posts[size-1])
}

// by returns the list for ORDER BY. The alias is put before each column, as "p."; it may be "".
func (o order) by(alias string) string {
	parts := make([]string, 0, len(o.columns)+1)
	for _, c := range append(slices.Clone(o.columns), "postid") {
		parts = append(parts, alias+c+" DESC")
	}
	return strings.Join(parts, ", ")
}

// idQuery returns a query for the postids of one page, and its arguments. The page holds, in this
// order, the first count posts p that meet the condition and come after the position, whose SQL
// arguments are values. If values is nil, the page begins with the first post, but leaves out skip
// posts.
//
// After a position, the query reads one range of the index for each column, instead of comparing all
// columns at once: posts with the same value in the first column and a lower one in the second, posts
// with a lower value in the first column, and so on. Each range reads at most count entries, so that
// page 5,000 reads no more rows than page 3.
func (o order) idQuery(
	condition string, args []any, at position, values []any, count, skip int,
) (string, []any) {
	if values == nil {
		return "SELECT p.postid FROM {posts} p WHERE " + condition +
			" ORDER BY " + o.by("p.") + " LIMIT ? OFFSET ?", append(slices.Clone(args), count, skip)
	}
	names := append(slices.Clone(o.columns), "postid")
	all := append(slices.Clone(values), any(at.ID))
	columns := "p." + strings.Join(names, ", p.")
	var arms []string
	var armArgs []any
	for last := len(names) - 1; last >= 0; last-- {
		where := condition
		armArgs = append(armArgs, args...)
		for i := range last {
			where += " AND p." + names[i] + " = ?"
			armArgs = append(armArgs, all[i])
		}
		where += " AND p." + names[last] + " < ?"
		armArgs = append(armArgs, all[last], count)
		arms = append(arms, "SELECT * FROM (SELECT "+columns+" FROM {posts} p WHERE "+where+
			" ORDER BY "+o.by("p.")+" LIMIT ?) a"+itoa(last))
	}
	return "SELECT postid FROM (" + strings.Join(arms, " UNION ALL ") + ") a ORDER BY " +
		o.by("") + " LIMIT ?", append(armArgs, count)
}
