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

// maxToken is the most bytes that a token may have: Cognito's have one or two thousand, and a browser sends no header
// larger than this.
const maxToken = 8 << 10

// parts are a token taken apart.
type parts struct {
	header, claims object
	signature      []byte
	// signed is what the signature is made over: the first two segments as they came.
	signed string
}

// split takes a token of the compact form apart: three segments of base64url without padding, of which the first two
// are JSON objects. Encrypted tokens have five segments, and the other form of signed tokens is JSON itself.
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
	}{{text: header, json: &p.header}, {text: claims, json: &p.claims}, {text: signature, bytes: &p.signature}} {
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

// strict64 takes only the one way of writing bytes that has no bits left over.
var strict64 = base64.RawURLEncoding.Strict()

// decode returns the bytes of a segment that is not empty. Go's decoder would skip line ends.
func decode(segment string) ([]byte, bool) {
	if segment == "" || strings.ContainsAny(segment, "\r\n") {
		return nil, false
	}
	b, err := strict64.DecodeString(segment)
	return b, err == nil
}

// object is a JSON object whose member names are taken to the letter: decoding into a struct would accept KID for kid.
type object map[string]json.RawMessage

// parseObject reads a JSON object. Members of the same name are refused, since readers differ in which one they take,
// and so is text that is not UTF-8, which Go's decoder would replace in silence.
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

// reader takes typed members out of an object and remembers the first that is not as it must be, so that the one who
// reads can look once, at the end. A member that is null is of the wrong type.
type reader struct {
	of object
	// wrong is the name of a member that was asked for, never anything of the token's own.
	wrong string
}

func (r *reader) fail(name string) {
	if r.wrong == "" {
		r.wrong = name
	}
}

// text returns a string, "" if there is none.
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

// must returns a string that has to be there and not be empty.
func (r *reader) must(name string) string {
	s := r.text(name)
	if s == "" {
		r.fail(name)
	}
	return s
}

// list returns the items of a list, nil if there is none.
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

// texts returns a list of strings, nil if there is none.
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

// yes returns a boolean, false if there is none. Cognito writes some as strings.
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

// lastSecond bounds the times of tokens, so that no sum of them runs over.
const lastSecond = 1 << 53

// seconds returns a time as Unix seconds, and whether it is there. It may be written like 1.7e9, but must be whole.
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
