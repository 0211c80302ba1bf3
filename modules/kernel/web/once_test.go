package web

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/database/databasetest"
)

// writing returns a server with one operation that writes through Once and one that does nothing. Its callers
// are told apart by the User-Agent and the cookie that they send.
func writing(t *testing.T, db *database.DB, secret string) *httptest.Server {
	t.Helper()
	s := New(Settings{Once: db, Secret: secret, Caller: func(ctx context.Context) IdempotencyCaller {
		c := ClientOf(ctx)
		return IdempotencyCaller{Space: c.UserAgent + c.Cookie, Client: c.UserAgent}
	}})
	type output struct {
		Cookie http.Cookie `header:"Set-Cookie"`
		Body   struct {
			Resource int `json:"resource"`
		}
	}
	Register(s.API(), huma.Operation{
		OperationID: "write", Method: http.MethodPost, Path: "/write",
	}, func(ctx context.Context, in *textInput) (*output, error) {
		id, err := Once(ctx, db, func(tx *database.DB) (n int, err error) {
			if _, err := tx.Exec(ctx, "INSERT INTO {effects} (note) VALUES (?)", in.Body.Text); err != nil {
				return 0, err
			}
			_, err = tx.Get(ctx, []any{&n}, "SELECT COUNT(*) FROM {effects}")
			return n, err
		})
		out := &output{Cookie: http.Cookie{Name: "qa_id", Value: "42"}}
		out.Body.Resource = id
		return out, err
	})
	Register(s.API(), huma.Operation{
		OperationID: "nothing", Method: http.MethodPost, Path: "/nothing",
	}, func(context.Context, *struct{}) (*struct{}, error) {
		return nil, nil
	})
	return serve(t, s)
}

func onDatabases(t *testing.T, test func(t *testing.T, db *database.DB)) {
	t.Helper()
	databasetest.Each(t, func(t *testing.T, url string) { test(t, migrated(t, url)) })
}

// write sends a text to the operation that writes, as the given caller.
func write(t *testing.T, server *httptest.Server, caller, cookie, key, text string) reply {
	t.Helper()
	header := []string{"Content-Type", "application/json", "User-Agent", caller, "Idempotency-Key", key}
	if cookie != "" {
		header = append(header, "Cookie", "qa_id="+cookie)
	}
	return mustSend(t, server, http.MethodPost, "/write", fmt.Sprintf(`{"text": %q}`, text), header...)
}

