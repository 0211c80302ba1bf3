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

// Parameter is a parameter that a run of a job accepts.
type Parameter struct {
	// Name consists of lower-case letters, digits and hyphens. On the command line it is the name of
	// the flag.
	Name string `json:"name"`
	Doc  string `json:"doc" doc:"What it does"`
	// Flag says that the parameter is a switch: its value is "true" if it is on, and it is not given
	// if it is off.
	Flag bool `json:"flag" doc:"It is a switch: \"true\", or not given"`
	// Check returns an error that says what is wrong with a value, or nil. It must look at nothing
	// but the value, because it is also called wherever the run is worked on. A nil Check accepts
	// any value. An error made by problem.Invalid is shown in the caller's language.
	Check func(value string) error `json:"-"`
}

// Options say how a run is requested. Runs by schedule or event have none.
type Options struct {
	DryRun bool
	// Parameters holds the values by the names of the job's parameters.
	Parameters map[string]string
}

// Matches reports whether the run was requested with the given options.
func (r *Run) Matches(o Options) bool {
	return r.DryRun == o.DryRun && maps.Equal(r.Parameters, o.Parameters)
}

// maxValue is how many characters a value may have. The column holds 64 kB of JSON.
const maxValue = 1000

// check returns a validation problem if the job does not have one of the parameters or cannot use
// its value.
func (j Job) check(given map[string]string) error {
	var wrong []problem.Field
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if f := j.wrong(name, given[name]); !f.Code.IsZero() {
			f.Name = "parameters." + name
			wrong = append(wrong, f)
		}
	}
	if len(wrong) > 0 {
		return problem.Invalid(wrong...)
	}
	return nil
}

// wrong returns what is wrong with the value of a parameter, or a Field without a code if nothing
// is.
func (j Job) wrong(name, value string) problem.Field {
	i := slices.IndexFunc(j.Parameters, func(p Parameter) bool { return p.Name == name })
	switch {
	case i < 0:
		return problem.Field{Code: problem.FieldUnknown}
	case utf8.RuneCountInString(value) > maxValue:
		return problem.Field{Code: problem.FieldTooLong, Args: []any{maxValue}}
	case !utf8.ValidString(value): // it would come back from the row as another
		return problem.Field{Code: problem.FieldBadEncoding}
	case j.Parameters[i].Flag && value != "true":
		return problem.Field{Code: problem.FieldNotInList, Args: []any{"true"}}
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
	return problem.Field{Code: problem.FieldBadValue, Args: []any{err}}
}

var parameterName = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)

// mustName panics if the name of a parameter is not valid, occurs twice or is one of the command
// line's own flags.
func (j Job) mustName() {
	seen := []string{"dry-run", "h", "help"}
	for _, p := range j.Parameters {
		if !parameterName.MatchString(p.Name) || slices.Contains(seen, p.Name) {
			panic("jobs: " + j.Name + ": " + p.Name + " cannot be a parameter's name")
		}
		seen = append(seen, p.Name)
	}
}

// column returns the parameters in the form in which a run's row stores them: NULL if there are
// none.
func (o Options) column() (sql.NullString, error) {
	if len(o.Parameters) == 0 {
		return sql.NullString{}, nil
	}
	text, err := json.Marshal(o.Parameters)
	return sql.NullString{String: string(text), Valid: true}, err
}

// Flags returns the options in the form in which the command line accepts them.
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
