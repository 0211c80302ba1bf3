package media_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"38qa.net/backend/config"
	"38qa.net/backend/modules/kernel/jobs"
	"38qa.net/backend/modules/testsite"
)

type thumbnail struct {
	ID, URL, SrcSet, BlurHash string
	Width, Height             int
}

// TestThumbnailsAfterUpload checks that the job of another process makes the thumbnails that an upload has
// announced, and that posts and lists show them.
func TestThumbnailsAfterUpload(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		url := db.Copy(t)
		s := testsite.New(t, testsite.On(url))
		folder := s.Store
		testsite.RunJob(t, s.App, "thumbnails") // for what the old site took in
		u := upload(t, s, testsite.Haru, "bees.jpg", gradient(t, 1200, 800))
		small := upload(t, s, testsite.Haru, "small.jpg", gradient(t, 100, 50))
		var moving bytes.Buffer
		frame := image.NewPaletted(image.Rect(0, 0, 600, 300), color.Palette{color.Black, color.White})
		if err := gif.EncodeAll(&moving, &gif.GIF{
			Image: []*image.Paletted{frame, frame}, Delay: []int{10, 10},
		}); err != nil {
			t.Fatal(err)
		}
		g := upload(t, s, testsite.Haru, "dance.gif", moving.Bytes())

		body := object{
			"title": "Where do the bees fly?", "format": "html", "categoryId": 2,
			"content": fmt.Sprintf(
				`<p>Look:</p><p><a href=%q><img src=%q></a></p><p><img src=%q><img src=%q></p>`,
				u.URL, u.URL, g.URL, small.URL),
		}
		res := s.Send(t, testsite.Haru, http.MethodPost, "/v1/questions", body)
		if res.StatusCode != http.StatusCreated {
			t.Fatalf("%s %s", res.Status, testsite.Text(t, res))
		}
		type question struct {
			ID            int
			Content, HTML string
			Thumbnail     *thumbnail
		}
		q := testsite.Decode[question](t, res)
		if want := `<img src="http://127.0.0.1:8802/?qa=blob&amp;qa_blobid=` +
			u.ID; !strings.Contains(q.Content, want) || strings.Contains(q.Content, "/v1/media") {
			t.Errorf("the old site would not show %s", q.Content)
		}
		// Before the job has run, sizes are known, and versions are made on request.
		if want := fmt.Sprintf(`<img src="/v1/media/%s" alt="image" srcset="/v1/media/%s?size=240 240w, /v1/media/%s?size=480 480w, /v1/media/%s?size=960 960w, /v1/media/%s 1200w" sizes="(max-width: 40rem) 100vw, 40rem" width="1200" height="800" loading="lazy" decoding="async">`,
			u.ID, u.ID, u.ID, u.ID, u.ID); !strings.Contains(q.HTML, want) {
			t.Errorf("no %s in %s", want, q.HTML)
		}

		// Another process runs the job, because this one may have died.
		other := testsite.New(t, testsite.On(url), testsite.Config(func(c *config.Config) {
			c.MediaURL = "file:" + folder
		}))
		run := testsite.RunJob(t, other.App, "thumbnails")
		if run.Done != 3 || run.Differences != 0 {
			t.Errorf("the job: %+v", run)
		}
		files := filesOf(t, folder)
		for _, want := range []string{
			u.ID + "/240.jpg", u.ID + "/480.jpg", u.ID + "/960.jpg", g.ID + "/240.jpg", g.ID + "/480.jpg",
		} {
			if files["thumbnails/"+shelfOf(want)+"/"+want] == nil {
				t.Errorf("no %s", want)
			}
		}
		for _, no := range []string{u.ID + "/1440.jpg", small.ID + "/240.jpg", g.ID + "/960.jpg"} {
			if files["thumbnails/"+shelfOf(no)+"/"+no] != nil {
				t.Errorf("%s is larger than the picture", no)
			}
		}
		s = testsite.New(t, testsite.On(url), testsite.Config(func(c *config.Config) {
			c.MediaURL = "file:" + folder
		}))
		path := fmt.Sprintf("/v1/questions/%d", q.ID)
		q = testsite.Get[question](t, s, path)
		if !strings.Contains(q.HTML, ` data-blurhash="L`) {
			t.Errorf("no BlurHash in %s", q.HTML)
		}
		for _, want := range []string{
			fmt.Sprintf(`<img src="/v1/media/%s" alt="image" width="600" height="300"`, g.ID),
			fmt.Sprintf(`<img src="/v1/media/%s" alt="image" width="100" height="50"`, small.ID),
		} {
			if !strings.Contains(q.HTML, want) {
				t.Errorf("no %s in %s", want, q.HTML)
			}
		}
		for _, list := range []string{
			"/v1/questions", "/v1/activity", "/v1/search?q=bees+fly", "/v1/questions?sort=hot&limit=100",
			"/v1/users/haru/questions",
		} {
			found := false
			type item struct {
				ID        int
				Thumbnail *thumbnail
				Question  *struct {
					ID        int
					Thumbnail *thumbnail
				}
			}
			for _, i := range testsite.Get[struct{ Items []item }](t, s, list).Items {
				if i.Question != nil {
					i.ID, i.Thumbnail = i.Question.ID, i.Question.Thumbnail
				}
				if i.ID != q.ID {
					continue
				}
				found = true
				want := thumbnail{ID: u.ID, URL: "/v1/media/" + u.ID + "?size=240", SrcSet: "/v1/media/" +
					u.ID + "?size=240 240w, /v1/media/" + u.ID + "?size=480 480w", Width: 240, Height: 160}
				if i.Thumbnail == nil || i.Thumbnail.BlurHash == "" {
					t.Errorf("%s: %+v", list, i.Thumbnail)
					continue
				}
				want.BlurHash = i.Thumbnail.BlurHash
				testsite.Same(t, list, *i.Thumbnail, want)
			}
			if !found {
				t.Errorf("%s does not have the question", list)
			}
		}
		if w, h := sizeOf(t, s, "/v1/media/"+u.ID+"?size=240"); w != 240 || h != 160 {
			t.Errorf("%d × %d", w, h)
		}
		if w, h := sizeOf(t, s, "/v1/media/"+u.ID+"?size=100&shape=square"); w != 100 || h != 100 {
			t.Errorf("square: %d × %d", w, h)
		}
		all := s.Statements(t, path)
		for range 3 { // options and categories are read again after a second
			all = shorter(all, s.Statements(t, path))
		}
		if len(all) > 1 {
			t.Errorf("a thread whose images are known takes %d statements: %s", len(all),
				strings.Join(all, "\n"))
		}
	})
}

