package modules_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/testsite"
)

// secrets is a site with posts that not everybody may see. Each has a text of its own, which must not be
// shown to others.
type secrets struct {
	*testsite.Site
	// seers are the users who may see each text; no response to anybody else may hold it.
	seers map[string][]int
	// ids are the ids of the posts by name. The posts in queued and gone must look to others as if they did
	// not exist.
	ids          map[string]int
	queued, gone []int
	// open are visible posts that the secret ones belong to or hang on.
	open []int
	// more are addresses that the crawl asks beside those that it finds by itself.
	more []string
}

// The users of the crawl. The moderator may see everything.
const (
	crawlAsker    = testsite.Haru
	crawlAnswerer = testsite.Lurker
	crawlNewcomer = testsite.Newbie2 // whose posts are queued
	crawlFollower = testsite.Aki     // who follows everything
	crawlBlocked  = testsite.TrollX
	crawlMod      = testsite.ModKenji
)

// everyword is a word that all secret texts contain, so that searches can find them.
const everyword = "zirconium"

// write posts a text as a user, and remembers who may see it.
func (s *secrets) write(t *testing.T, name string, user int, path string, extra object, seers ...int) int {
	t.Helper()
	body := object{"content": "Text of secret-" + name + " with " + everyword}
	maps.Copy(body, extra)
	id := s.Do(t, user, "POST", path, body)
	s.seers["secret-"+name], s.ids[name] = append(seers, crawlMod), id
	return id
}

func (s *secrets) ask(t *testing.T, name string, user int, extra object, seers ...int) int {
	t.Helper()
	body := object{"title": "Title of secret-" + name + " " + everyword, "tags": []string{"secret-" + name}}
	maps.Copy(body, extra)
	return s.write(t, name, user, "/v1/questions", body, seers...)
}

// hideSecrets fills a site with secret posts. What belongs to them was written, followed, voted on and moved
// while everybody could see it.
func hideSecrets(t *testing.T, site *testsite.Site) *secrets {
	t.Helper()
	s := &secrets{Site: site, seers: map[string][]int{}, ids: map[string]int{}, open: []int{1, 27, 139}}
	site.Alter(t, `INSERT INTO {userfavorites} (userid, entitytype, entityid, nouserevents)
		VALUES (13, 'U', 16, 0), (13, 'U', 17, 0), (13, 'C', 3, 0)`)
	answers, comments := "/v1/questions/%d/answers", "/v1/posts/%d/comments"

	// A hidden question with visible replies, which a visible question follows and another duplicates.
	q := s.ask(t, "hidden-question", crawlAsker, object{"categoryId": 3}, crawlAsker)
	site.Alter(t, `INSERT INTO {userfavorites} (userid, entitytype, entityid, nouserevents)
		VALUES (13, 'Q', ?, 0)`, q)
	a := s.write(t, "answer-below", crawlAnswerer, fmt.Sprintf(answers, q), nil, crawlAsker)
	s.write(t, "comment-below", crawlAsker, fmt.Sprintf(comments, a), nil, crawlAsker)
	s.Do(t, crawlAsker, "PUT", fmt.Sprintf("/v1/questions/%d/selected-answer", q), object{"answerId": a})
	follows := s.Ask(t, crawlAnswerer, "A visible question that follows", a)
	duplicate := s.Ask(t, crawlAnswerer, "A visible question that repeats", 0)
	s.Do(t, crawlMod, "PUT", fmt.Sprintf("/v1/questions/%d/closure", duplicate), object{"duplicateOf": q})
	s.open = append(s.open, follows, duplicate)
	s.Hide(t, q)

	// Hidden replies to a visible question, with a visible comment and a hidden question that follows.
	a = s.write(t, "hidden-answer", crawlAnswerer, fmt.Sprintf(answers, 27), nil, crawlAnswerer)
	s.write(t, "comment-on-hidden", crawlAsker, fmt.Sprintf(comments, a), nil, crawlAnswerer)
	next := s.ask(t, "hidden-follow-up", crawlAsker, object{"followsAnswerId": 139}, crawlAsker)
	s.Hide(t, s.write(t, "hidden-comment", crawlAnswerer, fmt.Sprintf(comments, 27), nil, crawlAnswerer))
	s.Hide(t, a)
	s.Hide(t, next)

	// Posts that wait for approval: an answer, a comment and a question that were queued when they were
	// written, and a question, with its answer, that was visible until an edit queued it again.
	for name, path := range map[string]string{
		"queued-answer": fmt.Sprintf(answers, 27), "queued-comment": fmt.Sprintf(comments, 27),
	} {
		s.queued = append(s.queued, s.write(t, name, crawlNewcomer, path, nil, crawlNewcomer))
	}
	s.queued = append(s.queued, s.ask(t, "queued-question", crawlNewcomer, nil, crawlNewcomer))
	q = s.ask(t, "requeued-question", crawlAsker, nil, crawlAsker)
	a = s.write(t, "answer-below-queued", crawlAnswerer, fmt.Sprintf(answers, q), nil, crawlAsker)
	site.Alter(t, "UPDATE {users} SET level = 0, flags = 0 WHERE userid = 16")
	s.Do(t, crawlAsker, "PATCH", fmt.Sprintf("/v1/questions/%d", q),
		object{"title": "Title of secret-requeued-question " + everyword + " again"})
	site.Alter(t, "UPDATE {users} SET level = 10, flags = 1 WHERE userid = 16")
	s.queued = append(s.queued, q, a)

	// What is gone.
	q = s.ask(t, "deleted-question", crawlAsker, nil)
	s.seers["secret-deleted-question"] = nil
	s.Hide(t, q)
	s.Do(t, crawlMod, "DELETE", fmt.Sprintf("/v1/questions/%d", q), nil)
	s.gone = append(s.gone, q, 4_000_000_000)
	return s
}

