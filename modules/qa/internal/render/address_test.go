package render

import "testing"

func TestAddressesOfTheSitesFiles(t *testing.T) {
	for _, c := range []struct{ site, api string }{
		{"https://site.example/", "https://api.example"},
		{"http://www.site.example", "http://api.example:80/"},
		{"https://SITE.example/", "https://api.example/"},
	} {
		ps := Options{SiteURL: c.site, APIURL: c.api}.places()
		for _, own := range ownAddresses {
			for _, root := range append([]string{own.root}, absoluteRoots...) {
				if root != own.root && !own.belowRoot {
					continue
				}
				checkAddress(t, ps, root+own.address, own.want)
			}
		}
		for _, address := range foreignAddresses {
			checkAddress(t, ps, address, "")
		}
	}
}

// absoluteRoots are roots of the site and of this API in the forms in which people write them.
var absoluteRoots = []string{
	"/", "https://site.example/", "http://site.example/", "https://www.site.example/", "HTTPS://Site.Example/", "//site.example/", "//www.site.example/",
	"https://site.example:443/", "http://site.example:80/", "https://api.example/", "http://api.example/", "//api.example/", " https://site.example/",
}

// ownAddresses are addresses of the site's files below a root, with the addresses that readers get. Those
// with belowRoot set are also tried below each of absoluteRoots.
var ownAddresses = []struct {
	root, address string
	belowRoot     bool
	want          string
}{
	{"", "?qa=blob&qa_blobid=12", true, "/v1/media/12"},
	{"./", "?qa=blob&qa_blobid=12", true, "/v1/media/12"},
	{"../", "?qa=blob&qa_blobid=12", true, "/v1/media/12"},
	{"../../", "?qa_blobid=12&qa=blob&x=y", true, "/v1/media/12"},
	{"..", "?qa=blob&qa_blobid=12", false, "/v1/media/12"},
	{"./", "?qa=blob&qa_blobid=12&qa_size=600", true, "/v1/media/12"},
	{"", "?qa=image&qa_blobid=12", true, "/v1/media/12"},
	{"./", "?qa=image&qa_blobid=12&qa_size=600", true, "/v1/media/12?size=600"},
	{"../", "?qa=image&qa_blobid=12&qa_size=0600#top", true, "/v1/media/12?size=600"},
	{"", "?qa=image&qa_blobid=12&qa_size=0", true, "/v1/media/12"},
	{"", "?qa=image&qa_blobid=12&qa_size=-1", true, "/v1/media/12"},
	{"", "?qa=image&qa_blobid=12&qa_size=9999", true, "/v1/media/12?size=2048"},
	{"", "?qa=image&qa_blobid=12&qa_size=99999999999999999999999", true, "/v1/media/12?size=2048"},
	{"", "index.php?qa=blob&qa_blobid=12", true, "/v1/media/12"},
	{"./", "index.php?qa=image&qa_blobid=12&qa_size=600", true, "/v1/media/12?size=600"},
	{"../", "index.php/image/12/600", true, "/v1/media/12?size=600"},
	{"", "?qa=image/12/600", true, "/v1/media/12?size=600"},
	{"", "?qa=image%2F12%2F600", true, "/v1/media/12?size=600"},
	{"", "?qa=/blob/12/", true, "/v1/media/12"},
	{"../", "index.php?qa=image/12", true, "/v1/media/12"},
	{"", "image/12", true, "/v1/media/12"},
	{"../", "image/12/600", true, "/v1/media/12?size=600"},
	{"./", "image/12/", true, "/v1/media/12"},
	{"", "image/12/0", true, "/v1/media/12"},
	{"", "image?qa_blobid=12&qa_size=600", true, "/v1/media/12?size=600"},
	{"", "blob/12", true, "/v1/media/12"},
	{"", "blob/?qa_blobid=12", true, "/v1/media/12"},
	{"", "v1/media/12", true, "/v1/media/12"},
	{"../", "v1/media/12?size=600", true, "/v1/media/12?size=600"},
	{"", "v1/media/12?size=big", true, "/v1/media/12"},
	{"", "5/a-question?qa=blob&qa_blobid=12", true, "/v1/media/12"}, // what ?qa=blob… is on a question's page
	{"", "v1/media/17765946983181832608", true, "/v1/media/17765946983181832608"},
	{"", "image/18446744073709551615", true, "/v1/media/18446744073709551615"},
	{"", "blob/00000000000000000012", true, "/v1/media/12"},
}

