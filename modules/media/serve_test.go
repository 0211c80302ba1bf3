package media

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"38qa.net/backend/modules/media/internal/storage"
	"38qa.net/backend/modules/site"
)

// counted is a store that counts how often it is read.
type counted struct {
	storage.Store
	gets int
}

func (c *counted) Get(
	ctx context.Context, key string, from, length int64,
) (io.ReadCloser, storage.Info, error) {
	c.gets++
	return c.Store.Get(ctx, key, from, length)
}

// TestStoredObjects checks that an object of the store can be read like a file, and that a whole response or
// a part takes few requests to the store.
func TestStoredObjects(t *testing.T) {
	folder, err := storage.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	content := []byte(strings.Repeat("0123456789", 50_000))
	if err := folder.Put(t.Context(), "000/7.jpg", "image/jpeg", bytes.NewReader(content),
		int64(len(content))); err != nil {
		t.Fatal(err)
	}
	store := &counted{Store: folder}
	m := &Module{store: store}
	b := &blob{id: "7", format: "jpg", place: Store}
	open := func() io.ReadSeeker {
		store.gets = 0
		r, err := m.stream(t.Context(), b)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { r.(*object).Close() })
		return r
	}
	if err := iotest.TestReader(open(), content); err != nil {
		t.Error(err)
	}
	if got, err := io.ReadAll(open()); err != nil || !bytes.Equal(got, content) || store.gets != 1 {
		t.Errorf("%d bytes, %v, in %d requests", len(got), err, store.gets)
	}
	if _, err := open().Seek(-1, io.SeekStart); err == nil {
		t.Error("there is something before the beginning")
	}
	for header, want := range map[string]struct {
		status, gets int
		body         []byte
	}{
		"": {200, 1, content}, "bytes=10-19": {206, 2, content[10:20]}, "bytes=-3": {206, 2, content[len(content)-3:]}, "bytes=0-4": {206, 1, content[:5]}, "bytes=900000-": {416, 1, nil},
	} {
		w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", http.NoBody)
		if header != "" {
			r.Header.Set("Range", header)
		}
		w.Header().Set("Content-Type", "image/jpeg")
		http.ServeContent(w, r, "", time.Time{}, open())
		if w.Code != want.status || want.body != nil && !bytes.Equal(w.Body.Bytes(), want.body) ||
			store.gets > want.gets {
			t.Errorf("%q: %d, %d bytes, %d requests of the store", header, w.Code, w.Body.Len(), store.gets)
		}
	}
	if _, err := m.fetch(t.Context(), "000/8.jpg"); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("what is not there: %v", err)
	}
}

// TestPictures checks what clients are told about an image, depending on what is recorded about it.
func TestPictures(t *testing.T) {
	known := func(r record, cdn string) Picture {
		m := &Module{
			site:     site.New(nil, site.Settings{PublicURL: "https://api.example"}),
			settings: Settings{Sizes: []int{240, 480, 960}, CDN: cdn},
		}
		return m.picture("10049731480559611771", r)
	}
	address := func(size string) string {
		return "https://api.example/v1/media/10049731480559611771" + size
	}
	for _, c := range []struct {
		what          string
		r             record
		cdn           string
		url, smallest string
		sources       int
	}{
		{"large", record{state: stateReady, width: 1200, height: 800, still: true}, "", address(""), address("?size=240"), 3},
		{"small", record{state: stateReady, width: 200, height: 240, still: true}, "", address(""), address(""), 0},
		{"not much larger", record{state: stateReady, width: 200, height: 241, still: true}, "", address(""), address("?size=240"), 1},
		{"moving", record{state: stateReady, width: 1200, height: 800}, "", address(""), address("?size=240"), 0},
		{"at the CDN", record{state: stateReady, width: 1200, height: 800, still: true, stored: true, format: "jpg"}, "https://cdn.example",
			"https://cdn.example/100/10049731480559611771.jpg", "https://cdn.example/thumbnails/100/10049731480559611771/240.jpg", 3},
		{"in the database, thumbnails at the CDN", record{state: stateReady, width: 1200, height: 800, still: true, format: "jpg"}, "https://cdn.example",
			address(""), "https://cdn.example/thumbnails/100/10049731480559611771/240.jpg", 3},
		{"thumbnails to come", record{state: stateWaiting, width: 1200, height: 800, still: true, stored: true, format: "jpg"}, "https://cdn.example",
			"https://cdn.example/100/10049731480559611771.jpg", address("?size=240"), 3},
	} {
		p := known(c.r, c.cdn)
		if p.URL != c.url || p.Thumbnail.URL != c.smallest || len(p.Sources) != c.sources {
			t.Errorf("%s: %+v", c.what, p)
		}
		for _, s := range p.Sources {
			if s.Width >= p.Width || s.Height >= p.Height || max(s.Width, s.Height) > 960 {
				t.Errorf("%s: %+v", c.what, s)
			}
		}
	}
}
