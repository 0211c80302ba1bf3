package hooks

import (
	"net/http"
	"strconv"
	"time"

	"38qa.net/backend/modules/kernel/background"
)

const (
	// maxAttempts is how often a delivery is tried before it is given up.
	maxAttempts = 9
	// firstPause is the pause after the first failure. Each further one is three times as long. Together the
	// eight pauses take 22.8 hours, or a fifth more or less by chance.
	firstPause = 25 * time.Second
	// longestWish is the longest time for which a receiver's Retry-After is obeyed.
	longestWish = time.Hour
	// disableAfter is for how long no attempt may have succeeded when a delivery is given up, before the
	// webhook is switched off.
	disableAfter = 5 * 24 * time.Hour
)

// pauseAfter returns how long a delivery waits after the given number of failures, 1 or more. chance is a
// random number from 0 to 1, which spreads the pauses by a fifth to both sides, so that a receiver that
// comes back is not called for everything at once.
func pauseAfter(failures int, chance float64) time.Duration {
	pause := float64(firstPause)
	for range min(failures, maxAttempts) - 1 {
		pause *= 3
	}
	return time.Duration(pause * (0.8 + 0.4*chance))
}

// wish returns how long the receiver has asked to be left alone, by the header Retry-After of its
// response: a number of seconds or a date. It returns 0 if there is no such wish, and at most longestWish.
func wish(h http.Header, now time.Time) time.Duration {
	text := h.Get("Retry-After")
	var d time.Duration
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		d = time.Duration(seconds) * time.Second
	} else if at, err := http.ParseTime(text); err == nil {
		d = at.Sub(now)
	}
	return min(max(d, 0), longestWish)
}

// verdict is what becomes of a delivery and of its webhook after an attempt. Times are in Unix seconds.
type verdict struct {
	state state
	// due is when the delivery is tried again, for the state waiting.
	due int64
	// failingSince is since when no attempt has succeeded; 0 if this one has.
	failingSince int64
	// pausedUntil is before when the receiver does not want to be called at all; 0 for no wish.
	pausedUntil int64
	// disable is why the webhook is switched off; "" if it is not.
	disable string
}

// judge decides what follows from an attempt. failures is the number of the delivery's earlier attempts,
// failingSince the first failed attempt of the webhook since one has succeeded, or 0, and chance a random
// number from 0 to 1.
func judge(o outcome, failures int, failingSince, now int64, chance float64) verdict {
	if o.failure == "" {
		return verdict{state: delivered}
	}
	if failingSince == 0 {
		failingSince = now
	}
	v := verdict{state: waiting, failingSince: failingSince}
	if o.failure == failureGone {
		v.state, v.disable = failed, reasonGone
		return v
	}
	if o.status == http.StatusTooManyRequests || o.status == http.StatusServiceUnavailable {
		if seconds := int64(o.retryAfter / time.Second); seconds > 0 {
			v.pausedUntil = now + seconds
		}
	}
	if failures+1 >= maxAttempts {
		v.state = failed
		if now-failingSince >= int64(disableAfter/time.Second) {
			v.disable = reasonFailing
		}
		return v
	}
	pause := max(pauseAfter(failures+1, chance), o.retryAfter)
	v.due = now + background.Seconds(pause)
	return v
}
