// Package outbound makes HTTP clients for addresses that people enter: receivers of webhooks and push
// services. Such an address may name, or come to name, a machine that only this server can reach, so
// each connection is checked when it is made.
package outbound

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"

	"code.dny.dev/ssrf"
)

// ErrRefused is the error of a request to an address that is not public. It is wrapped by the errors of
// the client.
var ErrRefused = errors.New("the address is not a public one")

const (
	defaultTimeout = 10 * time.Second
	// connectTime bounds each attempt to connect, and the TLS handshake, within the timeout of the request.
	connectTime = 5 * time.Second
	idleTime    = 30 * time.Second
	// idlePerHost is how many connections without a request are kept open for each host.
	idlePerHost = 2
	// headerLimit is the size of the largest head of a response, in bytes.
	headerLimit = 32 << 10
)

// metadata are addresses that look public, but behind which a cloud answers its own machines only. All
// others of the kind are in ranges that are not public anyhow.
var metadata = []netip.Prefix{netip.MustParsePrefix("168.63.129.16/32")} // Azure's

// Settings are what clients differ in. The zero value is good for production.
type Settings struct {
	// Timeout bounds a request from the look-up of the name to the last byte of the response that is
	// read; 10 seconds if it is 0.
	Timeout time.Duration
	// PerHost is how many connections are open to one host at the same time; 0 for any number.
	PerHost int
	// Allow lists networks that may be called although they are not public.
	Allow []netip.Prefix
	// Resolver looks names up; nil for that of the system.
	Resolver *net.Resolver
	// Roots are the authorities whose certificates are trusted; nil for those of the system.
	Roots *x509.CertPool
}

// NewClient returns a client that connects to public addresses only. What a name means is checked
// after it was looked up, for each connection. The client uses no proxy, keeps no cookies, accepts no TLS
// older than 1.2 and decompresses nothing; a redirect is a response like any other and not followed.
// Any port may be called.
//
// A response may be endless: read it with [ReadUpTo].
func NewClient(s Settings) *http.Client {
	guard := newGuard(s.Allow)
	dialer := &net.Dialer{
		Timeout: connectTime, Resolver: s.Resolver,
		ControlContext: func(_ context.Context, network, address string, _ syscall.RawConn) error {
			return check(guard, network, address)
		},
	}
	timeout := s.Timeout
	if timeout <= 0 {
		timeout = defaultTimeout
	}
	return &http.Client{
		Timeout: timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		},
		Transport: &http.Transport{
			Proxy:                  nil, // a proxy of the environment would connect unchecked
			DialContext:            dialer.DialContext,
			ForceAttemptHTTP2:      true, // else a dialer of one's own turns it off
			TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: s.Roots},
			TLSHandshakeTimeout:    connectTime,
			MaxConnsPerHost:        s.PerHost,
			MaxIdleConnsPerHost:    idlePerHost,
			IdleConnTimeout:        idleTime,
			MaxResponseHeaderBytes: headerLimit,
			DisableCompression:     true, // few bytes may unpack to many
		},
	}
}

// newGuard returns the rules by which addresses are refused: all but TCP, and whatever the registries
// of special addresses (IANA's) do not call public, and so all forms that hold an IPv4 address within
// an IPv6 one.
func newGuard(allow []netip.Prefix) *ssrf.Guardian {
	var v4, v6 []netip.Prefix
	for _, p := range allow {
		if p.Addr().Is4() {
			v4 = append(v4, p)
		} else {
			v6 = append(v6, p)
		}
	}
	return ssrf.New(ssrf.WithAnyPort(), ssrf.WithDeniedV4Prefixes(metadata...),
		ssrf.WithAllowedV4Prefixes(v4...), ssrf.WithAllowedV6Prefixes(v6...))
}

// check returns an error, which wraps ErrRefused, if no connection may be made to an address (with its
// port).
func check(guard *ssrf.Guardian, network, address string) error {
	if err := guard.Safe(network, address, nil); err != nil {
		return fmt.Errorf("%w (%w)", ErrRefused, err)
	}
	return nil
}

// MayCall reports whether a host of an address, if it is an IP address, may be called. It returns true
// for all names: what they mean is known only when they are called.
func MayCall(host string, allow []netip.Prefix) bool {
	ip, err := netip.ParseAddr(host)
	return err != nil || newGuard(allow).SafeAddr(ip) == nil
}

// ReadUpTo returns the first bytes of a body, limit at most, and whether those were all.
func ReadUpTo(body io.Reader, limit int) (data []byte, whole bool, err error) {
	data, err = io.ReadAll(io.LimitReader(body, int64(limit)+1))
	if len(data) > limit {
		return data[:limit], false, err
	}
	return data, err == nil, err
}
