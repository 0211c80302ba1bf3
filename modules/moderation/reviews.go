package moderation

import (
	"context"
	"database/sql"
	"fmt"

	"38qa.net/backend/modules/qa"
)

// Reviews implements qa.Screening.
func (m *Module) Reviews(ctx context.Context, ids []int) (map[int]qa.Review, error) {
	return m.reviews(ctx, aboutPost, ids)
}

// ReviewsOfUsers returns what moderators are told of the users with the given ids, by id.
func (m *Module) ReviewsOfUsers(ctx context.Context, ids []int) (map[int]qa.Review, error) {
	return m.reviews(ctx, aboutUser, ids)
}

func (m *Module) reviews(ctx context.Context, k kind, ids []int) (map[int]qa.Review, error) {
	list := map[int]qa.Review{}
	if len(ids) == 0 {
		return list, nil
	}
	err := m.db.Select(ctx, func(rows *sql.Rows) error {
		var id int
		var at int64
		var s qa.Suspicion
		if err := rows.Scan(&id, &s.Service, &s.Verdict, &s.Reason, &at); err != nil {
			return err
		}
		s.At = unixTime(at)
		list[id] = qa.Review{Suspicion: &s}
		return nil
	}, `SELECT subject, service, verdict, reason, at
		FROM {q2ab_spam_checks}
		WHERE kind = ? AND subject IN ?`, string(k), ids)
	if err != nil {
		return nil, fmt.Errorf("read suspicions: %w", err)
	}
	locks, err := m.locks(ctx, k, ids)
	if err != nil {
		return nil, err
	}
	for id, lock := range locks {
		r := list[id]
		r.ReviewedBy = lock
		list[id] = r
	}
	return list, nil
}

// locks returns the locks that have not ended, by the ids of the posts or users that they are on.
func (m *Module) locks(ctx context.Context, k kind, ids []int) (map[int]*qa.ReviewLock, error) {
	type row struct {
		holder int
		until  int64
	}
	found, holders := map[int]row{}, []int{}
	err := m.db.Select(ctx, func(rows *sql.Rows) error {
		var id int
		var r row
		err := rows.Scan(&id, &r.holder, &r.until)
		found[id], holders = r, append(holders, r.holder)
		return err
	}, "SELECT subject, userid, until FROM {q2ab_review_locks} WHERE kind = ? AND subject IN ? AND until > ?",
		string(k), ids, m.db.Now())
	if err != nil {
		return nil, fmt.Errorf("read locks: %w", err)
	}
	o, err := m.site.Options(ctx)
	if err != nil {
		return nil, err
	}
	authors, err := m.auth.Authors(ctx, o, holders)
	if err != nil {
		return nil, fmt.Errorf("read who holds locks: %w", err)
	}
	list := map[int]*qa.ReviewLock{}
	for id, r := range found {
		if by := authors[r.holder]; by != nil {
			list[id] = &qa.ReviewLock{By: *by, Until: unixTime(r.until)}
		}
	}
	return list, nil
}
