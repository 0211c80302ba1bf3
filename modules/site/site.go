// Package site deals with the site as a whole: its options, its pages, its statistics and its
// health.
//
// Other modules call Options, SiteURL and Zone. Package site itself calls no other module.
package site

import (
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"38qa.net/backend/modules/kernel/database"
)

// Settings are the settings of the module; package config describes them.
type Settings struct {
	// SiteURL, if it is not empty, replaces the option site_url.
	SiteURL string
	// PublicURL is the address under which clients reach the API, or "" if it is not known.
	PublicURL string
	// Zone is the time zone in which the community's days begin; nil means UTC.
	Zone *time.Location
}

// Module is the site module.
type Module struct {
	db       *database.DB
	settings Settings
	options  atomic.Pointer[Options]
	reading  sync.Mutex
}

// New returns the module for the site in the given database.
func New(db *database.DB, s Settings) *Module {
	if s.Zone == nil {
		s.Zone = time.UTC
	}
	s.PublicURL = strings.TrimRight(s.PublicURL, "/")
	return &Module{db: db, settings: s}
}

// APIURL returns the address under which clients reach this API, or "" if the server does not know it.
func (m *Module) APIURL() string { return m.settings.PublicURL }

// Zone returns the community's time zone.
func (m *Module) Zone() *time.Location { return m.settings.Zone }
