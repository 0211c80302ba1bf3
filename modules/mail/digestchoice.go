package mail

import "slices"

// How many posts each part of a digest has, at most.
const (
	maxInDigest         = 10
	maxUnansweredShown  = 5
	maxOverflowInDigest = 20
)

// digest is what a digest tells of, as the queue keeps it: ids of posts. Their texts are read when it is
// sent.
type digest struct {
	// Questions are the best new questions of what one follows, Answers those to questions that one follows,
	// and Mine those to one's own.
	Questions []int `json:"questions,omitempty"`
	Answers   []int `json:"answers,omitempty"`
	Mine      []int `json:"mine,omitempty"`
	// Over are posts that would have been mailed at once, but for the limit of a day.
	Over []int `json:"over,omitempty"`
	// Unanswered are older questions in one's tags and categories that nobody has answered.
	Unanswered []int `json:"unanswered,omitempty"`
}

// empty reports whether nothing has happened. Old questions are no news.
func (d *digest) empty() bool {
	return len(d.Questions)+len(d.Answers)+len(d.Mine)+len(d.Over) == 0
}

// posts returns the ids of all posts.
func (d *digest) posts() []int {
	return slices.Concat(d.Questions, d.Answers, d.Mine, d.Over, d.Unanswered)
}

// recipient is a member for whom a digest may be made.
type recipient struct {
	userID int
	mails  followMails
	// since is the end of the time that the member's last such digest was about, or 0.
	since int64
	// repliesMailed reports whether the member is mailed of answers to own questions that ask for it.
	repliesMailed bool

	tags, categories, users, questions []int // that the member follows, by their ids
	muted                              map[int]bool
	// mailed are the posts that the member was mailed of at once, and over those that were too much and
	// belong into this digest.
	mailed map[int]bool
	over   []int
}

// digestOf returns what a member's digest tells of; it is empty if nothing has happened that concerns the
// member. Nobody is told of their own posts, of those of users whom they have muted, and of what they were
// mailed of at once.
func (n *news) digestOf(r *recipient) (d digest) {
	told := map[int]bool{}
	wanted := func(post, author int, at int64) bool {
		if at < r.since-settled || author != 0 && (author == r.userID || r.muted[author]) || r.mailed[post] ||
			told[post] {
			return false
		}
		told[post] = true
		return true
	}
	for _, post := range r.over[:min(len(r.over), maxOverflowInDigest)] {
		told[post] = true
		d.Over = append(d.Over, post)
	}
	if !r.mails.any(n.often) {
		return d
	}
	for _, i := range n.questionsFor(r) {
		if q := n.questions[i]; len(d.Questions) < maxInDigest && wanted(q.id, q.author, q.at) {
			d.Questions = append(d.Questions, q.id)
		}
	}
	if r.mails.digest() == n.often {
		for _, i := range n.answersFor[r.userID] {
			a := n.answers[i]
			if atOnce := a.mailed && r.repliesMailed; len(d.Mine) < maxInDigest && !atOnce &&
				wanted(a.id, a.author, a.at) {
				d.Mine = append(d.Mine, a.id)
			}
		}
	}
	if r.mails.Questions == n.often {
		for _, i := range found(n.answersTo, r.questions) {
			a := n.answers[i]
			if len(d.Answers) < maxInDigest && a.asker != r.userID && wanted(a.id, a.author, a.at) {
				d.Answers = append(d.Answers, a.id)
			}
		}
	}
	if !d.empty() {
		d.Unanswered = n.unansweredOf(r)
	}
	return d
}

// questionsFor returns the places of the new questions of what a member follows, the best first.
func (n *news) questionsFor(r *recipient) []int {
	if r.mails.Site == n.often {
		all := make([]int, len(n.questions))
		for i := range all {
			all[i] = i
		}
		return all
	}
	var list []int
	if r.mails.Tags == n.often {
		list = append(list, found(n.byTag, r.tags)...)
	}
	if r.mails.Categories == n.often {
		list = append(list, found(n.byCategory, r.categories)...)
	}
	if r.mails.Users == n.often {
		list = append(list, found(n.byAuthor, r.users)...)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// unansweredOf returns older questions in a member's tags and categories that nobody has answered, the
// newest first.
func (n *news) unansweredOf(r *recipient) (ids []int) {
	var list []int
	if r.mails.Tags == n.often {
		list = append(list, found(n.unansweredByTag, r.tags)...)
	}
	if r.mails.Categories == n.often {
		list = append(list, found(n.unansweredByCategory, r.categories)...)
	}
	slices.Sort(list)
	for _, i := range slices.Compact(list) {
		q := n.unanswered[i]
		if len(ids) < maxUnansweredShown && (q.author == 0 || q.author != r.userID && !r.muted[q.author]) {
			ids = append(ids, q.id)
		}
	}
	return ids
}

// found returns what an index has of the ids, in order and each place once.
func found(index map[int][]int, ids []int) (list []int) {
	for _, id := range ids {
		list = append(list, index[id]...)
	}
	slices.Sort(list)
	return slices.Compact(list)
}
