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
	"38qa.net/backend/modules/site/option"
)

// Columns is a set of the figures that Q2A keeps of each user in the table userpoints.
type Columns uint32

// The figures, in the order of the table:
//
//   - QPosts, APosts and CPosts count the user's visible questions, answers and comments.
//   - ASelects counts the best answers that the user selected, ASelecteds the user's answers that
//     somebody else selected.
//   - QUpvotes to CDownvotes count the votes that the user gave, by kind of post and direction.
//   - QVoteds, AVoteds and CVoteds are the points that votes on the user's posts bring, before they
//     are multiplied by points_multiple.
//   - Upvoteds and Downvoteds count the votes that the user's posts received.
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

	// AllColumns is the set of all figures.
	AllColumns      Columns = 1<<iota - 1
	pointColumns            = QVoteds | AVoteds | CVoteds
	receivedColumns         = pointColumns | Upvoteds | Downvoteds
)

// figure describes how Q2A's points page counts one column.
type figure struct {
	column Columns
	name   string
	// weight is the option with the points for each unit of the figure. Figures in pointColumns have
	// none, as they count points already; others without a weight bring no points.
	weight option.Key
	// count is a query that counts the figure of one user, whose id is its argument; "" for the
	// figures of votes received, which are read together.
	count string
}

// postsOf returns a query that counts a user's visible posts of the kind.
func postsOf(kind string) string {
	return "SELECT COUNT(*) FROM {posts} WHERE userid = ? AND type = '" + kind + "'"
}

// votesOn returns a query that counts the votes of the sign (">" for up, "<" for down) which a user
// gave on posts of the kind, whatever the state of those posts.
func votesOn(kind, sign string) string {
	return `SELECT COUNT(*)
		FROM {uservotes} v
		JOIN {posts} p ON p.postid = v.postid
		WHERE v.userid = ? AND v.vote ` + sign + ` 0 AND p.type IN ` + typesOf(kind)
}

// typesOf returns the SQL list of a kind's types of posts: visible, hidden and queued.
func typesOf(kind string) string {
	return "('" + kind + "', '" + kind + "_HIDDEN', '" + kind + "_QUEUED')"
}

var figures = []figure{
	{QPosts, "qposts", option.PointsPostQ, postsOf("Q")},
	{APosts, "aposts", option.PointsPostA, postsOf("A")},
	{column: CPosts, name: "cposts", count: postsOf("C")},
	{ASelects, "aselects", option.PointsSelectA,
		"SELECT COUNT(*) FROM {posts} WHERE userid = ? AND type = 'Q' AND selchildid IS NOT NULL"},
	{ASelecteds, "aselecteds", option.PointsASelected,
		`SELECT COUNT(*)
			FROM {posts} a
			JOIN {posts} q ON q.selchildid = a.postid
			WHERE a.userid = ? AND a.type = 'A' AND (q.userid IS NULL OR q.userid <> a.userid)`},
	{QUpvotes, "qupvotes", option.PointsVoteUpQ, votesOn("Q", ">")},
	{QDownvotes, "qdownvotes", option.PointsVoteDownQ, votesOn("Q", "<")},
	{AUpvotes, "aupvotes", option.PointsVoteUpA, votesOn("A", ">")},
	{ADownvotes, "adownvotes", option.PointsVoteDownA, votesOn("A", "<")},
	{column: CUpvotes, name: "cupvotes", count: votesOn("C", ">")},
	{column: CDownvotes, name: "cdownvotes", count: votesOn("C", "<")},
	{column: QVoteds, name: "qvoteds"},
	{column: AVoteds, name: "avoteds"},
	{column: CVoteds, name: "cvoteds"},
	{column: Upvoteds, name: "upvoteds"},
	{column: Downvoteds, name: "downvoteds"},
}

// receivedVotes holds, by the kind of a post, the options for the points that votes on it bring its
// author: for each vote up and each vote down, and at most.
var receivedVotes = map[string]struct{ up, maxGain, down, maxLoss option.Key }{
	"Q": {
		option.PointsPerQVotedUp, option.PointsQVotedMaxGain,
		option.PointsPerQVotedDown, option.PointsQVotedMaxLoss,
	},
	"A": {
		option.PointsPerAVotedUp, option.PointsAVotedMaxGain,
		option.PointsPerAVotedDown, option.PointsAVotedMaxLoss,
	},
	"C": {
		option.PointsPerCVotedUp, option.PointsCVotedMaxGain,
		option.PointsPerCVotedDown, option.PointsCVotedMaxLoss,
	},
}

// Figures is one user's row of the table userpoints.
type Figures struct {
	UserID, Points, Bonus int
	// Of are the figures in the order of the table.
	Of [16]int
}

