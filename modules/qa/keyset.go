package qa

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"38qa.net/backend/modules/kernel/problem"
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
}

// positionOf is the place of a post.
func (o order) positionOf(p *post) position {
	at := position{ID: p.id}
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
	var at position
	if err := web.DecodeCursor(list+":"+o.name, cursor, &at); err != nil {
		return at, nil, err
	}
	if len(at.Values) != len(o.columns) {
		return at, nil, problem.New("invalid_cursor")
	}
	values := make([]any, len(at.Values))
	for i, v := range at.Values {
		if o.columns[i] == "created" {
			if err := checkTime(v); err != nil {
				return at, nil, err
			}
			values[i] = v
			continue
		}
		f, err := strconv.ParseFloat(v, 64)
		if err != nil || f != f || f > 1e300 || f < -1e300 {
			return at, nil, problem.New("invalid_cursor")
		}
		values[i] = f
	}
	return at, values, nil
}

func (o order) encode(list string, p *post) string {
	return web.EncodeCursor(list+":"+o.name, o.positionOf(p))
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

// checkTime refuses a time of a cursor that no database wrote.
func checkTime(text string) error {
	if _, err := time.Parse(time.DateTime, text); err != nil {
		return problem.New("invalid_cursor")
	}
	return nil
}
