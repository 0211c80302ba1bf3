package site

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/site/option"
)

// Finding is one result of the doctor's examination.
type Finding struct {
	// Severity is "ok", "note", "warning" or "error". A warning means that the site can be served
	// although some of its data or settings are wrong; an error means that it cannot be served.
	Severity string
	Topic    string
	Text     string
}

// Examine examines a database and returns what it contains and what looks wrong. It writes nothing,
// and goes on after an error as far as it can.
func Examine(ctx context.Context, db *database.DB) []Finding {
	d := &examiner{db: db, ctx: ctx}
	d.server()
	tables := d.tables()
	if d.hasErrors() {
		return d.findings
	}
	d.charsets()
	d.plugins(tables)
	d.options()
	d.rows()
	return d.findings
}

type examiner struct {
	db       *database.DB
	ctx      context.Context //nolint:containedctx // lives as long as one examination
	findings []Finding
}

func (d *examiner) say(severity, topic, format string, args ...any) {
	d.findings = append(d.findings, Finding{severity, topic, fmt.Sprintf(format, args...)})
}

func (d *examiner) hasErrors() bool {
	return slices.ContainsFunc(d.findings, func(f Finding) bool { return f.Severity == "error" })
}

// text returns the one value that a query selects; "" if there is none or the query fails.
func (d *examiner) text(topic, query string, args ...any) string {
	var value sql.NullString
	if _, err := d.db.Get(d.ctx, []any{&value}, query, args...); err != nil {
		d.say("error", topic, "cannot be read: %v", err)
	}
	return value.String
}

func (d *examiner) server() {
	if d.db.Dialect() == database.SQLite {
		d.say("ok", "server", "embedded SQLite %s", d.text("server", "SELECT sqlite_version()"))
		return
	}
	d.say("ok", "server", "%s, database %s", d.text("server", "SELECT VERSION()"),
		d.text("server", "SELECT DATABASE()"))
	d.say("ok", "time zone", "%s; the server says it is %s there (Question2Answer stores its local times)",
		d.text("time zone",
			"SELECT CASE @@time_zone WHEN 'SYSTEM' THEN CONCAT('SYSTEM (', @@system_time_zone, ')') ELSE @@time_zone END"),
		d.text("time zone", "SELECT CAST(NOW() AS CHAR)"))
	d.say("ok", "SQL mode", "%s", d.text("SQL mode", "SELECT @@sql_mode"))
}

func (d *examiner) tables() []string {
	tables, err := d.db.Tables(d.ctx)
	if err != nil {
		d.say("error", "tables", "cannot be listed: %v", err)
		return nil
	}
	if err := d.db.CheckSchema(d.ctx); err != nil {
		d.say("error", "tables", "%v", err)
		return tables
	}
	d.say("ok", "tables", "all %d tables of Question2Answer 1.8 (db_version %s), prefix %q",
		len(database.CoreTables()), database.SchemaVersion, d.db.Prefix())
	return tables
}

// charsets checks the columns that hold people's texts: their character set must be able to hold
// Japanese, and all of them should compare texts in the same way.
func (d *examiner) charsets() {
	if d.db.Dialect() == database.SQLite {
		return
	}
	found := map[string][]string{}
	err := d.db.Select(d.ctx, func(rows *sql.Rows) error {
		var table, column, charset, collation string
		err := rows.Scan(&table, &column, &charset, &collation)
		found[charset+", "+collation] = append(found[charset+", "+collation],
			strings.TrimPrefix(table, d.db.Prefix())+"."+column)
		return err
	}, `SELECT table_name, column_name, character_set_name, collation_name
		FROM information_schema.columns
		WHERE table_schema = DATABASE() AND character_set_name IS NOT NULL
			AND CONCAT(table_name, '.', column_name) IN ?`, d.textColumns())
	if err != nil {
		d.say("error", "character set", "cannot be read: %v", err)
		return
	}
	for kind, columns := range found {
		severity := "ok"
		switch {
		case strings.HasPrefix(kind, "utf8mb4"):
			kind += "; emoji fit in, the old site's own connections still cut them"
		case !strings.HasPrefix(kind, "utf8"):
			severity = "warning"
			kind += "; cannot hold all languages"
		default:
			kind += "; characters beyond the basic plane (emoji) do not fit in and are cut, as the old site does"
		}
		d.say(severity, "character set", "%s: %s", kind, strings.Join(columns, ", "))
	}
	if len(found) > 1 {
		d.say("warning", "character set",
			"the text columns differ, so that words and handles may compare differently in different tables")
	}
}

