package testsite

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// Transition is a recording of what one action did to the real Q2A's tables (testdata/oracle/transitions).
type Transition struct {
	// File is the name of the recording's file, without .json.
	File   string `json:"-"`
	Action struct {
		Name       string
		ActorID    int `json:"actor_userid"`
		IP         string
		Parameters json.RawMessage
		Setup      json.RawMessage
		Request    struct {
			Method, Path string
			Fields       map[string]any
		}
		API apiNotes
	}
	Clock struct {
		Unix    int64
		PageGet int64 `json:"page_get_at"`
	}
	Response struct{ Errors []string }
	// Emails are the mails that Q2A sent.
	Emails []struct{ To, Subject, Body string }
	Diff   map[string]struct {
		Inserted, Deleted []map[string]any
		Updated           []struct{ Key, Before, After map[string]any }
	}
}

// apiNotes say how the replay of a recording through the API differs from that of others.
type apiNotes struct {
	// Before are requests sent before the page is opened. They stand for steps that were not recorded.
	Before []struct {
		Call
		ActorID int `json:"actor_userid"`
		// Earlier is how many seconds before the opening of the page the request is sent.
		Earlier int64
	}
	// Calls are the requests that stand for the recorded one, in place of those that follow from its form.
	Calls []Call
}

// Call is a request to the API.
type Call struct {
	Method, Path string
	Body         any
}

// Transitions reads all recordings.
func Transitions(t testing.TB) []*Transition {
	t.Helper()
	files, err := filepath.Glob(Testdata("oracle", "transitions", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	var all []*Transition
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		tr := &Transition{File: strings.TrimSuffix(filepath.Base(f), ".json")}
		if err := json.Unmarshal(text, tr); err != nil {
			t.Fatalf("%s: %v", f, err)
		}
		all = append(all, tr)
	}
	return all
}

// Calls returns the API requests that stand for the recorded one. There are none if the API has no operation
// for it, or one that takes a file.
func (tr *Transition) Calls() []Call {
	if len(tr.Action.API.Calls) > 0 {
		return tr.Action.API.Calls
	}
	if c, ok := tr.postCall(); ok {
		return []Call{c}
	}
	if calls := tr.memberCalls(); calls != nil {
		return calls
	}
	if calls := tr.categoryCalls(); calls != nil {
		return calls
	}
	if calls := tr.messageCalls(); calls != nil {
		return calls
	}
	if calls := tr.optionCalls(); calls != nil {
		return calls
	}
	return tr.accountCalls()
}

// param returns a parameter of the action, or nil.
func (tr *Transition) param(name string) (value any) {
	var all map[string]any
	if json.Unmarshal(tr.Action.Parameters, &all) == nil {
		value = all[name]
	}
	return value
}

// Field returns a field of the form that was sent, or "".
func (tr *Transition) Field(name string) string {
	v, ok := tr.Action.Request.Fields[name]
	if !ok {
		return ""
	}
	return plain(v)
}

func (tr *Transition) hasField(name string) bool {
	_, ok := tr.Action.Request.Fields[name]
	return ok
}

// plain returns a recorded value as text.
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

func number(text string) int {
	n, _ := strconv.Atoi(text)
	return n
}

// Drift holds the values that Q2A left wrong and its own recalculation repairs (testdata/oracle/drift.json),
// by the name of the action and then by "table key column".
type Drift map[string]map[string]struct{ Stored, Recalculated any }

func readDrift(t testing.TB) (drift Drift) {
	t.Helper()
	text, err := os.ReadFile(Testdata("oracle", "drift.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &drift); err != nil {
		t.Fatal(err)
	}
	return drift
}

// Expected returns the recorded changes of the tables, with the values of a recalculation where Q2A's own are
// wrong.
func (tr *Transition) Expected(drift Drift) Difference {
	all := Difference{}
	for name, recorded := range tr.Diff {
		d := all.table(strings.TrimPrefix(name, "qa_"))
		for _, r := range recorded.Inserted {
			d.Inserted = append(d.Inserted, recordedRow(r).String())
		}
		for _, r := range recorded.Deleted {
			d.Deleted = append(d.Deleted, recordedRow(r).String())
		}
		for _, u := range recorded.Updated {
			columns := map[string][2]string{}
			for column, after := range u.After {
				columns[column] = [2]string{plain(u.Before[column]), plain(after)}
			}
			d.Updated[recordedKey(strings.TrimPrefix(name, "qa_"), u.Key)] = columns
		}
	}
	for where, value := range drift[tr.Action.Name] {
		all.correct(where, plain(value.Stored), plain(value.Recalculated))
	}
	return all
}

// correct replaces a stored value with the value of a recalculation; where is "table key column".
func (all Difference) correct(where, stored, recalculated string) {
	table, place, _ := strings.Cut(strings.TrimPrefix(where, "qa_"), " ")
	cut := strings.LastIndex(place, " ")
	var key map[string]any
	if json.Unmarshal([]byte(place[:cut]), &key) != nil {
		return
	}
	column, row := place[cut+1:], recordedKey(table, key)
	d := all.table(table)
	if d.Updated[row] == nil {
		d.Updated[row] = map[string][2]string{}
	}
	change := d.Updated[row][column]
	if change[0] == "" {
		change[0] = stored
	}
	change[1] = recalculated
	// This count is wrong by one on the untouched site already.
	if column == "content" && key["title"] == "cache_unselqcount" {
		change[1] = strconv.Itoa(number(change[1]) - 1)
	}
	d.Updated[row][column] = change
	if change[0] == change[1] {
		delete(d.Updated[row], column)
	}
}

func recordedKey(table string, key map[string]any) string {
	return keyOf(tableKeys[table], recordedRow(key))
}

func recordedRow(r map[string]any) RowValues {
	row := RowValues{}
	for name, v := range r {
		if v != nil {
			row[name] = plain(v)
		}
	}
	return row
}

// secretForms are the forms of random values in rows of users. Tests can expect no more of such a value than
// its form, and whether it changed.
var secretForms = []struct {
	column string
	form   *regexp.Regexp
}{
	{"passhash", regexp.MustCompile(`^\$2y\$10\$[./A-Za-z0-9]{53}$`)},
	{"sessioncode", regexp.MustCompile(`^[0-9a-z]{8}$`)},
	{"emailcode", regexp.MustCompile(`^[0-9a-z]{8}$`)},
}

// maskSecrets replaces random values with their forms.
func maskSecrets(d *TableDiff) {
	for _, s := range secretForms {
		mask := func(value string) string {
			if s.form.MatchString(value) {
				return s.column + " of the right form"
			}
			return value
		}
		for _, columns := range d.Updated {
			if change, ok := columns[s.column]; ok {
				columns[s.column] = [2]string{mask(change[0]), mask(change[1])}
			}
		}
		inRow := regexp.MustCompile(`\b` + s.column + `=(\S*)`)
		for i, row := range d.Inserted {
			d.Inserted[i] = inRow.ReplaceAllStringFunc(row, func(found string) string {
				return s.column + "=" + mask(strings.TrimPrefix(found, s.column+"="))
			})
		}
	}
}
