package site

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"38qa.net/backend/modules/kernel/audit"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/events"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/site/option"
)

// EventWeightsChanged is the event of the outbox after which the hotness of all questions is computed anew.
const EventWeightsChanged = "hotness_weights_changed"

// The codes of options that cannot be changed as such.
var (
	fieldElsewhere = problem.DefineField("changed_elsewhere",
		"is changed in another way: %v",
		"別の方法で変更します（%v）", problem.ParamReason)
	fieldNoEffect = problem.DefineField("no_effect",
		"matters to the pages of the old site only, and is changed there",
		"旧サイトのページだけに関係する項目です。旧サイトで変更してください")
	fieldNoDefault = problem.DefineField("no_default",
		"has no default here",
		"既定値がありません")
)

type updateOptionsInput struct {
	Body struct {
		Options map[string]optionValue `json:"options,omitempty" doc:"New values, by the names of the options"`
		Reset   []string               `json:"reset,omitempty" maxItems:"300" doc:"Names of options that get their defaults" maxLength:"40"`
	}
}

// faults collects what is wrong with the fields of a request.
type faults []problem.Field

func (f *faults) add(name string, code problem.FieldCode, args ...any) {
	*f = append(*f, problem.Field{Name: name, Code: code, Args: args})
}

func (f faults) err() error {
	if len(f) == 0 {
		return nil
	}
	return problem.Invalid(f...)
}

// optionChange is what a request wants: new values as Q2A stores them, and defaults.
type optionChange struct {
	values map[*option.Definition]string
	resets map[*option.Definition]bool
	// fields are the names of the request's fields.
	fields map[*option.Definition]string
}

// parseOptions returns what a request wants, or the problem with everything that is wrong with it whatever
// the site's other options are.
func parseOptions(in *updateOptionsInput) (*optionChange, error) {
	c := &optionChange{map[*option.Definition]string{}, map[*option.Definition]bool{},
		map[*option.Definition]string{}}
	var wrong faults
	for _, name := range slices.Sorted(maps.Keys(in.Body.Options)) {
		field := "options." + name
		d := findOption(name, field, &wrong)
		if d == nil {
			continue
		}
		stored, f := d.Parse(in.Body.Options[name].value)
		if !f.Code.IsZero() {
			wrong.add(field, f.Code, f.Args...)
		}
		c.values[d], c.fields[d] = stored, field
	}
	for i, name := range in.Body.Reset {
		field := fmt.Sprintf("reset[%d]", i)
		d := findOption(name, field, &wrong)
		switch {
		case d == nil:
		case d.NoDefault:
			wrong.add(field, fieldNoDefault)
		case c.fields[d] != "" && !c.resets[d]:
			wrong.add(field, problem.FieldNotCombinable, c.fields[d])
		default:
			c.resets[d], c.fields[d] = true, field
		}
	}
	return c, wrong.err()
}

// findOption returns the definition of the option with the name. If there is none it says why not, unless
// nobody may know that there is such an option.
func findOption(name, field string, wrong *faults) *option.Definition {
	d, why := option.Lookup(name)
	switch {
	case d != nil:
	case why.Elsewhere != "":
		wrong.add(field, fieldElsewhere, why.Elsewhere)
	case why.NoEffect:
		wrong.add(field, fieldNoEffect)
	default:
		wrong.add(field, problem.FieldUnknown)
	}
	return d
}

// updateOptions changes options in one transaction.
func (m *Module) updateOptions(ctx context.Context, in *updateOptionsInput) (*listOptionsOutput, error) {
	change, err := parseOptions(in)
	if err != nil {
		return nil, err
	}
	var after *Options
	err = m.db.Tx(ctx, func(tx *database.DB) error {
		before, err := lockedOptions(ctx, tx)
		if err != nil {
			return err
		}
		if err := change.checkMatch(ctx, before); err != nil {
			return err
		}
		values := change.settle(before)
		after = before.With(values)
		if err := m.checkOptions(ctx, change, before, after); err != nil {
			return err
		}
		if err := Set(ctx, tx, values); err != nil {
			return err
		}
		return recordOptions(ctx, tx, before, after)
	})
	if err != nil {
		return nil, err
	}
	m.Forget()
	names := map[string]bool{}
	for d := range change.fields {
		names[d.Key.Name()] = true
	}
	return listed(ctx, after, "", names), nil
}

