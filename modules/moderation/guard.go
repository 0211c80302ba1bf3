package moderation

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/sony/gobreaker/v2"
	"golang.org/x/sync/semaphore"

	"38qa.net/backend/modules/kernel/outbound"
)

const (
	// checkTime is how long somebody who writes or registers waits for a service at most.
	checkTime = 1500 * time.Millisecond
	// tellTime is how long a service may take to hear of a decision, for which nobody waits.
	tellTime = 10 * time.Second
	// atOnce is how many requests a process makes to one service at the same time.
	atOnce = 8
	// failuresToTrip is how many failures in a row make a process leave the service alone for restTime.
	failuresToTrip = 5
	restTime       = time.Minute
	// responseLimit is how much of a response is read, in bytes.
	responseLimit = 64 << 10
)

// errLeft means that the client of the request that needed the service went away.
var errLeft = errors.New("the client went away")

// response is what a service responded with status 200.
type response struct {
	header http.Header
	body   []byte
}

// guard makes the requests to a service outside, so that the service's troubles do not become this server's.
type guard struct {
	name    string
	client  *http.Client
	turns   *semaphore.Weighted
	breaker *gobreaker.CircuitBreaker[struct{}]
}

// newGuard returns the guard of the service with the name. An address that operators have set may be in a
// network that is not public; others may not.
func newGuard(name string, ownAddress bool) *guard {
	s := outbound.Settings{Timeout: tellTime, PerHost: atOnce}
	if ownAddress {
		s.Allow = []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")}
	}
	g := &guard{name: name, client: outbound.NewClient(s), turns: semaphore.NewWeighted(atOnce)}
	g.breaker = gobreaker.NewCircuitBreaker[struct{}](gobreaker.Settings{
		Name: name, MaxRequests: 1, Timeout: restTime,
		ReadyToTrip: func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= failuresToTrip },
		IsExcluded:  func(err error) bool { return errors.Is(err, errLeft) },
		OnStateChange: func(name string, _, to gobreaker.State) {
			slog.Warn("a service against spam changes state", "service", name, "state", to.String())
		},
	})
	return g
}

// post sends a form to the service and has the response read, all within the time limit. Whatever is wrong,
// also with the response, counts as a failure of the service. The error holds nothing of what was sent.
func (g *guard) post(
	ctx context.Context, address string, form url.Values, limit time.Duration, read func(response) error,
) error {
	own, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if err := g.turns.Acquire(own, 1); err != nil {
		if ctx.Err() != nil {
			return errLeft
		}
		return errors.New("too many requests at once")
	}
	defer g.turns.Release(1)
	_, err := g.breaker.Execute(func() (struct{}, error) {
		res, err := g.send(own, address, form)
		if err == nil {
			err = read(res)
		}
		if err != nil && ctx.Err() != nil {
			err = errLeft
		}
		return struct{}{}, err
	})
	return err
}

func (g *guard) send(ctx context.Context, address string, form url.Values) (response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return response{}, errors.New("the service's address is none")
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("User-Agent", "q2a-backend/1")
	res, err := g.client.Do(req)
	if err != nil {
		var wrapped *url.Error
		if errors.As(err, &wrapped) { // it names the address, which may hold a key
			err = wrapped.Err
		}
		return response{}, fmt.Errorf("ask the service: %w", err)
	}
	defer res.Body.Close()
	body, whole, err := outbound.ReadUpTo(res.Body, responseLimit)
	switch {
	case err != nil:
		return response{}, fmt.Errorf("read the response: %w", err)
	case res.StatusCode != http.StatusOK:
		return response{}, fmt.Errorf("status %d", res.StatusCode)
	case !whole:
		return response{}, errors.New("the response is too long")
	}
	return response{res.Header, body}, nil
}

// failed logs that the service was of no use. While it is left alone nothing is logged.
func (g *guard) failed(ctx context.Context, err error) {
	switch {
	case errors.Is(err, gobreaker.ErrOpenState), errors.Is(err, gobreaker.ErrTooManyRequests),
		errors.Is(err, errLeft):
		return
	}
	slog.WarnContext(ctx, "a service against spam is of no use", "service", g.name, "error", err)
}
