package jobs

import (
	"database/sql"
	"encoding/json"
	"errors"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"38qa.net/backend/modules/kernel/problem"
)

// Parameter is something that a run of a job can be told.
type Parameter struct {
	// Name is in small letters, digits and hyphens; it is the flag's name on the command line.
	Name string `json:"name"`
	Doc  string `json:"doc" doc:"What it does"`
	// Flag is for switches: "true" if on, and not given if off.
	Flag bool `json:"flag" doc:"It is a switch: \"true\", or not given"`
	// Check tells what is wrong with a value, by itself: it is asked wherever the run is worked on. nil takes any. What problem.Invalid tells of a
	// field is said in the caller's language.
	Check func(value string) error `json:"-"`
}

// Options are how a run is asked for; runs by schedule or event have none.
type Options struct {
	DryRun bool
	// Parameters are values by the names of the job's parameters.
	Parameters map[string]string
}

// Matches tells whether the run was asked for with the options.
func (r *Run) Matches(o Options) bool {
	return r.DryRun == o.DryRun && maps.Equal(r.Parameters, o.Parameters)
}

// maxValue is how many characters a value may have: the column takes 64 kB of JSON.
const maxValue = 1000

// check finds out whether the job knows the parameters and can use their values.
func (j Job) check(given map[string]string) error {
	var wrong []problem.Field
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if f := j.wrong(name, given[name]); f.Code != "" {
			f.Name = "parameters." + name
			wrong = append(wrong, f)
		}
	}
	if len(wrong) > 0 {
		return problem.Invalid(wrong...)
	}
	return nil
}

// wrong is what is wrong with a parameter; without a code if nothing is.
func (j Job) wrong(name, value string) problem.Field {
	i := slices.IndexFunc(j.Parameters, func(p Parameter) bool { return p.Name == name })
	switch {
	case i < 0:
		return problem.Field{Code: "unknown"}
	case utf8.RuneCountInString(value) > maxValue:
		return problem.Field{Code: "too_long", Args: []any{maxValue}}
	case !utf8.ValidString(value): // it would come back from the row as another
		return problem.Field{Code: "bad_encoding"}
	case j.Parameters[i].Flag && value != "true":
		return problem.Field{Code: "not_in_list", Args: []any{"true"}}
	case j.Parameters[i].Check == nil:
		return problem.Field{}
	}
	err := j.Parameters[i].Check(value)
	var p *problem.Error
	switch {
	case err == nil:
		return problem.Field{}
	case errors.As(err, &p) && len(p.Fields) > 0:
		return p.Fields[0]
	}
	return problem.Field{Code: "bad_value", Args: []any{err}}
}

var parameterName = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)

// mustName panics if the job's parameters cannot be told apart, from each other and from the command line's own flags.
func (j Job) mustName() {
	seen := []string{"dry-run", "h", "help"}
	for _, p := range j.Parameters {
		if !parameterName.MatchString(p.Name) || slices.Contains(seen, p.Name) {
			panic("jobs: " + j.Name + ": " + p.Name + " cannot be a parameter's name")
		}
		seen = append(seen, p.Name)
	}
}

// column is the parameters as a run's row holds them: NULL for none.
func (o Options) column() (sql.NullString, error) {
	if len(o.Parameters) == 0 {
		return sql.NullString{}, nil
	}
	text, err := json.Marshal(o.Parameters)
	return sql.NullString{String: string(text), Valid: true}, err
}

// Flags are the options as the command line takes them.
func (o Options) Flags() string {
	var flags []string
	if o.DryRun {
		flags = append(flags, "--dry-run")
	}
	for _, name := range slices.Sorted(maps.Keys(o.Parameters)) {
		flags = append(flags, "--"+name+"="+o.Parameters[name])
	}
	return strings.Join(flags, " ")
}
