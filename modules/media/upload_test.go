package media_test

import (
	"bytes"
	"context"
	"image"
	"image/jpeg"
	"image/png"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"38qa.net/backend/config"
	"38qa.net/backend/modules/testsite"
)

// TestUpload checks that the rows are those of the recorded transitions upload-image-editor and
// upload-image-anonymous, except for the bytes, and that the picture is turned upright and has lost its
// place.
func TestUpload(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		for _, onDisk := range []bool{false, true} {
			folder := t.TempDir()
			s := testsite.New(t, db, testsite.Config(func(c *config.Config) {
				if c.BlobsDir = folder; onDisk {
					c.UploadsTo = config.UploadsToFolder
				}
			}), testsite.Clock(func() time.Time { return time.Unix(1796126400, 0) }))
			for _, user := range []int{16, 0} {
				if _, err := s.App.DB.Exec(context.Background(), "DELETE FROM {userlimits}"); err != nil {
					t.Fatal(err)
				}
				res := uploading(t, s, user, "写真 1.JPG", photograph(t))
				if res.StatusCode != http.StatusCreated {
					t.Fatalf("%s %s", res.Status, testsite.Text(t, res))
				}
				u := testsite.Decode[uploaded](t, res)
				if u.Format != "jpg" || u.Width != 40 || u.Height != 60 || u.URL != "/v1/media/"+u.ID ||
					res.Header.Get("Location") != u.URL {
					t.Errorf("uploaded %+v, %v", u, res.Header)
				}
				where, args := "userid = 16 AND cookieid IS NULL", []any{u.ID}
				if user == 0 {
					cookie := res.Header.Get("Set-Cookie")
					if !strings.HasPrefix(cookie, "qa_id=") {
						t.Errorf("cookie %q", cookie)
					}
					where = `userid IS NULL AND cookieid = ?
						AND cookieid IN (SELECT cookieid FROM {cookies} WHERE written IS NULL)`
					args = append(args, strings.TrimPrefix(strings.Split(cookie, ";")[0], "qa_id="))
				}
				content := "content IS NOT NULL"
				if onDisk {
					content = "content IS NULL"
				}
				if n := s.Scalar(t,
					`SELECT COUNT(*)
						FROM {blobs}
						WHERE blobid = ? AND format = 'jpg' AND filename = '写真 1.JPG'
							AND HEX(createip) = '7F000001' AND UNIX_TIMESTAMP(created) = 1796126400
							AND `+content+" AND "+where, args...); n != 1 {
					t.Errorf("on disk %v, by %d: the row is another", onDisk, user)
				}
				if n := s.Scalar(t,
					"SELECT COUNT(*) FROM {iplimits} WHERE action = 'U' AND period = 498924"); n != 1 {
					t.Errorf("not counted by address")
				}
				if n := s.Scalar(t,
					`SELECT COUNT(*)
						FROM {userlimits}
						WHERE action = 'U' AND period = 498924 AND userid = 16
							AND count = 1`); n != min(user, 1) {
					t.Errorf("counted by account: %d", n)
				}
				res = s.Request(t, http.MethodGet, u.URL, testsite.Visitor)
				body := testsite.Text(t, res)
				img, err := jpeg.Decode(strings.NewReader(body))
				if err != nil || len(body) != u.Bytes || strings.Contains(body, "GPS") ||
					res.Header.Get("Content-Type") != "image/jpeg" {
					t.Fatalf("%s, %d bytes of %d, %v", res.Status, len(body), u.Bytes, err)
				}
				if r, _, b, _ := img.At(20, 5).RGBA(); r < b || img.Bounds().Dx() != 40 {
					t.Errorf("not turned: %v", img.Bounds())
				}
			}
			files, err := filepath.Glob(filepath.Join(folder, "*", "*.jpg"))
			if err != nil || onDisk && len(files) != 2 || !onDisk && len(files) != 0 {
				t.Errorf("on disk %v: %d files, %v", onDisk, len(files), err)
			}
		}
	})
}

// TestUploadOnce checks that an upload which is sent again with its Idempotency-Key is stored once.
func TestUploadOnce(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db)
		before := s.Scalar(t, "SELECT COUNT(*) FROM {blobs}")
		// Each form has a boundary of its own, but only the same bytes are the same request.
		var body bytes.Buffer
		form := multipart.NewWriter(&body)
		part, err := form.CreateFormFile("file", "a.jpg")
		if err == nil {
			_, err = part.Write(photograph(t))
		}
		if err != nil || form.Close() != nil {
			t.Fatal(err)
		}
		var ids []string
		for range 2 {
			r, err := http.NewRequest(http.MethodPost, s.URL+"/v1/media", bytes.NewReader(body.Bytes()))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Content-Type", form.FormDataContentType())
			r.Header.Set("Authorization", "Bearer test-16")
			r.Header.Set("Idempotency-Key", "picture-1")
			res, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			ids = append(ids, testsite.Decode[uploaded](t, res).ID)
		}
		if n := s.Scalar(t, "SELECT COUNT(*) FROM {blobs}"); n != before+1 || ids[0] != ids[1] ||
			ids[0] == "" {
			t.Errorf("%d rows more, ids %v", n-before, ids)
		}
	})
}

