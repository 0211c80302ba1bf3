package web

import "38qa.net/backend/modules/kernel/problem"

// pastPosition is a place in a list of what happened, the newest first: after a number of the entries of a
// second, given in Unix seconds.
type pastPosition struct {
	At    int64 `json:"t"`
	After int   `json:"n"`
}

// Valid reports whether there can be such a place.
func (p *pastPosition) Valid() bool { return ValidUnix(p.At) && p.After >= 1 && ValidCount(p.After) }

// PastPage returns the page of a list of what happened that the client asks for. The list has the given name
// and all entries, the newest first; at returns when an entry happened, in Unix seconds. Entries that come
// later do not move the places of cursors.
func PastPage[T any](list string, page Page, entries []T, at func(T) int64, size int) (*List[T], error) {
	if err := page.Check(); err != nil {
		return nil, err
	}
	start := min(page.Offset(size), len(entries))
	if page.Cursor != "" {
		var p pastPosition
		if err := DecodeCursor(list, page.Cursor, &p); err != nil {
			return nil, err
		}
		for start = 0; start < len(entries) && at(entries[start]) > p.At; start++ {
		}
		same := 0
		for ; start+same < len(entries) && at(entries[start+same]) == p.At; same++ {
		}
		start += min(same, p.After)
	}
	end := min(start+size, len(entries))
	out := &List[T]{Items: append([]T{}, entries[start:end]...)}
	if end < len(entries) && end > start {
		p := pastPosition{At: at(entries[end-1])}
		for i := end - 1; i >= 0 && at(entries[i]) == p.At; i-- {
			p.After++
		}
		if !p.Valid() {
			return nil, problem.New(problem.CodeInternal)
		}
		out.NextCursor = EncodeCursor(list, &p)
	}
	return out, nil
}
