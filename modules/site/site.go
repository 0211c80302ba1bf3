// Package site knows the site as a whole: its options, its pages, its statistics and its health.
//
// Other modules call Options, SiteURL and Zone; site itself calls no other module.
package site

import (
	"sync"
	"sync/atomic"
	"time"

	"38qa.net/backend/modules/kernel/database"
)

// Settings of the module; see package config.
type Settings struct {
	// SiteURL overrides the option site_url.
	SiteURL string
	// Zone is where the community's days begin; nil is UTC.
	Zone *time.Location
}

// Module is the site module.
type Module struct {
	db       *database.DB
	settings Settings
	options  atomic.Pointer[Options]
	reading  sync.Mutex
}

// New returns the module on the site's database.
func New(db *database.DB, s Settings) *Module {
	if s.Zone == nil {
		s.Zone = time.UTC
	}
	return &Module{db: db, settings: s}
}

// Zone is the community's time zone.
func (m *Module) Zone() *time.Location { return m.settings.Zone }
