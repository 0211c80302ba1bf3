package auth

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"strings"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/site/option"
)

// Codes are mailed to confirm an address or to choose a new password. Q2A keeps only the newest code
// of an account, in the column users.emailcode. Both sites check a code against this column and empty
// it when the code is used. The column does not say what the code is for, when it was made and to
// which address it was mailed; this backend keeps that in the table q2ab_codes. According to it a
// code is valid
//
//   - for its purpose only: the code of a welcome mail confirms the address, but does not set a
//     password;
//   - only while the address and the password of the account are unchanged. If either changes, here
//     or on the old site, the code is no longer valid, so that nobody confirms one address with a
//     code that was mailed to another;
//   - for a limited time.
//
// When this backend ends a code it empties the column as well, so that the pages of the old site
// refuse the code too.
//
// A code in the column without a row in q2ab_codes was mailed by the old site; people may follow its
// link to a new front end. Its purpose is not known, so it is valid for both, with one limit. It
// confirms an address only where the old site would have replaced it when the address changed: for
// users below experts, on sites that want addresses confirmed. CodesJob adds rows for such codes
// within minutes, and from then on they expire like others. They nevertheless stay in the column,
// because the links to unsubscribe in the old site's mailings contain them.

// codePurpose is what a code is valid for, as q2ab_codes stores it.
type codePurpose string

const (
	confirmAddress codePurpose = "confirm"
	resetPassword  codePurpose = "reset"
	// fromOldSite is the unknown purpose of a code that the old site has mailed.
	fromOldSite codePurpose = ""
)

// event returns the name of the outbox event that has a code mailed. Q2A has no such event. It
// contains the id of the user but not the code, which the consumer that sends the mail asks for
// (CodeToMail).
func (p codePurpose) event() string { return "u_" + string(p) + "_code" }

// codeLasts is how long a code is valid, in seconds. A welcome mail may be read days later; a mail
// that gives access to the account must not be of use for that long.
var codeLasts = map[codePurpose]int64{confirmAddress: 7 * 24 * 3600, resetPassword: 2 * 3600}

// mailedCode is a row of q2ab_codes, which describes a code.
type mailedCode struct {
	code    string
	purpose codePurpose
	stamp   []byte
	// made is when the code was made or, if it is one of the old site, first seen, in Unix seconds.
	made int64
}

// codeStamp returns a hash that changes with the address and the password of an account.
func codeStamp(u user) []byte {
	sum := sha256.New()
	fmt.Fprintf(sum, "%q %q %x %x", u.email, u.password.Hash, u.password.Salt, u.password.Check)
	return sum.Sum(nil)[:16]
}

// isCurrent reports whether c describes the code that is in the user's column now. It is false for
// nil.
func (c *mailedCode) isCurrent(u user) bool { return c != nil && sameCode(c.code, u.emailCode) }

// sameCode reports whether two codes are the same. As in Q2A, case does not matter. An empty code
// equals none, not even another empty one.
func sameCode(a, b string) bool {
	a, b = strings.ToLower(strings.TrimSpace(a)), strings.ToLower(strings.TrimSpace(b))
	return a != "" && subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1
}

// codeIsGood reports whether the code in the user's column is valid for a purpose. known is the row
// of q2ab_codes, which may describe another code or be nil. confirms reports whether the site wants
// addresses confirmed.
func codeIsGood(u user, known *mailedCode, purpose codePurpose, confirms bool, now int64) bool {
	if strings.TrimSpace(u.emailCode) == "" {
		return false
	}
	oldSites := purpose != confirmAddress || confirms && u.level < LevelExpert
	if !known.isCurrent(u) {
		return oldSites
	}
	if known.purpose != purpose && (known.purpose != fromOldSite || !oldSites) {
		return false
	}
	return now-known.made < codeLasts[purpose] && bytes.Equal(known.stamp, codeStamp(u))
}

