package site

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/site/option"
)

// siteOption is an option as administrators see it.
type siteOption struct {
	Name    string         `json:"name" doc:"As in the old site's table of options"`
	Group   string         `json:"group" enum:"general,emails,users,layout,viewing,lists,posting,permissions,feeds,spam,mailing,plugins" doc:"The page of the old site's administration that has it"`
	Type    string         `json:"type" enum:"boolean,number,text,lines,html,words,addresses,choice,permission" doc:"words and addresses are lists of text; of a choice and a permission the value is one of choices"`
	Value   *optionValue   `json:"value,omitempty" doc:"As it is now, whether it has been set or not; absent for a number that is not set"`
	Default *optionValue   `json:"default,omitempty" doc:"As the old site has it when nobody has set it; absent where there is none"`
	Minimum *int           `json:"minimum,omitempty" doc:"Of a number"`
	Maximum *int           `json:"maximum,omitempty" doc:"Of a number"`
	MinLen  *int           `json:"minLength,omitempty" doc:"Characters of a text"`
	MaxLen  *int           `json:"maxLength,omitempty" doc:"Characters of a text, or of all entries of a list with what separates them"`
	Choices []optionChoice `json:"choices,omitempty" doc:"Those that the site offers; some permissions need confirm_user_emails or moderate_users"`
	Points  string         `json:"pointsOption,omitempty" doc:"Of a permission: the option with the number of points that it needs where it depends on points"`
	Text    string         `json:"description" doc:"What it does, in the language of the request"`
	Affects []string       `json:"affects" doc:"Parts of the site that it changes"`
}

// optionChoice is one of the values of an option.
type optionChoice struct {
	Value string `json:"value"`
	Label string `json:"label" doc:"In the language of the request"`
}

// optionValue is the value of an option: a bool, int, string or []string. From JSON it is what encoding/json
// makes of it.
type optionValue struct{ value any }

// MarshalJSON implements json.Marshaler.
func (v optionValue) MarshalJSON() ([]byte, error) { return json.Marshal(v.value) }

// UnmarshalJSON implements json.Unmarshaler.
func (v *optionValue) UnmarshalJSON(text []byte) error { return json.Unmarshal(text, &v.value) }

// The most that the body of a request may have of an option, whose own limits are checked later.
var (
	longestValue = 20000
	mostItems    = 1500
)

// Schema implements huma.SchemaProvider.
func (optionValue) Schema(huma.Registry) *huma.Schema {
	s := &huma.Schema{OneOf: []*huma.Schema{
		{Type: huma.TypeBoolean}, {Type: huma.TypeInteger},
		{Type: huma.TypeString, MaxLength: &longestValue},
		{Type: huma.TypeArray, MaxItems: &mostItems,
			Items: &huma.Schema{Type: huma.TypeString, MaxLength: &longestValue}},
	}}
	for _, one := range s.OneOf {
		one.PrecomputeMessages()
	}
	s.OneOf[3].Items.PrecomputeMessages()
	return s
}

type listOptionsInput struct {
	Group string `query:"group" enum:"general,emails,users,layout,viewing,lists,posting,permissions,feeds,spam,mailing,plugins" doc:"Only those of this page of the old site's administration"`
}

type listOptionsOutput struct {
	ETag string `header:"ETag"`
	Body web.List[siteOption]
}

