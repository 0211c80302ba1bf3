package web

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"

	"github.com/labstack/echo/v4"
)

// TestSecure checks that X-Forwarded-Proto makes a request count as HTTPS only if it comes from a trusted
// proxy, both for the Strict-Transport-Security header and for the Client that modules see.
func TestSecure(t *testing.T) {
	for name, c := range map[string]struct {
		peer      string
		proxies   []netip.Prefix
		tls       bool
		forwarded []string
		want      bool
	}{
		"plain":                        {peer: "203.0.113.1:5"},
		"TLS":                          {peer: "203.0.113.1:5", tls: true, want: true},
		"any client's word":            {peer: "203.0.113.1:5", forwarded: []string{"https"}},
		"private peer without proxies": {peer: "10.0.0.1:5", forwarded: []string{"https"}},
		"another than the proxy":       {peer: "10.1.0.1:5", proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/16")}, forwarded: []string{"https"}},
		"proxy":                        {peer: "10.0.0.1:5", proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/16")}, forwarded: []string{"https"}, want: true},
		"proxy in IPv6 form":           {peer: "[::ffff:10.0.0.1]:5", proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/16")}, forwarded: []string{"HTTPS"}, want: true},
		"proxy by HTTP":                {peer: "10.0.0.1:5", proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/16")}, forwarded: []string{"http"}},
		"proxy that appends":           {peer: "10.0.0.1:5", proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/16")}, forwarded: []string{"https, http"}},
		"proxy that adds a line":       {peer: "10.0.0.1:5", proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/16")}, forwarded: []string{"https", "http"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := New(Settings{Proxies: c.proxies})
			var client Client
			s.Router().GET("/client", func(c echo.Context) error {
				client = ClientOf(c.Request().Context())
				return nil
			})
			r := httptest.NewRequest(http.MethodGet, "/client", http.NoBody)
			r.RemoteAddr = c.peer
			r.Header["X-Forwarded-Proto"] = c.forwarded
			for _, other := range []string{"X-Forwarded-Protocol", "X-Url-Scheme"} {
				r.Header.Set(other, "https")
			}
			r.Header.Set("X-Forwarded-Ssl", "on")
			if c.tls {
				r.TLS = &tls.ConnectionState{}
			}
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			if hsts := w.Header().Get("Strict-Transport-Security") != ""; client.Secure != c.want ||
				hsts != c.want {
				t.Errorf("secure %v, HSTS %v", client.Secure, hsts)
			}
		})
	}
}

// TestWarningOfUntrustedProxies checks that one warning is logged, however many requests come, where a
// private or local address that is not a trusted proxy sends X-Forwarded-For.
func TestWarningOfUntrustedProxies(t *testing.T) {
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/16")}
	for name, c := range map[string]struct {
		peer, forwarded string
		proxies         []netip.Prefix
		want            int
	}{
		"private peer":           {"10.0.0.1:5", "203.0.113.1", nil, 1},
		"this machine":           {"127.0.0.1:5", "203.0.113.1", nil, 1},
		"unique local":           {"[fd00::1]:5", "203.0.113.1", nil, 1},
		"another private peer":   {"10.1.0.1:5", "203.0.113.1", trusted, 1},
		"trusted":                {"10.0.0.1:5", "203.0.113.1", trusted, 0},
		"any client":             {"203.0.113.2:5", "203.0.113.1", nil, 0},
		"private without header": {"10.0.0.1:5", "", nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s, lines := New(Settings{Proxies: c.proxies}), captureLog(t)
			for range 3 {
				r := httptest.NewRequest(http.MethodGet, "/healthz", http.NoBody)
				r.RemoteAddr = c.peer
				if c.forwarded != "" {
					r.Header.Set("X-Forwarded-For", c.forwarded)
				}
				s.ServeHTTP(httptest.NewRecorder(), r)
			}
			warnings := 0
			for _, line := range lines.with(t, "") {
				if line["level"] == "WARN" {
					warnings++
				}
			}
			if warnings != c.want {
				t.Errorf("%d warnings: %v", warnings, lines.with(t, ""))
			}
		})
	}
}
