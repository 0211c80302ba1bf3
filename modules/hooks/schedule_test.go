package hooks

import (
	"net/http"
	"testing"
	"time"
)

func TestPauses(t *testing.T) {
	t.Parallel()
	for _, chance := range []float64{0, 0.5, 1} {
		var total, before time.Duration
		for n := 1; n < maxAttempts; n++ {
			p := pauseAfter(n, chance)
			if p <= before {
				t.Errorf("pause %d is %s after %s", n, p, before)
			}
			before, total = p, total+p
		}
		if total < 18*time.Hour || total > 28*time.Hour {
			t.Errorf("chance %v: the last attempt comes after %s, want about a day", chance, total)
		}
	}
	if got := pauseAfter(1, 0.5); got != firstPause {
		t.Errorf("the first pause is %s, want %s", got, firstPause)
	}
	if low, high := pauseAfter(3, 0), pauseAfter(3, 1); low != 180*time.Second || high != 270*time.Second {
		t.Errorf("the third pause is from %s to %s, want a fifth to both sides of 225s", low, high)
	}
}

func TestWish(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for header, want := range map[string]time.Duration{
		"": 0, "0": 0, "7": 7 * time.Second, "3600": time.Hour, "3601": time.Hour, "2147483648": 0,
		"-5": 0, "1.5": 0, "soon": 0, "99999999999999999999": 0,
		"Sun, 01 Mar 2026 12:00:30 GMT": 30 * time.Second,
		"Sun, 01 Mar 2026 11:00:00 GMT": 0, "Tue, 01 Mar 2033 12:00:00 GMT": time.Hour,
	} {
		if got := wish(http.Header{"Retry-After": {header}}, now); got != want {
			t.Errorf("Retry-After %q: %s, want %s", header, got, want)
		}
	}
}

func TestJudge(t *testing.T) {
	t.Parallel()
	const now, day = 1_800_000_000, 24 * 3600
	refused := outcome{status: 500, failure: failureRefused}
	for _, c := range []struct {
		name         string
		outcome      outcome
		failures     int
		failingSince int64
		want         verdict
	}{
		{"success", outcome{status: 204}, 0, 0, verdict{state: delivered}},
		{"success after failures", outcome{status: 200}, 8, now - 9*day, verdict{state: delivered}},
		{"first failure", refused, 0, 0, verdict{state: waiting, due: now + 25, failingSince: now}},
		{"second failure", refused, 1, now - 25, verdict{state: waiting, due: now + 75, failingSince: now - 25}},
		{"no connection", outcome{failure: failureNone}, 0, 0,
			verdict{state: waiting, due: now + 25, failingSince: now}},
		{"the last but one", refused, 7, now - day,
			verdict{state: waiting, due: now + 54675, failingSince: now - day}},
		{"the last", refused, 8, now - day, verdict{state: failed, failingSince: now - day}},
		{"the last, in the fifth day", refused, 8, now - 5*day + 1,
			verdict{state: failed, failingSince: now - 5*day + 1}},
		{"the last, after five days", refused, 8, now - 5*day,
			verdict{state: failed, failingSince: now - 5*day, disable: reasonFailing}},
		{"an early one, after five days", refused, 0, now - 5*day,
			verdict{state: waiting, due: now + 25, failingSince: now - 5*day}},
		{"gone", outcome{status: 410, failure: failureGone}, 0, 0,
			verdict{state: failed, failingSince: now, disable: reasonGone}},
		{"busy", outcome{status: 503, failure: failureRefused, retryAfter: time.Minute}, 0, 0,
			verdict{state: waiting, due: now + 60, failingSince: now, pausedUntil: now + 60}},
		{"busy for less than the pause",
			outcome{status: 429, failure: failureRefused, retryAfter: 5 * time.Second}, 0, 0,
			verdict{state: waiting, due: now + 25, failingSince: now, pausedUntil: now + 5}},
		{"a wish that is not for all",
			outcome{status: 500, failure: failureRefused, retryAfter: time.Minute}, 0, 0,
			verdict{state: waiting, due: now + 60, failingSince: now}},
	} {
		if got := judge(c.outcome, c.failures, c.failingSince, now, 0.5); got != c.want {
			t.Errorf("%s:\n got %+v\nwant %+v", c.name, got, c.want)
		}
	}
}

func TestFailureOfStatus(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]failure{200: "", 202: "", 204: "", 299: "", 301: failureRedirect,
		302: failureRedirect, 304: failureRedirect, 307: failureRedirect, 308: failureRedirect, 400: failureRefused,
		404: failureRefused, 410: failureGone, 429: failureRefused, 500: failureRefused, 503: failureRefused} {
		if got := failureOfStatus(status); got != want {
			t.Errorf("status %d: %q, want %q", status, got, want)
		}
	}
}

func TestIsReceiver(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{
		"https://hooks.example/q2a": true, "https://hooks.example:8443/q2a?key=1": true, "https://1.1.1.1/": true,
		"https://[2606:4700:4700::1111]/": true, "https://蜂.example/": true,
		"http://hooks.example/": false, "ftp://hooks.example/": false, "hooks.example/q2a": false, "": false,
		"https:///q2a": false, "https://user@hooks.example/": false, "https://hooks.example/#top": false,
		"https:hooks.example": false, "https://hooks.example:0/": false, "https://hooks.example:99999/": false,
		"https://127.0.0.1/": false, "https://[::1]/": false, "https://[::ffff:10.0.0.1]/": false,
		"https://10.1.2.3/": false, "https://169.254.169.254/latest/meta-data": false,
		"https://hooks.example/\n":  false,
		"https://hooks.example/a b": false, "//hooks.example/": false, "https://[fe80::1%25eth0]/": false,
	} {
		if got := isReceiver(address, false, nil); got != want {
			t.Errorf("%q: %v, want %v", address, got, want)
		}
	}
	if !isReceiver("http://hooks.example/", true, nil) || isReceiver("ftp://hooks.example/", true, nil) {
		t.Error("http is not what the setting allows, or more than that")
	}
}
