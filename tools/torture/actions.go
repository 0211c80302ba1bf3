package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// users lists the users of the recorded site who act: administrators, moderators, editors, experts,
// members and one whose posts are queued. 0, an anonymous visitor, occurs twice so that it is chosen
// more often.
var users = []int{1, 2, 3, 3, 3, 4, 5, 6, 7, 8, 9, 10, 12, 13, 16, 19, queued, 0, 0}

// queued is the user whose posts are queued.
const queued = 27

// vocabulary holds the words of the texts that clients write. They are few, so that the same words
// are counted at the same moment; someText adds a new word now and then.
var vocabulary = strings.Fields("蜂 巣箱 honey 分蜂 varroa queen ダニ 越冬 smoke frame 採蜜 torture swarm 女王蜂 wax")

func someText(r *rand.Rand, mark string) string {
	var b strings.Builder
	for range 6 + r.IntN(10) {
		b.WriteString(vocabulary[r.IntN(len(vocabulary))])
		b.WriteByte(' ')
	}
	if r.IntN(3) == 0 {
		fmt.Fprintf(&b, "newword%d ", r.IntN(2000))
	}
	return b.String() + "torture " + mark
}

// someContent returns the fields of a request that give a random text in one of the formats.
func someContent(r *rand.Rand, mark string) map[string]any {
	body := map[string]any{"content": someText(r, mark)}
	switch r.IntN(4) {
	case 0:
		body["format"], body["content"] = "html", "<p>"+someText(r, mark)+"</p><p><b>bold</b> words</p>"
	case 1:
		body["format"], body["content"] = "markdown", "*"+someText(r, mark)+"*\n\n* list\n* of bees"
	}
	return body
}

// act sends a random request.
func (l *load) act(ctx context.Context, r *rand.Rand) {
	user := users[r.IntN(len(users))]
	l.mu.Lock()
	p := l.posts[r.IntN(len(l.posts))]
	l.mu.Unlock()
	post := fmt.Sprintf("/v1/posts/%d", p.id)
	mark := fmt.Sprintf("m%x", r.Uint64())
	calm := slices.Contains(oldSiteQuestions, p.id)
	switch n := r.IntN(100); {
	case n < 30:
		l.vote(ctx, r, user, p)
	case n < 42:
		l.create(ctx, user, post+"/comments", 'C', p.id, mark, someContent(r, mark))
	case n < 50 && p.kind == 'Q':
		l.create(ctx, user, fmt.Sprintf("/v1/questions/%d/answers", p.id), 'A', p.id, mark,
			someContent(r, mark))
	case n < 53:
		l.ask(ctx, r, user, p, mark)
	case n < 64 && !(calm && user == queued): // an edit of theirs hides the post until it is approved
		l.edit(ctx, r, user, p, mark)
	case n < 66:
		l.send(ctx, 0, "GET", fmt.Sprintf("/v1/questions/%d", p.id), nil) // counts a view
		l.send(ctx, user, "GET", post, nil)
	case calm: // no more on these
	case n < 70:
		l.send(ctx, user, []string{"PUT", "DELETE"}[r.IntN(2)], post+"/flag", nil)
	case n < 71:
		l.send(ctx, user, "DELETE", post+"/flags", nil)
	case n < 78:
		l.send(ctx, user, "PUT", post+"/visibility", map[string]any{"hidden": r.IntN(3) == 0})
	case n < 82:
		l.send(ctx, user, "PUT", post+"/approval", map[string]any{"approved": r.IntN(3) > 0})
	case n < 84:
		l.send(ctx, user, "PUT", post+"/owner", nil)
	default:
		l.decide(ctx, r, user, p)
	}
}

func (l *load) ask(ctx context.Context, r *rand.Rand, user int, p known, mark string) {
	body := someContent(r, mark)
	body["title"], body["tags"] = "Torture question "+mark,
		[]string{vocabulary[r.IntN(len(vocabulary))], "tag" + mark[:2]}
	if category := r.IntN(18); category > 0 {
		body["categoryId"] = category
	}
	if p.kind == 'A' {
		body["followsAnswerId"] = p.id
	}
	l.create(ctx, user, "/v1/questions", 'Q', 0, mark, body)
}

