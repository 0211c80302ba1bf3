package auth

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/site/option"
)

// LevelInCategory is a level that a user has in one category.
type LevelInCategory struct {
	CategoryID int    `json:"categoryId" minimum:"1"`
	Level      string `json:"level" enum:"approved,expert,editor,moderator,admin,super"`
}

type levelInput struct {
	Handle string `path:"handle" maxLength:"80" doc:"The user's handle, in any case of letters"`
	Body   struct {
		Level          string            `json:"level" enum:"basic,approved,expert,editor,moderator,admin,super"`
		CategoryLevels []LevelInCategory `json:"categoryLevels,omitempty" maxItems:"100" doc:"Take the place of those that the user has in single categories; those stay where this is not sent"`
	}
}

// setLevel gives a user a level and, if the request contains them, levels in categories.
func (m *Module) setLevel(ctx context.Context, in *levelInput) (*accountOutput, error) {
	return m.administer(ctx, in.Handle, false, func(a *action, t *target) error {
		most, err := assignable(a.Options, a.Caller, *t)
		if err != nil {
			return err
		}
		level, _ := LevelByName(in.Body.Level)
		if level > most && level != t.level {
			return problem.New(CodePermissionLevel)
		}
		if err := a.changeLevel(t, level); err != nil {
			return err
		}
		if in.Body.CategoryLevels == nil {
			return nil
		}
		return a.setCategoryLevels(t.id, in.Body.CategoryLevels, most)
	})
}

// changeLevel gives the target a level. The caller has checked that it may be given.
func (a *action) changeLevel(t *target, level int) error {
	if level == t.level {
		return nil
	}
	old := t.level
	t.level = level
	if err := set(a.Ctx, a.Tx, t.id, "level = ?", level); err != nil {
		return err
	}
	a.Report("u_level", "userid", t.id, "handle", t.handle, "level", level, "oldlevel", old)
	if err := a.Wrote(); err != nil {
		return err
	}
	if (old < LevelApproved) != (level < LevelApproved) {
		return a.countUnapproved()
	}
	return nil
}

// setCategoryLevels replaces the levels that a user has in categories. most is the highest level that
// may be given.
func (a *action) setCategoryLevels(userID int, levels []LevelInCategory, most int) error {
	var rows []string
	var args []any
	var wrong faults
	seen := map[int]bool{}
	for i, l := range levels {
		level, _ := LevelByName(l.Level)
		if level > most {
			return problem.New(CodePermissionLevel)
		}
		var known int
		if _, err := a.Tx.Get(a.Ctx, []any{&known},
			"SELECT COUNT(*) FROM {categories} WHERE categoryid = ?", l.CategoryID); err != nil {
			return fmt.Errorf("look for a category: %w", err)
		}
		switch name := fmt.Sprintf("categoryLevels[%d].categoryId", i); {
		case known == 0:
			wrong.add(name, problem.FieldNoCategory, nil)
		case seen[l.CategoryID]:
			wrong.add(name, problem.FieldDuplicate, nil)
		}
		seen[l.CategoryID] = true
		rows, args = append(rows, "(?, 'C', ?, ?)"), append(args, userID, l.CategoryID, level)
	}
	if err := wrong.problem(); err != nil {
		return err
	}
	if _, err := a.Tx.Exec(a.Ctx, "DELETE FROM {userlevels} WHERE userid = ?", userID); err != nil {
		return fmt.Errorf("set levels in categories: %w", err)
	}
	if len(rows) == 0 {
		return nil
	}
	if _, err := a.Tx.Exec(a.Ctx,
		"INSERT INTO {userlevels} (userid, entitytype, entityid, level) VALUES "+
			strings.Join(rows, ", "), args...); err != nil {
		return fmt.Errorf("set levels in categories: %w", err)
	}
	return nil
}

// dropLevel makes a user a basic one, in all categories as well.
func (m *Module) dropLevel(ctx context.Context, in *handleInput) (*accountOutput, error) {
	level := &levelInput{Handle: in.Handle}
	level.Body.Level, level.Body.CategoryLevels = LevelName(LevelBasic), []LevelInCategory{}
	return m.setLevel(ctx, level)
}

// approve approves a user who waits for approval, if the site approves users.
func (m *Module) approve(ctx context.Context, in *handleInput) (*accountOutput, error) {
	return m.administer(ctx, in.Handle, false, (*action).approve)
}

func (a *action) approve(t *target) error {
	most, err := assignable(a.Options, a.Caller, *t)
	switch {
	case err != nil:
		return err
	case !a.Options.Bool(option.ModerateUsers):
		return problem.New(problem.CodeFeatureOff)
	case most < LevelApproved:
		return problem.New(CodePermissionLevel)
	case t.flags&FlagBlocked != 0:
		return problem.New(codeTargetBlocked)
	case t.level >= LevelApproved:
		return nil
	}
	return a.changeLevel(t, LevelApproved)
}

// disapprove withdraws a user's approval. Users of levels above approved are refused.
func (m *Module) disapprove(ctx context.Context, in *handleInput) (*accountOutput, error) {
	return m.administer(ctx, in.Handle, false, func(a *action, t *target) error {
		switch _, err := assignable(a.Options, a.Caller, *t); {
		case err != nil:
			return err
		case t.level > LevelApproved:
			return problem.New(CodePermissionLevel)
		}
		return a.changeLevel(t, LevelBasic)
	})
}

// categoryLevels returns the levels that a user has in single categories, by category id.
func categoryLevels(ctx context.Context, db *database.DB, userID int) (map[int]int, error) {
	levels := map[int]int{}
	err := db.Select(ctx, func(rows *sql.Rows) error {
		var category, level int
		if err := rows.Scan(&category, &level); err != nil {
			return err
		}
		levels[category] = level
		return nil
	}, "SELECT entityid, COALESCE(level, 0) FROM {userlevels} WHERE userid = ? AND entitytype = 'C'",
		userID)
	if err != nil {
		return nil, fmt.Errorf("read levels in categories: %w", err)
	}
	return levels, nil
}

// countUnapproved updates the site's count of users who wait for approval, as Q2A does when levels
// and blocks change.
func (a *action) countUnapproved() error {
	return site.SetCount(a.Ctx, a.Tx, option.CacheUapprovecount,
		"SELECT COUNT(*) AS n FROM {users} WHERE level < ? AND flags & ? = 0", LevelApproved, FlagBlocked)
}