// told returns the secrets that stand in a text and that the user may not see.
func (s *secrets) told(text string, user int) (wrong []string) {
	for secret, seers := range s.seers {
		if strings.Contains(text, secret) && !slices.Contains(seers, user) {
			wrong = append(wrong, secret)
		}
	}
	slices.Sort(wrong)
	return wrong
}

// addresses returns the addresses at which an operation is asked.
func (s *secrets) addresses(path string, op *huma.Operation) []string {
	filled := []string{path}
	fill := func(name string, values []string) {
		var more []string
		for _, p := range filled {
			if !strings.Contains(p, name) {
				more = append(more, p)
				continue
			}
			for _, v := range values {
				more = append(more, strings.ReplaceAll(p, name, url.PathEscape(v)))
			}
		}
		filled = more
	}
	var ids []string
	for _, id := range slices.Concat(slices.Sorted(maps.Values(s.ids)), s.open, s.gone) {
		ids = append(ids, fmt.Sprint(id))
	}
	if strings.HasPrefix(path, "/v1/media") || strings.HasPrefix(path, "/v1/badges") ||
		strings.HasPrefix(path, "/v1/admin") && !strings.HasPrefix(path, "/v1/admin/posts") {
		ids = []string{"1", "101"}
	}
	fill("{id}", ids)
	fill("{handle}", []string{"haru", "lurker", "newbie2", "aki"})
	fill("{tag}", []string{"secret-hidden-question", "secret-requeued-question", "queen"})
	fill("{slug}", []string{"guide"})
	fill("{ip}", []string{testsite.Address, "203.0.113.14"})
	fill("{period}", []string{"all-time", "month"})
	fill("{name}", []string{"recount"})
	queries := s.queries(op)
	var all []string
	for _, p := range filled {
		for _, q := range queries {
			all = append(all, p+"?"+q.Encode())
		}
	}
	return all
}

