package media_test

import (
	"context"
	"fmt"
	"image/jpeg"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"38qa.net/backend/config"
	"38qa.net/backend/modules/testsite"
)

// chosen matches the values of an upload that depend on chance, or on the encoder of the JPEG.
var chosen = regexp.MustCompile(`(blobid=|content=sha256:)[0-9a-f]+( len:\d+)?`)

// TestAvatarTransitions replays the recorded uploads of avatars, one stored in the database and one on disk,
// and expects the same changes of rows, except for blob ids and file contents. The old site's account page
// sends in one form what takes two requests here.
func TestAvatarTransitions(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		replayed := 0
		for _, tr := range testsite.Transitions(t) {
			if !strings.HasPrefix(tr.Action.Name, "upload-avatar") {
				continue
			}
			replayed++
			folder := t.TempDir()
			now := tr.Clock.Unix
			s := testsite.New(t, db, testsite.Config(func(c *config.Config) {
				if strings.HasSuffix(tr.Action.Name, "to-disk") {
					c.BlobsDir, c.UploadsTo = folder, config.UploadsToFolder
				}
			}), testsite.Clock(func() time.Time { return time.Unix(now, 0) }))
			before := testsite.ReadTables(t, s.App.DB)
			form := map[string]any{
				"handle": tr.Field("handle"), "email": tr.Field("email"), "messages": true, "wallPosts": true,
				"mailings": true, "fields": tr.ProfileFields(),
			}
			if res := s.Send(t, tr.Action.ActorID, "PATCH", "/v1/me", form, "X-Forwarded-For",
				tr.Action.IP); res.StatusCode != http.StatusOK {
				t.Fatalf("%s %s", res.Status, testsite.Text(t, res))
			}
			res := uploadingTo(t, s, tr.Action.ActorID, "/v1/me/avatar", "avatar-case.png",
				gradient(t, 1000, 600), "X-Forwarded-For", tr.Action.IP)
			if res.StatusCode != http.StatusCreated {
				t.Fatalf("%s %s", res.Status, testsite.Text(t, res))
			}
			got, want := before.Diff(testsite.ReadTables(t, s.App.DB)), tr.Expected(nil)
			for _, d := range []map[string]*testsite.TableDiff{got, want} {
				for i, row := range d["blobs"].Inserted {
					d["blobs"].Inserted[i] = chosen.ReplaceAllString(row, "$1?")
				}
				for _, columns := range d["users"].Updated {
					columns["avatarblobid"] = [2]string{columns["avatarblobid"][0], "?"}
				}
			}
			if differences := testsite.Describe(want, got); len(differences) > 0 {
				t.Errorf("%s: %s", tr.File, strings.Join(differences, "\n"))
			}
		}
		if replayed != 2 {
			t.Errorf("%d recordings replayed", replayed)
		}
	})
}

