package mail

import (
	"fmt"
	"net/url"
	"strings"

	"golang.org/x/net/idna"
)

// links makes the addresses of the pages to which mails link: pages of the old site, or of a new
// front end if the settings name its pages.
type links struct {
	site string // ends in "/"
	// neat reports whether the site has addresses without index.php (its option neat_urls is 1).
	// Otherwise links use index.php, which works on every site.
	neat                   bool
	confirmPage, resetPage string
}

func (l links) profile(u user) string { return l.to([]string{"user", u.handle}) }

func (l links) confirmation(u user) string {
	if l.confirmPage != "" {
		return fill(l.confirmPage, "{code}", u.code, "{user}", u.handle)
	}
	return l.to([]string{"confirm"}, "c", u.code, "u", u.handle)
}

func (l links) reset(u user) string {
	if l.resetPage != "" {
		return fill(l.resetPage, "{code}", u.code, "{email}", u.email)
	}
	return l.to([]string{"reset"}, "c", u.code, "e", u.email)
}

// to returns the address of a page of the old site. params are names of parameters, each followed
// by its value. It returns "" if the site's own address is not known, since a relative address is
// of no use in a mail.
func (l links) to(page []string, params ...string) string {
	if !strings.Contains(l.site, "://") {
		return ""
	}
	escape, start, separator := url.PathEscape, "", "?"
	if !l.neat {
		escape, start, separator = url.QueryEscape, "index.php?qa=", "&"
	}
	parts := make([]string, len(page))
	for i, p := range page {
		parts[i] = escape(p)
	}
	address := l.site + start + strings.Join(parts, "/")
	for i := 0; i+1 < len(params); i += 2 {
		address += separator + params[i] + "=" + url.QueryEscape(params[i+1])
		separator = "&"
	}
	return address
}

// host returns the name of the site's host in ASCII, for mail addresses and Message-IDs;
// "localhost" if it is not known.
func (l links) host() string {
	u, err := url.Parse(l.site)
	if err != nil {
		return "localhost"
	}
	name, err := idna.Lookup.ToASCII(u.Hostname())
	if err != nil || name == "" {
		return "localhost"
	}
	return name
}

// fill replaces the placeholders in an address. places are placeholders, each followed by its
// value; values are escaped so that they may stand in the path and in the query.
func fill(page string, places ...string) string {
	for i := 1; i < len(places); i += 2 {
		places[i] = strings.ReplaceAll(url.QueryEscape(places[i]), "+", "%20")
	}
	return strings.NewReplacer(places...).Replace(page)
}

// checkPage returns an error unless the address is empty, or is an absolute HTTP address that
// contains all the given placeholders.
func checkPage(page string, places ...string) error {
	if page == "" {
		return nil
	}
	for _, place := range places {
		if !strings.Contains(page, place) {
			return fmt.Errorf("page for links in mails %q: %s is missing", page, place)
		}
	}
	u, err := url.Parse(strings.NewReplacer("{", "", "}", "").Replace(page))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return fmt.Errorf("page for links in mails %q: an address that starts with https:// was expected", page)
	}
	return nil
}
