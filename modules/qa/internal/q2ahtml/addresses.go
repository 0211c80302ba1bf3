package q2ahtml

import (
	"regexp"
	"strings"

	nethtml "golang.org/x/net/html"
)

// schemes are the schemes that addresses may have, and linkSchemes those that the addresses of links
// may have.
var (
	schemes     = set("file http https")
	linkSchemes = set("aim feed file ftp gopher http https irc mailto news nntp sftp ssh telnet")
)

// denied is put before an address with any other scheme, which then leads nowhere.
const denied = "denied:"

// schemeForm matches what stands before a colon, in whatever way the colon is written. This must be
// exactly one of the allowed schemes: with control characters or entities in it, which browsers would
// ignore or decode, it does not match any.
var schemeForm = regexp.MustCompile(`(?i)^([^:?\[@!$()*,=/'\]]+?)(?::|&#(?:58|x3a);|%3a|\\0{0,4}3a)`)

// softHyphens replaces soft hyphens, which are invisible and could hide a scheme, by spaces.
var softHyphens = strings.NewReplacer("\u00ad", " ", "&#xad;", " ", "&#173;", " ", "&shy;", " ")

// cleanAddress returns the address, with the prefix denied if its scheme is not allowed in the
// attribute.
func cleanAddress(attribute, address string) string {
	address = softHyphens.Replace(address)
	if address == "" || strings.IndexByte("#?;", address[0]) >= 0 || strings.HasPrefix(address, denied) {
		return address
	}
	allowed := schemes
	if attribute == "href" {
		allowed = linkSchemes
	}
	if m := schemeForm.FindStringSubmatch(address); m != nil && !allowed[strings.ToLower(m[1])] {
		return denied + address
	}
	return address
}

// cleanSources returns the list of a srcset with each address cleaned as by cleanAddress.
func cleanSources(list string) string {
	var kept []string
	for part := range strings.SplitSeq(list, ",") {
		address, size, _ := strings.Cut(strings.TrimLeft(part, white), " ")
		if address = strings.Trim(address, white); address == "" {
			continue
		}
		source := cleanAddress("srcset", address) + " " + strings.Trim(size, white)
		kept = append(kept, strings.TrimRight(source, " "))
	}
	return strings.Join(kept, ", ")
}

// ownFile replaces the address of one of the site's files by the one that Question2Answer uses for it.
// It then removes srcset and data-blurhash, which this program adds to images, because they belong to
// the replaced address.
func (c *attributeCleaner) ownFile(element string, kept *attributes) {
	name := map[string]string{"a": "href", "img": "src"}[element]
	value, ok := kept.get(name)
	if !ok || c.files == nil {
		return
	}
	old, ok := c.files(nethtml.UnescapeString(value))
	if !ok {
		return
	}
	kept.set(name, nethtml.EscapeString(old))
	if element == "img" {
		kept.remove("srcset")
		kept.remove("data-blurhash")
	}
}