// RegisterOptions adds the operations on the site's options to the API. may returns an error for callers who
// are no administrators.
func (m *Module) RegisterOptions(api huma.API, may func(context.Context) error) {
	web.Register(api, huma.Operation{
		OperationID: "list-options", Method: http.MethodGet, Path: "/v1/admin/options",
		Tags: []string{"Administration"}, Summary: "The site's options, with what they do",
		Description: "For administrators. Those that only the pages of the old site obey are left out, and " +
			"so are secrets, and what has an operation of its own (points, titles).",
		Errors: []int{http.StatusForbidden},
	}, web.Guard(may, func(ctx context.Context, in *listOptionsInput) (*listOptionsOutput, error) {
		// Options that this process keeps may be older than those of another, which the ETag must not hide.
		o, err := m.readOptions(ctx)
		if err != nil {
			return nil, fmt.Errorf("read the site's options: %w", err)
		}
		return listed(ctx, o, option.Group(in.Group), nil), nil
	}))
	web.Register(api, huma.Operation{
		OperationID: "update-options", Method: http.MethodPatch, Path: "/v1/admin/options",
		Tags: []string{"Administration"}, Summary: "Change the site's options; only what is sent changes",
		Description: "All or nothing: every value is checked before anything is written. With the ETag of a " +
			"list of one group in If-Match only options of that group can be changed. Each change is in the " +
			"log of changes. Other weights of hotness are followed by the job hotness. The response lists " +
			"the options that were sent.",
		Errors: []int{http.StatusForbidden, http.StatusPreconditionFailed},
	}, web.Guard(may, func(ctx context.Context, in *updateOptionsInput) (*listOptionsOutput, error) {
		return m.updateOptions(ctx, in)
	}))
}

// listed returns the options of a group, or of all if group is "", and of these only those that are named if
// only is not nil.
func listed(ctx context.Context, o *Options, group option.Group, only map[string]bool) *listOptionsOutput {
	out := &listOptionsOutput{ETag: web.RevisionTag(o.revision(group)),
		Body: web.List[siteOption]{Items: []siteOption{}}}
	language := web.ClientOf(ctx).Language
	for _, d := range option.Definitions() {
		if (group == "" || d.Group == group) && (only == nil || only[d.Key.Name()]) {
			out.Body.Items = append(out.Body.Items, shownOption(o, d, language))
		}
	}
	return out
}

func shownOption(o *Options, d *option.Definition, language problem.Language) siteOption {
	s := siteOption{Name: d.Key.Name(), Group: string(d.Group), Type: string(d.Kind),
		Value: valueOf(d, o.String(d.Key)), Text: d.Text.In(language), Affects: d.Affects}
	if !d.NoDefault {
		s.Default = valueOf(d, o.Default(d.Key))
	}
	switch d.Kind {
	case option.Number:
		s.Minimum, s.Maximum = &d.Min, &d.Max
	case option.Text, option.Lines, option.HTML, option.Words, option.Addresses:
		s.MinLen, s.MaxLen = &d.Min, &d.Max
	}
	for _, c := range o.choices(d) {
		s.Choices = append(s.Choices, optionChoice{c.Name, c.Text.In(language)})
		if d.Kind == option.Permission && option.NeedsPoints(c.Stored) {
			s.Points = d.Key.Points().Name()
		}
	}
	return s
}

// choices returns the choices that the site offers of an option.
func (o *Options) choices(d *option.Definition) []option.Choice {
	return d.Offered(o.Bool(option.ConfirmUserEmails), o.Bool(option.ModerateUsers))
}

func valueOf(d *option.Definition, stored string) *optionValue {
	if v := d.Value(stored); v != nil {
		return &optionValue{v}
	}
	return nil
}

// revision returns a text that changes with every change of the options of a group, or of all if group
// is "".
func (o *Options) revision(group option.Group) string {
	h := fnv.New64a()
	for _, d := range option.Definitions() {
		if group == "" || d.Group == group {
			fmt.Fprintf(h, "%s=%d:%s\n", d.Key, len(o.String(d.Key)), o.String(d.Key))
		}
	}
	if group == "" {
		group = "all"
	}
	return fmt.Sprintf("%s-%x", group, h.Sum64())
}

// lockedOptions reads the options that administrators change, and those from which their defaults follow, and
// keeps other transactions from changing them. Their rows are locked, and not those of the site's counts,
// which each new post changes.
func lockedOptions(ctx context.Context, tx *database.DB) (*Options, error) {
	keys := []option.Key{}
	for _, d := range option.Definitions() {
		keys = append(keys, d.Key)
	}
	for _, old := range neededLogin {
		keys = append(keys, old)
	}
	return Locked(ctx, tx, keys...)
}
