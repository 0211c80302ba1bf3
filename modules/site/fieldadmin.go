package site

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/kernel/audit"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/formtext"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/site/option"
)

const (
	// maxFieldTitle is the length of the columns with the names and labels of fields, in characters.
	maxFieldTitle = 40
	// maxFields bounds how many fields a site can have, since each profile reads all of them.
	maxFields = 200
)

// codeTooManyFields is the problem of a profile field more than a site can have.
var codeTooManyFields = problem.Define("too_many_fields", http.StatusConflict,
	problem.Text("Too many profile fields", "プロフィール項目が多すぎます"),
	problem.Text("A site can have %d profile fields.", "プロフィール項目は %d 件までです。"))

// fieldChange is what can be sent of a profile field.
type fieldChange struct {
	Label         *string `json:"label,omitempty" maxLength:"400" doc:"What people are shown; at most 40 characters"`
	StandardLabel *bool   `json:"standardLabel,omitempty" doc:"true gives name, location, website or about back the label of the site's language"`
	Kind          *string `json:"kind,omitempty" enum:"line,lines,link" doc:"One line, several, or an address of the web"`
	OnSignUp      *bool   `json:"onSignUp,omitempty" doc:"It is asked for at sign-up"`
	Permit        *string `json:"permit,omitempty" enum:"everybody,users,confirmed,points,points-confirmed,approved,approved-points,experts,editors,moderators,admins,supers" doc:"Who may see it in others' profiles: everybody, users, experts, editors, moderators, admins and, where the site approves users, approved"`
	Position      *int    `json:"position,omitempty" minimum:"1" maximum:"65535" doc:"Those between the old and the new position move by one"`
}

type (
	fieldIDInput struct {
		ID int `path:"id" minimum:"1" maximum:"65535"`
	}
	newFieldInput    struct{ Body fieldChange }
	updateFieldInput struct {
		ID   int `path:"id" minimum:"1" maximum:"65535"`
		Body fieldChange
	}
	fieldDefinitionOutput struct {
		ETag string `header:"ETag"`
		Body fieldDefinition
	}
	createdFieldOutput struct {
		Location string `header:"Location"`
		ETag     string `header:"ETag"`
		Body     fieldDefinition
	}
	fieldDefinitionsOutput struct {
		ETag string `header:"ETag"`
		Body web.List[fieldDefinition]
	}
)

// registerFieldDefinitions adds the operations by which administrators change profile fields to the API.
func (m *Module) registerFieldDefinitions(api huma.API, rules DefinitionRules) {
	op := func(id, method, path, summary, description string, problems ...int) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: "/v1/admin/profile-fields" + path,
			Tags: []string{"Administration"}, Summary: summary, Description: description,
			Errors: append([]int{http.StatusForbidden}, problems...)}
	}
	web.Register(api, op("list-field-definitions", http.MethodGet, "",
		"The fields of profiles, with who may see them", "For administrators."),
		web.Guard(rules.May, m.listFieldDefinitions))
	web.Register(api, op("get-field-definition", http.MethodGet, "/{id}", "A field of profiles",
		"For administrators.", http.StatusNotFound),
		web.Guard(rules.May, func(ctx context.Context, in *fieldIDInput) (*fieldDefinitionOutput, error) {
			return m.fieldDefinition(ctx, in.ID)
		}))
	create := op("create-field", http.MethodPost, "", "Make a field of profiles",
		"Its name follows from the label, as in Q2A. Values that users had in a deleted field of that name come "+
			"back.", http.StatusConflict)
	create.DefaultStatus = http.StatusCreated
	web.Register(api, create, web.Guard(rules.May,
		func(ctx context.Context, in *newFieldInput) (*createdFieldOutput, error) {
			return m.createField(ctx, &in.Body, rules.Words)
		}))
	web.Register(api, op("update-field", http.MethodPatch, "/{id}",
		"Change a field of profiles; only what is sent changes",
		"With the ETag of the field in If-Match, somebody else's change since is not overwritten; with that of "+
			"the list, neither is one of the order.", http.StatusNotFound, http.StatusPreconditionFailed),
		web.Guard(rules.May, m.updateField))
	web.Register(api, op("delete-field", http.MethodDelete, "/{id}", "Delete a field of profiles",
		"What users have written there is not shown any more. As in Q2A it is not deleted.",
		http.StatusNotFound, http.StatusPreconditionFailed),
		web.Guard(rules.May, func(ctx context.Context, in *fieldIDInput) (*struct{}, error) {
			return nil, m.deleteField(ctx, in.ID)
		}))
}

