package tokens

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxToken is the maximum length of a token in bytes. Those of Cognito have one or two thousand, and
// browsers send no larger headers than this.
const maxToken = 8 << 10

// parts are the decoded parts of a token.
type parts struct {
	header, claims object
	signature      []byte
	// signed is the text that is signed: the first two segments as they came, with the dot between
	// them.
	signed string
}

// split decodes a token in the compact form: three segments of base64url without padding, of which
// the first two are JSON objects. Encrypted tokens, which have five segments, and the JSON form of
// signed tokens are refused.
func split(token string) (parts, error) {
	header, rest, _ := strings.Cut(token, ".")
	claims, signature, ok := strings.Cut(rest, ".")
	if !ok || strings.Contains(signature, ".") {
		return parts{}, invalid("not three segments")
	}
	p := parts{signed: token[:len(header)+1+len(claims)]}
	for _, segment := range []struct {
		text  string
		bytes *[]byte
		json  *object
	}{
		{text: header, json: &p.header},
		{text: claims, json: &p.claims},
		{text: signature, bytes: &p.signature},
	} {
		b, ok := decode(segment.text)
		if !ok {
			return parts{}, invalid("a segment is not base64url")
		}
		if segment.bytes != nil {
			*segment.bytes = b
		} else if *segment.json, ok = parseObject(b); !ok {
			return parts{}, invalid("a segment is not a plain JSON object")
		}
	}
	return p, nil
}

// strict64 accepts only the one encoding of the bytes in which no unused bits are set.
var strict64 = base64.RawURLEncoding.Strict()

// decode returns the bytes of a segment, which must not be empty. It refuses line ends, which Go's
// decoder would ignore.
func decode(segment string) ([]byte, bool) {
	if segment == "" || strings.ContainsAny(segment, "\r\n") {
		return nil, false
	}
	b, err := strict64.DecodeString(segment)
	return b, err == nil
}

// object is a JSON object whose member names must match exactly. Decoding into a struct would accept
// KID for kid.
type object map[string]json.RawMessage

// parseObject parses a JSON object. It refuses several members of the same name, because parsers
// differ in which of them they use, and text that is not UTF-8, which Go's decoder would silently
// replace.
func parseObject(data []byte) (object, bool) {
	if !utf8.Valid(data) || !json.Valid(data) {
		return nil, false
	}
	d := json.NewDecoder(bytes.NewReader(data))
	if first, err := d.Token(); err != nil || first != json.Delim('{') {
		return nil, false
	}
	o := object{}
	for d.More() {
		t, err := d.Token()
		name, ok := t.(string)
		if err != nil || !ok {
			return nil, false
		}
		if _, twice := o[name]; twice {
			return nil, false
		}
		var value json.RawMessage
		if d.Decode(&value) != nil {
			return nil, false
		}
		o[name] = value
	}
	return o, true
}

// reader returns members of an object as typed values, and records the first one that is not valid,
// so that its user can check once for all members. A member that is null has the wrong type.
type reader struct {
	of object
	// wrong is the name of the first member that is not valid, "" if there is none. It is a name that
	// was asked for, and so never contains text from the token.
	wrong string
}

func (r *reader) fail(name string) {
	if r.wrong == "" {
		r.wrong = name
	}
}

// text returns a string, "" if it is absent.
func (r *reader) text(name string) string {
	raw, ok := r.of[name]
	if !ok {
		return ""
	}
	var s string
	if raw[0] != '"' || json.Unmarshal(raw, &s) != nil {
		r.fail(name)
	}
	return s
}

// must returns a string that must be present and not empty.
func (r *reader) must(name string) string {
	s := r.text(name)
	if s == "" {
		r.fail(name)
	}
	return s
}

// list returns the items of a list, nil if it is absent.
func (r *reader) list(name string) []json.RawMessage {
	raw, ok := r.of[name]
	if !ok {
		return nil
	}
	var items []json.RawMessage
	if raw[0] != '[' || json.Unmarshal(raw, &items) != nil {
		r.fail(name)
	}
	return items
}

// texts returns a list of strings, nil if it is absent.
func (r *reader) texts(name string) []string {
	var texts []string
	for _, raw := range r.list(name) {
		item := reader{of: object{name: raw}}
		texts = append(texts, item.text(name))
		if item.wrong != "" {
			r.fail(name)
		}
	}
	return texts
}

// yes returns a boolean, false if it is absent. It accepts "true" and "false" as strings, too, which
// Cognito writes in some cases.
func (r *reader) yes(name string) bool {
	switch string(r.of[name]) {
	case `true`, `"true"`:
		return true
	case ``, `false`, `"false"`:
	default:
		r.fail(name)
	}
	return false
}

// lastSecond is the greatest time that is accepted in a token, in Unix seconds, so that sums of times
// cannot overflow.
const lastSecond = 1 << 53

// seconds returns a time as Unix seconds, and whether it is present. It may be written like 1.7e9,
// but must be a whole number.
func (r *reader) seconds(name string) (int64, bool) {
	raw, ok := r.of[name]
	if !ok {
		return 0, false
	}
	f, err := strconv.ParseFloat(string(raw), 64)
	if err != nil || f != math.Trunc(f) || f < 0 || f > lastSecond {
		r.fail(name)
		return 0, true
	}
	return int64(f), true
}
