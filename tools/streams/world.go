package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
)

// entity is something that can be followed, by Q2A's letter for its kind; M is a user who can be muted.
type entity struct {
	kind string
	id   int
}

// favorite is a user's favourite.
type favorite struct {
	user int
	entity
}

// update is a row of a stream, without its time: the old site writes the time of the moment into the
// entity's stream and that of a later moment into the followers'. For a row that a user gets without
// following anything, entity is {"-", 0}.
type update struct {
	entity
	question, post, by int
}

// question is a question of the load.
type question struct{ id, asker int }

// world is what the clients share: what there is to follow, and what must be true in the end.
type world struct {
	s     *settings
	d     *target
	users []int
	tags  []string
	words []int // of the tags
	// categories are without a category above, so that a question has updates for one category only.
	categories []int

	mu        sync.Mutex
	questions []question
	open      []question // questions without an answer
	favorites map[favorite]bool
	ever      map[entity]map[int]bool // who has ever followed each
	shared    []update                // the updates of entities
	personal  map[int][]update        // the updates of users who need not follow anything
	done      map[string]int
}

func newWorld(s *settings, d *target) *world {
	w := &world{s: s, d: d, tags: []string{"queen", "honey", "hive"}, categories: []int{1},
		favorites: map[favorite]bool{}, ever: map[entity]map[int]bool{}, personal: map[int][]update{},
		done: map[string]int{}}
	for i := range s.clients * usersOfClient {
		w.users = append(w.users, firstUser+i)
	}
	return w
}

// summary says how often what was done.
func (w *world) summary() string {
	var parts []string
	for what, n := range w.done {
		parts = append(parts, fmt.Sprintf("%s: %d", what, n))
	}
	slices.Sort(parts)
	return strings.Join(parts, ", ")
}

// client is one client, who acts for some users of its own.
type client struct {
	w     *world
	users []int
	r     *rand.Rand
	old   *oldSite
}

func newClient(ctx context.Context, w *world, i int, r *rand.Rand) (*client, error) {
	conn, err := w.d.DB.Conn(ctx)
	if err != nil {
		return nil, err
	}
	if err := w.lookUp(ctx, conn); err != nil {
		return nil, err
	}
	old := &oldSite{ctx: context.WithoutCancel(ctx), conn: conn}
	return &client{w, w.users[i*usersOfClient : (i+1)*usersOfClient], r, old}, nil
}

// act does something at random, half of the time through the API.
func (c *client) act(ctx context.Context) error {
	user := c.users[c.r.IntN(len(c.users))]
	asOldSite := c.r.IntN(100) < c.w.s.oldSite
	what := c.r.IntN(100)
	var err error
	var name string
	switch {
	case what < 10:
		name, err = "asked", c.ask(ctx, user, asOldSite)
	case what < 18:
		name, err = "answered", c.answer(ctx, user, asOldSite)
	default:
		name, err = c.change(ctx, user, asOldSite)
	}
	if asOldSite {
		name += " on the old site"
	}
	c.w.mu.Lock()
	defer c.w.mu.Unlock()
	c.w.done[name]++
	return err
}

// something returns something to follow or to mute, at random.
func (c *client) something(user int) entity {
	c.w.mu.Lock()
	defer c.w.mu.Unlock()
	other := func() int {
		for {
			if id := c.w.users[c.r.IntN(len(c.w.users))]; id != user {
				return id
			}
		}
	}
	switch n := c.r.IntN(10); {
	case n < 4 && len(c.w.questions) > 0:
		// Mostly the newest questions, about which there is news.
		recent := c.w.questions[max(0, len(c.w.questions)-12):]
		return entity{"Q", recent[c.r.IntN(len(recent))].id}
	case n < 7:
		return entity{"U", other()}
	case n < 8:
		return entity{"M", other()}
	case n < 9:
		return entity{"C", c.w.categories[c.r.IntN(len(c.w.categories))]}
	}
	return entity{"T", c.w.words[c.r.IntN(len(c.w.words))]}
}

