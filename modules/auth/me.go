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
	"38qa.net/backend/modules/kernel/formtext"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/site/option"
)

// me is the caller's own account, as only the caller sees it.
type me struct {
	User           *Author           `json:"user"`
	Email          string            `json:"email"`
	EmailConfirmed bool              `json:"emailConfirmed"`
	EmailProblem   string            `json:"emailProblem,omitempty" enum:"bounced,complained" doc:"Nothing is mailed to the address, since mails came back or were reported as spam, until it is changed or confirmed anew; absent if it works"`
	MustConfirm    bool              `json:"mustConfirmEmail,omitempty" doc:"Nothing can be written before the address is confirmed"`
	HasPassword    bool              `json:"hasPassword"`
	HandleChange   bool              `json:"mayChangeHandle"`
	Avatar         string            `json:"avatar" enum:"none,upload,gravatar" doc:"Which picture is shown"`
	HasUpload      bool              `json:"hasUploadedAvatar"`
	Notifications  notifications     `json:"notifications"`
	WelcomeNotice  bool              `json:"welcomeNotice,omitempty" doc:"The site's welcome is still to be shown; DELETE /v1/me/notices/welcome when it was"`
	Fields         map[string]string `json:"fields" doc:"Values of the site's profile fields, by name"`
}

// notifications are the user's choices of what others and the site may send.
type notifications struct {
	Messages  bool `json:"messages" doc:"Whether others may send private messages"`
	WallPosts bool `json:"wallPosts" doc:"Whether others may write on the wall"`
	Mailings  bool `json:"mailings" doc:"Whether the site's mailings are wanted"`
}

type meOutput struct {
	ETag string `header:"ETag"`
	Body me
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

// getMe returns the caller's own account.
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
		return nil, problem.New(problem.CodeUnauthenticated)
	}
	u := users[0]
	authors, err := m.Authors(ctx, o, []int{u.id})
	if err != nil {
		return nil, err
	}
	me := me{
		User:           authors[u.id],
		Email:          u.email,
		EmailConfirmed: u.flags&FlagEmailConfirmed != 0,
		MustConfirm:    u.flags&flagMustConfirm != 0 && o.Bool(option.ConfirmUserEmails),
		HasPassword:    u.password.Any(),
		Avatar:         avatarOf(u.flags),
		HasUpload:      u.avatarBlob != "",
		WelcomeNotice:  u.flags&flagWelcomeNotice != 0,
		Notifications: notifications{
			Messages:  u.flags&FlagNoMessages == 0,
			WallPosts: u.flags&FlagNoWallPosts == 0,
			Mailings:  u.flags&FlagNoMailings == 0,
		},
	}
	if m.settings.EmailProblem != nil {
		if me.EmailProblem, err = m.settings.EmailProblem(ctx, u.email); err != nil {
			return nil, err
		}
	}
	if me.Fields, err = profileOf(ctx, m.db, u.id); err != nil {
		return nil, err
	}
	me.HandleChange = o.Bool(option.AllowChangeUsernames)
	if !me.HandleChange {
		var posts int
		if posts, err = m.postsOf(ctx, u.id); err != nil {
			return nil, err
		}
		me.HandleChange = posts == 0
	}
	return &meOutput{ETag: web.RevisionTag(u.revision(me.Fields)), Body: me}, nil
}

// profileOf returns the values of a user's profile fields, by the field's name. Fields that the user
// has left empty are included.
func profileOf(ctx context.Context, db *database.DB, userID int) (map[string]string, error) {
	values := map[string]string{}
	err := db.Select(ctx, func(rows *sql.Rows) error {
		var name string
		var value sql.NullString
		err := rows.Scan(&name, &value)
		values[name] = value.String
		return err
	}, `SELECT f.title, v.content
		FROM {userfields} f
		LEFT JOIN {userprofile} v ON v.title = f.title AND v.userid = ?`,
		userID)
	if err != nil {
		return nil, fmt.Errorf("read profile fields: %w", err)
	}
	return values, nil
}

