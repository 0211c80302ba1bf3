package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// figures holds the results of the measurement.
type figures struct {
	copied, purged time.Duration // without what the kills cost
	kills          []*kill
	peak           int64 // KiB
	// snapshots lists the contents of the store at several times. None of the files in them may be
	// written again later.
	snapshots []*listing
	// lost is the number of files that are missing or damaged somewhere at the end, twice the number
	// of files that were written again, and leftovers the number of unfinished files in the store.
	lost, twice, leftovers int
}

// kill describes a kill and its cost: how long it took until another process had taken the run over
// (takenOver), and until that process had made progress (goneOn).
type kill struct {
	stage             string
	at                time.Time
	done              int // files of the stage
	unrecorded        int // files that were in the store without a record of that
	leftovers         int // files that it was writing
	fence             int
	takenOver, goneOn time.Duration
}

// baseline is how many images are read before anything is moved.
const baseline = 500

// stage is one of the two runs of the job.
type stage struct {
	name  string // of what the reader sees meanwhile
	args  []string
	kills int
	// done is the SQL condition for the files that are recorded as done in this stage; words must
	// occur in the job's final summary.
	done, words string
}

// move runs the two stages: copying the images, and removing them from the database.
func (t *trial) move(ctx context.Context) (err error) {
	for t.reader.count() < baseline {
		if err := t.pause(ctx); err != nil {
			return err
		}
	}
	copying := stage{
		"copying", []string{"--verify"}, t.s.kills, "in_store = 1",
		fmt.Sprintf("of %d files the store has %d (", t.s.files, t.s.files),
	}
	if t.s.rate > 0 {
		copying.args = append(copying.args, fmt.Sprintf("--rate=%g", t.s.rate))
	}
	purging := stage{
		"purging", []string{"--purge", "--keep-for-php=" + t.php()}, t.s.purgeKills,
		"in_store = 1 AND purged = 1", "the database holds 0",
	}
	if t.copied, err = t.work(ctx, &copying); err != nil {
		return err
	}
	if err := t.snapshot(ctx); err != nil {
		return err
	}
	t.purged, err = t.work(ctx, &purging)
	return err
}

// work runs the command of a stage until it ends without being killed, and returns how long the
// stage took without the time that the kills cost.
func (t *trial) work(ctx context.Context, st *stage) (took time.Duration, err error) {
	t.reader.begin(st.name)
	began := time.Now()
	var last *kill
	for n := 1; ; n++ {
		a, err := t.startAdmin(ctx, st.args...)
		if err != nil {
			return 0, err
		}
		if err := t.await(ctx, a, st, last, t.s.files*n/(st.kills+1)); err != nil {
			return 0, err
		}
		if last != nil {
			took -= last.goneOn
		}
		if n > st.kills {
			err := t.finish(ctx, a, st.words)
			return took + time.Since(began), err
		}
		if last, err = t.kill(ctx, a, st); err != nil {
			return 0, err
		}
	}
}

// progress returns how many files the stage has done, and the fence of the run's holder.
func (t *trial) progress(ctx context.Context, st *stage) (done, fence int, err error) {
	_, err = t.db.Get(ctx, []any{&done, &fence},
		`SELECT (SELECT COUNT(*) FROM {q2ab_media} WHERE `+st.done+`), fence
			FROM {q2ab_job_runs}
			WHERE name = ?
			ORDER BY id DESC
			LIMIT 1`, jobName)
	return done, fence, err
}

// await waits until the stage has done the given number of files, and meanwhile records the cost of
// the last kill.
func (t *trial) await(ctx context.Context, a *admin, st *stage, last *kill, files int) error {
	for {
		ended := a.hasEnded() // before the last look
		done, fence, err := t.progress(ctx, st)
		if err != nil {
			return err
		}
		if last != nil {
			last.see(done, fence)
		}
		if done >= files {
			return nil
		}
		if ended {
			return fmt.Errorf("the command ended when it was %s %d of %d files: %w, %s", st.name, done,
				files, cmp.Or(a.err, errors.New("without an error")), a.said.last)
		}
		if err := t.pause(ctx); err != nil {
			return err
		}
	}
}

// see records how long after the kill the run was taken over and made progress.
func (k *kill) see(done, fence int) {
	if k.takenOver == 0 && fence > k.fence {
		k.takenOver = time.Since(k.at)
	}
	if k.takenOver > 0 && k.goneOn == 0 && done > k.done {
		k.goneOn = time.Since(k.at)
		fmt.Printf("  it goes on %.2f s after the kill\n", k.goneOn.Seconds())
	}
}

// pause waits for a short time, which is shorter the fewer files there are.
func (t *trial) pause(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(min(200*time.Millisecond,
		max(5*time.Millisecond, time.Duration(t.s.files)*10*time.Microsecond))):
		return nil
	}
}

// kill kills the command and records the state that it leaves.
func (t *trial) kill(ctx context.Context, a *admin, st *stage) (*kill, error) {
	k := &kill{stage: st.name, at: time.Now()}
	a.kill()
	t.peak = max(t.peak, a.peak.Load())
	if a.err == nil {
		return nil, errors.New("the command was done before it was killed: more --files")
	}
	if err := t.snapshot(ctx); err != nil {
		return nil, err
	}
	there := t.snapshots[len(t.snapshots)-1]
	stored := 0
	if _, err := t.db.Get(ctx, []any{&stored},
		"SELECT COUNT(*) FROM {q2ab_media} WHERE in_store = 1"); err != nil {
		return nil, err
	}
	k.unrecorded, k.leftovers = len(there.objects)-stored, there.leftovers
	for _, before := range t.kills {
		k.leftovers -= before.leftovers
	}
	var err error
	if k.done, k.fence, err = t.progress(ctx, st); err != nil {
		return nil, err
	}
	t.kills = append(t.kills, k)
	fmt.Printf("  killed with SIGKILL after %d files: %d in the store without a record of that, %d unfinished\n",
		k.done, k.unrecorded, k.leftovers)
	if t.s.hurry {
		_, err = t.db.Exec(ctx,
			"UPDATE {q2ab_job_runs} SET heartbeat = 0 WHERE name = ? AND status = 'running'", jobName)
	}
	return k, err
}

// snapshot records the contents of the store.
func (t *trial) snapshot(ctx context.Context) error {
	there, err := t.store.list(ctx)
	t.snapshots = append(t.snapshots, there)
	return err
}

// finish waits for the end of the command, whose last line must report success.
func (t *trial) finish(ctx context.Context, a *admin, words string) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-a.ended:
	}
	t.peak = max(t.peak, a.peak.Load())
	if a.err != nil {
		return errors.Join(errors.New("the command failed"), a.err)
	}
	if !strings.Contains(a.said.last, words) ||
		!strings.Contains(a.said.last, fmt.Sprintf("%d of them verified", t.s.files)) {
		t.failed("the job's summary is %q, without %q", a.said.last, words)
	}
	return nil
}
