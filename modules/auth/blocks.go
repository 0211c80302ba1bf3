package auth

import (
	"net/netip"
	"strings"
	"sync/atomic"

	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/site/option"
)

// ipIsBlocked reports whether the option block_ips_write bars the address from writing.
func ipIsBlocked(o *site.Options, ip netip.Addr) bool {
	return ip.IsValid() && len(matching(o.String(option.BlockIPsWrite), ip)) > 0
}

// BlockingClauses returns the clauses of the site's option block_ips_write that bar the address from writing;
// it is empty for an address that is not blocked.
func BlockingClauses(o *site.Options, ip netip.Addr) []string {
	return matching(o.String(option.BlockIPsWrite), ip)
}

// matching returns those of the clauses in a list of blocks that match the address.
func matching(list string, ip netip.Addr) []string {
	found := []string{}
	for _, clause := range blockClauses(list) {
		if blockMatches(ip.Unmap(), clause) {
			found = append(found, clause)
		}
	}
	return found
}

// splitBlocks is the list of blocks that was split last, with its clauses. Each request asks for them several
// times.
var splitBlocks atomic.Pointer[blockList]

type blockList struct {
	text    string
	clauses []string
}

// blockClauses splits a list of blocks as Q2A does. The result must not be changed.
func blockClauses(list string) []string {
	if list == "" {
		return nil
	}
	last := splitBlocks.Load()
	if last == nil || last.text != list {
		last = &blockList{list, option.Addresses.Items(list)}
		splitBlocks.Store(last)
	}
	return last.clauses
}

// blockMatches reports whether a clause matches an address: a single address, a range written with "-", or an
// address in which "*" stands for hexadecimal digits of a part.
func blockMatches(ip netip.Addr, clause string) bool {
	if i := strings.LastIndex(clause, "-"); i >= 0 {
		return inRange(ip, clause[:i], clause[i+1:])
	}
	if exact, err := netip.ParseAddr(clause); err == nil {
		return exact.Unmap() == ip
	}
	separator, parts := ".", strings.Split(ip.String(), ".")
	if ip.Is6() {
		separator, parts = ":", strings.Split(ip.StringExpanded(), ":")
		if clause = expandPattern(clause); clause == "" {
			return false
		}
	}
	pattern := strings.Split(clause, separator)
	if len(parts) != len(pattern) {
		return false
	}
	for i, p := range pattern {
		if !partMatches(parts[i], p) {
			return false
		}
	}
	return true
}

// inRange reports whether the address is in the range. As in Q2A, each byte must lie within the bounds of its
// own position, which differs from comparing whole addresses.
func inRange(ip netip.Addr, from, to string) bool {
	first, err1 := netip.ParseAddr(from)
	last, err2 := netip.ParseAddr(to)
	if err1 != nil || err2 != nil || first.Is4() != ip.Is4() || last.Is4() != ip.Is4() {
		return false
	}
	a, lo, hi := ip.AsSlice(), first.AsSlice(), last.AsSlice()
	for i := range a {
		if a[i] < lo[i] || a[i] > hi[i] {
			return false
		}
	}
	return true
}

// expandPattern returns a clause for addresses of version 6 in which "*" stands for whole parts, with all of
// its eight parts, or "" if it is none. As Q2A does, it counts the places of the asterisks from the end, also
// of those that stand before "::".
func expandPattern(clause string) string {
	parts := strings.Split(clause, ":")
	var places []int
	for i, p := range parts {
		if p == "*" {
			places = append(places, len(parts)-1-i)
			parts[i] = "0"
		}
	}
	ip, err := netip.ParseAddr(strings.Join(parts, ":"))
	if err != nil || !ip.Is6() {
		return ""
	}
	parts = strings.Split(ip.StringExpanded(), ":")
	for _, place := range places {
		if place < len(parts) {
			parts[len(parts)-1-place] = "*"
		}
	}
	return strings.Join(parts, ":")
}

// partMatches reports whether a part of an address matches a pattern, in which each "*" stands for one
// hexadecimal digit or more.
func partMatches(part, pattern string) bool {
	before, after, ok := strings.Cut(pattern, "*")
	if !ok {
		return part == pattern
	}
	if !strings.HasPrefix(part, before) {
		return false
	}
	rest := part[len(before):]
	for i := 1; i <= len(rest); i++ {
		if partMatches(rest[i:], after) {
			return true
		}
	}
	return false
}
