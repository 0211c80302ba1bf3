package mail

import (
	"fmt"
	"net/url"
	"strings"

	"golang.org/x/net/idna"
)

// links makes the addresses of pages that mails lead to: those of the old site, or of a new front end where the settings say so.
type links struct {
	site string // ends in "/"
	// neat tells whether the site has addresses without index.php (option neat_urls is 1). All sites understand the others.
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

// to is the address of a page of the old site, with names and values of parameters; "" where the site does not know its own
// address, since a mail has no page that a relative one could start from.
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

// host is the name of the site's host in ASCII, for addresses of mail; "localhost" where there is no name.
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

// fill puts values into the places of an address, escaped so that they may stand in its path and in its query.
func fill(page string, places ...string) string {
	for i := 1; i < len(places); i += 2 {
		places[i] = strings.ReplaceAll(url.QueryEscape(places[i]), "+", "%20")
	}
	return strings.NewReplacer(places...).Replace(page)
}

// checkPage checks an address with places: it is absolute, and the code and whose it is are in it.
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
