// Package weblink decides which of the addresses that people enter become links, and where the links
// lead.
package weblink

import (
	"net/url"
	"strings"
	"unicode"
)

// maxLength is the length of the longest address that becomes a link, in bytes.
const maxLength = 2000

// Of returns the address of a web page that somebody entered, or "" if the text is not such an
// address. The address must use http or https and have a host, and must not contain a user name,
// which would only serve to deceive. As in Question2Answer, a text without a scheme is taken for an
// http address if it contains a dot.
func Of(text string) string {
	text = strings.TrimSpace(text)
	if !strings.Contains(text, ":/") {
		if !strings.Contains(text, ".") {
			return ""
		}
		text = "http://" + text
	}
	u := parse(text)
	if u == nil || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || !isHost(u.Hostname()) {
		return ""
	}
	return text
}

// OnSite is like Of, but also accepts addresses relative to the site (paths, parameters and
// fragments) and returns them unchanged.
func OnSite(text string) string {
	text = strings.TrimSpace(text)
	if strings.Contains(text, "://") {
		return Of(text)
	}
	u := parse(text)
	if text == "" || u == nil || u.Scheme != "" || u.Host != "" || strings.HasPrefix(text, "//") {
		return ""
	}
	return text
}

// parse parses an address. It returns nil if the text is no address or if another program could read
// it differently.
func parse(text string) *url.URL {
	if len(text) > maxLength || strings.ContainsFunc(text, unfit) {
		return nil
	}
	u, err := url.Parse(text)
	if err != nil {
		return nil
	}
	return u
}

// unfit reports whether a character must not occur in an address: white space, invisible characters,
// characters that browsers take for others, and those that would end the address in the places where
// it is written.
func unfit(r rune) bool {
	return unicode.IsSpace(r) || unicode.In(r, unicode.C, unicode.Z) || r == unicode.ReplacementChar ||
		strings.ContainsRune("\"<>\\`", r)
}

// isHost reports whether a text can be a host name or an IP address.
func isHost(name string) bool {
	if strings.Contains(name, ":") { // as only the numbers of IPv6 have it
		return strings.Trim(name, "0123456789abcdefABCDEF:.") == ""
	}
	return name != "" && strings.Trim(name, ".") != "" && !strings.ContainsFunc(name, func(r rune) bool {
		return !unicode.In(r, unicode.L, unicode.N, unicode.M) && !strings.ContainsRune("-._・", r)
	})
}
