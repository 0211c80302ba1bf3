package auth

import (
	"crypto/rand"
	"database/sql"
	"fmt"
	"math/big"
	"strings"

	"38qa.net/backend/modules/kernel/formtext"
	"38qa.net/backend/modules/site"
)

// newAccount is what a new row of users begins with.
type newAccount struct {
	handle, email string
	// hash is the password's, "" for people who come through another issuer.
	hash string
	// confirmed tells that the address is known to be the person's.
	confirmed bool
	// source is the issuer whom the person comes through, "" for the password.
	source string
}

// create makes an account by Q2A's rules, signed in for the first time, and returns its id. Handle and address must be free, which
// lockNames and taken see to.
func (a *action) create(n newAccount) (u user, err error) {
	u = user{level: LevelBasic, handle: n.handle, email: n.email, sessionCode: randomCode()}
	u.password.Hash = n.hash
	if n.confirmed {
		u.flags |= FlagEmailConfirmed
	}
	if a.o.Bool("show_notice_welcome") {
		u.flags |= FlagWelcomeNotice
	}
	if n.email != "" && !n.confirmed { // else there is no mail, or it goes to whoever has shown to be its reader
		if err := a.chargeMail(n.email); err != nil {
			return user{}, err
		}
	}
	if a.o.Bool("confirm_user_emails") && !n.confirmed {
		u.emailCode = randomCode()
		if a.o.Bool("confirm_user_required") {
			u.flags |= FlagMustConfirm
		}
	}
	var hash any
	if n.hash != "" {
		hash = n.hash
	}
	if n.source != "" {
		u.source = &n.source
	}
	now, ip := a.tx.Now(), a.caller.binaryIP()
	id, err := a.tx.Insert(a.ctx, "INSERT INTO {users} (created, createip, loggedin, loginip, email, handle, level, flags, passhash, emailcode, sessioncode, sessionsource) "+
		"VALUES (FROM_UNIXTIME(?), ?, FROM_UNIXTIME(?), ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		now, ip, now, ip, u.email, u.handle, u.level, u.flags, hash, u.emailCode, u.sessionCode, u.source)
	if err != nil {
		return user{}, fmt.Errorf("make an account: %w", err)
	}
	u.id = int(id)
	if u.emailCode != "" { // the welcome mail has it
		if err := writeCode(a.ctx, a.tx, u, confirmAddress); err != nil {
			return user{}, err
		}
	}
	if err := a.tell(Registered, u.id); err != nil {
		return user{}, err
	}
	a.reportBy(u.id, u.handle, "u_register", "email", u.email, "level", u.level)
	a.reportBy(u.id, u.handle, "u_login")
	return u, site.AddCounts(a.ctx, a.tx, map[string]int{"cache_uapprovecount": 1})
}

// codeLetters are those of Q2A's random codes.
const codeLetters = "0123456789abcdefghijklmnopqrstuvwxyz"

// randomCode is a session or e-mail code in Q2A's form, 8 letters and digits, but from a source that cannot be guessed.
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

// freeHandle makes a handle that Q2A takes and nobody has of a wish, by Q2A's rules for people from elsewhere: what a handle
// cannot have becomes a space, what is too long is cut, and a number is added until it is free.
func (a *action) freeHandle(wish string) (string, error) {
	wish = strings.Map(func(r rune) rune {
		if strings.ContainsRune(handleBad, r) {
			return ' '
		}
		return r
	}, cleanHandle(wish))
	if strings.TrimSpace(wish) == "" {
		wish = "User"
		if strings.HasPrefix(a.o.String("site_language"), "ja") {
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
		if code, _ := a.m.wrongHandle(a.o, handle); code != "" {
			continue
		}
		if taken, err := a.taken("handle", handle, 0); err != nil || !taken {
			return handle, err
		}
	}
	return "", fmt.Errorf("no free handle like the one wished for in 1000 attempts")
}

// profileField is one of the fields that the site has in profiles.
type profileField struct {
	name  string
	flags int
}

// fieldOnRegister marks the profile fields that are asked for when people register (QA_FIELD_FLAGS_ON_REGISTER).
const fieldOnRegister = 4

// profileFields are the site's fields of profiles, in its order.
func (a *action) profileFields() ([]profileField, error) {
	var fields []profileField
	err := a.tx.Select(a.ctx, func(rows *sql.Rows) error {
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

// checkFields notes what is wrong with values of profile fields: names that the site does not have, and texts that are too long.
func checkFields(wrong *faults, known []profileField, values map[string]string) {
	for name, value := range values {
		ok := false
		for _, f := range known {
			ok = ok || f.name == name
		}
		if !ok {
			wrong.add("fields."+name, "unknown", nil)
		} else if len([]rune(formtext.Block(value))) > maxProfileField {
			wrong.add("fields."+name, "too_long", []any{maxProfileField})
		}
	}
}

// writeFields stores values of profile fields.
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
	_, err := a.tx.Exec(a.ctx, "INSERT INTO {userprofile} (userid, title, content) VALUES "+strings.Join(rows, ", ")+
		a.tx.Upsert("userid, title")+"content = "+a.tx.Given("content"), args...)
	if err != nil {
		return fmt.Errorf("write profile fields: %w", err)
	}
	return nil
}