func (m *Module) listFieldDefinitions(ctx context.Context, _ *struct{}) (*fieldDefinitionsOutput, error) {
	list, err := readFields(ctx, m.db)
	if err != nil {
		return nil, err
	}
	out := &fieldDefinitionsOutput{ETag: web.RevisionTag(list.revision())}
	out.Body.Items = []fieldDefinition{}
	for _, r := range list {
		out.Body.Items = append(out.Body.Items, r.shown(ctx))
	}
	return out, nil
}

func (m *Module) fieldDefinition(ctx context.Context, id int) (*fieldDefinitionOutput, error) {
	list, err := readFields(ctx, m.db)
	if err != nil {
		return nil, err
	}
	r := list.find(id)
	if r == nil {
		return nil, problem.NotFound()
	}
	return &fieldDefinitionOutput{web.RevisionTag(r.revision()), r.shown(ctx)}, nil
}

// apply changes the row by what was sent.
func (c *fieldChange) apply(r *fieldRow, o *Options, wrong *faults) {
	if c.Label != nil {
		r.label = sql.NullString{String: formtext.Line(*c.Label), Valid: true}
		switch n := utf8.RuneCountInString(r.label.String); {
		case n == 0:
			wrong.add("label", problem.FieldRequired)
		case n > maxFieldTitle:
			wrong.add("label", problem.FieldTooLong, maxFieldTitle)
		}
	}
	if c.StandardLabel != nil && *c.StandardLabel {
		_, own := standardLabels[r.name]
		switch {
		case c.Label != nil:
			wrong.add("standardLabel", problem.FieldNotCombinable, "label")
		case !own:
			wrong.add("standardLabel", fieldNoDefault)
		}
		r.label = sql.NullString{}
	}
	if c.Kind != nil {
		r.flags = r.flags&fieldOnRegister | map[string]int{"lines": fieldLines, "link": fieldLink}[*c.Kind]
	}
	if c.OnSignUp != nil {
		r.flags &^= fieldOnRegister
		if *c.OnSignUp {
			r.flags |= fieldOnRegister
		}
	}
	if c.Permit != nil {
		r.permit = readers(o, r.permit, *c.Permit, wrong)
	}
}

// readers returns the value of the permission with the name, which has to be one that Q2A offers or the one
// that is stored already.
func readers(o *Options, stored sql.NullInt64, name string, wrong *faults) sql.NullInt64 {
	if stored.Valid && option.PermitName(int(stored.Int64)) == name {
		return stored
	}
	offered := option.Readers(o.Bool(option.ModerateUsers))
	i := slices.IndexFunc(offered, func(c option.Choice) bool { return c.Name == name })
	if i < 0 {
		wrong.add("permit", problem.FieldNotInList, option.Names(offered))
		return stored
	}
	return sql.NullInt64{Int64: int64(option.Int(offered[i].Stored)), Valid: true}
}

// freeName returns the name of a new field: the words of its label with hyphens between them, with a number
// behind it if there is such a field.
func (l fieldRows) freeName(words []string) string {
	name := []rune(strings.Join(words, "-"))
	for number := 1; ; number++ {
		suffix := ""
		if number > 1 {
			suffix = "-" + strconv.Itoa(number)
		}
		free := string(name[:min(len(name), maxFieldTitle-len(suffix))]) + suffix
		if !slices.ContainsFunc(l, func(r *fieldRow) bool { return database.CompareGeneralCI(r.name, free) == 0 }) {
			return free
		}
	}
}

