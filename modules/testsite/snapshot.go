package testsite

import (
	"cmp"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"

	"38qa.net/backend/modules/kernel/database"
)

// RowValues are the columns of a row as text. Columns that are absent are NULL.
type RowValues map[string]string

func (r RowValues) String() string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(r)) {
		parts = append(parts, name+"="+r[name])
	}
	return strings.Join(parts, " ")
}

// Snapshot holds the rows of Q2A's tables at one moment.
type Snapshot map[string][]RowValues

// tableKeys are the unique keys of the tables that have one. The rows of other tables are compared without
// regard to their order.
var tableKeys = map[string][]string{
	"blobs": {"blobid"}, "categories": {"categoryid"}, "cookies": {"cookieid"}, "iplimits": {"ip", "action"},
	"messages": {"messageid"}, "options": {"title"}, "postmetas": {"postid", "title"}, "posts": {"postid"},
	"userfavorites": {"userid", "entitytype", "entityid"}, "userlevels": {"userid", "entitytype", "entityid"},
	"userlimits": {"userid", "action"}, "usermetas": {"userid", "title"}, "usernotices": {"noticeid"},
	"userpoints": {"userid"}, "userprofile": {"userid", "title"}, "users": {"userid"},
	"uservotes": {"userid", "postid"}, "words": {"wordid"},
}

// ReadTables returns a Snapshot. Its values have the form that they have in the recordings: addresses as
// text, other binary values in hexadecimal.
func ReadTables(t testing.TB, db *database.DB) Snapshot {
	t.Helper()
	s := Snapshot{}
	for _, table := range database.CoreTables() {
		selected := "*"
		if table == "posts" {
			selected = "p.*, p.hotness + 0e0 AS hotness"
		}
		err := db.Select(t.Context(), func(rows *sql.Rows) error {
			columns, err := rows.Columns()
			if err != nil {
				return err
			}
			values := make([]sql.RawBytes, len(columns))
			places := make([]any, len(columns))
			for i := range values {
				places[i] = &values[i]
			}
			if err := rows.Scan(places...); err != nil {
				return err
			}
			row := RowValues{}
			for i, name := range columns {
				if values[i] != nil && table == "blobs" && name == "content" {
					row[name] = shownValue("blob", values[i])
				} else if values[i] != nil {
					row[name] = shownValue(name, values[i])
				}
			}
			s[table] = append(s[table], row)
			return nil
		}, "SELECT "+selected+" FROM {"+table+"} p")
		if err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func shownValue(column string, value []byte) string {
	switch column {
	case "createip", "lastip", "writeip", "loginip", "lastviewip", "ip":
		if ip, ok := netip.AddrFromSlice(value); ok {
			return ip.String()
		}
	case "passcheck", "passsalt":
		return "hex:" + hex.EncodeToString(value)
	case "blob":
		return fmt.Sprintf("sha256:%x len:%d", sha256.Sum256(value), len(value))
	case "hotness":
		if f, err := strconv.ParseFloat(string(value), 64); err == nil {
			return strconv.FormatFloat(float64(float32(f)), 'f', -1, 64)
		}
	}
	return strings.TrimSuffix(string(value), " 00:00:00.000")
}

// TableDiff is what changed in a table.
type TableDiff struct {
	Inserted, Deleted []string
	// Updated holds the values before and after, by the row's key and the column.
	Updated map[string]map[string][2]string
}

// Difference is what changed in each table between two snapshots.
type Difference map[string]*TableDiff

// table returns the changes of a table, and adds empty ones if there are none yet.
func (all Difference) table(name string) *TableDiff {
	if all[name] == nil {
		all[name] = &TableDiff{Updated: map[string]map[string][2]string{}}
	}
	return all[name]
}

// Diff returns what changed between two snapshots.
func (before Snapshot) Diff(after Snapshot) Difference {
	all := Difference{}
	for _, table := range database.CoreTables() {
		d := &TableDiff{Updated: map[string]map[string][2]string{}}
		if keys, ok := tableKeys[table]; ok {
			d.byKey(keys, before[table], after[table])
		} else {
			d.asMultiset(before[table], after[table])
		}
		if len(d.Inserted)+len(d.Deleted)+len(d.Updated) > 0 {
			slices.Sort(d.Inserted)
			slices.Sort(d.Deleted)
			all[table] = d
		}
	}
	return all
}

func keyOf(keys []string, r RowValues) string {
	var parts []string
	for _, k := range keys {
		parts = append(parts, k+"="+r[k])
	}
	return strings.Join(parts, " ")
}

func (d *TableDiff) byKey(keys []string, before, after []RowValues) {
	old := map[string]RowValues{}
	for _, r := range before {
		old[keyOf(keys, r)] = r
	}
	for _, r := range after {
		key := keyOf(keys, r)
		was, existed := old[key]
		delete(old, key)
		if !existed {
			d.Inserted = append(d.Inserted, r.String())
			continue
		}
		for _, column := range slices.Concat(slices.Collect(maps.Keys(was)), slices.Collect(maps.Keys(r))) {
			a, hadA := was[column]
			b, hasB := r[column]
			if a == b && hadA == hasB {
				continue
			}
			if d.Updated[key] == nil {
				d.Updated[key] = map[string][2]string{}
			}
			d.Updated[key][column] = [2]string{orNULL(a, hadA), orNULL(b, hasB)}
		}
	}
	for _, r := range old {
		d.Deleted = append(d.Deleted, r.String())
	}
}

func orNULL(value string, has bool) string {
	if !has {
		return "NULL"
	}
	return value
}

func (d *TableDiff) asMultiset(before, after []RowValues) {
	count := map[string]int{}
	for _, r := range before {
		count[r.String()]--
	}
	for _, r := range after {
		count[r.String()]++
	}
	for row, n := range count {
		for range max(n, 0) {
			d.Inserted = append(d.Inserted, row)
		}
		for range max(-n, 0) {
			d.Deleted = append(d.Deleted, row)
		}
	}
}

// Describe lists how the changes of the tables differ from the expected ones.
func Describe(want, got Difference) []string {
	var out []string
	for _, table := range database.CoreTables() {
		w, g := want[table], got[table]
		if w == nil {
			w = &TableDiff{}
		}
		if g == nil {
			g = &TableDiff{}
		}
		out = append(out, listDiff(table+" inserted", w.Inserted, g.Inserted)...)
		out = append(out, listDiff(table+" deleted", w.Deleted, g.Deleted)...)
		for key, columns := range w.Updated {
			for column, change := range columns {
				if g.Updated[key][column] != change {
					got := g.Updated[key][column]
					out = append(out,
						fmt.Sprintf("%s %s %s: want %q, got %q", table, key, column, change, got))
				}
			}
		}
		for key, columns := range g.Updated {
			for column, change := range columns {
				if _, ok := w.Updated[key][column]; !ok {
					out = append(out, fmt.Sprintf("%s %s %s: unexpected %q", table, key, column, change))
				}
			}
		}
	}
	slices.SortFunc(out, cmp.Compare[string])
	return out
}

func listDiff(what string, want, got []string) []string {
	var out []string
	left := slices.Clone(got)
	for _, row := range want {
		if i := slices.Index(left, row); i >= 0 {
			left = slices.Delete(left, i, i+1)
		} else {
			out = append(out, what+": missing "+row)
		}
	}
	for _, row := range left {
		out = append(out, what+": unexpected "+row)
	}
	return out
}
