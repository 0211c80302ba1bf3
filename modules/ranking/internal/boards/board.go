package boards

import (
	"cmp"
	"encoding/binary"
	"errors"
	"slices"
	"strconv"
)

func itoa(n int) string { return strconv.Itoa(n) }

// Board lists what the users of a scope did within a span, in the order of their ids.
type Board []Entry

// ErrCorrupt is the error that Decode returns for bytes that are not an encoded board.
var ErrCorrupt = errors.New("not a board")

// Encode returns the board as a sequence of variable-length numbers, about eight bytes for each
// user. Decode reads it back.
func (b Board) Encode() []byte {
	out := binary.AppendUvarint(nil, uint64(len(b)))
	last := 0
	for _, e := range b {
		out = binary.AppendUvarint(out, uint64(e.UserID-last))
		out = binary.AppendVarint(out, int64(e.Points))
		for _, n := range []int{e.Questions, e.Answers, e.BestAnswers} {
			out = binary.AppendUvarint(out, uint64(n))
		}
		last = e.UserID
	}
	return out
}

// Decode returns the board that Encode wrote. It returns ErrCorrupt for any other bytes.
func Decode(data []byte) (Board, error) {
	ok := true
	next := func(signed bool) int {
		var n int64
		var size int
		if signed {
			n, size = binary.Varint(data)
		} else {
			var u uint64
			u, size = binary.Uvarint(data)
			n = int64(u)
		}
		if size <= 0 || !signed && n < 0 {
			ok, data = false, nil
			return 0
		}
		data = data[size:]
		return int(n)
	}
	count := next(false)
	if count > len(data) { // each entry takes five bytes and more
		return nil, ErrCorrupt
	}
	board := make(Board, 0, count)
	last := 0
	for range count {
		e := Entry{UserID: last + next(false), Points: next(true), Questions: next(false),
			Answers: next(false), BestAnswers: next(false)}
		last = e.UserID
		board = append(board, e)
	}
	if !ok || len(data) > 0 {
		return nil, ErrCorrupt
	}
	return board, nil
}

// Measure is the figure by which a board is ordered.
type Measure string

// The measures. BestAnswerRate is the share of a user's answers that were selected as best; it
// ranks only users with at least MinAnswersForRate answers.
const (
	Points         Measure = "points"
	Questions      Measure = "questions"
	Answers        Measure = "answers"
	BestAnswers    Measure = "best-answers"
	BestAnswerRate Measure = "best-answer-rate"
)

// MinAnswersForRate is how many answers a user needs to be ranked by BestAnswerRate, since the
// share of a few answers means little.
const MinAnswersForRate = 5

// Place is an entry with its rank. The rank is one more than the number of users who did more, so
// that equal users share a rank, as in Q2A.
type Place struct {
	Entry
	Rank int
}

// Ranked returns the places of the users who take part in the measure, the best first. All users on
// the board take part in Points, and in the other measures those whose figure is not zero, with the
// limit of MinAnswersForRate for BestAnswerRate. Equal users are in the order of their ids.
func (b Board) Ranked(by Measure) []Place {
	places := make([]Place, 0, len(b))
	for _, e := range b {
		if by.ranks(&e) {
			places = append(places, Place{Entry: e})
		}
	}
	slices.SortStableFunc(places, func(x, y Place) int { return by.compare(&y.Entry, &x.Entry) })
	for i := range places {
		places[i].Rank = i + 1
		if i > 0 && by.compare(&places[i].Entry, &places[i-1].Entry) == 0 {
			places[i].Rank = places[i-1].Rank
		}
	}
	return places
}

// ranks reports whether a user takes part in the measure.
func (by Measure) ranks(e *Entry) bool {
	switch by {
	case Questions:
		return e.Questions > 0
	case Answers:
		return e.Answers > 0
	case BestAnswers:
		return e.BestAnswers > 0
	case BestAnswerRate:
		return e.Answers >= MinAnswersForRate
	}
	return true
}

// compare returns a positive number if x did more than y by the measure, a negative one if x did
// less, and 0 if they are equal.
func (by Measure) compare(x, y *Entry) int {
	switch by {
	case Questions:
		return cmp.Compare(x.Questions, y.Questions)
	case Answers:
		return cmp.Compare(x.Answers, y.Answers)
	case BestAnswers:
		return cmp.Compare(x.BestAnswers, y.BestAnswers)
	case BestAnswerRate:
		return cmp.Compare(x.BestAnswers*y.Answers, y.BestAnswers*x.Answers) // the shares, without rounding
	}
	return cmp.Compare(x.Points, y.Points)
}