// queries returns the queries for an operation: each value of each parameter once, always with the highest
// limit.
func (s *secrets) queries(op *huma.Operation) []url.Values {
	base := url.Values{}
	var each []url.Values
	for _, p := range op.Parameters {
		if p.In != "query" {
			continue
		}
		schema := p.Schema
		switch {
		case p.Name == "q" || p.Name == "title":
			base.Set(p.Name, everyword)
		case p.Name == "limit" && schema.Maximum != nil:
			base.Set(p.Name, fmt.Sprint(int(*schema.Maximum)))
		case p.Name == "include" && schema.Items != nil:
			var all []string
			for _, v := range schema.Items.Enum {
				all = append(all, fmt.Sprint(v))
			}
			base.Set(p.Name, strings.Join(all, ","))
		case len(schema.Enum) > 0:
			for _, v := range schema.Enum {
				each = append(each, url.Values{p.Name: {fmt.Sprint(v)}})
			}
		case p.Name == "tag":
			each = append(each, url.Values{p.Name: {"secret-hidden-question"}})
		case p.Name == "author":
			each = append(each, url.Values{p.Name: {"haru"}})
		case p.Name == "category":
			each = append(each, url.Values{p.Name: {"3"}})
		}
	}
	all := []url.Values{base}
	for _, one := range each {
		maps.Copy(one, base)
		all = append(all, one)
	}
	return all
}

// otherAddresses returns what the server serves beside the operations of the API.
func (s *secrets) otherAddresses() []string {
	all := []string{
		"/sitemap.xml", "/sitemap-questions-0.xml", "/sitemap-tags-0.xml", "/", "/tags", "/categories",
		"/user/haru", "/tag/secret-hidden-question",
	}
	for _, feed := range []string{
		"questions", "hot", "unanswered", "answers", "comments", "activity", "qa",
		"tag/secret-hidden-question", "tag/secret-requeued-question", "search/" + everyword,
	} {
		all = append(all, "/feed/"+feed+".rss")
	}
	for _, id := range slices.Concat(slices.Sorted(maps.Values(s.ids)), s.gone) {
		all = append(all, fmt.Sprint("/", id), fmt.Sprint("/", id, "/x"))
	}
	return all
}

// notCrawled are operations whose response never ends. The test looks at the event stream by itself.
var notCrawled = []string{"stream-events"}

// TestSecretsComeOutNowhere asks every operation that reads, and every other address that is served, and
// checks that no response holds the text of a post that the caller may not see.
func TestSecretsComeOutNowhere(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		site := testsite.New(t, db)
		site.Alter(t, `UPDATE {options}
			SET content = '1'
			WHERE title LIKE 'feed_for%' OR title IN ('feed_full_text', 'feed_per_category')`)
		s := hideSecrets(t, site)
		for name, user := range map[string]int{
			"a visitor":            testsite.Visitor,
			"a member who follows": crawlFollower,
			"a blocked member":     crawlBlocked,
			"the asker":            crawlAsker,
			"the answerer":         crawlAnswerer,
			"the newcomer":         crawlNewcomer,
			"a moderator":          crawlMod,
		} {
			t.Run("to "+name, func(t *testing.T) { s.crawl(t, user) })
		}
		t.Run("nor in the replay of the stream", func(t *testing.T) {
			stream := testsite.OpenStream(t, s.Site, "", "0")
			for n := 0; ; n++ {
				e := stream.Next(t)
				if e == nil || e["event"] == "reset" {
					t.Fatalf("the stream ends with %v", e)
				}
				if e["event"] == "hello" {
					if n == 0 {
						t.Error("nothing was replayed")
					}
					break
				}
				if wrong := s.told(e["data"], testsite.Visitor); len(wrong) > 0 {
					t.Errorf("%v tells of %v", e, wrong)
				}
				for _, id := range slices.Concat(s.queued, s.gone[:1]) {
					if strings.Contains(e["data"], fmt.Sprintf(`"postId":%d`, id)) && e["event"] != "hidden" {
						t.Errorf("%v tells of post %d", e, id)
					}
				}
			}
		})
	})
}

