package q2ahtml

import (
	"regexp"
	"strings"

	nethtml "golang.org/x/net/html"
)

// Schemes that addresses may have; links may have more.
var (
	schemes     = set("file http https")
	linkSchemes = set("aim feed file ftp gopher http https irc mailto news nntp sftp ssh telnet")
)

// denied is put before an address with another scheme, which then leads nowhere.
const denied = "denied:"

// schemeForm finds whatever stands before a colon, however that is written. Only a scheme of the list, and
// nothing but it, may: what browsers would read over there (control characters, entities) makes it another.
var schemeForm = regexp.MustCompile(`(?i)^([^:?\[@!$()*,=/'\]]+?)(?::|&#(?:58|x3a);|%3a|\\0{0,4}3a)`)

// softHyphens are not seen, and could hide a scheme.
var softHyphens = strings.NewReplacer("\u00ad", " ", "&#xad;", " ", "&#173;", " ", "&shy;", " ")

// cleanAddress denies an address that has a scheme which is not on the list.
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

// cleanSources does so for the addresses of a srcset.
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

// ownFile writes the address of a file of the site as Question2Answer writes it. What this program's pages
// add to an image goes then, since it belongs to the other address.
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
