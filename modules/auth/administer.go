package auth

import (
	"context"
	"maps"
	"reflect"
	"slices"
	"strconv"

	"38qa.net/backend/modules/kernel/audit"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/site/option"
)

// target is the account that the caller wants to administer.
type target struct {
	user
	// maxLevel is the highest of the user's general level and the levels in single categories.
	maxLevel int
}

func targetOf(u user, levels map[int]int) target {
	t := target{u, u.level}
	for _, l := range levels {
		t.maxLevel = max(t.maxLevel, l)
	}
	return t
}

// assignable returns the highest level that the caller may give the target, or an error if the caller
// may not administer the target at all. The rules are those of Q2A:
//   - Only moderators and above administer accounts, and nobody administers their own.
//   - Only super administrators administer somebody whose level is as high as their own.
//   - Moderators may give levels up to expert, administrators up to moderator, super administrators
//     any.
//   - A blocked user gets no level above editor.
func assignable(o *site.Options, c Caller, t target) (level int, err error) {
	switch {
	case c.Anonymous():
		return 0, problem.New(CodeLoginRequired)
	case c.UserID == t.id:
		return 0, problem.New(CodeOwnAccount)
	case c.Level < LevelModerator || c.Level < LevelSuper && c.Level <= t.maxLevel:
		return 0, problem.New(CodePermissionLevel)
	}
	if refusal := Refusal(o, c, option.None, c.Level); refusal != nil {
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

// mayBlock refuses to block, unblock or delete the target, or to hide the target's posts, if the
// target is a moderator or above, or if the caller may not administer the target.
func mayBlock(o *site.Options, c Caller, t target) error {
	if _, err := assignable(o, c, t); err != nil {
		return err
	}
	if t.maxLevel >= LevelModerator {
		return problem.New(CodePermissionLevel)
	}
	return nil
}

// mayEdit refuses to edit or delete the target unless the caller is an administrator who may
// administer the target.
func mayEdit(o *site.Options, c Caller, t target) error {
	if _, err := assignable(o, c, t); err != nil {
		return err
	}
	if c.Level < LevelAdmin {
		return problem.New(CodePermissionLevel)
	}
	return nil
}

// mayDelete refuses to delete, merge or anonymise the target to callers who may not both block and edit it.
func mayDelete(o *site.Options, c Caller, t target) error {
	if err := mayBlock(o, c, t); err != nil {
		return err
	}
	return mayEdit(o, c, t)
}

// administer runs a use case on the account with the handle, and returns the account's new state.
// names reports whether the use case changes handles or addresses, which then are locked.
func (m *Module) administer(
	ctx context.Context, handle string, names bool, use func(a *action, t *target) error,
) (*accountOutput, error) {
	found, err := m.AccountByHandle(ctx, handle)
	if err != nil {
		return nil, err
	}
	return m.administerUser(ctx, found.ID, names, use)
}

// administerUser is like administer, for the account with the id.
func (m *Module) administerUser(
	ctx context.Context, id int, names bool, use func(a *action, t *target) error,
) (*accountOutput, error) {
	out := &accountOutput{}
	err := m.transact(ctx, func(a *action) error {
		if names {
			if err := a.lockNames(); err != nil {
				return err
			}
		}
		var err error
		out.Body, err = a.administer(id, use)
		return err
	})
	return out, err
}

// administer runs a use case on the account with the id, keeps what it changed in the log of changes, and
// returns the account's new state.
func (a *action) administer(userID int, use func(a *action, t *target) error) (AccountState, error) {
	u, err := lockUser(a.Ctx, a.Tx, userID)
	if err != nil {
		return AccountState{}, err
	}
	levels, err := categoryLevels(a.Ctx, a.Tx, u.id)
	if err != nil {
		return AccountState{}, err
	}
	t := targetOf(u, levels)
	before := accountState(u, levels)
	if err := use(a, &t); err != nil {
		return AccountState{}, err
	}
	if levels, err = categoryLevels(a.Ctx, a.Tx, u.id); err != nil {
		return AccountState{}, err
	}
	after := accountState(t.user, levels)
	if a.audited || reflect.DeepEqual(before, after) {
		return after, nil
	}
	return after, a.audit(u.id, before, after)
}

// audit keeps that the caller has changed something of an account: what it was and what it has become.
func (a *action) audit(userID int, before, after any) error {
	a.audited = true
	return audit.Record(a.Ctx, a.Tx, audit.Entry{Kind: audit.User, Subject: strconv.Itoa(userID),
		Before: before, After: after})
}

// AccountState is what administrators can set of an account.
type AccountState struct {
	ID             int               `json:"id"`
	Handle         string            `json:"handle"`
	Level          string            `json:"level" enum:"basic,approved,expert,editor,moderator,admin,super"`
	CategoryLevels []LevelInCategory `json:"categoryLevels" doc:"Higher levels in single categories"`
	Blocked        bool              `json:"blocked"`
	EmailConfirmed bool              `json:"emailConfirmed"`
}

type accountOutput struct{ Body AccountState }

func accountState(u user, levels map[int]int) AccountState {
	s := AccountState{
		ID:             u.id,
		Handle:         u.handle,
		Level:          LevelName(u.level),
		CategoryLevels: []LevelInCategory{},
		Blocked:        u.flags&FlagBlocked != 0,
		EmailConfirmed: u.flags&FlagEmailConfirmed != 0,
	}
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

// setBlocked blocks a user, or lets a blocked user write again.
func (m *Module) setBlocked(ctx context.Context, handle string, blocked bool) (*accountOutput, error) {
	use := (*action).unblock
	if blocked {
		use = (*action).block
	}
	return m.administer(ctx, handle, false, use)
}

func (a *action) block(t *target) error { return a.setBlocked(t, true) }

func (a *action) unblock(t *target) error { return a.setBlocked(t, false) }

func (a *action) setBlocked(t *target, blocked bool) error {
	if err := mayBlock(a.Options, a.Caller, *t); err != nil {
		return err
	}
	if blocked == (t.flags&FlagBlocked != 0) {
		return nil
	}
	t.flags ^= FlagBlocked
	if err := set(a.Ctx, a.Tx, t.id, "flags = ?", t.flags); err != nil {
		return err
	}
	a.Report(map[bool]string{true: "u_block", false: "u_unblock"}[blocked], "userid", t.id,
		"handle", t.handle)
	if err := a.Wrote(); err != nil {
		return err
	}
	return a.countUnapproved()
}

// MayHidePosts returns the id of the user with the handle if the caller may hide the posts of that
// user, otherwise an error. Hiding the posts is left to the module of questions and answers.
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
	t := targetOf(user{id: account.ID, level: account.Level, flags: account.Flags}, levels)
	c := CallerOf(ctx)
	if err := mayBlock(o, c, t); err != nil {
		return 0, err
	}
	if refusal := Refusal(o, c, option.PermitHideShow, c.Level); refusal != nil {
		return 0, refusal
	}
	return account.ID, nil
}