// shorter returns the shorter of two lists.
func shorter(a, b []string) []string {
	if len(b) < len(a) {
		return b
	}
	return a
}

// shelfOf returns the folder of a file, from a name that begins with the id.
func shelfOf(name string) string {
	id, _, _ := strings.Cut(name, "/")
	return (strings.Repeat("0", 20-len(id)) + id)[:3]
}

// TestBrokenImages checks that broken images are marked, reported once and not tried again, that other files
// are not taken for images, and that missing files are looked for again a day later.
func TestBrokenImages(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		now, blobs := time.Now().Unix(), t.TempDir()
		s := testsite.New(t, db, testsite.Config(func(c *config.Config) {
			c.BlobsDir = blobs
		}), testsite.Clock(func() time.Time { return time.Unix(now, 0) }))
		ctx := context.Background()
		whole := gradient(t, 300, 200)
		for id, content := range map[string][]byte{
			"5000000000001": whole[:len(whole)/2], "5000000000002": []byte("<script>"),
			"5000000000003": whole,
		} {
			if _, err := s.App.DB.Exec(ctx,
				"INSERT INTO {blobs} (blobid, format, content, created) VALUES (?, 'jpg', ?, '2026-01-01')",
				id, content); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := s.App.DB.Exec(ctx,
			"INSERT INTO {blobs} (blobid, format, created) VALUES ('5000000000004', 'png', '2026-01-01')"); err != nil {
			t.Fatal(err)
		}
		run := testsite.RunJob(t, s.App, "thumbnails")
		if run.Differences != 4 { // with the recorded one on disk, whose folder is another here
			t.Errorf("%d broken: %s", run.Differences, run.Message)
		}
		if n := s.Scalar(t, "SELECT COUNT(*) FROM {q2ab_media} WHERE state = 'broken'"); n != 2 {
			t.Errorf("%d are marked", n)
		}
		if n := s.Scalar(t, "SELECT COUNT(*) FROM {q2ab_media} WHERE state = 'file'"); n != 1 {
			t.Errorf("%d are no pictures", n) // the recorded PDF
		}
		if run := testsite.RunJob(t, s.App, "thumbnails"); run.Done != 0 || run.Differences != 0 {
			t.Errorf("tried again: %+v", run)
		}
		for id, status := range map[string]int{
			"5000000000001": 422, "5000000000002": 422, "5000000000003": 200, "5000000000004": 404,
		} {
			if res := s.Request(t, http.MethodGet, "/v1/media/"+id+"?size=77",
				testsite.Visitor); res.StatusCode != status {
				t.Errorf("%s: %s", id, res.Status)
			}
		}
		// Now the folder is mounted.
		if err := os.MkdirAll(filepath.Join(blobs, "000"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(blobs, "000", "5000000000004.png"), whole, 0o600); err != nil {
			t.Fatal(err)
		}
		if run := testsite.RunJob(t, s.App, "thumbnails"); run.Done != 0 {
			t.Errorf("missing ones are looked for at once: %+v", run)
		}
		now += 25 * 3600
		if run := testsite.RunJob(t, s.App,
			"thumbnails"); run.Done != 2 || run.Differences != 1 || s.Scalar(t,
			"SELECT COUNT(*) FROM {q2ab_media} WHERE blobid = '5000000000004' AND state = 'ready'") != 1 {
			t.Errorf("missing ones a day later: %+v", run)
		}
	})
}

