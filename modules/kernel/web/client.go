package web

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"github.com/labstack/echo/v4"

	"38qa.net/backend/modules/kernel/problem"
)

// Client is what a request says of the one who sent it, before any authentication.
type Client struct {
	// IP is the client's address; the zero Addr when it is not known.
	IP netip.Addr
	// UserAgent is the header as it came.
	UserAgent string
	// Language of the texts in responses, from Accept-Language.
	Language problem.Language
	// Cookie is the value of Q2A's cookie of anonymous visitors (qa_id), or "".
	Cookie string
	// Secure reports whether the request came by TLS, to this process or to a trusted proxy before it.
	Secure bool
}

type clientKey struct{}

// ClientOf returns the client of the request that the context belongs to.
func ClientOf(ctx context.Context) Client {
	c, _ := ctx.Value(clientKey{}).(Client)
	return c
}

// proxies are the networks of the proxies whose word on a request's client counts.
type proxies struct {
	networks []netip.Prefix
	// warn runs its function once.
	warn sync.Once
}

// clientIP reads the client's address: the peer's, or, behind trusted proxies, the rightmost address of
// X-Forwarded-For that is not one of them.
func (p *proxies) clientIP() echo.IPExtractor {
	if len(p.networks) == 0 {
		return echo.ExtractIPDirect()
	}
	options := []echo.TrustOption{echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false)}
	for _, n := range p.networks {
		_, network, err := net.ParseCIDR(n.String())
		if err == nil {
			options = append(options, echo.TrustIPRange(network))
		}
	}
	return echo.ExtractIPFromXFFHeader(options...)
}

// peer is the address of the other end of the connection.
func peer(r *http.Request) netip.Addr {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return at.Addr().Unmap().WithZone("")
}

func (p *proxies) trust(peer netip.Addr) bool {
	return slices.ContainsFunc(p.networks, func(n netip.Prefix) bool { return n.Contains(peer) })
}

// secure reports whether a request came by TLS. Anybody can send X-Forwarded-Proto: it counts from trusted proxies, of
// which the nearest is the last to write in it.
func (p *proxies) secure(r *http.Request) bool {
	if r.TLS != nil {
		return true
	}
	forwarded := r.Header.Values("X-Forwarded-Proto")
	if len(forwarded) == 0 || !p.trust(peer(r)) {
		return false
	}
	last := forwarded[len(forwarded)-1]
	return strings.EqualFold(strings.TrimSpace(last[strings.LastIndex(last, ",")+1:]), "https")
}

// warnOfProxy says, once, that there seems to be a proxy that is not trusted: all who come through it count as one client
// then, for rate limits, for blocked addresses and in what is written down of posts.
func (p *proxies) warnOfProxy(r *http.Request) {
	if r.Header.Get("X-Forwarded-For") == "" {
		return
	}
	from := peer(r)
	if !from.IsPrivate() && !from.IsLoopback() && !from.IsLinkLocalUnicast() || p.trust(from) {
		return
	}
	p.warn.Do(func() {
		slog.WarnContext(r.Context(), "X-Forwarded-For comes from a private address that is not in TRUSTED_PROXIES: if that is a proxy, all its clients count as one", "peer", from.String())
	})
}
