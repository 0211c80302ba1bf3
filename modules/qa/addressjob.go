package qa

import (
	"context"
	"fmt"
	"net/netip"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/audit"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/jobs"
)

// AddressJob returns the job that hides all posts of IP addresses for moderators who have asked for it. Which
// addresses these are is in a table, because parameters of jobs are logged. Each post is hidden in a
// transaction of its own, in the moderator's name, as long as the moderator may hide posts.
func (m *Module) AddressJob() jobs.Job {
	return jobs.Job{
		Name:    addressJob,
		Summary: "hides the posts from addresses that have many (PUT /v1/admin/addresses/{ip}/hidden-posts)",
		Steps:   []jobs.Step{{Name: "posts", Count: m.countRequested, Batch: m.hideRequested}},
	}
}

// countRequested returns how many posts are to be hidden.
func (m *Module) countRequested(ctx context.Context) (n int, err error) {
	_, err = m.db.Get(ctx, []any{&n}, `SELECT COUNT(*)
		FROM {q2ab_hide_requests} h
		JOIN {posts} p ON p.createip = h.ip
		WHERE p.type IN ? AND p.postid > h.last_post AND p.postid <= h.upto_post`, hideableTypes)
	if err != nil {
		return 0, fmt.Errorf("count the posts of addresses: %w", err)
	}
	return n, nil
}

// hideRequested hides the next posts of the oldest request.
func (m *Module) hideRequested(ctx context.Context, after int, w *jobs.Work) (next int, err error) {
	w.Done = 0
	var h hideRequest
	found, err := m.db.Get(ctx, []any{&h.id, &h.ip, &h.by, &h.byIP, &h.last, &h.upto},
		`SELECT id, ip, byuserid, byip, last_post, upto_post
			FROM {q2ab_hide_requests}
			ORDER BY id
			LIMIT 1`)
	if err != nil {
		return 0, fmt.Errorf("read which posts are to be hidden: %w", err)
	}
	if !found || w.DryRun {
		return 0, nil
	}
	as, may, err := m.hider(ctx, h)
	if err != nil {
		return 0, err
	}
	var ids []int
	if may {
		if ids, err = m.hideable(ctx, h); err != nil {
			return 0, err
		}
	}
	for _, id := range ids {
		done, err := m.hideFrom(as, id, h.ip)
		if err != nil {
			return 0, err
		}
		if done {
			w.Done++
		}
		h.last = id
	}
	return after + 1, w.Tx(ctx, func(tx *database.DB) error {
		query, args := "UPDATE {q2ab_hide_requests} SET last_post = ? WHERE id = ?", []any{h.last, h.id}
		if len(ids) < hiddenAtOnce {
			query, args = "DELETE FROM {q2ab_hide_requests} WHERE id = ?", []any{h.id}
		}
		_, err := tx.Exec(ctx, query, args...)
		return err
	})
}

// hider returns a context in which the moderator of a request is the caller, and reports whether the moderator
// still may hide posts.
func (m *Module) hider(ctx context.Context, h hideRequest) (as context.Context, may bool, err error) {
	as, found, err := m.auth.As(ctx, h.by)
	if err != nil || !found {
		return ctx, false, err
	}
	c := auth.CallerOf(as)
	c.IP, _ = netip.AddrFromSlice(h.byIP)
	as = audit.Command(auth.WithCaller(as, c), addressJob)
	o, err := m.site.Options(ctx)
	if err != nil {
		return ctx, false, err
	}
	if isProblem(mayHideAddresses(o, c)) {
		return ctx, false, nil
	}
	return as, true, nil
}
