package personal_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"38qa.net/backend/config"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/testsite"
)

type object = map[string]any

// status is an export as the API shows it.
type status struct {
	State, URL, Code      string
	Done, Total           int
	Bytes                 int64
	ExpiresAt, FinishedAt string
}

// export has an export made for a user and returns how the API shows it.
func export(t *testing.T, s *testsite.Site, user int) status {
	t.Helper()
	if code, body, _ := s.Try(t, user, "POST", "/v1/me/export", nil); code != http.StatusAccepted {
		t.Fatalf("ask for an export: %d %v", code, body)
	}
	testsite.RunJob(t, s.App, "exports")
	return testsite.GetAs[status](t, s, "/v1/me/export", user)
}

// link returns the path and the query of a link.
func link(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil || u.Path == "" {
		t.Fatalf("%q: %v", address, err)
	}
	return u.RequestURI()
}

// fetch returns the files of the archive behind a link, by their names.
func fetch(t *testing.T, s *testsite.Site, address string) map[string][]byte {
	t.Helper()
	res := s.Request(t, "GET", link(t, address), testsite.Visitor)
	content := []byte(testsite.Text(t, res))
	if res.StatusCode != http.StatusOK {
		t.Fatalf("fetch: %d %s", res.StatusCode, content)
	}
	for header, want := range map[string]string{"Content-Type": "application/zip", "Cache-Control": "no-store"} {
		testsite.Same(t, header, res.Header.Get(header), want)
	}
	if d := res.Header.Get("Content-Disposition"); !strings.HasPrefix(d, "attachment; filename=\"export-") {
		t.Errorf("Content-Disposition: %s", d)
	}
	archive, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, f := range archive.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if files[f.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// entries returns the entries of a file of an archive.
func entries(t *testing.T, files map[string][]byte, name string) (list []object) {
	t.Helper()
	if err := json.Unmarshal(files[name+".json"], &list); err != nil {
		t.Errorf("%s: %v in %.300s", name, err, files[name+".json"])
	}
	return list
}

// TestExport follows an export from the request to its end: who gets it, what is in it, once a day, and that
// the archive is removed when its time is over.
func TestExport(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		now := time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)
		s := testsite.New(t, db, testsite.At(&now), testsite.Config(func(c *config.Config) { c.ExportKeptFor = 48 * time.Hour }))
		const me = testsite.Haru
		for caller, want := range map[int]int{testsite.Visitor: 403, me: 404} {
			if code, body, _ := s.Try(t, caller, "GET", "/v1/me/export", nil); code != want {
				t.Errorf("GET before as %d: %d %v", caller, code, body)
			}
		}
		hidden := s.Ask(t, me, "May a hidden question be exported?", 0)
		s.Hide(t, hidden)
		s.Do(t, me, "POST", "/v1/me/messages/lurker", object{"content": "Where is your 🐝 hive? \"<&>\" 巣箱"})
		s.Do(t, testsite.OBrien, "PUT", fmt.Sprintf("/v1/posts/%d/flag", 27), nil)

		_, asked, _ := s.Try(t, me, "POST", "/v1/me/export", nil)
		_, again, _ := s.Try(t, me, "POST", "/v1/me/export", nil)
		if asked["state"] != "waiting" || again["state"] != "waiting" ||
			s.Scalar(t, "SELECT COUNT(*) FROM {q2ab_exports}") != 1 {
			t.Errorf("asked twice: %v, %v", asked, again)
		}
		testsite.RunJob(t, s.App, "exports")
		got := testsite.GetAs[status](t, s, "/v1/me/export", me)
		if got.State != "ready" || got.Done != got.Total || got.Done < 20 || got.Bytes < 1000 || got.ExpiresAt != "2026-12-03T12:00:00Z" {
			t.Fatalf("after the job: %+v", got)
		}
		files := fetch(t, s, got.URL)
		testsite.Same(t, "account", entries(t, files, "account")[0]["handle"], any("haru"))
		posts := entries(t, files, "posts")
		if want := s.Scalar(t, "SELECT COUNT(*) FROM {posts} WHERE userid = ?", me); len(posts) != want {
			t.Errorf("%d posts, not %d", len(posts), want)
		}
		found := false
		for _, p := range posts {
			found = found || p["id"] == float64(hidden) && p["type"] == "Q_HIDDEN" && p["createdFrom"] == testsite.Address
		}
		if !found {
			t.Errorf("the hidden question is missing: %v", posts[len(posts)-1])
		}
		messages := entries(t, files, "messages")
		if last := messages[len(messages)-1]; last["to"] != "lurker" || !strings.Contains(fmt.Sprint(last["content"]), "巣箱") {
			t.Errorf("the message: %v", last)
		}
		for name, content := range files {
			for _, secret := range []string{"$2y$", "passhash", "o'brien-pass"} {
				if strings.Contains(string(content), secret) {
					t.Errorf("%s holds %s", name, secret)
				}
			}
		}
		var uploads []string
		if err := s.App.DB.Select(t.Context(), database.Append(&uploads), "SELECT blobid FROM {blobs} WHERE userid = ?",
			me); err != nil || len(uploads) == 0 {
			t.Fatalf("%d uploads, %v", len(uploads), err)
		}
		for _, id := range uploads {
			found := false
			for name, content := range files {
				found = found || strings.HasPrefix(name, "files/"+id+".") && len(content) > 0
			}
			if !found {
				t.Errorf("the upload %s is missing", id)
			}
		}
		if code, body, header := s.Try(t, me, "POST", "/v1/me/export", nil); code != 429 || body["code"] != "export_today" || header.Get("Retry-After") == "" {
			t.Errorf("a second one on the same day: %d %v", code, body)
		}
		part := s.Request(t, "GET", link(t, got.URL), testsite.Visitor, "Range", "bytes=0-1")
		if body := testsite.Text(t, part); part.StatusCode != http.StatusPartialContent || body != "PK" {
			t.Errorf("a part: %d %q", part.StatusCode, body)
		}
		for _, beyond := range []string{"bytes=9999999-", "bytes=5-3", "bytes=-2", "bytes=0-1,3-4"} {
			whole := s.Request(t, "GET", link(t, got.URL), testsite.Visitor, "Range", beyond)
			if body := testsite.Text(t, whole); whole.StatusCode != http.StatusOK || int64(len(body)) != got.Bytes {
				t.Errorf("%s: %d, %d bytes", beyond, whole.StatusCode, len(body))
			}
		}
		for name, path := range map[string]string{"another token": link(t, got.URL) + "x", "no such token": "/v1/exports?token=%F0%9F%90%9D"} {
			if res := s.Request(t, "GET", path, me); res.StatusCode != http.StatusNotFound {
				t.Errorf("%s: %d", name, res.StatusCode)
			}
		}

		now = now.Add(48 * time.Hour)
		if res := s.Request(t, "GET", link(t, got.URL), me); res.StatusCode != http.StatusNotFound {
			t.Errorf("after its time: %d", res.StatusCode)
		}
		testsite.Same(t, "state after its time", testsite.GetAs[status](t, s, "/v1/me/export", me).State, "expired")
		name := object0(t, s, me)
		testsite.RunJob(t, s.App, "export-clean-up")
		if _, err := s.App.Media.OpenArchive(t.Context(), name); err == nil {
			t.Error("the archive has not been removed")
		}
		testsite.Same(t, "state after the clean-up", testsite.GetAs[status](t, s, "/v1/me/export", me).State, "expired")
		if second := export(t, s, me); second.State != "ready" || second.URL == got.URL {
			t.Errorf("on another day: %+v", second)
		}
	})
}

