package events

import (
	"context"
	"log/slog"
	"time"
)

const (
	// recheck is how often it is checked whether those who have streams of their own may still have them.
	// A stream ends at most that long after the session was ended or the account was blocked.
	recheck = 15 * time.Second
	// maxFailures is how many of these checks in a row may fail before all these streams end.
	maxFailures = 4
)

// Holder is who has a stream of what concerns them: a user, signed in by a session.
type Holder struct {
	UserID int
	// Session identifies the session to who has checked it; it may be "".
	Session string
}

// holders are the streams of their own that users have now.
type holders struct {
	open     map[*personal]struct{}
	checking bool
}

// personal is an open stream of what concerns its holder.
type personal struct {
	holder Holder
	ended  chan struct{} // closed when the holder may not have it any more
}

// hold adds a stream to those that are checked until release is called. Its channel ended is closed when
// its holder may not have it any more.
func (st *Streams) hold(h Holder) (p *personal, release func()) {
	p = &personal{h, make(chan struct{})}
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.holders.open == nil {
		st.holders.open = map[*personal]struct{}{}
	}
	st.holders.open[p] = struct{}{}
	if !st.holders.checking {
		st.holders.checking = true
		go st.checkHolders(st.follower.ctx)
	}
	return p, func() {
		st.mu.Lock()
		defer st.mu.Unlock()
		delete(st.holders.open, p)
	}
}

// checkHolders ends the streams of those who may not have them any more, until there are none left or the
// context ends.
func (st *Streams) checkHolders(ctx context.Context) {
	tick := time.NewTicker(st.recheck)
	defer tick.Stop()
	for failures := 0; ; {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		users := st.heldBy()
		if users == nil {
			return
		}
		may, err := st.settings.MayHold(ctx, users)
		switch {
		case err == nil:
			failures = 0
		case ctx.Err() != nil:
			return
		default:
			slog.ErrorContext(ctx, "it cannot be checked who is still signed in", "error", err)
			if failures++; failures < maxFailures {
				continue
			}
			may = nil // rather than telling somebody what is not theirs any more
		}
		st.end(users, may)
	}
}

// heldBy returns the holders of open streams, each once. If there are none, it returns nil and records
// that nobody checks them any more.
func (st *Streams) heldBy() []Holder {
	st.mu.Lock()
	defer st.mu.Unlock()
	if len(st.holders.open) == 0 {
		st.holders.checking = false
		return nil
	}
	seen := map[Holder]bool{}
	var list []Holder
	for p := range st.holders.open {
		if !seen[p.holder] {
			seen[p.holder] = true
			list = append(list, p.holder)
		}
	}
	return list
}

// end ends the streams of those holders who were checked and may not have them.
func (st *Streams) end(checked []Holder, may map[Holder]bool) {
	st.mu.Lock()
	defer st.mu.Unlock()
	gone := map[Holder]bool{}
	for _, h := range checked {
		gone[h] = !may[h]
	}
	for p := range st.holders.open {
		if gone[p.holder] {
			delete(st.holders.open, p)
			close(p.ended)
		}
	}
}
