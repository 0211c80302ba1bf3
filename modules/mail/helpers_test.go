package mail

import (
	"context"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/database/databasetest"
	"38qa.net/backend/modules/kernel/events"
	"38qa.net/backend/modules/site"
)

// patient is how long a test waits for what has to happen.
const patient = 30 * time.Second

// place is the database of an empty Q2A site, with this backend's own tables.
type place struct{ url string }

// onDatabases runs a test on SQLite and, where TEST_DATABASE_URL names a server, there too.
func onDatabases(t *testing.T, test func(t *testing.T, p place)) {
	t.Helper()
	databasetest.Each(t, func(t *testing.T, url string) {
		p := place{url}
		p.prepare(t)
		test(t, p)
	})
}

func onSQLite(t *testing.T) place {
	t.Helper()
	p := place{databasetest.SQLite(t)}
	p.prepare(t)
	return p
}

// prepare makes the tables and the options of a site.
func (p place) prepare(t *testing.T) {
	t.Helper()
	db := p.open(t, nil)
	if err := db.CreateSchema(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	set(t, db, "site_title", "Example Q&A", "site_url", "https://qa.example/", "from_email", "hello@qa.example", "feedback_email", "staff@qa.example", "neat_urls", "1")
}

// open gives a connection pool of its own, as another process has.
func (p place) open(t *testing.T, clock database.Clock) *database.DB {
	t.Helper()
	db, err := database.Open(t.Context(), database.Settings{URL: p.url, Prefix: "qa_", MaxConnections: 8, Clock: clock})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// module is one on a pool of its own, which tries again fast.
func (p place) module(t *testing.T, s Settings) *Module {
	t.Helper()
	return moduleOn(t, p.open(t, nil), s)
}

// thePost is the post of which mails tell in tests.
var thePost = Post{Author: "花子", Title: "巣箱の大きさ", Text: "二行の\nspamword <b>", Parent: "その回答",
	Address: "https://qa.example/7/slug?show=", QuestionID: 7, Visible: true}

func moduleOn(t *testing.T, db *database.DB, s Settings) *Module {
	t.Helper()
	if s.Poll == 0 {
		s.Poll = 20 * time.Millisecond
	}
	if s.Code == nil {
		s.Code = func(ctx context.Context, userID int, _, _ string) (code string, err error) {
			_, err = db.Get(ctx, []any{&code}, "SELECT emailcode FROM {users} WHERE userid = ?", userID)
			return code, err
		}
	}
	if s.Post == nil {
		s.Post = func(_ context.Context, id int, censored bool) (*Post, error) {
			p := thePost
			p.Address += strconv.Itoa(id)
			if censored {
				p.Text = strings.ReplaceAll(p.Text, "spamword", "********")
			}
			return &p, nil
		}
	}
	if s.PostsFor == nil {
		s.PostsFor = func(_ context.Context, _ int, ids []int) (map[int]PostLink, error) {
			seen := map[int]PostLink{}
			for _, id := range ids {
				seen[id] = PostLink{Title: thePost.Title, QuestionID: 7, Address: thePost.Address + strconv.Itoa(id)}
			}
			return seen, nil
		}
	}
	if s.Text == nil {
		s.Text = func(content, _ string) string { return content }
	}
	if s.Censor == nil {
		s.Censor = func(_ context.Context, text string) (string, error) {
			return strings.ReplaceAll(text, "spamword", "********"), nil
		}
	}
	m, err := New(db, site.New(db, site.Settings{}), s)
	if err != nil {
		t.Fatal(err)
	}
	m.retry = time.Second
	return m
}

// set writes options, names and values.
func set(t *testing.T, db *database.DB, options ...string) {
	t.Helper()
	for i := 0; i < len(options); i += 2 {
		mustExec(t, db, "DELETE FROM {options} WHERE title = ?", options[i])
		mustExec(t, db, "INSERT INTO {options} (title, content) VALUES (?, ?)", options[i], options[i+1])
	}
}

// addUser makes a user who has not confirmed the address.
func addUser(t *testing.T, db *database.DB, id int, handle, email, code string) {
	t.Helper()
	mustExec(t, db, "INSERT INTO {users} (userid, created, createip, email, handle, level, loggedin, loginip, emailcode, flags) "+
		"VALUES (?, '2026-01-02 03:04:05', '', ?, ?, 0, '2026-01-02 03:04:05', '', ?, 0)", id, email, handle, code)
}

// addPost makes a visible post.
func addPost(t *testing.T, db *database.DB, id int, kind string, parent, user int, created time.Time) {
	t.Helper()
	var parentID, userID any
	if parent > 0 {
		parentID = parent
	}
	if user > 0 {
		userID = user
	}
	mustExec(t, db, "INSERT INTO {posts} (postid, type, parentid, userid, created, title, content, format, hotness) "+
		"VALUES (?, ?, ?, ?, FROM_UNIXTIME(?), 'title', 'content', '', 0)", id, kind, parentID, userID, created.Unix())
}

func mustExec(t *testing.T, db *database.DB, query string, args ...any) {
	t.Helper()
	if _, err := db.Exec(t.Context(), query, args...); err != nil {
		t.Fatal(err)
	}
}

// places gives events places of their own.
var places atomic.Int64

// event is one as the outbox hands it out.
func event(name string, actor int, params ...events.Param) events.Event {
	return events.Event{Seq: places.Add(1), Name: name, Actor: events.Actor{UserID: actor}, Params: params}
}

// handle has a module handle events, each in a transaction of its own.
func handle(t *testing.T, m *Module, list ...events.Event) {
	t.Helper()
	for _, e := range list {
		if err := m.db.Tx(t.Context(), func(tx *database.DB) error { return m.Handle(t.Context(), tx, e) }); err != nil {
			t.Fatal(err)
		}
	}
}

// serve has a module send until stop is called, which waits for the end.
func serve(t *testing.T, m *Module) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		m.Serve(ctx)
	}()
	stop = func() {
		cancel()
		<-ended
	}
	t.Cleanup(stop)
	return stop
}

// waiting is how many mails the queue holds.
func waiting(t *testing.T, db *database.DB) int {
	t.Helper()
	var n int
	if _, err := db.Get(context.Background(), []any{&n}, "SELECT COUNT(*) FROM {q2ab_mail}"); err != nil {
		t.Fatal(err)
	}
	return n
}

// eventually waits until the condition holds.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patient); !condition(); {
		if time.Now().After(deadline) {
			t.Fatalf("it did not happen: %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}
