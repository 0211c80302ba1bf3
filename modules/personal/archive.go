package personal

import (
	"archive/zip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/events"
	"38qa.net/backend/modules/kernel/jobs"
	"38qa.net/backend/modules/site/option"
)

const (
	// exportsJob is the name of the job that makes exports.
	exportsJob = "exports"
	// mostAttempts is how often it is tried to make an export.
	mostAttempts = 3
	// filesBetween is after how many uploaded files progress is written down.
	filesBetween = 20
)

// EventReady is the name of an event that Q2A does not have: an export can be fetched.
const EventReady = "u_export"

// Job returns the job that makes the exports for which members have asked, one after the other. Each is written
// to a temporary file, so that neither the size of an archive nor a process that dies matters: the next one
// begins that archive anew.
func (m *Module) Job() jobs.Job {
	return jobs.Job{
		Name: exportsJob, On: []string{eventAsked}, Schedule: "55 * * * *", Missed: jobs.CatchUpOnce,
		Summary: "makes the copies of their data for which members have asked (POST /v1/me/export)",
		Steps: []jobs.Step{{Name: "exports", Count: func(ctx context.Context) (n int, err error) {
			_, err = m.db.Get(ctx, []any{&n}, "SELECT COUNT(*) FROM {q2ab_exports} WHERE state IN (?, ?)", stateWaiting,
				stateWorking)
			return n, err
		}, Batch: m.makeNext}},
	}
}

