package mail_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jwt"

	"38qa.net/backend/config"
	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/events"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/mail"
	"38qa.net/backend/modules/mail/internal/webpush/webpushtest"
	"38qa.net/backend/modules/testsite"
)

// pushing is a site that pushes to a push service of the test's.
type pushing struct {
	*testsite.Site
	*mail.Module
	service *webpushtest.Service
	// status is what the service answers, and after its Retry-After.
	status atomic.Int64
	after  atomic.Value
	seen   int
}

// newPushing returns a site with a push service, for which all names mean the address. The service may be
// called although it is on this machine, if allow names its network.
func newPushing(t *testing.T, s *testsite.Site, address string, allow ...netip.Prefix) *pushing {
	t.Helper()
	p := &pushing{Site: s}
	p.status.Store(http.StatusCreated)
	p.after.Store("")
	p.service = webpushtest.NewService(t, func(w http.ResponseWriter, _ *http.Request) {
		if after, _ := p.after.Load().(string); after != "" {
			w.Header().Set("Retry-After", after)
		}
		w.WriteHeader(int(p.status.Load()))
	})
	p.Module = pushModule(t, s, p.service.Client(address, allow...))
	p.consume(t) // from here on
	return p
}

// pushModule returns a module as that of a server, which pushes by the client.
func pushModule(t *testing.T, s *testsite.Site, client *http.Client) *mail.Module {
	t.Helper()
	m, err := mail.New(s.App.DB, s.App.Site, mail.Settings{
		Post: func(ctx context.Context, id int, censored bool) (*mail.Post, error) {
			q, err := s.App.QA.Tell(ctx, id, censored)
			if err != nil || q == nil {
				return nil, err
			}
			return &mail.Post{Author: q.Author, Title: q.Title, Address: q.Address, QuestionID: q.QuestionID, Visible: q.Visible}, nil
		},
		Badge: func(id int, l problem.Language) (mail.InboxBadge, bool) {
			return mail.InboxBadge{ID: id, Title: fmt.Sprint("badge ", id, l)}, true
		},
		Auth: s.App.Auth,
		Push: mail.PushSettings{On: true, Contact: "https://bees.example/contact", Client: client},
		Poll: 20 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func (p *pushing) consume(t *testing.T) {
	t.Helper()
	if err := events.Consume(t.Context(), p.App.DB, "inbox", p.HandleForInbox); err != nil {
		t.Fatal(err)
	}
}

// body returns what a browser posts to subscribe, with an endpoint at the service.
func (p *pushing) body(t *testing.T, b webpushtest.Browser, receiver string) object {
	t.Helper()
	encode := base64.RawURLEncoding.EncodeToString
	return object{"endpoint": p.service.Endpoint(t, receiver), "expirationTime": 4102444800000.0,
		"keys": object{"p256dh": encode(b.Public()), "auth": encode(b.Auth)}}
}

// subscribe subscribes a new browser of a user and returns it, with its id.
func (p *pushing) subscribe(t *testing.T, user int, receiver string) (webpushtest.Browser, int) {
	t.Helper()
	b := webpushtest.NewBrowser(t)
	return b, p.Do(t, user, "POST", "/v1/me/push-subscriptions", p.body(t, b, receiver))
}

// pushes makes the entries of what happened, pushes what is due, and returns what the service was sent since
// the last call.
func (p *pushing) pushes(t *testing.T) []webpushtest.Request {
	t.Helper()
	p.consume(t)
	if err := p.SendDuePushes(t.Context()); err != nil {
		t.Fatal(err)
	}
	all := p.service.Requests()
	fresh := all[p.seen:]
	p.seen = len(all)
	return fresh
}

// waiting returns how many pushes wait.
func (p *pushing) waiting(t *testing.T) int {
	t.Helper()
	return p.Scalar(t, "SELECT COUNT(*) FROM {q2ab_pushes}")
}

// TestPush follows an answer to the devices of the asker: what they are sent, in whose name, and that nobody
// else could read it.
func TestPush(t *testing.T) {
	t.Parallel()
	testsite.OnEachSite(t, func(t *testing.T, s *testsite.Site) {
		p := newPushing(t, s, "127.0.0.1", webpushtest.Loopback)
		phone, _ := p.subscribe(t, testsite.Haru, "phone")
		desk, _ := p.subscribe(t, testsite.Haru, "desk")
		p.subscribe(t, testsite.ModKenji, "kenji")
		q := s.Do(t, testsite.Haru, "POST", "/v1/questions", object{"title": "Where do <bees> sleep?", "content": "secret text"})
		s.Do(t, testsite.Lurker, "POST", fmt.Sprintf("/v1/questions/%d/answers", q), object{"content": "On the combs, where it is warm."})
		sent := p.pushes(t)
		if len(sent) != 2 {
			t.Fatalf("%d pushes", len(sent))
		}
		entry := testsite.GetAs[inboxPage](t, s, "/v1/me/inbox", testsite.Haru).Items[0]
		for _, r := range sent {
			b := map[string]webpushtest.Browser{"/push/phone": phone, "/push/desk": desk}[r.Path]
			var got struct {
				ID, Count, Unread      int
				Kind, Title, Body, URL string
			}
			if err := json.Unmarshal([]byte(b.Decrypt(t, r.Body)), &got); err != nil {
				t.Fatal(err)
			}
			if got.ID != entry.ID || got.Count != 1 || got.Unread != 1 || got.Kind != "answer" ||
				got.Title != "lurker answered your question" || got.Body != "Where do <bees> sleep?" ||
				!strings.HasPrefix(got.URL, "http") || !strings.Contains(got.URL, fmt.Sprint(q)) {
				t.Errorf("%s is sent %+v", r.Path, got)
			}
			if r.Header.Get("Urgency") != "normal" || r.Header.Get("TTL") == "0" || r.Header.Get("Topic") == "" {
				t.Errorf("headers %v", r.Header)
			}
			signedBy(t, s, r)
		}
		if p.waiting(t) != 0 || len(p.pushes(t)) != 0 {
			t.Errorf("%d pushes wait still", p.waiting(t))
		}
		list := testsite.GetAs[struct{ Items []map[string]any }](t, s, "/v1/me/push-subscriptions", testsite.Haru)
		if len(list.Items) != 2 || list.Items[0]["service"] != "example.com" || list.Items[0]["usedAt"] == nil || list.Items[0]["endpoint"] != nil {
			t.Errorf("the list is %v", list)
		}
	})
}

// signedBy checks that a request is signed with the key that the site publishes.
func signedBy(t *testing.T, s *testsite.Site, r webpushtest.Request) {
	t.Helper()
	published := testsite.GetAs[struct{ PushKey string }](t, s, "/v1/site", testsite.Visitor).PushKey
	token, public, _ := strings.Cut(strings.TrimPrefix(r.Header.Get("Authorization"), "vapid t="), ", k=")
	point, err := base64.RawURLEncoding.DecodeString(published)
	if err != nil || len(point) != 65 || public != published {
		t.Fatalf("the key is %q, published %q", public, published)
	}
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	if err != nil {
		t.Fatal(err)
	}
	claims, err := jwt.Parse([]byte(token), jwt.WithKey(jwa.ES256, key), jwt.WithValidate(true))
	if err != nil || claims.Subject() != "https://bees.example/contact" || !strings.HasPrefix(claims.Audience()[0], "https://example.com:") {
		t.Errorf("claims %v: %v", claims, err)
	}
}

// TestWhatIsNotPushed has a row for each reason for which an entry is not pushed, though its owner has a device.
func TestWhatIsNotPushed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		before, queued func(t *testing.T, p *pushing, answer int)
		want           int
	}{
		"nothing in the way": {want: 1},
		"it has been read": {queued: func(t *testing.T, p *pushing, _ int) {
			p.Do(t, testsite.Haru, "PUT", "/v1/me/inbox/read", object{})
		}},
		"pushes are off": {before: func(t *testing.T, p *pushing, _ int) {
			p.Do(t, testsite.Haru, "PATCH", "/v1/me/preferences", object{"replies": object{"push": false}})
		}},
		"pushes of others are off": {before: func(t *testing.T, p *pushing, _ int) {
			p.Do(t, testsite.Haru, "PATCH", "/v1/me/preferences", object{"wall": object{"push": false}, "replies": object{"mail": false}})
		}, want: 1},
		"the inbox is off": {before: func(t *testing.T, p *pushing, _ int) {
			p.Do(t, testsite.Haru, "PATCH", "/v1/me/preferences", object{"replies": object{"inbox": false}})
		}},
		"the recipient is blocked": {queued: func(t *testing.T, p *pushing, _ int) {
			p.Exec(t, "UPDATE {users} SET flags = flags | ? WHERE userid = ?", auth.FlagBlocked, testsite.Haru)
		}},
		"the recipient has muted the author": {queued: func(t *testing.T, p *pushing, _ int) {
			p.Exec(t, "INSERT INTO {userfavorites} (userid, entitytype, entityid, nouserevents) VALUES (?, 'M', ?, 0)", testsite.Haru, testsite.Lurker)
		}},
		"the post was hidden": {queued: func(t *testing.T, p *pushing, answer int) { p.Hide(t, answer) }},
		"the device was removed": {queued: func(t *testing.T, p *pushing, _ int) {
			id := p.Scalar(t, "SELECT id FROM {q2ab_push_subscriptions}")
			p.Do(t, testsite.Haru, "DELETE", fmt.Sprintf("/v1/me/push-subscriptions/%d", id), nil)
		}},
		"the device is another member's now": {queued: func(t *testing.T, p *pushing, _ int) {
			p.subscribe(t, testsite.Aki, "phone")
		}},
		"the subscription has expired": {queued: func(t *testing.T, p *pushing, _ int) {
			p.Exec(t, "UPDATE {q2ab_push_subscriptions} SET expires = 1")
		}},
		"a day has passed": {queued: func(t *testing.T, p *pushing, _ int) {
			p.Exec(t, "UPDATE {q2ab_pushes} SET created = created - 86400")
		}},
		"the account is deleted": {queued: func(t *testing.T, p *pushing, _ int) {
			p.Do(t, testsite.AdminHana, "DELETE", "/v1/users/haru", nil)
			if n := p.Scalar(t, "SELECT COUNT(*) FROM {q2ab_push_subscriptions}"); n != 0 {
				t.Errorf("%d devices are kept", n)
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := testsite.New(t)
			p := newPushing(t, s, "127.0.0.1", webpushtest.Loopback)
			q := s.Do(t, testsite.Haru, "POST", "/v1/questions", object{"title": "Where do the bees sleep?", "content": "At night."})
			p.subscribe(t, testsite.Haru, "phone")
			if c.before != nil {
				c.before(t, p, 0)
			}
			answer := s.Do(t, testsite.Lurker, "POST", fmt.Sprintf("/v1/questions/%d/answers", q), object{"content": "On the combs, where it is warm."})
			p.consume(t)
			if c.queued != nil {
				c.queued(t, p, answer)
			}
			if sent := p.pushes(t); len(sent) != c.want {
				t.Errorf("%d pushes, expected %d", len(sent), c.want)
			}
			if n := p.waiting(t); n != 0 {
				t.Errorf("%d pushes wait still", n)
			}
		})
	}
}

// TestPushOfSeveral checks that entries which stand for several events are pushed once if they were not sent
// meanwhile, and that a later push replaces an earlier one.
func TestPushOfSeveral(t *testing.T) {
	t.Parallel()
	s := testsite.New(t)
	p := newPushing(t, s, "127.0.0.1", webpushtest.Loopback)
	q := s.Do(t, testsite.Haru, "POST", "/v1/questions", object{"title": "Where do the bees sleep?", "content": "At night."})
	phone, _ := p.subscribe(t, testsite.Haru, "phone")
	for _, user := range []int{testsite.Lurker, testsite.Aki, testsite.OldTimer} {
		s.Do(t, user, "POST", fmt.Sprintf("/v1/questions/%d/answers", q), object{"content": fmt.Sprint("On comb number ", user, ", where it is warm.")})
	}
	first := p.pushes(t)
	s.Do(t, testsite.Natsu, "POST", fmt.Sprintf("/v1/questions/%d/answers", q), object{"content": "Some of them sleep in flowers."})
	second := p.pushes(t)
	if len(first) != 1 || len(second) != 1 {
		t.Fatalf("%d pushes, then %d", len(first), len(second))
	}
	if text := phone.Decrypt(t, first[0].Body); !strings.Contains(text, "3 answers to your question") {
		t.Errorf("pushed %s", text)
	}
	if text := phone.Decrypt(t, second[0].Body); !strings.Contains(text, "4 answers to your question") {
		t.Errorf("pushed %s", text)
	}
	if one, two := first[0].Header.Get("Topic"), second[0].Header.Get("Topic"); one != two || len(one) > 32 {
		t.Errorf("topics %q, %q", one, two)
	}
}

// TestPushServicesThatFail checks what becomes of pushes that a push service does not take, and of the device.
func TestPushServicesThatFail(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		now := time.Unix(1796126400, 0)
		s := testsite.New(t, db, testsite.At(&now))
		p := newPushing(t, s, "127.0.0.1", webpushtest.Loopback)
		devices := func() int { return p.Scalar(t, "SELECT COUNT(*) FROM {q2ab_push_subscriptions}") }
		message := func() {
			t.Helper()
			s.Exec(t, "DELETE FROM {q2ab_inbox}")
			s.Exec(t, "DELETE FROM {userlimits}")
			s.Exec(t, "DELETE FROM {iplimits}")
			s.Do(t, testsite.Lurker, "POST", "/v1/users/haru/wall", object{"content": fmt.Sprint("Hello at ", now.Unix(), p.seen)})
		}
		step := func(what string, status int, after string, pass time.Duration, sent, waiting, left int) {
			t.Helper()
			p.status.Store(int64(status))
			p.after.Store(after)
			now = now.Add(pass)
			if got := len(p.pushes(t)); got != sent || p.waiting(t) != waiting || devices() != left {
				t.Fatalf("%s: %d sent, %d wait, %d devices", what, got, p.waiting(t), devices())
			}
		}
		p.subscribe(t, testsite.Haru, "phone")
		message()
		step("an error", 500, "", 0, 1, 1, 1)
		step("at once", 201, "", 0, 0, 1, 1)
		step("after half a minute", 503, "", 30*time.Second, 1, 1, 1)
		step("too early, as the pause doubles", 201, "", 30*time.Second, 0, 1, 1)
		step("it wants an hour", 429, "3600", 30*time.Second, 1, 1, 1)
		step("half an hour later", 201, "", 30*time.Minute, 0, 1, 1)
		message()
		step("another one waits as well", 201, "", 0, 0, 2, 1)
		step("an hour later", 201, "", 30*time.Minute+time.Second, 1, 0, 1) // the first entry is gone
		message()
		step("it fails", 500, "", 0, 1, 1, 1)
		step("for a day", 500, "", 24*time.Hour, 0, 0, 1)
		for i := range 9 {
			message()
			step(fmt.Sprint("it refuses ", i), 403, "", 0, 1, 0, 1)
		}
		message()
		step("but takes one", 201, "", 0, 1, 0, 1)
		for i := range 10 {
			message()
			left := 1
			if i == 9 {
				left = 0
			}
			step(fmt.Sprint("it refuses again ", i), 400, "", 0, 1, 0, left)
		}
		p.subscribe(t, testsite.Haru, "phone")
		p.subscribe(t, testsite.Haru, "desk")
		message()
		step("both are gone", 410, "", 0, 2, 0, 0)
		message()
		step("nobody listens", 201, "", 0, 0, 0, 0)
	})
}

