package database

import (
	"context"
	"database/sql"
	"encoding/json"
	"os"
	"strconv"
	"testing"
)

// TestGeneralCIAsRecorded checks that CompareGeneralCI and FoldGeneralCI find the same pairs of texts equal
// as the recorded server did with utf8_general_ci.
func TestGeneralCIAsRecorded(t *testing.T) {
	text, err := os.ReadFile("../../../testdata/oracle/reads/strings.json")
	if err != nil {
		t.Fatal(err)
	}
	var recorded struct {
		Pairs []struct {
			A, B  string
			Equal bool `json:"utf8_general_ci"`
		} `json:"collation_equal"`
	}
	if err := json.Unmarshal(text, &recorded); err != nil {
		t.Fatal(err)
	}
	if len(recorded.Pairs) < 10 {
		t.Fatalf("%d pairs", len(recorded.Pairs))
	}
	for _, p := range recorded.Pairs {
		if got := CompareGeneralCI(p.A, p.B) == 0; got != p.Equal {
			t.Errorf("%q and %q: equal %v, recorded %v", p.A, p.B, got, p.Equal)
		}
		if got := FoldGeneralCI(p.A) == FoldGeneralCI(p.B); got != p.Equal {
			t.Errorf("%q and %q: folded equal %v, recorded %v", p.A, p.B, got, p.Equal)
		}
	}
}

// TestGeneralCIMatchesServer checks generalCIWeight against the weights that a MySQL or MariaDB server gives
// to the characters of Unicode's basic plane.
func TestGeneralCIMatchesServer(t *testing.T) {
	url := os.Getenv("TEST_DATABASE_URL")
	if url == "" {
		t.Skip("needs a MySQL or MariaDB server: set TEST_DATABASE_URL (.ci/run starts one)")
	}
	db, err := Open(context.Background(), Settings{URL: url + "information_schema"})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	checked := 0
	for start := 1; start < 0x10000; start += 0x400 {
		if start >= 0xd7ff && start < 0xe000 {
			continue
		}
		query := ""
		for r := start; r < min(start+0x400, 0x10000); r++ {
			if r >= 0xd800 && r < 0xe000 {
				continue
			}
			if query != "" {
				query += " UNION ALL "
			}
			query += "SELECT " + strconv.Itoa(r) + ", HEX(WEIGHT_STRING(CONVERT(CHAR(" + strconv.Itoa(r) +
				" USING utf16) USING utf8) COLLATE utf8_general_ci))"
		}
		err := db.Select(context.Background(), func(rows *sql.Rows) error {
			var r rune
			var weight string
			if err := rows.Scan(&r, &weight); err != nil {
				return err
			}
			want, err := strconv.ParseInt(weight, 16, 32)
			if err != nil {
				return nil //nolint:nilerr // characters without a weight of their own
			}
			if got := generalCIWeight(r); int64(got) != want {
				t.Errorf("%U: weight %X, the server's is %X", r, got, want)
			}
			checked++
			return nil
		}, query)
		if err != nil {
			t.Fatal(err)
		}
	}
	if checked < 60000 {
		t.Errorf("%d characters checked", checked)
	}
}
