package demo

import (
	"strings"
	"time"

	"38qa.net/backend/modules/qa"
)

// pictureID is the id of the blob with the demonstration's picture.
const pictureID = "1234567890123456789"

// written is a post whose row has been written or is about to be.
type written struct {
	id, question int
	kind         string
	created      time.Time
	visible      bool
	path         []int // category ids from the top down
}

func (f *filler) posts() error {
	for _, q := range questions {
		if err := f.question(&q); err != nil {
			return err
		}
	}
	return nil
}

// question writes a question with its answers and comments, and then the question's figures that
// follow from them.
func (f *filler) question(e *entry) error {
	if e.picture != "" {
		content, err := drawComb(480, 320)
		if err != nil {
			return err
		}
		if err := f.picture(pictureID, content, e.by); err != nil {
			return err
		}
		e.text = strings.ReplaceAll(e.text, "PICTURE", pictureID)
	}
	q := written{kind: "Q", created: newest.Add(-time.Duration(e.after) * time.Minute),
		visible: !e.hidden, path: f.categories[e.category]}
	q.id = f.nextID()
	q.question = q.id
	if err := f.row(e, q, nil); err != nil {
		return err
	}
	maxVotes, selected, newestAnswer := 0, 0, q.created
	for i := range e.answers {
		a := &e.answers[i]
		w, err := f.below(a, "A", q)
		if err != nil {
			return err
		}
		maxVotes, newestAnswer = max(maxVotes, len(a.up)-len(a.down)), w.created
		if a.selected {
			selected = w.id
			f.points[e.by].selects++
			f.points[a.by].selecteds++
		}
	}
	for i := range e.comments {
		if _, err := f.below(&e.comments[i], "C", q); err != nil {
			return err
		}
	}
	closedBy, err := f.closeQuestion(e, q)
	if err != nil {
		return err
	}
	f.countQuestion(e, q, selected != 0, closedBy != 0, maxVotes)
	hotness := (seconds(q.created)+seconds(newestAnswer))*100 +
		float64(len(e.answers)+len(e.up)-len(e.down))*160000*100 + float64(e.views)*4000*100
	return f.exec(`UPDATE {posts}
		SET acount = ?, amaxvote = ?, selchildid = ?, closedbyid = ?, views = ?, hotness = ?
		WHERE postid = ?`,
		len(e.answers), maxVotes, orNull(selected), orNull(closedBy), e.views, float64(float32(hotness)),
		q.id)
}

// seconds returns a time as Q2A's formula of hotness uses it: in seconds since the beginning of
// 2010.
func seconds(t time.Time) float64 {
	return t.Sub(time.Date(2010, 1, 1, 0, 0, 0, 0, time.UTC)).Seconds()
}

func orNull(id int) any {
	if id == 0 {
		return nil
	}
	return id
}

// closeQuestion writes the closing note of a question, if it is closed, and returns the note's
// id.
func (f *filler) closeQuestion(e *entry, q written) (note int, err error) {
	if e.closed == "" {
		return 0, nil
	}
	n := written{id: f.nextID(), question: q.id, kind: "NOTE", created: q.created.Add(3 * time.Hour),
		visible: true, path: q.path}
	if err := f.row(&entry{by: "はな", text: e.closed}, n, &q); err != nil {
		return 0, err
	}
	return n.id, f.exec("UPDATE {posts} SET updated = ?, updatetype = 'C', lastuserid = ? WHERE postid = ?",
		sqlTime(n.created), f.users["はな"], q.id)
}

// countQuestion adds a visible question to the counts that Q2A keeps.
func (f *filler) countQuestion(e *entry, q written, selected, closed bool, maxVotes int) {
	if !q.visible {
		return
	}
	f.counts.q++
	for _, id := range q.path {
		f.questionsIn[id]++
	}
	if closed {
		return
	}
	if len(e.answers) == 0 {
		f.counts.unanswered++
	}
	if !selected {
		f.counts.unselected++
	}
	if maxVotes == 0 {
		f.counts.unupvoted++
	}
}

