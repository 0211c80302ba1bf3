package demo

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"sort"
	"time"
)

// The seeded community exists from seedStart to seedEnd, which is seedSpan seconds.
var (
	seedStart = time.Date(2018, 11, 1, 0, 0, 0, 0, time.UTC)
	seedEnd   = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	seedSpan  = int32(seedEnd.Sub(seedStart) / time.Second)
)

const (
	hour = 3600
	day  = 24 * hour
)

// planned is what is decided about a post before its text is composed. It is small, because all
// posts are planned before the first is inserted: the row of a question refers to answers that
// come after it.
type planned struct {
	at       int32 // seconds after seedStart
	thread   int32 // index of its thread
	parent   int32 // postid; 0 for none
	author   int32 // userid; 0 for anonymous posts
	updated  int32 // seconds after seedStart; 0 for never
	updater  int32 // userid
	up, down uint16
	kind     byte // 'Q', 'A' or 'C', or 'N' for a closing note
	state    byte // 'H' hidden, 'W' waiting for approval, 0 visible
	update   byte // Q2A's updatetype
	indexed  bool // the post and all posts above it are visible
	flagged  bool
}

func (p *planned) visible(kind byte) bool { return p.kind == kind && p.state == 0 }

// thread is what is decided about a question and its thread.
type thread struct {
	question, note       int32 // postids
	selected, closedBy   int32 // postids
	lastAnswer, lastPost int32 // times
	best                 int32 // postid of the visible answer with the most votes
	bestNet, views       int32
	answers, maxVotes    int32
	category             int32
	japanese             bool
}

// plan is the whole community without its texts. posts[i] has the id i+1.
type plan struct {
	r       *rand.Rand
	users   []int32 // when each registered, ascending
	popular []int32 // userids, the most active first
	active  *rand.Zipf
	topics  *rand.Zipf // of categories
	threads []thread
	posts   []planned
}

func (pl *plan) post(id int32) *planned { return &pl.posts[id-1] }

func newPlan(r *rand.Rand, questions, users int) *plan {
	pl := &plan{r: r, threads: make([]thread, questions), active: rand.NewZipf(r, 1.2, 8, uint64(users-1)),
		topics: rand.NewZipf(r, 1.1, 4, uint64(len(seedCategories)-1))}
	for i := range users {
		at := float64(seedSpan) * 0.98 * math.Pow(float64(i)/float64(users), 1.2)
		pl.users = append(pl.users, int32(at)-day*int32(max(0, 10-i)))
		pl.popular = append(pl.popular, int32(i+1))
	}
	r.Shuffle(users, func(i, j int) { pl.popular[i], pl.popular[j] = pl.popular[j], pl.popular[i] })
	pl.sketch()
	pl.order()
	for i := range pl.posts {
		pl.people(&pl.posts[i])
	}
	pl.gather()
	for i := range pl.threads {
		pl.settle(&pl.threads[i])
	}
	return pl
}

func (pl *plan) chance(perMille int) bool { return pl.r.IntN(1000) < perMille }

// many returns a random count with the given mean. In two of a hundred cases the count is much
// greater.
func (pl *plan) many(mean float64) int {
	n := int(pl.r.ExpFloat64() * mean * 1.05)
	if pl.chance(20) {
		n += int(min(60, 5*math.Pow(pl.r.Float64(), -0.7)))
	}
	return n
}

// later returns a random time after at, mostly within a day.
func (pl *plan) later(at int32) int32 {
	return at + 60 + int32(min(400*day, 5*hour*math.Exp(1.8*pl.r.NormFloat64())))
}

// add plans a post, unless its time would be after the end of the community. It returns the
// post's index in the sketch plus one, or 0 if it planned none.
func (pl *plan) add(kind byte, thread, parent, at int32) int32 {
	if at >= seedSpan-2*day {
		return 0
	}
	p := planned{at: at, thread: thread, parent: parent, kind: kind}
	switch n := pl.r.IntN(1000); {
	case kind == 'N':
	case n < 8:
		p.state = 'H'
	case n < 11:
		p.state = 'W'
	}
	pl.posts = append(pl.posts, p)
	return int32(len(pl.posts))
}

// sketch decides which posts there are, when they are written and below which posts. Until order
// has run, parents are given by their index in the sketch plus one.
func (pl *plan) sketch() {
	for i := range pl.threads {
		t := int32(i)
		at := int32(float64(seedSpan-3*day) * math.Pow(float64(i+1)/float64(len(pl.threads)+1), 0.85))
		q := pl.add('Q', t, 0, at)
		if pl.post(q).state == 'W' {
			continue
		}
		last := at
		answers := []int32{q}
		for range pl.many(1.95) {
			if a := pl.add('A', t, q, pl.later(at)); a > 0 && pl.post(a).state != 'W' {
				answers = append(answers, a)
				last = max(last, pl.post(a).at)
			}
		}
		for range pl.many(2.4) {
			parent := answers[pl.r.IntN(len(answers))]
			if c := pl.add('C', t, parent, pl.later(pl.post(parent).at)); c > 0 {
				last = max(last, pl.post(c).at)
			}
		}
		if pl.chance(10) {
			pl.add('N', t, q, last+hour)
		}
	}
}

