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

// compressFrom is the size, in bytes, under which an answer is not worth compressing.
const compressFrom = 1024

// conditional gives each successful GET a strong entity tag, answers 304 when the client has that version already, and
// compresses. It holds the response back until it is whole; a handler that flushes (a stream) is passed through.
//
// A handler that panics, or fails after it began to write, leaves nothing of its response behind as long as that is held;
// one that has been sent in part is cut off, so that the client does not take it for whole.
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

// heldResponse collects status and body until finish.
type heldResponse struct {
	http.ResponseWriter
	body      *bytes.Buffer
	status    int
	streaming bool
	// sent reports whether the client may have got something of the response.
	sent bool
}

// takeBack drops what is held of a response, with the headers that its handler set. What has been sent stays as it is.
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

// fail renders the error of a handler in place of what the handler may have written.
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

// Flush turns the response into a stream: what was held goes out, and from here nothing is held.
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

// Hijack hands the connection over, for protocols that leave HTTP.
func (h *heldResponse) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	if hijacker, ok := h.ResponseWriter.(http.Hijacker); ok {
		h.streaming, h.sent = true, true
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

// finish sends the response and returns its status and the number of bytes of its body.
func (h *heldResponse) finish(r *http.Request) (status int, size int64) {
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
