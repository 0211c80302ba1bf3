package main

import (
	"context"
	"fmt"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/events"
	"38qa.net/backend/tools/internal/trialsite"
)

// site is the database that the servers share: an empty site with members who are to be mailed to.
type site struct{ *trialsite.Site }

// newSite makes the database.
func newSite(ctx context.Context, s *settings) (*site, error) {
	made, err := trialsite.New(ctx, s.databaseURL, "torture_mail")
	if err != nil {
		return nil, err
	}
	d := &site{made}
	const atOnce = 1000
	for first := 1; first <= s.mails; first += atOnce {
		err := d.Tx(ctx, func(tx *database.DB) error {
			for id := first; id < first+atOnce && id <= s.mails; id++ {
				handle := fmt.Sprint("member", id)
				if err := d.AddMember(ctx, tx, id, auth.LevelApproved, handle, addressOf(id)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return d, nil
}

// addressOf is the address of the member with the id.
func addressOf(id int) string { return fmt.Sprintf("member%d@example.com", id) }

// approve reports that members were approved, which is to be mailed to each.
func (d *site) approve(ctx context.Context, first, last int) error {
	return d.Tx(ctx, func(tx *database.DB) error {
		for id := first; id <= last; id++ {
			if err := events.Append(ctx, tx, events.Event{Name: "u_level", At: tx.Now(), Params: []events.Param{
				{Name: "userid", Value: id}, {Name: "level", Value: 10}, {Name: "oldlevel", Value: 0}}}); err != nil {
				return err
			}
		}
		return nil
	})
}
