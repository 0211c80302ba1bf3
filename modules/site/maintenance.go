package site

import (
	"context"
	"net/http"

	"38qa.net/backend/modules/kernel/audit"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/site/option"
)

// CodeMaintenance is the code of the problem that all but administrators get while the site is closed.
var CodeMaintenance = problem.Define("maintenance", http.StatusServiceUnavailable,
	problem.Text("Closed for maintenance", "メンテナンス中"),
	problem.Text("The site is closed for maintenance; please come back soon.",
		"ただいまメンテナンス中です。しばらくしてからもう一度お越しください。"))

// retryMaintenance is after how many seconds clients may look again whether the site is open.
const retryMaintenance = 60

// ClosedProblem returns the problem of a site that is closed for maintenance, or nil if it is open.
func (m *Module) ClosedProblem(ctx context.Context) (*problem.Error, error) {
	o, err := m.Options(ctx)
	if err != nil || !o.Bool(option.SiteMaintenance) {
		return nil, err
	}
	p := problem.New(CodeMaintenance)
	p.RetryAfter = retryMaintenance
	return p, nil
}

// SetMaintenance closes the site to all but administrators, or opens it. It reports whether it was otherwise
// before. Other processes obey it within a second.
func (m *Module) SetMaintenance(ctx context.Context, on bool) (changed bool, err error) {
	value := "0"
	if on {
		value = "1"
	}
	err = m.db.Tx(ctx, func(tx *database.DB) error {
		before, err := lockedOptions(ctx, tx)
		if err != nil {
			return err
		}
		if changed = before.Bool(option.SiteMaintenance) != on; !changed {
			return nil
		}
		if err := Set(ctx, tx, map[option.Key]string{option.SiteMaintenance: value}); err != nil {
			return err
		}
		return audit.Record(ctx, tx, audit.Entry{Kind: audit.Option, Subject: option.SiteMaintenance.Name(),
			Before: before.String(option.SiteMaintenance), After: value})
	})
	m.Forget()
	return changed, err
}
