package ranking

import (
	"context"
	"fmt"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/audit"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/site/option"
)

// ListenToAccounts gives each new account its row of points, counts the points of an account anew into which
// another was merged, and deletes the points and badges of
// each account that is deleted.
func (m *Module) ListenToAccounts(accounts *auth.Module) {
	accounts.Listen(func(ctx context.Context, tx *database.DB, c auth.AccountChange) error {
		if c.Kind == auth.Registered {
			return m.Recompute(ctx, tx, c.Options, map[int]Columns{c.UserID: 0})
		}
		if c.Kind == auth.Merged {
			return m.Recompute(ctx, tx, c.Options, map[int]Columns{c.UserID: AllColumns})
		}
		if c.Kind != auth.Deleting {
			return nil
		}
		for _, table := range []string{"{ysb_badges}", "{ysb_badge_ranking}"} {
			if _, err := tx.Exec(ctx, "DELETE FROM "+table+" WHERE userid = ?", c.UserID); err != nil {
				return fmt.Errorf("delete a user's badges: %w", err)
			}
		}
		gone, err := tx.Exec(ctx, "DELETE FROM {userpoints} WHERE userid = ?", c.UserID)
		if err != nil {
			return fmt.Errorf("delete a user's points: %w", err)
		}
		return site.AddCounts(ctx, tx, map[option.Key]int{option.CacheUserpointscount: -int(gone)})
	})
}

type bonusInput struct {
	Handle string `path:"handle" maxLength:"80" doc:"The user's handle, in any case of letters"`
	Body   struct {
		Bonus int `json:"bonus" minimum:"-1000000" maximum:"1000000" doc:"Takes the place of the user's present bonus"`
	}
}

type handleInput struct {
	Handle string `path:"handle" maxLength:"80" doc:"The user's handle, in any case of letters"`
}

type bonusOutput struct {
	Body struct {
		Bonus  int `json:"bonus"`
		Points int `json:"points" doc:"With the bonus"`
	}
}

// Register adds the module's operations to the API.
func (m *Module) Register(api huma.API) {
	m.registerRankings(api)
	m.registerWeights(api)
	m.registerBadges(api)
	m.registerTitles(api)
	op := func(id, method, summary string) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: "/v1/users/{handle}/bonus-points",
			Summary: summary, Tags: []string{"Administration"},
			Errors: []int{http.StatusForbidden, http.StatusNotFound}}
	}
	web.Register(api, op("set-bonus-points", http.MethodPut, "Give a user points beside those that were earned"),
		auth.ForAdmins(func(ctx context.Context, in *bonusInput) (*bonusOutput, error) {
			return m.setBonus(ctx, in.Handle, in.Body.Bonus)
		}))
	web.Register(api, op("remove-bonus-points", http.MethodDelete, "Take a user's bonus back"),
		auth.ForAdmins(func(ctx context.Context, in *handleInput) (*bonusOutput, error) {
			return m.setBonus(ctx, in.Handle, 0)
		}))
}

// setBonus sets a user's bonus. As in Q2A, nothing but the points changes, and every administrator
// may set the bonus of every user.
func (m *Module) setBonus(ctx context.Context, handle string, bonus int) (*bonusOutput, error) {
	account, err := m.auth.AccountByHandle(ctx, handle)
	if err != nil {
		return nil, err
	}
	o, err := m.site.Options(ctx)
	if err != nil {
		return nil, err
	}
	out := &bonusOutput{}
	err = m.db.Tx(ctx, func(tx *database.DB) error {
		// This inserts the user's row if there is none.
		if err := m.Recompute(ctx, tx, o, map[int]Columns{account.ID: 0}); err != nil {
			return err
		}
		rows, err := lock(ctx, tx, []int{account.ID})
		if err != nil {
			return err
		}
		f := rows[account.ID]
		before := f.Bonus
		f.Bonus = bonus
		f.Points = f.points(o)
		if _, err := tx.Exec(ctx, "UPDATE {userpoints} SET bonus = ?, points = ? WHERE userid = ?",
			f.Bonus, f.Points, account.ID); err != nil {
			return fmt.Errorf("set a bonus: %w", err)
		}
		out.Body.Bonus, out.Body.Points = f.Bonus, f.Points
		if before == bonus {
			return nil
		}
		return audit.Record(ctx, tx, audit.Entry{Kind: audit.User, Subject: strconv.Itoa(account.ID),
			Before: map[string]int{"bonus": before}, After: map[string]int{"bonus": bonus}})
	})
	return out, err
}
