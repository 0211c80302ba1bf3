package option

import (
	"slices"
	"strings"

	"38qa.net/backend/modules/kernel/problem"
)

// Definition describes an option that this backend obeys and that administrators may change.
type Definition struct {
	Key   Key
	Group Group
	Kind  Kind
	// Min and Max are the least and greatest value of a number, and of texts and lists the least and greatest
	// number of characters.
	Min, Max int
	// Optional says that the number may also be unset, which Q2A stores as an empty text.
	Optional bool
	// NoDefault says that Q2A derives the default from the address of its own pages, so that there is none
	// here.
	NoDefault bool
	// Choices are the values of a choice or a permission.
	Choices []Choice
	// Text says what the option does.
	Text problem.Texts
	// Affects names the parts of the site that the option changes.
	Affects []string

	// valid, if it is not nil, reports whether a text has the form that the option needs.
	valid func(text string) bool
}

// Group is one of the pages of Q2A's administration.
type Group string

// The groups. Plugins has the options of plugins whose rules this backend knows.
const (
	General     Group = "general"
	Emails      Group = "emails"
	Users       Group = "users"
	Layout      Group = "layout"
	Viewing     Group = "viewing"
	Lists       Group = "lists"
	Posting     Group = "posting"
	Permissions Group = "permissions"
	Feeds       Group = "feeds"
	Spam        Group = "spam"
	Mailing     Group = "mailing"
	Plugins     Group = "plugins"
)

// Kind says which values an option takes.
type Kind string

// The kinds. A Text is a single line, Lines are several; Words are words, and Addresses IP addresses, ranges and
// patterns of them.
const (
	Boolean    Kind = "boolean"
	Number     Kind = "number"
	Text       Kind = "text"
	Lines      Kind = "lines"
	HTML       Kind = "html"
	Words      Kind = "words"
	Addresses  Kind = "addresses"
	OneOf      Kind = "choice"
	Permission Kind = "permission"
)

// Choice is one of the values of a choice or a permission.
type Choice struct {
	// Name is the value's name in the API, and Stored is what Q2A stores.
	Name, Stored string
	Text         problem.Texts
}

// contentLength is the length of the column that holds the values, in characters.
const contentLength = 12000

// definitions holds the definitions by the names of the options.
var definitions = map[string]*Definition{}

// ordered holds the definitions in the order of Q2A's pages.
var ordered []*Definition

func add(group Group, list ...*Definition) {
	for _, d := range list {
		if definitions[d.Key.name] != nil {
			panic("option " + d.Key.name + " is described twice")
		}
		d.Group = group
		definitions[d.Key.name] = d
		ordered = append(ordered, d)
	}
}

func init() {
	add(General, general...)
	add(Emails, emails...)
	add(Users, users...)
	add(Layout, layout...)
	add(Viewing, viewing...)
	add(Lists, lists...)
	add(Posting, posting...)
	add(Permissions, permissions...)
	add(Feeds, feeds...)
	add(Spam, spam...)
	add(Mailing, mailing...)
	add(Plugins, plugins...)
}

// Definitions returns all definitions, in the order of the groups.
func Definitions() []*Definition { return slices.Clone(ordered) }

// Groups returns the names of all groups, and Kinds those of all kinds.
func Groups() []string {
	return []string{string(General), string(Emails), string(Users), string(Layout), string(Viewing), string(Lists),
		string(Posting), string(Permissions), string(Feeds), string(Spam), string(Mailing), string(Plugins)}
}

// Kinds returns the names of all kinds.
func Kinds() []string {
	return []string{string(Boolean), string(Number), string(Text), string(Lines), string(HTML),
		string(Words), string(Addresses), string(OneOf), string(Permission)}
}

// Lookup returns the definition of the option with the name, or nil if it is not one that is changed as an
// option. For those that are known nevertheless, why says why not.
func Lookup(name string) (d *Definition, why Why) {
	if d := definitions[name]; d != nil {
		return d, Why{}
	}
	if where, ok := elsewhere[name]; ok {
		return nil, Why{Elsewhere: where}
	}
	return nil, Why{NoEffect: withoutEffect[name]}
}

// Why says why an option is not changed as one. The zero Why stands for options that nobody may learn of.
type Why struct {
	// Elsewhere says by what the option is changed instead.
	Elsewhere string
	// NoEffect says that only the old site's pages obey the option.
	NoEffect bool
}

// The functions below make definitions. affects is a list of words separated by spaces.

func boolean(k Key, affects, english, japanese string) *Definition {
	return &Definition{Key: k, Kind: Boolean, Affects: strings.Fields(affects),
		Text: problem.Text(english, japanese)}
}

func number(k Key, least, most int, affects, english, japanese string) *Definition {
	return &Definition{Key: k, Kind: Number, Min: least, Max: most, Affects: strings.Fields(affects),
		Text: problem.Text(english, japanese)}
}

func text(kind Kind, k Key, least, most int, affects, english, japanese string) *Definition {
	return &Definition{Key: k, Kind: kind, Min: least, Max: most, Affects: strings.Fields(affects),
		Text: problem.Text(english, japanese)}
}

func choice(k Key, affects, english, japanese string, choices ...Choice) *Definition {
	return &Definition{Key: k, Kind: OneOf, Choices: choices, Affects: strings.Fields(affects),
		Text: problem.Text(english, japanese)}
}

// value returns a choice whose name in the API is what Q2A stores.
func value(stored, english, japanese string) Choice {
	return Choice{stored, stored, problem.Text(english, japanese)}
}

// underived says that the option has no default here.
func (d *Definition) underived() *Definition {
	d.NoDefault = true
	return d
}

// must says which form the option's text has to have.
func (d *Definition) must(valid func(string) bool) *Definition {
	d.valid = valid
	return d
}
