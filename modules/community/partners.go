package community

import (
	"context"
	"database/sql"
	"fmt"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/problem"
)

// relation is what decides whether one user may write a private message to another, or add the other to a
// group.
type relation struct {
	admin   bool // one of both is an administrator
	mutual  bool // they follow each other
	earlier bool // there are messages between them
	off     bool // the other one takes no private messages
	muted   bool // the other one has muted the writer
}

// mayMessage returns the problem for which the user may not write to the other one, nil if the user may. In
// Q2A everybody may write to everybody who takes messages. Where the plugins are on, two users who have not
// written to each other yet have to follow each other, or one of them is an administrator. What the plugin
// would send and then show to neither, we refuse: a message to whom takes none and is no mutual follower.
func mayMessage(plugins bool, r relation) *problem.Error {
	switch {
	case r.muted:
		return problem.New(auth.CodeMuted)
	case plugins && (r.admin || r.mutual):
		return nil
	case r.off:
		return problem.New(codeMessagesOff)
	case plugins && !r.earlier:
		return problem.New(codeNotMutual)
	}
	return nil
}

// partner is a user to whom another one may want to write.
type partner struct{ id, level, flags int }

// lockPartners reads the users with the ids, by id, and locks their rows until the transaction ends, in one
// order for all transactions. Users who do not exist are left out.
func lockPartners(ctx context.Context, tx *database.DB, ids ...int) (map[int]partner, error) {
	found := map[int]partner{}
	err := tx.Select(ctx, func(rows *sql.Rows) error {
		var p partner
		err := rows.Scan(&p.id, &p.level, &p.flags)
		found[p.id] = p
		return err
	}, "SELECT userid, level, flags FROM {users} WHERE userid IN ? ORDER BY userid"+tx.ForUpdate(), ids)
	if err != nil {
		return nil, fmt.Errorf("lock who writes and who receives: %w", err)
	}
	return found, nil
}

// relations returns how the user is related to each of the others, by their ids, except for earlier
// messages. The number of statements does not depend on how many they are.
func (m *Module) relations(
	ctx context.Context, db *database.DB, plugins bool, user partner, others []partner,
) (map[int]relation, error) {
	found := map[int]relation{}
	for _, p := range others {
		found[p.id] = relation{admin: user.level >= auth.LevelAdmin || p.level >= auth.LevelAdmin,
			off: p.flags&auth.FlagNoMessages != 0}
	}
	if len(others) == 0 {
		return found, nil
	}
	ids := sortedKeys(found)
	if m.auth.ObeysMutes() {
		if err := setEach(ctx, db, found, func(r *relation) { r.muted = true },
			`SELECT userid FROM {userfavorites}
			WHERE entitytype = 'M' AND entityid = ? AND userid IN ?`, user.id, ids); err != nil {
			return nil, fmt.Errorf("read who has muted: %w", err)
		}
	}
	if !plugins {
		return found, nil
	}
	if err := setEach(ctx, db, found, func(r *relation) { r.mutual = true },
		"SELECT f.entityid"+mutualFollowers+" AND f.entityid IN ?", user.id, ids); err != nil {
		return nil, fmt.Errorf("read who follows each other: %w", err)
	}
	return found, nil
}

// allRelations is like relations, and reads with whom there are earlier messages, where that matters.
func (m *Module) allRelations(
	ctx context.Context, db *database.DB, plugins bool, user partner, others []partner,
) (map[int]relation, error) {
	found, err := m.relations(ctx, db, plugins, user, others)
	if err != nil || !plugins || len(found) == 0 {
		return found, err
	}
	err = setEach(ctx, db, found, func(r *relation) { r.earlier = true }, `SELECT u.userid FROM {users} u
		WHERE u.userid IN ? AND (
			EXISTS (SELECT 1 FROM {messages} m
				WHERE m.type = 'PRIVATE' AND m.fromuserid = ? AND m.touserid = u.userid)
			OR EXISTS (SELECT 1 FROM {messages} m
				WHERE m.type = 'PRIVATE' AND m.fromuserid = u.userid AND m.touserid = ?))`,
		sortedKeys(found), user.id, user.id)
	if err != nil {
		return nil, fmt.Errorf("read who has written: %w", err)
	}
	return found, nil
}

// setEach changes the relations with the users whose ids a query reads.
func setEach(
	ctx context.Context, db *database.DB, found map[int]relation, set func(r *relation), query string,
	args ...any,
) error {
	return db.Select(ctx, func(rows *sql.Rows) error {
		var id int
		err := rows.Scan(&id)
		r := found[id]
		set(&r)
		found[id] = r
		return err
	}, query, args...)
}

// mutualFollowers is the part of a query, from FROM on, for the users f.entityid whom the user follows and
// who follow back. Its argument is the user.
const mutualFollowers = ` FROM {userfavorites} f
	JOIN {userfavorites} b ON b.userid = f.entityid AND b.entitytype = 'U' AND b.entityid = f.userid
	WHERE f.userid = ? AND f.entitytype = 'U'`