// TestUploadRefused checks that refused uploads leave nothing behind: files that are no pictures, files that
// are too large, and uploads of callers who may not upload.
func TestUploadRefused(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db, testsite.Config(func(c *config.Config) { c.UploadLimit = 5000 }))
		if _, err := s.App.DB.Exec(context.Background(),
			"REPLACE INTO {userlimits} (userid, action, period, count) VALUES (17, 'U', ?, 1000)",
			time.Now().Unix()/3600); err != nil {
			t.Fatal(err)
		}
		before := testsite.ReadTables(t, s.App.DB)
		good := photograph(t)
		var wide bytes.Buffer
		if err := png.Encode(&wide, image.NewGray(image.Rect(0, 0, 13000, 1))); err != nil {
			t.Fatal(err)
		}
		for name, c := range map[string]struct {
			user    int
			content []byte
			status  int
			code    string
		}{
			"text":     {testsite.Haru, []byte("no picture"), 422, "no_picture"},
			"script":   {testsite.Haru, []byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`), 422, "no_picture"},
			"of phone": {testsite.Haru, []byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"), 422, "heic_picture"},
			"half":     {testsite.Haru, good[:len(good)/2], 422, "broken_picture"},
			"empty":    {testsite.Haru, nil, 422, "no_picture"},
			"huge":     {testsite.Haru, wide.Bytes(), 422, "picture_too_large"},
			"too long": {testsite.Haru, make([]byte, 6000), 413, "body_too_large"},
			"blocked":  {testsite.Spammer99, good, 403, "user_blocked"},
			"too many": {testsite.Lurker, good, 429, "rate_limit"},
		} {
			res := uploading(t, s, c.user, "a.jpg", c.content)
			if body := testsite.Text(t, res); res.StatusCode != c.status || !strings.Contains(body, c.code) {
				t.Errorf("%s: %s %s", name, res.Status, body)
			}
		}
		for _, form := range []string{"", "multipart/form-data; boundary=x", "application/json"} {
			r, err := http.NewRequest(http.MethodPost, s.URL+"/v1/media", strings.NewReader("{}"))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Content-Type", form)
			r.Header.Set("Authorization", "Bearer test-16")
			res, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			if body := testsite.Text(t, res); res.StatusCode < 400 || res.StatusCode >= 500 ||
				!strings.Contains(body, `"code"`) {
				t.Errorf("as %q: %s %s", form, res.Status, body)
			}
			res.Body.Close()
		}
		if d := testsite.Describe(nil, before.Diff(testsite.ReadTables(t, s.App.DB))); len(d) > 0 {
			t.Errorf("refusals left traces:\n%s", strings.Join(d, "\n"))
		}
		if _, err := os.Stat(testsite.Testdata("oracle", "blobs")); err != nil {
			t.Error(err)
		}
	})
}

// TestUploadsObeyTheSite checks that files for posts are accepted if one of the old site's editors accepts
// uploads, from callers who may write posts; and that avatars do not depend on that.
func TestUploadsObeyTheSite(t *testing.T) {
	t.Parallel()
	const off = "UPDATE {options} SET content = '' WHERE title = 'wysiwyg_editor_upload_images'"
	option := func(name, value string) string {
		return "REPLACE INTO {options} (title, content) VALUES ('" + name + "', '" + value + "')"
	}
	members := []string{
		option("permit_post_q", "120"), option("permit_post_a", "120"), option("permit_post_c", "120"),
	}
	for name, c := range map[string]struct {
		prepare []string
		user    int
		status  int
		code    string
	}{
		"switched off":                         {[]string{off}, testsite.Haru, 404, "feature_off"},
		"switched off, a visitor":              {[]string{off}, testsite.Visitor, 404, "feature_off"},
		"never switched on":                    {[]string{"DELETE FROM {options} WHERE title = 'wysiwyg_editor_upload_images'"}, testsite.Haru, 404, "feature_off"},
		"switched on in the other editor":      {[]string{off, option("medium_editor_upload_images", "1")}, testsite.Haru, 201, ""},
		"a visitor who may post":               {nil, testsite.Visitor, 201, ""},
		"a visitor who may comment only":       {members[:2], testsite.Visitor, 201, ""},
		"a visitor who may not post":           {members, testsite.Visitor, 403, "login_required"},
		"a member where visitors may not post": {members, testsite.Haru, 201, ""},
		"an unconfirmed member who may not post": {[]string{option("permit_post_q", "110"), option("permit_post_a", "110"), option("permit_post_c", "110"),
			option("permit_edit_q", "70"), option("permit_edit_a", "70"),
			option("permit_edit_c", "70")}, testsite.NewbieUnconf, 403, "email_unconfirmed"},
	} {
		t.Run(name, func(t *testing.T) {
			s := testsite.New(t, testsite.After(c.prepare...))
			before := s.Scalar(t, "SELECT COUNT(*) FROM {blobs}")
			res := uploading(t, s, c.user, "a.jpg", photograph(t))
			body := testsite.Text(t, res)
			if res.StatusCode != c.status || !strings.Contains(body, c.code) {
				t.Errorf("an upload: %d %s", res.StatusCode, body)
			}
			if more := s.Scalar(t,
				"SELECT COUNT(*) FROM {blobs}") - before; (more > 0) != (c.status == http.StatusCreated) {
				t.Errorf("%d rows more", more)
			}
			direct := call{
				"POST", "/v1/media/uploads",
				object{"name": "a.jpg", "contentType": "image/jpeg", "bytes": 1000},
			}
			status, answer, _ := s.Try(t, c.user, direct.method, direct.path, direct.body)
			want, code := c.status, c.code
			if want == http.StatusCreated { // the store is a folder, which clients cannot send files to
				want, code = http.StatusNotFound, "no_direct_uploads"
			}
			if status != want || answer["code"] != code {
				t.Errorf("a direct upload: %d %v", status, answer["code"])
			}
			if c.user == 16 {
				if res := uploadingTo(t, s, testsite.Haru, "/v1/me/avatar", "a.jpg",
					photograph(t)); res.StatusCode >= 300 {
					t.Errorf("an avatar: %d %s", res.StatusCode, testsite.Text(t, res))
				}
			}
		})
	}
}