func (d *examiner) textColumns() []string {
	columns := []string{"posts.title", "posts.content", "posts.tags", "words.word", "users.handle",
		"users.email", "categories.title", "categories.backpath", "options.content"}
	for i := range columns {
		columns[i] = d.db.Prefix() + columns[i]
	}
	return columns
}

// knownPlugins maps tables of plugins, without the prefix, to the names of the plugins.
var knownPlugins = map[string]string{
	"eventlog":          "Q2A Event Logger",
	"ysb_badges":        "q2a-ys-badges",
	"ysb_badge_master":  "q2a-ys-badges",
	"ysb_badge_ranking": "q2a-ys-badges",
	"edit_history":      "Edit History",
	"sn_notice":         "a plugin for notices",
	"blogs":             "q2a-blog",
	"blog_posts":        "q2a-blog",
	"statics":           "q2a-statics",
	"statics_cohort":    "q2a-statics",
}

func (d *examiner) plugins(tables []string) {
	core := database.CoreTables()
	var known, unknown []string
	for _, table := range tables {
		name, ours := strings.CutPrefix(table, d.db.Prefix())
		switch {
		case !ours:
			unknown = append(unknown, table)
		case slices.Contains(core, name):
		case strings.HasPrefix(name, "q2ab_"):
		case knownPlugins[name] != "":
			known = append(known, table+" ("+knownPlugins[name]+")")
		default:
			unknown = append(unknown, table)
		}
	}
	if len(known) > 0 {
		d.say("ok", "plugins", "tables of known plugins: %s", strings.Join(known, ", "))
	}
	if len(unknown) > 0 {
		d.say("note", "plugins", "tables that are not known here; they are left alone: %s",
			strings.Join(unknown, ", "))
	}
	if enabled := d.text("plugins",
		"SELECT content FROM {options} WHERE title = 'enabled_plugins'"); enabled != "" {
		d.say("note", "plugins", "enabled on the old site: %s", strings.ReplaceAll(enabled, ";", ", "))
	}
}

func (d *examiner) options() {
	m := New(d.db, Settings{})
	o, err := m.Options(d.ctx)
	if err != nil {
		d.say("error", "options", "%v", err)
		return
	}
	d.say("ok", "options", "site %q at %s; %s", o.String(option.SiteTitle), m.SiteURL(o),
		map[string]string{
			"tc": "tags and categories", "t": "tags only", "c": "categories only",
		}[o.String(option.TagsOrCategories)])
	d.say("ok", "options", "voting on questions %s, answers %s, comments %s; points × %d",
		onOff(o, option.VotingOnQs), onOff(o, option.VotingOnAs), onOff(o, option.VotingOnCs),
		o.Int(option.PointsMultiple))
	if o.Bool(option.SiteMaintenance) {
		d.say("warning", "options", "the site is closed for maintenance to all but administrators (`admin maintenance off` opens it)")
	}
	if o.String(option.SiteURL) == "" {
		d.say("warning", "options", "site_url is not set: links in feeds will be relative; set SITE_URL")
	}
	if o.Bool(option.DoCloseOnSelect) {
		d.say("note", "options", "questions close when an answer is selected")
	}
	for _, def := range option.Definitions() {
		if o.String(def.Key) == o.Default(def.Key) {
			continue
		}
		if wrong := def.Fits(o.String(def.Key)); !wrong.Code.IsZero() {
			d.say("note", "options", "%s has a value that nobody could set now: %s", def.Key, wrong.Code)
		}
	}
}

func onOff(o *Options, key option.Key) string {
	if o.Bool(key) {
		return "on"
	}
	return "off"
}

// check is a query that counts rows which look wrong, with a text about them.
type check struct{ severity, text, query string }

