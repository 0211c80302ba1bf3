package site

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"

	"38qa.net/backend/modules/site/option"
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
	api     string // the API's own address, or ""
}

// Address returns the address under which clients reach a path of this API. It is the path itself where
// the server does not know its own address.
func (o *Options) Address(path string) string { return o.api + path }

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
	o := &Options{values: make(map[string]string, 400), read: time.Now(),
		api: m.APIURL()}
	err := m.db.Select(ctx, o.scan, "SELECT title, content FROM {options}")
	o.settle()
	return o, err
}

// scan reads a row of the table of options.
func (o *Options) scan(rows *sql.Rows) error {
	var title, content string
	err := rows.Scan(&title, &content)
	o.values[title] = content
	return err
}

// settle fills in the defaults of the options that the table does not hold, and computes the
// numbers and the titles.
func (o *Options) settle() {
	missing := map[string]string{}
	for key := range option.All() {
		if _, ok := o.values[key.Name()]; !ok {
			missing[key.Name()] = o.Default(key)
		}
	}
	maps.Copy(o.values, missing)
	o.numbers = make(map[string]int, len(o.values))
	for name, value := range o.values {
		o.numbers[name] = option.Int(value)
	}
	o.titles = parseTitles(o.String(option.PointsToTitles))
}

// Default returns the value that Q2A gives to the option on this site when it creates it, or when an
// administrator resets it.
func (o *Options) Default(key option.Key) string {
	if from := o.String(inherited[key]); from != "" {
		return from
	}
	if o.Bool(neededLogin[key]) {
		return "120" // users, instead of everybody
	}
	if o.String(switchedOn[key]) != "" {
		return "1"
	}
	return key.Default()
}

// inherited maps options to those from which Q2A takes their values when it creates them, unless
// these are empty.
var inherited = map[option.Key]option.Key{
	option.PermitRetagCat:      option.PermitEditQ,
	option.PointsVoteUpQ:       option.PointsVoteOnQ,
	option.PointsVoteDownQ:     option.PointsVoteOnQ,
	option.PointsVoteUpA:       option.PointsVoteOnA,
	option.PointsVoteDownA:     option.PointsVoteOnA,
	option.PointsPerQVotedUp:   option.PointsPerQVoted,
	option.PointsPerQVotedDown: option.PointsPerQVoted,
	option.PointsPerAVotedUp:   option.PointsPerAVoted,
	option.PointsPerAVotedDown: option.PointsPerAVoted,
}

// neededLogin maps options to the switches of older versions of Q2A from which it takes their values
// when it creates them.
var neededLogin = map[option.Key]option.Key{
	option.PermitPostQ: option.AskNeedsLogin,
	option.PermitPostA: option.AnswerNeedsLogin,
	option.PermitPostC: option.CommentNeedsLogin,
}

// switchedOn maps options that show a text to the texts: Q2A creates them on where there is a text.
var switchedOn = map[option.Key]option.Key{
	option.ShowCustomSidebar: option.CustomSidebar,
	option.ShowCustomHeader:  option.CustomHeader,
	option.ShowCustomFooter:  option.CustomFooter,
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
func (o *Options) String(key option.Key) string { return o.values[key.Name()] }

// Bool reports whether the option is on. As in a condition of PHP, "" and "0" are off and all other
// values are on.
func (o *Options) Bool(key option.Key) bool {
	v := o.String(key)
	return v != "" && v != "0"
}

// Int returns the option as a whole number, or 0 if it is not a number.
func (o *Options) Int(key option.Key) int { return o.numbers[key.Name()] }

// UsingTags reports whether questions have tags on this site.
func (o *Options) UsingTags() bool {
	return strings.Contains(o.String(option.TagsOrCategories), "t")
}

// UsingCategories reports whether questions have categories on this site.
func (o *Options) UsingCategories() bool {
	return strings.Contains(o.String(option.TagsOrCategories), "c")
}

// Title returns the title of a user with that many points, or "" if there is none or the site does
// not show titles. Titles come from the option points_to_titles, such as "0 Novice,100 Expert".
func (o *Options) Title(points int) string {
	if !o.Bool(option.ShowUserTitles) {
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

func parseTitles(list string) []UserTitle {
	var titles []UserTitle
	for pair := range strings.SplitSeq(list, ",") {
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
		u = o.String(option.SiteURL)
	}
	if u == "" {
		u = "/"
	}
	return strings.TrimRight(u, "/") + "/"
}
