package personal

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"time"

	"38qa.net/backend/modules/kernel/database"
)

// form is how the value of a column is written as JSON.
type form int

const (
	asText    form = iota
	asNumber       // a whole number, or text where it is beyond 2^53
	asTime         // Unix seconds, written like 2026-11-30T12:00:00Z; 0 is null
	asYes          // true or false
	asAddress      // an IP address in Q2A's binary form
	asJSON         // JSON, as it is stored
)

// field is a column of a query and the name under which it is written.
type field struct {
	name string
	as   form
}

func text(name string) field    { return field{name, asText} }
func number(name string) field  { return field{name, asNumber} }
func moment(name string) field  { return field{name, asTime} }
func yes(name string) field     { return field{name, asYes} }
func address(name string) field { return field{name, asAddress} }
func stored(name string) field  { return field{name, asJSON} }

// value returns a column's value in the form in which it is written.
func (f field) value(raw sql.RawBytes) (any, error) {
	if raw == nil {
		return nil, nil
	}
	s := string(raw)
	switch f.as {
	case asNumber:
		if len(strings.TrimPrefix(s, "-")) > 15 {
			return s, nil
		}
		return json.Number(s), nil
	case asTime:
		var unix int64
		if _, err := fmt.Sscan(s, &unix); err != nil {
			return nil, fmt.Errorf("%s: %q is no time: %w", f.name, s, err)
		}
		if unix == 0 {
			return nil, nil
		}
		return time.Unix(unix, 0).UTC().Format(time.RFC3339), nil
	case asYes:
		return s != "0" && s != "" && s != "false", nil
	case asAddress:
		ip, ok := netip.AddrFromSlice(raw)
		if !ok {
			return nil, nil // "" stands for an address that is not known
		}
		return ip.String(), nil
	case asJSON:
		if json.Valid(raw) {
			return json.RawMessage(s), nil
		}
	}
	return strings.ToValidUTF8(s, "\uFFFD"), nil
}

// writeRows writes the rows of a query as a JSON array, one after the other as they are read, and returns how
// many there are.
func writeRows(
	ctx context.Context, db *database.DB, out io.Writer, fields []field, query string, args ...any,
) (n int, err error) {
	raw := make([]sql.RawBytes, len(fields))
	dest := make([]any, len(fields))
	for i := range raw {
		dest[i] = &raw[i]
	}
	err = db.Select(ctx, func(rows *sql.Rows) error {
		if err := rows.Scan(dest...); err != nil {
			return err
		}
		var line strings.Builder
		line.WriteString(map[bool]string{true: "[\n{", false: ",\n{"}[n == 0])
		for i, f := range fields {
			value, err := f.value(raw[i])
			if err != nil {
				return err
			}
			name, errName := json.Marshal(f.name)
			encoded, errValue := json.Marshal(value)
			if err := errors.Join(errName, errValue); err != nil {
				return err
			}
			if i > 0 {
				line.WriteString(", ")
			}
			line.Write(name)
			line.WriteString(": ")
			line.Write(encoded)
		}
		line.WriteString("}")
		n++
		_, err := io.WriteString(out, line.String())
		return err
	}, query, args...)
	if err != nil {
		return n, err
	}
	end := "\n]\n"
	if n == 0 {
		end = "[]\n"
	}
	_, err = io.WriteString(out, end)
	return n, err
}
