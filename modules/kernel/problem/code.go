package problem

import (
	"log/slog"
	"strings"
)

// Code identifies a kind of problem. Codes are stable and in snake_case; Define makes them and Codes lists
// them.
type Code struct{ name string }

// String returns the code as clients see it.
func (c Code) String() string { return c.name }

// LogValue implements slog.LogValuer: a log has the name.
func (c Code) LogValue() slog.Value { return slog.StringValue(c.name) }

// FieldCode identifies what is wrong with a field. Such codes are stable and in snake_case, for example
// too_long; DefineField makes them.
type FieldCode struct{ name string }

// String returns the code as clients see it.
func (c FieldCode) String() string { return c.name }

// IsZero reports whether the code is the zero value, which is that of a field with which nothing is wrong.
func (c FieldCode) IsZero() bool { return c == FieldCode{} }

// Params returns the names of the arguments that fields with the code have.
func (c FieldCode) Params() []Param { return fieldEntries[c].params }

// Texts is a text in both languages.
type Texts struct{ en, ja string }

// Text returns a text in English and Japanese.
func Text(english, japanese string) Texts { return Texts{english, japanese} }

// In returns the text in the language.
func (t Texts) In(l Language) string {
	if l == Japanese {
		return t.ja
	}
	return t.en
}

// entry is what the catalogue says about a code.
type entry struct {
	status int
	title  Texts
	detail Texts
}

// fieldEntry is what the catalogue says of a code of fields.
type fieldEntry struct {
	texts  Texts
	params []Param
}

var (
	catalogue    = map[Code]entry{}
	fieldEntries = map[FieldCode]fieldEntry{}
)

// Define makes a code for problems and the HTTP status that responses with it have. title says what kind of
// problem it is, and detail what was wrong; detail may have placeholders for the problem's arguments. Define
// is for package variables, and panics if the code exists already.
func Define(code string, status int, title, detail Texts) Code {
	c := Code{code}
	if _, twice := catalogue[c]; twice {
		panic("problem: code " + code + " is defined twice")
	}
	catalogue[c] = entry{status, title, detail}
	return c
}

// DefineField makes a code of wrong fields. english is what to say after "This", and japanese a sentence of
// its own. Both may have placeholders for the field's arguments, which params names. It is for variables of
// packages, and panics if there is such a code already, or if the placeholders are not as many as params.
func DefineField(code, english, japanese string, params ...Param) FieldCode {
	c := FieldCode{code}
	if _, twice := fieldEntries[c]; twice {
		panic("problem: field code " + code + " is defined twice")
	}
	for _, text := range []string{english, japanese} {
		if strings.Count(text, "%v") != len(params) {
			panic("problem: the placeholders of " + code + " are not its params")
		}
	}
	fieldEntries[c] = fieldEntry{Texts{english, japanese}, params}
	return c
}

// Param is the name of an argument of a wrong field, by which programs can make messages of their own.
type Param string

// The arguments that fields have.
const (
	ParamMin        Param = "min"        // the least number that is allowed
	ParamMax        Param = "max"        // the greatest number that is allowed
	ParamAllowed    Param = "allowed"    // the values that are allowed
	ParamWith       Param = "with"       // another field that matters here
	ParamCharacters Param = "characters" // the characters that are not allowed
	ParamReason     Param = "reason"     // what is wrong, in words
)

// FieldNamed returns the code for wrong fields with the given text, if there is one.
func FieldNamed(code string) (c FieldCode, known bool) {
	_, known = fieldEntries[FieldCode{code}]
	if known {
		c = FieldCode{code}
	}
	return c, known
}
