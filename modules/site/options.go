package site

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"
)

// optionsAge is for how long options may be served without asking the database again.
const optionsAge = time.Second

// Options are the site's options as the database held them at one moment, with Q2A's defaults for
// those that it did not hold.
type Options struct {
	values map[string]string
	// numbers are the values as whole numbers. They are computed once, because a thread asks for
	// hundreds of them.
	numbers map[string]int
	read    time.Time
	titles  []UserTitle
}

// UserTitle is a title that users have from a number of points on.
type UserTitle struct {
	Points int    `json:"points" minimum:"-1000000000" maximum:"1000000000" doc:"From how many points on"`
	Title  string `json:"title" minLength:"1" maxLength:"100" doc:"Text without commas and angle brackets: the option separates titles by commas, and the old site takes them for HTML"`
}

// Options returns the site's options, at most one second old.
func (m *Module) Options(ctx context.Context) (*Options, error) {
	if o := m.options.Load(); o != nil && time.Since(o.read) < optionsAge {
		return o, nil
	}
	m.reading.Lock()
	defer m.reading.Unlock()
	if o := m.options.Load(); o != nil && time.Since(o.read) < optionsAge {
		return o, nil // another request has just read them
	}
	o, err := m.readOptions(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the site's options: %w", err)
	}
	m.options.Store(o)
	return o, nil
}

func (m *Module) readOptions(ctx context.Context) (*Options, error) {
	o := &Options{values: make(map[string]string, 400), read: time.Now()}
	err := m.db.Select(ctx, func(rows *sql.Rows) error {
		var title, content string
		if err := rows.Scan(&title, &content); err != nil {
			return err
		}
		o.values[title] = content
		return nil
	}, "SELECT title, content FROM {options}")
	o.settle()
	return o, err
}

// settle fills in the defaults of the options that the table does not hold, and computes the
// numbers and the titles.
func (o *Options) settle() {
	for _, name := range inherited {
		if _, ok := o.values[name]; !ok {
			o.values[name] = o.fallback(name)
		}
	}
	for name, value := range defaults {
		if _, ok := o.values[name]; !ok {
			o.values[name] = value
		}
	}
	o.numbers = make(map[string]int, len(o.values))
	for name, value := range o.values {
		o.numbers[name] = wholeNumber(value)
	}
	o.titles = parseTitles(o.values["points_to_titles"])
}

// inherited names the options whose defaults depend on other options, in an order in which those
// others come first.
var inherited = []string{
	"permit_post_q", "permit_post_a", "permit_post_c", "permit_retag_cat",
	"points_vote_up_q", "points_vote_down_q", "points_vote_up_a", "points_vote_down_a",
	"points_per_q_voted_up", "points_per_q_voted_down", "points_per_a_voted_up", "points_per_a_voted_down",
}

// NewOptions returns options with the given values, and Q2A's defaults for the rest. It is for
// tests and tools.
func NewOptions(values map[string]string) *Options {
	o := &Options{values: maps.Clone(values), read: time.Now()}
	if o.values == nil {
		o.values = map[string]string{}
	}
	o.settle()
	return o
}

// String returns the option's value, or Q2A's default if the site has not set it.
func (o *Options) String(name string) string { return o.values[name] }

// fallback returns the value with which Q2A would create an option whose default depends on other
// options.
func (o *Options) fallback(name string) string {
	inherits := func(from, otherwise string) string {
		if v, ok := o.values[from]; ok && v != "" {
			return v
		}
		return otherwise
	}
	switch name {
	case "permit_post_q", "permit_post_a", "permit_post_c":
		old := map[string]string{
			"permit_post_q": "ask_needs_login",
			"permit_post_a": "answer_needs_login",
			"permit_post_c": "comment_needs_login",
		}
		if truthy(o.values[old[name]]) {
			return "120"
		}
		return "150"
	case "permit_retag_cat":
		return inherits("permit_edit_q", defaults["permit_edit_q"])
	case "points_vote_up_q", "points_vote_down_q":
		return inherits("points_vote_on_q", "1")
	case "points_vote_up_a", "points_vote_down_a":
		return inherits("points_vote_on_a", "1")
	case "points_per_q_voted_up", "points_per_q_voted_down":
		return inherits("points_per_q_voted", "1")
	case "points_per_a_voted_up", "points_per_a_voted_down":
		return inherits("points_per_a_voted", "2")
	}
	return ""
}

// Bool reports whether the option is on. As in a condition of PHP, "" and "0" are off and all other
// values are on.
func (o *Options) Bool(name string) bool { return truthy(o.String(name)) }

func truthy(v string) bool { return v != "" && v != "0" }

// Int returns the option as a whole number, or 0 if it is not a number.
func (o *Options) Int(name string) int { return o.numbers[name] }

// wholeNumber returns a text as a whole number, as PHP casts it to an integer, for the texts that
// occur in options.
func wholeNumber(v string) int {
	v = strings.TrimSpace(v)
	if n, err := strconv.Atoi(v); err == nil {
		return n
	}
	f, err := strconv.ParseFloat(v, 64)
	if err != nil {
		return 0
	}
	return int(f)
}

// UsingTags reports whether questions have tags on this site.
func (o *Options) UsingTags() bool { return strings.Contains(o.String("tags_or_categories"), "t") }

// UsingCategories reports whether questions have categories on this site.
func (o *Options) UsingCategories() bool {
	return strings.Contains(o.String("tags_or_categories"), "c")
}

// Title returns the title of a user with that many points, or "" if there is none or the site does
// not show titles. Titles come from the option points_to_titles, such as "0 Novice,100 Expert".
func (o *Options) Title(points int) string {
	if !o.Bool("show_user_titles") {
		return ""
	}
	best, title := 0, ""
	for _, t := range o.titles {
		if points >= t.Points && (title == "" || t.Points > best) {
			best, title = t.Points, t.Title
		}
	}
	return title
}

// Titles returns all titles of users in the order of the option, even if the site does not show
// them.
func (o *Options) Titles() []UserTitle { return o.titles }

func parseTitles(option string) []UserTitle {
	var titles []UserTitle
	for pair := range strings.SplitSeq(option, ",") {
		points, title, ok := strings.Cut(pair, " ")
		from, err := strconv.ParseFloat(strings.TrimSpace(points), 64)
		if title = strings.TrimSpace(title); ok && err == nil && title != "" {
			titles = append(titles, UserTitle{int(from), title})
		}
	}
	return titles
}

// SiteURL returns the address of the site that people read. It ends in "/", and is "/" alone if the
// address is not known.
func (m *Module) SiteURL(o *Options) string {
	u := m.settings.SiteURL
	if u == "" {
		u = o.String("site_url")
	}
	if u == "" {
		u = "/"
	}
	return strings.TrimRight(u, "/") + "/"
}
