package main

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/site/option"
)

// writeAsOldSite comments and votes on a few questions in plain SQL, in the order in which the old
// site does, statement by statement and without transactions: it adds new words under a lock of
// their table, updates counts by counting again, and updates points with one statement.
func (l *load) writeAsOldSite(ctx context.Context) error {
	conn, err := l.site.DB.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	options, err := l.site.app.Site.Options(ctx)
	if err != nil {
		return err
	}
	o := &oldSite{ctx: context.WithoutCancel(ctx), conn: conn, options: options} // what it began it ends
	r := rand.New(rand.NewPCG(l.s.seed, 1<<32))
	comments, votes := 0, 0
	for ctx.Err() == nil {
		question := oldSiteQuestions[r.IntN(len(oldSiteQuestions))]
		if r.IntN(2) == 0 {
			err = o.comment(question, lurker, someText(r, fmt.Sprintf("p%x", r.Uint64())))
			comments++
		} else {
			err = o.vote(question, lurker, r.IntN(3)-1)
			votes++
		}
		if err != nil {
			return err
		}
		time.Sleep(20 * time.Millisecond)
	}
	fmt.Printf("the old site's writer: %d comments, %d votes\n", comments, votes)
	return nil
}

// lurker is the user in whose name the old site's writer acts. No other client acts as this user.
const lurker = 20

// oldSiteQuestions are the questions on which the old site's writer acts. No client hides or moves
// them: the old site reads a question first and writes later, so a change in between would make it
// store wrong counts through no fault of the backend.
var oldSiteQuestions = []int{1, 14, 27, 37}

type oldSite struct {
	ctx     context.Context
	conn    *sql.Conn
	options *site.Options
}

