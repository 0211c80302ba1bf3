package media_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"38qa.net/backend/config"
	"38qa.net/backend/modules/testsite"
)

// TestUnusedUploadsGo checks that uploads through this API are removed after a week unless something names
// them, and that the files of deleted posts and accounts are removed unless something else shows them.
func TestUnusedUploadsGo(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		now := int64(1796126400)
		s := testsite.New(t, db, testsite.Config(func(c *config.Config) {
			c.UploadsTo = config.UploadsToStore
		}), testsite.Clock(func() time.Time { return time.Unix(now, 0) }))
		folder := s.Store
		ctx := context.Background()
		exec := func(query string, args ...any) {
			t.Helper()
			if _, err := s.App.DB.Exec(ctx, query, args...); err != nil {
				t.Fatal(err)
			}
		}
		there := func(id string) bool {
			return s.Scalar(t, "SELECT COUNT(*) FROM {blobs} WHERE blobid = ?", id) == 1
		}
		testsite.RunJob(t, s.App, "thumbnails")
		names := []string{
			"unused", "in a post", "in a post of the old site", "on a page", "in a profile",
			"in a table of a plugin", "in a post that is deleted", "in two posts, one deleted", "avatar",
		}
		files := map[string]string{}
		for i, name := range names {
			if name == "avatar" {
				files[name] = testsite.Decode[uploaded](t,
					uploadingTo(t, s, testsite.Haru, "/v1/me/avatar", "a.jpg", gradient(t, 50, 50))).ID
				continue
			}
			files[name] = upload(t, s, testsite.Haru, fmt.Sprintf("%d.jpg", i), gradient(t, 500, 100+i)).ID
		}
		ask := func(title string, ids ...string) int {
			t.Helper()
			content := "<p>Look at this:</p>"
			for _, id := range ids {
				content += `<p><img src="/v1/media/` + id + `"></p>`
			}
			res := s.Send(t, testsite.Haru, "POST", "/v1/questions", object{
				"title": title, "format": "html", "categoryId": 2, "content": content,
			})
			if res.StatusCode != http.StatusCreated {
				t.Fatalf("%s %s", res.Status, testsite.Text(t, res))
			}
			return testsite.Decode[struct{ ID int }](t, res).ID
		}
		ask("A question with an image in it", files["in a post"], files["in two posts, one deleted"])
		doomed := ask("A question that goes again soon", files["in a post that is deleted"],
			files["in two posts, one deleted"])
		exec("UPDATE {posts} SET content = ?, format = 'html' WHERE postid = 1",
			`<img src="http://127.0.0.1:8802/?qa=image&amp;qa_blobid=`+files["in a post of the old site"]+
				`&amp;qa_size=300">`)
		exec("UPDATE {pages} SET content = ? WHERE tags = 'guide'",
			`<img src="./?qa=blob&amp;qa_blobid=`+files["on a page"]+`">`)
		exec("INSERT INTO {userprofile} (userid, title, content) VALUES (17, 'about', ?)",
			"see /image/"+files["in a profile"])
		exec("CREATE TABLE IF NOT EXISTS {blog_posts} (postid INT, content TEXT)")
		exec("DELETE FROM {blog_posts}")
		exec("INSERT INTO {blog_posts} VALUES (1, ?)",
			"![bee](/v1/media/"+files["in a table of a plugin"]+")")
		testsite.RunJob(t, s.App, "thumbnails")
		before := s.Scalar(t, "SELECT COUNT(*) FROM {blobs}")

		now += 6 * 86400
		testsite.RunJob(t, s.App, "media-clean-up")
		if n := s.Scalar(t, "SELECT COUNT(*) FROM {blobs}"); n != before {
			t.Errorf("%d went too early", before-n)
		}
		now += 2 * 86400
		if run, found := testsite.RunJobFor(t, s.App, "media-clean-up", true); run.Differences != 1 ||
			!strings.Contains(strings.Join(found, ""), files["unused"]) || !there(files["unused"]) {
			t.Errorf("dry run: %+v %v", run, found)
		}
		testsite.RunJob(t, s.App, "media-clean-up")
		for name, id := range files {
			if there(id) != (name != "unused") {
				t.Errorf("%s: there %v", name, there(id))
			}
		}
		for name := range filesOf(t, folder) {
			if strings.Contains(name, files["unused"]) {
				t.Errorf("%s is left", name)
			}
		}

		// An hour after a post was deleted, its files are removed unless another post shows them.
		for _, c := range []call{
			{"PUT", fmt.Sprintf("/v1/posts/%d/visibility", doomed), object{"hidden": true}},
			{"DELETE", fmt.Sprintf("/v1/questions/%d", doomed), nil},
		} {
			if res := s.Send(t, testsite.Superbee, c.method, c.path, c.body); res.StatusCode >= 300 {
				t.Fatalf("%s %s", res.Status, testsite.Text(t, res))
			}
		}
		testsite.RunJob(t, s.App, "media-clean-up")
		if !there(files["in a post that is deleted"]) {
			t.Error("gone at once")
		}
		now += 2 * 3600
		testsite.RunJob(t, s.App, "media-clean-up")
		if there(files["in a post that is deleted"]) || !there(files["in two posts, one deleted"]) {
			t.Errorf("deleted: there %v, in another too: there %v", there(files["in a post that is deleted"]),
				there(files["in two posts, one deleted"]))
		}

		// When an account is deleted, its files are removed unless its posts, which stay, show them.
		stray := upload(t, s, testsite.Haru, "stray.jpg", gradient(t, 500, 99)).ID
		if res := s.Send(t, testsite.Superbee, "DELETE", "/v1/users/haru", nil); res.StatusCode >= 300 {
			t.Fatalf("%s %s", res.Status, testsite.Text(t, res))
		}
		now += 2 * 3600
		testsite.RunJob(t, s.App, "media-clean-up")
		for name, want := range map[string]bool{"in a post": true, "on a page": true, "avatar": false} {
			if there(files[name]) != want {
				t.Errorf("of the deleted account, %s: there %v", name, !want)
			}
		}
		if there(stray) {
			t.Error("of the deleted account, what was in no post is there")
		}
	})
}

