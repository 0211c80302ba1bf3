package demo

import (
	"context"
	"fmt"
	"strconv"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/site/option"
)

// siteCounts are the counts of the whole site that Q2A keeps among its options, and the number of
// questions in each category.
type siteCounts struct {
	questions, answers, comments               int
	unanswered, unselected, unupvoted          int
	flagged, queued, tags, unapproved, members int
	byCategory                                 [64]int
}

// userPoints are the counts in a row of Q2A's table userpoints.
type userPoints struct {
	qposts, aposts, cposts, aselects, aselecteds int
	qupvotes, qdownvotes, aupvotes, adownvotes   int
	qvoteds, avoteds, upvoteds, downvoteds       int
}

// vote counts a vote that the user has given.
func (u *userPoints) vote(kind byte, vote int) {
	switch {
	case kind == 'Q' && vote > 0:
		u.qupvotes++
	case kind == 'Q':
		u.qdownvotes++
	case vote > 0:
		u.aupvotes++
	default:
		u.adownvotes++
	}
}

// voted returns how many points the votes on one post bring its author, before they are
// multiplied by points_multiple.
func voted(o *site.Options, by voteOptions, p *planned) int {
	return min(o.Int(by.up)*int(p.up), o.Int(by.maxGain)) -
		min(o.Int(by.down)*int(p.down), o.Int(by.maxLoss))
}

// voteOptions are the options for the points that votes on a kind of posts bring the author.
type voteOptions struct{ up, maxGain, down, maxLoss option.Key }

var (
	votesOnQuestions = voteOptions{
		option.PointsPerQVotedUp, option.PointsQVotedMaxGain,
		option.PointsPerQVotedDown, option.PointsQVotedMaxLoss,
	}
	votesOnAnswers = voteOptions{
		option.PointsPerAVotedUp, option.PointsAVotedMaxGain,
		option.PointsPerAVotedDown, option.PointsAVotedMaxLoss,
	}
)

// defaultOptions are Q2A's default options, by which points are computed.
var defaultOptions = site.NewOptions(nil)

// count adds one post to the counts of the site and of its author.
func (s *seeder) count(id int32, p *planned, t *thread) {
	c, author := &s.counts, &s.points[p.author]
	author.upvoteds += int(p.up)
	author.downvoteds += int(p.down)
	if p.flagged {
		c.flagged++
	}
	if p.state == 'W' {
		c.queued++
	}
	switch p.kind {
	case 'Q':
		author.qvoteds += voted(defaultOptions, votesOnQuestions, p)
		if p.state == 0 {
			s.countQuestion(t, author)
		}
	case 'A':
		author.avoteds += voted(defaultOptions, votesOnAnswers, p)
		if p.state == 0 {
			c.answers++
			author.aposts++
		}
		if t.selected == id && (p.author == 0 || s.plan.post(t.question).author != p.author) {
			author.aselecteds++
		}
	case 'C':
		if p.state == 0 {
			c.comments++
			author.cposts++
		}
	}
}

// countQuestion counts a visible question. A closed question counts neither as unanswered nor as
// unselected nor as without upvotes, as in Q2A.
func (s *seeder) countQuestion(t *thread, author *userPoints) {
	c := &s.counts
	c.questions++
	author.qposts++
	if t.selected > 0 {
		author.aselects++
	}
	for _, category := range categoryPath(int(t.category)) {
		c.byCategory[category]++
	}
	if t.closedBy > 0 {
		return
	}
	if t.answers == 0 {
		c.unanswered++
	}
	if t.selected == 0 {
		c.unselected++
	}
	if t.maxVotes == 0 {
		c.unupvoted++
	}
}

// total returns a user's points by Q2A's default options.
func (u *userPoints) total() int {
	o := defaultOptions
	sum := u.qposts*o.Int(option.PointsPostQ) + u.aposts*o.Int(option.PointsPostA) +
		u.aselects*o.Int(option.PointsSelectA) + u.aselecteds*o.Int(option.PointsASelected) +
		u.qupvotes*o.Int(option.PointsVoteUpQ) + u.qdownvotes*o.Int(option.PointsVoteDownQ) +
		u.aupvotes*o.Int(option.PointsVoteUpA) + u.adownvotes*o.Int(option.PointsVoteDownA) +
		u.qvoteds + u.avoteds
	return o.Int(option.PointsBase) + o.Int(option.PointsMultiple)*sum
}

