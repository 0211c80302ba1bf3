package modules_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"38qa.net/backend/config"
	"38qa.net/backend/modules"
)

// transition is a recording of what one action did to the real Q2A's tables (testdata/oracle/transitions).
type transition struct {
	file   string
	Action struct {
		Name       string
		ActorID    int `json:"actor_userid"`
		IP         string
		Parameters json.RawMessage
		Setup      json.RawMessage
		Request    struct {
			Path   string
			Fields map[string]any
		}
	}
	Clock struct {
		Unix    int64
		PageGet int64 `json:"page_get_at"`
	}
	Response struct{ Errors []string }
	Diff     map[string]struct {
		Inserted, Deleted []map[string]any
		Updated           []struct{ Key, Before, After map[string]any }
	}
}

// param reads one parameter of the action.
func (tr *transition) param(name string) (value any) {
	var all map[string]any
	if json.Unmarshal(tr.Action.Parameters, &all) == nil {
		value = all[name]
	}
	return value
}

func (tr *transition) field(name string) string {
	v, ok := tr.Action.Request.Fields[name]
	if !ok {
		return ""
	}
	return plain(v)
}

// plain is a recorded value as text.
func plain(v any) string {
	switch v := v.(type) {
	case nil:
		return "NULL"
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case string:
		return v
	}
	return fmt.Sprint(v)
}

// call is a request to the API.
type call struct {
	method, path string
	body         any
}

func loadTransitions(t *testing.T) []*transition {
	t.Helper()
	files, err := filepath.Glob("../testdata/oracle/transitions/*.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []*transition
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		tr := &transition{file: strings.TrimSuffix(filepath.Base(f), ".json")}
		if err := json.Unmarshal(text, tr); err != nil {
			t.Fatalf("%s: %v", f, err)
		}
		all = append(all, tr)
	}
	return all
}

var (
	questionPath = regexp.MustCompile(`^/(\d+)/`)
	fieldForms   = []struct {
		form *regexp.Regexp
		call func(tr *transition, question string, m []string) call
	}{
		{regexp.MustCompile(`^doask$`), askCall},
		{regexp.MustCompile(`^a_doadd$`), func(tr *transition, q string, _ []string) call {
			return call{"POST", "/v1/questions/" + q + "/answers", tr.writing("a_")}
		}},
		{regexp.MustCompile(`^c(\d+)_doadd$`), func(tr *transition, _ string, m []string) call {
			return call{"POST", "/v1/posts/" + m[1] + "/comments", tr.writing("c" + m[1] + "_")}
		}},
		{regexp.MustCompile(`^q_dosave$`), editQuestionCall},
		{regexp.MustCompile(`^([ac])(\d+)_dosave$`), editReplyCall},
		{regexp.MustCompile(`^([ac])?(\d+|q)_do(hide|reshow|approve|reject|flag|unflag|clearflags|claim|delete)$`), clickCall},
		{regexp.MustCompile(`^a(\d+)_doselect$`), func(_ *transition, q string, m []string) call {
			return call{"PUT", "/v1/questions/" + q + "/selected-answer", map[string]any{"answerId": number(m[1])}}
		}},
		{regexp.MustCompile(`^a(\d+)_dounselect$`), func(_ *transition, q string, _ []string) call {
			return call{"DELETE", "/v1/questions/" + q + "/selected-answer", nil}
		}},
		{regexp.MustCompile(`^doclose$`), closeCall},
		{regexp.MustCompile(`^q_doreopen$`), func(_ *transition, q string, _ []string) call {
			return call{"DELETE", "/v1/questions/" + q + "/closure", nil}
		}},
		{regexp.MustCompile(`^vote_(\d+)_(-?\d)_`), func(_ *transition, _ string, m []string) call { return voteCall(m[1], m[2]) }},
	}
)

// calls are the requests of the API that stand for the recorded one; none for what the API has no operation for yet.
func (tr *transition) calls() []call {
	if c, ok := tr.postCall(); ok {
		return []call{c}
	}
	return tr.accountCalls()
}

// postCall is the request for an action on a post; false for other actions.
func (tr *transition) postCall() (call, bool) {
	question := ""
	if m := questionPath.FindStringSubmatch(tr.Action.Request.Path); m != nil {
		question = m[1]
	}
	switch tr.field("qa_operation") {
	case "vote":
		return voteCall(tr.field("postid"), tr.field("vote")), true
	case "click_admin":
		id := tr.field("entityid")
		switch action := tr.field("action"); action {
		case "approve", "reject", "hide", "reshow", "clearflags", "delete":
			return clickCall(tr, id, []string{"", "?", id, action}), true
		}
	}
	if strings.HasPrefix(tr.Action.Name, "view-question") || strings.HasPrefix(tr.Action.Name, "view-own") {
		return call{"GET", "/v1/questions/" + plain(tr.param("question")), nil}, true
	}
	for _, f := range fieldForms {
		for name := range tr.Action.Request.Fields {
			if m := f.form.FindStringSubmatch(name); m != nil {
				return f.call(tr, question, m), true
			}
		}
	}
	return call{}, false
}

