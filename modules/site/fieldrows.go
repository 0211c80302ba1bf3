package site

import (
	"context"
	"database/sql"
	"fmt"
	"hash/fnv"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/site/option"
)

// The flags of profile fields, as Q2A stores them.
const (
	fieldLines      = 1 // several lines
	fieldLink       = 2 // an address of the web
	fieldOnRegister = 4 // asked for at sign-up
)

// fieldOrder is the order of profile fields.
var fieldOrder = ordered{"{userfields}", "fieldid"}

// standardLabels are the labels of Q2A's own fields, which it takes from its language files as long as nobody
// gives them another one.
var standardLabels = map[string]problem.Texts{
	"name":     problem.Text("Full name", "名前"),
	"location": problem.Text("Location", "場所"),
	"website":  problem.Text("Website", "ウェブサイト"),
	"about":    problem.Text("About", "自己紹介"),
}

// fieldRow is a row of the table of profile fields.
type fieldRow struct {
	id, position, flags int
	// name is what Q2A calls the title: the key of the values in profiles, which never changes.
	name string
	// label is what Q2A calls the content. It is NULL for a field of Q2A's own with its standard label.
	label sql.NullString
	// permit is NULL for everybody in tables that are older than the column.
	permit sql.NullInt64
}

// revision returns a text that changes with every change of the row itself. It does not with the position,
// which changes when other fields move.
func (r *fieldRow) revision() string {
	h := fnv.New64a()
	fmt.Fprintf(h, "%d %q %v %d %v", r.id, r.name, r.label, r.flags, r.permit)
	return fmt.Sprintf("field-%x", h.Sum64())
}

// fieldRows are all rows of the table, in their order.
type fieldRows []*fieldRow

// revision returns a text that changes with every change of any field and of their order.
func (l fieldRows) revision() string {
	h := fnv.New64a()
	for _, r := range l {
		fmt.Fprintln(h, r.position, r.revision())
	}
	return fmt.Sprintf("fields-%x", h.Sum64())
}

// find returns the row with the id, or nil if there is none.
func (l fieldRows) find(id int) *fieldRow {
	for _, r := range l {
		if r.id == id {
			return r
		}
	}
	return nil
}

// readFields returns all profile fields.
func readFields(ctx context.Context, db *database.DB) (fieldRows, error) {
	var list fieldRows
	err := db.Select(ctx, func(rows *sql.Rows) error {
		r := &fieldRow{}
		list = append(list, r)
		return rows.Scan(&r.id, &r.name, &r.label, &r.position, &r.flags, &r.permit)
	}, "SELECT fieldid, title, content, position, flags, permit + 0 FROM {userfields} ORDER BY position, fieldid")
	if err != nil {
		return nil, fmt.Errorf("read profile fields: %w", err)
	}
	return list, nil
}

// lockField keeps others from changing any field before the transaction ends. It returns the places of all, and
// the field with the id, if the client may change it by If-Match: the ETag of the field, or of the list.
func lockField(ctx context.Context, tx *database.DB, id int) (positions, *fieldRow, error) {
	p, err := fieldOrder.lock(ctx, tx)
	if err != nil {
		return nil, nil, err
	}
	list, err := readFields(ctx, tx)
	if err != nil {
		return nil, nil, err
	}
	r := list.find(id)
	if r == nil {
		return nil, nil, problem.NotFound()
	}
	if web.CheckMatch(ctx, list.revision()) == nil {
		return p, r, nil
	}
	return p, r, web.CheckMatch(ctx, r.revision())
}

// FormField is a field of profiles, for a client's forms.
type FormField struct {
	Name     string `json:"name" doc:"Under which values are sent and shown; it never changes"`
	Label    string `json:"label" doc:"What people are shown; of Q2A's own fields without another label, that in the language of the request"`
	Kind     string `json:"kind" enum:"line,lines,link" doc:"One line, several, or an address of the web"`
	OnSignUp bool   `json:"onSignUp" doc:"It is asked for at sign-up"`
}

// fieldDefinition is a profile field as administrators see it.
type fieldDefinition struct {
	ID int `json:"id"`
	FormField
	StandardLabel bool   `json:"standardLabel" doc:"The label is that of the language: nobody has given the field another one"`
	Permit        string `json:"permit" enum:"everybody,users,confirmed,points,points-confirmed,approved,approved-points,experts,editors,moderators,admins,supers" doc:"Who may see it in others' profiles"`
	Position      int    `json:"position" doc:"1 is the first"`
}

// field returns the row as everybody sees it, in the language of the request.
func (r *fieldRow) field(ctx context.Context) FormField {
	f := FormField{Name: r.name, Label: r.label.String, Kind: "line", OnSignUp: r.flags&fieldOnRegister != 0}
	if !r.label.Valid {
		f.Label = standardLabels[r.name].In(web.ClientOf(ctx).Language)
	}
	switch {
	case r.flags&fieldLink != 0:
		f.Kind = "link"
	case r.flags&fieldLines != 0:
		f.Kind = "lines"
	}
	return f
}

// shown returns the row as administrators see it.
func (r *fieldRow) shown(ctx context.Context) fieldDefinition {
	d := fieldDefinition{ID: r.id, FormField: r.field(ctx), StandardLabel: !r.label.Valid,
		Permit: option.PermitName(option.ForAll), Position: r.position}
	if r.permit.Valid {
		d.Permit = option.PermitName(int(r.permit.Int64))
	}
	return d
}

// ProfileFields returns the site's profile fields, in their order.
func (m *Module) ProfileFields(ctx context.Context) ([]FormField, error) {
	list, err := readFields(ctx, m.db)
	fields := make([]FormField, len(list))
	for i, r := range list {
		fields[i] = r.field(ctx)
	}
	return fields, err
}
