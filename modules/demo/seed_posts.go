package demo

import (
	"math/rand/v2"
	"strings"
	"time"

	"38qa.net/backend/modules/qa"
)

// seeder turns the plan into rows, in the order of the posts' ids, and counts what is needed for
// the totals.
type seeder struct {
	plan   *plan
	r      *rand.Rand
	writer *writer
	active *rand.Zipf
	tags   [2]lexicon // English, Japanese
	index  *index
	points []userPoints // by userid
	counts siteCounts
	notes  [][2]int32 // ids of questions and their closing notes, to be linked once the notes exist
}

// tagsOfEach is the number of tags in each of the two languages.
const tagsOfEach = 1000

func newSeeder(pl *plan, r *rand.Rand) *seeder {
	s := &seeder{plan: pl, r: r, writer: newWriter(r),
		active: rand.NewZipf(r, 1.2, 8, uint64(len(pl.users)-1)), index: newIndex(),
		points: make([]userPoints, len(pl.users)+1)}
	s.tags[0] = newLexicon(r, coinTags(strings.Fields(enNouns), s.writer.enRare.words, "-"), 10)
	s.tags[1] = newLexicon(r, coinTags(strings.Fields(jaNouns), s.writer.jaRare.words, ""), 10)
	return s
}

// coinTags returns tagsOfEach tags: first the nouns, then each noun joined to the next, then rare
// words.
func coinTags(nouns, rare []string, hyphen string) []string {
	tags := append([]string{}, nouns...)
	for i := 0; i+1 < len(nouns); i++ {
		tags = append(tags, nouns[i]+hyphen+nouns[i+1])
	}
	return append(tags, rare...)[:tagsOfEach]
}

// write returns the rows of the posts of the plan whose index is at least from and less than to.
func (s *seeder) write(from, to int) *rows {
	r := &rows{}
	// Words come before the rows that refer to them.
	r.tables = append(r.tables, &tableRows{name: "words", columns: "wordid, word", width: 2})
	for i := from; i < to; i++ {
		s.post(r, int32(i+1))
	}
	return r
}

// text is the text of a post, with its format and its tags.
type text struct {
	title, content, format string
	tags                   []string
}

// writeText composes the text of a post. Questions and answers are longer than comments.
func (s *seeder) writeText(p *planned, t *thread) text {
	w := s.writer
	out := text{}
	median := 115.0
	switch p.kind {
	case 'Q':
		out.title = w.title(t.japanese)
		out.tags = s.pickTags(t.japanese)
	case 'C', 'N':
		median = 45
	}
	asHTML := p.kind != 'N' && w.chance(15)
	if asHTML {
		out.format = "html"
	}
	if !t.japanese {
		median *= 1.8 // the same takes more letters in English
	}
	out.content = w.content(t.japanese, asHTML, w.length(median))
	return out
}

// pickTags returns up to five different tags.
func (s *seeder) pickTags(japanese bool) []string {
	list := s.tags[0]
	if japanese {
		list = s.tags[1]
	}
	var tags []string
	for range min(5, s.plan.many(2.3)) {
		tag, twice := list.pick(), false
		for _, t := range tags {
			twice = twice || t == tag
		}
		if !twice {
			tags = append(tags, tag)
		}
	}
	return tags
}

// postColumns are the columns of posts that Seed fills, in the order in which post passes their
// values.
const postColumns = "postid, type, parentid, categoryid, catidpath1, catidpath2, catidpath3, acount, " +
	"amaxvote, selchildid, closedbyid, userid, cookieid, createip, lastuserid, lastip, upvotes, downvotes, " +
	"netvotes, views, hotness, flagcount, format, created, updated, updatetype, title, content, tags, name"

// kindNames are the first parts of Q2A's types of posts, by kind; stateNames are the second
// parts, by state.
var (
	kindNames  = map[byte]string{'Q': "Q", 'A': "A", 'C': "C", 'N': "NOTE"}
	stateNames = map[byte]string{'H': "_HIDDEN", 'W': "_QUEUED", 0: ""}
)

