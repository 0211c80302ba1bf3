package testsite

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Replay replays the recordings of a module over HTTP, at the recorded time and from the recorded address,
// and checks that all tables change as recorded. It fails if the module has fewer recordings than least.
func Replay(t *testing.T, module string, least int) {
	t.Helper()
	drift := readDrift(t)
	OnEachDatabase(t, func(t *testing.T, db Database) {
		replayed := 0
		var left []string
		for _, tr := range Transitions(t) {
			switch tr.module() {
			case "":
				left = append(left, tr.File)
			case module:
				replayed++
				t.Run(tr.File, func(t *testing.T) { tr.replay(t, db, drift) })
			}
		}
		t.Logf("%d recordings replayed; those of uploads are replayed in modules/media, and these are of pages "+
			"that were only looked at: %v", replayed, left)
		if replayed < least {
			t.Errorf("only %d recordings of %s were replayed, not %d", replayed, module, least)
		}
	})
}

// module returns the module to which a recording belongs, or "" if the recording cannot be replayed.
func (tr *Transition) module() string {
	calls := tr.Calls()
	if len(calls) == 0 {
		return ""
	}
	if strings.HasPrefix(calls[0].Path, "/v1/admin/options") {
		return "site"
	}
	if strings.HasPrefix(calls[0].Path, "/v1/me/favorites") || aboutMessages(calls[0].Path) {
		return "community"
	}
	for _, path := range []string{"/v1/auth", "/v1/me", "/v1/users"} {
		if strings.HasPrefix(calls[0].Path, path) {
			return "auth"
		}
	}
	return "qa"
}

// setup is the state of the site before a recorded action.
type setup struct {
	Options map[string]string
	SQL     []string
	Cookie  string
}

func (tr *Transition) setup() (s setup) {
	_ = json.Unmarshal(tr.Action.Setup, &s) // an empty list where there is none
	for name, value := range s.Options {
		s.SQL = append(s.SQL, "REPLACE INTO {options} (title, content) VALUES ('"+name+"', '"+value+"')")
	}
	return s
}

func (tr *Transition) replay(t *testing.T, db Database, drift Drift) {
	var before Snapshot
	s, refused, responses := tr.play(t, db, func(s *Site) { before = ReadTables(t, s.App.DB) })
	got, want := before.Diff(ReadTables(t, s.App.DB)), tr.Expected(drift)
	tr.leaveOpen(want, got)
	if differences := Describe(want, got); len(differences) > 0 {
		t.Errorf("%s%s", responses, strings.Join(differences[:min(len(differences), 30)], "\n"))
	}
	if refused != tr.refused(tr.Calls()) {
		t.Errorf("%sQ2A said %q", responses, tr.Response.Errors)
	}
}

// play opens a site in the state before the recorded action, calls before, and does the action. It
// returns the site, whether the action was refused, and the responses for error messages.
func (tr *Transition) play(t *testing.T, db Database, before func(s *Site), options ...Option) (
	s *Site, refused bool, responses string,
) {
	t.Helper()
	now := tr.Clock.PageGet
	began, calls := tr.setup(), tr.Calls()
	s = New(t, append(options, db, After(began.SQL...), Clock(func() time.Time { return time.Unix(now, 0) }))...)
	from := []string{"X-Forwarded-For", tr.Action.IP}
	for _, step := range tr.Action.API.Before {
		now = tr.Clock.PageGet - step.Earlier
		s.Do(t, step.ActorID, step.Method, step.Path, step.Body, from...)
	}
	now = tr.Clock.PageGet
	from = append(from, AsBrowser(began.Cookie)...)
	if q := tr.page(t, s); q != "" && calls[0].Method != "GET" { // the page that holds the form
		s.Send(t, tr.Action.ActorID, "GET", "/v1/questions/"+q, nil, from...)
	}
	now = tr.Clock.Unix
	before(s)
	for _, c := range calls {
		res := s.Send(t, tr.Action.ActorID, c.Method, c.Path, c.Body, from...)
		refused = refused || res.StatusCode >= 400
		responses += fmt.Sprintf("%s %s → %d %.300s\n", c.Method, c.Path, res.StatusCode, Text(t, res))
	}
	return s, refused, responses
}

// refused reports whether Q2A refused the action.
func (tr *Transition) refused(calls []Call) bool {
	changedNothing := len(tr.Diff) == 0 && calls[0].Method != "GET" && tr.Action.Request.Path != "logout"
	return len(tr.Response.Errors) > 0 || changedNothing
}

// page returns the question whose page was open when the action was taken, or "" if another page was open.
func (tr *Transition) page(t *testing.T, s *Site) string {
	if m := questionPath.FindStringSubmatch(tr.Action.Request.Path); m != nil {
		return m[1]
	}
	if tr.Field("qa_operation") == "vote" {
		post := Get[struct{ QuestionID int }](t, s, "/v1/posts/"+tr.Field("postid"))
		return strconv.Itoa(post.QuestionID)
	}
	return ""
}

// byChance matches the columns whose values are random.
var byChance = regexp.MustCompile(`cookieid=\d+`)

// leaveOpen removes from both differences what need not be equal: random values; the users whose update
// stream was trimmed; and who deleted a post from the administrators' list of hidden posts, where Q2A records
// nobody.
func (tr *Transition) leaveOpen(want, got Difference) {
	if tr.Field("qa_operation") == "click_admin" && tr.Field("action") == "delete" && got["users"] != nil {
		delete(got["users"].Updated, "userid="+strconv.Itoa(tr.Action.ActorID))
	}
	for _, d := range []Difference{want, got} {
		if d["userevents"] != nil {
			d["userevents"].Deleted = nil
		}
		for _, table := range d {
			for i := range table.Inserted {
				table.Inserted[i] = byChance.ReplaceAllString(table.Inserted[i], "cookieid=?")
			}
		}
		if d["users"] != nil {
			maskSecrets(d["users"])
		}
	}
}
