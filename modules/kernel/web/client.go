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

// Client is what a request says about its sender, before any authentication.
type Client struct {
	// IP is the client's address, or the zero Addr if it is not known.
	IP netip.Addr
	// UserAgent is the User-Agent header, unchanged.
	UserAgent string
	// Language is the language of the texts in responses, chosen from Accept-Language.
	Language problem.Language
	// Cookie is the value of the cookie that Q2A gives to anonymous visitors (qa_id), or "". Pages of
	// other origins, whose browsers do not keep the cookie, send it in the header Visitor-Token.
	Cookie string
	// TrustedOrigin reports whether a page of this server, or of one of the origins that may use the API,
	// made the request in a browser.
	TrustedOrigin bool
	// Secure reports whether the request came by TLS, to this process or to a trusted proxy in front
	// of it.
	Secure bool

	path string // of the request, for problems
}

type clientKey struct{}

// ClientOf returns the client of the request that the context belongs to.
func ClientOf(ctx context.Context) Client {
	c, _ := ctx.Value(clientKey{}).(Client)
	return c
}

// proxies holds the networks of the trusted proxies, whose headers about a request's client are
// believed.
type proxies struct {
	networks []netip.Prefix
	// warn makes the warning of warnOfProxy appear only once.
	warn sync.Once
}

// clientIP returns the function that determines a client's address: the peer's address or, behind
// trusted proxies, the rightmost address in X-Forwarded-For that is not a trusted proxy.
func (p *proxies) clientIP() echo.IPExtractor {
	if len(p.networks) == 0 {
		return echo.ExtractIPDirect()
	}
	options := []echo.TrustOption{
		echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false),
	}
	for _, n := range p.networks {
		_, network, err := net.ParseCIDR(n.String())
		if err == nil {
			options = append(options, echo.TrustIPRange(network))
		}
	}
	return echo.ExtractIPFromXFFHeader(options...)
}

// peer returns the address of the other end of the connection.
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

// secure reports whether a request came by TLS. X-Forwarded-Proto, which anybody can send, counts
// only from trusted proxies; of several values, the last one is that of the nearest proxy.
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

// trustedOrigin reports whether a browser sent the request for a page of this server or of one of the
// given origins. Browsers name the origin of a page in each request that could change something.
func (p *proxies) trustedOrigin(r *http.Request, origins []string) bool {
	own := "http://" + r.Host
	if p.secure(r) {
		own = "https://" + r.Host
	}
	origin := r.Header.Get("Origin")
	return origin != "" && (origin == own || slices.Contains(origins, origin))
}

// warnOfProxy logs a warning, once, if there seems to be a proxy that is not trusted. All clients
// behind such a proxy count as one for rate limits, for blocked addresses and in the addresses
// stored with posts.
func (p *proxies) warnOfProxy(r *http.Request) {
	if r.Header.Get("X-Forwarded-For") == "" {
		return
	}
	from := peer(r)
	if !from.IsPrivate() && !from.IsLoopback() && !from.IsLinkLocalUnicast() || p.trust(from) {
		return
	}
	p.warn.Do(func() {
		slog.WarnContext(r.Context(), "X-Forwarded-For comes from a private address that is not in TRUSTED_PROXIES: if that is a proxy, all its clients count as one",
			"peer", from.String())
	})
}
