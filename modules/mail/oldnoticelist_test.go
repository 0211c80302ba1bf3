package mail_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"38qa.net/backend/modules/testsite"
)

// TestOldNotices checks who reads the rows of the old site's plugin, what is marked, and that they are left
// alone where it is not clear what they hold.
func TestOldNotices(t *testing.T) {
	t.Parallel()
	const path = "/v1/me/old-notices"
	type page struct {
		Items []struct {
			ID             int
			Text, Link, At string
			Read           bool
		}
		NextCursor string
		Unread     int
	}
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		without := testsite.New(t, db)
		for _, method := range []string{"GET", "PUT"} {
			where, body := path, any(nil)
			if method == "PUT" {
				where, body = path+"/read", object{}
			}
			if status, body, _ := without.Try(t, testsite.Haru, method, where, body); status != http.StatusNotFound || body["code"] != "feature_off" {
				t.Errorf("without the table: %s %d %v", method, status, body)
			}
		}
	})
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db, testsite.After("CREATE TABLE {sn_notice} (noticeid INTEGER NOT NULL, userid INTEGER NULL, content TEXT NULL, url VARCHAR(200) NULL, read_flag SMALLINT NULL, created DATETIME NULL)"))
		for i := range 25 {
			s.Exec(t, "INSERT INTO {sn_notice} (noticeid, userid, content, url, read_flag, created) VALUES (?, ?, ?, ?, ?, FROM_UNIXTIME(?))",
				i+1, testsite.Haru, fmt.Sprintf("<p>Notice <b>%d</b> &amp; more</p>", i+1), "12/slug", i%2, 1790000000+i)
		}
		s.Exec(t, "INSERT INTO {sn_notice} (noticeid, userid, content, url, read_flag, created) VALUES (99, ?, 'of another', 'javascript:alert(1)', 0, FROM_UNIXTIME(1790000000)), (100, NULL, NULL, NULL, NULL, NULL)",
			testsite.Lurker)
		if status, _, _ := s.Try(t, testsite.Visitor, "GET", path, nil); status != http.StatusForbidden {
			t.Errorf("a visitor reads: %d", status)
		}
		var seen []int
		for cursor := ""; ; {
			p := testsite.GetAs[page](t, s, path+"?limit=10"+cursor, testsite.Haru)
			for _, n := range p.Items {
				seen = append(seen, n.ID)
				if n.Text != fmt.Sprintf("Notice %d & more", n.ID) || n.Link != "12/slug" || n.Read != (n.ID%2 == 0) ||
					!strings.HasPrefix(n.At, "2026-09-21T") {
					t.Errorf("notice %+v", n)
				}
			}
			if p.Unread != 13 || len(seen) > 25 {
				t.Fatalf("%d unread, seen %v", p.Unread, seen)
			}
			if p.NextCursor == "" {
				break
			}
			cursor = "&cursor=" + p.NextCursor
		}
		if len(seen) != 25 || seen[0] != 25 || seen[24] != 1 {
			t.Errorf("seen %v", seen)
		}
		if p := testsite.GetAs[page](t, s, path, testsite.Lurker); len(p.Items) != 1 || p.Items[0].Text != "of another" || p.Items[0].Link != "" {
			t.Errorf("another finds %+v", p)
		}
		s.Do(t, testsite.Haru, "PUT", path+"/read", object{"upTo": 20})
		if p := testsite.GetAs[page](t, s, path+"?unread=true", testsite.Haru); len(p.Items) != 3 || p.Unread != 3 || p.Items[2].ID != 21 {
			t.Errorf("after those up to 20 were read: %+v", p)
		}
		s.Do(t, testsite.Haru, "PUT", path+"/read", object{})
		if n := s.Scalar(t, "SELECT COUNT(*) FROM {sn_notice} WHERE read_flag = 0"); n != 1 {
			t.Errorf("%d rows are unread, expected that of another", n)
		}
	})
}