// makeNext makes the export that waits longest.
func (m *Module) makeNext(ctx context.Context, after int, w *jobs.Work) (next int, err error) {
	w.Done = 0
	if w.DryRun {
		return 0, nil
	}
	r, found, err := find(ctx, m.db, "WHERE state IN (?, ?) ORDER BY attempts, id LIMIT 1", stateWaiting, stateWorking)
	if err != nil || !found {
		return 0, err
	}
	r.attempts++
	state := stateWorking
	if r.attempts > mostAttempts {
		state = stateFailed
	}
	err = w.Tx(ctx, func(tx *database.DB) error {
		_, err := tx.Exec(ctx, `UPDATE {q2ab_exports} SET state = ?, attempts = ?
			WHERE id = ? AND state IN (?, ?)`, state, r.attempts, r.id, stateWaiting, stateWorking)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("begin an export: %w", err)
	}
	w.Done = 1
	if state == stateFailed {
		return after + 1, nil
	}
	if err := m.export(ctx, w, r); err != nil {
		return 0, fmt.Errorf("export %d: %w", r.id, err)
	}
	return after + 1, nil
}

// export writes the archive of an export, stores it, and tells its member.
func (m *Module) export(ctx context.Context, w *jobs.Work, r row) error {
	file, err := os.CreateTemp("", "export-*.zip")
	if err != nil {
		return err
	}
	defer func() { _ = errors.Join(file.Close(), os.Remove(file.Name())) }()
	if err := m.writeArchive(ctx, file, r); err != nil {
		return err
	}
	size, err := file.Seek(0, io.SeekEnd)
	if err == nil {
		_, err = file.Seek(0, io.SeekStart)
	}
	if err != nil {
		return err
	}
	if err := m.files.PutArchive(ctx, r.object, file, size); err != nil {
		return err
	}
	token, err := m.token(ctx, r)
	if err != nil {
		return err
	}
	var kept int64
	err = w.Tx(ctx, func(tx *database.DB) error {
		now := tx.Now()
		kept, err = tx.Exec(ctx, `UPDATE {q2ab_exports}
			SET state = ?, hash = ?, bytes = ?, finished = ?, expires = ?, done = total
			WHERE id = ? AND userid = ? AND state = ?`,
			stateReady, hashOf(token), size, now, now+int64(m.settings.KeptFor/time.Second), r.id, r.userID, stateWorking)
		if err != nil || kept == 0 {
			return err
		}
		return events.Append(ctx, tx, events.Event{Name: EventReady, At: now, Params: []events.Param{
			{Name: "userid", Value: r.userID}, {Name: "exportid", Value: r.id}}})
	})
	if err != nil {
		return fmt.Errorf("end an export: %w", err)
	}
	if kept == 0 { // the account has gone meanwhile, and the clean-up may have been here already
		return m.files.DropArchive(ctx, r.object)
	}
	return nil
}

// writeArchive writes the archive of an export.
func (m *Module) writeArchive(ctx context.Context, out io.Writer, r row) error {
	var uploads []string
	if err := m.db.Select(ctx, database.Append(&uploads),
		"SELECT blobid FROM {blobs} WHERE userid = ? ORDER BY created, blobid", r.userID); err != nil {
		return fmt.Errorf("read the uploads of a user: %w", err)
	}
	tables, err := m.db.Tables(ctx)
	if err != nil {
		return err
	}
	there := map[string]bool{}
	for _, t := range tables {
		there[strings.TrimPrefix(t, m.db.Prefix())] = true
	}
	total := len(contents) + len(uploads) + 1
	a := &archive{zip.NewWriter(out), time.Unix(m.db.Now(), 0).UTC()}
	counts := map[string]int{}
	for i, f := range contents {
		if f.plugin && !there[f.tables[0]] {
			continue
		}
		entry, err := a.create(f.name+".json", zip.Deflate)
		if err != nil {
			return err
		}
		args := make([]any, strings.Count(f.query, "?"))
		for n := range args {
			args[n] = r.userID
		}
		if counts[f.name], err = writeRows(ctx, m.db, entry, f.fields, f.query, args...); err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
		if err := m.progress(ctx, r.id, i+1, total); err != nil {
			return err
		}
	}
	var missing []string
	for i, id := range uploads {
		content, format, found, err := m.files.Content(ctx, id)
		if err != nil {
			return err
		}
		if !found {
			missing = append(missing, id)
			continue
		}
		entry, err := a.create(strings.TrimSuffix("files/"+id+"."+format, "."), zip.Store) // pictures are packed already
		if err == nil {
			_, err = entry.Write(content)
		}
		if err != nil {
			return err
		}
		if (i+1)%filesBetween == 0 {
			if err := m.progress(ctx, r.id, len(contents)+i+1, total); err != nil {
				return err
			}
		}
	}
	if err := m.writeIndex(ctx, a, counts, missing); err != nil {
		return err
	}
	return a.zip.Close()
}

// archive is an archive that is being written.
type archive struct {
	zip *zip.Writer
	at  time.Time
}

func (a *archive) create(name string, method uint16) (io.Writer, error) {
	return a.zip.CreateHeader(&zip.FileHeader{Name: name, Method: method, Modified: a.at})
}

// writeIndex writes the file that says what the archive is and what is in it.
func (m *Module) writeIndex(ctx context.Context, a *archive, counts map[string]int, missing []string) error {
	o, err := m.site.Options(ctx)
	if err != nil {
		return err
	}
	type entry struct {
		File    string `json:"file"`
		About   string `json:"about"`
		Entries int    `json:"entries"`
	}
	index := struct {
		Site    string    `json:"site"`
		Address string    `json:"address"`
		MadeAt  time.Time `json:"madeAt"`
		Files   []entry   `json:"files"`
		Missing []string  `json:"missingUploads,omitempty"`
	}{o.String(option.SiteTitle), m.site.SiteURL(o), a.at, nil, missing}
	for _, f := range contents {
		if n, written := counts[f.name]; written {
			index.Files = append(index.Files, entry{f.name + ".json", f.about, n})
		}
	}
	out, err := a.create("index.json", zip.Deflate)
	if err != nil {
		return err
	}
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(index)
}

// progress writes down how many files of an archive are written. It returns an error if the export is no longer
// to be made.
func (m *Module) progress(ctx context.Context, id, done, total int) error {
	if _, err := m.db.Exec(ctx, "UPDATE {q2ab_exports} SET done = ?, total = ? WHERE id = ? AND state = ?", done, total,
		id, stateWorking); err != nil {
		return fmt.Errorf("write down how far an export is: %w", err)
	}
	return nil
}
