package ranking

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/site"
)

// Columns is a set of the figures that Q2A keeps of each user in userpoints.
type Columns uint32

// The figures, in the order of the table: visible questions, answers and comments; best answers chosen and best answers
// given (own choices do not count); votes given by kind of post and direction; what votes on the user's posts bring, before
// points_multiple; votes received.
const (
	QPosts Columns = 1 << iota
	APosts
	CPosts
	ASelects
	ASelecteds
	QUpvotes
	QDownvotes
	AUpvotes
	ADownvotes
	CUpvotes
	CDownvotes
	QVoteds
	AVoteds
	CVoteds
	Upvoteds
	Downvoteds

	// AllColumns is every figure.
	AllColumns      Columns = 1<<iota - 1
	receivedColumns         = QVoteds | AVoteds | CVoteds | Upvoteds | Downvoteds
)

// figure says how Q2A's points page counts one column.
type figure struct {
	column Columns
	name   string
	// weight is the option that tells the points for each, "" for none; those of votes received lie in the figure itself.
	weight string
	// count selects the figure of one user, whose id is its argument; "" for votes received, which are read together.
	count string
}

func postsOf(kind string) string {
	return "SELECT COUNT(*) FROM {posts} WHERE userid = ? AND type = '" + kind + "'"
}

func votesOn(kind, sign string) string {
	return "SELECT COUNT(*) FROM {uservotes} v JOIN {posts} p ON p.postid = v.postid WHERE v.userid = ? AND v.vote " + sign + " 0 AND p.type IN " + typesOf(kind)
}

// typesOf are a kind's types in all states.
func typesOf(kind string) string {
	return "('" + kind + "', '" + kind + "_HIDDEN', '" + kind + "_QUEUED')"
}

var figures = []figure{
	{QPosts, "qposts", "points_post_q", postsOf("Q")},
	{APosts, "aposts", "points_post_a", postsOf("A")},
	{CPosts, "cposts", "", postsOf("C")},
	{ASelects, "aselects", "points_select_a", "SELECT COUNT(*) FROM {posts} WHERE userid = ? AND type = 'Q' AND selchildid IS NOT NULL"},
	{ASelecteds, "aselecteds", "points_a_selected", "SELECT COUNT(*) FROM {posts} a JOIN {posts} q ON q.selchildid = a.postid " +
		"WHERE a.userid = ? AND a.type = 'A' AND (q.userid IS NULL OR q.userid <> a.userid)"},
	{QUpvotes, "qupvotes", "points_vote_up_q", votesOn("Q", ">")},
	{QDownvotes, "qdownvotes", "points_vote_down_q", votesOn("Q", "<")},
	{AUpvotes, "aupvotes", "points_vote_up_a", votesOn("A", ">")},
	{ADownvotes, "adownvotes", "points_vote_down_a", votesOn("A", "<")},
	{CUpvotes, "cupvotes", "", votesOn("C", ">")},
	{CDownvotes, "cdownvotes", "", votesOn("C", "<")},
	{QVoteds, "qvoteds", "1", ""},
	{AVoteds, "avoteds", "1", ""},
	{CVoteds, "cvoteds", "1", ""},
	{Upvoteds, "upvoteds", "", ""},
	{Downvoteds, "downvoteds", "", ""},
}

// Figures are one user's row of userpoints.
type Figures struct {
	UserID, Points, Bonus int
	// Of are the figures in the order of the table.
	Of [16]int
}

// points is what the figures are worth: points_base, each figure by its weight and points_multiple, and the bonus.
func (f *Figures) points(o *site.Options) int {
	points := o.Int("points_base") + f.Bonus
	for i, fig := range figures {
		switch fig.weight {
		case "":
		case "1":
			points += o.Int("points_multiple") * f.Of[i]
		default:
			points += o.Int("points_multiple") * o.Int(fig.weight) * f.Of[i]
		}
	}
	return points
}

// figureNames are the columns of the figures, in order.
var figureNames = func() string {
	names := make([]string, len(figures))
	for i, f := range figures {
		names[i] = f.name
	}
	return strings.Join(names, ", ")
}()

// Lock reads the figures of users and keeps their rows locked until the end of the transaction, so that what is counted next
// is all that any transaction before has done. Users without a row are not in the answer.
func Lock(ctx context.Context, tx *database.DB, userIDs []int) (map[int]*Figures, error) {
	return readFigures(ctx, tx, "userid IN ? ORDER BY userid"+tx.ForUpdate(), userIDs)
}

// readFigures reads the rows of users that meet a condition.
func readFigures(ctx context.Context, tx *database.DB, condition string, args ...any) (map[int]*Figures, error) {
	rows := map[int]*Figures{}
	err := tx.Select(ctx, func(r *sql.Rows) error {
		f := &Figures{}
		dest := []any{&f.UserID, &f.Points, &f.Bonus}
		for i := range f.Of {
			dest = append(dest, &f.Of[i])
		}
		if err := r.Scan(dest...); err != nil {
			return err
		}
		rows[f.UserID] = f
		return nil
	}, "SELECT userid, points, bonus, "+figureNames+" FROM {userpoints} WHERE "+condition, args...)
	if err != nil {
		return nil, fmt.Errorf("read points: %w", err)
	}
	return rows, nil
}

