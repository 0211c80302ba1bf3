package modules_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"38qa.net/backend/config"
	"38qa.net/backend/modules/testsite"
)

// ownAddresses finds the attributes of HTML whose addresses a browser loads or follows.
var ownAddresses = regexp.MustCompile(`(?:src|href|srcset)="(/[^"]*)"`)

// TestAddressesAreAbsolute checks, over the responses of all reads, that every address in them begins with
// PUBLIC_URL or names another site where the server knows its own address: pages on other origins could not
// load relative ones. Addresses of the old site, which are named path, are not meant.
func TestAddressesAreAbsolute(t *testing.T) {
	t.Parallel()
	s := testsite.New(t, testsite.Config(func(c *config.Config) { c.PublicURL = "https://api.example" }))
	looked := 0
	var walk func(at, key string, value any)
	walk = func(at, key string, value any) {
		switch v := value.(type) {
		case map[string]any:
			for name, part := range v {
				walk(at, name, part)
			}
		case []any:
			for _, part := range v {
				walk(at, key, part)
			}
		case string:
			switch {
			case strings.HasSuffix(strings.ToLower(key), "url"), key == "srcSet", key == "confirm":
				looked++
				if strings.HasPrefix(v, "/") {
					t.Errorf("%s: %s is %s", at, key, v)
				}
			case key == "html":
				for _, found := range ownAddresses.FindAllStringSubmatch(v, -1) {
					t.Errorf("%s: the HTML has the address %s", at, found[1])
				}
			}
		}
	}
	for path, item := range s.App.Server.API().OpenAPI().Paths {
		if item.Get == nil || item.Get.OperationID == "stream-events" {
			continue
		}
		for _, user := range []int{testsite.Visitor, testsite.Haru, testsite.Superbee} {
			res := s.Request(t, http.MethodGet, fillPath(path)+requiredParams(item.Get, ""), user)
			if !strings.Contains(res.Header.Get("Content-Type"), "json") {
				continue
			}
			var body any
			if err := json.Unmarshal([]byte(testsite.Text(t, res)), &body); err != nil {
				t.Fatal(path, err)
			}
			walk(fmt.Sprint(path, " as ", user), "", body)
		}
	}
	if looked < 20 {
		t.Errorf("only %d addresses", looked)
	}
}
