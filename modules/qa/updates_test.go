package qa_test

import (
	"testing"

	"38qa.net/backend/modules/testsite"
)

// TestRetaggingTellsTheTagsFollowers checks the rows of update streams after a change of tags, also where the
// question is not indexed. They are those that Q2A writes for the visible question in the recorded transition
// edit-question-tags-only.
func TestRetaggingTellsTheTagsFollowers(t *testing.T) {
	t.Parallel()
	retagged := object{"tags": []string{"重箱式", "a-tag-without-a-row"}}
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		for name, c := range map[string]struct {
			actor    int
			question string
			prepare  []string
			// unknown is how many rows the stream of the tag gets that the site did not know before.
			unknown int
		}{
			"a visible question":                 {testsite.ModKenji, "27", nil, 1},
			"a queued question":                  {testsite.ModKenji, "380", nil, 0},
			"a question that the edit queues":    {testsite.Taro, "1", []string{"UPDATE {users} SET level = 0, flags = 0 WHERE userid = 6"}, 0},
			"a queued question, by the author":   {testsite.Newbie2, "380", nil, 0},
			"a question that was queued by hand": {testsite.ModKenji, "27", []string{"UPDATE {posts} SET type = 'Q_QUEUED' WHERE postid = 27"}, 0},
		} {
			t.Run(name, func(t *testing.T) {
				s := testsite.New(t, db)
				var word int
				if found, err := s.App.DB.Get(t.Context(), []any{&word},
					"SELECT wordid FROM {words} WHERE word = '重箱式'"); err != nil || !found {
					t.Fatal(found, err)
				}
				s.Alter(t, "DELETE FROM {userfavorites} WHERE entitytype = 'T'")
				s.Alter(t, `INSERT INTO {userfavorites} (userid, entitytype, entityid, nouserevents)
					VALUES (17, 'T', ?, 0)`, word)
				for _, query := range c.prepare {
					s.Alter(t, query)
				}
				s.Do(t, c.actor, "PUT", "/v1/questions/"+c.question+"/tags", retagged)
				count := func(query string, args ...any) (n int) {
					t.Helper()
					if _, err := s.App.DB.Get(t.Context(), []any{&n}, query, args...); err != nil {
						t.Fatal(err)
					}
					return n
				}
				const row = `entitytype = 'T' AND entityid = ? AND questionid = ? AND lastpostid = ?
					AND updatetype = 'T' AND lastuserid = ?`
				args := []any{word, c.question, c.question, c.actor}
				if n := count("SELECT COUNT(*) FROM {sharedevents} WHERE "+row, args...); n != 1 {
					t.Errorf("%d rows in the tag's stream", n)
				}
				if n := count(`SELECT COUNT(*)
					FROM {userevents}
					WHERE userid = 17 AND `+row, args...); n != 1 {
					t.Errorf("%d rows in the follower's stream", n)
				}
				n := count(`SELECT COUNT(*)
					FROM {sharedevents} e
					JOIN {words} w ON w.wordid = e.entityid
					WHERE e.entitytype = 'T' AND w.word = 'a-tag-without-a-row'`)
				if n != c.unknown {
					t.Errorf("%d rows in the stream of the new tag, want %d", n, c.unknown)
				}
			})
		}
	})
}
