package qa

import (
	"context"
	"errors"
	"fmt"
	"net/netip"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/audit"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/jobs"
	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/site/option"
)

const (
	// addressJob is the job that hides the posts of addresses that have many.
	addressJob = "hide-address"
	// hiddenAtOnce is how many posts of an address are hidden by the request itself, and by each batch of the
	// job.
	hiddenAtOnce = 100
)

type hideAddressOutput struct {
	Body struct {
		Hidden    int           `json:"hidden" doc:"How many posts were hidden now"`
		Remaining int           `json:"remaining" doc:"How many are left for the job"`
		Run       *jobs.RunInfo `json:"run,omitempty" doc:"The run of the job; absent where nothing is left"`
	}
}

// mayHideAddresses returns nil if the caller may hide the posts of all categories that came from an address,
// and otherwise the problem.
func mayHideAddresses(o *site.Options, c auth.Caller) error {
	return errors.Join(auth.MayBlockAddresses(o, c), mayModerate(o, c, []option.Key{option.PermitHideShow}))
}

// hideAddress hides the posts that came from an address or, if they are many, leaves them to the job.
func (m *Module) hideAddress(ctx context.Context, in *auth.AddressInput) (*hideAddressOutput, error) {
	ip, err := in.Parse()
	if err != nil {
		return nil, err
	}
	o, err := m.site.Options(ctx)
	if err != nil {
		return nil, err
	}
	if err := mayHideAddresses(o, auth.CallerOf(ctx)); err != nil {
		return nil, err
	}
	h := hideRequest{ip: ip.AsSlice(), upto: maxPostID}
	out := &hideAddressOutput{}
	if out.Body.Remaining, err = m.countHideable(ctx, h.ip); err != nil {
		return nil, err
	}
	if out.Body.Remaining <= hiddenAtOnce {
		out.Body.Hidden, err = m.hideAtOnce(ctx, ip, h)
		out.Body.Remaining = 0
		return out, err
	}
	if err := m.requestHiding(ctx, ip, out.Body.Remaining); err != nil {
		return nil, err
	}
	run, err := m.jobs.Request(ctx, addressJob, jobs.Options{})
	if err != nil {
		return nil, err
	}
	out.Body.Run = run.Info()
	return out, nil
}

// hideAtOnce hides the posts of an address and returns how many there were.
func (m *Module) hideAtOnce(ctx context.Context, ip netip.Addr, h hideRequest) (hidden int, err error) {
	ids, err := m.hideable(ctx, h)
	if err != nil {
		return 0, err
	}
	err = m.db.Tx(ctx, func(tx *database.DB) error {
		return audit.Record(ctx, tx, audit.Entry{Kind: audit.Address, Subject: ip.String(),
			After: map[string][]int{"hidden": ids}})
	})
	if err != nil {
		return 0, err
	}
	for _, id := range ids {
		done, err := m.hideFrom(ctx, id, h.ip)
		if err != nil {
			return hidden, err
		}
		if done {
			hidden++
		}
	}
	return hidden, nil
}

// hideFrom hides a post in the caller's name, whose permission for all posts of the address was checked. It
// reports whether the post was still there and not hidden.
func (m *Module) hideFrom(ctx context.Context, id int, ip []byte) (hidden bool, err error) {
	return m.hideGranted(ctx, id, func(p *post) bool { return string(p.createIP) == string(ip) })
}

// hideGranted hides a post in the caller's name if it is still one of those for which permission was given.
func (m *Module) hideGranted(
	ctx context.Context, id int, still func(*post) bool,
) (hidden bool, err error) {
	_, err = m.transact(ctx, func(c *change) (int, error) {
		hidden = false
		if err := lockWordsFirst(ctx, c.Tx); err != nil {
			return 0, err
		}
		// Posts that the caller may not open are among those for which permission was given.
		p, err := c.open(id, anyKind, wholeThread)
		if err != nil && !isProblem(err) {
			return 0, err
		}
		if p == nil || p.hidden || !still(p) { // it is gone, or changed after the ids were read
			return 0, nil
		}
		hidden, c.granted = true, true
		if err := c.setStatus(p, asHidden, c.actor, p.flags); err != nil {
			return 0, err
		}
		return 0, c.finish()
	})
	return hidden, err
}

// hideRequest is what a moderator has asked for: that the posts from an address are hidden.
type hideRequest struct {
	id         int
	ip         []byte
	by         int
	byIP       []byte
	last, upto int
}

// requestHiding leaves the posts of an address to the job, unless it has them already.
func (m *Module) requestHiding(ctx context.Context, ip netip.Addr, posts int) error {
	c := auth.CallerOf(ctx)
	byIP := []byte{}
	if c.IP.IsValid() {
		byIP = c.IP.AsSlice()
	}
	return m.db.Tx(ctx, func(tx *database.DB) error {
		added, err := tx.Exec(ctx, tx.InsertIgnore()+` {q2ab_hide_requests}
				(ip, byuserid, byip, last_post, upto_post, created)
			SELECT ?, ?, ?, 0, MAX(postid), ? FROM {posts}`, ip.AsSlice(), c.UserID, byIP, tx.Now())
		if err != nil {
			return fmt.Errorf("request that posts are hidden: %w", err)
		}
		if added == 0 {
			return nil
		}
		return audit.Record(ctx, tx, audit.Entry{Kind: audit.Address, Subject: ip.String(),
			After: map[string]int{"toHide": posts}})
	})
}

// countHideable returns how many posts of an address are not hidden.
func (m *Module) countHideable(ctx context.Context, ip []byte) (n int, err error) {
	_, err = m.db.Get(ctx, []any{&n}, "SELECT COUNT(*) FROM {posts} WHERE createip = ? AND type IN ?", ip,
		hideableTypes)
	if err != nil {
		return 0, fmt.Errorf("count the posts of an address: %w", err)
	}
	return n, nil
}

// hideable returns the next posts that a request is about.
func (m *Module) hideable(ctx context.Context, h hideRequest) (ids []int, err error) {
	ids = []int{}
	err = m.db.Select(ctx, database.Append(&ids), `SELECT postid
		FROM {posts}
		WHERE createip = ? AND type IN ? AND postid > ? AND postid <= ?
		ORDER BY postid
		LIMIT ?`, h.ip, hideableTypes, h.last, h.upto, hiddenAtOnce)
	if err != nil {
		return nil, fmt.Errorf("read the posts of an address: %w", err)
	}
	return ids, nil
}
