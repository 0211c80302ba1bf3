package events

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"

	"38qa.net/backend/modules/kernel/database"
)

// Read returns the events after a place, in order, at most limit. The first one has the next place
// unless events in between were removed because they were older than the retention.
func Read(ctx context.Context, db *database.DB, after int64, limit int) ([]Event, error) {
	var list []Event
	err := db.Select(ctx, func(rows *sql.Rows) error {
		var e Event
		var payload []byte
		if err := rows.Scan(&e.Seq, &e.Name, &e.At, &payload); err != nil {
			return err
		}
		if err := e.decode(payload); err != nil {
			// The event is returned without Topics, so it is not public: one bad row must not stop all
			// readers.
			slog.ErrorContext(ctx, "event cannot be read", "seq", e.Seq, "event", e.Name, "error", err)
		}
		list = append(list, e)
		return nil
	}, "SELECT seq, name, at, payload FROM {q2ab_outbox} WHERE seq > ? ORDER BY seq LIMIT ?", after, limit)
	if err != nil {
		return nil, fmt.Errorf("read events: %w", err)
	}
	return list, nil
}

// Param returns the value of the parameter with the given name, or nil if there is none.
func (e Event) Param(name string) any {
	for _, p := range e.Params {
		if p.Name == name {
			return p.Value
		}
	}
	return nil
}

func (e *Event) decode(payload []byte) error {
	var s struct {
		Actor  storedActor     `json:"actor"`
		Params json.RawMessage `json:"params"`
		Topics Topics          `json:"topics"`
	}
	if err := json.Unmarshal(payload, &s); err != nil {
		return err
	}
	if err := json.Unmarshal(s.Params, (*params)(&e.Params)); err != nil {
		return err
	}
	e.RawParams, e.Topics = s.Params, s.Topics
	e.Actor = Actor{UserID: s.Actor.UserID, Handle: s.Actor.Handle, CookieID: s.Actor.CookieID}
	if s.Actor.IP == "" {
		return nil
	}
	var err error
	e.Actor.IP, err = netip.ParseAddr(s.Actor.IP)
	return err
}

// UnmarshalJSON implements json.Unmarshaler. It keeps the order of the parameters. The row of a post
// becomes a Record without its number of fields.
func (list *params) UnmarshalJSON(text []byte) error {
	d := json.NewDecoder(bytes.NewReader(text))
	if start, err := d.Token(); err != nil || start != json.Delim('{') {
		return errors.Join(errors.New("the parameters are not an object"), err)
	}
	*list = nil
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return err
		}
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return err
		}
		value, err := paramValue(raw)
		if err != nil {
			return err
		}
		*list = append(*list, Param{fmt.Sprint(name), value})
	}
	return nil
}

func paramValue(raw json.RawMessage) (any, error) {
	var number int
	if json.Unmarshal(raw, &number) == nil && !bytes.Equal(raw, []byte("null")) {
		return number, nil
	}
	if raw[0] == '{' {
		var r struct {
			ID     int    `json:"postid"`
			Type   string `json:"type"`
			UserID int    `json:"userid"`
		}
		if !bytes.Contains(raw, []byte(`"postid":`)) {
			var row map[string]any
			err := json.Unmarshal(raw, &row)
			return Record{Row: row}, err
		}
		err := json.Unmarshal(raw, &r)
		return Record{ID: r.ID, Type: r.Type, UserID: r.UserID}, err
	}
	var value any
	err := json.Unmarshal(raw, &value)
	return value, err
}