// TestSizesOnDemand checks that a missing size is made once, however many clients ask for it, and kept for
// other servers, but that only a limited number of sizes is kept.
func TestSizesOnDemand(t *testing.T) {
	t.Parallel()
	url := testsite.SQLite.Copy(t)
	s := testsite.New(t, testsite.On(url))
	folder := s.Store
	id := upload(t, s, testsite.Haru, "bees.jpg", gradient(t, 1200, 800)).ID
	var asking sync.WaitGroup
	bodies := make([]string, 20)
	for i := range bodies {
		asking.Go(func() {
			bodies[i] = testsite.Text(t,
				s.Request(t, http.MethodGet, "/v1/media/"+id+"?size=333", testsite.Visitor))
		})
	}
	asking.Wait()
	for _, b := range bodies {
		if b != bodies[0] || len(b) < 1000 {
			t.Fatal("answers differ")
		}
	}
	kept := filepath.Join(folder, "thumbnails", shelfOf(id), id, "333.jpg")
	if content, err := os.ReadFile(kept); err != nil || string(content) != bodies[0] {
		t.Fatalf("not kept: %v", err)
	}
	// Another server uses the kept thumbnail, which is replaced here by another picture so that the test can
	// tell.
	if err := os.WriteFile(kept, gradient(t, 33, 22), 0o600); err != nil {
		t.Fatal(err)
	}
	other := testsite.New(t, testsite.On(url), testsite.Config(func(c *config.Config) {
		c.MediaURL = "file:" + folder
	}))
	if w, _ := sizeOf(t, other, "/v1/media/"+id+"?size=333"); w != 33 {
		t.Errorf("made anew, %d wide", w)
	}
	for size := 400; size < 440; size++ {
		// As Q2A rounds, a picture may be one pixel narrower.
		if w, _ := sizeOf(t, s, fmt.Sprintf("/v1/media/%s?size=%d", id, size)); w != size && w != size-1 {
			t.Fatalf("size %d: %d wide", size, w)
		}
	}
	if files := filesOf(t, filepath.Join(folder, "thumbnails")); len(files) != 16 {
		t.Errorf("%d thumbnails are kept", len(files))
	}
}

