package community

import (
	"context"
	"errors"
	"fmt"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/events"
	"38qa.net/backend/modules/site/option"
)

// MessageAs writes a private message, which is plain text, in the name of a user to another, as the old
// site's plugin q2a-auto-pmsg does: no permission and no hourly limit is looked at, and the event is
// reported as for any message. first is called in the same transaction; nothing is written if it returns
// false. It does nothing if one of the two accounts is gone, or if they are the same.
func (m *Module) MessageAs(
	ctx context.Context, from, to int, text string, first func(tx *database.DB) (bool, error),
) error {
	o, err := m.site.Options(ctx)
	if err != nil {
		return err
	}
	if !o.Bool(option.AllowPrivateMessages) || from == to {
		return nil
	}
	var told []events.Event
	err = m.db.Tx(ctx, func(tx *database.DB) error {
		told = nil
		if ok, err := first(tx); err != nil || !ok {
			return err
		}
		sender, err := handleOf(ctx, tx, from)
		if err != nil {
			return err
		}
		receiver, err := handleOf(ctx, tx, to)
		if err != nil {
			return err
		}
		var messageID any
		if o.Bool(option.ShowMessageHistory) {
			id, err := tx.Insert(ctx,
				`INSERT INTO {messages} (type, fromuserid, touserid, content, format, created)
				VALUES ('PRIVATE', ?, ?, ?, '', FROM_UNIXTIME(?))`, from, to, text, tx.Now())
			if err != nil {
				return fmt.Errorf("store a message: %w", err)
			}
			messageID = int(id)
		}
		told = []events.Event{{Name: "u_message", At: tx.Now(),
			Actor: events.Actor{UserID: from, Handle: sender}, Topics: events.ToUsers("u_message", to),
			Params: []events.Param{{Name: "userid", Value: to}, {Name: "handle", Value: receiver},
				{Name: "messageid", Value: messageID}, {Name: "message", Value: text}}}}
		return events.Append(ctx, tx, told...)
	})
	if errors.Is(err, errNoAccount) {
		return nil
	}
	if err == nil && o.Bool(option.EventLoggerToDatabase) {
		events.Log(context.WithoutCancel(ctx), m.db, told)
	}
	return err
}

// errNoAccount is the error of a message from or to an account that is gone.
var errNoAccount = errors.New("the account is gone")

func handleOf(ctx context.Context, tx *database.DB, userID int) (handle string, err error) {
	found, err := tx.Get(ctx, []any{&handle}, "SELECT handle FROM {users} WHERE userid = ?", userID)
	if err != nil {
		return "", fmt.Errorf("read who writes a message to whom: %w", err)
	}
	if !found {
		return "", errNoAccount
	}
	return handle, nil
}
