package auth

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/cespare/xxhash/v2"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/site"
)

// Me is the caller's own account.
type Me struct {
	User           *Author           `json:"user"`
	Email          string            `json:"email"`
	EmailConfirmed bool              `json:"emailConfirmed"`
	MustConfirm    bool              `json:"mustConfirmEmail,omitempty" doc:"Nothing can be written before the address is confirmed"`
	HasPassword    bool              `json:"hasPassword"`
	HandleChange   bool              `json:"mayChangeHandle"`
	Avatar         string            `json:"avatar" enum:"none,upload,gravatar" doc:"Which picture is shown"`
	HasUpload      bool              `json:"hasUploadedAvatar"`
	Notifications  Notifications     `json:"notifications"`
	WelcomeNotice  bool              `json:"welcomeNotice,omitempty" doc:"The site's welcome is still to be shown; DELETE /v1/me/notices/welcome when it was"`
	Fields         map[string]string `json:"fields" doc:"Values of the site's profile fields, by name"`
}

// Notifications are what others and the site may send to a user.
type Notifications struct {
	Messages  bool `json:"messages" doc:"Whether others may send private messages"`
	WallPosts bool `json:"wallPosts" doc:"Whether others may write on the wall"`
	Mailings  bool `json:"mailings" doc:"Whether the site's mailings are wanted"`
}

type meOutput struct {
	ETag string `header:"ETag"`
	Body Me
}

type changeMeInput struct {
	Body struct {
		Handle    *string           `json:"handle,omitempty" maxLength:"200"`
		Email     *string           `json:"email,omitempty" maxLength:"200" doc:"Has to be confirmed anew"`
		Messages  *bool             `json:"messages,omitempty" doc:"Whether others may send private messages"`
		WallPosts *bool             `json:"wallPosts,omitempty" doc:"Whether others may write on the wall"`
		Mailings  *bool             `json:"mailings,omitempty" doc:"Whether the site's mailings are wanted"`
		Avatar    *string           `json:"avatar,omitempty" enum:"none,upload,gravatar"`
		Fields    map[string]string `json:"fields,omitempty" doc:"Values of profile fields, by name; those that are not sent stay"`
	}
}

// getMe is the caller's own account.
func (m *Module) getMe(ctx context.Context, _ *struct{}) (*meOutput, error) {
	caller, err := RequireUser(ctx)
	if err != nil {
		return nil, err
	}
	o, err := m.site.Options(ctx)
	if err != nil {
		return nil, err
	}
	users, err := findUsers(ctx, m.db, "userid = ?", caller.UserID)
	if err != nil {
		return nil, err
	}
	if len(users) == 0 {
		return nil, problem.New("unauthenticated")
	}
	u := users[0]
	authors, err := m.Authors(ctx, o, []int{u.id})
	if err != nil {
		return nil, err
	}
	me := Me{User: authors[u.id], Email: u.email, EmailConfirmed: u.flags&FlagEmailConfirmed != 0, MustConfirm: u.flags&FlagMustConfirm != 0 && o.Bool("confirm_user_emails"),
		HasPassword: u.password.Any(), Avatar: avatarOf(u.flags), HasUpload: u.avatarBlob != "", WelcomeNotice: u.flags&FlagWelcomeNotice != 0,
		Notifications: Notifications{Messages: u.flags&FlagNoMessages == 0, WallPosts: u.flags&FlagNoWallPosts == 0, Mailings: u.flags&FlagNoMailings == 0}}
	if me.Fields, err = profileOf(ctx, m.db, u.id); err != nil {
		return nil, err
	}
	me.HandleChange = o.Bool("allow_change_usernames")
	if !me.HandleChange {
		var posts int
		if posts, err = m.postsOf(ctx, u.id); err != nil {
			return nil, err
		}
		me.HandleChange = posts == 0
	}
	return &meOutput{ETag: web.RevisionTag(u.revision(me.Fields)), Body: me}, nil
}

// profileOf are the values of a user's profile fields, by name.
func profileOf(ctx context.Context, db *database.DB, userID int) (map[string]string, error) {
	values := map[string]string{}
	err := db.Select(ctx, func(rows *sql.Rows) error {
		var name string
		var value sql.NullString
		err := rows.Scan(&name, &value)
		values[name] = value.String
		return err
	}, "SELECT f.title, v.content FROM {userfields} f LEFT JOIN {userprofile} v ON v.title = f.title AND v.userid = ?", userID)
	if err != nil {
		return nil, fmt.Errorf("read profile fields: %w", err)
	}
	return values, nil
}

// revision changes with what people edit of an account.
func (u user) revision(fields map[string]string) string {
	sum := xxhash.New()
	fmt.Fprint(sum, u.handle, "\n", u.email, "\n", u.level, u.flags, u.avatarBlob)
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		fmt.Fprint(sum, "\n", name, "\n", fields[name])
	}
	return strconv.FormatUint(sum.Sum64(), 36)
}

// postsOf is how many posts a user's points count.
func (m *Module) postsOf(ctx context.Context, userID int) (n int, err error) {
	if _, err = m.db.Get(ctx, []any{&n}, "SELECT qposts + aposts + cposts FROM {userpoints} WHERE userid = ?", userID); err != nil {
		return 0, fmt.Errorf("count a user's posts: %w", err)
	}
	return n, nil
}

func avatarOf(flags int) string {
	switch {
	case flags&FlagShowGravatar != 0:
		return "gravatar"
	case flags&FlagShowAvatar != 0:
		return "upload"
	}
	return "none"
}