// below writes an answer or a comment, with the comments on it.
func (f *filler) below(e *entry, kind string, parent written) (written, error) {
	w := written{id: f.nextID(), question: parent.question, kind: kind,
		created: parent.created.Add(time.Duration(e.after) * time.Minute), visible: parent.visible,
		path: parent.path}
	if err := f.row(e, w, &parent); err != nil {
		return w, err
	}
	if kind == "A" {
		f.counts.a++
	} else {
		f.counts.c++
	}
	for i := range e.comments {
		if _, err := f.below(&e.comments[i], "C", w); err != nil {
			return w, err
		}
	}
	if e.selected {
		return w, f.exec(`UPDATE {posts}
			SET updated = ?, updatetype = 'S', lastuserid = userid
			WHERE postid = ?`,
			sqlTime(w.created.Add(time.Hour)), w.id)
	}
	return w, nil
}

func (f *filler) nextID() int {
	f.written++
	return f.written
}

// row writes a post, its votes, and its rows in the word index.
func (f *filler) row(e *entry, w written, parent *written) error {
	kind := w.kind
	if !w.visible {
		kind += "_HIDDEN"
	}
	path := []any{nil, nil, nil}
	var category, parentID any
	for i, id := range w.path {
		path[i], category = id, id
	}
	if parent != nil {
		parentID = parent.id
	}
	var title, tags any
	if w.kind == "Q" {
		title, tags = e.title, e.tags
	}
	created := sqlTime(w.created)
	if err := f.exec(`INSERT INTO {posts} (postid, type, parentid, categoryid,
			catidpath1, catidpath2, catidpath3, userid, createip, upvotes, downvotes, netvotes,
			format, created, title, content, tags)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, w.id, kind, parentID, category,
		path[0], path[1], path[2], f.users[e.by], []byte{192, 0, 2, byte(f.users[e.by])},
		len(e.up), len(e.down), len(e.up)-len(e.down), e.format, created, title, e.text, tags); err != nil {
		return err
	}
	if err := f.votes(e, w); err != nil {
		return err
	}
	if !w.visible {
		return nil
	}
	p := f.points[e.by]
	switch w.kind {
	case "Q":
		p.questions++
	case "A":
		p.answers++
	case "C":
		p.comments++
	}
	var tagList []string
	if e.tags != "" {
		tagList = strings.Split(e.tags, ",")
	}
	return f.index(w.id, w.question, w.kind, e.title, qa.TextOf(e.text, e.format), tagList, created)
}

// votes writes the votes on a post and adds them to the figures of the voters and of the author.
func (f *filler) votes(e *entry, w written) error {
	at := sqlTime(w.created.Add(2 * time.Hour))
	for i, handle := range append(append([]string{}, e.up...), e.down...) {
		vote := 1
		if i >= len(e.up) {
			vote = -1
		}
		if err := f.exec(`INSERT INTO {uservotes} (postid, userid, vote, flag, votecreated, voteupdated)
			VALUES (?, ?, ?, 0, ?, NULL)`,
			w.id, f.users[handle], vote, at); err != nil {
			return err
		}
		f.countVote(f.points[handle], f.points[e.by], w.kind, vote)
	}
	p := f.points[e.by]
	switch w.kind {
	case "Q":
		p.questionVotes += len(e.up) - len(e.down)
	case "A":
		p.answerVotes += len(e.up) - len(e.down)
	}
	return nil
}

func (f *filler) countVote(voter, author *figures, kind string, vote int) {
	up, down := &voter.upC, &voter.downC
	switch kind {
	case "Q":
		up, down = &voter.upQ, &voter.downQ
	case "A":
		up, down = &voter.upA, &voter.downA
	}
	if vote > 0 {
		*up++
		author.ups++
	} else {
		*down++
		author.downs++
	}
}
