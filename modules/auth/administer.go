package auth

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/site"
)

// target is an account that somebody wants to administer.
type target struct {
	user
	// maxLevel is the highest of the general level and those in categories.
	maxLevel int
}

// assignable is the highest level that the caller may give the target, by Q2A's rules: nobody changes their own account so, or that of
// somebody as high as themselves, but super administrators; moderators make experts, administrators make moderators; the blocked
// become no more than editors.
func assignable(o *site.Options, c Caller, t target) (level int, err error) {
	switch {
	case c.Anonymous():
		return 0, problem.New("login_required")
	case c.UserID == t.id:
		return 0, problem.New("own_account")
	case c.Level < LevelModerator || c.Level < LevelSuper && c.Level <= t.maxLevel:
		return 0, problem.New("permission_level")
	}
	if refusal := Refusal(o, c, "", c.Level); refusal != nil {
		return 0, refusal
	}
	switch {
	case c.Level >= LevelSuper:
		level = LevelSuper
	case c.Level >= LevelAdmin:
		level = LevelModerator
	default:
		level = LevelExpert
	}
	if t.flags&FlagBlocked != 0 {
		level = min(level, LevelEditor)
	}
	return level, nil
}

// mayBlock refuses to block, unblock, hide the posts of or delete those who moderate, and whom the caller may not administer.
func mayBlock(o *site.Options, c Caller, t target) error {
	if _, err := assignable(o, c, t); err != nil {
		return err
	}
	if t.maxLevel >= LevelModerator {
		return problem.New("permission_level")
	}
	return nil
}

// mayEdit refuses to edit or delete the account to those who are no administrators above it.
func mayEdit(o *site.Options, c Caller, t target) error {
	if _, err := assignable(o, c, t); err != nil {
		return err
	}
	if c.Level < LevelAdmin {
		return problem.New("permission_level")
	}
	return nil
}

// administer runs a use case on the account with the handle, and answers with what it became.
func (m *Module) administer(ctx context.Context, handle string, names bool, use func(a *action, t *target) error) (*accountOutput, error) {
	found, err := m.AccountByHandle(ctx, handle)
	if err != nil {
		return nil, err
	}
	out := &accountOutput{}
	err = m.transact(ctx, func(a *action) error {
		if names {
			if err := a.lockNames(); err != nil {
				return err
			}
		}
		u, err := lockUser(ctx, a.tx, found.ID)
		if err != nil {
			return err
		}
		t := &target{u, u.level}
		levels, err := categoryLevels(ctx, a.tx, u.id)
		if err != nil {
			return err
		}
		for _, l := range levels {
			t.maxLevel = max(t.maxLevel, l)
		}
		if err := use(a, t); err != nil {
			return err
		}
		if levels, err = categoryLevels(ctx, a.tx, u.id); err != nil {
			return err
		}
		out.Body = accountState(t.user, levels)
		return nil
	})
	return out, err
}

// AccountState is what administrators set of an account.
type AccountState struct {
	ID             int               `json:"id"`
	Handle         string            `json:"handle"`
	Level          string            `json:"level" enum:"basic,approved,expert,editor,moderator,admin,super"`
	CategoryLevels []LevelInCategory `json:"categoryLevels" doc:"Higher levels in single categories"`
	Blocked        bool              `json:"blocked"`
	EmailConfirmed bool              `json:"emailConfirmed"`
}

// LevelInCategory is a level that counts for one category.
type LevelInCategory struct {
	CategoryID int    `json:"categoryId" minimum:"1"`
	Level      string `json:"level" enum:"approved,expert,editor,moderator,admin,super"`
}

type accountOutput struct{ Body AccountState }

func accountState(u user, levels map[int]int) AccountState {
	s := AccountState{ID: u.id, Handle: u.handle, Level: LevelName(u.level), CategoryLevels: []LevelInCategory{}, Blocked: u.flags&FlagBlocked != 0,
		EmailConfirmed: u.flags&FlagEmailConfirmed != 0}
	for _, id := range slices.Sorted(maps.Keys(levels)) {
		if levels[id] > LevelBasic {
			s.CategoryLevels = append(s.CategoryLevels, LevelInCategory{id, LevelName(levels[id])})
		}
	}
	return s
}

