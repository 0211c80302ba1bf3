package moderation

import (
	"cmp"
	"context"
	"crypto/md5" //nolint:gosec // the service knows addresses by this hash
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/netip"
	"net/url"
	"strings"
)

// stopForumName is the name of the service in rows, responses and logs.
const stopForumName = "stopforumspam"

// stopForumURL is the address of StopForumSpam's API, according to its documentation.
const stopForumURL = "https://api.stopforumspam.org/api"

// stopForum asks StopForumSpam, or a service with the same API, about registrations.
type stopForum struct {
	address string
	sure    float64 // percent
	guard   *guard
}

func newStopForum(address string, sure int) *stopForum {
	return &stopForum{address: cmp.Or(address, stopForumURL), sure: float64(sure),
		guard: newGuard(stopForumName, address != "")}
}

// listing is what StopForumSpam says about one address. Confidence is how sure it is, in percent.
type listing struct {
	Appears    int     `json:"appears"`
	Confidence float64 `json:"confidence"`
}

// listings is a response of StopForumSpam.
type listings struct {
	Success int      `json:"success"`
	IP      *listing `json:"ip"`
	Email   *listing `json:"emailhash"`
}

// check returns which of the addresses of a registration are listed: "ip", "email", "ip-and-email", or "" for
// none. Of the e-mail address only its hash is sent.
func (s *stopForum) check(ctx context.Context, ip netip.Addr, email string) (reason string, err error) {
	hash := md5.Sum([]byte(strings.ToLower(email))) //nolint:gosec // see the import
	form := url.Values{"json": {"1"}, "emailhash": {hex.EncodeToString(hash[:])}}
	if ip.IsValid() {
		form.Set("ip", ip.Unmap().WithZone("").String())
	}
	err = s.guard.post(ctx, s.address, form, checkTime, func(r response) error {
		var got listings
		if json.Unmarshal(r.body, &got) != nil { // its error could hold what the service sends back
			return errors.New("the response is no JSON of the service's")
		}
		if got.Success != 1 {
			return errors.New("the service takes the request for wrong")
		}
		reason = got.reason(s.sure)
		return nil
	})
	return reason, err
}

// reason returns which addresses are listed with enough confidence.
func (l listings) reason(sure float64) string {
	ip, email := l.IP.counts(sure), l.Email.counts(sure)
	switch {
	case ip && email:
		return "ip-and-email"
	case ip:
		return "ip"
	case email:
		return "email"
	}
	return ""
}

func (l *listing) counts(sure float64) bool {
	return l != nil && l.Appears != 0 && l.Confidence >= sure
}
