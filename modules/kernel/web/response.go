package web

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/cespare/xxhash/v2"
	"github.com/labstack/echo/v4"
)

// compressFrom is the size, in bytes, from which a response is worth compressing.
const compressFrom = 1024

// conditional is a middleware that gives each successful response to a GET a strong entity tag,
// responds with 304 if the client has that version already, and compresses responses. It holds a
// response back until it is complete, unless the handler flushes it (a stream).
//
// If a handler panics or fails after it began to write, a response that is still held back is
// discarded. One that has been sent in part is cut off, so that the client does not take it for
// complete.
func conditional(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		res := c.Response()
		before := maps.Clone(res.Header())
		held := buffers.Get().(*heldResponse)
		*held = heldResponse{ResponseWriter: res.Writer, body: held.body}
		held.body.Reset()
		res.Writer = held
		returned := false
		defer func() { // the buffer of a handler that panicked is not used again
			res.Writer = held.ResponseWriter
			if !returned {
				held.takeBack(res, before)
			}
		}()
		if err := next(c); err != nil {
			held.fail(c, before, err)
		}
		returned = true
		res.Writer = held.ResponseWriter
		if !held.sent {
			res.Status, res.Size = held.finish(c.Request())
		}
		if held.body.Cap() <= 1<<20 {
			buffers.Put(&heldResponse{body: held.body})
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

// heldResponse collects the status and body of a response until finish sends them.
type heldResponse struct {
	http.ResponseWriter
	body      *bytes.Buffer
	status    int
	streaming bool
	// sent reports whether the client may have received part of the response.
	sent bool
}

// takeBack discards the held response and the headers that its handler set. What has been sent stays
// as it is.
func (h *heldResponse) takeBack(res *echo.Response, before http.Header) {
	if h.sent {
		res.Committed = true // also after a mere flush, of which Echo does not know
		return
	}
	h.body.Reset()
	h.status = 0
	clear(res.Header())
	maps.Copy(res.Header(), before)
	res.Committed, res.Status, res.Size = false, http.StatusOK, 0
}

// fail writes the response for a handler's error in place of what the handler may have written.
func (h *heldResponse) fail(c echo.Context, before http.Header, err error) {
	if res := c.Response(); res.Committed || h.sent {
		if h.takeBack(res, before); h.sent {
			slog.WarnContext(c.Request().Context(), "response cut off", "error", err)
			panic(http.ErrAbortHandler)
		}
	}
	c.Error(err)
}

func (h *heldResponse) WriteHeader(status int) {
	if h.streaming {
		h.sent = true
		h.ResponseWriter.WriteHeader(status)
		return
	}
	h.status = status
}

func (h *heldResponse) Write(p []byte) (int, error) {
	if h.streaming {
		h.sent = true
		return h.ResponseWriter.Write(p)
	}
	return h.body.Write(p)
}

// Flush implements http.Flusher. It turns the response into a stream: it sends what was held back,
// and from then on nothing is held back.
func (h *heldResponse) Flush() {
	h.sent = true
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

// Hijack implements http.Hijacker, for protocols that leave HTTP.
func (h *heldResponse) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	if hijacker, ok := h.ResponseWriter.(http.Hijacker); ok {
		h.streaming, h.sent = true, true
		return hijacker.Hijack()
	}
	return nil, nil, errors.ErrUnsupported
}

// Unwrap lets http.ResponseController reach the connection.
func (h *heldResponse) Unwrap() http.ResponseWriter { return h.ResponseWriter }

// streamTime is how long a client may take to receive a large file.
const streamTime = 10 * time.Minute

// Stream sends a response as it is written, for large files: the response is not held back until it
// is complete, and slow clients get ten minutes to receive it. The handler has to set an ETag and
// handle If-None-Match itself, if it wants them.
func Stream(w http.ResponseWriter) {
	// Connections in tests have no deadlines.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(streamTime))
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

// finish sends the response and returns its status and the size of its body in bytes, before
// compression.
func (h *heldResponse) finish(r *http.Request) (status int, size int64) {
	header := h.Header()
	if h.status == 0 {
		h.status = http.StatusOK
	}
	body := h.body.Bytes()
	addVary(header, "Accept-Encoding")
	compress := len(body) >= compressFrom && header.Get("Content-Encoding") == "" &&
		compressible(header.Get("Content-Type")) && acceptsGzip(r)
	if r.Method == http.MethodGet && h.status == http.StatusOK {
		if header.Get("Cache-Control") == "" {
			// Clients always ask again; the response is a cheap 304 as long as nothing has changed.
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
			return http.StatusNotModified, 0
		}
	}
	if !compress {
		if h.status != http.StatusNoContent && h.status != http.StatusNotModified {
			header.Set("Content-Length", strconv.Itoa(len(body)))
		}
		h.ResponseWriter.WriteHeader(h.status)
		_, _ = h.ResponseWriter.Write(body)
		return h.status, int64(len(body))
	}
	header.Set("Content-Encoding", "gzip")
	header.Del("Content-Length")
	h.ResponseWriter.WriteHeader(h.status)
	w := compressors.Get().(*gzip.Writer)
	defer compressors.Put(w)
	w.Reset(h.ResponseWriter)
	_, _ = w.Write(body)
	_ = w.Close() // a client that went away gets nothing anyhow
	return h.status, int64(len(body))
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
		strings.Contains(contentType, "xml") || strings.Contains(contentType, "javascript") ||
		strings.Contains(contentType, "yaml")
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

// matches reports whether an If-None-Match header contains the tag, also in its weak form (RFC 9110,
// 13.1.2).
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
