package site

import (
	"regexp"
	"slices"
	"strings"
)

// ownRequests are the first parts of the addresses that Question2Answer serves itself. Pages of these
// addresses would never be shown.
var ownRequests = strings.Fields(`account activity admin answers ask categories comments confirm
	favorites feedback forgot hot ip login logout messages message questions register reset search tag
	tags unanswered unsubscribe updates user users qa feed install url image ajax sitemap.xml
	opensearch.xml . ..`)

// numeric matches what PHP takes for a number, in lower case: such addresses are those of questions.
var numeric = regexp.MustCompile(`^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)(e[+-]?[0-9]+)?$`)

// isReserved reports whether Question2Answer serves the address itself. Addresses of plugins' pages are not
// known here, but for those of the plugins that come with it.
func isReserved(slug string) bool {
	slug = strings.ToLower(strings.TrimSpace(slug))
	return numeric.MatchString(slug) || slices.Contains(ownRequests, slug)
}
