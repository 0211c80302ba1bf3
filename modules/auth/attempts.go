package auth

import (
	"context"
	"crypto/sha256"
	"fmt"
	"strings"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/limit"
	"38qa.net/backend/modules/kernel/problem"
)

// What is counted of attempts, each by account. They are no part of Q2A's limits, which count by address alone and so let many
// addresses try one account.
const (
	passwordAttempts = "password"
	codeAttempts     = "code"
	mailsAskedFor    = "mail"
)

// Most attempts at an account's codes, and most mails with a code to it, in an hour; from one address perAddress times as many.
// A code has 36^8 forms.
const (
	maxCodeAttempts = 20
	maxMails        = 5
	perAddress      = 5
)

// attemptHere is attempt for what Q2A does not limit by address: the address of the request counts too.
func (m *Module) attemptHere(ctx context.Context, what, account string, most int) error {
	if ip := CallerOf(ctx).IP; ip.IsValid() {
		if err := m.attempt(ctx, what, "address "+limit.ClientKey(ip), perAddress*most); err != nil {
			return err
		}
	}
	return m.attempt(ctx, what, account, most)
}

// attempt counts one attempt at the account that a person names, whether there is such an account or not, and refuses, with
// rate_limit, those beyond the limit of an hour. It has a transaction of its own: what follows may fail.
func (m *Module) attempt(ctx context.Context, what, account string, most int) error {
	refused := false
	now := m.db.Now()
	err := m.db.Tx(ctx, func(tx *database.DB) error {
		id := attemptID(what, account)
		period := now / hour
		_, err := tx.Exec(ctx, "INSERT INTO {q2ab_attempts} (id, period, count) VALUES (?, ?, 1)"+tx.Upsert("id")+
			"count = CASE WHEN {q2ab_attempts}.period = "+tx.Given("period")+" THEN {q2ab_attempts}.count + 1 ELSE 1 END, period = "+tx.Given("period"), id, period)
		if err != nil {
			return fmt.Errorf("count an attempt: %w", err)
		}
		var count int
		if _, err := tx.Get(ctx, []any{&count}, "SELECT count FROM {q2ab_attempts} WHERE id = ?", id); err != nil {
			return fmt.Errorf("count an attempt: %w", err)
		}
		refused = count > most
		return nil
	})
	if err != nil {
		return err
	}
	if refused {
		p := problem.New("rate_limit", hour-now%hour)
		p.Action, p.RetryAfter = actionNames[Logins], int(hour-now%hour)
		return p
	}
	return nil
}

// succeeded forgets the attempts at an account.
func succeeded(ctx context.Context, tx *database.DB, what, account string) error {
	if _, err := tx.Exec(ctx, "DELETE FROM {q2ab_attempts} WHERE id = ?", attemptID(what, account)); err != nil {
		return fmt.Errorf("forget attempts: %w", err)
	}
	return nil
}

// attemptID is the key of a count. It does not tell whose it is.
func attemptID(what, account string) []byte {
	sum := sha256.Sum256([]byte(what + "\n" + strings.ToLower(account)))
	return sum[:]
}