// order sorts the posts by their times, which gives them their ids, and makes sure that no two
// are written in the same second.
func (pl *plan) order() {
	places := make([]int32, len(pl.posts))
	for i := range places {
		places[i] = int32(i)
	}
	slices.SortStableFunc(places, func(a, b int32) int { return cmp.Compare(pl.posts[a].at, pl.posts[b].at) })
	ids := make([]int32, len(places)+1)
	sorted := make([]planned, len(places))
	last := int32(-1)
	for i, place := range places {
		ids[place+1] = int32(i + 1)
		sorted[i] = pl.posts[place]
		last = max(last+1, sorted[i].at)
		sorted[i].at = last
	}
	for i := range sorted {
		sorted[i].parent = ids[sorted[i].parent]
	}
	pl.posts = sorted
}

// registered returns how many users have registered by that time. Their ids are 1 to that number.
func (pl *plan) registered(at int32) int {
	return sort.Search(len(pl.users), func(i int) bool { return pl.users[i] > at })
}

// somebody returns a random user who has registered by that time. Active users are returned more
// often.
func (pl *plan) somebody(r *rand.Rand, active *rand.Zipf, at int32) int32 {
	n := pl.registered(at)
	for range 20 {
		if id := pl.popular[active.Uint64()]; int(id) <= n {
			return id
		}
	}
	return int32(1 + r.IntN(n))
}

// people decides who wrote a post, how many users voted on it, and who changed it.
func (pl *plan) people(p *planned) {
	if p.kind != 'N' && !pl.chance(20) {
		p.author = pl.somebody(pl.r, pl.active, p.at)
	}
	if p.kind == 'N' {
		p.author = 1
	}
	if (p.kind == 'Q' || p.kind == 'A') && p.state != 'W' {
		p.up, p.down = uint16(pl.many(1.6)), uint16(pl.r.ExpFloat64()*0.45)
		half := uint16(pl.registered(p.at) / 2)
		p.up = min(p.up, half)
		p.down = min(p.down, half-p.up)
	}
	p.flagged = p.kind != 'N' && p.state == 0 && pl.chance(4)
	switch {
	case p.state == 'H':
		p.updated, p.updater, p.update = min(pl.later(p.at), seedSpan), 2, 'H'
	case p.state == 0 && p.author > 0 && pl.chance(50):
		p.updated, p.updater, p.update = min(pl.later(p.at), seedSpan), p.author, 'E'
	}
}

// gather goes through all posts in the order of their ids and adds up what they mean for the
// questions of their threads.
func (pl *plan) gather() {
	for i := range pl.posts {
		p, id := &pl.posts[i], int32(i+1)
		t := &pl.threads[p.thread]
		t.lastPost = p.at
		p.indexed = p.state == 0 && (p.kind == 'Q' || pl.post(p.parent).indexed)
		switch {
		case p.kind == 'Q':
			t.question, t.lastAnswer, t.bestNet = id, p.at, math.MinInt32
			pl.follow(p, id)
		case p.kind == 'N':
			t.note = id
		case p.visible('A'):
			t.answers++
			t.lastAnswer = p.at
			net := int32(p.up) - int32(p.down)
			t.maxVotes = max(t.maxVotes, net)
			if net > t.bestNet {
				t.best, t.bestNet = id, net
			}
		}
	}
}

// follow makes about one question in a hundred a follow-up to an earlier answer.
func (pl *plan) follow(p *planned, id int32) {
	if id > 50 && pl.chance(10) {
		if answer := 1 + pl.r.Int32N(id-1); pl.post(answer).visible('A') && pl.post(answer).indexed {
			p.parent = answer
		}
	}
}

// settle decides the rest about a thread: its views, its language and its category, which answer
// is selected, and why it is closed.
func (pl *plan) settle(t *thread) {
	q := pl.post(t.question)
	t.views = int32(min(2e5, 60*math.Exp(1.4*pl.r.NormFloat64())))
	t.japanese = pl.chance(700)
	t.category = 1 + int32(pl.topics.Uint64())
	if t.best > 0 && pl.chance(450) {
		t.selected = t.best
		a := pl.post(t.best)
		a.updated, a.updater, a.update = min(pl.later(t.lastAnswer), seedSpan), q.author, 'S'
	}
	switch {
	case t.note > 0:
		t.closedBy = t.note
	case q.state == 0 && t.question > 1 && pl.chance(60):
		// most of the random posts are no questions; then nothing is closed
		if original := 1 + pl.r.Int32N(t.question-1); pl.post(original).visible('Q') {
			t.closedBy = original
		}
	}
	if t.closedBy > 0 && q.state == 0 {
		q.updated, q.updater, q.update = t.lastPost, 1, 'C'
	}
}
