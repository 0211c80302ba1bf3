package web

import (
	"bufio"
	"bytes"
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

// conditional returns a middleware that gives each successful response to a GET an entity tag, responds
// with 304 if the client has that version already, and compresses responses. It holds a response back
// until it is complete, unless the handler flushes it (a stream).
//
// A tag is weak if the response has any of the volatile fields of JSON: what changes in these alone makes
// no other version.
//
// If a handler panics or fails after it began to write, a response that is still held back is
// discarded. One that has been sent in part is cut off, so that the client does not take it for
// complete.
func conditional(volatile []string) echo.MiddlewareFunc {
	var fields [][]byte
	for _, name := range volatile {
		fields = append(fields, []byte(`"`+name+`":`))
	}
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error { return holdBack(c, next, fields) }
	}
}

// holdBack is what conditional does with a request.
func holdBack(c echo.Context, next echo.HandlerFunc, volatile [][]byte) error {
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
		res.Status, res.Size = held.finish(c.Request(), volatile)
	}
	if held.body.Cap() <= 1<<20 {
		buffers.Put(&heldResponse{body: held.body})
	}
	return nil
}

var buffers = sync.Pool{New: func() any { return &heldResponse{body: &bytes.Buffer{}} }}

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
func (h *heldResponse) finish(r *http.Request, volatile [][]byte) (status int, size int64) {
	header := h.Header()
	if h.status == 0 {
		h.status = http.StatusOK
	}
	body := h.body.Bytes()
	addVary(header, "Accept-Encoding")
	if strings.Contains(header.Get("Content-Type"), "json") {
		addVary(header, "Accept-Language") // for the texts of problems, badges and the like
	}
	var packing *encoding
	if len(body) >= compressFrom && header.Get("Content-Encoding") == "" &&
		compressible(header.Get("Content-Type")) {
		packing = acceptedEncoding(r)
	}
	if r.Method == http.MethodGet && h.status == http.StatusOK {
		if header.Get("Cache-Control") == "" {
			// Clients always ask again; the response is a cheap 304 as long as nothing has changed.
			header.Set("Cache-Control", "no-cache")
		}
		addVary(header, "Authorization")
		tag := header.Get("ETag")
		if revision, ok := strings.CutSuffix(tag, `."`); ok || tag == "" { // of RevisionTag
			sum, weak := fingerprint(body, volatile)
			switch {
			case ok && weak:
				tag = "W/" + revision + "." + sum + `"`
			case ok:
				tag = revision + "." + sum + `"`
			case weak:
				tag = `W/"` + sum + `"`
			default:
				tag = `"` + sum + `"`
			}
		}
		if packing != nil {
			tag = strings.TrimSuffix(tag, `"`) + "-" + packing.name + `"`
		}
		header.Set("ETag", tag)
		if matches(r.Header.Get("If-None-Match"), tag) {
			header.Del("Content-Type")
			header.Del("Content-Length")
			h.ResponseWriter.WriteHeader(http.StatusNotModified)
			return http.StatusNotModified, 0
		}
	}
	if packing == nil {
		if h.status != http.StatusNoContent && h.status != http.StatusNotModified {
			header.Set("Content-Length", strconv.Itoa(len(body)))
		}
		h.ResponseWriter.WriteHeader(h.status)
		_, _ = h.ResponseWriter.Write(body)
		return h.status, int64(len(body))
	}
	header.Set("Content-Encoding", packing.name)
	header.Del("Content-Length")
	h.ResponseWriter.WriteHeader(h.status)
	packing.compress(h.ResponseWriter, body)
	return h.status, int64(len(body))
}

// fingerprint returns a hash of the body without the values of the volatile fields. weak reports whether
// it has any.
func fingerprint(body []byte, volatile [][]byte) (sum string, weak bool) {
	hash := xxhash.New()
	for len(body) > 0 {
		next, end := len(body), len(body)
		for _, field := range volatile {
			at := bytes.Index(body[:next], field)
			if value := at + len(field); at >= 0 && value < len(body) && body[value] != '{' {
				next, end, weak = at, value+max(0, bytes.IndexAny(body[value:], ",}")), true
			}
		}
		_, _ = hash.Write(body[:next])
		body = body[end:]
	}
	return strconv.FormatUint(hash.Sum64(), 36), weak
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

// matches reports whether an If-None-Match header contains the tag, also in its weak form (RFC 9110,
// 13.1.2).
func matches(header, tag string) bool {
	if strings.TrimSpace(header) == "*" {
		return true
	}
	for part := range strings.SplitSeq(header, ",") {
		if strings.TrimPrefix(strings.TrimSpace(part), "W/") == strings.TrimPrefix(tag, "W/") {
			return true
		}
	}
	return false
}
