// Package config holds every setting of the backend in one struct: its environment variable, default, unit
// and meaning. .env.example is generated from the struct (`go generate ./config`), and a test compares the
// two.
package config

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // images may have no time zones of their own

	"github.com/caarlos0/env/v11"
)

//go:generate go run ../cmd/admin env-example -o ../.env.example

// Config is the whole configuration. Nothing needs to be set: by default the backend serves a demonstration
// community from an embedded database.
type Config struct {
	Listen          string            `env:"LISTEN" envDefault:"127.0.0.1:8080" doc:"Address and port of the HTTP server. Containers set 0.0.0.0:8080."`
	PublicURL       string            `env:"PUBLIC_URL" doc:"Address under which clients reach this API, for the links in answers, e.g. https://api.38qa.net. Empty: links are relative."`
	SiteURL         string            `env:"SITE_URL" doc:"Address of the site that people read, for links in feeds and the sitemap. Empty: the site's own option site_url."`
	DataDir         string            `env:"DATA_DIR" envDefault:"data" doc:"Folder of the embedded database and of the media files."`
	DatabaseURL     string            `env:"DATABASE_URL,unset" doc:"mysql://user:password@host:port/name (MySQL 8+, MariaDB 10.6+; ?tls=true for TLS) or sqlite:path. Empty: sqlite:DATA_DIR/q2a.sqlite. Secret."`
	TablePrefix     string            `env:"TABLE_PREFIX" envDefault:"qa_" doc:"Prefix of the tables, as QA_MYSQL_TABLE_PREFIX in the old site's qa-config.php."`
	DatabaseConns   int               `env:"DATABASE_CONNECTIONS" envDefault:"16" doc:"Most connections to the database at once, for this process."`
	MigrateOnStart  bool              `env:"MIGRATE_ON_START" envDefault:"true" doc:"Make this backend's own tables at start if they are missing. false: run 'admin migrate' as a task of its own; the server's database user then needs no CREATE."`
	BlobsDir        string            `env:"BLOBS_DIR" doc:"Folder of the images that the old site keeps on disk: QA_BLOBS_DIRECTORY of qa-config.php. Empty: DATA_DIR/blobs."`
	MediaURL        string            `env:"MEDIA_URL" doc:"The store of thumbnails, and of images that have left the database: file:FOLDER, or s3://BUCKET/PREFIX?region=REGION (&endpoint=URL&path-style=true for SeaweedFS and others), with credentials where AWS's programs look for them. Several servers need the same one. Empty: file:DATA_DIR/media."`
	MediaCDN        string            `env:"MEDIA_CDN_URL" doc:"Address under which browsers find the store's files, e.g. https://media.38qa.net; it must not show incoming/. Empty: they come through this API."`
	MediaSizes      []int             `env:"MEDIA_SIZES" envDefault:"240,480,960" doc:"Thumbnails that are made of every image: the longest side in pixels, ascending, separated by commas. Of other sizes they are made when they are asked for."`
	UploadsTo       string            `env:"UPLOADS_TO" doc:"Where uploads go: database, or folder (BLOBS_DIR), where the old site finds them if it looks there; or store (MEDIA_URL), once it is not needed any more. Empty: folder if BLOBS_DIR is given, else database."`
	RequestTimeout  time.Duration     `env:"REQUEST_TIMEOUT" envDefault:"15s" doc:"Longest time one request may take."`
	UploadLimit     int64             `env:"UPLOAD_LIMIT" envDefault:"12582912" doc:"Largest picture that can be uploaded, in bytes, at most 16777215; more is refused with 413."`
	UploadTimeout   time.Duration     `env:"UPLOAD_TIMEOUT" envDefault:"2m" doc:"Longest time one upload may take, with the sending of the file."`
	UnusedDrafts    time.Duration     `env:"UNUSED_DRAFTS_AFTER" envDefault:"2160h" doc:"How long a draft that is not saved again is kept, also one that the old site's plugin q2a-auto-save keeps. 0s: for ever."`
	UnusedUploads   time.Duration     `env:"UNUSED_UPLOADS_AFTER" envDefault:"168h" doc:"How long an upload through this API may be in no post before it is removed. 0s: for ever. What the old site took in stays."`
	ExportKeptFor   time.Duration     `env:"EXPORT_KEPT_FOR" envDefault:"168h" doc:"How long the link works with which members fetch a copy of their data; then the copy is removed. At least 1h."`
	BodyTimeout     time.Duration     `env:"BODY_TIMEOUT" envDefault:"5s" doc:"Longest time the body of one request may take to arrive; a slower one is refused with 408. Uploads have UPLOAD_TIMEOUT."`
	BodyLimit       int64             `env:"BODY_LIMIT" envDefault:"1048576" doc:"Largest request body, in bytes; more is refused with 413."`
	DrainDelay      time.Duration     `env:"DRAIN_DELAY" envDefault:"0s" doc:"How long to go on serving after SIGTERM with /readyz failing, before the listener closes; behind a load balancer about 10s."`
	DrainTimeout    time.Duration     `env:"DRAIN_TIMEOUT" envDefault:"20s" doc:"How long requests under way may take to finish at shutdown."`
	TimeZone        string            `env:"TIME_ZONE" envDefault:"UTC" doc:"Time zone of the community, in which jobs are scheduled and in which days, weeks and months of rankings and statistics begin, e.g. Asia/Tokyo."`
	JobsPoll        time.Duration     `env:"JOBS_POLL" envDefault:"5s" doc:"How often a server looks for jobs that wait for someone to work on them."`
	CORSOrigins     []string          `env:"CORS_ORIGINS" doc:"Origins that browsers may call from, separated by commas, e.g. https://38qa.net. Empty: none."`
	TrustedProxies  []string          `env:"TRUSTED_PROXIES" doc:"Networks of the load balancers whose X-Forwarded-For counts, separated by commas, e.g. 10.0.0.0/8. Empty: the peer's address is the client's."`
	RateLimit       string            `env:"RATE_LIMIT" envDefault:"3000-M" doc:"Requests a client may make: NUMBER-S, -M, -H or -D for each second, minute, hour or day; IPv6 clients count by /64. off: no limit."`
	RefusedLimit    string            `env:"REFUSED_LIMIT" envDefault:"100-M" doc:"Writes of a client that may be refused as wrong or not allowed, in the form of RATE_LIMIT; beyond them all its writes are refused with 429 until the window ends. People count by account, visitors by address. off: no limit, as with RATE_LIMIT=off."`
	TokenLimit      string            `env:"TOKEN_RATE_LIMIT" envDefault:"600-M" doc:"Requests that may be made with one API token, in the form of RATE_LIMIT; they count against that of the address besides. off: no limit, as with RATE_LIMIT=off."`
	RedisURL        string            `env:"REDIS_URL,unset" doc:"redis://… of the counters for RATE_LIMIT, shared by all tasks. Empty: each task counts for itself. When Redis is down requests pass. Secret."`
	Console         string            `env:"CONSOLE" envDefault:"on" doc:"The page for moderators and administrators at /console: on or off."`
	EventPoll       time.Duration     `env:"EVENT_POLL" envDefault:"250ms" doc:"Longest time until a task sees what happened through another one, for event streams and for what follows from events (mail). Nothing is asked while nobody follows."`
	EventRetention  time.Duration     `env:"EVENT_RETENTION" envDefault:"72h" doc:"How long events are kept, for streams that connect again; those that are still to be handled are kept longer. 0s: for ever."`
	EventStreams    int               `env:"EVENT_STREAMS" envDefault:"10000" doc:"Most event streams (GET /v1/events) at once in this process; more are refused with 503. Each needs a connection. 0: no limit."`
	ClientStreams   int               `env:"EVENT_STREAMS_PER_CLIENT" envDefault:"20" doc:"Most event streams of one client's address at once; more are refused with 429. Behind proxies it needs TRUSTED_PROXIES. 0: no limit."`
	AccessTTL       time.Duration     `env:"ACCESS_TOKEN_TTL" envDefault:"15m" doc:"How long an access token of the built-in issuer is good."`
	RefreshTTL      time.Duration     `env:"REFRESH_TOKEN_TTL" envDefault:"720h" doc:"How long one stays signed in without using the site, with the built-in issuer."`
	KeyRotation     time.Duration     `env:"AUTH_KEY_ROTATION" envDefault:"720h" doc:"How often the built-in issuer makes itself a new key; the one before goes on verifying for as long again."`
	KeySecret       string            `env:"AUTH_KEY_SECRET,unset" doc:"Seals the private keys of the built-in issuer in the database, so that whoever can only read the database cannot sign tokens. Empty: they are not sealed. All tasks need the same. Secret."`
	SignInAttempts  int               `env:"SIGNIN_ATTEMPTS" envDefault:"30" doc:"Wrong passwords for one login name, from all addresses together, and from one client's address for all names, before further attempts are delayed: by a minute, and twice as long after each further one, up to a quarter of an hour for a name and an hour for an address. The site's own option limits each address in an hour besides."`
	FollowersShown  string            `env:"FOLLOWERS_SHOWN_TO" envDefault:"auto" doc:"Who sees which users follow a user, whom that user follows, and how many they are: everybody, members (who are signed in), or nobody, as on Question2Answer's own pages; whom one follows oneself one sees in any case. auto: everybody if the old site has its plugin q2a-custom-user-detail switched on, which shows that, else nobody."`
	ObeyMutes       bool              `env:"OBEY_MUTES" envDefault:"true" doc:"Refuse the answers, comments and messages of users to those who have muted them, here or with the old site's plugin q2a-custom-user-detail. false: clients only fold what comes from muted users."`
	CognitoIssuer   string            `env:"COGNITO_ISSUER" doc:"https://cognito-idp.REGION.amazonaws.com/POOL_ID: only tokens of that user pool are good then. Empty: the built-in issuer signs people in."`
	CognitoClients  []string          `env:"COGNITO_CLIENT_IDS" doc:"Ids of the pool's app clients whose tokens are taken, separated by commas. Needed with COGNITO_ISSUER."`
	CognitoKeysURL  string            `env:"COGNITO_JWKS_URL" doc:"Where the pool's keys are. Empty: COGNITO_ISSUER/.well-known/jwks.json."`
	CognitoEndpoint string            `env:"COGNITO_ENDPOINT" doc:"Where Cognito's API answers, which is asked once about each person who comes with an access token for the first time. Empty: the host of COGNITO_ISSUER."`
	GroupLevels     map[string]string `env:"COGNITO_GROUP_LEVELS" doc:"Levels that groups of the pool give, e.g. moderators:moderator,staff:editor; the user's own level counts where it is higher. Empty: only the levels of Question2Answer count."`
	CognitoAliases  bool              `env:"COGNITO_ALIAS_POOL" envDefault:"false" doc:"The pool's users sign in by a username or its aliases (AliasAttributes email and preferred_username), so that handles and addresses both go on working: the migration trigger then gives them usernames. false: they sign in by one of the two."`
	CognitoTriggers bool              `env:"COGNITO_TRIGGERS_OVER_HTTP" envDefault:"false" doc:"Answer the pool's triggers (user migration, sign-up) at POST /2015-03-31/functions/NAME/invocations, for emulators on this machine. Never open it to others: whoever reaches it can try passwords. On AWS the Lambda function of cmd/lambda does this."`
	MailURL         string            `env:"MAIL_URL,unset" doc:"How mails leave: smtp://user:password@host:587 (STARTTLS where it is offered; ?tls=required or ?tls=off), smtps://…:465, ses:?region=REGION for Amazon SES (&configuration-set=NAME, &endpoint=URL for emulators; credentials where AWS's programs look for them), file:FOLDER for development, or off. Empty: file:DATA_DIR/mail with the embedded database, else off. Secret."`
	MailFrom        string            `env:"MAIL_FROM" doc:"Address that mails come from. Empty: the site's own option from_email."`
	MailKinds       map[string]string `env:"MAIL_KINDS" doc:"Which kinds of mail this backend sends, where that is not the default: KIND:POSITION, separated by commas, e.g. plugins:auto,statistics:off; docs/mail.md lists the kinds. Positions are off, on and, for mails of the old site's plugins, auto: on where the plugin is (in the option enabled_plugins or, where that names none, by the plugin's own options). Empty: the mails of Question2Answer itself are on and those of plugins off, because the old site's cron may send them too. What is written on the old site is mailed by the old site in any case, but for the kinds that are sent by schedule."`
	DKIMSelector    string            `env:"MAIL_DKIM_SELECTOR" doc:"Name of the DKIM key with which mails are signed that leave by SMTP: its public half is in the TXT record NAME._domainkey.DOMAIN. Empty: they are not signed here. Amazon SES signs by itself."`
	DKIMDomain      string            `env:"MAIL_DKIM_DOMAIN" doc:"Domain of that record. Empty: that of the sender's address."`
	DKIMKey         string            `env:"MAIL_DKIM_KEY,unset" doc:"The key's private half as PEM, RSA of 2048 bits or Ed25519, or file:PATH. Line breaks may be written as \\n. Secret."`
	MailHostLimit   int               `env:"MAIL_HOST_LIMIT" envDefault:"0" doc:"Mails to the addresses of one host (gmail.com, …) in a minute, from all servers together; the others wait. 0: no limit."`
	MailSNSTopics   []string          `env:"MAIL_SNS_TOPICS" doc:"ARNs of the topics of Amazon SNS, separated by commas, whose notifications of bounces and complaints POST /v1/mail/notifications/sns takes. Empty: none."`
	ConfirmURL      string            `env:"CONFIRM_URL" doc:"Page that confirms an address, with {code} and {user} in it, e.g. https://38qa.net/confirm?code={code}&user={user}. Empty: the old site's."`
	ResetURL        string            `env:"RESET_URL" doc:"Page where one chooses a new password, with {code} and {email} in it. Empty: the old site's."`
	DigestHour      int               `env:"DIGEST_HOUR" envDefault:"8" doc:"Hour of the day in the community's time zone at which digests of what people follow are mailed, weekly ones on Mondays; from 0 to 23."`
	MailsPerDay     int               `env:"MAILS_PER_DAY" envDefault:"20" doc:"Most mails a day (in the community's time zone) that tell a member at once of what they follow; further ones become part of the digest. Other mails neither count nor wait. 0: no limit."`
	WebPush         bool              `env:"WEBPUSH" envDefault:"false" doc:"Push entries of the inbox to the browsers of members who want that. The server then calls the push services of their browsers, at public addresses only."`
	WebPushKey      string            `env:"WEBPUSH_KEY,unset" doc:"Private VAPID key: 32 bytes in base64, as the usual tools write it. Empty: it follows from AUTH_KEY_SECRET or else from a secret in the database. If it changes, all browsers have to subscribe again. Secret."`
	WebPushContact  string            `env:"WEBPUSH_CONTACT" doc:"Where push services reach those who run the site: mailto:… or https://… Empty: the address that mails come from."`
	CaptchaProvider string            `env:"CAPTCHA_PROVIDER" envDefault:"recaptcha" doc:"Whose captchas the frontend shows where the site's options ask for one: recaptcha, hcaptcha or turnstile."`
	CaptchaSiteKey  string            `env:"CAPTCHA_SITE_KEY" doc:"The provider's public key, for the frontend. Empty: the site's own, of its plugin reCAPTCHA."`
	CaptchaSecret   string            `env:"CAPTCHA_SECRET,unset" doc:"The provider's secret key. Empty: the site's own, of its plugin reCAPTCHA; with neither, nobody is asked for a captcha. Secret."`
	CaptchaURL      string            `env:"CAPTCHA_VERIFY_URL" doc:"Where solved captchas are verified. Empty: the provider's own address."`
	AkismetKey      string            `env:"AKISMET_KEY,unset" doc:"Key for a service with Akismet's protocol, which is asked about new posts of visitors and of members with few points before they are written; what it takes for spam waits for approval. It is told the text, the author's name, IP address and user agent, and what moderators decide; see docs/operations.md. Empty: no post is checked. Secret."`
	AkismetURL      string            `env:"AKISMET_URL" doc:"Where that service is, up to the name of the method, e.g. https://rest.akismet.com/1.1/. Empty: Akismet itself."`
	SpamCheckPoints int               `env:"SPAM_CHECK_POINTS" envDefault:"100" doc:"Number of points, beyond those that everybody begins with (points_base), from which on posts of members are not checked, nor held back for what they registered with. Visitors are always checked, experts and above never."`
	StopForumSpam   string            `env:"STOPFORUMSPAM" envDefault:"off" doc:"on: StopForumSpam is asked about each registration with the built-in issuer, and told its IP address and the MD5 of its e-mail address. Posts of those that it lists wait for approval until a moderator approves or clears the account. off: nobody is asked."`
	StopForumURL    string            `env:"STOPFORUMSPAM_URL" doc:"Where a service with StopForumSpam's API is. Empty: https://api.stopforumspam.org/api."`
	StopForumSure   int               `env:"STOPFORUMSPAM_CONFIDENCE" envDefault:"75" doc:"How sure StopForumSpam has to be that an address belongs to a spammer, in percent, from 1 to 100."`
	AskRestriction  string            `env:"ASK_RESTRICTION" envDefault:"off" doc:"The rule of the old site's plugin q2a-ask-restriction, which the plugin enforces in its page only: members ask once their profile says location and about, and once every answer of the last days (option qa_ask_restriction_date, else 7) to their own questions has a comment. off, on, or auto: on where the plugin is (in the option enabled_plugins or, where that names none, by the plugin's own option)."`
	BestAnswerRule  string            `env:"BEST_ANSWER_RESTRICTION" envDefault:"off" doc:"The rule of the plugin q2a-best-answer-restriction: below administrators the best answer is chosen once, and neither changed nor taken back. off, on, or auto: on where the plugin is in the option enabled_plugins."`
	TagRestriction  string            `env:"TAG_SET_RESTRICTION" envDefault:"off" doc:"The rule of the plugin q2a-tag-set-restriction: visitors choose no tags of questions and, where the option q2a_tag_set_restriction_enabled is on, nobody below super administrators does. off, on, or auto, as ASK_RESTRICTION."`
	WebhooksHTTP    bool              `env:"WEBHOOKS_OVER_HTTP" envDefault:"false" doc:"Let webhooks have http addresses, which nobody should but in development: whoever is on the way reads and changes what is sent."`
	WebhookNetworks []string          `env:"WEBHOOK_NETWORKS" doc:"Networks that are not public and in which receivers of webhooks may be nevertheless, separated by commas, e.g. 10.1.0.0/16. Empty: webhooks reach public addresses only, whatever their names mean."`
	WebhookLog      time.Duration     `env:"WEBHOOK_LOG_KEPT" envDefault:"720h" doc:"How long it is kept what receivers of webhooks were told. 0s: for ever."`
	LogLevel        string            `env:"LOG_LEVEL" envDefault:"info" doc:"debug, info, warn or error."`
	LogFormat       string            `env:"LOG_FORMAT" envDefault:"json" doc:"json, or text for reading at a terminal."`
	SecretARNs      map[string]string `env:"SECRET_ARNS" envKeyValSeparator:"=" doc:"Secrets that the Lambda function fetches from AWS Secrets Manager when it starts: NAME=ARN of settings, separated by commas. Servers do not use it; ECS gives its tasks their secrets."`
	DatadogEnabled  bool              `env:"DD_ENABLED" envDefault:"false" doc:"Send traces to the Datadog agent. Also on when DD_AGENT_HOST or DD_TRACE_AGENT_URL is set; service, environment and version come from DD_SERVICE, DD_ENV and DD_VERSION."`
	DatadogAgent    string            `env:"DD_AGENT_HOST" doc:"Host of the Datadog agent; setting it turns traces on."`
	DatadogAgentURL string            `env:"DD_TRACE_AGENT_URL" doc:"Address of the Datadog agent; setting it turns traces on."`
}

