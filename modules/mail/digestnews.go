package mail

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"38qa.net/backend/modules/kernel/database"
)

const (
	// maxNewQuestions and maxNewAnswers bound how many posts of one period digests choose from; a site
	// with more gets the best questions and the newest answers.
	maxNewQuestions = 5000
	maxNewAnswers   = 20000
	// maxUnanswered bounds from how many unanswered questions digests choose, and unansweredFor is their
	// age, in seconds, from which they are not shown any more.
	maxUnanswered = 2000
	unansweredFor = 30 * 24 * 60 * 60
	// settled is how many seconds before a digest the time ends that it is about, so that transactions
	// which were under way then are over.
	settled = 60
)

// newsQuestion is a question that digests choose from.
type newsQuestion struct {
	id, author int
	at         int64
	tags       []int // ids of words
	// categories are the question's category and those above it.
	categories []int
}

// newsAnswer is an answer that digests choose from.
type newsAnswer struct {
	id, question, author int
	at                   int64
	asker                int // author of the question
	// mailed reports whether the question asks for mails about its answers.
	mailed bool
}

// news is what happened on the site in a period, and what waits for answers. It is read once for all digests
// of a run, and bounded: a few megabytes at most.
type news struct {
	often frequency
	// until is the moment of the digests, and from the one before; both in Unix seconds.
	from, until int64
	// questions are the new ones, the best first, and unanswered older ones without answers, the newest
	// first. The maps below hold places in these lists.
	questions, unanswered                 []newsQuestion
	byTag, byCategory, byAuthor           map[int][]int
	unansweredByTag, unansweredByCategory map[int][]int
	answers                               []newsAnswer // the newest first
	answersTo /* a question */, answersFor/* user */ map[int][]int
}

// readNews reads what digests are made from.
func readNews(ctx context.Context, db *database.DB, often frequency, from, until int64) (*news, error) {
	n := &news{often: often, from: from, until: until}
	var err error
	if n.questions, err = newsQuestions(ctx, db, `p.created >= FROM_UNIXTIME(?) AND p.created < FROM_UNIXTIME(?)
		ORDER BY p.netvotes DESC, p.acount DESC, p.created DESC, p.postid DESC LIMIT ?`,
		from-settled, until-settled, maxNewQuestions); err != nil {
		return nil, err
	}
	if n.unanswered, err = newsQuestions(ctx, db, `p.acount = 0 AND p.closedbyid IS NULL
		AND p.created >= FROM_UNIXTIME(?) AND p.created < FROM_UNIXTIME(?)
		ORDER BY p.created DESC, p.postid DESC LIMIT ?`,
		from-settled-unansweredFor, from-settled, maxUnanswered); err != nil {
		return nil, err
	}
	err = db.Select(ctx, func(rows *sql.Rows) error {
		var a newsAnswer
		err := rows.Scan(&a.id, &a.question, &a.author, &a.at, &a.asker, &a.mailed)
		n.answers = append(n.answers, a)
		return err
	}, `SELECT p.postid, p.parentid, COALESCE(p.userid, 0), UNIX_TIMESTAMP(p.created), COALESCE(q.userid, 0),
			q.notify IS NOT NULL
		FROM {posts} p
		JOIN {posts} q ON q.postid = p.parentid AND q.type = 'Q'
		WHERE p.type = 'A' AND p.created >= FROM_UNIXTIME(?) AND p.created < FROM_UNIXTIME(?)
		ORDER BY p.created DESC, p.postid DESC LIMIT ?`, from-settled, until-settled, maxNewAnswers)
	if err != nil {
		return nil, fmt.Errorf("read the new answers: %w", err)
	}
	n.index()
	return n, nil
}

// newsQuestions reads questions that everybody can see, with their tags.
func newsQuestions(
	ctx context.Context, db *database.DB, condition string, args ...any,
) (list []newsQuestion, err error) {
	places := map[int]int{}
	err = db.Select(ctx, func(rows *sql.Rows) error {
		var q newsQuestion
		var path [4]sql.NullInt64
		err := rows.Scan(&q.id, &q.author, &q.at, &path[0], &path[1], &path[2], &path[3])
		for _, id := range path {
			if id.Valid && !slices.Contains(q.categories, int(id.Int64)) {
				q.categories = append(q.categories, int(id.Int64))
			}
		}
		places[q.id] = len(list)
		list = append(list, q)
		return err
	}, `SELECT p.postid, COALESCE(p.userid, 0), UNIX_TIMESTAMP(p.created),
			p.categoryid, p.catidpath1, p.catidpath2, p.catidpath3
		FROM {posts} p
		WHERE p.type = 'Q' AND `+condition, args...)
	if err != nil {
		return nil, fmt.Errorf("read questions for digests: %w", err)
	}
	const atATime = 1000
	for part := range slices.Chunk(list, atATime) {
		ids := make([]int, len(part))
		for i := range part {
			ids[i] = part[i].id
		}
		err = db.Select(ctx, func(rows *sql.Rows) error {
			var id, word int
			err := rows.Scan(&id, &word)
			q := &list[places[id]]
			q.tags = append(q.tags, word)
			return err
		}, "SELECT postid, wordid FROM {posttags} WHERE postid IN ?", ids)
		if err != nil {
			return nil, fmt.Errorf("read the tags of questions for digests: %w", err)
		}
	}
	return list, nil
}

// index fills the maps.
func (n *news) index() {
	n.byTag, n.byCategory, n.byAuthor = map[int][]int{}, map[int][]int{}, map[int][]int{}
	n.unansweredByTag, n.unansweredByCategory = map[int][]int{}, map[int][]int{}
	n.answersTo, n.answersFor = map[int][]int{}, map[int][]int{}
	add := func(index map[int][]int, ids []int, place int) {
		for _, id := range ids {
			index[id] = append(index[id], place)
		}
	}
	for i, q := range n.questions {
		add(n.byTag, q.tags, i)
		add(n.byCategory, q.categories, i)
		if q.author != 0 {
			add(n.byAuthor, []int{q.author}, i)
		}
	}
	for i, q := range n.unanswered {
		add(n.unansweredByTag, q.tags, i)
		add(n.unansweredByCategory, q.categories, i)
	}
	for i, a := range n.answers {
		add(n.answersTo, []int{a.question}, i)
		if a.asker != 0 {
			add(n.answersFor, []int{a.asker}, i)
		}
	}
}
