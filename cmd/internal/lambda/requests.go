package lambda

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/aws/aws-lambda-go/events"
)

// parts are the parts of a request that an event describes.
type parts struct {
	method string
	// target is the path with the query, percent-encoded as in a request line.
	target string
	host   string
	header http.Header
	body   string
	base64 bool
	// client is the address of whoever sent the request to AWS.
	client string
	secure bool
}

// request returns the request that a server would have received.
func (p parts) request(ctx context.Context) (*http.Request, error) {
	var body io.Reader = strings.NewReader(p.body)
	length := int64(len(p.body))
	if p.base64 {
		content, err := base64.StdEncoding.DecodeString(p.body)
		if err != nil {
			return nil, fmt.Errorf("the body of the request: %w", err)
		}
		body, length = strings.NewReader(string(content)), int64(len(content))
	}
	r, err := http.NewRequestWithContext(ctx, p.method, p.target, body)
	if err != nil {
		return nil, fmt.Errorf("a request: %w", err)
	}
	r.Header, r.Host, r.RequestURI, r.ContentLength = p.header, p.host, p.target, length
	r.Header.Del("Host") // as servers do
	if length == 0 {
		r.Body = http.NoBody
	}
	if at, err := netip.ParseAddrPort(p.client); err == nil {
		r.RemoteAddr = at.String()
	} else if ip, err := netip.ParseAddr(p.client); err == nil {
		r.RemoteAddr = netip.AddrPortFrom(ip, 0).String()
	}
	if p.secure {
		r.TLS = &tls.ConnectionState{}
	}
	return r, nil
}

// requestOfALB returns the request in an event of an Application Load Balancer. The load balancer
// passes the path and the query on as it received them. It appends the address of its client to
// X-Forwarded-For, so that only the last address there is known to be true.
func requestOfALB(ctx context.Context, e events.ALBTargetGroupRequest) (*http.Request, error) {
	header := http.Header{}
	for name, value := range e.Headers {
		header.Set(name, value)
	}
	for name, values := range e.MultiValueHeaders {
		header[http.CanonicalHeaderKey(name)] = values
	}
	query := e.MultiValueQueryStringParameters
	if len(query) == 0 {
		query = map[string][]string{}
		for name, value := range e.QueryStringParameters {
			query[name] = []string{value}
		}
	}
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(query)) {
		for _, value := range query[name] {
			pairs = append(pairs, name+"="+value)
		}
	}
	target := e.Path
	if len(pairs) > 0 {
		target += "?" + strings.Join(pairs, "&")
	}
	forwarded := strings.Split(strings.Join(header.Values("X-Forwarded-For"), ","), ",")
	return parts{
		method: e.HTTPMethod, target: target, host: header.Get("Host"), header: header,
		body: e.Body, base64: e.IsBase64Encoded,
		client: strings.TrimSpace(forwarded[len(forwarded)-1]),
		secure: header.Get("X-Forwarded-Proto") == "https", // the load balancer replaces what clients send
	}.request(ctx)
}

// requestOfGateway returns the request in an event of an HTTP API of API Gateway or of a function URL,
// both of which accept TLS only.
func requestOfGateway(ctx context.Context, e events.APIGatewayV2HTTPRequest) (*http.Request, error) {
	header := http.Header{}
	for name, value := range e.Headers {
		header.Set(name, value)
	}
	if len(e.Cookies) > 0 {
		header.Set("Cookie", strings.Join(e.Cookies, "; "))
	}
	path := e.RawPath
	if stage := e.RequestContext.Stage; stage != "$default" {
		if below, ok := strings.CutPrefix(path, "/"+stage); ok && strings.HasPrefix(below, "/") {
			path = below
		}
	}
	// An HTTP API decodes the path, a function URL does not.
	if u, err := url.Parse(path); err != nil || u.EscapedPath() != path {
		path = (&url.URL{Path: path}).EscapedPath()
	}
	host := header.Get("Host")
	if host == "" {
		host = e.RequestContext.DomainName
	}
	target := path
	if e.RawQueryString != "" {
		target += "?" + e.RawQueryString
	}
	return parts{
		method: e.RequestContext.HTTP.Method, target: target, host: host, header: header,
		body: e.Body, base64: e.IsBase64Encoded, client: e.RequestContext.HTTP.SourceIP, secure: true,
	}.request(ctx)
}