// TestPushesOfManyProcesses checks that servers which push at the same time push each entry to each device once, and
// stop when they are told to.
func TestPushesOfManyProcesses(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db)
		p := newPushing(t, s, "127.0.0.1", webpushtest.Loopback)
		const devices = 15
		for i := range devices {
			p.subscribe(t, testsite.Haru, fmt.Sprint("haru-", i))
			p.subscribe(t, testsite.Aki, fmt.Sprint("aki-", i))
		}
		ctx, stop := context.WithCancel(t.Context())
		var running sync.WaitGroup
		for range 3 {
			server := pushModule(t, s, p.service.Client("127.0.0.1", webpushtest.Loopback))
			running.Go(func() { server.ServePushes(ctx) })
		}
		for _, handle := range []string{"haru", "aki"} {
			s.Do(t, testsite.Lurker, "POST", "/v1/users/"+handle+"/wall", object{"content": "Hello " + handle})
		}
		p.consume(t)
		for deadline := time.Now().Add(30 * time.Second); p.waiting(t) > 0; time.Sleep(5 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%d pushes wait still", p.waiting(t))
			}
		}
		stop()
		running.Wait()
		times := map[string]int{}
		for _, r := range p.service.Requests() {
			times[r.Path]++
		}
		for path, n := range times {
			if n != 1 {
				t.Errorf("%s was sent %d pushes", path, n)
			}
		}
		if len(times) != 2*devices {
			t.Errorf("%d devices were told", len(times))
		}
	})
}

