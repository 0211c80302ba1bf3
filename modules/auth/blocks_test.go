package auth

import (
	"encoding/json"
	"net/netip"
	"os"
	"testing"

	"38qa.net/backend/modules/site"
)

type recordedBlock struct {
	IP, Clause string
	Match      bool
}

func recordedBlocks(tb testing.TB) []recordedBlock {
	tb.Helper()
	text, err := os.ReadFile("../../testdata/oracle/reads/strings.json")
	if err != nil {
		tb.Fatal(err)
	}
	var r struct {
		Blocks []recordedBlock `json:"ip_blocks"`
	}
	if err := json.Unmarshal(text, &r); err != nil {
		tb.Fatal(err)
	}
	if len(r.Blocks) < 7 {
		tb.Fatalf("only %d recorded", len(r.Blocks))
	}
	return r.Blocks
}

func blocked(list, ip string) bool {
	return ipIsBlocked(site.NewOptions(map[string]string{"block_ips_write": list}), netip.MustParseAddr(ip))
}

func TestBlockedAddressesAsRecorded(t *testing.T) {
	for _, b := range recordedBlocks(t) {
		if got := blocked(b.Clause, b.IP); got != b.Match {
			t.Errorf("%s by %s: %t, Q2A: %t", b.IP, b.Clause, got, b.Match)
		}
	}
}

func TestBlockedAddresses(t *testing.T) {
	for _, c := range []struct {
		list, ip string
		blocked  bool
	}{
		{"", "192.0.2.1", false},
		{"192.0.2.1, 203.0.113.*\n2001:db8::-2001:db8::ff", "203.0.113.77", true},
		{"192.0.2.1, 203.0.113.*\n2001:db8::-2001:db8::ff", "2001:db8::12", true},
		{"192.0.2.1, 203.0.113.*\n2001:db8::-2001:db8::ff", "2001:db8::1:12", false},
		{"192.0.2.1", "::ffff:192.0.2.1", true}, // an address of version 4 in the clothes of 6
		{"192.0.2.9-192.0.2.1", "192.0.2.5", false},
		{"192.0.2.0-2001:db8::", "192.0.2.5", false},
		{"192.0.2", "192.0.2.5", false},
		{"*.*.*.*", "192.0.2.5", true},
		{"192.0.2.1 - 192.0.2.9", "192.0.2.5", true},
		{"192.0.2.1;192.0.2.5|192.0.2.7", "192.0.2.5", true},
		{"192.0.2.1*", "192.0.2.17", true},
		{"192.0.2.1*", "192.0.2.1", false}, // an asterisk stands for one digit at least
		{"19*.0.*5", "192.0.2.5", false},
		{"*.*.*.*", "2001:db8::1", false},
		{"2001:db8::*", "2001:db8::99", true},
		{"2001:db8::*", "2001:db8::1:99", false},
		{"2001:DB8:*:*:*:*:*:1", "2001:db8:5::1", true},
		{"2001:db8:1*::1", "2001:db8:15::1", false}, // only whole parts, for these addresses
		{"2001:*::1", "2001:0:0:0:0:7:0:1", true},   // as in Q2A, which counts places from the end
		{"*", "192.0.2.5", false},
		{"-", "192.0.2.5", false},
		{"999.1.1.1", "192.0.2.5", false},
	} {
		if got := blocked(c.list, c.ip); got != c.blocked {
			t.Errorf("%s by %q: %t", c.ip, c.list, got)
		}
	}
}

func FuzzBlockedAddresses(f *testing.F) {
	for _, b := range recordedBlocks(f) {
		f.Add(b.Clause, b.IP)
	}
	f.Fuzz(func(t *testing.T, list, ip string) {
		addr, err := netip.ParseAddr(ip)
		if err != nil || addr.Zone() != "" {
			return
		}
		got := ipIsBlocked(site.NewOptions(map[string]string{"block_ips_write": list}), addr)
		if mapped := netip.AddrFrom16(addr.As16()); ipIsBlocked(site.NewOptions(map[string]string{
			"block_ips_write": list,
		}), mapped) != got {
			t.Errorf("%s and %s are not treated alike by %q", addr, mapped, list)
		}
		if !ipIsBlocked(site.NewOptions(map[string]string{
			"block_ips_write": list + "," + addr.Unmap().String(),
		}), addr) {
			t.Errorf("%s is not blocked by its own address after %q", addr, list)
		}
	})
}
