package storage_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"38qa.net/backend/modules/media/internal/storage"
)

func testFile(t *testing.T) string {
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, []byte("outside"), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func openFolder(t *testing.T, address string) storage.Store {
	t.Helper()
	s, err := storage.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// files returns all files in a folder, including those that are no objects.
func files(t *testing.T, dir string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names = append(names, strings.TrimPrefix(path, dir+"/"))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "made", "by", "it")
	checkStore(t, openFolder(t, "file:"+dir))
	for _, name := range files(t, dir) {
		if strings.Contains(name, ".put-") {
			t.Errorf("%s was left", name)
		}
	}
}

func TestFolderAddresses(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	put(t, openFolder(t, "file:"+dir+"/x"), "a", "image/png", "a")
	for _, address := range []string{dir + "/x", "file://" + dir + "/x", "x", "./x", "file:x"} {
		if got := keys(t, openFolder(t, address), "", "", 0); got != "a" {
			t.Errorf("%s: %q", address, got)
		}
	}
}

// failing is a body that is shorter than Seek reports, or whose Read fails.
type failing struct {
	*strings.Reader
	err error
}

func (f failing) Read(p []byte) (int, error) {
	if f.Len() > 3 {
		return f.Reader.Read(p[:1])
	}
	return 0, f.err
}

func TestFolderKeepsTheOldOne(t *testing.T) {
	dir := t.TempDir()
	s := openFolder(t, dir)
	put(t, s, "a/b.png", "image/png", "old")
	ctx, cancel := context.WithCancel(t.Context())
	for _, c := range []struct {
		body io.ReadSeeker
		want error
	}{
		{failing{strings.NewReader("0123456789"), io.EOF}, storage.ErrSize},
		{failing{strings.NewReader("0123456789"), errors.New("broken")}, storage.ErrUnavailable},
		{cancelling{failing{strings.NewReader("0123456789"), io.EOF}, cancel}, context.Canceled},
	} {
		if err := s.Put(ctx, "a/b.png", "image/png", c.body, 10); !errors.Is(err, c.want) {
			t.Errorf("%v, want %v", err, c.want)
		}
		if content, _, err := get(t, s, "a/b.png", 0, -1); content != "old" || err != nil {
			t.Errorf("%q, %v", content, err)
		}
		if got := files(t, dir); len(got) != 1 {
			t.Errorf("left: %v", got)
		}
	}
}

// cancelling is a body that cancels the context when it is read.
type cancelling struct {
	failing
	cancel func()
}

func (c cancelling) Read(p []byte) (int, error) {
	c.cancel()
	return c.failing.Read(p)
}

// TestFolderHasNoWayOut checks that symbolic links which somebody has placed in the folder do not lead out of
// it.
func TestFolderHasNoWayOut(t *testing.T) {
	outside, dir := testFile(t), t.TempDir()
	s := openFolder(t, dir)
	for link, target := range map[string]string{
		"link.png": outside, "folder": filepath.Dir(outside), "up": "..",
	} {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	for _, key := range []string{"link.png", "folder/file", "up/x"} {
		if content, _, err := s.Get(t.Context(), key, 0, -1); err == nil {
			t.Errorf("%s was read: %v", key, content)
		}
	}
	if err := s.Put(t.Context(), "folder/new", "image/png", strings.NewReader("a"),
		1); !errors.Is(err, storage.ErrUnavailable) {
		t.Errorf("%v", err)
	}
	put(t, s, "link.png", "image/png", "replaced") // the link itself is replaced
	if content, err := os.ReadFile(outside); string(content) != "outside" || err != nil {
		t.Errorf("%q, %v", content, err)
	}
	if err := s.Delete(t.Context(), "folder"); err != nil {
		t.Error(err)
	}
	if content, err := os.ReadFile(outside); string(content) != "outside" || err != nil {
		t.Errorf("%q, %v", content, err)
	}
	if got := keys(t, s, "", "", 0); got != "link.png" {
		t.Errorf("listed: %s", got)
	}
}

// TestFolderReplacesAtOnce checks that readers see one whole object or the other while writers replace it.
func TestFolderReplacesAtOnce(t *testing.T) {
	s := openFolder(t, t.TempDir())
	content := func(i int) string { return strings.Repeat(fmt.Sprint(i), 100_000) }
	put(t, s, "a", "image/png", content(0))
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for range 10 {
				c := content(i)
				if err := s.Put(t.Context(), "a", "image/png", strings.NewReader(c),
					int64(len(c))); err != nil {
					t.Error(err)
				}
			}
		})
		wg.Go(func() {
			for range 30 {
				r, _, err := s.Get(t.Context(), "a", 0, -1)
				if err != nil {
					t.Error(err)
					return
				}
				got, err := io.ReadAll(r)
				r.Close()
				if err != nil || len(got) != 100_000 ||
					strings.Count(string(got), string(got[:1])) != len(got) {
					t.Errorf("a mixture of %d bytes, %v", len(got), err)
				}
			}
		})
	}
	wg.Wait()
}

// TestFolderTypes checks that no object gets a media type that a browser would run, whatever type it was
// stored with.
func TestFolderTypes(t *testing.T) {
	s := openFolder(t, t.TempDir())
	for key, c := range map[string][2]string{
		"a.JPG": {"x", "image/jpeg"}, "a.webp": {"x", "image/webp"}, "a.pdf": {"x", "application/pdf"}, "a": {jpegStart, "image/jpeg"}, "b": {"GIF89a", "image/gif"},
		"c": {"%PDF-1.7", "application/pdf"}, "a.html": {"<html><script>", "application/octet-stream"}, "a.svg": {"<svg>", "application/octet-stream"}, "d": {"<html>", "application/octet-stream"}, "e": {"", "application/octet-stream"},
	} {
		put(t, s, key, "text/html", c[0])
		if info, err := s.Stat(t.Context(), key); err != nil || info.ContentType != c[1] {
			t.Errorf("%s: %+v, %v", key, info, err)
		}
	}
}

func TestFolderThatIsGone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "x")
	s := openFolder(t, dir)
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := s.Put(t.Context(), "a/b", "image/png", strings.NewReader("a"),
		1); !errors.Is(err, storage.ErrUnavailable) {
		t.Errorf("%v", err)
	}
	if _, err := s.List(t.Context(), "", "", 0); !errors.Is(err, storage.ErrUnavailable) {
		t.Errorf("%v", err)
	}
}

func TestFolderSignsNothing(t *testing.T) {
	_, _, err := openFolder(t, t.TempDir()).Presign(t.Context(), "a", "image/png", 1, time.Minute)
	if !errors.Is(err, storage.ErrNotSupported) {
		t.Error(err)
	}
}
