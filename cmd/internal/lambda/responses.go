package lambda

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"

	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
)

// The largest responses that AWS passes on, in bytes of the whole JSON document.
const (
	largestOfALB     = 1 << 20
	largestOfGateway = 6 << 20
)

// response is an http.ResponseWriter that keeps what is written to it.
type response struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (w *response) Header() http.Header { return w.header }

func (w *response) WriteHeader(status int) {
	if w.status == 0 && status >= 200 { // 1xx come before the response
		w.status = status
	}
}

func (w *response) Write(content []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(content)
}

// text returns the body for a JSON document, and whether it is in Base64: all that is not plain UTF-8.
func (w *response) text() (body string, encoded bool) {
	if w.header.Get("Content-Encoding") == "" && utf8.Valid(w.body.Bytes()) {
		return w.body.String(), false
	}
	return base64.StdEncoding.EncodeToString(w.body.Bytes()), true
}

// serve has the API serve the request in an event, and returns the response as the sender of the event
// expects it.
func serve[Event, Response any](
	ctx context.Context, api http.Handler, event json.RawMessage,
	request func(context.Context, Event) (*http.Request, error),
	format func(Event, *response) (Response, int),
) (any, error) {
	var e Event
	if err := json.Unmarshal(event, &e); err != nil {
		return nil, fmt.Errorf("a request: %w", err)
	}
	r, err := request(ctx, e)
	if err != nil {
		return nil, err
	}
	w := &response{header: http.Header{}}
	run(ctx, api, w, r)
	out, largest := format(e, w)
	if size := w.body.Len(); size > largest/2 { // in Base64, or escaped, it is larger
		if text, err := json.Marshal(out); err != nil || len(text) > largest {
			slog.ErrorContext(ctx, "a response is larger than AWS passes on",
				"request_id", w.header.Get("X-Request-Id"), "bytes", size)
			out, _ = format(e, failure(r, problem.CodeResponseTooLarge))
		}
	}
	return out, nil
}

// run serves the request. A handler that gives up without a response panics, as net/http wants it.
func run(ctx context.Context, api http.Handler, w *response, r *http.Request) {
	defer func() {
		if p := recover(); p != nil {
			slog.ErrorContext(ctx, "a request was given up",
				"request_id", w.header.Get("X-Request-Id"), "panic", p)
			*w = *failure(r, problem.CodeInternal)
		}
	}()
	api.ServeHTTP(w, r)
	w.WriteHeader(http.StatusOK)
}

// failure returns the response with a problem that the API itself cannot report.
func failure(r *http.Request, code problem.Code) *response {
	e := problem.New(code)
	w := &response{status: e.Status(), header: http.Header{
		"Content-Type": {"application/problem+json"}, "Cache-Control": {"no-store"}, "Content-Language": {"en"}}}
	_ = json.NewEncoder(&w.body).Encode(web.Problem{ // a buffer takes everything
		Type: "/problems/" + code.String(), Title: e.Title(problem.English), StatusNo: e.Status(),
		Detail: e.Detail(problem.English), Instance: r.URL.Path, Code: code.String()})
	return w
}

// responseForALB returns the response for an Application Load Balancer. Whether its target group takes
// several values of a header shows in what it sent.
func responseForALB(e events.ALBTargetGroupRequest, w *response) (events.ALBTargetGroupResponse, int) {
	body, encoded := w.text()
	out := events.ALBTargetGroupResponse{StatusCode: w.status, Body: body, IsBase64Encoded: encoded,
		StatusDescription: strconv.Itoa(w.status) + " " + http.StatusText(w.status)}
	if len(e.MultiValueHeaders) > 0 {
		out.MultiValueHeaders = w.header
		return out, largestOfALB
	}
	out.Headers = joined(w.header)
	// Cookies cannot be joined, but the load balancer passes on names that differ in case only.
	for i, cookie := range w.header["Set-Cookie"] {
		out.Headers[cased("set-cookie", i)] = cookie
	}
	return out, largestOfALB
}

// joined returns all headers but the cookies, with one value each.
func joined(header http.Header) map[string]string {
	single := map[string]string{}
	for name, values := range header {
		if name != "Set-Cookie" {
			single[name] = strings.Join(values, ", ")
		}
	}
	return single
}

// cased returns the i-th spelling of a name: the bits of i say which of its letters are capitals.
func cased(name string, i int) string {
	spelled := []byte(name)
	for at := range spelled {
		if spelled[at] == '-' {
			continue
		}
		if i&1 == 1 {
			spelled[at] -= 'a' - 'A'
		}
		i >>= 1
	}
	return string(spelled)
}

// responseForGateway returns the response for an HTTP API of API Gateway or a function URL.
func responseForGateway(_ events.APIGatewayV2HTTPRequest, w *response) (events.APIGatewayV2HTTPResponse, int) {
	body, encoded := w.text()
	return events.APIGatewayV2HTTPResponse{StatusCode: w.status, Headers: joined(w.header), Body: body,
		IsBase64Encoded: encoded, Cookies: w.header["Set-Cookie"]}, largestOfGateway
}
