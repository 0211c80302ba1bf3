package option

import (
	"math"
	"net/mail"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/formtext"
	"38qa.net/backend/modules/kernel/problem"
)

// Fault is what is wrong with a value; the zero Fault means that nothing is.
type Fault struct {
	Code problem.FieldCode
	Args []any
}

func fault(code problem.FieldCode, args ...any) Fault { return Fault{code, args} }

// Parse returns a value from JSON (a bool, float64, string, or []any of strings) as Q2A stores it: switches
// as 1 and 0, lists joined by " , ", addresses of sites with a slash at their end. Unlike Q2A, which takes
// the nearest number that is allowed, it refuses numbers out of range.
func (d *Definition) Parse(value any) (stored string, wrong Fault) {
	switch d.Kind {
	case Boolean:
		on, ok := value.(bool)
		if !ok {
			return "", fault(problem.FieldNotBoolean)
		}
		if on {
			return "1", Fault{}
		}
		return "0", Fault{}
	case Number:
		return d.parseNumber(value)
	case Words, Addresses:
		return d.parseList(value)
	}
	given, ok := value.(string)
	if !ok {
		return "", fault(problem.FieldNotText)
	}
	if d.Kind == OneOf || d.Kind == Permission {
		i := slices.IndexFunc(d.Choices, func(c Choice) bool { return c.Name == given })
		if i < 0 {
			return "", fault(problem.FieldNotInList, Names(d.Choices))
		}
		return d.Choices[i].Stored, Fault{}
	}
	return d.parseText(given)
}

// Names returns the names of choices as one text.
func Names(choices []Choice) string {
	names := make([]string, len(choices))
	for i, c := range choices {
		names[i] = strconv.Quote(c.Name)
	}
	return strings.ReplaceAll(strings.Join(names, ", "), `""`, "''")
}

func (d *Definition) parseNumber(value any) (stored string, wrong Fault) {
	f, ok := value.(float64)
	switch {
	case !ok || f != math.Trunc(f):
		return "", fault(problem.FieldNotInteger)
	case f < float64(d.Min):
		return "", fault(problem.FieldTooSmall, d.Min)
	case f > float64(d.Max):
		return "", fault(problem.FieldTooLarge, d.Max)
	}
	return strconv.Itoa(int(f)), Fault{}
}

func (d *Definition) parseText(given string) (stored string, wrong Fault) {
	text := formtext.Exact(given)
	if d.Key == SiteURL && text != "" && !strings.HasSuffix(text, "/") {
		text += "/"
	}
	if f := d.faulty(text); !f.Code.IsZero() {
		return "", f
	}
	if text != "" && d.valid != nil && !d.valid(text) {
		return "", fault(problem.FieldWrongForm)
	}
	return text, Fault{}
}

// faulty returns what is wrong with the characters of a text, or with their number.
func (d *Definition) faulty(text string) Fault {
	switch n := utf8.RuneCountInString(text); {
	case n == 0 && d.Min > 0:
		return fault(problem.FieldRequired)
	case n < d.Min:
		return fault(problem.FieldTooShort, d.Min)
	case n > d.Max:
		return fault(problem.FieldTooLong, d.Max)
	case database.BeyondQ2A(text):
		return fault(problem.FieldBadCharacters, "U+10000–U+10FFFF")
	case d.Kind == Text && strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return fault(problem.FieldBadCharacters, "U+0000–U+001F, U+007F")
	}
	return Fault{}
}

// These are the separators of Q2A's lists. In lists of addresses a hyphen between spaces stands for one
// without.
var (
	wordSeparators    = "\n\r\t !\"'()+,./:;<=>?[\\]^`{|}~$&-_#%@"
	addressSeparators = regexp.MustCompile(`[^0-9A-Fa-f.:*-]+`)
	spacedHyphen      = regexp.MustCompile(`\s*-\s*`)
)

