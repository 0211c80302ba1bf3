package web

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/kernel/problem"
)

// sent posts a body to an operation that takes a name and a list, and returns the response with its problem.
func sent(t *testing.T, target, body string) (*httptest.ResponseRecorder, Problem) {
	t.Helper()
	s := New(Settings{BodyLimit: 1 << 20})
	type input struct {
		Body struct {
			Name  string           `json:"name" maxLength:"10"`
			Tags  []string         `json:"tags,omitempty" maxItems:"3"`
			Extra map[string]int64 `json:"extra,omitempty"`
		}
	}
	Register(s.API(), huma.Operation{
		OperationID: "try", Method: http.MethodPost, Path: "/try", DefaultStatus: http.StatusNoContent,
	}, func(context.Context, *input) (*struct{}, error) { return nil, nil })
	r := httptest.NewRequest(http.MethodPost, target, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	var p Problem
	if w.Code >= http.StatusBadRequest {
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
			t.Fatalf("not a problem document: %v\n%.300s", err, w.Body.String())
		}
	}
	return w, p
}

// repeat formats each number below n and joins the results with commas.
func repeat(n int, form string) string {
	parts := make([]string, n)
	for i := range parts {
		parts[i] = fmt.Sprintf(form, i)
	}
	return strings.Join(parts, ",")
}

// TestErrorsAreCapped checks that a problem names at most 20 wrong parts of the input and counts the others,
// and that long names are cut, so that the response stays small.
func TestErrorsAreCapped(t *testing.T) {
	for name, c := range map[string]struct{ target, body string }{
		"unknown fields":     {"/try", `{"name":"a",` + repeat(500, `"field%d":1`) + `}`},
		"wrong elements":     {"/try", `{"name":"a","tags":["a","b",` + repeat(500, `%d`) + `]}`},
		"wrong members":      {"/try", `{"name":"a","extra":{` + repeat(500, `"m%d":"x"`) + `}}`},
		"unknown parameters": {"/try?" + strings.ReplaceAll(repeat(500, `p%d=1`), ",", "&"), `{"name":"a"}`},
	} {
		t.Run(name, func(t *testing.T) {
			w, p := sent(t, c.target, c.body)
			if len(p.Errors) != maxErrors || p.MoreErrors < 500-maxErrors || p.MoreErrors > 501-maxErrors {
				t.Errorf("%d: %d errors and %d more, not %d and %d", w.Code, len(p.Errors), p.MoreErrors,
					maxErrors, 500-maxErrors)
			}
			if w.Body.Len() > 4<<10 {
				t.Errorf("a response of %d bytes", w.Body.Len())
			}
		})
	}
	t.Run("one long name", func(t *testing.T) {
		w, p := sent(t, "/try", `{"name":"a","`+strings.Repeat("長", 100_000)+`":1}`)
		if w.Code != http.StatusUnprocessableEntity || w.Body.Len() > 2<<10 ||
			!strings.HasSuffix(p.Errors[0].Field, "長…") {
			t.Errorf("%d with %d bytes", w.Code, w.Body.Len())
		}
	})
	t.Run("few errors are all named", func(t *testing.T) {
		_, p := sent(t, "/try", `{"name":"a",`+repeat(maxErrors, `"field%d":1`)+`}`)
		if len(p.Errors) != maxErrors || p.MoreErrors != 0 {
			t.Errorf("%d errors and %d more", len(p.Errors), p.MoreErrors)
		}
	})
}

// TestManyValues checks that a body with more values than any operation takes, or nested too deeply, is
// refused before it is decoded, and that commas and brackets within texts do not count.
func TestManyValues(t *testing.T) {
	for name, body := range map[string]string{
		"80,000 unknown fields": `{"name":"a",` + repeat(80_000, `"f%d":1`) + `}`,
		"an array of numbers":   `{"name":"a","tags":[` + strings.Repeat("1,", 300_000) + `1]}`,
		"arrays in arrays":      `{"name":"a","tags":` + strings.Repeat("[", 9_000) + strings.Repeat("]", 9_000) + `}`,
		"objects in objects":    strings.Repeat(`{"a":`, 9_000) + "1" + strings.Repeat("}", 9_000),
		"no end":                strings.Repeat("[", 500_000),
	} {
		t.Run(name, func(t *testing.T) {
			w, p := sent(t, "/try", body)
			if len(p.Errors) != 1 || p.Errors[0].Field != "body" || p.Errors[0].Code != "too_many" {
				t.Errorf("%d %+v", w.Code, p)
			}
		})
	}
	for name, body := range map[string]string{
		"commas in text":         `{"name":"[,,{,,["}`,
		"quotes in text":         `{"name":"\",\",\\"}`,
		"as many values as fit":  `{"name":"a","extra":{` + repeat(maxValues-4, `"m%d":1`) + `}}`,
		"white space counts not": `{` + strings.Repeat(" \n", 10_000) + `"name":"a"}`,
	} {
		t.Run(name, func(t *testing.T) {
			if w, p := sent(t, "/try", body); w.Code != http.StatusNoContent {
				t.Errorf("%d %+v", w.Code, p)
			}
		})
	}
}

// TestCodesAreOurs checks that nothing of Huma's message about a form, which repeats what the client sent,
// becomes the code or the arguments of a field.
func TestCodesAreOurs(t *testing.T) {
	t.Parallel()
	for _, sent := range []string{"a|b", "required", "required|x", "parsing an integer", "boolean", ""} {
		message := "cannot read multipart form: malformed MIME header line: " + sent
		f := fieldOf(&huma.ErrorDetail{Location: "body", Message: message})
		if f.Name != "body" || f.Code != problem.FieldWrongForm || f.Args != nil {
			t.Errorf("%q: %+v", message, f)
		}
	}
}
