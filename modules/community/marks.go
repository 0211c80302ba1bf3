package community

import (
	"context"
	"database/sql"
	"fmt"

	"38qa.net/backend/modules/auth"
)

// Marks say how the caller stands to a user.
type Marks struct {
	IsFavorite *bool `json:"isFavorite,omitempty" doc:"Whether the caller follows the user; absent for anonymous callers"`
	IsMuted    bool  `json:"isMuted,omitempty" doc:"Whether the caller has muted the user"`
}

// knownMarks are the marks of users. They are nil for anonymous callers.
type knownMarks map[int]*Marks

func (k knownMarks) of(userID int) Marks {
	if k == nil {
		return Marks{}
	}
	if found := k[userID]; found != nil {
		return *found
	}
	no := false
	return Marks{IsFavorite: &no}
}

// marksOf returns how the caller stands to the users with the ids, in one statement.
func (m *Module) marksOf(ctx context.Context, ids []int) (knownMarks, error) {
	caller := auth.CallerOf(ctx)
	if caller.Anonymous() || len(ids) == 0 {
		return nil, nil
	}
	found := knownMarks{}
	err := m.db.Select(ctx, func(rows *sql.Rows) error {
		var kind string
		var id int
		if err := rows.Scan(&kind, &id); err != nil {
			return err
		}
		if found[id] == nil {
			no := false
			found[id] = &Marks{IsFavorite: &no}
		}
		if kind == kindMuted {
			found[id].IsMuted = true
		} else {
			*found[id].IsFavorite = true
		}
		return nil
	}, `SELECT entitytype, entityid
		FROM {userfavorites}
		WHERE userid = ? AND entitytype IN ('U', 'M') AND entityid IN ?`, caller.UserID, ids)
	if err != nil {
		return nil, fmt.Errorf("read whom the caller follows: %w", err)
	}
	return found, nil
}

// mark sets the marks of the users in a list.
func (m *Module) mark(ctx context.Context, users []user) error {
	ids := make([]int, len(users))
	for i := range users {
		ids[i] = users[i].ID
	}
	known, err := m.marksOf(ctx, ids)
	if err != nil {
		return err
	}
	for i := range users {
		users[i].Marks = known.of(users[i].ID)
	}
	return nil
}