func number(text string) int {
	n, _ := strconv.Atoi(text)
	return n
}

// writing are the fields that all forms for texts share, with a prefix.
func (tr *transition) writing(prefix string) map[string]any {
	body := map[string]any{"content": tr.field(prefix + "content")}
	if tr.field(prefix+"content_ckeditor_ok") == "1" {
		body["format"] = "html"
	}
	_, notify := tr.Action.Request.Fields[prefix+"notify"]
	body["notify"] = notify
	for _, name := range []string{"email", "name"} {
		if _, ok := tr.Action.Request.Fields[prefix+name]; ok {
			body[name] = tr.field(prefix + name)
		}
	}
	if _, ok := tr.Action.Request.Fields[prefix+"silent"]; ok {
		body["silent"] = true
	}
	return body
}

func askCall(tr *transition, _ string, _ []string) call {
	body := tr.writing("")
	body["title"] = tr.field("title")
	if _, ok := tr.Action.Request.Fields["tags"]; ok {
		body["tags"] = []string{tr.field("tags")}
	}
	for _, f := range []string{"category_4", "category_3", "category_2", "category_1", "category_0"} {
		if id := number(tr.field(f)); id != 0 {
			body["categoryId"] = id
			break
		}
	}
	if _, ok := tr.Action.Request.Fields["extra"]; ok {
		body["extra"] = tr.field("extra")
	}
	if follow := tr.param("follow"); follow != nil {
		body["followsAnswerId"] = follow
	}
	return call{"POST", "/v1/questions", body}
}

func editQuestionCall(tr *transition, q string, _ []string) call {
	body := tr.writing("q_")
	if _, ok := tr.Action.Request.Fields["q_content"]; !ok {
		delete(body, "content")
		delete(body, "notify")
	}
	if _, ok := tr.Action.Request.Fields["q_title"]; ok {
		body["title"] = tr.field("q_title")
	}
	if _, ok := tr.Action.Request.Fields["q_extra"]; ok {
		body["extra"] = tr.field("q_extra")
	}
	if _, ok := tr.Action.Request.Fields["q_tags"]; ok {
		body["tags"] = []string{tr.field("q_tags")}
	}
	if _, ok := tr.Action.Request.Fields["q_category_0"]; ok {
		body["categoryId"] = number(tr.field("q_category_0"))
	}
	return call{"PATCH", "/v1/questions/" + q, body}
}

func editReplyCall(tr *transition, _ string, m []string) call {
	prefix := m[1] + m[2] + "_"
	body := tr.writing(prefix)
	if tr.field(prefix+"dotoc") != "" {
		body["parentId"] = number(tr.field(prefix + "commenton"))
		return call{"POST", "/v1/answers/" + m[2] + "/comment", body}
	}
	return call{"PATCH", map[string]string{"a": "/v1/answers/", "c": "/v1/comments/"}[m[1]] + m[2], body}
}

func clickCall(tr *transition, q string, m []string) call {
	id := m[2]
	if id == "q" {
		id = q
	}
	post := "/v1/posts/" + id
	switch m[3] {
	case "hide", "reshow":
		return call{"PUT", post + "/visibility", map[string]any{"hidden": m[3] == "hide"}}
	case "approve", "reject":
		return call{"PUT", post + "/approval", map[string]any{"approved": m[3] == "approve"}}
	case "flag":
		return call{"PUT", post + "/flag", nil}
	case "unflag":
		return call{"DELETE", post + "/flag", nil}
	case "clearflags":
		return call{"DELETE", post + "/flags", nil}
	case "claim":
		return call{"PUT", post + "/owner", nil}
	}
	kind := map[string]string{"": "questions", "a": "answers", "c": "comments"}[m[1]]
	if m[1] == "?" { // the administrators' list says no kind
		kind = map[bool]string{true: "questions", false: "answers"}[strings.Contains(tr.Action.Name, "question") || tr.param("question") != nil]
		if strings.Contains(tr.Action.Name, "comment") || tr.param("comment") != nil {
			kind = "comments"
		}
	}
	return call{"DELETE", "/v1/" + kind + "/" + id, nil}
}

func closeCall(tr *transition, q string, _ []string) call {
	details := tr.field("q_close_details")
	if m := regexp.MustCompile(`^https?://[^/]+/(\d+)`).FindStringSubmatch(details); m != nil {
		return call{"PUT", "/v1/questions/" + q + "/closure", map[string]any{"duplicateOf": number(m[1])}}
	}
	return call{"PUT", "/v1/questions/" + q + "/closure", map[string]any{"note": details}}
}

