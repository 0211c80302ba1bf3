// Package weblink decides which of the addresses that people give become links, and where those lead.
package weblink

import (
	"net/url"
	"strings"
	"unicode"
)

// maxLength is the length of the longest address that becomes a link, in bytes.
const maxLength = 2000

// Of returns the address of the web page that somebody gave as one, "" if it is none: by http or https, with
// a host and without a user's name, which is only there to deceive. What has no scheme is taken for one by
// http if there is a dot in it, as Question2Answer does.
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

// OnSite is like Of, but returns addresses below the site as they are too: paths, parameters and fragments.
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

// parse returns nil for what is no address, and for one that another program could read otherwise.
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

// unfit reports whether a character has no place in an address: white space, what is not seen, what browsers
// take for another character, and what would end the address in the places where it is written.
func unfit(r rune) bool {
	return unicode.IsSpace(r) || unicode.In(r, unicode.C, unicode.Z) || r == unicode.ReplacementChar ||
		strings.ContainsRune("\"<>\\`", r)
}

// isHost reports whether a text can be the name or the number of a host.
func isHost(name string) bool {
	if strings.Contains(name, ":") { // as only the numbers of IPv6 have it
		return strings.Trim(name, "0123456789abcdefABCDEF:.") == ""
	}
	return name != "" && strings.Trim(name, ".") != "" && !strings.ContainsFunc(name, func(r rune) bool {
		return !unicode.In(r, unicode.L, unicode.N, unicode.M) && !strings.ContainsRune("-._・", r)
	})
}
