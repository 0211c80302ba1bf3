package database_test

import (
	"compress/gzip"
	"context"
	"os"
	"path/filepath"
	"testing"

	"38qa.net/backend/modules/kernel/database"
)

// TestImportDump checks that ImportDump reads the dump of the recorded site into SQLite, by the number of
// tables and rows and by single values. The tests of package modules compare the reads of the whole
// application on such a database with the recordings.
func TestImportDump(t *testing.T) {
	ctx := context.Background()
	file, err := os.Open("../../../testdata/oracle/small.sql.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	dump, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	db, err := database.Open(ctx, database.Settings{
		URL: "sqlite:" + filepath.Join(t.TempDir(), "x.sqlite"), Prefix: "site_", Importing: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	result, err := db.ImportDump(ctx, dump, database.Import{Prefix: "qa_"})
	if err != nil {
		t.Fatal(err)
	}
	if result.Tables != 31 || result.Rows < 9000 {
		t.Errorf("imported %d tables and %d rows", result.Tables, result.Rows)
	}
	for query, want := range map[string]string{
		"SELECT COUNT(*) FROM {posts}":                                                                  "388",
		"SELECT CAST(hotness AS INTEGER) FROM {posts} WHERE postid = 389":                               "106357399552",
		"SELECT userid FROM {users} WHERE handle = 'JOSE miel'":                                         "9",
		"SELECT format FROM {blobs} WHERE blobid = '17765946983181832608'":                              "jpeg",
		"SELECT title FROM {posts} WHERE postid = 389":                                                  "冬越し中の給餌は必要ですか？",
		"SELECT UNIX_TIMESTAMP(created) FROM {posts} WHERE postid = 389":                                "1792160370",
		"SELECT LENGTH(content) - LENGTH(REPLACE(content, CHAR(10), '')) FROM {posts} WHERE postid = 1": "5",
	} {
		var got string
		if _, err := db.Get(ctx, []any{&got}, query); err != nil || got != want {
			t.Errorf("%s = %q, %v; want %q", query, got, err, want)
		}
	}
}
