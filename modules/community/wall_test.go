package community_test

import (
	"testing"

	"38qa.net/backend/modules/testsite"
)

// TestWriteOnWall checks who may write on which wall, and what follows.
func TestWriteOnWall(t *testing.T) {
	t.Parallel()
	hello := object{"content": " Hello\r\nthere 🐝 "}
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		for _, c := range []struct {
			what   string
			setup  string
			user   int
			wall   string
			status int
			code   string
		}{
			{"another's", "", testsite.Haru, "lurker", 201, ""},
			{"one's own", "", testsite.Haru, "haru", 201, ""},
			{"one's own, which is closed", "", testsite.Natsu, "natsu", 201, ""},
			{"a closed one", "", testsite.Haru, "natsu", 403, "wall_closed"},
			{"that of nobody", "", testsite.Haru, "nobody", 404, "not_found"},
			{"as a visitor", "", testsite.Visitor, "lurker", 403, "login_required"},
			{"as a blocked user", "", testsite.TrollX, "lurker", 403, "user_blocked"},
			{"without a confirmed address", "", testsite.NewbieUnconf, "lurker", 403, "email_unconfirmed"},
			{"of whom has muted one", "INSERT INTO {userfavorites} (userid, entitytype, entityid, nouserevents) VALUES (17, 'M', 16, 0)", testsite.Haru, "lurker", 403, "muted"},
			{"where walls are off", "UPDATE {options} SET content = '0' WHERE title = 'allow_user_walls'", testsite.Haru, "lurker", 404, "feature_off"},
			{"where experts may", "UPDATE {options} SET content = '100' WHERE title = 'permit_post_wall'", testsite.Haru, "lurker", 403, "permission_level"},
			{"as an expert", "UPDATE {options} SET content = '100' WHERE title = 'permit_post_wall'", testsite.ExpertSato, "lurker", 201, ""},
		} {
			t.Run(c.what, func(t *testing.T) {
				t.Parallel()
				var options []testsite.Option
				if c.setup != "" {
					options = append(options, testsite.After(c.setup))
				}
				s := testsite.New(t, append(options, db)...)
				before := testsite.ReadTables(t, s.App.DB)
				answer := is(t, s, c.what, c.user, "POST", "/v1/users/"+c.wall+"/wall", hello, c.status, c.code)
				d := before.Diff(testsite.ReadTables(t, s.App.DB))
				if c.code != "" {
					if len(d) > 0 {
						t.Errorf("rows have changed: %v", testsite.Describe(nil, d))
					}
					return
				}
				if answer["content"] != "Hello\nthere" || answer["from"].(object)["id"] != float64(c.user) ||
					len(d["messages"].Inserted) != 1 {
					t.Errorf("%v, %v", answer, d["messages"])
				}
			})
		}
	})
}

// TestWallPostIsReported checks the event of a new post, which has what a mail about it needs, and that
// the wall shows the post.
func TestWallPostIsReported(t *testing.T) {
	t.Parallel()
	s := testsite.New(t)
	id := s.Do(t, testsite.Fuyu, "POST", "/v1/users/Lurker/wall", object{"content": "Hi"})
	if text, _ := event(t, s, "u_wall_post"); text != `{"userid":17,"handle":"lurker","messageid":13,"content":"Hi","format":"","text":"Hi"}` {
		t.Errorf("the event is %s", text)
	}
	wall := testsite.Get[testsite.List[struct{ ID int }]](t, s, "/v1/users/lurker/wall")
	if len(wall.Items) != 1 || wall.Items[0].ID != id || wall.Total == nil || *wall.Total != 1 {
		t.Errorf("the wall is %+v", wall)
	}
	for what, body := range map[string]object{"empty": {"content": " "}, "only emoji": {"content": "🐝"}} {
		is(t, s, what, testsite.Fuyu, "POST", "/v1/users/lurker/wall", body, 422, "content required")
	}
}