// object0 returns the name of the archive of a user's only export.
func object0(t *testing.T, s *testsite.Site, user int) (name string) {
	t.Helper()
	if _, err := s.App.DB.Get(t.Context(), []any{&name}, "SELECT object FROM {q2ab_exports} WHERE userid = ?", user); err != nil {
		t.Fatal(err)
	}
	return name
}

// TestExportsGoWithAccounts checks that the links of accounts that are deleted, merged or anonymised end at once,
// and their archives with the next clean-up, also of an export that was not finished.
func TestExportsGoWithAccounts(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(t *testing.T, s *testsite.Site){
		"deleted": func(t *testing.T, s *testsite.Site) { s.Do(t, testsite.AdminHana, "DELETE", "/v1/users/haru", nil) },
		"merged": func(t *testing.T, s *testsite.Site) {
			s.Do(t, testsite.AdminHana, "POST", "/v1/admin/users/16/merge", object{"into": testsite.Aki})
			testsite.RunJob(t, s.App, "accounts")
		},
		"anonymised": func(t *testing.T, s *testsite.Site) {
			s.Do(t, testsite.AdminHana, "POST", "/v1/admin/users/16/anonymise", nil)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := testsite.New(t)
			got := export(t, s, testsite.Haru)
			file := object0(t, s, testsite.Haru)
			if code, body, _ := s.Try(t, testsite.Lurker, "POST", "/v1/me/export", nil); code != http.StatusAccepted {
				t.Fatalf("another's: %d %v", code, body)
			}
			end(t, s)
			if res := s.Request(t, "GET", link(t, got.URL), testsite.Visitor); res.StatusCode != http.StatusNotFound {
				t.Errorf("the link: %d", res.StatusCode)
			}
			testsite.RunJob(t, s.App, "export-clean-up")
			if _, err := s.App.Media.OpenArchive(t.Context(), file); err == nil {
				t.Error("the archive has not been removed")
			}
			testsite.Same(t, "exports left", s.Numbers(t, "SELECT userid FROM {q2ab_exports}"), []int{testsite.Lurker})
		})
	}
}

// TestExportIsGivenUp checks that an export that fails again and again ends as failed, and others are made.
func TestExportIsGivenUp(t *testing.T) {
	t.Parallel()
	s := testsite.New(t)
	for _, user := range []int{testsite.Haru, testsite.Lurker} {
		s.Try(t, user, "POST", "/v1/me/export", nil)
	}
	s.Alter(t, "UPDATE {q2ab_exports} SET state = 'working', attempts = 3 WHERE userid = ?", testsite.Haru) // processes died
	testsite.RunJob(t, s.App, "exports")
	testsite.Same(t, "haru's", testsite.GetAs[status](t, s, "/v1/me/export", testsite.Haru).State, "failed")
	testsite.Same(t, "lurker's", testsite.GetAs[status](t, s, "/v1/me/export", testsite.Lurker).State, "ready")
	testsite.Same(t, "haru's second", export(t, s, testsite.Haru).State, "ready")
}