// Load reads the configuration from the environment and checks it. It removes secrets from the environment,
// so that no child process and no dump of the environment shows them.
func Load() (Config, error) { return load(env.Options{}) }

// SecretARNs returns the setting SECRET_ARNS alone: the other settings cannot be read before the secrets
// that it names are there.
func SecretARNs() (map[string]string, error) {
	c, err := env.ParseAs[struct {
		SecretARNs map[string]string `env:"SECRET_ARNS" envKeyValSeparator:"="`
	}]()
	if err != nil {
		return nil, fmt.Errorf("SECRET_ARNS: %w", err)
	}
	return c.SecretARNs, nil
}

// From returns the configuration for the given values of environment variables, by the names of the
// variables, and checks it. All other settings have their defaults, whatever the environment says.
func From(settings map[string]string) (Config, error) {
	if settings == nil {
		settings = map[string]string{}
	}
	return load(env.Options{Environment: settings})
}

func load(options env.Options) (Config, error) {
	var c Config
	if err := env.ParseWithOptions(&c, options); err != nil {
		return c, fmt.Errorf("configuration: %w", err)
	}
	if c.DatabaseURL == "" {
		c.DatabaseURL = "sqlite:" + c.DataDir + "/q2a.sqlite"
	}
	c.completeMedia()
	switch {
	case c.MailURL == "off":
		c.MailURL = ""
	case c.MailURL == "" && strings.HasPrefix(c.DatabaseURL, "sqlite:"):
		c.MailURL = "file:" + c.DataDir + "/mail"
	}
	return c, c.validate()
}

