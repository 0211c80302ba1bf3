package web

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/cespare/xxhash/v2"
	"github.com/labstack/echo/v4"
)

// compressFrom is the size, in bytes, under which an answer is not worth compressing.
const compressFrom = 1024

// conditional gives each successful GET a strong entity tag, answers 304 when the client has that version already, and
// compresses. It holds the answer back until it is whole; a handler that flushes (a stream) is passed through.
func conditional(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		res := c.Response()
		held := buffers.Get().(*heldResponse)
		*held = heldResponse{ResponseWriter: res.Writer, body: held.body}
		held.body.Reset()
		res.Writer = held
		err := next(c)
		if err != nil {
			c.Error(err)
		}
		res.Writer = held.ResponseWriter
		if !held.streaming {
			held.finish(c.Request())
		}
		if held.body.Cap() <= 1<<20 {
			held.ResponseWriter = nil
			buffers.Put(held)
		}
		return nil
	}
}

var buffers = sync.Pool{New: func() any { return &heldResponse{body: &bytes.Buffer{}} }}

var compressors = sync.Pool{New: func() any {
	w, err := gzip.NewWriterLevel(nil, gzip.BestSpeed)
	if err != nil {
		panic(err) // only for a level that does not exist
	}
	return w
}}

// heldResponse collects status and body until finish.
type heldResponse struct {
	http.ResponseWriter
	body      *bytes.Buffer
	status    int
	streaming bool
}

func (h *heldResponse) WriteHeader(status int) {
	if h.streaming {
		h.ResponseWriter.WriteHeader(status)
		return
	}
	h.status = status
}

func (h *heldResponse) Write(p []byte) (int, error) {
	if h.streaming {
		return h.ResponseWriter.Write(p)
	}
	return h.body.Write(p)
}

// Flush turns the answer into a stream: what was held goes out, and from here nothing is held.
func (h *heldResponse) Flush() {
	if !h.streaming {
		h.streaming = true
		if h.status != 0 {
			h.ResponseWriter.WriteHeader(h.status)
		}
		_, _ = h.ResponseWriter.Write(h.body.Bytes())
	}
	if f, ok := h.ResponseWriter.(http.Flusher); ok {
		f.Flush()
	}
}

// Hijack hands the connection over, for protocols that leave HTTP.
func (h *heldResponse) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	if hijacker, ok := h.ResponseWriter.(http.Hijacker); ok {
		h.streaming = true
		return hijacker.Hijack()
	}
	return nil, nil, errors.ErrUnsupported
}

// Unwrap lets http.ResponseController reach the connection.
func (h *heldResponse) Unwrap() http.ResponseWriter { return h.ResponseWriter }

// streamTime is how long a client may take to get a large file.
const streamTime = 10 * time.Minute

// Stream lets an answer out as it is written, for large files: it is not held until it is complete, and slow clients get the time that it takes. Its ETag,
// if it has one, and what follows from If-None-Match are its writer's to see to.
func Stream(w http.ResponseWriter) {
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(streamTime)) // tests have connections without deadlines
	for {
		if h, ok := w.(*heldResponse); ok {
			h.streaming = true
			return
		}
		wrapping, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			return
		}
		w = wrapping.Unwrap()
	}
}

// finish sends the answer.
func (h *heldResponse) finish(r *http.Request) {
	header := h.Header()
	if h.status == 0 {
		h.status = http.StatusOK
	}
	body := h.body.Bytes()
	addVary(header, "Accept-Encoding")
	compress := len(body) >= compressFrom && header.Get("Content-Encoding") == "" && compressible(header.Get("Content-Type")) && acceptsGzip(r)
	if r.Method == http.MethodGet && h.status == http.StatusOK {
		if header.Get("Cache-Control") == "" {
			// Always ask again; the answer is a cheap 304 as long as nothing changed.
			header.Set("Cache-Control", "no-cache")
		}
		addVary(header, "Authorization")
		tag := header.Get("ETag")
		if tag == "" {
			tag = `"` + strconv.FormatUint(xxhash.Sum64(body), 36) + `"`
		}
		if revision, ok := strings.CutSuffix(tag, `."`); ok { // of RevisionTag
			tag = revision + "." + strconv.FormatUint(xxhash.Sum64(body), 36) + `"`
		}
		if compress {
			tag = strings.TrimSuffix(tag, `"`) + `-gzip"`
		}
		header.Set("ETag", tag)
		if matches(r.Header.Get("If-None-Match"), tag) {
			header.Del("Content-Type")
			header.Del("Content-Length")
			h.ResponseWriter.WriteHeader(http.StatusNotModified)
			return
		}
	}
	if !compress {
		if h.status != http.StatusNoContent && h.status != http.StatusNotModified {
			header.Set("Content-Length", strconv.Itoa(len(body)))
		}
		h.ResponseWriter.WriteHeader(h.status)
		_, _ = h.ResponseWriter.Write(body)
		return
	}
	header.Set("Content-Encoding", "gzip")
	header.Del("Content-Length")
	h.ResponseWriter.WriteHeader(h.status)
	w := compressors.Get().(*gzip.Writer)
	defer compressors.Put(w)
	w.Reset(h.ResponseWriter)
	_, _ = w.Write(body)
	_ = w.Close() // a client that went away gets nothing anyhow
}

func addVary(h http.Header, name string) {
	for _, v := range h.Values("Vary") {
		if strings.Contains(v, name) {
			return
		}
	}
	h.Add("Vary", name)
}

func compressible(contentType string) bool {
	return strings.HasPrefix(contentType, "text/") || strings.Contains(contentType, "json") ||
		strings.Contains(contentType, "xml") || strings.Contains(contentType, "javascript") || strings.Contains(contentType, "yaml")
}

func acceptsGzip(r *http.Request) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, params, _ := strings.Cut(strings.TrimSpace(part), ";")
		if name = strings.TrimSpace(name); name != "gzip" && name != "*" {
			continue
		}
		weight := strings.ReplaceAll(params, " ", "")
		return weight != "q=0" && weight != "q=0.0" && weight != "q=0.00" && weight != "q=0.000"
	}
	return false
}

// matches tells whether the header If-None-Match names the tag; the weak form of it counts too (RFC 9110, 13.1.2).
func matches(header, tag string) bool {
	if strings.TrimSpace(header) == "*" {
		return true
	}
	for part := range strings.SplitSeq(header, ",") {
		if strings.TrimPrefix(strings.TrimSpace(part), "W/") == tag {
			return true
		}
	}
	return false
}
