package web

import (
	"encoding/base64"
	"reflect"
	"testing"
)

type position struct {
	Key  float64 `json:"k"`
	ID   int     `json:"i"`
	Text string  `json:"t"`
}

func TestCursor(t *testing.T) {
	want := position{1.5e12, 7, "蜂\n"}
	var got position
	if err := DecodeCursor("list", EncodeCursor("list", want), &got); err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
	for _, cursor := range []string{EncodeCursor("other", want), "", "!", base64.RawURLEncoding.EncodeToString([]byte("list\n{")), base64.RawURLEncoding.EncodeToString([]byte("list"))} {
		if err := DecodeCursor("list", cursor, &got); err == nil {
			t.Errorf("%q is accepted", cursor)
		}
	}
}

func FuzzCursor(f *testing.F) {
	f.Add(EncodeCursor("list", position{1, 2, "x"}))
	f.Add("bGlzdAp7fQ")
	f.Add("")
	f.Fuzz(func(t *testing.T, cursor string) {
		var first, second position
		if DecodeCursor("list", cursor, &first) != nil {
			return
		}
		if err := DecodeCursor("list", EncodeCursor("list", first), &second); err != nil || !reflect.DeepEqual(first, second) {
			t.Errorf("%q: %+v comes back as %+v, %v", cursor, first, second, err)
		}
	})
}