// TestFilesOfTheOldSite checks that files which the old site deletes are removed from the store as well, and
// that unused files which the old site accepted stay.
func TestFilesOfTheOldSite(t *testing.T) {
	t.Parallel()
	now := time.Now().Unix()
	s := testsite.New(t, testsite.Clock(func() time.Time { return time.Unix(now, 0) }))
	folder := s.Store
	before := s.Scalar(t, "SELECT COUNT(*) FROM {blobs}")
	moving(t, s, 0, nil)
	now += 365 * 86400
	testsite.RunJob(t, s.App, "media-clean-up")
	if n := s.Scalar(t, "SELECT COUNT(*) FROM {blobs}"); n != before {
		t.Errorf("%d of %d went", before-n, before)
	}
	const gone = "349191701032341547"
	if _, err := s.App.DB.Exec(context.Background(), "DELETE FROM {blobs} WHERE blobid = ?",
		gone); err != nil {
		t.Fatal(err)
	}
	testsite.RunJob(t, s.App, "media-clean-up")
	for name := range filesOf(t, folder) {
		if strings.Contains(name, gone) {
			t.Errorf("%s is left", name)
		}
	}
	if len(filesOf(t, folder)) != before-1 {
		t.Errorf("the store has %d files", len(filesOf(t, folder)))
	}
}

