package modules_test

import (
	"context"
	"net/http"
	"testing"

	"38qa.net/backend/config"
	"38qa.net/backend/modules/testsite"
)

// TestClientAddress checks that X-Forwarded-For counts only if it comes from a trusted proxy, and that of its
// addresses the rightmost one that is not a trusted proxy is taken as the client's.
func TestClientAddress(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		proxies []string
		want    string
	}{
		"nobody is trusted":      {nil, "7F000001"},
		"behind a load balancer": {[]string{"127.0.0.0/8", "10.0.0.0/8"}, "C6336407"},
	} {
		t.Run(name, func(t *testing.T) {
			s := testsite.New(t, testsite.Config(func(cfg *config.Config) { cfg.TrustedProxies = c.proxies }))
			s.Request(t, http.MethodGet, "/v1/questions/388", testsite.Visitor, "User-Agent", "Firefox",
				"X-Forwarded-For", "203.0.113.9, 198.51.100.7, 10.0.0.3")
			var got string
			if _, err := s.App.DB.Get(context.Background(), []any{&got},
				"SELECT HEX(lastviewip) FROM {posts} WHERE postid = 388"); err != nil || got != c.want {
				t.Errorf("the view came from %s, want %s (%v)", got, c.want, err)
			}
		})
	}
}
