package qa

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"38qa.net/backend/modules/kernel/web"
)

// order is an order of questions: descending by its columns, then by postid. Q2A leaves the order of equals to the
// database; here it is always the newer id first, so that pages neither repeat nor leave out.
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

// position is a place in an order: the values of its columns, then the post's id.
type position struct {
	Values []string `json:"v"`
	ID     int      `json:"id"`

	order order
}

// Valid reports whether a question can be there: the values are those of the order's columns, written as positionOf does.
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
			if err != nil || !(math.Abs(f) <= math.MaxFloat32) || // not a number is not less, either
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

// arguments are the values for SQL.
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

// positionOf is the place of a post.
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

// decode reads a cursor of this order in the list of that name.
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

// cut takes what is beyond the size of a page off the posts, and returns the cursor of the next page, "" on the
// last.
func (o order) cut(list string, posts []*post, size int) (page []*post, next string) {
	if len(posts) <= size {
		return posts, ""
	}
	return posts[:size], o.encode(list, posts[size-1])
}

// by is the ORDER BY list, for columns of the table alias ("" for none).
func (o order) by(alias string) string {
	parts := make([]string, 0, len(o.columns)+1)
	for _, c := range append(slices.Clone(o.columns), "postid") {
		parts = append(parts, alias+c+" DESC")
	}
	return strings.Join(parts, ", ")
}

// idQuery is a query for the postids of one page of the posts p that meet the condition, in this order: the first
// count after the position (values and id; nil for the beginning), leaving out skip.
//
// After a position it is one range of the index for each column rather than one comparison of all: with the same
// first column and the second below, with the first below, and so on, each reading no more than count entries. So page
// 5,000 reads no more rows than page 3.
func (o order) idQuery(condition string, args []any, at position, values []any, count, skip int) (string, []any) {
	if values == nil {
		return "SELECT p.postid FROM {posts} p WHERE " + condition + " ORDER BY " + o.by("p.") + " LIMIT ? OFFSET ?", append(slices.Clone(args), count, skip)
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
		arms = append(arms, "SELECT * FROM (SELECT "+columns+" FROM {posts} p WHERE "+where+" ORDER BY "+o.by("p.")+" LIMIT ?) a"+itoa(last))
	}
	return "SELECT postid FROM (" + strings.Join(arms, " UNION ALL ") + ") a ORDER BY " + o.by("") + " LIMIT ?", append(armArgs, count)
}
