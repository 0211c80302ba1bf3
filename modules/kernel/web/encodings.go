package web

import (
	"compress/gzip"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
)

// encoding is a way to compress responses.
type encoding struct {
	name string // in Accept-Encoding and Content-Encoding
	pool *sync.Pool
}

// compressor writes what it gets compressed to a writer, and can be used again with another one.
type compressor interface {
	io.WriteCloser
	Reset(w io.Writer)
}

// encodings are all ways to compress, the one that makes the smallest responses first. Their levels are those
// from which on a list takes much longer to compress than it gets smaller; see BenchmarkEncodings.
var encodings = []encoding{
	{"br", newPool(func() compressor { return brotli.NewWriterLevel(nil, 5) })},
	{"zstd", newPool(func() compressor {
		w, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(256<<10),
			zstd.WithLowerEncoderMem(true))
		if err != nil {
			panic(err) // only for options that do not exist
		}
		return w
	})},
	{"gzip", newPool(func() compressor {
		w, err := gzip.NewWriterLevel(nil, 5)
		if err != nil {
			panic(err) // only for a level that does not exist
		}
		return w
	})},
}

func newPool(create func() compressor) *sync.Pool {
	return &sync.Pool{New: func() any { return create() }}
}

// compress writes the body compressed to w.
func (e encoding) compress(w io.Writer, body []byte) {
	c := e.pool.Get().(compressor)
	defer e.pool.Put(c)
	c.Reset(w)
	_, _ = c.Write(body)
	_ = c.Close() // a client that went away gets nothing anyhow
}

// acceptedEncoding returns the encoding for the response to a request, and nil if the client accepts none. Of
// several it is the one that the client prefers or, if it prefers none, the one that makes the smallest
// response.
func acceptedEncoding(r *http.Request) *encoding {
	var best *encoding
	most := 0.0
	for i, e := range encodings {
		if weight := acceptance(r, e.name); weight > most {
			best, most = &encodings[i], weight
		}
	}
	return best
}

// Accepts reports whether the client of the request takes responses in an encoding, such as br.
func Accepts(r *http.Request, encoding string) bool { return acceptance(r, encoding) > 0 }

// acceptance returns the weight that the request gives to an encoding, from 0 (not accepted) to 1. "*" counts
// for gzip only: who accepts anything need not know the newer ones.
func acceptance(r *http.Request, encoding string) (weight float64) {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, params, _ := strings.Cut(part, ";")
		name = strings.ToLower(strings.TrimSpace(name))
		if name != encoding && (name != "*" || encoding != "gzip") {
			continue
		}
		given := 1.0
		if q, ok := strings.CutPrefix(strings.ReplaceAll(params, " ", ""), "q="); ok {
			given, _ = strconv.ParseFloat(q, 64) // what is no number is not accepted
		}
		if name == encoding {
			return given
		}
		weight = given
	}
	return weight
}
