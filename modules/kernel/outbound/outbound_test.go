package outbound_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"

	"38qa.net/backend/modules/kernel/outbound"
	"38qa.net/backend/modules/kernel/outbound/fakedns"
)

var loopback = netip.MustParsePrefix("127.0.0.1/32")

// refused are addresses that no request may reach, by the reason.
var refused = map[string][]string{
	"this host":     {"0.0.0.0", "0.1.2.3", "::"},
	"loopback":      {"127.0.0.1", "127.8.9.10", "::1"},
	"private":       {"10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1"},
	"unique local":  {"fc00::1", "fd12:3456::1"},
	"site local":    {"fec0::1"},
	"link local":    {"169.254.1.1", "fe80::1", "fe80::1%eth0"},
	"carriers' NAT": {"100.64.0.1", "100.127.255.255"},
	"multicast":     {"224.0.0.1", "239.255.255.250", "ff02::1", "ff0e::1"},
	"broadcast":     {"255.255.255.255"},
	"reserved":      {"240.0.0.1", "192.0.0.1", "192.0.0.170", "198.18.0.1", "198.19.255.255", "100::1"},
	"documentation": {"192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1", "3fff::1"},
	"metadata of clouds": {"169.254.169.254", "169.254.170.2", "fd00:ec2::254", "100.100.100.200",
		"192.0.0.192", "168.63.129.16"},
	"IPv4 mapped":     {"::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:a9fe:a9fe", "::ffff:168.63.129.16"},
	"IPv4 compatible": {"::127.0.0.1", "::10.0.0.1"},
	"IPv4 translated": {"::ffff:0:127.0.0.1"},
	"NAT64":           {"64:ff9b::127.0.0.1", "64:ff9b::8.8.8.8", "64:ff9b:1::10.0.0.1"},
	"6to4":            {"2002:7f00:1::1", "2002:a00:1::"},
	"Teredo":          {"2001:0:4136:e378:8000:63bf:80ff:fffe"},
}

var public = []string{"1.1.1.1", "8.8.8.8", "172.32.0.1", "100.63.255.255", "100.128.0.1", "169.253.1.1",
	"168.63.129.15", "223.255.255.255", "2606:4700:4700::1111", "2a00:1450:4001:82a::200e"}

func TestMayCall(t *testing.T) {
	t.Parallel()
	for reason, list := range refused {
		for _, address := range list {
			if outbound.MayCall(address, nil) {
				t.Errorf("%s (%s) may be called", address, reason)
			}
		}
	}
	for _, address := range append(public, "example.com", "localhost", "169.254.169.254.example.com") {
		if !outbound.MayCall(address, nil) {
			t.Errorf("%s may not be called", address)
		}
	}
	allow := []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("fd01::/16")}
	for address, want := range map[string]bool{"10.1.2.3": true, "10.2.0.1": false, "fd01::5": true,
		"fd02::1": false, "::ffff:10.1.2.3": false} {
		if got := outbound.MayCall(address, allow); got != want {
			t.Errorf("%s, where networks are allowed: %v, want %v", address, got, want)
		}
	}
}

// TestRefusedAddresses dials every refused address: as itself and as the address of a name. Nothing is
// sent, as the connection is refused before it is made.
func TestRefusedAddresses(t *testing.T) {
	t.Parallel()
	for reason, list := range refused {
		for _, address := range list {
			ip := netip.MustParseAddr(address)
			client := outbound.NewClient(outbound.Settings{
				Resolver: fakedns.Resolver(func(string) []netip.Addr { return []netip.Addr{ip.WithZone("")} })})
			for _, host := range []string{net.JoinHostPort(strings.ReplaceAll(address, "%", "%25"), "9"),
				"receiver.example:9"} {
				if err := get(t, client, "http://"+host); !errors.Is(err, outbound.ErrRefused) {
					t.Errorf("%s (%s) called as %s: %v, want a refusal", address, reason, host, err)
				}
			}
		}
	}
}