// TestUnfinishedUploads checks that an upload is removed after a day if its process died between writing to
// the store and to the database.
func TestUnfinishedUploads(t *testing.T) {
	t.Parallel()
	now := time.Now().Unix()
	s := testsite.New(t, testsite.Config(func(c *config.Config) {
		c.UploadsTo = config.UploadsToStore
	}), testsite.Clock(func() time.Time { return time.Unix(now, 0) }))
	folder := s.Store
	id := upload(t, s, testsite.Haru, "a.jpg", gradient(t, 300, 200)).ID
	for _, query := range []string{"DELETE FROM {blobs} WHERE blobid = ?",
		"UPDATE {q2ab_media} SET state = 'storing', in_store = 0 WHERE blobid = ?"} {
		if _, err := s.App.DB.Exec(context.Background(), query, id); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(folder, shelfOf(id), id+".jpg")
	testsite.RunJob(t, s.App, "media-clean-up")
	if _, err := os.Stat(file); err != nil {
		t.Errorf("gone at once: %v", err)
	}
	now += 25 * 3600
	testsite.RunJob(t, s.App, "media-clean-up")
	if _, err := os.Stat(file); err == nil ||
		s.Scalar(t, "SELECT COUNT(*) FROM {q2ab_media} WHERE blobid = ?", id) != 0 {
		t.Errorf("left: %v", err)
	}
}

// TestDeleteMedia checks that uploaders can take a file back, which is then removed unless a post shows it;
// that administrators delete it at once; and that others may not.
func TestDeleteMedia(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		now := int64(1796126400)
		s := testsite.New(t, db, testsite.Clock(func() time.Time { return time.Unix(now, 0) }))
		remove := func(id string, user int, cookie string) int {
			return s.Send(t, user, "DELETE", "/v1/media/"+id, nil, testsite.AsBrowser(cookie)...).StatusCode
		}
		there := func(id string) bool {
			return s.Request(t, http.MethodGet, "/v1/media/"+id, testsite.Visitor).StatusCode == http.StatusOK
		}
		unused, shown, bad := upload(t, s, testsite.Haru, "a.jpg", gradient(t, 50, 50)).ID,
			upload(t, s, testsite.Haru, "b.jpg", gradient(t, 50, 51)).ID,
			upload(t, s, testsite.Haru, "c.jpg", gradient(t, 50, 52)).ID
		for _, id := range []string{shown, bad} {
			res := s.Send(t, testsite.Haru, "POST", "/v1/questions", object{
				"title": "A question with the image " + id, "format": "html", "categoryId": 2,
				"content": `<p>Look: <img src="/v1/media/` + id + `"></p>`,
			})
			if res.StatusCode != http.StatusCreated {
				t.Fatalf("%s %s", res.Status, testsite.Text(t, res))
			}
		}
		asked := uploading(t, s, testsite.Visitor, "d.jpg", gradient(t, 50, 53))
		cookie := strings.TrimPrefix(strings.Split(asked.Header.Get("Set-Cookie"), ";")[0], "qa_id=")
		visitors := testsite.Decode[uploaded](t, asked).ID
		for _, c := range []struct {
			what, id string
			user     int
			cookie   string
			status   int
		}{
			{"a visitor's, by another visitor", visitors, testsite.Visitor, "", 403}, {"a visitor's, by a user", visitors, testsite.Lurker, cookie, 403}, {"a user's, by a visitor", unused, testsite.Visitor, cookie, 403}, {"a user's, by another", unused, testsite.Lurker, "", 403},
			{"nobody's", "12345678901234", testsite.Haru, "", 404}, {"by a blocked user", unused, testsite.Spammer99, "", 403},
			{"a visitor's", visitors, testsite.Visitor, cookie, 204}, {"a user's", unused, testsite.Haru, "", 204}, {"a user's in a post", shown, testsite.Haru, "", 204},
		} {
			if got := remove(c.id, c.user, c.cookie); got != c.status {
				t.Errorf("%s: %d, want %d", c.what, got, c.status)
			}
		}
		now += 2 * 3600
		testsite.RunJob(t, s.App, "media-clean-up")
		if there(unused) || there(visitors) || !there(shown) {
			t.Errorf("there: unused %v, the visitor's %v, in a post %v", there(unused), there(visitors),
				there(shown))
		}
		if _, err := s.App.DB.Exec(context.Background(),
			`INSERT INTO {cache} (type, cacheid, content, created, lastread)
				VALUES ('i_50', ?, 'x', '2026-01-01', '2026-01-01'),
					('other', ?, 'x', '2026-01-01', '2026-01-01')`, bad, bad); err != nil {
			t.Fatal(err)
		}
		if got := remove(bad, testsite.Superbee, ""); got != http.StatusNoContent || there(bad) {
			t.Errorf("by an administrator: %d, there %v", got, there(bad))
		}
		if n := s.Scalar(t, "SELECT COUNT(*) FROM {cache} WHERE cacheid = ?", bad); n != 1 {
			t.Errorf("%d cached rows", n)
		}
		if _, err := s.App.DB.Exec(context.Background(), "DELETE FROM {cache} WHERE cacheid = ?",
			bad); err != nil {
			t.Fatal(err)
		}
	})
}