// rowChecks are the checks of rows. Checks with the severity "note" count rows that the old site
// leaves behind in normal use, or that are merely worth knowing.
var rowChecks = []check{
	{"warning", "questions whose answer count is wrong",
		`SELECT COUNT(*)
			FROM {posts} q
			WHERE q.type = 'Q'
				AND q.acount <> (SELECT COUNT(*)
					FROM {posts} a
					WHERE a.parentid = q.postid AND a.type = 'A')`},
	{"warning", "posts whose net votes are not up minus down",
		"SELECT COUNT(*) FROM {posts} WHERE netvotes <> CAST(upvotes AS SIGNED) - CAST(downvotes AS SIGNED)"},
	{"warning", "posts whose votes are not those in uservotes",
		`SELECT COUNT(*)
			FROM {posts} p
			JOIN (SELECT postid, SUM(vote) AS net FROM {uservotes} GROUP BY postid) v ON v.postid = p.postid
			WHERE p.netvotes <> v.net`},
	{"warning", "categories whose question count is wrong",
		`SELECT COUNT(*)
			FROM {categories} c
			WHERE c.qcount <> (SELECT COUNT(*)
				FROM {posts} p
				WHERE p.type = 'Q'
					AND (p.categoryid = c.categoryid OR p.catidpath1 = c.categoryid
						OR p.catidpath2 = c.categoryid OR p.catidpath3 = c.categoryid))`},
	{"warning", "tags whose question count is wrong",
		`SELECT COUNT(*)
			FROM {words} w
			WHERE w.tagcount <> (SELECT COUNT(*) FROM {posttags} t WHERE t.wordid = w.wordid)`},
	{"warning", "handles that two users share",
		"SELECT COUNT(*) FROM (SELECT handle FROM {users} GROUP BY handle HAVING COUNT(*) > 1) x"},
	{"warning", "e-mail addresses that two users share",
		"SELECT COUNT(*) FROM (SELECT email FROM {users} GROUP BY email HAVING COUNT(*) > 1) x"},
	{"warning", "users without points",
		`SELECT COUNT(*)
			FROM {users} u
			LEFT JOIN {userpoints} p ON p.userid = u.userid
			WHERE p.userid IS NULL`},
	{"warning", "answers and comments without a parent",
		`SELECT COUNT(*)
			FROM {posts} p
			LEFT JOIN {posts} q ON q.postid = p.parentid
			WHERE p.type IN ('A', 'C', 'A_HIDDEN', 'C_HIDDEN', 'A_QUEUED', 'C_QUEUED') AND q.postid IS NULL`},
	{"note", "index entries of closing notes, which the old site's reindexing removes",
		"SELECT COUNT(*) FROM {contentwords} WHERE type = 'NOTE'"},
	{"note", "words that no post has any more, which the old site keeps",
		`SELECT COUNT(*)
			FROM {words}
			WHERE titlecount = 0 AND contentcount = 0 AND tagwordcount = 0 AND tagcount = 0`},
	{"note", "users with passwords of the old kind (SHA-1)",
		"SELECT COUNT(*) FROM {users} WHERE passhash IS NULL AND passcheck IS NOT NULL"},
	{"note", "images and files in the database", "SELECT COUNT(*) FROM {blobs} WHERE content IS NOT NULL"},
	{"note", "images and files on the old site's disk (BLOBS_DIR must name their folder)",
		"SELECT COUNT(*) FROM {blobs} WHERE content IS NULL"},
}

// cachedCounts maps the options in which Q2A caches counts to the queries whose results they should
// equal.
var cachedCounts = map[option.Key]string{
	option.CacheQcount:          "SELECT COUNT(*) FROM {posts} WHERE type = 'Q'",
	option.CacheAcount:          "SELECT COUNT(*) FROM {posts} WHERE type = 'A'",
	option.CacheCcount:          "SELECT COUNT(*) FROM {posts} WHERE type = 'C'",
	option.CacheUnaqcount:       "SELECT COUNT(*) FROM {posts} WHERE type = 'Q' AND acount = 0 AND closedbyid IS NULL",
	option.CacheUnselqcount:     "SELECT COUNT(*) FROM {posts} WHERE type = 'Q' AND selchildid IS NULL AND closedbyid IS NULL",
	option.CacheUnupaqcount:     "SELECT COUNT(*) FROM {posts} WHERE type = 'Q' AND amaxvote = 0 AND closedbyid IS NULL",
	option.CacheTagcount:        "SELECT COUNT(*) FROM {words} WHERE tagcount > 0",
	option.CacheUserpointscount: "SELECT COUNT(*) FROM {userpoints}",
}

func (d *examiner) rows() {
	d.say("ok", "rows", "%s questions, %s answers, %s comments, %s users",
		d.text("rows", cachedCounts[option.CacheQcount]), d.text("rows", cachedCounts[option.CacheAcount]),
		d.text("rows", cachedCounts[option.CacheCcount]), d.text("rows", "SELECT COUNT(*) FROM {users}"))
	for _, c := range rowChecks {
		if n := d.text("rows", c.query); n != "0" && n != "" {
			d.say(c.severity, "rows", "%s %s", n, c.text)
		}
	}
	for _, key := range slices.SortedFunc(maps.Keys(cachedCounts), option.Compare) {
		kept, counted := d.text("counts", "SELECT content FROM {options} WHERE title = ?", key.Name()),
			d.text("counts", cachedCounts[key])
		if kept != counted && kept != "" {
			d.say("warning", "counts",
				"%s is %s, and there are %s; the old site's recalculation mends that", key, kept, counted)
		}
	}
}
