package site

import (
	"fmt"
	"iter"
	"regexp"
	"slices"
	"strings"

	"38qa.net/backend/modules/kernel/problem"
)

// The codes of slugs that a page or a category at the top cannot have.
var (
	FieldSlugReserved = problem.DefineField("slug_reserved",
		"is the address of a page that the site has already",
		"サイトの既存のページの URL なので使えません")
	FieldSlugOfPage = problem.DefineField("slug_of_page",
		"is the slug of a page",
		"他のページで使われています")
	fieldSlugOfCategory = problem.DefineField("slug_of_category",
		"is the slug of a category",
		"カテゴリーで使われています")
)

// ownRequests are the first parts of the addresses that Question2Answer serves itself, and the plugins that
// come with it. Pages and categories of these addresses would never be shown.
var ownRequests = strings.Fields(`account activity admin answers ask categories comments confirm
	favorites feedback forgot hot ip login logout messages message questions register reset search tag
	tags unanswered unsubscribe updates user users qa feed install url image ajax sitemap.xml
	opensearch.xml wysiwyg-editor-ajax wysiwyg-editor-upload example-plugin-page facebook-login`)

// numeric matches what PHP takes for a number, in lower case: such addresses are those of questions.
var numeric = regexp.MustCompile(`^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)(e[+-]?[0-9]+)?$`)

// SlugReserved reports whether Question2Answer serves the address itself, or takes it for a question's. Addresses
// of other plugins' pages are not known here.
func SlugReserved(slug string) bool {
	slug = strings.ToLower(strings.TrimSpace(slug))
	return slug == "" || numeric.MatchString(slug) || slices.Contains(ownRequests, slug)
}

// SlugCandidates returns the slugs that Q2A tries for a new page or category in their order, until one is
// free: the words of the title with hyphens between them, the same after the prefix and a hyphen, and the prefix
// with the numbers 1, 2, 3 … There are 100 of them.
func SlugCandidates(prefix string, titleWords []string) iter.Seq[string] {
	return func(yield func(string) bool) {
		words := strings.Join(titleWords, "-")
		more := yield(words) && yield(prefix+"-"+words)
		for n := 1; more && n <= 98; n++ {
			more = yield(fmt.Sprintf("%s-%d", prefix, n))
		}
	}
}