// TestUploadsToStore checks that uploads to the store leave rows without bytes, as Q2A's rows are where its
// files are in a folder, and that files are served from the store as a whole and in part.
func TestUploadsToStore(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		url := db.Copy(t)
		s := testsite.New(t, testsite.On(url), testsite.Config(func(c *config.Config) {
			c.UploadsTo = config.UploadsToStore
		}))
		folder := s.Store
		content := gradient(t, 300, 200)
		u := upload(t, s, testsite.Haru, "bees.jpg", content)
		if n := s.Scalar(t,
			`SELECT COUNT(*)
				FROM {blobs}
				WHERE blobid = ? AND content IS NULL AND format = 'jpg' AND filename = 'bees.jpg'`,
			u.ID); n != 1 {
			t.Error("the row is another")
		}
		if filesOf(t, folder)[shelfOf(u.ID)+"/"+u.ID+".jpg"] == nil {
			t.Errorf("not in the store: %v", filesOf(t, folder))
		}
		whole := s.Request(t, http.MethodGet, u.URL, testsite.Visitor)
		body := testsite.Text(t, whole)
		if len(body) != u.Bytes || whole.Header.Get("Content-Type") != "image/jpeg" ||
			!strings.Contains(whole.Header.Get("Cache-Control"), "immutable") ||
			whole.Header.Get("ETag") == "" {
			t.Errorf("%d of %d bytes, %v", len(body), u.Bytes, whole.Header)
		}
		part := s.Request(t, http.MethodGet, u.URL, testsite.Visitor, "Range", "bytes=10-19")
		if got := testsite.Text(t, part); part.StatusCode != http.StatusPartialContent || got != body[10:20] {
			t.Errorf("a part: %s %q", part.Status, got)
		}
		end := s.Request(t, http.MethodGet, u.URL, testsite.Visitor, "Range", "bytes=-5")
		if got := testsite.Text(t, end); end.StatusCode != http.StatusPartialContent ||
			got != body[len(body)-5:] {
			t.Errorf("the end: %s %q", end.Status, got)
		}
		if res := s.Request(t, http.MethodGet, u.URL, testsite.Visitor, "If-None-Match",
			whole.Header.Get("ETag")); res.StatusCode != http.StatusNotModified {
			t.Errorf("known already: %s", res.Status)
		}
		// With a CDN, requests for objects of the store are redirected to it.
		testsite.RunJob(t, s.App, "thumbnails")
		cdn := testsite.New(t, testsite.On(url), testsite.Config(func(c *config.Config) {
			c.MediaURL, c.MediaCDN = "file:"+folder, "https://media.example/"
		}))
		for path, want := range map[string]string{
			u.URL:               "https://media.example/" + shelfOf(u.ID) + "/" + u.ID + ".jpg",
			u.URL + "?size=240": "https://media.example/thumbnails/" + shelfOf(u.ID) + "/" + u.ID + "/240.jpg",
			u.URL + "?size=241": "", "/v1/media/349191701032341547": "",
		} {
			if res := cdn.Request(t, http.MethodGet, path,
				testsite.Visitor); res.Header.Get("Location") != want || want == "" &&
				res.StatusCode != http.StatusOK {
				t.Errorf("GET %s: %s, %q", path, res.Status, res.Header.Get("Location"))
			}
		}
	})
}