var foreignAddresses = []string{
	"", "#", "/", "?", "x.png", "/x.png", "https://site.example/", "https://site.example/12/a-question", "mailto:a@site.example", "tel:12",
	"https://other.example/?qa=blob&qa_blobid=12", "https://other.example/image/12", "//other.example/v1/media/12", "///v1/media/12", "http:///v1/media/12", "https:v1/media/12",
	"https://site.example.evil.example/image/12", "https://site.example@evil.example/image/12", "https://user@site.example/image/12", "https://evil.example/https://site.example/image/12",
	"https://sub.site.example/image/12", "https://site.example:8080/image/12", "ftp://site.example/image/12", "javascript:/v1/media/12", "data:image/12", "%zz/image/12", "\x00/image/12",
	"?qa=blob", "?qa=blob&qa_blobid=", "?qa=blob&qa_blobid=x", "?qa=blob&qa_blobid=12x", "?qa=blob&qa_blobid=-12", "?qa=blob&qa_blobid=+12", "?qa=blob&qa_blobid=0",
	"?qa=blob&qa_blobid=18446744073709551616", "?qa=blob&qa_blobid=000000000000000000012", "?qa=user&qa_blobid=12", "?qa_blobid=12", "?qa=12/image",
	"/image", "/image/", "/image/x", "/image/12/x", "/image/12/600/7", "/blob/12/600", "/images/12", "/imagery?qa_blobid=12", "/index.phpimage/12",
	"/v1/media", "/v1/media/", "/v1/media/x", "/v1/media/12/", "/v1/media/12/x", "/v1/media/-12", "/v2/media/12", "/v1/medias/12", "/other/v1/media/12", "/other/image/12",
}

// checkAddress checks which address readers get in place of an address. If want is "", the address must stay
// as it is.
func checkAddress(t *testing.T, ps places, address, want string) {
	t.Helper()
	f, ok := ps.file(address)
	if got := f.url(""); ok != (want != "") || ok && got != want {
		t.Errorf("%q below %v: %q %v, want %q", address, ps, got, ok, want)
	}
}

func TestAddressesBelowDirectories(t *testing.T) {
	ps := Options{SiteURL: "https://site.example/qa/", APIURL: "https://site.example/api"}.places()
	for address, want := range map[string]string{
		"https://www.site.example/qa/?qa=blob&qa_blobid=12": "/v1/media/12",
		"https://site.example/qa?qa=blob&qa_blobid=12":      "/v1/media/12",
		"//site.example/qa/index.php?qa=image/12/600":       "/v1/media/12?size=600",
		"/qa/image/12":                               "/v1/media/12",
		"/api/v1/media/12?size=600":                  "/v1/media/12?size=600",
		"http://site.example/api/v1/media/12":        "/v1/media/12",
		"/v1/media/12":                               "/v1/media/12", // as this API gives it, wherever it is reached
		"/image/12":                                  "/v1/media/12",
		"https://site.example/v1/media/12":           "",
		"https://site.example/?qa=blob&qa_blobid=12": "",
		"https://site.example/qanda/image/12":        "",
		"/qanda/image/12":                            "",
	} {
		checkAddress(t, ps, address, want)
	}
}

// TestAddressesOfAnUnknownSite checks that relative addresses of files are recognised even if the site's own
// address is not known.
func TestAddressesOfAnUnknownSite(t *testing.T) {
	for _, o := range []Options{{}, {SiteURL: "/"}, {SiteURL: "%zz"}} {
		for address, want := range map[string]string{
			"./?qa=blob&qa_blobid=12": "/v1/media/12", "/v1/media/12": "/v1/media/12", "/image/12": "/v1/media/12", "https://site.example/image/12": "", "//v1/media/12": "",
		} {
			checkAddress(t, o.places(), address, want)
		}
	}
}
