package lambda

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"
)

// sender is a service of AWS that turns a request into an event, and the response in the event's result
// into a response.
type sender struct {
	name string
	// event returns the event for a request that came from a client's address.
	event func(t *testing.T, r *http.Request, client string) any
	// response reads a result.
	response func(t *testing.T, result []byte) received
}

// received is what the client receives.
type received struct {
	status int
	header http.Header
	body   string
}

// cookies returns the cookies that are set, whatever the case of their header's name.
func (r received) cookies() (list []string) {
	for name, values := range r.header {
		if strings.EqualFold(name, "Set-Cookie") {
			list = append(list, values...)
		}
	}
	return list
}

var senders = []sender{
	{"alb", func(t *testing.T, r *http.Request, client string) any {
		e := albEvent(t, r, client)
		e.Headers, e.QueryStringParameters = map[string]string{}, map[string]string{}
		for name, values := range e.MultiValueHeaders {
			e.Headers[name] = values[len(values)-1]
		}
		for name, values := range e.MultiValueQueryStringParameters {
			e.QueryStringParameters[name] = values[len(values)-1]
		}
		e.MultiValueHeaders, e.MultiValueQueryStringParameters = nil, nil
		return e
	}, albResponse},
	{"alb with multi-value headers", func(t *testing.T, r *http.Request, client string) any {
		return albEvent(t, r, client)
	}, albResponse},
	{"HTTP API", func(t *testing.T, r *http.Request, client string) any {
		e := gatewayEvent(t, r, client)
		path, err := url.PathUnescape(e.RawPath)
		if err != nil {
			t.Fatal(err)
		}
		e.RawPath, e.RequestContext.Stage = "/live"+path, "live"
		return e
	}, gatewayResponse},
	{"function URL", func(t *testing.T, r *http.Request, client string) any {
		return gatewayEvent(t, r, client)
	}, gatewayResponse},
}

func albEvent(t *testing.T, r *http.Request, client string) events.ALBTargetGroupRequest {
	t.Helper()
	header := map[string][]string{"host": {r.Host}}
	for name, values := range r.Header {
		header[strings.ToLower(name)] = values
	}
	header["x-forwarded-proto"] = []string{"https"}
	forwarded := client
	if before := r.Header.Get("X-Forwarded-For"); before != "" {
		forwarded = before + ", " + client
	}
	header["x-forwarded-for"] = []string{forwarded}
	query := map[string][]string{}
	for _, pair := range strings.Split(r.URL.RawQuery, "&") {
		if name, value, ok := strings.Cut(pair, "="); ok { // as they came, not decoded
			query[name] = append(query[name], value)
		}
	}
	body, encoded := bodyOf(t, r)
	return events.ALBTargetGroupRequest{HTTPMethod: r.Method, Path: r.URL.EscapedPath(),
		MultiValueHeaders: header, MultiValueQueryStringParameters: query, Body: body, IsBase64Encoded: encoded,
		RequestContext: events.ALBTargetGroupRequestContext{ELB: events.ELBContext{TargetGroupArn: "arn:aws:x"}}}
}

func gatewayEvent(t *testing.T, r *http.Request, client string) events.APIGatewayV2HTTPRequest {
	t.Helper()
	e := events.APIGatewayV2HTTPRequest{Version: "2.0", RouteKey: "$default", RawPath: r.URL.EscapedPath(),
		RawQueryString: r.URL.RawQuery, Headers: map[string]string{"host": r.Host}}
	for name, values := range r.Header {
		if name == "Cookie" {
			e.Cookies = strings.Split(strings.Join(values, "; "), "; ")
			continue
		}
		e.Headers[strings.ToLower(name)] = strings.Join(values, ",")
	}
	e.Headers["x-forwarded-for"], e.Headers["x-forwarded-proto"] = client, "https"
	e.Body, e.IsBase64Encoded = bodyOf(t, r)
	e.RequestContext.Stage, e.RequestContext.DomainName = "$default", r.Host
	e.RequestContext.HTTP = events.APIGatewayV2HTTPRequestContextHTTPDescription{
		Method: r.Method, Path: r.URL.Path, SourceIP: client}
	return e
}

// bodyOf returns the body as AWS passes it on: texts as they are, and everything else in Base64.
func bodyOf(t *testing.T, r *http.Request) (body string, encoded bool) {
	t.Helper()
	if r.Body == nil {
		return "", false
	}
	content, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(r.Header.Get("Content-Type"), "json") && utf8.Valid(content) {
		return string(content), false
	}
	return base64.StdEncoding.EncodeToString(content), true
}

func albResponse(t *testing.T, result []byte) received {
	t.Helper()
	var out events.ALBTargetGroupResponse
	decode(t, result, &out)
	header := http.Header(out.MultiValueHeaders)
	if header == nil {
		header = http.Header{}
		for name, value := range out.Headers {
			header.Add(name, value)
		}
	}
	if !strings.HasPrefix(out.StatusDescription, "200 ") && out.StatusCode == 200 {
		t.Errorf("the status is described as %q", out.StatusDescription)
	}
	return received{out.StatusCode, header, plain(t, out.Body, out.IsBase64Encoded)}
}

func gatewayResponse(t *testing.T, result []byte) received {
	t.Helper()
	var out events.APIGatewayV2HTTPResponse
	decode(t, result, &out)
	header := http.Header{}
	for name, value := range out.Headers {
		header.Set(name, value)
	}
	for _, cookie := range out.Cookies {
		header.Add("Set-Cookie", cookie)
	}
	return received{out.StatusCode, header, plain(t, out.Body, out.IsBase64Encoded)}
}

func decode(t *testing.T, text []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
}

func plain(t *testing.T, body string, encoded bool) string {
	t.Helper()
	if !encoded {
		return body
	}
	content, err := base64.StdEncoding.DecodeString(body)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// pass sends a request through a service of AWS to the function.
func (s sender) pass(t *testing.T, f function, r *http.Request, client string) received {
	t.Helper()
	event, err := json.Marshal(s.event(t, r, client))
	if err != nil {
		t.Fatal(err)
	}
	out, err := f.handle(t.Context(), event)
	if err != nil {
		t.Fatalf("%s %s: %v", r.Method, r.URL, err)
	}
	result, err := json.Marshal(out)
	if err != nil {
		t.Fatal(err)
	}
	return s.response(t, result)
}