func voteCall(id, vote string) call {
	if vote == "0" {
		return call{"DELETE", "/v1/posts/" + id + "/vote", nil}
	}
	return call{"PUT", "/v1/posts/" + id + "/vote", map[string]any{"value": number(vote)}}
}

// replayer replays recordings on one database, which each leaves as it was.
type replayer struct {
	*testSite
	now int64
}

func (r *replayer) send(t *testing.T, c call, actor int, ip, cookie string) *http.Response {
	t.Helper()
	var body io.Reader = http.NoBody
	if c.body != nil {
		text, err := json.Marshal(c.body)
		if err != nil {
			t.Fatal(err)
		}
		body = bytes.NewReader(text)
	}
	req, err := http.NewRequest(c.method, r.server.URL+c.path, body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
	req.Header.Set("X-Forwarded-For", ip)
	if c.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if actor != 0 {
		req.Header.Set("Authorization", fmt.Sprintf("Bearer test-%d", actor))
	}
	if cookie != "" {
		req.AddCookie(&http.Cookie{Name: "qa_id", Value: cookie})
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { res.Body.Close() })
	return res
}

// expected is the recorded difference, with the values that a recalculation would give where Q2A's own are off (drift.json).
func (tr *transition) expected(drift map[string]map[string]struct{ Stored, Recalculated any }) map[string]*tableDiff {
	all := map[string]*tableDiff{}
	for name, recorded := range tr.Diff {
		d := &tableDiff{updated: map[string]map[string][2]string{}}
		for _, r := range recorded.Inserted {
			d.inserted = append(d.inserted, recordedRow(r).String())
		}
		for _, r := range recorded.Deleted {
			d.deleted = append(d.deleted, recordedRow(r).String())
		}
		for _, u := range recorded.Updated {
			columns := map[string][2]string{}
			for column, after := range u.After {
				columns[column] = [2]string{plain(u.Before[column]), plain(after)}
			}
			d.updated[recordedKey(strings.TrimPrefix(name, "qa_"), u.Key)] = columns
		}
		all[strings.TrimPrefix(name, "qa_")] = d
	}
	for where, value := range drift[tr.Action.Name] {
		parts := strings.SplitN(where, " ", 2)
		cut := strings.LastIndex(parts[1], " ")
		var key map[string]any
		if json.Unmarshal([]byte(parts[1][:cut]), &key) != nil {
			continue
		}
		table, column := strings.TrimPrefix(parts[0], "qa_"), parts[1][cut+1:]
		if all[table] == nil {
			all[table] = &tableDiff{updated: map[string]map[string][2]string{}}
		}
		row := recordedKey(table, key)
		if all[table].updated[row] == nil {
			all[table].updated[row] = map[string][2]string{}
		}
		change := all[table].updated[row][column]
		if change[0] == "" {
			change[0] = plain(value.Stored)
		}
		change[1] = plain(value.Recalculated)
		if column == "content" && key["title"] == "cache_unselqcount" { // the untouched site's own is off by one already
			change[1] = strconv.Itoa(number(change[1]) - 1)
		}
		all[table].updated[row][column] = change
		if change[0] == change[1] {
			delete(all[table].updated[row], column)
		}
	}
	return all
}

func recordedKey(table string, key map[string]any) string {
	return keyOf(tableKeys[table], recordedRow(key))
}

func recordedRow(r map[string]any) rowValues {
	row := rowValues{}
	for name, v := range r {
		if v != nil {
			row[name] = plain(v)
		}
	}
	return row
}

// onEachDatabase runs a test on SQLite and, where there is a server, on both dumps there; fresh gives a database as recorded.
func onEachDatabase(t *testing.T, test func(t *testing.T, fresh func(t *testing.T) string)) {
	t.Helper()
	if os.Getenv("TEST_DATABASE_URL") == "" {
		t.Run("sqlite", func(t *testing.T) {
			t.Parallel()
			test(t, func(t *testing.T) string { return importSQLite(t, "small") })
		})
		return
	}
	for _, dump := range []string{"small", "small-utf8mb4"} {
		t.Run(dump, func(t *testing.T) {
			t.Parallel()
			test(t, func(t *testing.T) string { return loadServer(t, dump) })
		})
	}
}

// openSiteAt opens the application with a clock, behind a proxy that says whose address a request comes from.
func openSiteAt(t *testing.T, url string, clock func() time.Time) *testSite {
	t.Helper()
	return openSiteWith(t, url, func(c *config.Config) { c.TrustedProxies = []string{"127.0.0.1/32"} }, modules.WithClock(clock))
}