// Where uploads go.
const (
	UploadsToDatabase = "database"
	UploadsToFolder   = "folder"
	UploadsToStore    = "store"
)

// completeMedia sets the media settings that are empty to the defaults that follow from other settings.
func (c *Config) completeMedia() {
	if c.UploadsTo == "" {
		c.UploadsTo = UploadsToDatabase
		if c.BlobsDir != "" {
			c.UploadsTo = UploadsToFolder
		}
	}
	if c.BlobsDir == "" {
		c.BlobsDir = c.DataDir + "/blobs"
	}
	if c.MediaURL == "" {
		c.MediaURL = "file:" + c.DataDir + "/media"
	}
}

// maxThumbnail is the largest size of a thumbnail, in pixels.
const maxThumbnail = 2048

func (c Config) validateMedia() error {
	if !slices.Contains([]string{UploadsToDatabase, UploadsToFolder, UploadsToStore}, c.UploadsTo) {
		return fmt.Errorf("UPLOADS_TO: %q is none of database, folder, store", c.UploadsTo)
	}
	if c.UploadLimit < 1 || c.UploadLimit >= 1<<24 {
		return errors.New("UPLOAD_LIMIT: it has to be from 1 to 16777215, the most that Q2A's table holds")
	}
	if c.ExportKeptFor < time.Hour {
		return errors.New("EXPORT_KEPT_FOR: it has to be at least 1h")
	}
	if !slices.IsSorted(c.MediaSizes) ||
		len(c.MediaSizes) > 0 && (c.MediaSizes[0] < 1 || slices.Max(c.MediaSizes) > maxThumbnail) {
		return fmt.Errorf("MEDIA_SIZES: they have to be from 1 to %d, the smallest first", maxThumbnail)
	}
	return nil
}