// createField makes a field as Q2A's form does: at the end first, and then moved.
func (m *Module) createField(
	ctx context.Context, in *fieldChange, split func(string) []string,
) (*createdFieldOutput, error) {
	o, err := m.Options(ctx)
	if err != nil {
		return nil, err
	}
	id, err := web.Once(ctx, m.db, func(tx *database.DB) (int, error) {
		p, err := fieldOrder.lock(ctx, tx)
		if err != nil {
			return 0, err
		}
		list, err := readFields(ctx, tx)
		if err != nil {
			return 0, err
		}
		if len(list) >= maxFields {
			return 0, problem.New(codeTooManyFields, maxFields)
		}
		row := &fieldRow{permit: sql.NullInt64{Int64: option.ForAll, Valid: true}}
		var wrong faults
		in.apply(row, o, &wrong)
		if in.Label == nil {
			wrong.add("label", problem.FieldRequired)
		}
		if err := wrong.err(); err != nil {
			return 0, err
		}
		row.name = list.freeName(split(row.label.String))
		last := p.last() + 1
		id, err := tx.Insert(ctx, `INSERT INTO {userfields} (title, content, position, flags, permit)
			VALUES (?, ?, ?, ?, ?)`, row.name, row.label, last, row.flags, row.permit)
		if err != nil {
			return 0, fmt.Errorf("make a profile field: %w", err)
		}
		row.id, p[int(id)], row.position = int(id), last, last
		if in.Position != nil {
			row.position = max(1, min(*in.Position, last))
		}
		if err := fieldOrder.move(ctx, tx, p, row.id, row.position); err != nil {
			return 0, err
		}
		return row.id, audit.Record(ctx, tx, audit.Entry{Kind: audit.Field, Subject: strconv.Itoa(row.id),
			After: row.shown(ctx)})
	})
	if err != nil {
		return nil, err
	}
	out, err := m.fieldDefinition(ctx, id)
	if err != nil {
		return nil, err
	}
	return &createdFieldOutput{"/v1/admin/profile-fields/" + strconv.Itoa(id), out.ETag, out.Body}, nil
}

func (m *Module) updateField(ctx context.Context, in *updateFieldInput) (*fieldDefinitionOutput, error) {
	o, err := m.Options(ctx)
	if err != nil {
		return nil, err
	}
	err = m.db.Tx(ctx, func(tx *database.DB) error {
		p, row, err := lockField(ctx, tx, in.ID)
		if err != nil {
			return err
		}
		before := row.shown(ctx)
		var wrong faults
		in.Body.apply(row, o, &wrong)
		if err := wrong.err(); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, "UPDATE {userfields} SET content = ?, flags = ?, permit = ? WHERE fieldid = ?",
			row.label, row.flags, row.permit, row.id)
		if err != nil {
			return fmt.Errorf("change a profile field: %w", err)
		}
		if in.Body.Position != nil {
			if err := fieldOrder.move(ctx, tx, p, row.id, *in.Body.Position); err != nil {
				return err
			}
			row.position = max(1, min(*in.Body.Position, p.last()))
		}
		return audit.Record(ctx, tx, audit.Entry{Kind: audit.Field, Subject: strconv.Itoa(row.id),
			Before: before, After: row.shown(ctx)})
	})
	if err != nil {
		return nil, err
	}
	return m.fieldDefinition(ctx, in.ID)
}

func (m *Module) deleteField(ctx context.Context, id int) error {
	return m.db.Tx(ctx, func(tx *database.DB) error {
		p, row, err := lockField(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := fieldOrder.remove(ctx, tx, p, id); err != nil {
			return err
		}
		return audit.Record(ctx, tx, audit.Entry{Kind: audit.Field, Subject: strconv.Itoa(id),
			Before: row.shown(ctx)})
	})
}

// RegisterDefinitions adds the operations by which administrators change the site's pages and the fields of
// its profiles to the API.
func (m *Module) RegisterDefinitions(api huma.API, rules DefinitionRules) {
	m.registerPageDefinitions(api, rules)
	m.registerFieldDefinitions(api, rules)
}
