package storage_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"38qa.net/backend/modules/media/internal/storage"
)

func put(t *testing.T, s storage.Store, key, contentType, content string) {
	t.Helper()
	if err := s.Put(t.Context(), key, contentType, strings.NewReader(content),
		int64(len(content))); err != nil {
		t.Fatalf("put %s: %v", key, err)
	}
}

func get(t *testing.T, s storage.Store, key string, from, length int64) (string, storage.Info, error) {
	t.Helper()
	r, info, err := s.Get(t.Context(), key, from, length)
	if err != nil {
		return "", info, err
	}
	defer r.Close()
	content, err := io.ReadAll(r)
	if err != nil {
		t.Fatalf("read %s: %v", key, err)
	}
	return string(content), info, nil
}

func keys(t *testing.T, s storage.Store, prefix, after string, limit int) string {
	t.Helper()
	found, err := s.List(t.Context(), prefix, after, limit)
	if err != nil {
		t.Fatalf("list: %v", err)
	}
	var all []string
	for _, o := range found {
		all = append(all, o.Key)
	}
	return strings.Join(all, " ")
}

const jpegStart = "\xff\xd8\xff\xe0\x00\x10JFIF"

// checkStore checks what all stores must do. The store must be empty at first.
func checkStore(t *testing.T, s storage.Store) {
	t.Run("put, stat, get", func(t *testing.T) {
		put(t, s, "2026/11/a.jpg", "image/jpeg", jpegStart)
		info, err := s.Stat(t.Context(), "2026/11/a.jpg")
		if err != nil || info.Size != int64(len(jpegStart)) || info.ContentType != "image/jpeg" ||
			time.Since(info.Modified).Abs() > time.Minute {
			t.Errorf("%+v, %v", info, err)
		}
		content, again, err := get(t, s, "2026/11/a.jpg", 0, -1)
		if content != jpegStart || again != info || err != nil {
			t.Errorf("%q, %+v, %v", content, again, err)
		}
	})
	t.Run("replace", func(t *testing.T) {
		put(t, s, "replaced.png", "image/png", "the first one")
		r, _, err := s.Get(t.Context(), "replaced.png", 0, -1)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		put(t, s, "replaced.png", "image/png", "second")
		if content, _, err := get(t, s, "replaced.png", 0, -1); content != "second" || err != nil {
			t.Errorf("%q, %v", content, err)
		}
		if old, err := io.ReadAll(r); string(old) != "the first one" || err != nil {
			t.Errorf("the reader of the old one got %q, %v", old, err)
		}
	})
	t.Run("parts", func(t *testing.T) { checkParts(t, s) })
	t.Run("missing", func(t *testing.T) {
		for _, key := range []string{
			"missing.jpg", "2026/11/missing.jpg", "2026", "2026/11", "2026/11/a.jpg/b",
		} {
			if _, _, err := s.Get(t.Context(), key, 0, -1); !errors.Is(err, storage.ErrNotFound) {
				t.Errorf("get %s: %v", key, err)
			}
			if _, err := s.Stat(t.Context(), key); !errors.Is(err, storage.ErrNotFound) {
				t.Errorf("stat %s: %v", key, err)
			}
			if err := s.Delete(t.Context(), key); err != nil {
				t.Errorf("delete %s: %v", key, err)
			}
		}
	})
	t.Run("delete", func(t *testing.T) {
		put(t, s, "deleted", "image/gif", "x")
		for range 2 {
			if err := s.Delete(t.Context(), "deleted"); err != nil {
				t.Error(err)
			}
		}
		if _, err := s.Stat(t.Context(), "deleted"); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("%v", err)
		}
	})
	t.Run("list", func(t *testing.T) { checkList(t, s) })
	t.Run("keys", func(t *testing.T) { checkKeys(t, s) })
	t.Run("size", func(t *testing.T) {
		for _, size := range []int64{0, 3, 5} {
			if err := s.Put(t.Context(), "sized", "image/png", strings.NewReader("four"),
				size); !errors.Is(err, storage.ErrSize) {
				t.Errorf("%d: %v", size, err)
			}
		}
		if _, err := s.Stat(t.Context(), "sized"); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("%v", err)
		}
		// A body of which a part has been read is stored from there on.
		body := bytes.NewReader([]byte("0123456789"))
		if _, err := body.Seek(4, io.SeekStart); err != nil {
			t.Fatal(err)
		}
		if err := s.Put(t.Context(), "sized", "image/png", body, 6); err != nil {
			t.Fatal(err)
		}
		if content, _, err := get(t, s, "sized", 0, -1); content != "456789" || err != nil {
			t.Errorf("%q, %v", content, err)
		}
	})
	t.Run("cancelled", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := s.Put(ctx, "cancelled", "image/png", strings.NewReader("a"),
			1); !errors.Is(err, context.Canceled) || errors.Is(err, storage.ErrUnavailable) {
			t.Errorf("put: %v", err)
		}
		if _, _, err := s.Get(ctx, "replaced.png", 0, -1); !errors.Is(err, context.Canceled) {
			t.Errorf("get: %v", err)
		}
		if _, err := s.List(ctx, "", "", 0); !errors.Is(err, context.Canceled) {
			t.Errorf("list: %v", err)
		}
		if _, err := s.Stat(t.Context(), "cancelled"); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("%v", err)
		}
	})
}

