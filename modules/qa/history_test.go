package qa

import (
	"fmt"
	"strings"
	"testing"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/site"
)

// kept returns a version that is kept here.
func kept(number int, at int64, userID int, content string) version {
	return version{versionText: versionText{content: content}, number: number, at: at, userID: userID}
}

// byPlugin returns a row of the plugin: a text, and when and by whom it was replaced.
func byPlugin(until int64, by int, content string) replaced {
	return replaced{versionText{content: content}, until, by}
}

// TestHistory checks how the versions that are kept here, those of the plugin Edit History and the post
// itself make one list. The post was written at 100 by user 1.
func TestHistory(t *testing.T) {
	silently := kept(2, 210, 3, "b")
	silently.silent, silently.withholds = true, true
	for _, c := range []struct {
		name string
		now  post
		kept []version
		past []replaced
		want string // number, time, user and content of each, and what else is said of it
	}{
		{"never edited", post{content: "a"}, nil, nil, "1 100 1 a current"},
		{"edited by the old site only", post{content: "b", updated: 200, updateType: "E", lastUserID: 2}, nil, nil,
			"1 200 2 b current"},
		{"hidden by the old site", post{content: "a", updated: 200, updateType: "H", lastUserID: 2}, nil, nil,
			"1 100 1 a current"},
		{"edited here", post{content: "b", updated: 200, lastUserID: 2},
			[]version{kept(1, 100, 1, "a"), kept(2, 200, 2, "b")}, nil,
			"1 100 1 a, 2 200 2 b current"},
		{"edited here silently", post{content: "b"}, []version{kept(1, 100, 1, "a"), silently}, nil,
			"1 100 1 a, 2 210 3 b silent withholds current"},
		{"and then by the old site", post{content: "c", updated: 300, updateType: "E", lastUserID: 4},
			[]version{kept(1, 100, 1, "a"), kept(2, 200, 2, "b")}, nil,
			"1 100 1 a, 2 200 2 b, 3 300 4 c current"},
		{"by the old site without a trace", post{content: "c", updated: 200, updateType: "E", lastUserID: 2},
			[]version{kept(1, 100, 1, "a"), kept(2, 200, 2, "b")}, nil,
			"1 100 1 a, 2 200 2 b, 3 0 0 c silent withholds current"},
		{"by the old site, flagged", post{content: "c", updated: 300, updateType: "E", lastUserID: 4, flags: 1},
			[]version{kept(1, 100, 1, "a"), kept(2, 200, 2, "b")}, nil,
			"1 100 1 a, 2 200 2 b, 3 300 4 c withholds current"},
		{"by the author on the old site, flagged", post{content: "c", updated: 300, lastUserID: 1, flags: 1},
			[]version{kept(1, 100, 1, "a")}, nil, "1 100 1 a, 2 300 1 c current"},
		{"old versions dropped", post{content: "f"},
			[]version{kept(1, 100, 1, "a"), kept(5, 500, 1, "e"), kept(6, 600, 1, "f")}, nil,
			"1 100 1 a, 5 500 1 e, 6 600 1 f current"},
		{"the plugin alone", post{content: "c", updated: 900, updateType: "C", lastUserID: 9}, nil,
			[]replaced{byPlugin(200, 2, "a"), byPlugin(300, 3, "b")},
			"1 100 1 a, 2 200 2 b, 3 300 3 c current"},
		{"the plugin before this server", post{content: "d", updated: 400, lastUserID: 4},
			[]version{kept(1, 300, 3, "c"), kept(2, 400, 4, "d")},
			[]replaced{byPlugin(200, 2, "a"), byPlugin(300, 3, "b")},
			"1 100 1 a, 2 200 2 b, 3 300 3 c, 4 400 4 d current"},
		{"the plugin in between", post{content: "d", updated: 300, lastUserID: 3},
			[]version{kept(1, 150, 2, "b"), kept(2, 200, 1, "c")},
			[]replaced{byPlugin(150, 2, "a"), byPlugin(300, 3, "c")},
			"1 100 1 a, 2 150 2 b, 3 200 1 c, 4 300 3 d current"},
		{"the plugin after this server, twice", post{content: "e", updated: 400, lastUserID: 4},
			[]version{kept(1, 100, 1, "a"), kept(2, 200, 2, "b")},
			[]replaced{byPlugin(300, 3, "b"), byPlugin(400, 4, "d")},
			"1 100 1 a, 2 200 2 b, 3 300 3 d, 4 400 4 e current"},
		{"the same text again", post{content: "a", updated: 300, lastUserID: 3}, nil,
			[]replaced{byPlugin(200, 2, "a"), byPlugin(300, 3, "b")},
			"1 100 1 a, 2 200 2 b, 3 300 3 a current"},
		{"the plugin and dropped versions", post{content: "f"},
			[]version{kept(1, 300, 3, "b"), kept(5, 500, 1, "e"), kept(6, 600, 1, "f")},
			[]replaced{byPlugin(300, 3, "a")},
			"1 100 1 a, 2 300 3 b, 6 500 1 e, 7 600 1 f current"},
		{"approved after its first edit", post{content: "b", created: 250},
			[]version{kept(1, 100, 1, "a"), kept(2, 200, 1, "b")}, []replaced{byPlugin(200, 1, "a")},
			"1 100 1 a, 2 200 1 b current"},
	} {
		p := c.now
		if p.kind, p.userID = KindAnswer, 1; p.created == 0 {
			p.created = 100
		}
		var got []string
		for _, v := range history(&p, c.kept, c.past) {
			text := fmt.Sprint(v.number, " ", v.at, " ", v.userID, " ", v.content)
			if v.silent {
				text += " silent"
			}
			if v.withholds {
				text += " withholds"
			}
			if v.current {
				text += " current"
			}
			got = append(got, text)
		}
		if joined := strings.Join(got, ", "); joined != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, joined, c.want)
		}
	}
}

