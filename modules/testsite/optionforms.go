package testsite

import (
	"strings"

	"38qa.net/backend/modules/site/option"
)

// optionCalls returns the API request for a recorded action on one of the old site's pages of options, or nil. A
// page saves all of its options. Browsers do not send boxes that are not ticked.
func (tr *Transition) optionCalls() []Call {
	page, onPage := strings.CutPrefix(tr.Action.Request.Path, "/admin/")
	if !onPage || tr.Field("dosaveoptions") == "" {
		return nil
	}
	values := map[string]any{}
	for _, d := range option.Definitions() {
		name := d.Key.Name()
		switch {
		case tr.hasField("option_" + name):
			values[name] = d.Value(tr.Field("option_" + name))
		case d.Group == option.Group(page) && d.Kind == option.Boolean:
			values[name] = false
		}
	}
	if len(values) == 0 {
		return nil
	}
	return []Call{{"PATCH", "/v1/admin/options", map[string]any{"options": values}}}
}
