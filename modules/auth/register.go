package auth

import (
	"crypto/rand"
	"database/sql"
	"fmt"
	"math/big"
	"strings"

	"38qa.net/backend/modules/kernel/formtext"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/site/option"
)

// newAccount holds the initial values of a new row of the table users.
type newAccount struct {
	handle, email string
	// hash is the hash of the password, "" for people who come through another issuer.
	hash string
	// confirmed reports whether the address is known to be the person's.
	confirmed bool
	// source is the issuer through which the person comes, "" for people with a password.
	source string
}

// create makes an account by Q2A's rules, records its first sign-in, and returns the user. The handle
// and the address must be free; callers make sure of it with lockNames and taken.
func (a *action) create(n newAccount) (u user, err error) {
	u = user{level: LevelBasic, handle: n.handle, email: n.email, sessionCode: randomCode()}
	u.password.Hash = n.hash
	if n.confirmed {
		u.flags |= FlagEmailConfirmed
	}
	if a.Options.Bool(option.ShowNoticeWelcome) {
		u.flags |= flagWelcomeNotice
	}
	if n.email != "" && !n.confirmed { // otherwise no mail is sent, or only to a confirmed address
		if err := a.chargeMail(n.email); err != nil {
			return user{}, err
		}
	}
	if a.Options.Bool(option.ConfirmUserEmails) && !n.confirmed {
		u.emailCode = randomCode()
		if a.Options.Bool(option.ConfirmUserRequired) {
			u.flags |= flagMustConfirm
		}
	}
	var hash any
	if n.hash != "" {
		hash = n.hash
	}
	if n.source != "" {
		u.source = &n.source
	}
	now, ip := a.Tx.Now(), a.Caller.binaryIP()
	id, err := a.Tx.Insert(a.Ctx,
		`INSERT INTO {users} (created, createip, loggedin, loginip, email, handle, level, flags, passhash,
				emailcode, sessioncode, sessionsource)
			VALUES (FROM_UNIXTIME(?), ?, FROM_UNIXTIME(?), ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		now, ip, now, ip, u.email, u.handle, u.level, u.flags, hash, u.emailCode, u.sessionCode, u.source)
	if err != nil {
		return user{}, fmt.Errorf("make an account: %w", err)
	}
	u.id = int(id)
	if u.emailCode != "" { // the welcome mail contains it
		if err := writeCode(a.Ctx, a.Tx, u, confirmAddress); err != nil {
			return user{}, err
		}
	}
	if err := a.tell(Registered, u.id, u.email); err != nil {
		return user{}, err
	}
	a.reportBy(u.id, u.handle, "u_register", "email", u.email, "level", u.level)
	a.reportBy(u.id, u.handle, "u_login")
	return u, site.AddCounts(a.Ctx, a.Tx, map[option.Key]int{option.CacheUapprovecount: 1})
}

// codeLetters are the characters of Q2A's random codes.
const codeLetters = "0123456789abcdefghijklmnopqrstuvwxyz"

// randomCode returns a session code or e-mail code in Q2A's form, 8 letters and digits, but from a
// source that cannot be guessed.
func randomCode() string {
	code := make([]byte, 8)
	for i := range code {
		n, err := rand.Int(rand.Reader, big.NewInt(int64(len(codeLetters))))
		if err != nil {
			panic(err) // crypto/rand never fails on systems that Go supports
		}
		code[i] = codeLetters[n.Int64()]
	}
	return string(code)
}

// freeHandle returns a handle like the wished one that Q2A accepts and no user has. It follows Q2A's
// rules for people who come through another issuer: characters that a handle cannot have become
// spaces, a handle that is too long is cut, and a number is appended until the handle is free.
func (a *action) freeHandle(wish string) (string, error) {
	wish = strings.Map(func(r rune) rune {
		if strings.ContainsRune(handleBad, r) {
			return ' '
		}
		return r
	}, cleanHandle(wish))
	if strings.TrimSpace(wish) == "" {
		wish = "User"
		if strings.HasPrefix(a.Options.String(option.SiteLanguage), "ja") {
			wish = "ユーザー"
		}
	}
	for attempt := range 1000 {
		suffix := ""
		if attempt > 0 {
			suffix = fmt.Sprint(" ", attempt)
		}
		runes := []rune(wish)
		handle := strings.TrimSpace(string(runes[:min(len(runes), maxHandle-len(suffix))])) + suffix
		if code, _ := a.m.wrongHandle(a.Options, handle); !code.IsZero() {
			continue
		}
		if taken, err := a.taken("handle", handle, 0); err != nil || !taken {
			return handle, err
		}
	}
	return "", fmt.Errorf("no free handle like the one wished for in 1000 attempts")
}

// profileField is one of the profile fields of the site.
type profileField struct {
	name  string
	flags int
}

// fieldOnRegister is the flag of profile fields that people fill in when they register
// (QA_FIELD_FLAGS_ON_REGISTER).
const fieldOnRegister = 4

// profileFields returns the site's profile fields, in the site's order.
func (a *action) profileFields() ([]profileField, error) {
	var fields []profileField
	err := a.Tx.Select(a.Ctx, func(rows *sql.Rows) error {
		var f profileField
		err := rows.Scan(&f.name, &f.flags)
		fields = append(fields, f)
		return err
	}, "SELECT title, flags FROM {userfields} ORDER BY position")
	if err != nil {
		return nil, fmt.Errorf("read profile fields: %w", err)
	}
	return fields, nil
}

// checkFields adds to wrong what is wrong with the values of profile fields: names of fields that the
// site does not have, and texts that are too long.
func checkFields(wrong *faults, known []profileField, values map[string]string) {
	for name, value := range values {
		ok := false
		for _, f := range known {
			ok = ok || f.name == name
		}
		if !ok {
			wrong.add("fields."+name, problem.FieldUnknown, nil)
		} else if len([]rune(formtext.Block(value))) > maxProfileField {
			wrong.add("fields."+name, problem.FieldTooLong, []any{maxProfileField})
		}
	}
}

// writeFields stores the values of the known profile fields; a field without a value stays as it is.
func (a *action) writeFields(userID int, known []profileField, values map[string]string) error {
	var rows []string
	var args []any
	for _, f := range known {
		if value, given := values[f.name]; given {
			rows, args = append(rows, "(?, ?, ?)"), append(args, userID, f.name, formtext.Block(value))
		}
	}
	if len(rows) == 0 {
		return nil
	}
	_, err := a.Tx.Exec(a.Ctx,
		"INSERT INTO {userprofile} (userid, title, content) VALUES "+strings.Join(rows, ", ")+
			a.Tx.Overwrite("userid, title", "content"), args...)
	if err != nil {
		return fmt.Errorf("write profile fields: %w", err)
	}
	return nil
}
