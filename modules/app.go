// Package modules assembles all modules into one application, which every command uses.
package modules

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"sync"

	"github.com/labstack/echo/v4"

	"38qa.net/backend/config"
	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/community"
	"38qa.net/backend/modules/console"
	"38qa.net/backend/modules/hooks"
	"38qa.net/backend/modules/kernel/audit"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/events"
	"38qa.net/backend/modules/kernel/jobs"
	"38qa.net/backend/modules/kernel/limit"
	"38qa.net/backend/modules/kernel/observe"
	"38qa.net/backend/modules/kernel/outbound"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/mail"
	"38qa.net/backend/modules/media"
	"38qa.net/backend/modules/moderation"
	"38qa.net/backend/modules/personal"
	"38qa.net/backend/modules/qa"
	"38qa.net/backend/modules/ranking"
	"38qa.net/backend/modules/site"
)

// App is the whole application: the database, the modules, the jobs and the HTTP server.
type App struct {
	DB      *database.DB
	Site    *site.Module
	Auth    *auth.Module
	QA      *qa.Module
	Ranking *ranking.Module
	Media   *media.Module
	People  *community.Module
	Mail    *mail.Module
	Hooks   *hooks.Module
	// Moderation is what moderators have beside posts and users.
	Moderation *moderation.Module
	// Exports gives members copies of their data.
	Exports *personal.Module
	Jobs    *jobs.Manager
	// Audit is the log of what administrators and moderators change.
	Audit *audit.Log
	// Events reads the events of the site as they are written, and hands them to event streams
	// and to the consumers of the outbox.
	Events *events.Follower
	Server *web.Server

	cfg      config.Config
	streams  *events.Streams
	limiter  *limit.Limiter
	refusals *limit.Limiter
	tokens   *limit.Limiter // of requests with API tokens
}

// Option changes how [New] makes an App. Tests use options to replace parts of it.
type Option func(*options)

type options struct {
	pictureProgram string
	verifier       auth.Verifier
	clock          database.Clock
	noStreams      bool
}

// WithPictureProgram sets the path of a program that is started to process pictures, in processes
// beside the server that have a low priority. The program must call [media.WorkOnPictures] first
// of all. Without this option, pictures are processed in the server's own process.
func WithPictureProgram(path string) Option { return func(o *options) { o.pictureProgram = path } }

// WithClock sets the clock from which the times in written rows are taken.
func WithClock(c database.Clock) Option { return func(o *options) { o.clock = c } }

// WithoutStreams refuses streams of events, where responses cannot stay open.
func WithoutStreams() Option { return func(o *options) { o.noStreams = true } }

// WithVerifier sets the function that finds the user to whom a bearer token belongs.
func WithVerifier(v auth.Verifier) Option { return func(o *options) { o.verifier = v } }