// checkMatch refuses a change that the client has meant for other values of the options, by the header
// If-Match: the ETag of all options or, if the change is about one group, of that group.
func (c *optionChange) checkMatch(ctx context.Context, o *Options) error {
	err := web.CheckMatch(ctx, o.revision(""))
	groups := map[option.Group]bool{}
	for d := range c.fields {
		groups[d.Group] = true
	}
	if err == nil || len(groups) != 1 {
		return err
	}
	for group := range groups {
		err = web.CheckMatch(ctx, o.revision(group))
	}
	return err
}

// settle returns the values that are to be stored.
func (c *optionChange) settle(o *Options) map[option.Key]string {
	values := map[option.Key]string{}
	for d, value := range c.values {
		values[d.Key] = value
	}
	by := o.With(values) // of which other options follow
	for d := range c.resets {
		values[d.Key] = by.Default(d.Key)
	}
	return values
}

// checkOptions returns the problem with what is wrong with a change because of the site's other options.
func (m *Module) checkOptions(ctx context.Context, c *optionChange, before, after *Options) error {
	var wrong faults
	for d := range c.values {
		value, field := after.String(d.Key), c.fields[d]
		if d.Kind != option.Permission || value == before.String(d.Key) {
			continue
		}
		offered := after.choices(d)
		if !slices.ContainsFunc(offered, func(one option.Choice) bool { return one.Stored == value }) {
			wrong.add(field, problem.FieldNotInList, option.Names(offered))
		}
		points := d.Key
		if option.NeedsPoints(value) {
			points = d.Key.Points()
		}
		if points != d.Key && after.String(points) == "" {
			wrong.add("options."+points.Name(), problem.FieldRequired)
		}
	}
	c.inOrder(&wrong, after, option.MinLenQTitle, option.MaxLenQTitle)
	c.inOrder(&wrong, after, option.MinNumQTags, option.MaxNumQTags)
	if after.Bool(option.EventLoggerToDatabase) && !before.Bool(option.EventLoggerToDatabase) {
		there, err := m.db.HasTable(ctx, "eventlog")
		if err != nil {
			return fmt.Errorf("look for the event log: %w", err)
		}
		if !there {
			wrong.add(c.fieldOf(option.EventLoggerToDatabase), problem.FieldBadValue, "eventlog")
		}
	}
	slices.SortFunc(wrong, func(a, b problem.Field) int { return strings.Compare(a.Name, b.Name) })
	return wrong.err()
}

// inOrder checks that the change does not make the least of something greater than the greatest.
func (c *optionChange) inOrder(wrong *faults, after *Options, least, most option.Key) {
	if after.Int(least) <= after.Int(most) {
		return
	}
	if field := c.fieldOf(least); field != "" {
		wrong.add(field, problem.FieldTooLarge, after.Int(most))
	} else if field := c.fieldOf(most); field != "" {
		wrong.add(field, problem.FieldTooSmall, after.Int(least))
	}
}

// fieldOf returns the field of the request that changes the option, or "".
func (c *optionChange) fieldOf(key option.Key) string {
	for d, field := range c.fields {
		if d.Key == key {
			return field
		}
	}
	return ""
}

// recordOptions adds an entry to the log of changes for each option whose value is different now, and has the
// hotness of questions computed anew if its weights are.
func recordOptions(ctx context.Context, tx *database.DB, before, after *Options) error {
	var entries []audit.Entry
	var weights []events.Event
	for _, d := range option.Definitions() {
		was, is := before.String(d.Key), after.String(d.Key)
		if was == is {
			continue
		}
		entries = append(entries,
			audit.Entry{Kind: audit.Option, Subject: d.Key.Name(), Before: was, After: is})
		if strings.HasPrefix(d.Key.Name(), "hot_weight_") && before.Int(d.Key) != after.Int(d.Key) {
			weights = []events.Event{{Name: EventWeightsChanged, At: tx.Now()}}
		}
	}
	if err := audit.Record(ctx, tx, entries...); err != nil {
		return err
	}
	return events.Append(ctx, tx, weights...)
}
