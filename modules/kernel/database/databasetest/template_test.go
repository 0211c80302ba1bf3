package databasetest_test

import (
	"context"
	"database/sql"
	"os"
	"testing"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/database/databasetest"
)

// TestServerCopies checks that each copy of a template on a server is as the template was filled, whatever a
// test did to the copy before: changed rows, tables, columns or keys.
func TestServerCopies(t *testing.T) {
	if os.Getenv("TEST_DATABASE_URL") == "" {
		t.Skip("needs a MySQL or MariaDB server: set TEST_DATABASE_URL (.ci/run starts one)")
	}
	template := &databasetest.Template{Charset: "utf8mb4", Fill: func(ctx context.Context, url string) error {
		return databasetest.Feed(ctx, url, `CREATE TABLE hives (
				id INT AUTO_INCREMENT PRIMARY KEY,
				name VARCHAR(20),
				short VARCHAR(3) AS (LEFT(name, 3)),
				UNIQUE KEY (short)
			);
			CREATE TABLE bees (hive INT, FOREIGN KEY (hive) REFERENCES hives (id) ON DELETE CASCADE);
			INSERT INTO hives (name) VALUES ('first'), ('second');
			INSERT INTO bees VALUES (1), (1), (2)`)
	}}
	t.Cleanup(func() {
		if err := template.Drop(); err != nil {
			t.Error(err)
		}
	})
	for _, c := range []struct{ name, did string }{
		{"nothing", ""},
		{"rows changed", "UPDATE hives SET name = 'other' WHERE id = 1"},
		{"rows added", "INSERT INTO hives (name) VALUES ('third')"},
		{"rows added and taken away", "INSERT INTO hives (name) VALUES ('third'); DELETE FROM hives WHERE id > 2"},
		{"rows deleted, and others with them", "DELETE FROM hives WHERE id = 1"},
		{"a table added", "CREATE TABLE queens (id INT)"},
		{"a table dropped", "DROP TABLE bees"},
		{"a column added", "ALTER TABLE bees ADD COLUMN age INT"},
		{"a key dropped", "ALTER TABLE hives DROP KEY short"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.did != "" {
				if err := databasetest.Feed(t.Context(), template.ServerCopy(t), c.did); err != nil {
					t.Fatal(err)
				}
			}
		})
		t.Run("after "+c.name, func(t *testing.T) { wantFilled(t, template.ServerCopy(t)) })
	}
}

// wantFilled checks that the database is as Fill left the template: its rows, its columns, its keys, and the
// next AUTO_INCREMENT value.
func wantFilled(t *testing.T, url string) {
	t.Helper()
	db, err := database.Open(t.Context(), database.Settings{URL: url, MaxConnections: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var got string
	read := func(query string) {
		t.Helper()
		err := db.Select(t.Context(), func(rows *sql.Rows) error {
			var row string
			err := rows.Scan(&row)
			got += row + " "
			return err
		}, query)
		if err != nil {
			t.Fatal(err)
		}
	}
	read("SELECT CONCAT(id, name, short) FROM hives ORDER BY id")
	read("SELECT hive FROM bees ORDER BY hive")
	read("SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = DATABASE()")
	read("SELECT COUNT(*) FROM information_schema.statistics WHERE table_schema = DATABASE()")
	if _, err := db.Exec(t.Context(), "INSERT INTO hives (name) VALUES ('next')"); err != nil {
		t.Fatal(err)
	}
	read("SELECT MAX(id) FROM hives")
	if want := "1firstfir 2secondsec 1 1 2 4 3 3 "; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
