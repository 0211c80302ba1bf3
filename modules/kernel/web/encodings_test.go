package web

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
	"github.com/labstack/echo/v4"
)

// expand returns the body of a response as it was before it was compressed.
func expand(t *testing.T, encoding string, body []byte) string {
	t.Helper()
	var r io.Reader = bytes.NewReader(body)
	switch encoding {
	case "br":
		r = brotli.NewReader(r)
	case "zstd":
		z, err := zstd.NewReader(r)
		if err != nil {
			t.Fatal(err)
		}
		defer z.Close()
		r = z
	case "gzip":
		z, err := gzip.NewReader(r)
		if err != nil {
			t.Fatal(err)
		}
		r = z
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestEncodings checks which encoding a response gets for each Accept-Encoding, that the body is whole in each,
// and that each has an entity tag of its own which is good for If-None-Match.
func TestEncodings(t *testing.T) {
	t.Parallel()
	s := New(Settings{})
	text := strings.Repeat(`{"title":"蜂蜜"},`, 500)
	s.Router().GET("/list", func(c echo.Context) error { return c.JSONBlob(http.StatusOK, []byte(text)) })
	tags := map[string]string{}
	for accept, want := range map[string]string{
		"": "", "identity": "", "gzip": "gzip", "*": "gzip", "gzip, deflate, br, zstd": "br",
		"gzip, zstd": "zstd", "GZIP": "gzip", "br;q=0, gzip": "gzip", "br;q=0.5, gzip;q=0.8": "gzip",
		"br;q=0.000, *;q=0": "", "gzip;q=0": "", "br;q=nonsense, gzip": "gzip", "*;q=0.1, gzip;q=0": "",
	} {
		t.Run(accept, func(t *testing.T) {
			get := func(header ...string) *httptest.ResponseRecorder {
				r := httptest.NewRequest(http.MethodGet, "/list", nil)
				r.Header.Set("Accept-Encoding", accept)
				for i := 0; i < len(header); i += 2 {
					r.Header.Set(header[i], header[i+1])
				}
				w := httptest.NewRecorder()
				s.ServeHTTP(w, r)
				return w
			}
			res := get()
			got := res.Header().Get("Content-Encoding")
			if got != want {
				t.Fatalf("encoded as %q, want %q", got, want)
			}
			if want != "" && res.Body.Len()*5 > len(text) {
				t.Errorf("%d of %d bytes", res.Body.Len(), len(text))
			}
			if expand(t, got, res.Body.Bytes()) != text {
				t.Error("the body is another one")
			}
			tags[got] = res.Header().Get("ETag")
			if again := get("If-None-Match", tags[got]); again.Code != http.StatusNotModified {
				t.Errorf("the same again: %d", again.Code)
			}
		})
	}
	for a, tag := range tags {
		for b, other := range tags {
			if a != b && tag == other {
				t.Errorf("%q and %q have the same ETag %s", a, b, tag)
			}
		}
	}
}

// TestFingerprint checks that the values of volatile fields do not count, wherever they stand, and that
// everything else does.
func TestFingerprint(t *testing.T) {
	t.Parallel()
	volatile := [][]byte{[]byte(`"views":`), []byte(`"heat":`)}
	sum := func(body string) string { s, _ := fingerprint([]byte(body), volatile); return s }
	const body = `{"items":[{"id":1,"heat":2.5,"views":3,"title":"a"},{"id":2,"views":30}]}`
	for name, c := range map[string]struct {
		other string
		same  bool
	}{
		"other views":             {`{"items":[{"id":1,"heat":2.5,"views":4000,"title":"a"},{"id":2,"views":31}]}`, true},
		"other heat":              {`{"items":[{"id":1,"heat":-1e9,"views":3,"title":"a"},{"id":2,"views":30}]}`, true},
		"another id":              {`{"items":[{"id":7,"heat":2.5,"views":3,"title":"a"},{"id":2,"views":30}]}`, false},
		"a title like a field":    {`{"items":[{"id":1,"heat":2.5,"views":3,"title":"views\":4"},{"id":2,"views":30}]}`, false},
		"what follows the number": {`{"items":[{"id":1,"heat":2.5,"views":3,"title":"a"},{"id":2,"views":30}],"x":1}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			if same := sum(c.other) == sum(body); same != c.same {
				t.Errorf("the same: %v, want %v", same, c.same)
			}
		})
	}
	for _, c := range []struct {
		body string
		weak bool
	}{
		{body, true}, {`{"id":1}`, false}, {`{"properties":{"views":{"type":"integer"}}}`, false},
		{`{"views":1}`, true},
	} {
		if _, weak := fingerprint([]byte(c.body), volatile); weak != c.weak {
			t.Errorf("%s: weak %v", c.body, weak)
		}
	}
}

// BenchmarkEncodings measures how long a list of 20 questions takes to compress in each encoding, and how small
// it gets.
func BenchmarkEncodings(b *testing.B) {
	var list bytes.Buffer
	for i := range 20 {
		fmt.Fprintf(&list, `{"id":%d,"state":"visible","author":{"id":%d,"handle":"user%d","level":"basic"},`+
			`"votes":{"net":%d,"up":3,"down":0},"title":"Question number %d about honey and %x"},`,
			i*7, i*31, i*31, i, i, i*7919)
	}
	for _, e := range encodings {
		b.Run(e.name, func(b *testing.B) {
			var out bytes.Buffer
			for b.Loop() {
				out.Reset()
				e.compress(&out, list.Bytes())
			}
			b.ReportMetric(float64(out.Len())/float64(list.Len()), "ratio")
		})
	}
}