// Items returns the items of a stored list, as Q2A splits it.
func (k Kind) Items(stored string) []string {
	items := []string{}
	if k == Words {
		return append(items, strings.FieldsFunc(stored,
			func(r rune) bool { return strings.ContainsRune(wordSeparators, r) })...)
	}
	for _, item := range addressSeparators.Split(spacedHyphen.ReplaceAllString(stored, "-"), -1) {
		if item != "" {
			items = append(items, item)
		}
	}
	return items
}

func (d *Definition) parseList(value any) (stored string, wrong Fault) {
	given, ok := value.([]any)
	if !ok {
		return "", fault(problem.FieldNotArray)
	}
	texts := make([]string, len(given))
	for i, v := range given {
		if texts[i], ok = v.(string); !ok {
			return "", fault(problem.FieldNotText)
		}
	}
	items := d.Kind.Items(strings.Join(texts, "\n"))
	stored = strings.Join(items, " , ")
	if f := d.faulty(stored); !f.Code.IsZero() {
		return "", f
	}
	if d.Kind == Addresses && slices.ContainsFunc(items, func(s string) bool { return !blockable(s) }) {
		return "", fault(problem.FieldWrongForm)
	}
	return stored, Fault{}
}

// addressPattern matches addresses some of whose parts are asterisks.
var addressPattern = regexp.MustCompile(
	`^(([0-9]{1,3}|\*)(\.([0-9]{1,3}|\*)){3}|([0-9A-Fa-f]{1,4}|\*)(:([0-9A-Fa-f]{1,4}|\*)){7})$`)

// blockable reports whether an item of a list of addresses is an address, a range, or a pattern.
func blockable(item string) bool {
	if from, to, ok := strings.Cut(item, "-"); ok {
		first, err1 := netip.ParseAddr(from)
		last, err2 := netip.ParseAddr(to)
		return err1 == nil && err2 == nil && first.Is4() == last.Is4()
	}
	if _, err := netip.ParseAddr(item); err == nil {
		return true
	}
	return strings.Contains(item, "*") && addressPattern.MatchString(item)
}

// Value returns a stored value as JSON has it: a bool, int, string or []string. It is nil for a number that
// is not set.
func (d *Definition) Value(stored string) any {
	switch d.Kind {
	case Boolean:
		return stored != "" && stored != "0" // as a condition of PHP
	case Number:
		if d.Optional && strings.TrimSpace(stored) == "" {
			return nil
		}
		return Int(stored)
	case Words, Addresses:
		return d.Kind.Items(stored)
	case Permission:
		for _, c := range d.Choices {
			if Int(c.Stored) == Int(stored) {
				return c.Name
			}
		}
		for _, p := range permits { // one that Q2A does not offer, but obeys
			if p.value == Int(stored) {
				return p.name
			}
		}
	}
	return stored
}

// Fits returns what keeps a stored value from being one that Parse returns; the zero Fault if nothing does.
func (d *Definition) Fits(stored string) Fault {
	value := d.Value(stored)
	switch v := value.(type) {
	case nil:
		return Fault{}
	case int:
		value = float64(v)
	case []string:
		list := make([]any, len(v))
		for i, item := range v {
			list[i] = item
		}
		value = list
	}
	_, wrong := d.Parse(value)
	return wrong
}

// Int returns a text as a whole number, as PHP casts it to an integer, for the texts that occur in options.
func Int(stored string) int {
	stored = strings.TrimSpace(stored)
	if n, err := strconv.Atoi(stored); err == nil {
		return n
	}
	f, err := strconv.ParseFloat(stored, 64)
	if err != nil {
		return 0
	}
	return int(f)
}

func isEmail(text string) bool {
	a, err := mail.ParseAddress(text)
	return err == nil && a.Address == text && a.Name == ""
}

func isSite(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Hostname() != "" && u.User == nil &&
		u.RawQuery == "" && u.Fragment == "" && !strings.ContainsAny(text, " <>\"'")
}

var (
	languageForm = regexp.MustCompile(`^[a-z]{2}(-[A-Za-z]{2,4})?$`)
	keyForm      = regexp.MustCompile(`^[0-9A-Za-z_-]+$`)
)
