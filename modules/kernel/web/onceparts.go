package web

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"net/http"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/problem"
)

// Accept records a request that is done in several parts, each in a transaction of its own, under its
// Idempotency-Key; without a key it does nothing. It must be called before the first part. It returns a
// problem if the key was used for another request, or if the client has used too many keys.
func Accept(ctx context.Context, db *database.DB) error {
	if _, ok := ctx.Value(onceKey{}).(*once); !ok {
		return nil
	}
	_, err := Once(ctx, db, func(*database.DB) (int, error) { return 0, nil })
	return err
}

// Part returns a context in which Once does the part of a request that has the given number. When a client
// repeats a request that was cut off, Once leaves out those of its parts that were done. A part that was
// refused is judged anew.
func Part(ctx context.Context, number int) context.Context {
	whole, ok := ctx.Value(onceKey{}).(*once)
	if !ok {
		return ctx
	}
	h := sha256.New()
	h.Write(whole.id)
	h.Write(binary.BigEndian.AppendUint64(nil, uint64(number)))
	// Parts do not count as requests of the client: they are counted among themselves.
	part := &once{id: h.Sum(nil), client: whole.id, fingerprint: whole.fingerprint}
	return context.WithValue(ctx, onceKey{}, part)
}

// Parts does a request about several things, given by their ids, each as a part of its own; see Accept and
// Part. It returns in the order of the ids what do returns, or for an error what refused makes of its problem.
// The response should have the value cacheControl in its header: if a part failed by no fault of the client,
// that keeps the response from being stored, so that the same request can be sent again for this part.
func Parts[T any](
	ctx context.Context, db *database.DB, ids []int,
	do func(ctx context.Context, id int) (T, error), refused func(id int, p *Problem) T,
) (items []T, cacheControl string, err error) {
	if err := Accept(ctx, db); err != nil {
		return nil, "", err
	}
	items = make([]T, len(ids))
	for i, id := range ids {
		err := ctx.Err()
		if err != nil { // the time of the request is over
			err = problem.New(problem.CodeUnavailable)
		} else {
			items[i], err = do(Part(ctx, i), id)
		}
		if err == nil {
			continue
		}
		p := ProblemOf(ctx, err)
		if p.StatusNo >= http.StatusInternalServerError {
			cacheControl = "no-store"
		}
		items[i] = refused(id, p)
	}
	return items, cacheControl, nil
}

// ProblemOf returns the form in which a response shows an error that concerns a part of what the request asked
// for. As for the error of a whole request, the client learns nothing of a failure but a general problem.
func ProblemOf(ctx context.Context, err error) *Problem { return present(ctx, asProblem(ctx, err)) }
