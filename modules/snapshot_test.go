package modules_test

import (
	"cmp"
	"context"
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

// rowValues are a row's columns as text; absent columns are NULL.
type rowValues map[string]string

func (r rowValues) String() string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(r)) {
		parts = append(parts, name+"="+r[name])
	}
	return strings.Join(parts, " ")
}

// snapshot are the rows of Q2A's tables at one moment.
type snapshot map[string][]rowValues

// tableKeys are the unique keys of the tables that have one; the others are compared as multisets.
var tableKeys = map[string][]string{"posts": {"postid"}, "options": {"title"}, "users": {"userid"}, "userpoints": {"userid"}, "words": {"wordid"},
	"categories": {"categoryid"}, "uservotes": {"userid", "postid"}, "userlimits": {"userid", "action"}, "iplimits": {"ip", "action"}, "cookies": {"cookieid"},
	"postmetas": {"postid", "title"}, "userfavorites": {"userid", "entitytype", "entityid"}, "userprofile": {"userid", "title"}, "messages": {"messageid"},
	"usernotices": {"noticeid"}, "blobs": {"blobid"}, "usermetas": {"userid", "title"}, "userlevels": {"userid", "entitytype", "entityid"}}

// readTables takes a snapshot. Values look as in the recordings: addresses as text, other binary values as hex.
func readTables(t *testing.T, db *database.DB) snapshot {
	t.Helper()
	s := snapshot{}
	for _, table := range database.CoreTables() {
		selected := "*"
		if table == "posts" {
			selected = "p.*, p.hotness + 0e0 AS hotness"
		}
		err := db.Select(context.Background(), func(rows *sql.Rows) error {
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
			row := rowValues{}
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

// tableDiff is what happened to a table. Changes name a row's key and each changed column as "before → after".
type tableDiff struct {
	inserted, deleted []string
	updated           map[string]map[string][2]string
}

// diff compares two snapshots.
func (before snapshot) diff(after snapshot) map[string]*tableDiff {
	all := map[string]*tableDiff{}
	for _, table := range database.CoreTables() {
		d := &tableDiff{updated: map[string]map[string][2]string{}}
		if keys, ok := tableKeys[table]; ok {
			d.byKey(keys, before[table], after[table])
		} else {
			d.asMultiset(before[table], after[table])
		}
		if len(d.inserted)+len(d.deleted)+len(d.updated) > 0 {
			slices.Sort(d.inserted)
			slices.Sort(d.deleted)
			all[table] = d
		}
	}
	return all
}

func keyOf(keys []string, r rowValues) string {
	var parts []string
	for _, k := range keys {
		parts = append(parts, k+"="+r[k])
	}
	return strings.Join(parts, " ")
}

func (d *tableDiff) byKey(keys []string, before, after []rowValues) {
	old := map[string]rowValues{}
	for _, r := range before {
		old[keyOf(keys, r)] = r
	}
	for _, r := range after {
		key := keyOf(keys, r)
		was, existed := old[key]
		delete(old, key)
		if !existed {
			d.inserted = append(d.inserted, r.String())
			continue
		}
		for _, column := range slices.Concat(slices.Collect(maps.Keys(was)), slices.Collect(maps.Keys(r))) {
			a, hadA := was[column]
			b, hasB := r[column]
			if a == b && hadA == hasB {
				continue
			}
			if d.updated[key] == nil {
				d.updated[key] = map[string][2]string{}
			}
			d.updated[key][column] = [2]string{orNULL(a, hadA), orNULL(b, hasB)}
		}
	}
	for _, r := range old {
		d.deleted = append(d.deleted, r.String())
	}
}

func orNULL(value string, has bool) string {
	if !has {
		return "NULL"
	}
	return value
}

func (d *tableDiff) asMultiset(before, after []rowValues) {
	count := map[string]int{}
	for _, r := range before {
		count[r.String()]--
	}
	for _, r := range after {
		count[r.String()]++
	}
	for row, n := range count {
		for range max(n, 0) {
			d.inserted = append(d.inserted, row)
		}
		for range max(-n, 0) {
			d.deleted = append(d.deleted, row)
		}
	}
}

// describe lists the difference between what was expected and what happened to the tables.
func describe(want, got map[string]*tableDiff) []string {
	var out []string
	for _, table := range database.CoreTables() {
		w, g := want[table], got[table]
		if w == nil {
			w = &tableDiff{}
		}
		if g == nil {
			g = &tableDiff{}
		}
		out = append(out, listDiff(table+" inserted", w.inserted, g.inserted)...)
		out = append(out, listDiff(table+" deleted", w.deleted, g.deleted)...)
		for key, columns := range w.updated {
			for column, change := range columns {
				if g.updated[key][column] != change {
					out = append(out, fmt.Sprintf("%s %s %s: want %q, got %q", table, key, column, change, g.updated[key][column]))
				}
			}
		}
		for key, columns := range g.updated {
			for column, change := range columns {
				if _, ok := w.updated[key][column]; !ok {
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