func (c Config) validateSpamChecks() error {
	switch {
	case c.AkismetURL != "" && c.AkismetKey == "":
		return errors.New("AKISMET_URL needs AKISMET_KEY")
	case c.SpamCheckPoints < 0:
		return errors.New("SPAM_CHECK_POINTS: it has to be 0 or more")
	case c.StopForumSpam != "off" && c.StopForumSpam != "on":
		return fmt.Errorf("STOPFORUMSPAM: %q is none of off, on", c.StopForumSpam)
	case c.StopForumSure < 1 || c.StopForumSure > 100:
		return errors.New("STOPFORUMSPAM_CONFIDENCE: it has to be from 1 to 100")
	}
	return nil
}

// Tracing reports whether traces are to be sent.
func (c Config) Tracing() bool {
	return c.DatadogEnabled || c.DatadogAgent != "" || c.DatadogAgentURL != ""
}

// Zone returns the parsed TimeZone.
func (c Config) Zone() *time.Location {
	zone, err := time.LoadLocation(c.TimeZone)
	if err != nil {
		return time.UTC
	}
	return zone
}

// Proxies returns the parsed TrustedProxies.
func (c Config) Proxies() []netip.Prefix {
	return prefixes(c.TrustedProxies)
}

// ReceiverNetworks returns the parsed WebhookNetworks.
func (c Config) ReceiverNetworks() []netip.Prefix { return prefixes(c.WebhookNetworks) }

