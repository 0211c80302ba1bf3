package community

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/web"
)

// candidate is a user to whom the caller may write, or whom the caller may add to a group.
type candidate struct {
	auth.Author
	Mutual   bool       `json:"followEachOther,omitempty" doc:"Whether both follow each other"`
	LatestAt *time.Time `json:"latestMessageAt,omitempty" doc:"When the latest private message between both was written, if that was in the last year"`
}

type candidatesOutput struct{ Body web.List[candidate] }

const (
	// partnersFor is for how long whom one had messages with is proposed, in seconds, as by the plugin.
	partnersFor = 365 * 24 * 3600
	// mostCandidates is how many of each kind are proposed.
	mostCandidates = 50
)

func (m *Module) registerCandidates(api huma.API) {
	o := messageOperation("list-message-candidates", http.MethodGet, "me/message-candidates",
		"Users to write to: those one had messages with lately, then those who follow one another")
	o.Description = "At most 50 of each kind, and only those who take messages from the caller. " +
		"A caller who takes no messages is told of mutual followers only."
	web.Register(api, o, m.listCandidates)
}

func (m *Module) listCandidates(ctx context.Context, _ *struct{}) (*candidatesOutput, error) {
	caller, o, err := m.messenger(ctx)
	if err != nil {
		return nil, err
	}
	plugins, err := m.messagePlugins(ctx)
	if err != nil {
		return nil, err
	}
	if err := m.followBox(ctx, caller.UserID); err != nil {
		return nil, err
	}
	times, ids := map[int]int64{}, []int{}
	err = m.db.Select(ctx, func(rows *sql.Rows) error {
		var id int
		var at int64
		err := rows.Scan(&id, &at)
		ids, times[id] = append(ids, id), at
		return err
	}, `SELECT other, latest FROM {q2ab_conversations}
		WHERE userid = ? AND kind = 'P' AND other > 0 AND latest > ?
		ORDER BY latest DESC, other DESC LIMIT ?`, caller.UserID, m.db.Now()-partnersFor, mostCandidates)
	if err != nil {
		return nil, fmt.Errorf("read recent conversations: %w", err)
	}
	mutual := map[int]bool{}
	err = m.db.Select(ctx, func(rows *sql.Rows) error {
		var id int
		err := rows.Scan(&id)
		ids, mutual[id] = append(ids, id), true
		return err
	}, "SELECT f.entityid"+mutualFollowers+" ORDER BY f.entityid DESC LIMIT ?", caller.UserID, mostCandidates)
	if err != nil {
		return nil, fmt.Errorf("read who follows each other: %w", err)
	}
	ids = distinct(ids)
	out := &candidatesOutput{Body: web.List[candidate]{Items: []candidate{}}}
	accounts, err := m.auth.Accounts(ctx, "u.userid IN ?", append(ids, caller.UserID))
	if err != nil {
		return nil, err
	}
	byID, others, self := map[int]auth.Account{}, []partner{}, partner{}
	for _, a := range accounts {
		if byID[a.ID] = a; a.ID == caller.UserID {
			self = partner{a.ID, a.Level, a.Flags}
		} else {
			others = append(others, partner{a.ID, a.Level, a.Flags})
		}
	}
	relations, err := m.relations(ctx, m.db, plugins.on, self, others)
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		a, there := byID[id]
		r := relations[id]
		r.earlier = times[id] != 0
		if !there || id == caller.UserID || mayMessage(plugins.on, r) != nil ||
			self.flags&auth.FlagNoMessages != 0 && !mutual[id] {
			continue
		}
		c := candidate{Author: *a.Author(o), Mutual: mutual[id]}
		if at := times[id]; at != 0 {
			latest := time.Unix(at, 0).UTC()
			c.LatestAt = &latest
		}
		out.Body.Items = append(out.Body.Items, c)
	}
	return out, nil
}