// TestStoreDown checks that while the store is down, uploads are refused and leave nothing behind, and that
// files in the database are served, thumbnails included.
func TestStoreDown(t *testing.T) {
	t.Parallel()
	s := testsite.New(t, testsite.Config(func(c *config.Config) {
		c.MediaURL, c.UploadsTo = "s3://bucket?region=us-east-1&path-style=true&endpoint=http://127.0.0.1:1",
			config.UploadsToStore
	}))
	before := testsite.ReadTables(t, s.App.DB)
	res := uploading(t, s, testsite.Haru, "bees.jpg", gradient(t, 300, 200))
	if body := testsite.Text(t, res); res.StatusCode != http.StatusServiceUnavailable ||
		!strings.Contains(body, `"unavailable"`) {
		t.Errorf("%s %s", res.Status, body)
	}
	if d := testsite.Describe(nil, before.Diff(testsite.ReadTables(t, s.App.DB))); len(d) > 0 {
		t.Errorf("the refusal left traces:\n%s", strings.Join(d, "\n"))
	}
	if w, h := sizeOf(t, s, "/v1/media/426476911304401303?size=50"); w != 50 || h != 25 {
		t.Errorf("%d × %d", w, h)
	}
	if res := s.Request(t, http.MethodGet, "/readyz", testsite.Visitor); res.StatusCode != http.StatusOK {
		t.Errorf("not ready: %s", res.Status)
	}
	// The job reports that it failed, and the pictures go on waiting for their thumbnails.
	run, err := s.App.Jobs.Start(context.Background(), "thumbnails", jobs.Options{})
	if err == nil {
		err = s.App.Jobs.Work(context.Background(), run, nil)
	}
	n := s.Scalar(t, "SELECT COUNT(*) FROM {q2ab_media} WHERE state = 'waiting'")
	if err == nil || run.Status != jobs.Failed || n == 0 {
		t.Errorf("the job: %v %s, %d wait", err, run.Status, n)
	}
}

// TestUploadOfOtherFiles checks that files of all kinds are accepted where the site's editor accepts them,
// unless their names pretend that they are pictures.
func TestUploadOfOtherFiles(t *testing.T) {
	s := testsite.New(t)
	pdf := []byte("%PDF-1.4\n" + strings.Repeat("bees ", 5000))
	if res := uploading(t, s, testsite.Haru, "plan.pdf",
		pdf); res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("not allowed: %s", res.Status)
	}
	if _, err := s.App.DB.Exec(context.Background(),
		"UPDATE {options} SET content = '1' WHERE title = 'wysiwyg_editor_upload_all'"); err != nil {
		t.Fatal(err)
	}
	s = testsite.New(t, testsite.On(s.Database))
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	for name, want := range map[string]struct{ format, contentType, disposition string }{
		"plan.pdf": {"pdf", "application/pdf", `inline; filename="plan.pdf"`}, "page.HTML": {"html", "application/octet-stream", `attachment; filename="page.HTML"`},
		"x.jpg": {}, "x": {}, "x.ｊｓ": {},
	} {
		res := uploading(t, s, testsite.Haru, name, pdf)
		if want.format == "" {
			if body := testsite.Text(t, res); res.StatusCode != http.StatusUnprocessableEntity ||
				!strings.Contains(body, "no_picture") {
				t.Errorf("%s: %s %s", name, res.Status, body)
			}
			continue
		}
		body := testsite.Text(t, res)
		var u uploaded
		if err := json.Unmarshal([]byte(body), &u); err != nil || res.StatusCode != http.StatusCreated ||
			u.Format != want.format {
			t.Errorf("%s: %s %s", name, res.Status, body)
			continue
		}
		got := s.Request(t, http.MethodGet, u.URL, testsite.Visitor)
		if testsite.Text(t, got) != string(pdf) || got.Header.Get("Content-Type") != want.contentType ||
			got.Header.Get("Content-Disposition") != want.disposition {
			t.Errorf("%s is served as %v", name, got.Header)
		}
	}
	if left := filesOf(t, temporary); len(left) != 0 {
		t.Errorf("uploads leave files: %v", left)
	}
}