type handleInput struct {
	Handle string `path:"handle" maxLength:"80" doc:"The user's handle, in any case of letters"`
}

type levelInput struct {
	Handle string `path:"handle" maxLength:"80" doc:"The user's handle, in any case of letters"`
	Body   struct {
		Level          string            `json:"level" enum:"basic,approved,expert,editor,moderator,admin,super"`
		CategoryLevels []LevelInCategory `json:"categoryLevels,omitempty" maxItems:"100" doc:"Take the place of those that the user has in single categories; those stay where this is not sent"`
	}
}

// setLevel gives a user a level, and levels in categories.
func (m *Module) setLevel(ctx context.Context, in *levelInput) (*accountOutput, error) {
	return m.administer(ctx, in.Handle, false, func(a *action, t *target) error {
		most, err := assignable(a.o, a.caller, *t)
		if err != nil {
			return err
		}
		level, _ := LevelByName(in.Body.Level)
		if level > most && level != t.level {
			return problem.New("permission_level")
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

// changeLevel gives a level, which the caller may.
func (a *action) changeLevel(t *target, level int) error {
	if level == t.level {
		return nil
	}
	old := t.level
	t.level = level
	if err := set(a.ctx, a.tx, t.id, "level = ?", level); err != nil {
		return err
	}
	a.report("u_level", "userid", t.id, "handle", t.handle, "level", level, "oldlevel", old)
	if err := a.wrote(); err != nil {
		return err
	}
	if (old < LevelApproved) != (level < LevelApproved) {
		return a.countUnapproved()
	}
	return nil
}

// setCategoryLevels puts levels in categories in the place of those before.
func (a *action) setCategoryLevels(userID int, levels []LevelInCategory, most int) error {
	var rows []string
	var args []any
	var wrong faults
	seen := map[int]bool{}
	for i, l := range levels {
		level, _ := LevelByName(l.Level)
		if level > most {
			return problem.New("permission_level")
		}
		var known int
		if _, err := a.tx.Get(a.ctx, []any{&known}, "SELECT COUNT(*) FROM {categories} WHERE categoryid = ?", l.CategoryID); err != nil {
			return fmt.Errorf("look for a category: %w", err)
		}
		switch name := fmt.Sprintf("categoryLevels[%d].categoryId", i); {
		case known == 0:
			wrong.add(name, "no_category", nil)
		case seen[l.CategoryID]:
			wrong.add(name, "duplicate", nil)
		}
		seen[l.CategoryID] = true
		rows, args = append(rows, "(?, 'C', ?, ?)"), append(args, userID, l.CategoryID, level)
	}
	if err := wrong.problem(); err != nil {
		return err
	}
	if _, err := a.tx.Exec(a.ctx, "DELETE FROM {userlevels} WHERE userid = ?", userID); err != nil {
		return fmt.Errorf("set levels in categories: %w", err)
	}
	if len(rows) == 0 {
		return nil
	}
	if _, err := a.tx.Exec(a.ctx, "INSERT INTO {userlevels} (userid, entitytype, entityid, level) VALUES "+strings.Join(rows, ", "), args...); err != nil {
		return fmt.Errorf("set levels in categories: %w", err)
	}
	return nil
}

// dropLevel makes a user a basic one, also in all categories.
func (m *Module) dropLevel(ctx context.Context, in *handleInput) (*accountOutput, error) {
	level := &levelInput{Handle: in.Handle}
	level.Body.Level, level.Body.CategoryLevels = LevelName(LevelBasic), []LevelInCategory{}
	return m.setLevel(ctx, level)
}

// approve approves a user who waits for it, where the site approves users.
func (m *Module) approve(ctx context.Context, in *handleInput) (*accountOutput, error) {
	return m.administer(ctx, in.Handle, false, func(a *action, t *target) error {
		most, err := assignable(a.o, a.caller, *t)
		switch {
		case err != nil:
			return err
		case !a.o.Bool("moderate_users"):
			return problem.New("feature_off")
		case most < LevelApproved:
			return problem.New("permission_level")
		case t.flags&FlagBlocked != 0:
			return problem.New("target_blocked")
		case t.level >= LevelApproved:
			return nil
		}
		return a.changeLevel(t, LevelApproved)
	})
}

// disapprove takes an approval back. Higher levels are no approvals.
func (m *Module) disapprove(ctx context.Context, in *handleInput) (*accountOutput, error) {
	return m.administer(ctx, in.Handle, false, func(a *action, t *target) error {
		switch _, err := assignable(a.o, a.caller, *t); {
		case err != nil:
			return err
		case t.level > LevelApproved:
			return problem.New("permission_level")
		}
		return a.changeLevel(t, LevelBasic)
	})
}

// setBlocked blocks a user or lets them write again.
func (m *Module) setBlocked(ctx context.Context, handle string, blocked bool) (*accountOutput, error) {
	return m.administer(ctx, handle, false, func(a *action, t *target) error {
		if err := mayBlock(a.o, a.caller, *t); err != nil {
			return err
		}
		if blocked == (t.flags&FlagBlocked != 0) {
			return nil
		}
		t.flags ^= FlagBlocked
		if err := set(a.ctx, a.tx, t.id, "flags = ?", t.flags); err != nil {
			return err
		}
		a.report(map[bool]string{true: "u_block", false: "u_unblock"}[blocked], "userid", t.id, "handle", t.handle)
		if err := a.wrote(); err != nil {
			return err
		}
		return a.countUnapproved()
	})
}

type editUserInput struct {
	Handle string `path:"handle" maxLength:"80" doc:"The user's handle, in any case of letters"`
	Body   struct {
		Email        *string           `json:"email,omitempty" maxLength:"200" doc:"Is not confirmed then"`
		Fields       map[string]string `json:"fields,omitempty" doc:"Values of profile fields, by name; those that are not sent stay"`
		RemoveAvatar bool              `json:"removeAvatar,omitempty" doc:"Moderators may do this too"`
	}
}

// editUser changes somebody else's account.
func (m *Module) editUser(ctx context.Context, in *editUserInput) (*accountOutput, error) {
	return m.administer(ctx, in.Handle, in.Body.Email != nil, func(a *action, t *target) error {
		if _, err := assignable(a.o, a.caller, *t); err != nil {
			return err
		}
		if err := a.checkMatch(t.user); err != nil {
			return err
		}
		if in.Body.RemoveAvatar {
			if err := a.removeAvatar(t); err != nil {
				return err
			}
		}
		if in.Body.Email == nil && in.Body.Fields == nil {
			return nil
		}
		if err := mayEdit(a.o, a.caller, *t); err != nil {
			return err
		}
		return a.editProfile(t, in.Body.Email, in.Body.Fields)
	})
}

func (a *action) editProfile(t *target, email *string, values map[string]string) error {
	wrong, err := a.changeNames(&t.user, nil, email)
	if err != nil {
		return err
	}
	fields, err := a.profileFields()
	if err != nil {
		return err
	}
	checkFields(&wrong, fields, values)
	if err := wrong.problem(); err != nil {
		return err
	}
	if err := set(a.ctx, a.tx, t.id, "email = ?, flags = ?", t.email, t.flags); err != nil {
		return err
	}
	if err := a.writeFields(t.id, fields, values); err != nil {
		return err
	}
	a.report("u_edit", "userid", t.id, "handle", t.handle)
	return a.wrote()
}

// removeAvatar takes a user's picture away for good.
func (a *action) removeAvatar(t *target) error {
	t.flags &^= FlagShowAvatar | FlagShowGravatar
	if err := set(a.ctx, a.tx, t.id, "flags = ?, avatarblobid = NULL, avatarwidth = NULL, avatarheight = NULL", t.flags); err != nil {
		return err
	}
	if t.avatarBlob == "" {
		return nil
	}
	blob := t.avatarBlob
	t.avatarBlob = ""
	return a.m.settings.DropImage(a.ctx, a.tx, blob)
}

// deleteUser deletes somebody else's account; the posts stay, without an author.
func (m *Module) deleteUser(ctx context.Context, in *handleInput) (*noContent, error) {
	_, err := m.administer(ctx, in.Handle, false, func(a *action, t *target) error {
		if err := mayBlock(a.o, a.caller, *t); err != nil {
			return err
		}
		if err := mayEdit(a.o, a.caller, *t); err != nil {
			return err
		}
		if err := a.delete(t.user); err != nil {
			return err
		}
		return a.wrote()
	})
	return &noContent{http.StatusNoContent}, err
}

// delete deletes an account with what belongs to it. Listeners bring in order first what other modules derive from it.
func (a *action) delete(u user) error {
	a.report("u_delete_before", "userid", u.id, "handle", u.handle)
	if err := a.tell(Deleting, u.id); err != nil {
		return err
	}
	if u.avatarBlob != "" {
		if err := a.m.settings.DropImage(a.ctx, a.tx, u.avatarBlob); err != nil {
			return err
		}
	}
	counts := map[string]int{}
	if u.level < LevelApproved && u.flags&FlagBlocked == 0 {
		counts["cache_uapprovecount"] = -1
	}
	for _, query := range []string{
		"DELETE FROM {q2ab_sessions} WHERE userid = ?", "DELETE FROM {q2ab_people} WHERE userid = ?",
		"DELETE FROM {q2ab_migrated} WHERE userid = ?", "DELETE FROM {users} WHERE userid = ?", // the rest goes with the row
	} {
		if _, err := a.tx.Exec(a.ctx, query, u.id); err != nil {
			return fmt.Errorf("delete an account: %w", err)
		}
	}
	a.report("u_delete", "userid", u.id, "handle", u.handle)
	return site.AddCounts(a.ctx, a.tx, counts)
}

// sendReset sends a user a code to choose a new password with.
func (m *Module) sendReset(ctx context.Context, in *handleInput) (*noContent, error) {
	_, err := m.administer(ctx, in.Handle, false, func(a *action, t *target) error {
		if err := mayEdit(a.o, a.caller, *t); err != nil {
			return err
		}
		return a.newCode(t.user, eventResetCode)
	})
	return &noContent{http.StatusAccepted}, err
}

// MayHidePosts refuses to hide all posts of a user to those who may not; it is called within the transaction-less check of the
// Q&A module, which hides them.
func (m *Module) MayHidePosts(ctx context.Context, handle string) (userID int, err error) {
	o, err := m.site.Options(ctx)
	if err != nil {
		return 0, err
	}
	account, err := m.AccountByHandle(ctx, handle)
	if err != nil {
		return 0, err
	}
	levels, err := m.CategoryLevels(ctx, account.ID)
	if err != nil {
		return 0, err
	}
	t := target{user{id: account.ID, level: account.Level, flags: account.Flags}, account.Level}
	for _, l := range levels {
		t.maxLevel = max(t.maxLevel, l)
	}
	c := CallerOf(ctx)
	if err := mayBlock(o, c, t); err != nil {
		return 0, err
	}
	if refusal := Refusal(o, c, "permit_hide_show", c.Level); refusal != nil {
		return 0, refusal
	}
	return account.ID, nil
}

// categoryLevels are the levels that a user has in single categories, by category id.
func categoryLevels(ctx context.Context, db *database.DB, userID int) (map[int]int, error) {
	levels := map[int]int{}
	err := db.Select(ctx, func(rows *sql.Rows) error {
		var category, level int
		if err := rows.Scan(&category, &level); err != nil {
			return err
		}
		levels[category] = level
		return nil
	}, "SELECT entityid, COALESCE(level, 0) FROM {userlevels} WHERE userid = ? AND entitytype = 'C'", userID)
	if err != nil {
		return nil, fmt.Errorf("read levels in categories: %w", err)
	}
	return levels, nil
}
