package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// maxDepth is how deeply a body may be nested. No operation needs more than five levels.
const maxDepth = 100

// null stands for JSON's null while a body is validated against its schema, because Huma takes nil
// for a field that is missing.
type null struct{}

// unmarshalBody decodes JSON more strictly than encoding/json, which uses the last of several fields
// with the same name, replaces bytes that are not UTF-8, and ignores null. Huma calls it twice for a
// body: first with a pointer to an any, which it validates against the schema, and then with the
// operation's input.
func unmarshalBody(data []byte, v any) error {
	if tree, ok := v.(*any); ok {
		value, err := parseTree(data)
		*tree = value
		return err
	}
	err := json.Unmarshal(data, v)
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) && strings.HasPrefix(wrong.Value, "number") {
		if data, err = wholeNumbers(data); err == nil {
			err = json.Unmarshal(data, v)
		}
	}
	return err
}

// Errors of parseTree. Their texts are codes of fields, like those that init gives to Huma's
// messages.
var (
	errForm     = errors.New("wrong_form")
	errEncoding = errors.New("bad_encoding")
)

// parseTree parses exactly one JSON value.
func parseTree(data []byte) (any, error) {
	if !utf8.Valid(data) || halfCharacter(data) {
		return nil, errEncoding
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	value, err := parseValue(d, 0)
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errForm
	}
	return value, nil
}

// halfCharacter reports whether a JSON text has an escape for a UTF-16 surrogate without its other
// half. Only the two together stand for a character; encoding/json would replace a single one.
func halfCharacter(data []byte) bool {
	for i := 0; i < len(data); i++ {
		if data[i] != '\\' {
			continue
		}
		first := surrogate(data[i:])
		if first < 0 {
			i++ // skip the escaped character, which may be a backslash
			continue
		}
		i += 6
		if utf16.DecodeRune(first, surrogate(data[min(i, len(data)):])) == utf8.RuneError {
			return true
		}
		i += 5
	}
	return false
}

// surrogate returns the surrogate that the text begins with an escape of, or -1.
func surrogate(text []byte) rune {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return -1
	}
	code, err := strconv.ParseUint(string(text[2:6]), 16, 16)
	if err != nil || !utf16.IsSurrogate(rune(code)) {
		return -1
	}
	return rune(code)
}

func parseValue(d *json.Decoder, depth int) (any, error) {
	token, err := d.Token()
	if err != nil || depth > maxDepth {
		return nil, errForm
	}
	switch t := token.(type) {
	case nil:
		return null{}, nil
	case json.Number:
		f, err := t.Float64()
		if err != nil && !math.IsInf(f, 0) { // beyond a float's range is beyond every maximum
			return nil, errForm
		}
		return f, nil
	case json.Delim:
		if t == '[' {
			return parseArray(d, depth+1)
		}
		return parseObject(d, depth+1)
	default:
		return t, nil
	}
}

func parseArray(d *json.Decoder, depth int) (any, error) {
	array := []any{}
	for d.More() {
		value, err := parseValue(d, depth)
		if err != nil {
			return nil, err
		}
		array = append(array, value)
	}
	return array, closed(d)
}

func parseObject(d *json.Decoder, depth int) (any, error) {
	object := map[string]any{}
	for d.More() {
		token, err := d.Token()
		name, ok := token.(string)
		if err != nil || !ok {
			return nil, errForm
		}
		if _, twice := object[name]; twice {
			return nil, errors.New("duplicate|" + name)
		}
		if object[name], err = parseValue(d, depth); err != nil {
			return nil, err
		}
	}
	return object, closed(d)
}

// closed reads the token that ends an array or object.
func closed(d *json.Decoder) error {
	if _, err := d.Token(); err != nil {
		return errForm
	}
	return nil
}

// wholeNumbers rewrites numbers such as 1.0 and 1e2, which are integers to JSON Schema but not to
// encoding/json, as 1 and 100.
func wholeNumbers(data []byte) ([]byte, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var value any
	if err := d.Decode(&value); err != nil {
		return nil, err
	}
	return json.Marshal(withWholeNumbers(value))
}

func withWholeNumbers(value any) any {
	switch v := value.(type) {
	case json.Number:
		if f, err := v.Float64(); err == nil && f == math.Trunc(f) && math.Abs(f) < 1<<53 {
			return json.Number(strconv.FormatInt(int64(f), 10))
		}
	case []any:
		for i := range v {
			v[i] = withWholeNumbers(v[i])
		}
	case map[string]any:
		for name := range v {
			v[name] = withWholeNumbers(v[name])
		}
	}
	return value
}