// change follows something or, if the user follows it already, stops that.
func (c *client) change(ctx context.Context, user int, asOldSite bool) (name string, err error) {
	e := c.something(user)
	f := favorite{user, e}
	c.w.mu.Lock()
	is := c.w.favorites[f]
	c.w.mu.Unlock()
	switch {
	case asOldSite && is:
		err = c.old.unfollow(user, e)
	case asOldSite:
		err = c.old.follow(user, e)
	default:
		method := map[bool]string{true: "DELETE", false: "PUT"}[is]
		path := fmt.Sprintf("/v1/me/favorites/%s/%d",
			map[string]string{"Q": "question", "U": "user", "T": "tag", "C": "category"}[e.kind], e.id)
		if e.kind == "M" {
			path = fmt.Sprintf("/v1/me/mutes/%d", e.id)
		}
		_, err = c.send(ctx, user, method, path, nil)
	}
	c.w.mu.Lock()
	defer c.w.mu.Unlock()
	if is {
		delete(c.w.favorites, f)
		return "unfollowed", err
	}
	if c.w.favorites[f] = true; c.w.ever[e] == nil {
		c.w.ever[e] = map[int]bool{}
	}
	c.w.ever[e][user] = true
	return "followed", err
}

// ask asks a question, either with a tag or in a category: with both, the question could have so many
// updates that streams are trimmed.
func (c *client) ask(ctx context.Context, user int, asOldSite bool) error {
	text := fmt.Sprintf("What is the matter with number %x?", c.r.Uint64())
	var body = map[string]any{"title": text, "content": text}
	var label entity
	tag := ""
	if i := c.r.IntN(len(c.w.tags) + len(c.w.categories)); i < len(c.w.tags) {
		tag, label = c.w.tags[i], entity{"T", c.w.words[i]}
		body["tags"] = []string{tag}
	} else {
		label = entity{"C", c.w.categories[i-len(c.w.tags)]}
		body["categoryId"] = label.id
	}
	var id int
	var err error
	if asOldSite {
		id, err = c.old.ask(user, text, tag, label)
	} else {
		id, err = c.send(ctx, user, "POST", "/v1/questions", body)
	}
	c.w.mu.Lock()
	defer c.w.mu.Unlock()
	q := question{id, user}
	c.w.questions, c.w.open = append(c.w.questions, q), append(c.w.open, q)
	for _, e := range []entity{{"Q", id}, {"U", user}, label} {
		c.w.shared = append(c.w.shared, update{e, id, id, user})
	}
	return err
}

// answer answers a question that has no answer yet.
func (c *client) answer(ctx context.Context, user int, asOldSite bool) error {
	c.w.mu.Lock()
	if len(c.w.open) == 0 {
		c.w.mu.Unlock()
		return nil
	}
	i := c.r.IntN(len(c.w.open))
	q := c.w.open[i]
	c.w.open = slices.Delete(c.w.open, i, i+1)
	muted := c.w.favorites[favorite{q.asker, entity{"M", user}}]
	c.w.mu.Unlock()
	text := fmt.Sprintf("An answer with the number %x.", c.r.Uint64())
	var id int
	var err error
	if asOldSite || muted { // the old site asks nobody whether the answer is welcome
		id, err = c.old.answer(user, q, text)
	} else {
		id, err = c.send(ctx, user, "POST", fmt.Sprintf("/v1/questions/%d/answers", q.id),
			map[string]any{"content": text})
	}
	if id == 0 && err == nil { // somebody was quick to mute
		return nil
	}
	c.w.mu.Lock()
	defer c.w.mu.Unlock()
	for _, e := range []entity{{"Q", q.id}, {"U", user}} {
		c.w.shared = append(c.w.shared, update{e, q.id, id, user})
	}
	if q.asker != user {
		c.w.personal[q.asker] = append(c.w.personal[q.asker], update{entity{"-", 0}, q.id, id, user})
	}
	return err
}

// send sends a request to the application, and returns the id in the response. The id is 0 if the request
// was refused because of a mute; all other refusals are errors.
func (c *client) send(ctx context.Context, user int, method, path string, body any) (id int, err error) {
	var text []byte
	if body != nil {
		if text, err = json.Marshal(body); err != nil {
			return 0, err
		}
	}
	r := httptest.NewRequestWithContext(context.WithoutCancel(ctx), method, path, bytes.NewReader(text))
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	r.Header.Set("Authorization", fmt.Sprintf("Bearer user-%d", user))
	response := httptest.NewRecorder()
	c.w.d.app.Server.ServeHTTP(response, r)
	var answer struct {
		ID   int
		Code string
	}
	if response.Body.Len() > 0 {
		if err := json.Unmarshal(response.Body.Bytes(), &answer); err != nil {
			return 0, err
		}
	}
	if response.Code >= http.StatusMultipleChoices && answer.Code != "muted" {
		return 0, fmt.Errorf("%s %s as %d: %d %s", method, path, user, response.Code, response.Body)
	}
	return answer.ID, nil
}
