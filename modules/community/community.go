// Package community deals with the people of the site: the directory of users, profiles, walls,
// favourites, updates, notices and messages.
//
// It calls package auth for accounts and permissions, and package qa for posts. No other module
// calls it.
package community

import (
	"context"
	"sync/atomic"

	"github.com/danielgtaylor/huma/v2"
	"github.com/maypok86/otter/v2"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/jobs"
	"38qa.net/backend/modules/qa"
	"38qa.net/backend/modules/site"
)

// Settings are the settings of the module; package config describes them.
type Settings struct {
	// FollowersShown is who sees whom users follow: everybody, members, nobody or auto.
	FollowersShown string
	// Reviews returns what moderators are told of the users with the given ids, by id; nil tells nothing.
	Reviews func(ctx context.Context, ids []int) (map[int]qa.Review, error)
}

// Module is the community module.
type Module struct {
	db   *database.DB
	site *site.Module
	auth *auth.Module
	qa   *qa.Module
	jobs Jobs

	settings       Settings
	followerCounts *otter.Cache[int, int]
	// plugins are the plugins for messages that the site has, as far as they are known.
	plugins atomic.Pointer[messagePlugins]
}

// New returns the module.
func New(db *database.DB, s *site.Module, a *auth.Module, q *qa.Module, settings Settings) *Module {
	return &Module{db: db, site: s, auth: a, qa: q, settings: settings, followerCounts: newFollowerCounts()}
}

// Jobs starts background jobs. It is implemented by package jobs.
type Jobs interface {
	Request(ctx context.Context, name string, o jobs.Options) (*jobs.Run, error)
}

// UseJobs sets where the module starts its jobs, which the caller adds there.
func (m *Module) UseJobs(j Jobs) { m.jobs = j }

// Register adds the module's operations to the API.
func (m *Module) Register(api huma.API) {
	m.registerUsers(api)
	m.registerProfiles(api)
	m.registerMine(api)
	m.registerFavorites(api)
	m.registerFavoriteLists(api)
	m.registerFollowers(api)
	m.registerMutes(api)
	m.registerNotices(api)
	m.registerDrafts(api)
	m.registerMessages(api)
}