// changeMe saves what the old site's account page saves, but as a whole or not at all.
func (m *Module) changeMe(ctx context.Context, in *changeMeInput) (*meOutput, error) {
	caller, err := RequireUser(ctx)
	if err != nil {
		return nil, err
	}
	err = m.transact(ctx, func(a *action) error {
		b := in.Body
		if b.Handle != nil || b.Email != nil {
			if err := a.lockNames(); err != nil {
				return err
			}
		}
		u, err := lockUser(ctx, a.tx, caller.UserID)
		if err != nil {
			return err
		}
		if err := a.checkMatch(u); err != nil {
			return err
		}
		emailOnly := b.Email != nil && b.Handle == nil && b.Messages == nil && b.WallPosts == nil && b.Mailings == nil && b.Avatar == nil && b.Fields == nil
		if err := a.mayChangeOwn(u, emailOnly); err != nil {
			return err
		}
		wrong, err := a.changeNames(&u, b.Handle, b.Email)
		if err != nil {
			return err
		}
		fields, err := a.profileFields()
		if err != nil {
			return err
		}
		checkFields(&wrong, fields, b.Fields)
		if b.Avatar != nil && *b.Avatar == "upload" && u.avatarBlob == "" {
			wrong.add("avatar", "no_upload", nil)
		}
		if err := wrong.problem(); err != nil {
			return err
		}
		flags := u.changedFlags(a.o, b.Messages, b.WallPosts, b.Mailings, b.Avatar)
		if err := set(ctx, a.tx, u.id, "handle = ?, email = ?, flags = ?", u.handle, u.email, flags); err != nil {
			return err
		}
		if err := a.writeFields(u.id, fields, b.Fields); err != nil {
			return err
		}
		a.reportBy(u.id, u.handle, "u_save")
		return a.wrote()
	})
	if err != nil {
		return nil, err
	}
	return m.getMe(ctx, nil)
}

// checkMatch refuses a change that is meant for another version of the account.
func (a *action) checkMatch(u user) error {
	fields, err := profileOf(a.ctx, a.tx, u.id)
	if err != nil {
		return err
	}
	return web.CheckMatch(a.ctx, u.revision(fields))
}

// mayChangeOwn refuses to change one's own account where Q2A's account page does: to the blocked, and to those who still have to
// confirm their address; the latter may correct the address.
func (a *action) mayChangeOwn(u user, emailOnly bool) error {
	refusal := Refusal(a.o, a.caller, "", a.caller.Level)
	if refusal == nil {
		return nil
	}
	pending := a.o.Bool("confirm_user_emails") && u.level < LevelExpert && u.flags&FlagEmailConfirmed == 0
	if emailOnly && pending {
		return nil
	}
	return refusal
}

// changeNames puts a new handle and address into the user and says what is wrong with them. A new address is unconfirmed, and a
// code is sent to it where the site wants addresses confirmed.
func (a *action) changeNames(u *user, handle, email *string) (wrong faults, err error) {
	if handle == nil && email == nil {
		return nil, nil
	}
	newHandle, newEmail := u.handle, email
	if handle != nil {
		newHandle = cleanHandle(posted(*handle))
	}
	if email != nil {
		text := posted(*email)
		newEmail = &text
	}
	if newHandle != u.handle && !a.o.Bool("allow_change_usernames") {
		posts, err := a.m.postsOf(a.ctx, u.id)
		if err != nil {
			return nil, err
		}
		if posts > 0 {
			return nil, problem.New("handle_fixed")
		}
	}
	if handle != nil {
		if wrong, err = a.wrongNames(newHandle, newEmail, u.id); err != nil {
			return nil, err
		}
	} else {
		if err := a.wrongEmail(&wrong, *newEmail, u.id); err != nil {
			return nil, err
		}
	}
	if len(wrong) > 0 {
		return wrong, nil
	}
	u.handle = newHandle
	if newEmail == nil || *newEmail == u.email {
		return nil, nil
	}
	u.email, u.flags = *newEmail, u.flags&^FlagEmailConfirmed
	if a.caller.UserID == u.id && a.o.Bool("confirm_user_emails") && u.level < LevelExpert {
		return nil, a.newCode(*u, eventConfirmCode)
	}
	return nil, nil
}

// changedFlags are the user's flags after the choices that are given; those of features that the site has switched off stay.
func (u *user) changedFlags(o *site.Options, messages, wall, mailings *bool, avatar *string) int {
	flags := u.flags
	choose := func(option string, flag int, wanted *bool) {
		switch {
		case wanted == nil || !o.Bool(option):
		case *wanted:
			flags &^= flag
		default:
			flags |= flag
		}
	}
	choose("allow_private_messages", FlagNoMessages, messages)
	choose("allow_user_walls", FlagNoWallPosts, wall)
	choose("mailing_enabled", FlagNoMailings, mailings)
	if avatar != nil {
		flags &^= FlagShowAvatar | FlagShowGravatar
		switch *avatar {
		case "upload":
			flags |= FlagShowAvatar
		case "gravatar":
			flags |= FlagShowGravatar
		}
	}
	return flags
}

// CloseWelcome notes that the site's welcome was shown.
func (m *Module) CloseWelcome(ctx context.Context, c Caller) error {
	return m.db.Tx(ctx, func(tx *database.DB) error {
		u, err := lockUser(ctx, tx, c.UserID)
		if err != nil || u.flags&FlagWelcomeNotice == 0 {
			return err
		}
		return set(ctx, tx, u.id, "flags = ?", u.flags&^FlagWelcomeNotice)
	})
}