func checkParts(t *testing.T, s storage.Store) {
	put(t, s, "parts", "image/png", "0123456789")
	put(t, s, "empty", "image/png", "")
	for _, c := range []struct {
		key          string
		from, length int64
		want         string
		size         int64
		err          error
	}{
		{"parts", 0, -1, "0123456789", 10, nil}, {"parts", 0, 4, "0123", 10, nil}, {"parts", 3, 4, "3456", 10, nil}, {"parts", 7, -1, "789", 10, nil},
		{"parts", 7, 100, "789", 10, nil}, {"parts", 9, 1, "9", 10, nil}, {"parts", 0, 0, "", 10, nil}, {"parts", 4, 0, "", 10, nil},
		{"parts", 10, 1, "", 0, storage.ErrRange}, {"parts", 11, -1, "", 0, storage.ErrRange}, {"parts", -1, 3, "", 0, storage.ErrRange},
		{"empty", 0, -1, "", 0, nil}, {"empty", 0, 5, "", 0, nil}, {"empty", 1, 5, "", 0, storage.ErrRange},
	} {
		content, info, err := get(t, s, c.key, c.from, c.length)
		if content != c.want || !errors.Is(err, c.err) || err == nil && info.Size != c.size {
			t.Errorf("%s from %d, %d long: %q, %+v, %v", c.key, c.from, c.length, content, info, err)
		}
	}
}

func checkList(t *testing.T, s storage.Store) {
	all := []string{"l/a", "l/a-b", "l/a.c", "l/a0/x", "l/b/1", "l/b/2", "l/b/3/4", "l/b0", "l/c"}
	for _, k := range []string{
		"l/b/2", "l/c", "l/a", "l/b/1", "l/a0/x", "l/b0", "l/a.c", "l/b/3/4", "l/a-b",
	} {
		put(t, s, k, "image/png", k)
	}
	for _, prefix := range []string{"l/", "l/a", "l/b/", "l/b", "l/b/3", "l/z", "l"} {
		for _, after := range append([]string{"", "l/b/", "l/b/2x", "k", "zz"}, all...) {
			for _, limit := range []int{0, 1, 2, 5, 100} {
				var want []string
				for _, k := range all {
					if strings.HasPrefix(k, prefix) && k > after && (limit == 0 || len(want) < limit) {
						want = append(want, k)
					}
				}
				if got := keys(t, s, prefix, after, limit); got != strings.Join(want, " ") {
					t.Errorf("%q after %q, %d: %s, want %v", prefix, after, limit, got, want)
				}
			}
		}
	}
	found, err := s.List(t.Context(), "l/b/3", "", 0)
	if err != nil || len(found) != 1 || found[0].Size != 7 ||
		time.Since(found[0].Modified).Abs() > time.Minute {
		t.Errorf("%+v, %v", found, err)
	}
	// The pages together contain every object once.
	var walked []string
	for after := ""; ; {
		page, err := s.List(t.Context(), "l/", after, 4)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range page {
			walked = append(walked, o.Key)
		}
		if len(page) < 4 {
			break
		}
		after = page[3].Key
	}
	if !slices.Equal(walked, all) {
		t.Errorf("page by page: %v", walked)
	}
}

func checkKeys(t *testing.T, s storage.Store) {
	for _, key := range []string{
		"", "/", "/a", "a/", "a//b", ".", "..", "../a", "a/../b", "a/./b", "a/..", ".a", "a/.b", "-a", "a b",
		"a\\b", "a\x00", "a\nb", "ä", "a%2fb", "a?b", "a:b", strings.Repeat("a", 201),
		strings.Repeat("a/", 300) + "a",
	} {
		if err := s.Put(t.Context(), key, "image/png", strings.NewReader("a"),
			1); !errors.Is(err, storage.ErrKey) {
			t.Errorf("put %q: %v", key, err)
		}
		if _, _, err := s.Get(t.Context(), key, 0, -1); !errors.Is(err, storage.ErrKey) {
			t.Errorf("get %q: %v", key, err)
		}
		if _, err := s.Stat(t.Context(), key); !errors.Is(err, storage.ErrKey) {
			t.Errorf("stat %q: %v", key, err)
		}
		if err := s.Delete(t.Context(), key); !errors.Is(err, storage.ErrKey) {
			t.Errorf("delete %q: %v", key, err)
		}
	}
	for _, key := range []string{"a.b-c_d", "_", "0", "keys/A/9/z.webp", strings.Repeat("k", 200)} {
		put(t, s, key, "image/png", "a")
	}
}

func TestOpenRefusesOddAddresses(t *testing.T) {
	t.Setenv("AWS_REGION", "")
	t.Setenv("AWS_DEFAULT_REGION", "")
	t.Setenv("AWS_CONFIG_FILE", t.TempDir()+"/none")
	for address, words := range map[string]string{
		"":                            "no address",
		"gs://bucket":                 "starts with",
		"s3://":                       "s3://bucket",
		"s3:bucket":                   "s3://bucket",
		"s3://me:secret@bucket":       "s3://bucket",
		"s3://bucket":                 "region",
		"s3://bucket/a/../b?region=x": "prefix",
		"s3://bucket?regoin=x":        "regoin",
		"s3://bucket?region=x&endpoint=localhost":   "endpoint",
		"s3://bucket?region=x&path-style=sometimes": "path-style",
		"file:" + testFile(t):                       "folder",
	} {
		if _, err := storage.Open(t.Context(), address); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%s: %v, which does not say %q", address, err, words)
		}
	}
}

func ExampleValidKey() {
	fmt.Println(storage.ValidKey("2026/11/abc.jpg"), storage.ValidKey("../etc/passwd"))
	// Output: true false
}
