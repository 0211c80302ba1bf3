package media_test

import (
	"bytes"
	"cmp"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"38qa.net/backend/config"
	"38qa.net/backend/modules/testsite"
)

// bucketURL makes a bucket on moto, which stands in for S3, and returns the address of a store in it.
func bucketURL(t *testing.T) string {
	t.Helper()
	program, err := exec.LookPath(cmp.Or(os.Getenv("MOTO_SERVER"), "moto_server"))
	if err != nil {
		t.Skip("no S3 to test with: install moto (pip install 'moto[server]'), or set MOTO_SERVER to its moto_server; .ci/run does")
	}
	server := testsite.StartEmulator(t, t.TempDir(), program, "-H", "127.0.0.1", "-p", "0")
	r, err := http.NewRequest(http.MethodPut, server.URL+"/bees", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("make a bucket: %v %v", res, err)
	}
	res.Body.Close()
	return "s3://bees/site?region=us-east-1&path-style=true&endpoint=" + url.QueryEscape(server.URL)
}

type direct struct {
	ID, Method, URL, Confirm string
	Headers                  map[string]string
	ExpiresAt                time.Time
}

// TestDirectUpload checks that a client can send a file to S3 directly and then have it accepted, and that
// the rows are those of an upload or none, whatever happens in between.
func TestDirectUpload(t *testing.T) {
	t.Parallel()
	store := bucketURL(t)
	now := time.Now().Unix()
	url := testsite.SQLite.Copy(t)
	open := func(to string) *testsite.Site {
		return testsite.New(t, testsite.On(url), testsite.Config(func(c *config.Config) {
			c.MediaURL, c.UploadsTo, c.UploadLimit = store, to, 1<<20
		}), testsite.Clock(func() time.Time { return time.Unix(now, 0) }))
	}
	s := open(config.UploadsToStore)
	begin := func(user, length int) direct {
		t.Helper()
		res := s.Send(t, user, "POST", "/v1/media/uploads", object{
			"name": "蜂.jpg", "contentType": "image/jpeg", "bytes": length,
		})
		if res.StatusCode != http.StatusCreated {
			t.Fatalf("%s %s", res.Status, testsite.Text(t, res))
		}
		return testsite.Decode[direct](t, res)
	}
	send := func(d direct, content []byte) int {
		t.Helper()
		r, err := http.NewRequest(d.Method, d.URL, bytes.NewReader(content))
		if err != nil {
			t.Fatal(err)
		}
		for name, value := range d.Headers {
			r.Header.Set(name, value)
		}
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		return res.StatusCode
	}
	confirm := func(d direct, user int) (*http.Response, string) {
		res := s.Send(t, user, "POST", d.Confirm, nil)
		return res, testsite.Text(t, res)
	}
	content := photograph(t)

	d := begin(testsite.Haru, len(content))
	if res, body := confirm(d, testsite.Haru); res.StatusCode != http.StatusConflict ||
		!strings.Contains(body, "upload_missing") {
		t.Errorf("before it was sent: %s %s", res.Status, body)
	}
	if status := send(d, content); status != http.StatusOK {
		t.Fatalf("S3 says %d", status)
	}
	if res, _ := confirm(d, testsite.Lurker); res.StatusCode != http.StatusNotFound {
		t.Errorf("by another: %s", res.Status)
	}
	if n := s.Scalar(t, "SELECT COUNT(*) FROM {blobs} WHERE blobid = ?", d.ID); n != 0 {
		t.Error("there is a row before it is confirmed")
	}
	res, first := confirm(d, testsite.Haru)
	if res.StatusCode != http.StatusCreated || res.Header.Get("Location") != "/v1/media/"+d.ID {
		t.Fatalf("%s %s", res.Status, first)
	}
	if n := s.Scalar(t,
		`SELECT COUNT(*)
			FROM {blobs}
			WHERE blobid = ? AND format = 'jpg' AND filename = '蜂.jpg' AND content IS NULL AND userid = 16`,
		d.ID); n != 1 {
		t.Error("the row is another")
	}
	if n := s.Scalar(t, "SELECT SUM(count) FROM {userlimits} WHERE userid = 16 AND action = 'U'"); n != 1 {
		t.Errorf("counted %d times", n)
	}
	if got := testsite.Text(t,
		s.Request(t, http.MethodGet, "/v1/media/"+d.ID, testsite.Visitor)); len(got) < 100 ||
		strings.Contains(got, "GPS") {
		t.Errorf("%d bytes, or with the place", len(got))
	}
	if res, again := confirm(d, testsite.Haru); res.StatusCode != http.StatusCreated || again != first {
		t.Errorf("confirmed again: %s %s, first %s", res.Status, again, first)
	}
	testsite.RunJob(t, s.App, "thumbnails")
	if w, h := sizeOf(t, s, "/v1/media/"+d.ID+"?size=30"); w != 20 || h != 30 {
		t.Errorf("%d × %d", w, h)
	}

	// A file that is no picture is refused and removed.
	bad := begin(testsite.Haru, 10)
	send(bad, []byte("no picture"))
	if res, body := confirm(bad, testsite.Haru); res.StatusCode != http.StatusUnprocessableEntity ||
		!strings.Contains(body, "no_picture") {
		t.Errorf("no picture: %s %s", res.Status, body)
	}
	if res, _ := confirm(bad, testsite.Haru); res.StatusCode != http.StatusNotFound {
		t.Errorf("refused, and again: %s", res.Status)
	}
	// S3 itself can tell that a file has arrived; confirming it afterwards changes nothing.
	told := begin(testsite.Haru, len(content))
	take := func(key string) {
		t.Helper()
		if err := s.App.Media.TakeArrived(t.Context(), key); err != nil {
			t.Errorf("%s has arrived: %v", key, err)
		}
	}
	key := "site/incoming/" + told.ID
	take(key)
	if n := s.Scalar(t, "SELECT COUNT(*) FROM {blobs} WHERE blobid = ?", told.ID); n != 0 {
		t.Error("a file is taken in that has not arrived")
	}
	send(told, content)
	for _, key := range []string{"site/blobs/" + told.ID, "incoming/nothing", key, key} {
		take(key)
	}
	if n := s.Scalar(t, "SELECT COUNT(*) FROM {blobs} WHERE blobid = ? AND userid = 16", told.ID); n != 1 {
		t.Errorf("%d rows of the file that has arrived", n)
	}
	if res, body := confirm(told, testsite.Haru); res.StatusCode != http.StatusCreated {
		t.Errorf("confirmed after it was taken in: %s %s", res.Status, body)
	}
	bad = begin(testsite.Haru, 10)
	send(bad, []byte("no picture"))
	take("site/incoming/" + bad.ID)
	if res, body := confirm(bad, testsite.Haru); res.StatusCode != http.StatusUnprocessableEntity ||
		!strings.Contains(body, "no_picture") {
		t.Errorf("no picture, after it has arrived: %s %s", res.Status, body)
	}
	// Visitors are recognized by their cookies.
	asked := s.Send(t, testsite.Visitor, "POST", "/v1/media/uploads", object{
		"name": "a.jpg", "contentType": "image/jpeg", "bytes": len(content),
	})
	cookie := strings.TrimPrefix(strings.Split(asked.Header.Get("Set-Cookie"), ";")[0], "qa_id=")
	visitors := testsite.Decode[direct](t, asked)
	send(visitors, content)
	if res, _ := confirm(visitors, testsite.Visitor); res.StatusCode != http.StatusNotFound {
		t.Errorf("another visitor: %s", res.Status)
	}
	if res := s.Send(t, testsite.Visitor, "POST", visitors.Confirm, nil,
		testsite.AsBrowser(cookie)...); res.StatusCode != http.StatusCreated {
		t.Errorf("the visitor: %s %s", res.Status, testsite.Text(t, res))
	}
	// Files that are too large, and callers who may not upload, are refused.
	for code, c := range map[string]struct{ user, length int }{
		"body_too_large": {testsite.Haru, 1<<20 + 1}, "user_blocked": {testsite.Spammer99, 10},
	} {
		res := s.Send(t, c.user, "POST", "/v1/media/uploads", object{
			"name": "a.jpg", "contentType": "image/jpeg", "bytes": c.length,
		})
		if body := testsite.Text(t, res); res.StatusCode < 400 || !strings.Contains(body, code) {
			t.Errorf("%s: %s %s", code, res.Status, body)
		}
	}
	// Where uploads go to the database, for the old site, the rows have the bytes.
	s = open(config.UploadsToDatabase)
	both := begin(testsite.Haru, len(content))
	send(both, content)
	if res, body := confirm(both, testsite.Haru); res.StatusCode != http.StatusCreated {
		t.Errorf("%s %s", res.Status, body)
	}
	if n := s.Scalar(t,
		"SELECT COUNT(*) FROM {blobs} WHERE blobid = ? AND content IS NOT NULL", both.ID); n != 1 {
		t.Error("the old site would not find it")
	}
	// A file that is never sent is forgotten.
	begin(testsite.Haru, 10)
	now += 25 * 3600
	testsite.RunJob(t, s.App, "media-clean-up")
	if n := s.Scalar(t, "SELECT COUNT(*) FROM {q2ab_media} WHERE state = 'awaited'"); n != 0 {
		t.Errorf("%d are awaited still", n)
	}
}

// TestNoDirectUpload checks that a site that stores its files in a folder refuses direct uploads, and that
// the refused request changes nothing in the database.
func TestNoDirectUpload(t *testing.T) {
	t.Parallel()
	s := testsite.New(t)
	before := testsite.ReadTables(t, s.App.DB)
	res := s.Send(t, testsite.Haru, "POST", "/v1/media/uploads", object{
		"name": "a.jpg", "contentType": "image/jpeg", "bytes": 10,
	})
	if body := testsite.Text(t, res); res.StatusCode != http.StatusNotFound ||
		!strings.Contains(body, "no_direct_uploads") {
		t.Errorf("%s %s", res.Status, body)
	}
	if d := testsite.Describe(nil, before.Diff(testsite.ReadTables(t, s.App.DB))); len(d) > 0 {
		t.Errorf("traces:\n%s", strings.Join(d, "\n"))
	}
}
