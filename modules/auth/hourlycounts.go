package auth

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/limit"
	"38qa.net/backend/modules/kernel/problem"
)

// The kinds of what is counted by the hour, in addition to what Q2A's own limits count.
const (
	mailsByAccount = "mails by account"
	mailsByClient  = "mails by client"
	mailsToAddress = "mails to address"
	takenTold      = "taken"
)

// The limits of mails in an hour to addresses that the sender chooses: how many an account may cause,
// how many a client's address may cause, and how many one address may receive. Administrators may
// cause adminMails times as many, because they look after other people's accounts.
const (
	maxMailsByAccount = 5
	maxMailsByClient  = 25
	maxMailsToAddress = 5
	adminMails        = 10
)

// maxTakenTold is how often in an hour an account, or a client's address, may learn that a name or an
// address is taken.
const maxTakenTold = 10

// chargeMail counts a mail that the caller causes to an address of their choice, and returns
// rate_limit beyond the limits. All such mails are counted here, in three ways: by the account that
// causes the mail, so that nobody writes to strangers by changing their own address again and again;
// by the client's address, so that it does not help to use many accounts; and by the address that
// receives the mail, so that nobody's mailbox is filled from many sources. The counts are part of the
// transaction that has the mail sent, so a mail that is rolled back is not counted.
func (a *action) chargeMail(address string) error {
	times := 1
	if a.Caller.Level >= LevelAdmin {
		times = adminMails
	}
	count := func(what, name string, most int) error {
		return countHourly(a.Ctx, a.Tx, what, name, most, "mail")
	}
	if !a.Caller.Anonymous() {
		if err := count(mailsByAccount, strconv.Itoa(a.Caller.UserID),
			times*maxMailsByAccount); err != nil {
			return err
		}
	}
	if a.Caller.IP.IsValid() {
		if err := count(mailsByClient, limit.ClientKey(a.Caller.IP), times*maxMailsByClient); err != nil {
			return err
		}
	}
	return count(mailsToAddress, database.FoldGeneralCI(address), maxMailsToAddress)
}

// CountHourly counts one more action of the caller's that Q2A does not limit, and returns rate_limit if
// there were more in the current hour than most, by the account, or than clientMost, by the client's
// address. what is the action's name in the API.
func (w *Writer) CountHourly(what string, most, clientMost int) error {
	if !w.Caller.Anonymous() {
		if err := countHourly(w.Ctx, w.Tx, what+" by account", strconv.Itoa(w.Caller.UserID), most,
			what); err != nil {
			return err
		}
	}
	if w.Caller.IP.IsValid() {
		return countHourly(w.Ctx, w.Tx, what+" by client", limit.ClientKey(w.Caller.IP), clientMost, what)
	}
	return nil
}

// takenKeys returns the names under which it is counted how often the caller has learned that a name
// is taken: one for the account and one for the client's address.
func takenKeys(ctx context.Context) (names []string) {
	c := CallerOf(ctx)
	if !c.Anonymous() {
		names = append(names, "account "+strconv.Itoa(c.UserID))
	}
	if c.IP.IsValid() {
		names = append(names, "client "+limit.ClientKey(c.IP))
	}
	return names
}

// mayBeTold returns rate_limit if the caller has learned too often in the current hour that names or
// addresses are taken. It refuses requests for free names as well, because a refusal of taken names
// alone would reveal that they are taken.
func (m *Module) mayBeTold(ctx context.Context) error {
	for _, name := range takenKeys(ctx) {
		var count int
		_, err := m.db.Get(ctx, []any{&count},
			"SELECT count FROM {q2ab_attempts} WHERE id = ? AND period = ?",
			attemptID(takenTold, name), m.db.Now()/hour)
		if err != nil {
			return fmt.Errorf("read attempts: %w", err)
		}
		if count >= maxTakenTold {
			return tooOften(m.db.Now(), actionNames[Registrations])
		}
	}
	return nil
}

// countTaken counts the error of a use case if it says that a name or an address is taken, and
// returns rate_limit in its place beyond the limit. Other errors are returned as they are. It counts
// in a transaction of its own, since the one of the use case was rolled back.
func (m *Module) countTaken(ctx context.Context, refusal error) error {
	var p *problem.Error
	tells := func(f problem.Field) bool { return f.Code == fieldTaken }
	if !errors.As(refusal, &p) || !slices.ContainsFunc(p.Fields, tells) {
		return refusal
	}
	for _, name := range takenKeys(ctx) {
		var over error
		err := m.db.Tx(ctx, func(tx *database.DB) error {
			over = nil
			err := countHourly(ctx, tx, takenTold, name, maxTakenTold, actionNames[Registrations])
			if errors.As(err, &p) {
				over = err
				return nil
			}
			return err
		})
		if err := errors.Join(err, over); err != nil {
			return err
		}
	}
	return refusal
}

// countHourly counts one more action in the current hour, and returns rate_limit if there were more
// than most. The row of the count stays locked until the transaction ends.
func countHourly(ctx context.Context, tx *database.DB, what, name string, most int, action string) error {
	id, now := attemptID(what, name), tx.Now()
	period := tx.Given("period")
	_, err := tx.Exec(ctx, `
		INSERT INTO {q2ab_attempts} (id, period, count) VALUES (?, ?, 1)`+tx.Upsert("id")+`
		count = CASE WHEN {q2ab_attempts}.period = `+period+` THEN {q2ab_attempts}.count + 1 ELSE 1 END,
		period = `+period, id, now/hour)
	if err != nil {
		return fmt.Errorf("count an attempt: %w", err)
	}
	var count int
	if _, err := tx.Get(ctx, []any{&count}, "SELECT count FROM {q2ab_attempts} WHERE id = ?",
		id); err != nil {
		return fmt.Errorf("count an attempt: %w", err)
	}
	if count > most {
		return tooOften(now, action)
	}
	return nil
}

// tooOften returns the problem rate_limit for an action that was done too often in the current hour.
func tooOften(now int64, action string) *problem.Error {
	p := problem.New(problem.CodeRateLimit, hour-now%hour)
	p.Action, p.RetryAfter = action, int(hour-now%hour)
	return p
}

// attemptID returns the key of a count or a lock. It is a hash, which does not reveal to whom the
// count belongs.
func attemptID(what, name string) []byte {
	sum := sha256.Sum256([]byte(what + "\n" + strings.ToLower(name)))
	return sum[:]
}
