package web

import (
	"strings"
	"testing"
)

// TestBodiesAreReadStrictly checks that unmarshalBody refuses bodies that encoding/json would take, such as
// names that stand twice and text that is not UTF-8, and takes correct ones.
func TestBodiesAreReadStrictly(t *testing.T) {
	for name, c := range map[string]struct{ body, want string }{
		"empty object":             {`{}`, ""},
		"nested":                   {`{"a": [{"b": 1}, "c", true]}`, ""},
		"space around":             {" \n{}\t", ""},
		"two values":               {`{} {}`, "wrong_form"},
		"rest":                     {`{}x`, "wrong_form"},
		"closed too often":         {`{}}`, "wrong_form"},
		"cut off":                  {`{"a": [1`, "wrong_form"},
		"nothing":                  {``, "wrong_form"},
		"only space":               {`  `, "wrong_form"},
		"comma at the end":         {`{"a": 1,}`, "wrong_form"},
		"NaN":                      {`{"a": NaN}`, "wrong_form"},
		"name twice":               {`{"a": 1, "a": 1}`, "duplicate|a"},
		"name twice, deep":         {`{"x": [{"a": 1, "b": 2, "a": null}]}`, "duplicate|a"},
		"name twice, escaped":      {`{"a": 1, "\u0061": 2}`, "duplicate|a"},
		"not UTF-8 in a value":     {"{\"a\": \"\xff\"}", "bad_encoding"},
		"not UTF-8 in a name":      {"{\"\xc3\x28\": 1}", "bad_encoding"},
		"Latin-1":                  {"{\"a\": \"caf\xe9\"}", "bad_encoding"},
		"half a surrogate pair":    {`{"a": "\ud83d"}`, "bad_encoding"},
		"surrogates the wrong way": {`{"a": "\udc00\ud800"}`, "bad_encoding"},
		"surrogate pair":           {`{"a": "\ud83d\udc1d"}`, ""},
		"escaped backslash":        {`{"a": "\\ud83d"}`, ""},
		"nested too deeply":        {strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000), "wrong_form"},
		"number beyond a float":    {`{"a": 1e400}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var value any
			got := ""
			if err := unmarshalBody([]byte(c.body), &value); err != nil {
				got = err.Error()
			}
			if got != c.want {
				t.Errorf("%.100s: %q, want %q", c.body, got, c.want)
			}
		})
	}
}

// TestWholeNumbersAreIntegers checks that numbers which JSON Schema counts as integers, such as 1.0 and 1e2,
// are decoded as integers, and that other numbers are refused.
func TestWholeNumbersAreIntegers(t *testing.T) {
	for body, want := range map[string]int{
		`{"n": 1.0}`: 1, `{"n": 1e2}`: 100, `{"n": -20.00}`: -20, `{"n": 7}`: 7,
	} {
		var in struct{ N int }
		if err := unmarshalBody([]byte(body), &in); err != nil || in.N != want {
			t.Errorf("%s: %d, %v; want %d", body, in.N, err, want)
		}
	}
	for _, body := range []string{`{"n": 1.5}`, `{"n": 1e400}`, `{"n": 1e30}`} {
		var in struct{ N int }
		if err := unmarshalBody([]byte(body), &in); err == nil {
			t.Errorf("%s: %d, want an error", body, in.N)
		}
	}
}