// TestShownVersions checks which versions each caller sees.
func TestShownVersions(t *testing.T) {
	withheld := func(silent bool) version {
		v := kept(3, 300, 3, "c")
		v.silent, v.withholds = silent, true
		return v
	}
	plain := []version{kept(1, 100, 1, "a"), kept(2, 200, 2, "b")}
	moderated := append(append([]version{}, plain...), withheld(false), kept(4, 400, 4, "d"))
	silent := append(append([]version{}, plain...), withheld(true), kept(4, 400, 4, "d"))
	author := auth.Caller{UserID: 1, Level: auth.LevelBasic}
	blocked := auth.Caller{UserID: 1, Flags: auth.FlagBlocked}
	for _, c := range []struct {
		name   string
		caller auth.Caller
		list   []version
		want   string
	}{
		{"a visitor", auth.Caller{}, plain, "1@100 2@200"},
		{"a visitor", auth.Caller{}, moderated, "3@300 4@400"},
		{"a visitor", auth.Caller{}, silent, "3@0 4@400"},
		{"a member", auth.Caller{UserID: 7, Level: auth.LevelApproved}, moderated, "3@300 4@400"},
		{"a member", auth.Caller{UserID: 7, Level: auth.LevelExpert}, silent, "3@0 4@400"},
		{"the author", author, moderated, "1@100 2@200 3@300 4@400"},
		{"the author", author, silent, "1@100 2@200 3@300! 4@400"},
		{"the author, blocked", blocked, silent, "3@0 4@400"},
		{"an editor", auth.Caller{UserID: 7, Level: auth.LevelEditor}, silent, "1@100 2@200 3@300! 4@400"},
		{"an editor of the category", auth.Caller{UserID: 7, CategoryLevels: map[int]int{5: auth.LevelEditor}},
			silent, "1@100 2@200 3@300! 4@400"},
		{"an editor of another category", auth.Caller{UserID: 7,
			CategoryLevels: map[int]int{6: auth.LevelEditor}}, silent, "3@0 4@400"},
		{"a moderator, blocked", auth.Caller{UserID: 7, Level: auth.LevelModerator, Flags: auth.FlagBlocked},
			silent, "3@0 4@400"},
	} {
		o := site.NewOptions(map[string]string{"permit_hide_show": "70"}) // editors
		p := &post{kind: KindAnswer, userID: 1, categoryPath: []int{5}}
		var got []string
		for _, v := range shownTo(o, c.caller, p, c.list) {
			text := fmt.Sprintf("%d@%d", v.number, v.at)
			if v.silent {
				text += "!"
			}
			if v.at == 0 && v.userID != 0 {
				text += " by somebody"
			}
			got = append(got, text)
		}
		if joined := strings.Join(got, " "); joined != c.want {
			t.Errorf("%s: %s, want %s", c.name, joined, c.want)
		}
	}
	if silent[2].at == 0 {
		t.Error("the list itself was changed")
	}
}