// revision returns a short hash that changes whenever something changes that people can edit in an
// account; it is the account's entity tag.
func (u user) revision(fields map[string]string) string {
	sum := xxhash.New()
	fmt.Fprint(sum, u.handle, "\n", u.email, "\n", u.level, u.flags, u.avatarBlob)
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		fmt.Fprint(sum, "\n", name, "\n", fields[name])
	}
	return strconv.FormatUint(sum.Sum64(), 36)
}

// postsOf returns how many posts of the user are counted in the table userpoints.
func (m *Module) postsOf(ctx context.Context, userID int) (n int, err error) {
	if _, err = m.db.Get(ctx, []any{&n},
		"SELECT qposts + aposts + cposts FROM {userpoints} WHERE userid = ?", userID); err != nil {
		return 0, fmt.Errorf("count a user's posts: %w", err)
	}
	return n, nil
}

func avatarOf(flags int) string {
	switch {
	case flags&flagShowGravatar != 0:
		return "gravatar"
	case flags&flagShowAvatar != 0:
		return "upload"
	}
	return "none"
}

// changeMe saves what the old site's account page saves. Unlike the old site it saves either
// everything or nothing.
func (m *Module) changeMe(ctx context.Context, in *changeMeInput) (*meOutput, error) {
	caller, err := RequireUser(ctx)
	if err != nil {
		return nil, err
	}
	named := in.Body.Handle != nil || in.Body.Email != nil
	if named {
		if err := m.mayBeTold(ctx); err != nil {
			return nil, err
		}
	}
	err = m.transact(ctx, func(a *action) error {
		if named {
			if err := a.lockNames(); err != nil {
				return err
			}
		}
		u, err := lockUser(ctx, a.Tx, caller.UserID)
		if err != nil {
			return err
		}
		return a.changeOwn(u, in)
	})
	if err != nil {
		return nil, m.countTaken(ctx, err)
	}
	return m.getMe(ctx, nil)
}

// changeOwn does the work of changeMe on a user whose row is locked.
func (a *action) changeOwn(u user, in *changeMeInput) error {
	b := in.Body
	emailOnly := b.Email != nil && b.Handle == nil && b.Messages == nil && b.WallPosts == nil &&
		b.Mailings == nil && b.Avatar == nil && b.Fields == nil
	if err := a.mayChangeOwn(u, emailOnly); err != nil {
		return err
	}
	if err := a.checkMatch(u); err != nil {
		return err
	}
	names, wrong, err := a.newNames(u, b.Handle, b.Email)
	if err != nil {
		return err
	}
	fields, err := a.profileFields()
	if err != nil {
		return err
	}
	checkFields(&wrong, fields, b.Fields)
	if b.Avatar != nil && *b.Avatar == "upload" && u.avatarBlob == "" {
		wrong.add("avatar", fieldNoUpload, nil)
	}
	if err := wrong.problem(); err != nil {
		return err
	}
	if err := a.rename(&u, names); err != nil {
		return err
	}
	flags := u.changedFlags(a.Options, b.Messages, b.WallPosts, b.Mailings, b.Avatar)
	if err := set(a.Ctx, a.Tx, u.id, "handle = ?, email = ?, flags = ?",
		u.handle, u.email, flags); err != nil {
		return err
	}
	if err := a.writeFields(u.id, fields, b.Fields); err != nil {
		return err
	}
	a.reportBy(u.id, u.handle, "u_save")
	return a.Wrote()
}

// checkMatch refuses a change that the client has meant for another version of the account, by the
// header If-Match.
func (a *action) checkMatch(u user) error {
	fields, err := profileOf(a.Ctx, a.Tx, u.id)
	if err != nil {
		return err
	}
	return web.CheckMatch(a.Ctx, u.revision(fields))
}

// barred refuses a change by a blocked user or from a blocked address. It comes before all other
// checks, because users with an unconfirmed address are allowed some changes, and a blocked user must
// not get these in that way. It uses the flags of the locked row, since they may have changed after
// the request began.
func (a *action) barred(u user) error {
	switch {
	case u.flags&FlagBlocked != 0:
		return problem.New(codeUserBlocked)
	case ipIsBlocked(a.Options, a.Caller.IP):
		return problem.New(codeIPBlocked)
	}
	return nil
}

