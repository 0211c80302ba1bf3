package web

import (
	"encoding/base64"
	"reflect"
	"strings"
	"testing"
)

type position struct {
	Key  float64 `json:"k"`
	ID   int     `json:"i"`
	Text string  `json:"t"`
}

func (p *position) Valid() bool { return ValidID(p.ID) && ValidText(p.Text) }

func TestCursor(t *testing.T) {
	want := position{1.5e12, 7, "蜂\n"}
	var got position
	if err := DecodeCursor("list", EncodeCursor("list", &want), &got); err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
	for _, cursor := range []string{
		EncodeCursor("other", &want), "", "!", base64.RawURLEncoding.EncodeToString([]byte("list\n{")),
		base64.RawURLEncoding.EncodeToString([]byte("list")),
	} {
		if err := DecodeCursor("list", cursor, &got); err == nil {
			t.Errorf("%q is accepted", cursor)
		}
	}
}

// forged are positions that are in no cursor which EncodeCursor makes.
var forged = map[string]string{
	"negative id":       `{"k":1,"i":-1,"t":"x"}`,
	"no id":             `{"k":1,"i":0,"t":"x"}`,
	"huge id":           `{"k":1,"i":99999999999,"t":"x"}`,
	"id that overflows": `{"k":1,"i":99999999999999999999,"t":"x"}`,
	"id as text":        `{"k":1,"i":"2","t":"x"}`,
	"fraction":          `{"k":1,"i":2.5,"t":"x"}`,
	"exponent":          `{"k":1,"i":2e0,"t":"x"}`,
	"NaN":               `{"k":NaN,"i":2,"t":"x"}`,
	"infinite":          `{"k":1e999,"i":2,"t":"x"}`,
	"other number form": `{"k":1.0,"i":2,"t":"x"}`,
	"null":              `{"k":null,"i":2,"t":"x"}`,
	"missing field":     `{"i":2,"t":"x"}`,
	"unknown field":     `{"k":1,"i":2,"t":"x","u":1}`,
	"field twice":       `{"k":1,"i":2,"t":"x","t":"x"}`,
	"other case":        `{"K":1,"i":2,"t":"x"}`,
	"other order":       `{"i":2,"k":1,"t":"x"}`,
	"white space":       `{"k":1, "i":2,"t":"x"}`,
	"trailing object":   `{"k":1,"i":2,"t":"x"}{}`,
	"trailing line":     `{"k":1,"i":2,"t":"x"}` + "\n",
	"list":              `[1,2,"x"]`,
	"long text":         `{"k":1,"i":2,"t":"` + strings.Repeat("x", 81) + `"}`,
	"NUL":               `{"k":1,"i":2,"t":"\u0000"}`,
	"emoji":             `{"k":1,"i":2,"t":"🐝"}`,
	"not UTF-8":         `{"k":1,"i":2,"t":"` + "\xff" + `"}`,
	"lone surrogate":    `{"k":1,"i":2,"t":"\ud800"}`,
	"escaped letter":    `{"k":1,"i":2,"t":"\u0078"}`,
}

func TestForgedCursorsAreRefused(t *testing.T) {
	for name, text := range forged {
		t.Run(name, func(t *testing.T) {
			var got position
			if err := DecodeCursor("list",
				base64.RawURLEncoding.EncodeToString([]byte("list\n"+text)), &got); err == nil {
				t.Errorf("%s is accepted as %+v", text, got)
			}
		})
	}
	genuine := EncodeCursor("list", &position{1, 2, "x"})
	for name, cursor := range map[string]string{
		"padding":    genuine + "=",
		"line break": genuine[:4] + "\n" + genuine[4:],
		"loose bits": genuine[:len(genuine)-1] + string(genuine[len(genuine)-1]+1),
	} {
		t.Run(name, func(t *testing.T) {
			var got position
			if err := DecodeCursor("list", cursor, &got); err == nil {
				t.Errorf("%q is accepted as %+v", cursor, got)
			}
		})
	}
}

func TestValidTimes(t *testing.T) {
	for text, want := range map[string]bool{
		"2024-02-29 23:59:59": true, "1000-01-01 00:00:00": true, "9999-12-31 23:59:59": true, "": false, "0000-00-00 00:00:00": false, "0999-12-31 00:00:00": false,
		"2023-02-29 00:00:00": false, "2024-01-01": false, "2024-01-01 24:00:00": false, "2024-01-01 00:00:00.5": false, "10000-01-01 00:00:00": false, " 2024-01-01 00:00:00": false,
	} {
		if got := ValidTime(text); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func FuzzCursor(f *testing.F) {
	f.Add(EncodeCursor("list", &position{1, 2, "x"}))
	f.Add("bGlzdAp7fQ")
	f.Add("")
	for _, text := range forged {
		f.Add(base64.RawURLEncoding.EncodeToString([]byte("list\n" + text)))
	}
	f.Fuzz(func(t *testing.T, cursor string) {
		var first, second position
		if DecodeCursor("list", cursor, &first) != nil {
			return
		}
		if again := EncodeCursor("list", &first); again != cursor || !first.Valid() {
			t.Errorf("%q is accepted as %q", cursor, again)
		}
		if err := DecodeCursor("list", EncodeCursor("list", &first), &second); err != nil ||
			!reflect.DeepEqual(first, second) {
			t.Errorf("%q: %+v comes back as %+v, %v", cursor, first, second, err)
		}
	})
}