func (s *secrets) crawl(t *testing.T, user int) {
	found := map[string]bool{}
	look := func(address string) {
		t.Helper()
		res := s.Request(t, http.MethodGet, address, user)
		body := testsite.Text(t, res) + res.Header.Get("Location")
		if strings.HasPrefix(address, "/feed/") || strings.HasPrefix(address, "/tag/") ||
			strings.HasPrefix(address, "/v1/tags/") {
			// Leave out the tag or word that was asked for.
			path, _, _ := strings.Cut(address, "?")
			path = strings.TrimSuffix(strings.TrimSuffix(path, "/related"), ".rss")
			body = strings.ReplaceAll(body, path[strings.LastIndex(path, "/")+1:], "")
			body = strings.ReplaceAll(body, "tag=secret-hidden-question", "")
		}
		if res.StatusCode >= 500 {
			t.Errorf("GET %s as %d: %d %s", address, user, res.StatusCode, body)
		}
		if wrong := s.told(body, user); len(wrong) > 0 {
			t.Errorf("GET %s as %d tells %v", address, user, wrong)
		}
		for secret := range s.seers {
			found[secret] = found[secret] || strings.Contains(body, secret)
		}
	}
	crawled := 0
	for path, item := range s.App.Server.API().OpenAPI().Paths {
		if item.Get == nil || slices.Contains(notCrawled, item.Get.OperationID) {
			continue
		}
		crawled++
		for _, address := range s.addresses(path, item.Get) {
			look(address)
		}
	}
	for _, address := range slices.Concat(s.otherAddresses(), s.more) {
		look(address)
	}
	for secret, seers := range s.seers { // else a crawl that finds nothing would pass
		if slices.Contains(seers, user) && !found[secret] {
			t.Errorf("user %d does not come across %s, and may", user, secret)
		}
	}
	if crawled < 50 {
		t.Errorf("only %d operations crawled", crawled)
	}
}

// TestQueuedPostsLookAsIfTheyDidNotExist checks that callers who may not see a post that waits for approval,
// or stands below one that does, get the same responses for it as for a post that does not exist.
func TestQueuedPostsLookAsIfTheyDidNotExist(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := hideSecrets(t, testsite.New(t, db))
		tried := 0
		for path, item := range s.App.Server.API().OpenAPI().Paths {
			if !strings.Contains(path, "{id}") || !slices.ContainsFunc(
				[]string{"/v1/questions/", "/v1/answers/", "/v1/comments/", "/v1/posts/"},
				func(prefix string) bool { return strings.HasPrefix(path, prefix) }) {
				continue
			}
			for method, op := range map[string]*huma.Operation{
				"GET": item.Get, "POST": item.Post, "PUT": item.Put, "PATCH": item.Patch,
				"DELETE": item.Delete,
			} {
				if op == nil {
					continue
				}
				body := operationRules[op.OperationID].body
				switch op.OperationID {
				case "select-answer":
					body = object{"answerId": 1}
				case "convert-answer-to-comment":
					body = object{"content": "A comment."}
				}
				for _, user := range []int{0, crawlFollower, crawlBlocked} {
					ask := func(id int) string {
						c := call{method, strings.ReplaceAll(path, "{id}", fmt.Sprint(id)), body}
						status, answer, _ := s.Try(t, user, c.method, c.path, c.body)
						return fmt.Sprint(status, " ", answer["code"])
					}
					want := ask(4_000_000_000)
					for _, id := range s.queued {
						tried++
						if got := ask(id); got != want {
							t.Errorf("%s %s as %d: %s for %d, %s for a post that there is not", method, path,
								user, got, id, want)
						}
					}
				}
			}
		}
		for _, id := range s.queued {
			old := s.Request(t, http.MethodGet, fmt.Sprint("/", id, "/x"), testsite.Visitor).StatusCode
			if old != http.StatusNotFound {
				t.Errorf("the old address of post %d: %d", id, old)
			}
		}
		if tried < 200 {
			t.Errorf("only %d requests", tried)
		}
	})
}
