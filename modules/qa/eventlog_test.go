package qa_test

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/testsite"
)

// TestEventLog checks that each event is in the table of Q2A's event logger, as that plugin writes it, if the
// plugin's option is on. The expected lines follow from the plugin's rules (its columns, value_to_text) and
// from the parameters that Q2A passes.
func TestEventLog(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		url := db.Copy(t)
		other := testsite.New(t, testsite.On(url)).App.DB
		engine := ""
		if other.Dialect() == database.MySQL {
			engine = " ENGINE=MyISAM DEFAULT CHARSET=utf8"
		}
		for _, q := range []string{
			"REPLACE INTO {options} (title, content) VALUES ('event_logger_to_database', '1')",
			`CREATE TABLE {eventlog} (datetime DATETIME NOT NULL, ipaddress VARCHAR(45), userid INT UNSIGNED,
				handle VARCHAR(20), cookieid BIGINT UNSIGNED, event VARCHAR(20) NOT NULL,
				params VARCHAR(800) NOT NULL)` + engine,
		} {
			if _, err := other.Exec(context.Background(), q); err != nil {
				t.Fatal(err)
			}
		}
		s := testsite.New(t, testsite.On(url)) // which has not read the options before
		content := "Tab\tand a text of more than forty characters, 蜂の巣箱の置き場所について教えてください。"
		for _, c := range []struct {
			call
			actor, status int
		}{
			{call{method: "PUT", path: "/v1/posts/1/vote", body: map[string]any{"value": 1}}, testsite.Lurker, http.StatusOK},
			{call{method: "POST", path: "/v1/questions/1/answers", body: map[string]any{"content": content}}, testsite.Lurker, http.StatusCreated},
			{call{method: "PUT", path: "/v1/posts/1/vote", body: map[string]any{"value": 1}}, testsite.Lurker, http.StatusOK}, // nothing happens
			{call{method: "POST", path: "/v1/questions/1/answers", body: map[string]any{"content": ""}}, testsite.Lurker, http.StatusUnprocessableEntity},
		} {
			status, body, _ := s.Try(t, c.actor, c.call.method, c.call.path, c.call.body)
			if status != c.status {
				t.Fatalf("%s %s: %d %v", c.method, c.path, status, body)
			}
		}
		var got []string
		err := other.Select(context.Background(), func(rows *sql.Rows) error {
			var ip, handle, event, params string
			var user int
			err := rows.Scan(&ip, &user, &handle, &event, &params)
			got = append(got, fmt.Sprintf("%s %d %s %s: %s", ip, user, handle, event, params))
			return err
		}, "SELECT ipaddress, userid, handle, event, params FROM {eventlog} ORDER BY datetime, event DESC")
		if err != nil {
			t.Fatal(err)
		}
		want := []string{
			"198.51.100.77 17 lurker q_vote_up: postid=1\tuserid=6\tvote=1\toldvote=0",
			"198.51.100.77 17 lurker a_post: postid=392\tparentid=1\tparent=array(72)\tcontent=Tab and a text of more than forty char...\tformat=\t" +
				"text=Tab and a text of more than forty char...\tcategoryid=3\tname=\tnotify=\temail=",
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("logged\n%s\nwanted\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}

		// An event log that cannot be written does not keep anybody from voting.
		if _, err := other.Exec(context.Background(), "DROP TABLE {eventlog}"); err != nil {
			t.Fatal(err)
		}
		status, body, _ := s.Try(t, testsite.Lurker, "DELETE", "/v1/posts/1/vote", nil)
		if status != http.StatusOK {
			t.Errorf("without the table: %d %v", status, body)
		}
	})
}