// points returns the points that follow from the figures: points_base, plus each figure multiplied
// by its weight and points_multiple, plus the bonus.
func (f *Figures) points(o *site.Options) int {
	points := o.Int(option.PointsBase) + f.Bonus
	for i, fig := range figures {
		switch {
		case fig.column&pointColumns != 0:
			points += o.Int(option.PointsMultiple) * f.Of[i]
		case fig.weight != option.None:
			points += o.Int(option.PointsMultiple) * o.Int(fig.weight) * f.Of[i]
		}
	}
	return points
}

// figureNames lists the columns of the figures in order, separated by commas.
var figureNames = func() string {
	names := make([]string, len(figures))
	for i, f := range figures {
		names[i] = f.name
	}
	return strings.Join(names, ", ")
}()

// lock returns the figures of the given users and locks their rows until the end of the
// transaction. A count that follows therefore sees everything that earlier transactions have done.
// Users without a row are missing from the result.
func lock(ctx context.Context, tx *database.DB, userIDs []int) (map[int]*Figures, error) {
	return readFigures(ctx, tx, "userid IN ? ORDER BY userid"+tx.ForUpdate(), userIDs)
}

// readFigures returns the rows of the users who meet a condition.
func readFigures(
	ctx context.Context, tx *database.DB, condition string, args ...any,
) (map[int]*Figures, error) {
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

// Count counts the given figures of each user anew, and puts them and the points that follow from
// them into rows. The users' rows must be locked. Count writes nothing to the database.
func Count(
	ctx context.Context, tx *database.DB, o *site.Options, users map[int]Columns, rows map[int]*Figures,
) error {
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

// countQuery returns a query that counts a user's figures anew. Its result is the user's id and one
// value for each of AllColumns, in order, with NULL for those that are not in columns.
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
		by := receivedVotes[kind]
		part := func(votes string, each, limit option.Key) string {
			worth := fmt.Sprintf("%d * %s", o.Int(each), votes)
			most := o.Int(limit)
			return fmt.Sprintf("CASE WHEN %s < %d THEN %s ELSE %d END", worth, most, worth, most)
		}
		return "COALESCE(SUM(CASE WHEN type IN " + typesOf(kind) + " THEN (" +
			part("upvotes", by.up, by.maxGain) + ") - (" +
			part("downvotes", by.down, by.maxLoss) + ") ELSE 0 END), 0)"
	}
	query += " FROM (SELECT " + gained("Q") + " AS qvoteds, " + gained("A") + " AS avoteds, " +
		gained("C") + ` AS cvoteds,
			COALESCE(SUM(upvotes), 0) AS upvoteds, COALESCE(SUM(downvotes), 0) AS downvoteds
		FROM {posts}
		WHERE userid = ?) r`
	return query, append(args, userID)
}

// Recompute counts the given figures of each user anew and stores them with the points that follow
// from them. Users without a row get one. It must be called within the transaction that changed
// what is counted, after everything else in it that locks rows of posts.
func (m *Module) Recompute(
	ctx context.Context, tx *database.DB, o *site.Options, users map[int]Columns,
) error {
	delete(users, 0)
	if len(users) == 0 {
		return nil
	}
	ids := slices.Sorted(maps.Keys(users))
	rows, err := lock(ctx, tx, ids)
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
	return store(ctx, tx, changed, rows)
}

// addMissing inserts the rows of users who have none, and adds them to the cached count of users
// with points.
func (m *Module) addMissing(
	ctx context.Context, tx *database.DB, o *site.Options, ids []int, rows map[int]*Figures,
) error {
	added := 0
	for _, id := range ids {
		if rows[id] != nil {
			continue
		}
		rows[id] = &Figures{UserID: id}
		rows[id].Points = rows[id].points(o)
		// If another transaction has just inserted the row, this changes nothing in it, but waits
		// for that transaction and locks the row.
		inserted, err := tx.Exec(ctx, "INSERT INTO {userpoints} (userid, points) VALUES (?, ?)"+
			tx.Overwrite("userid", "userid"), id, rows[id].Points)
		if err != nil {
			return fmt.Errorf("add a user's points: %w", err)
		}
		if inserted == 1 {
			added++
			continue
		}
		again, err := lock(ctx, tx, []int{id})
		if err != nil {
			return err
		}
		rows[id] = again[id]
	}
	return site.AddCounts(ctx, tx, map[option.Key]int{option.CacheUserpointscount: added})
}

// store writes the rows of the given users to the database.
func store(ctx context.Context, tx *database.DB, ids []int, rows map[int]*Figures) error {
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
	_, err := tx.Exec(ctx, "INSERT INTO {userpoints} (userid, points, "+figureNames+") VALUES "+row+
		strings.Repeat(", "+row, len(ids)-1)+
		tx.Upsert("userid")+strings.Join(sets, ", "), args...)
	if err != nil {
		return fmt.Errorf("store points: %w", err)
	}
	return nil
}
