package mail

import (
	"strings"
	"testing"

	"38qa.net/backend/modules/kernel/database"
)

// TestNoticeColumns checks which tables of the old site's plugin are used, and which are left alone.
func TestNoticeColumns(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		columns, want string // the columns for the user, the text and the link, "" if the table is left alone
	}{
		"as expected":         {"noticeid userid content read_flag created", "userid content "},
		"with a link":         {"noticeid userid message url read_flag created", "userid message url"},
		"in other cases":      {"NoticeID UserID Content Read_Flag Created", "userid content "},
		"other names":         {"noticeid user_id title body link read_flag created", "user_id body link"},
		"no text":             {"noticeid userid read_flag created kind", ""},
		"no user":             {"noticeid content read_flag created fromuserid", ""},
		"no flag":             {"noticeid userid content created", ""},
		"no time":             {"noticeid userid content read_flag", ""},
		"no id":               {"id userid content read_flag created", ""},
		"there is no table":   {"", ""},
		"names that are like": {"noticeid userid2 content read_flag created", ""},
	} {
		got, found := "", findNoticeColumns(strings.Fields(c.columns))
		if found.usable() {
			got = found.user + " " + found.content + " " + found.link
		}
		if got != c.want {
			t.Errorf("%s: %q, expected %q", name, got, c.want)
		}
	}
	for address, want := range map[string]string{"https://qa.example/12?show=3#a3": "https://qa.example/12?show=3#a3",
		"12/slug": "12/slug", "/user/haru": "/user/haru", "javascript:alert(1)": "", " JavaScript:alert(1)": "",
		"data:text/html,x": "", "": "", "http://[": ""} {
		if got := safeLink(address); got != want {
			t.Errorf("the link %q becomes %q, expected %q", address, got, want)
		}
	}
}

// TestDoctorOfNotices checks what the doctor says of the plugin's table.
func TestDoctorOfNotices(t *testing.T) {
	t.Parallel()
	onDatabases(t, func(t *testing.T, p place) {
		db := p.open(t, nil)
		says := func(severity string, words ...string) {
			t.Helper()
			list := ExamineNotices(t.Context(), db)
			if severity == "" {
				if len(list) != 0 {
					t.Errorf("without a table: %+v", list)
				}
				return
			}
			if len(list) != 1 || list[0].Severity != severity {
				t.Fatalf("%+v, expected a %s", list, severity)
			}
			for _, word := range words {
				if !strings.Contains(list[0].Text, word) {
					t.Errorf("%q says nothing of %q", list[0].Text, word)
				}
			}
		}
		says("")
		run(t, db, "CREATE TABLE {sn_notice} (noticeid INTEGER, userid INTEGER, read_flag INTEGER, created DATETIME, kind INTEGER)")
		says("warning", "the text", "kind")
		run(t, db, "DROP TABLE {sn_notice}")
		run(t, db, "CREATE TABLE {sn_notice} (noticeid INTEGER, userid INTEGER, read_flag INTEGER, created DATETIME, message TEXT)")
		says("note", "text message", "user userid", "link none")
	})
}

func run(t *testing.T, db *database.DB, statement string) {
	t.Helper()
	if _, err := db.Exec(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}