func prefixes(texts []string) (list []netip.Prefix) {
	for _, text := range texts {
		if prefix, err := netip.ParsePrefix(text); err == nil {
			list = append(list, prefix)
		}
	}
	return list
}

func (c Config) validate() error {
	if _, err := time.LoadLocation(c.TimeZone); err != nil {
		return fmt.Errorf("TIME_ZONE: %w", err)
	}
	for name, networks := range map[string][]string{
		"TRUSTED_PROXIES": c.TrustedProxies, "WEBHOOK_NETWORKS": c.WebhookNetworks} {
		for _, p := range networks {
			if _, err := netip.ParsePrefix(p); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	for name, value := range map[string]string{
		"PUBLIC_URL":         c.PublicURL,
		"SITE_URL":           c.SiteURL,
		"COGNITO_ISSUER":     c.CognitoIssuer,
		"COGNITO_JWKS_URL":   c.CognitoKeysURL,
		"COGNITO_ENDPOINT":   c.CognitoEndpoint,
		"MEDIA_CDN_URL":      c.MediaCDN,
		"CAPTCHA_VERIFY_URL": c.CaptchaURL,
		"AKISMET_URL":        c.AkismetURL,
		"STOPFORUMSPAM_URL":  c.StopForumURL,
	} {
		if u, err := url.Parse(value); value != "" &&
			(err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
			return fmt.Errorf("%s: %q is not an http(s) address", name, value)
		}
	}
	if err := c.validateMedia(); err != nil {
		return err
	}
	if err := c.validateSpamChecks(); err != nil {
		return err
	}
	if c.DigestHour < 0 || c.DigestHour > 23 {
		return errors.New("DIGEST_HOUR: it has to be from 0 to 23")
	}
	if c.MailsPerDay < 0 {
		return errors.New("MAILS_PER_DAY: it has to be 0 or more")
	}
	if c.CognitoIssuer != "" && len(c.CognitoClients) == 0 {
		return errors.New("COGNITO_CLIENT_IDS: the app clients whose tokens are taken have to be named")
	}
	if !slices.Contains([]string{"recaptcha", "hcaptcha", "turnstile"}, c.CaptchaProvider) {
		return fmt.Errorf("CAPTCHA_PROVIDER: %q is none of recaptcha, hcaptcha, turnstile", c.CaptchaProvider)
	}
	if c.Console != "on" && c.Console != "off" {
		return fmt.Errorf("CONSOLE: %q is neither on nor off", c.Console)
	}
	if !slices.Contains([]string{"auto", "everybody", "members", "nobody"}, c.FollowersShown) {
		return fmt.Errorf("FOLLOWERS_SHOWN_TO: %q is none of auto, everybody, members, nobody",
			c.FollowersShown)
	}
	for name, value := range map[string]string{
		"ASK_RESTRICTION":         c.AskRestriction,
		"BEST_ANSWER_RESTRICTION": c.BestAnswerRule, "TAG_SET_RESTRICTION": c.TagRestriction} {
		if !slices.Contains([]string{"off", "on", "auto"}, value) {
			return fmt.Errorf("%s: %q is none of off, on, auto", name, value)
		}
	}
	if (c.CaptchaSecret == "") != (c.CaptchaSiteKey == "") {
		return errors.New("CAPTCHA_SECRET and CAPTCHA_SITE_KEY belong together")
	}
	for group, level := range c.GroupLevels {
		if !slices.Contains([]string{"approved", "expert", "editor", "moderator", "admin", "super"}, level) {
			return fmt.Errorf("COGNITO_GROUP_LEVELS: %q of %q is none of approved, expert, editor, moderator, admin, super", level, group)
		}
	}
	if c.BodyTimeout <= 0 {
		return fmt.Errorf("BODY_TIMEOUT: %s is no time in which a body could arrive", c.BodyTimeout)
	}
	for name, d := range map[string]time.Duration{
		"ACCESS_TOKEN_TTL":  c.AccessTTL,
		"REFRESH_TOKEN_TTL": c.RefreshTTL,
		"AUTH_KEY_ROTATION": c.KeyRotation,
	} {
		if d < time.Minute {
			return fmt.Errorf("%s: %s is less than a minute", name, d)
		}
	}
	switch c.LogLevel {
	case "debug", "info", "warn", "error":
	default:
		return fmt.Errorf("LOG_LEVEL: %q is none of debug, info, warn, error", c.LogLevel)
	}
	return nil
}

// EnvExample returns the text of .env.example: each variable with its meaning, commented out, at its default.
func EnvExample() string {
	var b strings.Builder
	b.WriteString("# Every setting, with its default. Generated from config/config.go; edit there.\n")
	t := reflect.TypeFor[Config]()
	for field := range t.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("env"), ",")
		if name == "" {
			continue // follows from others
		}
		fmt.Fprintf(&b, "\n# %s\n# %s=%s\n", field.Tag.Get("doc"), name, field.Tag.Get("envDefault"))
	}
	return b.String()
}
