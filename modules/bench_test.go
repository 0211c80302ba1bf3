package modules_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"testing"

	"38qa.net/backend/config"
	"38qa.net/backend/modules"
)

// BenchmarkRequests measures one request through the whole application, without the network, on the database
// that BENCH_DATABASE_URL names; without that variable it is skipped. `make bench` compares servers under
// load.
func BenchmarkRequests(b *testing.B) {
	cfg, err := config.Load()
	if err != nil {
		b.Fatal(err)
	}
	cfg.DatabaseURL, cfg.RateLimit = os.Getenv("BENCH_DATABASE_URL"), "off"
	if cfg.DatabaseURL == "" {
		b.Skip("set BENCH_DATABASE_URL to the URL of a site")
	}
	app, err := modules.New(b.Context(), cfg)
	if err != nil {
		b.Fatal(err)
	}
	defer app.Close()
	for name, path := range map[string]string{
		"list":   "/v1/questions",
		"thread": "/v1/questions/1?include=answers,comments",
		"tag":    "/v1/questions?tag=honey",
		"search": "/v1/search?q=queen+bee",
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r := httptest.NewRequest(http.MethodGet, path, http.NoBody)
				r.Header.Set("User-Agent", "bench")
				w := httptest.NewRecorder()
				app.Server.ServeHTTP(w, r)
				if w.Code != http.StatusOK {
					b.Fatal(w.Code, w.Body)
				}
			}
		})
	}
}