// TestRebinding has a name change its meaning between two requests.
func TestRebinding(t *testing.T) {
	t.Parallel()
	received := make(chan string, 9)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		received <- r.URL.Path
	}))
	defer server.Close()
	_, port, _ := net.SplitHostPort(server.Listener.Addr().String())
	var current atomic.Value
	current.Store("127.0.0.1")
	settings := outbound.Settings{Allow: []netip.Prefix{loopback},
		Resolver: fakedns.Resolver(func(string) []netip.Addr {
			return []netip.Addr{netip.MustParseAddr(current.Load().(string))}
		})}
	client := outbound.NewClient(settings)
	if err := get(t, client, "http://receiver.example:"+port+"/allowed"); err != nil {
		t.Fatalf("the allowed address: %v", err)
	}
	client.CloseIdleConnections()
	// 127.0.0.2 reaches the same machine, but is not in the allowed network.
	for _, address := range []string{"127.0.0.2", "::1", "169.254.169.254"} {
		current.Store(address)
		err := get(t, client, "http://receiver.example:"+port+"/refused")
		if !errors.Is(err, outbound.ErrRefused) {
			t.Errorf("the name now means %s: %v, want a refusal", address, err)
		}
	}
	// The system's file of hosts knows this name.
	err := get(t, outbound.NewClient(outbound.Settings{}), "http://localhost:"+port+"/refused")
	if !errors.Is(err, outbound.ErrRefused) {
		t.Errorf("localhost: %v, want a refusal", err)
	}
	close(received)
	for path := range received {
		if path != "/allowed" {
			t.Errorf("the server received %s", path)
		}
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	}))
	defer server.Close()
	client := outbound.NewClient(outbound.Settings{Allow: []netip.Prefix{loopback}})
	res, err := client.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusTemporaryRedirect || calls.Load() != 1 {
		t.Errorf("status %d after %d calls, want the redirect itself", res.StatusCode, calls.Load())
	}
}

// TestNoProxy sets a proxy, which the environment of a server may well name for other programs.
func TestNoProxy(t *testing.T) {
	proxy := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("the proxy was asked")
	}))
	defer proxy.Close()
	t.Setenv("HTTP_PROXY", proxy.URL)
	t.Setenv("HTTPS_PROXY", proxy.URL)
	t.Setenv("ALL_PROXY", proxy.URL)
	client := outbound.NewClient(outbound.Settings{Allow: []netip.Prefix{loopback}, Resolver: fakedns.Resolver(
		func(string) []netip.Addr { return []netip.Addr{netip.MustParseAddr("10.0.0.1")} })})
	if client.Transport.(*http.Transport).Proxy != nil {
		t.Error("the client looks for a proxy")
	}
	for _, address := range []string{"http://receiver.example/", "https://receiver.example/"} {
		if err := get(t, client, address); !errors.Is(err, outbound.ErrRefused) {
			t.Errorf("%s: %v, want a refusal", address, err)
		}
	}
}

func TestTLS(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		max     uint16
		trusted bool
		want    string
	}{
		{"TLS 1.2", tls.VersionTLS12, true, ""},
		{"TLS 1.3", tls.VersionTLS13, true, ""},
		{"TLS 1.1", tls.VersionTLS11, true, "protocol version"},
		{"an unknown authority", tls.VersionTLS13, false, "unknown authority"},
	} {
		server := httptest.NewUnstartedServer(http.NotFoundHandler())
		server.Config.ErrorLog = quiet
		server.TLS = &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: c.max}
		server.StartTLS()
		settings := outbound.Settings{Allow: []netip.Prefix{loopback}}
		if c.trusted {
			settings.Roots = x509.NewCertPool()
			settings.Roots.AddCert(server.Certificate())
		}
		err := get(t, outbound.NewClient(settings), server.URL)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: error %v, want %q", c.name, err, c.want)
		}
		server.Close()
	}
}

func TestReadUpTo(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		body, want string
		whole      bool
	}{{"", "", true}, {"abc", "abc", true}, {"abcd", "abcd", true}, {"abcde", "abcd", false}} {
		data, whole, err := outbound.ReadUpTo(strings.NewReader(c.body), 4)
		if string(data) != c.want || whole != c.whole || err != nil {
			t.Errorf("%q: %q, %v, %v, want %q, %v", c.body, data, whole, err, c.want, c.whole)
		}
	}
	broken := io.MultiReader(strings.NewReader("ab"), failing{})
	if data, whole, err := outbound.ReadUpTo(broken, 4); string(data) != "ab" || whole || err == nil {
		t.Errorf("a body that breaks: %q, %v, %v, want the part and the error", data, whole, err)
	}
}
