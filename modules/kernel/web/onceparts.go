package web

import (
	"context"
	"crypto/sha256"
	"encoding/binary"

	"38qa.net/backend/modules/kernel/database"
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

// ProblemOf returns how a response tells of an error that concerns a part of what the request asked for. As
// for the error of a whole request, the client learns nothing of a failure but a general problem.
func ProblemOf(ctx context.Context, err error) *Problem { return present(ctx, asProblem(ctx, err)) }