// post adds the rows of one post: its own, those of its votes, and those of its words.
func (s *seeder) post(r *rows, id int32) {
	p := s.plan.post(id)
	t := &s.plan.threads[p.thread]
	txt := s.writeText(p, t)
	path := categoryPath(int(t.category))
	paths := [3]any{}
	for i, c := range path {
		paths[i] = c
	}
	var views int32
	var selected, closedBy, hot, title, tags any
	if p.kind == 'Q' {
		views, selected, hot, title, tags = t.views, idOrNull(t.selected), hotness(p, t), txt.title,
			strings.Join(txt.tags, ",")
		if closedBy = idOrNull(t.closedBy); t.closedBy > id { // a note, which does not exist yet
			s.notes = append(s.notes, [2]int32{id, t.closedBy})
			closedBy = nil
		}
	}
	var acount, amaxvote int32
	if p.kind == 'Q' {
		acount, amaxvote = t.answers, t.maxVotes
	}
	flags := 0
	if p.flagged {
		flags = 1
	}
	var updated, update, lastIP any
	if p.updated > 0 {
		updated, update, lastIP = seedTime(p.updated), string(p.update), addressOf(p.updater)
	}
	cookie, name := s.anonymous(p)
	r.add("posts", postColumns, id, kindNames[p.kind]+stateNames[p.state], idOrNull(p.parent),
		t.category, paths[0], paths[1], paths[2],
		acount, amaxvote, selected, closedBy, idOrNull(p.author), cookie, addressOf(p.author),
		idOrNull(p.updater), lastIP,
		int(p.up), int(p.down), int(p.up)-int(p.down), views, hot, flags, txt.format, seedTime(p.at),
		updated, update, title, txt.content, tags, name)
	s.votes(r, id, p)
	s.count(id, p, t)
	if p.indexed {
		s.index.add(r, s, id, p, t.question,
			qa.IndexWords(txt.title, qa.TextOf(txt.content, txt.format), txt.tags))
	}
}

// idOrNull returns the id, or nil, which stands for NULL, if the id is 0.
func idOrNull(id int32) any {
	if id == 0 {
		return nil
	}
	return id
}

// anonymous returns a random cookie id for a post without an account and, for half of these
// posts, the name that the author gave. Both are nil if the author has an account.
func (s *seeder) anonymous(p *planned) (cookie, name any) {
	if p.author > 0 {
		return nil, nil
	}
	if s.writer.chance(50) {
		name = handleParts[s.r.IntN(len(handleParts))]
	}
	return 1 + s.r.Int64N(1<<62), name
}

// hotness returns the hotness of a question by Q2A's formula with its default weights, rounded as
// a column of the type FLOAT rounds it. The formula adds up the times of the question and of its
// newest answer in seconds since 2010, 160,000 for each answer and each net vote, and 4,000 for
// each view.
func hotness(q *planned, t *thread) float64 {
	const weight = 100
	from2010 := seedStart.Sub(time.Date(2010, 1, 1, 0, 0, 0, 0, time.UTC)).Seconds()
	seconds := from2010 + float64(q.at) + from2010 + float64(t.lastAnswer)
	h := seconds + 160000*float64(t.answers) + 160000*float64(int(q.up)-int(q.down)) + 4000*float64(t.views)
	return float64(float32(h * weight))
}

// votes adds the votes on a post and its flags. Each comes from a different user, and none from
// the author.
func (s *seeder) votes(r *rows, id int32, p *planned) {
	const columns = "postid, userid, vote, flag, votecreated, voteupdated"
	voters := map[int32]bool{p.author: true}
	for i := range int(p.up) + int(p.down) {
		vote := 1
		if i >= int(p.up) {
			vote = -1
		}
		voter := s.voter(voters, p.at)
		s.points[voter].vote(p.kind, vote)
		r.add("uservotes", columns, id, voter, vote, 0, seedTime(min(s.plan.later(p.at), seedSpan)), nil)
	}
	if p.flagged {
		r.add("uservotes", columns, id, s.voter(voters, p.at), 0, 1, nil, nil)
	}
}

// voter returns a user who has not voted on the post yet. There is always one, because the plan
// asks for the votes of at most half of the users.
func (s *seeder) voter(voted map[int32]bool, at int32) int32 {
	id := s.plan.somebody(s.r, s.active, at)
	for n := int32(s.plan.registered(at)); voted[id]; {
		id = id%n + 1
	}
	voted[id] = true
	return id
}