// decide sends one of the requests that are for questions or answers only, or deletes a post.
func (l *load) decide(ctx context.Context, r *rand.Rand, user int, p known) {
	question := fmt.Sprintf("/v1/questions/%d", p.id)
	switch {
	case p.kind == 'A' && r.IntN(2) == 0:
		l.send(ctx, user, "PUT", fmt.Sprintf("/v1/questions/%d/selected-answer", p.parent),
			map[string]any{"answerId": p.id})
	case p.kind == 'A' && r.IntN(4) == 0:
		l.convert(ctx, r, user, p)
	case p.kind != 'Q' || r.IntN(8) == 0:
		l.remove(ctx, user, p)
	case r.IntN(4) == 0:
		l.send(ctx, user, "DELETE", question+"/selected-answer", nil)
	case r.IntN(5) == 0:
		l.send(ctx, user, "PUT", question+"/closure",
			map[string]any{"duplicateOf": oldSiteQuestions[r.IntN(len(oldSiteQuestions))]})
	case r.IntN(3) == 0:
		l.send(ctx, user, "PUT", question+"/closure", map[string]any{"note": "closed for torture"})
	case r.IntN(2) == 0:
		l.send(ctx, user, "DELETE", question+"/closure", nil)
	default:
		l.send(ctx, user, "PUT", question+"/category",
			map[string]any{"categoryId": r.IntN(18), "silent": r.IntN(2) == 0})
	}
}

// convert turns an answer into a comment, on the question or on another answer to the same question.
func (l *load) convert(ctx context.Context, r *rand.Rand, user int, p known) {
	body := map[string]any{}
	l.mu.Lock()
	for _, other := range l.posts {
		if other.kind == 'A' && other.parent == p.parent && other.id != p.id && r.IntN(2) == 0 {
			body["parentId"] = other.id
		}
	}
	l.mu.Unlock()
	l.send(ctx, user, "POST", fmt.Sprintf("/v1/answers/%d/comment", p.id), body)
}

// vote votes on a post. It records a vote that the server acknowledged, and marks a vote without a
// response as doubtful.
func (l *load) vote(ctx context.Context, r *rand.Rand, user int, p known) {
	if user == 0 {
		return
	}
	v, value := vote{user, p.id}, r.IntN(3)-1
	l.mu.Lock()
	if l.busy[v] {
		l.mu.Unlock()
		return
	}
	l.busy[v] = true
	l.mu.Unlock()
	var status int
	if value == 0 {
		status, _ = l.send(ctx, user, "DELETE", fmt.Sprintf("/v1/posts/%d/vote", p.id), nil)
	} else {
		status, _ = l.send(ctx, user, "PUT", fmt.Sprintf("/v1/posts/%d/vote", p.id),
			map[string]any{"value": value})
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.busy, v)
	switch status {
	case 200:
		l.votes[v] = value
		delete(l.doubtful, v)
	case 0:
		l.doubtful[v] = true
	}
}

// create writes a post. If no response comes, it repeats the request with the same Idempotency-Key,
// as clients do.
func (l *load) create(
	ctx context.Context, user int, path string, kind byte, parent int, mark string, body map[string]any,
) {
	var status int
	var answer map[string]any
	for range 20 {
		if status, answer = l.send(ctx, user, "POST", path, body, "Idempotency-Key", mark); status != 0 {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	if status != 201 {
		return
	}
	id, _ := answer["id"].(float64)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.marks[mark] = int(id)
	if made := (known{int(id), parent, kind}); len(l.posts) < 4*hot {
		l.posts = append(l.posts, made)
	} else { // the newest take the places of others that the load made
		l.posts[hot+int(id)%(3*hot)] = made
	}
}

// paths holds the path of the posts of each kind.
var paths = map[byte]string{'Q': "/v1/questions/", 'A': "/v1/answers/", 'C': "/v1/comments/"}

func (l *load) edit(ctx context.Context, r *rand.Rand, user int, p known, mark string) {
	body := someContent(r, mark)
	if p.kind == 'Q' && r.IntN(2) == 0 {
		body = map[string]any{"tags": []string{
			vocabulary[r.IntN(len(vocabulary))], vocabulary[r.IntN(len(vocabulary))],
		}}
	}
	body["silent"] = r.IntN(3) == 0
	l.send(ctx, user, "PATCH", fmt.Sprintf("%s%d", paths[p.kind], p.id), body)
}

// remove tries to delete a post, which the server refuses unless the post is hidden and has no posts
// below it.
func (l *load) remove(ctx context.Context, user int, p known) {
	l.mu.Lock()
	l.gone[p.id] = true
	l.mu.Unlock()
	l.send(ctx, user, "DELETE", fmt.Sprintf("%s%d", paths[p.kind], p.id), nil)
}