// exec runs a statement, and runs it again after a deadlock as often as the old site does: up to a
// hundred times, at intervals of a hundredth of a second.
func (o *oldSite) exec(query string, args ...any) (sql.Result, error) {
	for attempt := 0; ; attempt++ {
		res, err := o.conn.ExecContext(o.ctx, query, args...)
		if err == nil || attempt == 99 || !strings.Contains(err.Error(), "1213") {
			return res, err
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func (o *oldSite) all(queries ...string) error {
	for _, q := range queries {
		if _, err := o.exec(q); err != nil {
			return fmt.Errorf("%.80s: %w", q, err)
		}
	}
	return nil
}

// weights holds, for each figure in a user's points, the option that says what it is worth. The
// figures without one are amounts of points themselves.
var weights = []struct {
	figure string
	worth  option.Key
}{
	{"qposts", option.PointsPostQ},
	{"aposts", option.PointsPostA},
	{"aselects", option.PointsSelectA},
	{"aselecteds", option.PointsASelected},
	{"qupvotes", option.PointsVoteUpQ},
	{"qdownvotes", option.PointsVoteDownQ},
	{"aupvotes", option.PointsVoteUpA},
	{"adownvotes", option.PointsVoteDownA},
	{figure: "qvoteds"},
	{figure: "avoteds"},
	{figure: "cvoteds"},
}

// points updates some figures and the points of a user with one statement, as the old site does.
func (o *oldSite) points(user int, figures map[string]string) error {
	columns, values, updates, sum := "", "", "", strconv.Itoa(o.options.Int(option.PointsBase))
	for _, name := range slices.Sorted(maps.Keys(figures)) {
		columns += ", " + name
		values += fmt.Sprintf(", @_%s := (SELECT %s)", name, figures[name])
		updates += fmt.Sprintf("%s = @_%s, ", name, name)
	}
	for _, w := range weights {
		worth := o.options.Int(option.PointsMultiple)
		if w.worth != option.None {
			worth *= o.options.Int(w.worth)
		}
		name := w.figure
		if figures[name] != "" {
			name = "@_" + name
		}
		sum += fmt.Sprintf(" + %d * %s", worth, name)
	}
	return o.all(fmt.Sprintf(`INSERT INTO qa_userpoints (userid%s)
		VALUES (%d%s)
		ON DUPLICATE KEY UPDATE %spoints = %s + bonus`,
		columns, user, values, updates, sum))
}

func (o *oldSite) vote(post, user, value int) error {
	var kind string
	var owner sql.NullInt64
	if err := o.conn.QueryRowContext(o.ctx, "SELECT type, userid FROM qa_posts WHERE postid = ?", post).
		Scan(&kind, &owner); err != nil {
		return err
	}
	var old sql.NullInt64
	if err := o.conn.QueryRowContext(o.ctx,
		"SELECT MAX(vote) FROM qa_uservotes WHERE postid = ? AND userid = ?", post, user).
		Scan(&old); err != nil {
		return err
	}
	if kind != "Q" || int(old.Int64) == value {
		return nil
	}
	err := o.all(
		fmt.Sprintf(`INSERT INTO qa_uservotes (postid, userid, vote, flag, votecreated)
			VALUES (%d, %d, %d, 0, NOW())
			ON DUPLICATE KEY UPDATE vote = %d, voteupdated = NOW()`,
			post, user, value, value),
		fmt.Sprintf(`UPDATE qa_posts p
			JOIN (SELECT SUM(vote = 1) AS likes, SUM(vote = -1) AS dislikes
				FROM qa_uservotes
				WHERE postid = %d) given
			SET p.upvotes = likes, p.downvotes = dislikes, p.netvotes = likes - dislikes
			WHERE p.postid = %d`,
			post, post))
	if err != nil {
		return err
	}
	given := func(sign string) string {
		return fmt.Sprintf(`COUNT(*)
			FROM qa_uservotes v
			JOIN qa_posts p ON v.postid = p.postid
			WHERE v.userid = %d AND LEFT(p.type, 1) = 'Q' AND v.vote %s 0`,
			user, sign)
	}
	if err := o.points(user,
		map[string]string{"qupvotes": given(">"), "qdownvotes": given("<")}); err != nil {
		return err
	}
	if owner.Valid {
		received := func(what string) string {
			return fmt.Sprintf("COALESCE(SUM(%s), 0) FROM qa_posts WHERE userid = %d", what, owner.Int64)
		}
		err := o.points(int(owner.Int64), map[string]string{
			"upvoteds": received("upvotes"), "downvoteds": received("downvotes"),
			"qvoteds": received(o.gained()),
		})
		if err != nil {
			return err
		}
	}
	return o.heat(post)
}

// gained returns the SQL expression for the points that votes bring to the author of a question; it
// is 0 for other posts.
func (o *oldSite) gained() string {
	part := func(votes string, each, most option.Key) string {
		return fmt.Sprintf("LEAST(%d * %s, %d)", o.options.Int(each), votes, o.options.Int(most))
	}
	return "IF(LEFT(type, 1) = 'Q', " +
		part("upvotes", option.PointsPerQVotedUp, option.PointsQVotedMaxGain) + " - " +
		part("downvotes", option.PointsPerQVotedDown, option.PointsQVotedMaxLoss) + ", 0)"
}

func (o *oldSite) heat(question int) error {
	const seconds = "((TO_DAYS(%s) - 734138) * 86400e0 + TIME_TO_SEC(%s))" // since 2010, as far as it matters
	asked, answered := strings.ReplaceAll(seconds, "%s", "q.created"),
		strings.ReplaceAll(seconds, "%s", "COALESCE(last, q.created)")
	return o.all(fmt.Sprintf(`UPDATE qa_posts q
		JOIN (SELECT COUNT(*) AS answers, MAX(created) AS last
			FROM qa_posts
			WHERE parentid = %d AND type = 'A') below
		SET q.hotness = 100 * `+asked+` + 100 * `+answered+`
			+ 16e6 * answers + 16e6 * q.netvotes + 4e5 * q.views
		WHERE q.postid = %d`, question, question))
}

// comment writes a comment. It replaces characters outside of ASCII, so that words are separated by
// spaces alone.
func (o *oldSite) comment(question, user int, text string) error {
	var kind string
	var category sql.NullInt64
	if err := o.conn.QueryRowContext(o.ctx, "SELECT type, categoryid FROM qa_posts WHERE postid = ?",
		question).
		Scan(&kind, &category); err != nil {
		return err
	}
	if kind != "Q" {
		return nil
	}
	text = strings.ToLower(strings.Map(func(r rune) rune { // words that are split at spaces alone
		if r > 0x7f {
			return 'x'
		}
		return r
	}, text))
	res, err := o.exec(`INSERT INTO qa_posts (categoryid, type, parentid, userid, createip, content,
			format, created)
		VALUES (?, 'C', ?, ?, '', ?, '', NOW())`,
		category, question, user, text)
	if err != nil {
		return err
	}
	id, err := res.LastInsertId()
	if err != nil {
		return err
	}
	if err := o.all(fmt.Sprintf(`UPDATE qa_posts c
		JOIN qa_posts q ON q.postid = c.parentid
		SET c.catidpath1 = q.catidpath1, c.catidpath2 = q.catidpath2, c.catidpath3 = q.catidpath3,
			c.categoryid = q.categoryid
		WHERE c.postid = %d`, id)); err != nil {
		return err
	}
	if err := o.index(id, question, strings.Fields(text)); err != nil {
		return err
	}
	if err := o.points(user, map[string]string{
		"cposts": fmt.Sprintf("COUNT(*) FROM qa_posts WHERE userid = %d AND type = 'C'", user),
	}); err != nil {
		return err
	}
	return o.all(`INSERT INTO qa_options (title, content)
		VALUES ('cache_ccount', 1)
		ON DUPLICATE KEY UPDATE content = VALUES(content) + CAST(content AS UNSIGNED)`)
}

// index adds the words of a comment to the word index.
func (o *oldSite) index(id int64, question int, words []string) error {
	count := map[string]int{}
	for _, w := range words {
		count[w]++
	}
	quoted := make([]string, 0, len(count))
	for w := range count {
		quoted = append(quoted, "'"+w+"'")
	}
	list := strings.Join(quoted, ", ")
	ids, err := o.wordIDs(list)
	if err != nil {
		return err
	}
	if len(ids) < len(count) {
		if err := o.all("LOCK TABLES qa_words WRITE"); err != nil {
			return err
		}
		ids, err = o.wordIDs(list)
		for w := range count {
			if _, ok := ids[w]; !ok && err == nil {
				_, err = o.exec("INSERT IGNORE INTO qa_words (word) VALUES (?)", w)
			}
		}
		if unlockErr := o.all("UNLOCK TABLES"); err != nil || unlockErr != nil {
			return fmt.Errorf("new words: %w %w", err, unlockErr)
		}
		if ids, err = o.wordIDs(list); err != nil {
			return err
		}
	}
	var rows, numbers []string
	for w, n := range count {
		rows = append(rows, fmt.Sprintf("(%d, %d, %d, 'C', %d)", id, ids[w], n, question))
		numbers = append(numbers, strconv.Itoa(ids[w]))
	}
	return o.all(
		`INSERT INTO qa_contentwords (postid, wordid, count, type, questionid)
			VALUES `+strings.Join(rows, ", "),
		`UPDATE qa_words w
			JOIN (SELECT wordid, COUNT(*) AS posts
				FROM qa_contentwords
				WHERE wordid IN (`+strings.Join(numbers, ", ")+`)
				GROUP BY wordid) used ON used.wordid = w.wordid
			SET w.contentcount = used.posts`)
}

func (o *oldSite) wordIDs(list string) (map[string]int, error) {
	rows, err := o.conn.QueryContext(o.ctx,
		fmt.Sprintf("SELECT wordid, word FROM qa_words WHERE word IN (%s)", list))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	ids := map[string]int{}
	for rows.Next() {
		var id int
		var word string
		if err := rows.Scan(&id, &word); err != nil {
			return nil, err
		}
		ids[word] = id
	}
	return ids, rows.Err()
}