// mayChangeOwn refuses changes of one's own account as Q2A's account page does: to blocked users, and
// to users who still have to confirm their address. The latter may correct the address if emailOnly
// reports that they change nothing else. Q2A allows that to blocked users too; this function does
// not.
func (a *action) mayChangeOwn(u user, emailOnly bool) error {
	if err := a.barred(u); err != nil {
		return err
	}
	refusal := Refusal(a.Options, a.Caller, option.None, a.Caller.Level)
	if refusal == nil {
		return nil
	}
	pending := a.Options.Bool(option.ConfirmUserEmails) && u.level < LevelExpert && u.flags&FlagEmailConfirmed == 0
	if emailOnly && pending && refusal.Code == codeEmailUnconfirmed {
		return nil
	}
	return refusal
}

// names are the handle and the address that an account is to have.
type names struct{ handle, email string }

// newNames returns the names that the user is to have; a name that is not given stays as it is. It
// also returns what is wrong with their form. Whether others have them already is checked by rename
// or mustBeFree, after all other checks.
func (a *action) newNames(u user, handle, email *string) (n names, wrong faults, err error) {
	n = names{u.handle, u.email}
	if handle != nil {
		n.handle = cleanHandle(formtext.Exact(*handle))
		code, args := a.m.wrongHandle(a.Options, n.handle)
		wrong.add("handle", code, args)
	}
	if email != nil {
		n.email = formtext.Exact(*email)
		code, args := wrongEmail(n.email)
		wrong.add("email", code, args)
	}
	if u.id != 0 && n.handle != u.handle && !a.Options.Bool(option.AllowChangeUsernames) {
		posts, err := a.m.postsOf(a.Ctx, u.id)
		if err != nil {
			return n, nil, err
		}
		if posts > 0 {
			return n, nil, problem.New(codeHandleFixed)
		}
	}
	return n, wrong, nil
}

// rename puts new names into u, if no other user has them. The caller must hold lockNames, and writes
// the names to the database afterwards. A new address is unconfirmed, and the code that was mailed to
// the previous one is no longer valid. A new code is mailed only where Q2A mails one: to users below
// experts who change their own address, on sites that want addresses confirmed.
func (a *action) rename(u *user, n names) error {
	if err := a.mustBeFree(n, *u); err != nil {
		return err
	}
	u.handle = n.handle
	if n.email == u.email {
		return nil
	}
	if err := a.tell(Readdressed, u.id, u.email); err != nil {
		return err
	}
	u.email, u.flags = n.email, u.flags&^FlagEmailConfirmed
	if a.Caller.UserID == u.id && a.Options.Bool(option.ConfirmUserEmails) && u.level < LevelExpert {
		return a.newCode(*u, confirmAddress)
	}
	return dropCode(a.Ctx, a.Tx, u.id)
}

// changedFlags returns the user's flags with the given choices applied. A choice about a feature that
// the site has switched off has no effect.
func (u *user) changedFlags(o *site.Options, messages, wall, mailings *bool, avatar *string) int {
	flags := u.flags
	choose := func(feature option.Key, flag int, wanted *bool) {
		switch {
		case wanted == nil || !o.Bool(feature):
		case *wanted:
			flags &^= flag
		default:
			flags |= flag
		}
	}
	choose(option.AllowPrivateMessages, FlagNoMessages, messages)
	choose(option.AllowUserWalls, FlagNoWallPosts, wall)
	choose(option.MailingEnabled, FlagNoMailings, mailings)
	if avatar != nil {
		flags &^= flagShowAvatar | flagShowGravatar
		switch *avatar {
		case "upload":
			flags |= flagShowAvatar
		case "gravatar":
			flags |= flagShowGravatar
		}
	}
	return flags
}

// CloseWelcome records that the site's welcome notice was shown to the caller, so that it is not
// shown again.
func (m *Module) CloseWelcome(ctx context.Context, c Caller) error {
	return m.db.Tx(ctx, func(tx *database.DB) error {
		u, err := lockUser(ctx, tx, c.UserID)
		if err != nil || u.flags&flagWelcomeNotice == 0 {
			return err
		}
		return set(ctx, tx, u.id, "flags = ?", u.flags&^flagWelcomeNotice)
	})
}