func rows(t *testing.T, db *database.DB, table string) (n int) {
	t.Helper()
	if _, err := db.Get(t.Context(), []any{&n}, "SELECT COUNT(*) FROM "+table); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestKeysAreTheCallersOwn checks that the same Idempotency-Key of another caller, or of a visitor with
// another cookie, counts as another key, and that a key used again with another body is refused.
func TestKeysAreTheCallersOwn(t *testing.T) {
	onDatabases(t, func(t *testing.T, db *database.DB) {
		server := writing(t, db, "")
		for i, by := range [][2]string{{"one", ""}, {"two", ""}, {"one", "7"}, {"one", "8"}} {
			if r := write(t, server, by[0], by[1], "key", "text"); r.status != http.StatusOK ||
				r.header.Get("Idempotency-Replayed") != "" || rows(t, db, "{effects}") != i+1 {
				t.Errorf("%v: %d %v %s", by, r.status, r.header, r.body)
			}
		}
		if r := write(t, server, "one", "7", "key", "text"); r.header.Get("Idempotency-Replayed") != "true" ||
			rows(t, db, "{effects}") != 4 {
			t.Errorf("again: %d %v %s", r.status, r.header, r.body)
		}
		if r := write(t, server, "one", "7", "key", "other text"); r.code() != "idempotency_conflict" {
			t.Errorf("another text: %d %s", r.status, r.body)
		}
	})
}

// TestCookiesAreNotKept checks that a replayed response sets no cookie, and that the cookie is not stored
// with it.
func TestCookiesAreNotKept(t *testing.T) {
	db := sqlite(t)
	server := writing(t, db, "")
	first, again := write(t, server, "one", "", "key", "text"), write(t, server, "one", "", "key", "text")
	if first.header.Get("Set-Cookie") == "" || again.header.Get("Idempotency-Replayed") != "true" ||
		again.header.Get("Set-Cookie") != "" || first.body != again.body {
		t.Errorf("%v, again %v", first.header, again.header)
	}
	var kept []string
	if err := db.Select(t.Context(), database.Append(&kept),
		"SELECT headers FROM {q2ab_idempotency}"); err != nil ||
		len(kept) != 1 || strings.Contains(kept[0], "42") {
		t.Errorf("kept: %q, %v", kept, err)
	}
}

// TestKeptHashesAreKeyed checks that the values stored for a request cannot be computed from what was sent
// without the secret, and that servers with the same secret compute the same values.
func TestKeptHashesAreKeyed(t *testing.T) {
	hashes := map[string]string{}
	for _, secret := range []string{"", "configured", "another"} {
		db := sqlite(t)
		body := `{"text": "password"}`
		if r := write(t, writing(t, db, secret), "one", "", "key", "password"); r.status != http.StatusOK {
			t.Fatalf("%d %s", r.status, r.body)
		}
		// Another process with the same secret computes the same hashes.
		if r := write(t, writing(t, db, secret), "one", "",
			"key", "password"); r.header.Get("Idempotency-Replayed") != "true" {
			t.Errorf("another task: %d %s", r.status, r.body)
		}
		err := db.Select(t.Context(), func(rows *sql.Rows) error {
			var id, client, fingerprint []byte
			err := rows.Scan(&id, &client, &fingerprint)
			for name, value := range map[string][]byte{
				"id": id, "client": client, "fingerprint": fingerprint,
			} {
				if other, found := hashes[string(value)]; found {
					t.Errorf("%s with secret %q is %s", name, secret, other)
				}
				hashes[string(value)] = name + " with secret " + secret
				for _, plain := range []string{
					body, "/write\napplication/json\n" + body, "one", "one\nkey", "key",
				} {
					if sum := sha256.Sum256([]byte(plain)); bytes.Equal(sum[:], value) {
						t.Errorf("%s is a mere hash", name)
					}
				}
			}
			return err
		}, "SELECT id, client, fingerprint FROM {q2ab_idempotency}")
		if err != nil {
			t.Fatal(err)
		}
		if n := rows(t, db, "{q2ab_secrets}"); (n == 0) != (secret != "") {
			t.Errorf("with secret %q there are %d in the database", secret, n)
		}
	}
}

// TestKeptRequestsAreBounded checks that a request that writes nothing leaves no row, and that a client with
// maxKept stored requests is refused any further one, while replays and other clients are not.
func TestKeptRequestsAreBounded(t *testing.T) {
	onDatabases(t, func(t *testing.T, db *database.DB) {
		server := writing(t, db, "")
		for i := range 20 {
			if r := mustSend(t, server, http.MethodPost, "/nothing", "", "Idempotency-Key",
				fmt.Sprint(i)); r.status != http.StatusNoContent {
				t.Fatalf("%d %s", r.status, r.body)
			}
		}
		if n := rows(t, db, "{q2ab_idempotency}"); n != 0 {
			t.Errorf("%d rows of nothing", n)
		}
		write(t, server, "one", "", "first", "text")
		for i := 1; i < maxKept; i++ {
			_, err := db.Exec(t.Context(),
				`INSERT INTO {q2ab_idempotency} (id, client, fingerprint, resource, created)
					SELECT ?, client, fingerprint, 0, created
					FROM {q2ab_idempotency}
					WHERE resource = 1`,
				[]byte(fmt.Sprintf("%032d", i)))
			if err != nil {
				t.Fatal(err)
			}
		}
		// Other cookies do not make another client.
		if r := write(t, server, "one", "5", "one-more", "text"); r.code() != "rate_limit" ||
			r.header.Get("Retry-After") == "" || rows(t, db, "{effects}") != 1 {
			t.Errorf("one more: %d %v %s", r.status, r.header, r.body)
		}
		if r := write(t, server, "one", "", "first", "text"); r.header.Get("Idempotency-Replayed") != "true" {
			t.Errorf("the first again: %d %s", r.status, r.body)
		}
		if r := write(t, server, "two", "", "one-more", "text"); r.status != http.StatusOK {
			t.Errorf("another client: %d %s", r.status, r.body)
		}
	})
}
