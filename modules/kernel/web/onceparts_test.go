package web

import (
	"context"
	"net/http"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/problem"
)

// TestParts checks that each part of a request with an Idempotency-Key is done once, that a part that was
// refused is judged anew, and that parts do not count as requests of the client.
func TestParts(t *testing.T) {
	onDatabases(t, func(t *testing.T, db *database.DB) {
		s := New(Settings{Once: db, Caller: func(context.Context) IdempotencyCaller {
			return IdempotencyCaller{Space: "me", Client: "me"}
		}})
		refused := 1 // the part that is refused
		type output struct {
			CacheControl string `header:"Cache-Control"`
		}
		Register(s.API(), huma.Operation{OperationID: "write-parts", Method: http.MethodPost, Path: "/write"},
			func(ctx context.Context, _ *textInput) (*output, error) {
				if err := Accept(ctx, db); err != nil {
					return nil, err
				}
				for i := range 3 {
					_, err := Once(Part(ctx, i), db, func(tx *database.DB) (int, error) {
						if i == refused {
							return 0, problem.NotFound()
						}
						_, err := tx.Exec(ctx, "INSERT INTO {effects} (note) VALUES ('part')")
						return 0, err
					})
					if i != refused && err != nil {
						return nil, err
					}
				}
				return &output{CacheControl: "no-store"}, nil
			})
		server := serve(t, s)
		for i, effects := range []int{2, 2, 3, 3} {
			if i == 2 {
				refused = -1
			}
			if r := write(t, server, "one", "", "key", "text"); r.status >= 300 || r.header.Get("Idempotency-Replayed") != "" ||
				rows(t, db, "{effects}") != effects {
				t.Errorf("%d: %d %s, %d effects", i, r.status, r.body, rows(t, db, "{effects}"))
			}
		}
		if r := write(t, server, "one", "", "key", "other"); r.code() != "idempotency_conflict" {
			t.Errorf("another text: %d %s", r.status, r.body)
		}
		var counted int
		if _, err := db.Get(t.Context(), []any{&counted}, `SELECT MAX(n)
			FROM (SELECT COUNT(*) AS n FROM {q2ab_idempotency} GROUP BY client) c`); err != nil || counted != 3 {
			t.Errorf("%d rows of a client, %v", counted, err)
		}
	})
}
