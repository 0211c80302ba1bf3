package mail

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	netmail "net/mail"
	"net/url"
	"strings"
	"sync"
	"time"

	"38qa.net/backend/modules/kernel/background"
	"38qa.net/backend/modules/kernel/outbound"
	"38qa.net/backend/modules/kernel/secret"
	"38qa.net/backend/modules/mail/internal/webpush"
)

// PushSettings say how entries of the inbox are pushed to the devices of members (web push).
type PushSettings struct {
	// On is false where nothing is pushed, and no devices are taken.
	On bool
	// Key is the private key by which push services know the site (VAPID): 32 bytes in base64. If it is
	// empty, the key follows from Settings.Secret or, without that, from a secret in the database. If it
	// changes, all devices have to subscribe again.
	Key string
	// Contact is the mailto: or https: address at which push services find whom to talk to. If it is
	// empty, it is the sender of mails.
	Contact string
	// Client makes the requests. If it is nil, it is one that reaches public addresses only.
	Client *http.Client
}

// pusher is what the module needs to push.
type pusher struct {
	settings PushSettings
	signing  *secret.Secret
	wake     background.Wake // wakes ServePushes after something was queued

	mu  sync.Mutex
	key *webpush.Key // nil until it was needed
	// busy are the push services that have asked to be left alone, until when (in Unix seconds), by their
	// hosts.
	busy map[string]int64
}

// pushTimeout is the longest time of a request to a push service.
const pushTimeout = 10 * time.Second

// newPusher returns what is needed to push, nil if nothing is pushed.
func newPusher(set Settings) (*pusher, error) {
	s := set.Push
	if !s.On {
		return nil, nil //nolint:nilnil // nothing is pushed
	}
	p := &pusher{settings: s, signing: secret.New("push", set.Secret), wake: background.NewWake(),
		busy: map[string]int64{}}
	if s.Key != "" {
		key, err := webpush.ParseKey(s.Key)
		if err != nil {
			return nil, fmt.Errorf("WEBPUSH_KEY: %w", err)
		}
		p.key = key
	}
	if !validContact(s.Contact) {
		return nil, errors.New("WEBPUSH_CONTACT: mailto:… or https://… was expected")
	}
	if p.settings.Client == nil {
		p.settings.Client = outbound.NewClient(outbound.Settings{Timeout: pushTimeout, PerHost: pushers})
	}
	return p, nil
}

// validContact reports whether a setting is empty or an address as RFC 8292 wants it.
func validContact(contact string) bool {
	if address, ok := strings.CutPrefix(contact, "mailto:"); ok {
		a, err := netmail.ParseAddress(address)
		return err == nil && a.Address == address
	}
	u, err := url.Parse(contact)
	return contact == "" || err == nil && u.Scheme == "https" && u.Host != ""
}

// PushKey returns the public key with which browsers subscribe, "" if nothing is pushed.
func (m *Module) PushKey(ctx context.Context) (string, error) {
	if m.push == nil {
		return "", nil
	}
	key, err := m.pushKey(ctx)
	if err != nil {
		return "", err
	}
	return key.Public(), nil
}

func (m *Module) pushKey(ctx context.Context) (*webpush.Key, error) {
	m.push.mu.Lock()
	defer m.push.mu.Unlock()
	if m.push.key == nil {
		value, err := m.push.signing.Read(ctx, m.db)
		if err != nil {
			return nil, err
		}
		if m.push.key, err = webpush.DeriveKey(value); err != nil {
			return nil, err
		}
	}
	return m.push.key, nil
}

// busyFor returns for how long a push service still wants to be left alone.
func (p *pusher) busyFor(host string, now int64) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return max(0, time.Duration(p.busy[host]-now)*time.Second)
}

// leaveAlone records that a push service wants to be left alone, and forgets which ones wanted that before.
func (p *pusher) leaveAlone(host string, now int64, after time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for other, at := range p.busy {
		if at < now {
			delete(p.busy, other)
		}
	}
	p.busy[host] = now + background.Seconds(after)
}