// Count counts the given figures of each user anew and puts them into rows, whose users must be locked. It writes nothing.
func Count(ctx context.Context, tx *database.DB, o *site.Options, users map[int]Columns, rows map[int]*Figures) error {
	var parts []string
	var args []any
	for _, id := range slices.Sorted(maps.Keys(users)) {
		part, partArgs := countQuery(o, id, users[id])
		parts, args = append(parts, part), append(args, partArgs...)
	}
	err := tx.Select(ctx, func(r *sql.Rows) error {
		var id int
		var counted [16]sql.NullInt64
		dest := []any{&id}
		for i := range counted {
			dest = append(dest, &counted[i])
		}
		if err := r.Scan(dest...); err != nil {
			return err
		}
		for i, c := range counted {
			if c.Valid {
				rows[id].Of[i] = int(c.Int64)
			}
		}
		rows[id].Points = rows[id].points(o)
		return nil
	}, strings.Join(parts, " UNION ALL "), args...)
	if err != nil {
		return fmt.Errorf("count points: %w", err)
	}
	return nil
}

// countQuery selects a user's id and the 16 figures, NULL for those not asked for.
func countQuery(o *site.Options, userID int, columns Columns) (query string, args []any) {
	parts, args := []string{"?"}, []any{userID}
	for _, f := range figures {
		switch {
		case columns&f.column == 0:
			parts = append(parts, "NULL")
		case f.count == "":
			parts = append(parts, "r."+f.name)
		default:
			parts, args = append(parts, "("+f.count+")"), append(args, userID)
		}
	}
	query = "SELECT " + strings.Join(parts, ", ")
	if columns&receivedColumns == 0 {
		return query, args
	}
	gained := func(kind string) string {
		option := strings.ToLower(kind)
		part := func(name, votes, limit string) string {
			worth := fmt.Sprintf("%d * %s", o.Int("points_per_"+option+name), votes)
			most := o.Int("points_" + option + limit)
			return fmt.Sprintf("CASE WHEN %s < %d THEN %s ELSE %d END", worth, most, worth, most)
		}
		return "COALESCE(SUM(CASE WHEN type IN " + typesOf(kind) + " THEN (" + part("_voted_up", "upvotes", "_voted_max_gain") + ") - (" +
			part("_voted_down", "downvotes", "_voted_max_loss") + ") ELSE 0 END), 0)"
	}
	query += " FROM (SELECT " + gained("Q") + " AS qvoteds, " + gained("A") + " AS avoteds, " + gained("C") + " AS cvoteds, " +
		"COALESCE(SUM(upvotes), 0) AS upvoteds, COALESCE(SUM(downvotes), 0) AS downvoteds FROM {posts} WHERE userid = ?) r"
	return query, append(args, userID)
}

// Recompute counts the given figures of each user anew and stores them with the points that follow; users without a row get
// one. It is called within the transaction that changed what they are counted from, and last of all that locks rows of posts.
func (m *Module) Recompute(ctx context.Context, tx *database.DB, o *site.Options, users map[int]Columns) error {
	delete(users, 0)
	if len(users) == 0 {
		return nil
	}
	ids := slices.Sorted(maps.Keys(users))
	rows, err := Lock(ctx, tx, ids)
	if err != nil {
		return err
	}
	if err := m.addMissing(ctx, tx, o, ids, rows); err != nil {
		return err
	}
	before := make(map[int]Figures, len(rows))
	for id, f := range rows {
		before[id] = *f
	}
	if err := Count(ctx, tx, o, users, rows); err != nil {
		return err
	}
	changed := slices.DeleteFunc(ids, func(id int) bool { return *rows[id] == before[id] })
	return Store(ctx, tx, changed, rows)
}

// addMissing makes the rows of users who have none, and counts them among the users with points.
func (m *Module) addMissing(ctx context.Context, tx *database.DB, o *site.Options, ids []int, rows map[int]*Figures) error {
	added := 0
	for _, id := range ids {
		if rows[id] != nil {
			continue
		}
		rows[id] = &Figures{UserID: id}
		rows[id].Points = rows[id].points(o)
		// As an update of nothing where another transaction was faster: that waits for its row, and locks it.
		inserted, err := tx.Exec(ctx, "INSERT INTO {userpoints} (userid, points) VALUES (?, ?)"+tx.Upsert("userid")+"userid = "+tx.Given("userid"), id, rows[id].Points)
		if err != nil {
			return fmt.Errorf("add a user's points: %w", err)
		}
		if inserted == 1 {
			added++
			continue
		}
		again, err := Lock(ctx, tx, []int{id})
		if err != nil {
			return err
		}
		rows[id] = again[id]
	}
	return site.AddCounts(ctx, tx, map[string]int{"cache_userpointscount": added})
}

// Store writes the rows of the given users.
func Store(ctx context.Context, tx *database.DB, ids []int, rows map[int]*Figures) error {
	if len(ids) == 0 {
		return nil
	}
	var args []any
	for _, id := range ids {
		args = append(args, id, rows[id].Points)
		for _, n := range rows[id].Of {
			args = append(args, n)
		}
	}
	row := "(?" + strings.Repeat(", ?", 1+len(figures)) + ")"
	sets := []string{"points = " + tx.Given("points")}
	for _, f := range figures {
		sets = append(sets, f.name+" = "+tx.Given(f.name))
	}
	_, err := tx.Exec(ctx, "INSERT INTO {userpoints} (userid, points, "+figureNames+") VALUES "+row+strings.Repeat(", "+row, len(ids)-1)+
		tx.Upsert("userid")+strings.Join(sets, ", "), args...)
	if err != nil {
		return fmt.Errorf("store points: %w", err)
	}
	return nil
}