// TestAvatar checks that a user is shown with the uploaded picture, cut to a square; that a new picture
// replaces the old one with its thumbnails and files; and who may upload pictures.
func TestAvatar(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		blobs := t.TempDir()
		s := testsite.New(t, db, testsite.Config(func(c *config.Config) {
			c.BlobsDir, c.UploadsTo = blobs, config.UploadsToFolder
		}))
		folder := s.Store
		avatarOf := func(handle string) string {
			return s.Request(t, http.MethodGet, "/v1/users/"+handle+"/avatar?size=64",
				testsite.Visitor).Header.Get("Location")
		}
		put := func(content []byte) uploaded {
			res := uploadingTo(t, s, testsite.Haru, "/v1/me/avatar", "me.png", content)
			if res.StatusCode != http.StatusCreated {
				t.Fatalf("%s %s", res.Status, testsite.Text(t, res))
			}
			return testsite.Decode[uploaded](t, res)
		}
		first := put(gradient(t, 1000, 500))
		if first.Width != 400 || first.Height != 200 {
			t.Errorf("%+v", first)
		}
		if got, want := avatarOf("haru"), "/v1/media/"+first.ID+"?size=64&shape=square"; got != want {
			t.Errorf("haru: %s, want %s", got, want)
		}
		if w, h := sizeOf(t, s, avatarOf("haru")); w != 64 || h != 64 {
			t.Errorf("%d × %d", w, h)
		}
		if got := testsite.Get[struct{ AvatarURL string }](t, s,
			"/v1/users/haru").AvatarURL; got != "/v1/media/"+first.ID+"?size=200&shape=square" {
			t.Errorf("profile: %s", got)
		}
		testsite.RunJob(t, s.App, "thumbnails")
		// The thumbnail is twice as large as the option avatar_q_page_q_size says.
		if made := filesOf(t, folder)["thumbnails/"+shelfOf(first.ID)+"/"+first.ID+"/100s.jpg"]; made == nil {
			t.Errorf("thumbnails: %v", filesOf(t, folder))
		}
		second := put(gradient(t, 30, 30))
		if n := s.Scalar(t, "SELECT COUNT(*) FROM {blobs} WHERE blobid = ?", first.ID); n != 0 {
			t.Error("the first picture is there still")
		}
		testsite.RunJob(t, s.App, "media-clean-up")
		for name := range filesOf(t, folder) {
			if strings.Contains(name, first.ID) {
				t.Errorf("%s is left", name)
			}
		}
		files, err := filepath.Glob(filepath.Join(blobs, "*", "*"))
		if err != nil || len(files) != 1 || filepath.Base(files[0]) != second.ID+".jpeg" {
			t.Errorf("%v %v", files, err)
		}
		if f, err := os.Open(files[0]); err != nil {
			t.Error(err)
		} else if _, err := jpeg.Decode(f); err != nil {
			t.Error(err)
		}
		// Other users: aki has no picture, and the site no default.
		if _, err := s.App.DB.Exec(context.Background(),
			"UPDATE {users} SET flags = 8, email = ' Aki@Example.jp ' WHERE handle = 'aki'"); err != nil {
			t.Fatal(err)
		}
		if got, want := avatarOf("aki"), "https://www.gravatar.com/avatar/"; !strings.HasPrefix(got, want) ||
			!strings.HasSuffix(got, "?s=64") {
			t.Errorf("aki: %s", got)
		}
		none := s.Request(t, http.MethodGet, "/v1/users/fuyu/avatar", testsite.Visitor)
		pattern := testsite.Text(t, none)
		if none.StatusCode != http.StatusOK || none.Header.Get("Content-Type") != "image/svg+xml" ||
			!strings.HasPrefix(pattern, "<svg ") || strings.Contains(pattern, "fuyu") {
			t.Errorf("fuyu: %s %v %s", none.Status, none.Header, pattern)
		}
		if res := s.Request(t, http.MethodGet, "/v1/users/nobody-here/avatar",
			testsite.Visitor); res.StatusCode != http.StatusNotFound {
			t.Errorf("nobody: %s", res.Status)
		}
		// Callers who may not upload a picture, and content that is no picture.
		for _, c := range []struct {
			user    int
			content string
			status  int
			code    string
		}{{testsite.Visitor, string(gradient(t, 30, 30)), 403, "login_required"}, {testsite.Spammer99, string(gradient(t, 30, 30)), 403, "user_blocked"}, {testsite.Haru, "no picture", 422, "no_picture"}} {
			res := uploadingTo(t, s, c.user, "/v1/me/avatar", "me.png", []byte(c.content))
			if body := testsite.Text(t, res); res.StatusCode != c.status || !strings.Contains(body, c.code) {
				t.Errorf("user %d: %s %s", c.user, res.Status, body)
			}
		}
		if _, err := s.App.DB.Exec(context.Background(),
			"UPDATE {options} SET content = '0' WHERE title = 'avatar_allow_upload'"); err != nil {
			t.Fatal(err)
		}
		s = testsite.New(t, testsite.On(s.Database))
		if body := testsite.Text(t, uploadingTo(t, s, testsite.Haru, "/v1/me/avatar", "me.png",
			gradient(t, 30, 30))); !strings.Contains(body, "avatars_off") {
			t.Errorf("switched off: %s", body)
		}
	})
}

// TestAvatarCrop checks that the middle of the picture is stored if the request asks for a square.
func TestAvatarCrop(t *testing.T) {
	t.Parallel()
	s := testsite.New(t)
	for crop, want := range map[string]string{"square": "400 × 400", "": "400 × 200"} {
		body, contentType := formOf(t, map[string]string{"crop": crop}, gradient(t, 1000, 500), "me.jpg")
		r, err := http.NewRequest(http.MethodPost, s.URL+"/v1/me/avatar", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", contentType)
		r.Header.Set("Authorization", "Bearer test-16")
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		if res.StatusCode != http.StatusCreated {
			t.Fatalf("%s %s", res.Status, testsite.Text(t, res))
		}
		u := testsite.Decode[uploaded](t, res)
		if got := fmt.Sprintf("%d × %d", u.Width, u.Height); got != want {
			t.Errorf("cropped %q: %s", crop, got)
		}
	}
}

// TestAvatarStoreSize checks that pictures are stored in the size that the site wants.
func TestAvatarStoreSize(t *testing.T) {
	t.Parallel()
	s := testsite.New(t)
	for size, want := range map[string]string{"100": "100 × 50", "600": "600 × 300"} {
		s.SetOptions(t, map[string]string{"avatar_store_size": size})
		s.App.Site.Forget()
		u := testsite.Decode[uploaded](t,
			uploadingTo(t, s, testsite.Haru, "/v1/me/avatar", "me.png", gradient(t, 1000, 500)))
		if got := fmt.Sprintf("%d × %d", u.Width, u.Height); got != want {
			t.Errorf("%s pixels: %s, want %s", size, got, want)
		}
	}
}