// TestPushToForbiddenAddresses checks that a name which means an address of this network is not called.
func TestPushToForbiddenAddresses(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"127.0.0.1", "10.1.2.3", "169.254.169.254", "::ffff:127.0.0.1", "fe80::1"} {
		s := testsite.New(t)
		p := newPushing(t, s, address)
		p.subscribe(t, testsite.Haru, "phone")
		s.Do(t, testsite.Lurker, "POST", "/v1/users/haru/wall", object{"content": "Hello there."})
		if sent := p.pushes(t); len(sent) != 0 || p.waiting(t) != 0 {
			t.Errorf("%s: %d sent, %d wait", address, len(sent), p.waiting(t))
		}
		if n := s.Scalar(t, "SELECT failures FROM {q2ab_push_subscriptions}"); n != 1 {
			t.Errorf("%s: counted %d times", address, n)
		}
	}
}

// TestPushSubscriptions checks who may subscribe what, and that devices are their owner's alone.
func TestPushSubscriptions(t *testing.T) {
	t.Parallel()
	testsite.OnEachSite(t, func(t *testing.T, s *testsite.Site) {
		p := newPushing(t, s, "127.0.0.1", webpushtest.Loopback)
		const path = "/v1/me/push-subscriptions"
		b := webpushtest.NewBrowser(t)
		id := s.Do(t, testsite.Haru, "POST", path, p.body(t, b, "phone"))
		own := fmt.Sprintf("%s/%d", path, id)
		change := func(key, value string) object {
			body := p.body(t, b, "other")
			if keys, ok := body["keys"].(object); ok && key != "endpoint" {
				keys[key] = value
			} else {
				body[key] = value
			}
			return body
		}
		for _, c := range []struct {
			name   string
			user   int
			method string
			path   string
			body   any
			status int
			field  string
		}{
			{"a visitor subscribes", testsite.Visitor, "POST", path, p.body(t, b, "x"), 403, ""},
			{"a visitor lists", testsite.Visitor, "GET", path, nil, 403, ""},
			{"a blocked member subscribes", testsite.Spammer99, "POST", path, p.body(t, b, "x"), 403, ""},
			{"another removes it", testsite.Lurker, "DELETE", own, nil, 404, ""},
			{"an administrator removes it", testsite.Superbee, "DELETE", own, nil, 404, ""},
			{"plain HTTP", testsite.Haru, "POST", path, change("endpoint", "http://example.com/x"), 422, "endpoint"},
			{"this machine", testsite.Haru, "POST", path, change("endpoint", "https://127.0.0.1/x"), 422, "endpoint"},
			{"no key", testsite.Haru, "POST", path, change("p256dh", "AAAA"), 422, "keys.p256dh"},
			{"no secret", testsite.Haru, "POST", path, change("auth", "AAAA"), 422, "keys.auth"},
			{"nothing", testsite.Haru, "POST", path, object{}, 422, "endpoint"},
			{"its owner again", testsite.Haru, "POST", path, p.body(t, b, "phone"), 201, ""},
			{"its owner removes it", testsite.Haru, "DELETE", own, nil, 204, ""},
			{"twice", testsite.Haru, "DELETE", own, nil, 404, ""},
		} {
			status, body, _ := s.Try(t, c.user, c.method, c.path, c.body)
			if status != c.status || c.field != "" && !strings.Contains(fmt.Sprint(body["errors"]), c.field) {
				t.Errorf("%s: %d %v", c.name, status, body)
			}
		}
		var ids []int
		for i := range 23 {
			_, id := p.subscribe(t, testsite.Haru, fmt.Sprint("browser-", i))
			ids = append(ids, id)
		}
		got := testsite.GetAs[struct{ Items []struct{ ID int } }](t, s, path, testsite.Haru)
		slices.Reverse(ids)
		if len(got.Items) != 20 || got.Items[0].ID != ids[0] || got.Items[19].ID != ids[19] {
			t.Errorf("%d are kept: %v", len(got.Items), got)
		}
		other := testsite.New(t, testsite.Config(withoutPush))
		if status, body, _ := other.Try(t, testsite.Haru, "POST", path, p.body(t, b, "x")); status != 404 || body["code"] != "feature_off" {
			t.Errorf("where nothing is pushed: %d %v", status, body)
		}
		if info := testsite.GetAs[map[string]any](t, other, "/v1/site", testsite.Visitor); info["pushKey"] != nil {
			t.Errorf("where nothing is pushed, the key is %v", info["pushKey"])
		}
	})
}

func withoutPush(c *config.Config) { c.WebPush = false }

// TestPushSettings checks which settings are refused, and that a configured key is the one in use.
func TestPushSettings(t *testing.T) {
	t.Parallel()
	s := testsite.New(t)
	key := func(set mail.PushSettings) (string, error) {
		set.On = true
		m, err := mail.New(s.App.DB, s.App.Site, mail.Settings{Push: set})
		if err != nil {
			return "", err
		}
		return m.PushKey(t.Context())
	}
	const private, public = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94",
		"BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
	if got, err := key(mail.PushSettings{Key: private}); got != public || err != nil {
		t.Errorf("the key is %q: %v", got, err)
	}
	one, err1 := key(mail.PushSettings{Contact: "mailto:bees@example.jp"})
	two, err2 := key(mail.PushSettings{})
	if one != two || one == public || err1 != nil || err2 != nil {
		t.Errorf("the keys in the database are %q and %q: %v %v", one, two, err1, err2)
	}
	for _, bad := range []mail.PushSettings{{Key: "secret"}, {Contact: "bees@example.jp"}, {Contact: "mailto:bees"}, {Contact: "http://bees.example"}} {
		if _, err := key(bad); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%+v is taken, or quoted: %v", bad, err)
		}
	}
}
