package auth

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
)

type editUserInput struct {
	Handle string `path:"handle" maxLength:"80" doc:"The user's handle, in any case of letters"`
	Body   struct {
		Email        *string           `json:"email,omitempty" maxLength:"200" doc:"Is not confirmed then"`
		Fields       map[string]string `json:"fields,omitempty" doc:"Values of profile fields, by name; those that are not sent stay"`
		RemoveAvatar bool              `json:"removeAvatar,omitempty" doc:"Moderators may do this too"`
	}
}

// editUser changes the account of another user.
func (m *Module) editUser(ctx context.Context, in *editUserInput) (*accountOutput, error) {
	if in.Body.Email != nil {
		if err := m.mayBeTold(ctx); err != nil {
			return nil, err
		}
	}
	out, err := m.administer(ctx, in.Handle, in.Body.Email != nil, func(a *action, t *target) error {
		if _, err := assignable(a.Options, a.Caller, *t); err != nil {
			return err
		}
		if err := a.checkMatch(t.user); err != nil {
			return err
		}
		if in.Body.RemoveAvatar {
			if err := a.removeAvatar(t); err != nil {
				return err
			}
			if err := a.audit(t.id, nil, map[string]bool{"avatarRemoved": true}); err != nil {
				return err
			}
		}
		if in.Body.Email == nil && in.Body.Fields == nil {
			return nil
		}
		if err := mayEdit(a.Options, a.Caller, *t); err != nil {
			return err
		}
		return a.editProfile(t, in.Body.Email, in.Body.Fields)
	})
	return out, m.countTaken(ctx, err)
}

func (a *action) editProfile(t *target, email *string, values map[string]string) error {
	names, wrong, err := a.newNames(t.user, nil, email)
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
	before, err := a.profileValues(t.id, values)
	if err != nil {
		return err
	}
	old, after := editedUser{Fields: before}, editedUser{Fields: values}
	if email != nil {
		old.Email = t.email
	}
	if err := a.rename(&t.user, names); err != nil {
		return err
	}
	if email != nil {
		after.Email = t.email
	}
	if err := set(a.Ctx, a.Tx, t.id, "email = ?, flags = ?", t.email, t.flags); err != nil {
		return err
	}
	if err := a.writeFields(t.id, fields, values); err != nil {
		return err
	}
	if err := a.audit(t.id, old, after); err != nil {
		return err
	}
	a.Report("u_edit", "userid", t.id, "handle", t.handle)
	return a.Wrote()
}

// editedUser is what the log of changes keeps of an edited account.
type editedUser struct {
	Email  string            `json:"email,omitempty"`
	Fields map[string]string `json:"fields,omitempty"`
}

// profileValues returns what a user's profile has in the fields that are to be changed.
func (a *action) profileValues(userID int, changed map[string]string) (map[string]string, error) {
	if len(changed) == 0 {
		return nil, nil //nolint:nilnil // no fields
	}
	values := map[string]string{}
	err := a.Tx.Select(a.Ctx, func(rows *sql.Rows) error {
		var title, content string
		err := rows.Scan(&title, &content)
		values[title] = content
		return err
	}, "SELECT title, content FROM {userprofile} WHERE userid = ? AND title IN ?", userID,
		slices.Sorted(maps.Keys(changed)))
	if err != nil {
		return nil, fmt.Errorf("read what a profile had: %w", err)
	}
	return values, nil
}

// removeAvatar removes a user's picture permanently.
func (a *action) removeAvatar(t *target) error {
	t.flags &^= flagShowAvatar | flagShowGravatar
	if err := set(a.Ctx, a.Tx, t.id,
		"flags = ?, avatarblobid = NULL, avatarwidth = NULL, avatarheight = NULL", t.flags); err != nil {
		return err
	}
	if t.avatarBlob == "" {
		return nil
	}
	blob := t.avatarBlob
	t.avatarBlob = ""
	return a.m.settings.DropImage(a.Ctx, a.Tx, blob)
}
