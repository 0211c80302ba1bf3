package auth

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"strings"

	"38qa.net/backend/modules/kernel/database"
)

// Codes are mailed to confirm an address or to choose a new password. Question2Answer keeps one of an
// account, the newest, in users.emailcode, which both sites look at: a code is good only as long as it
// stands there, and used once it is taken out. The column does not say what the code is for, where it was
// mailed, or when; the table q2ab_codes does. By it a code is good
//
//   - for its purpose only: that of a welcome mail confirms the address and sets no password;
//   - for the account as it was: whatever changes the address or the password, here or on the old site,
//     ends it, so that nobody confirms an address with what was mailed to another one;
//   - for a time.
//
// This backend also takes a code that it ends out of the column, so that the old site's pages refuse it
// too.
//
// A code in the column without a row is one that the old site has mailed, whose links people may open in a
// new front end. What it is for is not known, so it is good for both, but to confirm an address only where
// the old site would have replaced it when the address changed: where the site wants addresses confirmed,
// from users below experts. CodesJob notes such codes within minutes; from then on they end as others do.
// They stay in the column then: the links to unsubscribe in the old site's mailings bear them.

// codePurpose is what a code is good for, as q2ab_codes has it.
type codePurpose string

const (
	confirmAddress codePurpose = "confirm"
	resetPassword  codePurpose = "reset"
	// fromOldSite stands for both.
	fromOldSite codePurpose = ""
)

// event returns the event of the outbox, which Q2A does not have, that has a code sent. It bears the user's id
// only: who sends the code asks for it then.
func (p codePurpose) event() string { return "u_" + string(p) + "_code" }

// codeLasts is for how long a code is good, in seconds. A welcome mail may lie for some days; a mail that
// opens the account may not.
var codeLasts = map[codePurpose]int64{confirmAddress: 7 * 24 * 3600, resetPassword: 2 * 3600}

// mailedCode is what is known of a code: a row of q2ab_codes.
type mailedCode struct {
	code    string
	purpose codePurpose
	stamp   []byte
	// made is when the code was made or, of the old site's, first seen.
	made int64
}

// codeStamp changes with the address and the password of an account.
func codeStamp(u user) []byte {
	sum := sha256.New()
	fmt.Fprintf(sum, "%q %q %x %x", u.email, u.password.Hash, u.password.Salt, u.password.Check)
	return sum.Sum(nil)[:16]
}

// isCurrent reports whether what is known is about the code in the user's column.
func (c *mailedCode) isCurrent(u user) bool { return c != nil && sameCode(c.code, u.emailCode) }

// sameCode compares codes by Q2A's rule: in any case of letters. No code at all is the same as none.
func sameCode(a, b string) bool {
	a, b = strings.ToLower(strings.TrimSpace(a)), strings.ToLower(strings.TrimSpace(b))
	return a != "" && subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1
}

// codeIsGood reports whether the code in the user's column is good for a purpose. known is what is known of
// it, which may be of another code; confirms tells that the site wants addresses confirmed.
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

// readCode reads what is known of the user's code; nil for nothing.
func readCode(ctx context.Context, db *database.DB, userID int) (*mailedCode, error) {
	var c mailedCode
	var purpose string
	found, err := db.Get(ctx, []any{&c.code, &purpose, &c.stamp, &c.made},
		"SELECT code, purpose, stamp, made FROM {q2ab_codes} WHERE userid = ?", userID)
	if err != nil {
		return nil, fmt.Errorf("read a code: %w", err)
	}
	if !found {
		return nil, nil //nolint:nilnil // nothing is known
	}
	c.purpose = codePurpose(purpose)
	return &c, nil
}

// goodCode returns the user's code if it is good for the purpose, else "".
func (m *Module) goodCode(ctx context.Context, db *database.DB, u user, purpose codePurpose) (string, error) {
	o, err := m.site.Options(ctx)
	if err != nil {
		return "", err
	}
	known, err := readCode(ctx, db, u.id)
	if err != nil || !codeIsGood(u, known, purpose, o.Bool("confirm_user_emails"), db.Now()) {
		return "", err
	}
	return strings.TrimSpace(u.emailCode), nil
}

// CodeToMail returns the code that a mail to the user at the address may bear, "confirm" to confirm the address
// or "reset" to choose a new password, as things are now; "" if there is none any more. What is good for
// another address than the mail goes to is none: the account may have changed since the address was read.
func (m *Module) CodeToMail(ctx context.Context, userID int, address, purpose string) (string, error) {
	users, err := findUsers(ctx, m.db, "userid = ?", userID)
	if err != nil || len(users) == 0 || users[0].email != address {
		return "", err
	}
	return m.goodCode(ctx, m.db, users[0], codePurpose(purpose))
}

// newCode gives the user a code, which the one before is replaced with, and has it mailed. The mail is
// counted.
func (a *action) newCode(u user, purpose codePurpose) error {
	if err := a.chargeMail(u.email); err != nil {
		return err
	}
	return a.mailCode(u, purpose)
}

// mailCode is newCode of a mail that is counted already.
func (a *action) mailCode(u user, purpose codePurpose) error {
	u.emailCode = randomCode()
	if err := set(a.ctx, a.tx, u.id, "emailcode = ?", u.emailCode); err != nil {
		return err
	}
	if err := writeCode(a.ctx, a.tx, u, purpose); err != nil {
		return err
	}
	a.reportBy(u.id, u.handle, purpose.event(), "userid", u.id)
	return nil
}

// writeCode notes what the code in the user's column is for.
func writeCode(ctx context.Context, tx *database.DB, u user, purpose codePurpose) error {
	_, err := tx.Exec(ctx, `
		INSERT INTO {q2ab_codes} (userid, code, purpose, stamp, made) VALUES (?, ?, ?, ?, ?)`+tx.Upsert("userid")+`
		code = `+tx.Given("code")+`, purpose = `+tx.Given("purpose")+`, stamp = `+tx.Given("stamp")+`,
		made = `+tx.Given("made"), u.id, u.emailCode, string(purpose), codeStamp(u), tx.Now())
	if err != nil {
		return fmt.Errorf("note a code: %w", err)
	}
	return nil
}

// dropCode ends the user's code, whoever made it, on both sites.
func dropCode(ctx context.Context, tx *database.DB, userID int) error {
	if err := set(ctx, tx, userID, "emailcode = ''"); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "DELETE FROM {q2ab_codes} WHERE userid = ?", userID); err != nil {
		return fmt.Errorf("drop a code: %w", err)
	}
	return nil
}

// keepCode lets the code of a user outlive that the same password was hashed anew: before has the old hash,
// after the new one.
func keepCode(ctx context.Context, tx *database.DB, before, after user) error {
	_, err := tx.Exec(ctx, "UPDATE {q2ab_codes} SET stamp = ? WHERE userid = ? AND stamp = ?",
		codeStamp(after), after.id, codeStamp(before))
	if err != nil {
		return fmt.Errorf("keep a code: %w", err)
	}
	return nil
}