// seedTotals writes what is known only after the last post: points, counts and closing notes.
func seedTotals(ctx context.Context, db *database.DB, s *seeder) error {
	if err := s.userRows().insert(ctx, db); err != nil {
		return err
	}
	if err := s.updateWords(ctx, db); err != nil {
		return err
	}
	return db.Tx(ctx, func(tx *database.DB) error {
		for _, n := range s.notes {
			if _, err := tx.Exec(ctx, "UPDATE {posts} SET closedbyid = ? WHERE postid = ?", n[1],
				n[0]); err != nil {
				return fmt.Errorf("close a question: %w", err)
			}
		}
		for i := range seedCategories {
			if _, err := tx.Exec(ctx, "UPDATE {categories} SET qcount = ? WHERE categoryid = ?",
				s.counts.byCategory[i+1], i+1); err != nil {
				return fmt.Errorf("count a category: %w", err)
			}
		}
		return s.options(ctx, tx)
	})
}

func (s *seeder) userRows() *rows {
	r := &rows{}
	for id := 1; id < len(s.points); id++ {
		u := &s.points[id]
		r.add("userpoints",
			"userid, points, qposts, aposts, cposts, aselects, aselecteds, "+
				"qupvotes, qdownvotes, aupvotes, adownvotes, qvoteds, avoteds, upvoteds, downvoteds",
			id, u.total(), u.qposts, u.aposts, u.cposts, u.aselects, u.aselecteds, u.qupvotes, u.qdownvotes,
			u.aupvotes, u.adownvotes, u.qvoteds, u.avoteds, u.upvoteds, u.downvoteds)
		s.counts.members++
		if levelOf(id) < 10 && flagsOf(id)&2 == 0 {
			s.counts.unapproved++
		}
	}
	return r
}

// updateWords writes the counts of all words, a thousand in each transaction.
func (s *seeder) updateWords(ctx context.Context, db *database.DB) error {
	for from := 0; from < len(s.index.counts); from += 1000 {
		err := db.Tx(ctx, func(tx *database.DB) error {
			for i := from; i < min(from+1000, len(s.index.counts)); i++ {
				c := s.index.counts[i]
				if _, err := tx.Exec(ctx,
					`UPDATE {words}
						SET titlecount = ?, contentcount = ?, tagwordcount = ?, tagcount = ?
						WHERE wordid = ?`,
					c.title, c.content, c.tagWord, c.tag, i+1); err != nil {
					return fmt.Errorf("count a word: %w", err)
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// options writes the site's options: its name, and the counts that Q2A keeps among its options.
func (s *seeder) options(ctx context.Context, tx *database.DB) error {
	c := &s.counts
	r := &rows{}
	for _, set := range []struct {
		key   option.Key
		value string
	}{
		{option.SiteTitle, "みつばちQ&A"}, {option.CommentOnQs, "1"}, {option.WysiwygEditorUploadImages, "1"},
		{option.CacheQcount, strconv.Itoa(c.questions)}, {option.CacheAcount, strconv.Itoa(c.answers)},
		{option.CacheCcount, strconv.Itoa(c.comments)}, {option.CacheUnaqcount, strconv.Itoa(c.unanswered)},
		{option.CacheUnselqcount, strconv.Itoa(c.unselected)}, {option.CacheUnupaqcount, strconv.Itoa(c.unupvoted)},
		{option.CacheTagcount, strconv.Itoa(c.tags)}, {option.CacheUserpointscount, strconv.Itoa(c.members)},
		{option.CacheFlaggedcount, strconv.Itoa(c.flagged)},
		{option.CacheQueuedcount, strconv.Itoa(c.queued)}, {option.CacheUapprovecount, strconv.Itoa(c.unapproved)},
	} {
		if _, err := tx.Exec(ctx, "DELETE FROM {options} WHERE title = ?", set.key.Name()); err != nil {
			return fmt.Errorf("option %s: %w", set.key, err)
		}
		r.add("options", "title, content", set.key.Name(), set.value)
	}
	return r.tables[0].insert(ctx, tx)
}