// New opens the database, which must be that of a Q2A site, and makes the application. It does
// not listen for requests yet; [App.Run] does. The logger and the tracer belong to the process
// and not to the App: see [observe.Start].
func New(ctx context.Context, cfg config.Config, opts ...Option) (_ *App, err error) {
	var o options
	for _, opt := range opts {
		opt(&o)
	}
	a := &App{cfg: cfg}
	if err := a.open(ctx, cfg, o); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

func (a *App) open(ctx context.Context, cfg config.Config, o options) (err error) {
	if a.DB, err = openDatabase(ctx, cfg, o.clock); err != nil {
		return err
	}
	if err := a.DB.CheckSchema(ctx); err != nil {
		return err
	}
	if cfg.MigrateOnStart {
		err = a.DB.Migrate(ctx)
	} else {
		err = a.DB.CheckMigrated(ctx)
	}
	if err != nil {
		return err
	}
	if a.limiter, err = limit.New(cfg.RateLimit, cfg.RedisURL, cfg.Tracing()); err != nil {
		return err
	}
	if cfg.RateLimit != "off" {
		if a.refusals, err = limit.New(cfg.RefusedLimit, cfg.RedisURL, cfg.Tracing()); err != nil {
			return err
		}
		if a.tokens, err = limit.New(cfg.TokenLimit, cfg.RedisURL, cfg.Tracing()); err != nil {
			return err
		}
	}
	a.Site = site.New(a.DB, site.Settings{
		SiteURL: cfg.SiteURL, PublicURL: cfg.PublicURL, Zone: cfg.Zone()})
	settings := authSettings(cfg)
	settings.TokenLimiter = a.tokens
	settings.DropImage = func(ctx context.Context, tx *database.DB, id string) error {
		return a.Media.Drop(ctx, tx, id)
	}
	settings.ScreenSignUp = func(ctx context.Context, ip netip.Addr, email string) auth.KeepSuspicion {
		return a.Moderation.ScreenSignUp(ctx, ip, email)
	}
	settings.EmailProblem = func(ctx context.Context, address string) (string, error) {
		return a.Mail.AddressProblem(ctx, address)
	}
	settings.Cannot = func(ctx context.Context, o *site.Options, c auth.Caller) (*auth.Restrictions, error) {
		return a.QA.Cannot(ctx, o, c)
	}
	if a.Auth, err = auth.New(a.DB, a.Site, settings, o.verifier); err != nil {
		return err
	}
	if a.Media, err = media.New(ctx, a.DB, a.Site, a.Auth, mediaSettings(cfg, o.pictureProgram)); err != nil {
		return err
	}
	a.QA = qa.New(a.DB, a.Site, a.Auth, a.Media, qa.Settings{Ask: qa.Switch(cfg.AskRestriction),
		BestAnswer: qa.Switch(cfg.BestAnswerRule), Tags: qa.Switch(cfg.TagRestriction)})
	a.Exports = personal.New(a.DB, a.Site, a.Auth, a.Media,
		personal.Settings{KeptFor: cfg.ExportKeptFor, Secret: cfg.KeySecret})
	a.Moderation = moderation.New(a.DB, a.Site, a.Auth, a.QA, moderation.Settings{
		AkismetKey: cfg.AkismetKey, AkismetURL: cfg.AkismetURL, SuspectBelow: cfg.SpamCheckPoints,
		StopForumSpam: cfg.StopForumSpam == "on", StopForumURL: cfg.StopForumURL, StopForumSure: cfg.StopForumSure,
	})
	a.QA.UseScreening(a.Moderation)
	people := community.New(a.DB, a.Site, a.Auth, a.QA, community.Settings{
		FollowersShown: cfg.FollowersShown, Reviews: a.Moderation.ReviewsOfUsers,
	})
	a.People = people
	a.Mail, err = mail.New(a.DB, a.Site, mail.Settings{
		Kinds: mailSwitches(cfg), Message: people.MessageAs,
		URL: cfg.MailURL, From: cfg.MailFrom, ConfirmURL: cfg.ConfirmURL, ResetURL: cfg.ResetURL,
		Code: a.Auth.CodeToMail, Text: qa.TextOf, Censor: a.QA.Censor, Post: a.postToMail, Posts: a.postRefs,
		StopTelling: a.QA.StopTelling, Auth: a.Auth, Secret: cfg.KeySecret, Badge: badgeOf,
		Export: a.Exports.Link, PostsFor: a.postsFor, MailsPerDay: cfg.MailsPerDay, DigestHour: cfg.DigestHour,
		Push:      mail.PushSettings{On: cfg.WebPush, Key: cfg.WebPushKey, Contact: cfg.WebPushContact},
		DKIM:      mail.DKIM{Selector: cfg.DKIMSelector, Domain: cfg.DKIMDomain, Key: cfg.DKIMKey},
		HostLimit: cfg.MailHostLimit, SNSTopics: cfg.MailSNSTopics,
	})
	if err != nil {
		return err
	}
	a.Hooks = hooks.New(a.DB, hooks.Settings{
		AllowHTTP: cfg.WebhooksHTTP, Outbound: outbound.Settings{Allow: cfg.ReceiverNetworks()},
		LogFor: cfg.WebhookLog, Secret: cfg.KeySecret, May: a.mayFollow, Still: a.QA.StillPublic,
		Posts: a.postsToHooks, Auth: a.Auth,
	})
	a.Audit = audit.New(a.DB)
	a.Jobs = jobs.New(a.DB, jobs.Settings{Zone: cfg.Zone(), Poll: cfg.JobsPoll})
	a.Ranking = ranking.New(a.DB, a.Site, a.Auth, a.QA, a.Jobs)
	a.QA.UseJobs(a.Jobs)
	people.UseJobs(a.Jobs)
	a.Mail.UseJobs(a.Jobs)
	points := a.Ranking
	// Listeners are called in the order in which they are added here, within the transaction that
	// they listen to.
	points.Listen(a.QA)
	people.ListenToPosts(a.QA)
	a.Moderation.ListenToPosts()
	// When an account is deleted, its posts are dealt with before its points, because points are
	// counted from posts; what moderators have of its posts is known by their author.
	a.Moderation.ListenToAccounts()
	a.QA.ListenToAccounts(a.Auth)
	points.ListenToAccounts(a.Auth)
	people.ListenToAccounts(a.Auth)
	a.Media.ListenToAccounts(a.Auth)
	a.Mail.ListenToAccounts(a.Auth)
	a.Exports.ListenToAccounts(a.Auth)
	a.QA.WorkOnAccounts(a.Auth)
	points.WorkOnAccounts(a.Auth)
	a.Media.WorkOnAccounts(a.Auth)
	people.WorkOnAccounts(a.Auth)
	a.Moderation.WorkOnAccounts()
	a.Mail.WorkOnAccounts(a.Auth) // last, as some of its tables have no key for it
	a.Auth.UseJobs(a.Jobs)
	a.Events = events.NewFollower(a.DB, events.Settings{Poll: cfg.EventPoll, Retention: cfg.EventRetention})
	a.streams = events.NewStreams(a.Events, events.StreamSettings{Off: o.noStreams,
		Limit: cfg.EventStreams, PerClient: cfg.ClientStreams, May: a.mayStream, Still: a.QA.StillPublic,
		Holder: a.Auth.StreamHolder, MayHold: a.Auth.MayHoldStreams,
	})

	a.Jobs.Add(
		jobs.Job{
			Name:    "recount",
			Summary: "computes all counts, points, hotness and the word index anew, and repairs what is off",
			Steps:   append(a.QA.RecountSteps(), points.RecountStep(a.DB), a.QA.RecountLast()),
		},
		a.QA.HotnessJob(), a.QA.CategoriesJob(), a.QA.PostingsJob(), a.QA.VersionsJob(),
		a.QA.RelatedTagsJob(), a.QA.AddressJob(),
		points.RankingsJob(), points.WeightsJob(), points.BadgesJob(), points.WinnersJob(),
		a.Auth.CleanUpJob(), a.Auth.AccountsJob(), people.DraftsJob(cfg.UnusedDrafts), people.NoticesJob(),
		a.Auth.CodesJob(), a.Site.StatisticsJob(),
		a.Mail.AdviceJob(), a.Mail.EngagementJob(), a.Mail.MailingJob(), a.Mail.DigestJob(), a.Mail.CleanUpJob(),
		a.Media.ThumbnailsJob(), a.Media.CleanUpJob(), a.Media.MoveJob(), a.Hooks.CleanUpJob(),
		a.Exports.Job(), a.Exports.CleanUpJob(),
	)

	a.Server = web.New(web.Settings{
		Description: describe(),
		Listen:      cfg.Listen, PublicURL: cfg.PublicURL, RequestTimeout: cfg.RequestTimeout,
		BodyTimeout: cfg.BodyTimeout, BodyLimit: cfg.BodyLimit, Allowances: a.Media.Allowances(),
		DrainDelay: cfg.DrainDelay, DrainTimeout: cfg.DrainTimeout,
		CORSOrigins: cfg.CORSOrigins, Proxies: cfg.Proxies(),
		Limiter: a.limiter, Refusals: a.refusals, Trace: cfg.Tracing(),
		Authenticate: a.Auth.Middleware, Admit: a.admit, Rewrite: oldAddress,
		Volatile: []string{"viewCount", "hotness"},
		Once:     a.DB, Caller: auth.IdempotencyCaller, Secret: cfg.KeySecret,
		Ready: map[string]func(context.Context) error{
			"database": a.DB.Ready, "media": a.Media.Ready, "keys": a.Auth.Ready,
		},
	})
	api := a.Server.API()
	a.QA.Register(api)
	people.Register(api)
	a.Media.Register(api)
	a.Auth.Register(api)
	points.Register(api)
	a.Mail.Register(api)
	a.Hooks.Register(api)
	a.Exports.Register(api)
	a.Moderation.Register(api)
	a.Jobs.Register(api, auth.RequireAdmin)
	a.Audit.Register(api, auth.RequireAdmin)
	a.streams.Register(api)
	events.RegisterLog(api, a.DB, auth.RequireAdmin)
	a.Site.RegisterStatistics(api, auth.RequireAdmin)
	a.Site.RegisterOptions(api, auth.RequireAdmin)
	a.Site.Register(api, site.PageRules{May: mayRead, SafeHTML: a.QA.SafeHTML})
	a.Site.RegisterDefinitions(api, site.DefinitionRules{May: auth.RequireAdmin, Words: qa.WordsOf})
	a.registerSiteInfo(api)
	router := a.Server.Router()
	router.GET("/", func(c echo.Context) error { return c.Redirect(http.StatusFound, "/docs") })
	router.GET("/user/:handle", func(c echo.Context) error {
		handle, err := url.PathUnescape(c.Param("handle"))
		if err != nil {
			handle = c.Param("handle")
		}
		return c.Redirect(http.StatusFound, "/v1/users/"+url.PathEscape(handle))
	})
	router.GET("/users", func(c echo.Context) error { return c.Redirect(http.StatusFound, "/v1/users") })
	a.Auth.Routes(router)
	a.Media.Routes(router)
	a.QA.Routes(router)
	a.streams.Routes(router)
	if cfg.Console == "on" {
		if err := console.Register(router, console.Settings{
			Images: []string{cfg.PublicURL, cfg.MediaCDN}}); err != nil {
			return err
		}
	}
	a.Server.Describe()
	return nil
}

// OpenDatabase opens the configured database. Unlike [New], it does not check that the tables are
// those of Q2A.
func OpenDatabase(ctx context.Context, cfg config.Config) (*database.DB, error) {
	return openDatabase(ctx, cfg, nil)
}

func openDatabase(ctx context.Context, cfg config.Config, clock database.Clock) (*database.DB, error) {
	return database.Open(ctx, database.Settings{URL: cfg.DatabaseURL, Prefix: cfg.TablePrefix,
		MaxConnections: cfg.DatabaseConns, Trace: cfg.Tracing(), Clock: clock})
}

// Run serves requests until the context ends, as [web.Server.Run] does. Meanwhile it also works
// on jobs, and hands the events of the outbox to their consumers.
func (a *App) Run(ctx context.Context, listening func(net.Addr)) error {
	background, stop := context.WithCancel(ctx)
	var working sync.WaitGroup
	working.Go(func() { observe.ReleaseStart(background) })
	working.Go(func() { a.Jobs.Serve(background) })
	for name, handle := range a.consumers() {
		working.Go(func() { a.Events.Consume(background, name, handle) })
	}
	working.Go(func() { a.Mail.Serve(background) })
	working.Go(func() { a.Mail.ServePushes(background) })
	working.Go(func() { a.Hooks.Serve(background) })
	working.Go(func() { a.Moderation.Serve(background) })
	if a.cfg.Tracing() {
		working.Go(func() { a.sample(background) })
	}
	a.warn(ctx)
	err := a.Server.Run(ctx, listening)
	stop() // needed too when the server failed to listen
	working.Wait()
	return err
}

// consumers returns those who handle the events of the outbox, by their names there.
func (a *App) consumers() map[string]events.Handler {
	c := map[string]events.Handler{"jobs": a.Jobs.HandleEvent, "badges": a.Ranking.HandleEvent,
		"inbox": a.Mail.HandleForInbox, "hooks": a.Hooks.Handle,
		"moderation": a.Moderation.Handle}
	if a.Mail.On() {
		c["mail"] = a.Mail.Handle
	}
	return c
}

// WorkOff does what [App.Run] does beside serving, until nothing is left that is due or the context
// ends: it hands the events of the outbox to their consumers, works on jobs, sends mails and webhooks, and
// pushes. It is for processes that run for a moment only. What one of them does not finish, the next one goes
// on with.
func (a *App) WorkOff(ctx context.Context) error {
	var failures []error
	for name, handle := range a.consumers() {
		failures = append(failures, events.Consume(ctx, a.DB, name, handle))
	}
	failures = append(failures, a.Jobs.WorkOff(ctx), a.Mail.SendDue(ctx), a.Mail.SendDuePushes(ctx),
		a.Hooks.SendDue(ctx), a.Moderation.SendDue(ctx))
	_, err := events.Prune(ctx, a.DB, a.cfg.EventRetention)
	return errors.Join(append(failures, err)...)
}

// warn logs, once when the server starts, what the doctor (the command "admin doctor") would
// report about the settings.
func (a *App) warn(ctx context.Context) {
	o, err := a.Site.Options(ctx)
	if err != nil {
		slog.WarnContext(ctx, "the settings are not checked", "error", err)
		return
	}
	findings := append(auth.Examine(o, a.DB.Dialect(), authSettings(a.cfg)),
		mail.ExamineKinds(o, mailSwitches(a.cfg))...)
	findings = append(findings, mail.ExamineSending(a.cfg.MailURL, a.cfg.MailSNSTopics)...)
	for _, f := range findings {
		if f.Severity == "warning" {
			slog.WarnContext(ctx, f.Text, "topic", f.Topic)
		}
	}
}

// Close closes everything that [New] opened.
func (a *App) Close() error {
	if a.Events != nil {
		a.Events.Close()
	}
	if a.Media != nil {
		a.Media.Close()
	}
	if a.QA != nil {
		a.QA.Close()
	}
	err := errors.Join(a.limiter.Close(), a.refusals.Close(), a.tokens.Close()) // nil limiters are fine
	if a.DB != nil {
		err = errors.Join(err, a.DB.Close())
	}
	if err != nil {
		return fmt.Errorf("close: %w", err)
	}
	return nil
}