// readCode returns the row of q2ab_codes that describes the user's code, nil if there is none.
func readCode(ctx context.Context, db *database.DB, userID int) (*mailedCode, error) {
	var c mailedCode
	var purpose string
	found, err := db.Get(ctx, []any{&c.code, &purpose, &c.stamp, &c.made},
		"SELECT code, purpose, stamp, made FROM {q2ab_codes} WHERE userid = ?", userID)
	if err != nil {
		return nil, fmt.Errorf("read a code: %w", err)
	}
	if !found {
		return nil, nil //nolint:nilnil // there is no row
	}
	c.purpose = codePurpose(purpose)
	return &c, nil
}

// goodCode returns the user's code if it is valid for the purpose, otherwise "".
func (m *Module) goodCode(
	ctx context.Context, db *database.DB, u user, purpose codePurpose,
) (string, error) {
	o, err := m.site.Options(ctx)
	if err != nil {
		return "", err
	}
	known, err := readCode(ctx, db, u.id)
	if err != nil || !codeIsGood(u, known, purpose, o.Bool(option.ConfirmUserEmails), db.Now()) {
		return "", err
	}
	return strings.TrimSpace(u.emailCode), nil
}

// CodeToMail returns the code for a mail to the user at the address. The purpose is "confirm" for a
// code that confirms the address, or "reset" for one with which the user chooses a new password. The
// result is "" if no such code is valid any more, or if the user's address is not the given one: the
// account may have changed since the address was read.
func (m *Module) CodeToMail(ctx context.Context, userID int, address, purpose string) (string, error) {
	users, err := findUsers(ctx, m.db, "userid = ?", userID)
	if err != nil || len(users) == 0 || users[0].email != address {
		return "", err
	}
	return m.goodCode(ctx, m.db, users[0], codePurpose(purpose))
}

// newCode makes a code that replaces the user's previous one, and has it mailed. The mail is counted
// against the limits of mails.
func (a *action) newCode(u user, purpose codePurpose) error {
	if err := a.chargeMail(u.email); err != nil {
		return err
	}
	return a.mailCode(u, purpose)
}

// mailCode is like newCode, for a mail that has already been counted.
func (a *action) mailCode(u user, purpose codePurpose) error {
	u.emailCode = randomCode()
	if err := set(a.Ctx, a.Tx, u.id, "emailcode = ?", u.emailCode); err != nil {
		return err
	}
	if err := writeCode(a.Ctx, a.Tx, u, purpose); err != nil {
		return err
	}
	a.reportBy(u.id, u.handle, purpose.event(), "userid", u.id)
	return nil
}

// writeCode records in q2ab_codes what the code in the user's column is for.
func writeCode(ctx context.Context, tx *database.DB, u user, purpose codePurpose) error {
	_, err := tx.Exec(ctx, `
		INSERT INTO {q2ab_codes} (userid, code, purpose, stamp, made)
		VALUES (?, ?, ?, ?, ?)`+tx.Upsert("userid")+`
		code = `+tx.Given("code")+`, purpose = `+tx.Given("purpose")+`, stamp = `+tx.Given("stamp")+`,
		made = `+tx.Given("made"), u.id, u.emailCode, string(purpose), codeStamp(u), tx.Now())
	if err != nil {
		return fmt.Errorf("note a code: %w", err)
	}
	return nil
}

// dropCode ends the user's code on both sites, whichever of them made it.
func dropCode(ctx context.Context, tx *database.DB, userID int) error {
	if err := set(ctx, tx, userID, "emailcode = ''"); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "DELETE FROM {q2ab_codes} WHERE userid = ?", userID); err != nil {
		return fmt.Errorf("drop a code: %w", err)
	}
	return nil
}

// keepCode keeps the user's code valid when the same password is hashed again. before is the user
// with the old hash, after with the new one.
func keepCode(ctx context.Context, tx *database.DB, before, after user) error {
	_, err := tx.Exec(ctx, "UPDATE {q2ab_codes} SET stamp = ? WHERE userid = ? AND stamp = ?",
		codeStamp(after), after.id, codeStamp(before))
	if err != nil {
		return fmt.Errorf("keep a code: %w", err)
	}
	return nil
}
