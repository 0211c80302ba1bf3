package testsite

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules"
)

// conforming wraps the application in every test and checks each response against the OpenAPI document: its
// status and headers must be documented, and a JSON body must have the documented form. So the document is
// correct for every response that the tests get.
func conforming(t testing.TB, app *modules.App) http.Handler {
	t.Helper()
	api := app.Server.API().OpenAPI()
	type pathOf struct {
		form *regexp.Regexp
		item *huma.PathItem
	}
	var paths []pathOf
	for path, item := range api.Paths {
		form := regexp.MustCompile(`\\\{[^}]+\}`).ReplaceAllString(regexp.QuoteMeta(path), "[^/]+")
		if p := (pathOf{regexp.MustCompile("^" + form + "$"), item}); strings.Contains(path, "{") {
			paths = append(paths, p)
		} else {
			paths = append([]pathOf{p}, paths...) // questions/similar before questions/{id}
		}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen := &seenResponse{ResponseWriter: w, status: http.StatusOK}
		app.Server.ServeHTTP(seen, r)
		for _, p := range paths {
			if !p.form.MatchString(r.URL.Path) {
				continue
			}
			for _, wrong := range nonconforming(api, p.item, r.Method, seen, w.Header()) {
				t.Errorf("%s %s responds with %d and what the document does not say: %s",
					r.Method, r.URL.Path, seen.status, wrong)
			}
			return
		}
	})
}

// nonconforming returns what is wrong with a response according to the OpenAPI document.
func nonconforming(
	api *huma.OpenAPI, item *huma.PathItem, method string, seen *seenResponse, header http.Header,
) (wrong []string) {
	op := map[string]*huma.Operation{"GET": item.Get, "HEAD": item.Get, "POST": item.Post, "PUT": item.Put,
		"PATCH": item.Patch, "DELETE": item.Delete}[method]
	if op == nil {
		return nil
	}
	response := op.Responses[strconv.Itoa(seen.status)]
	if response == nil {
		return []string{"no response of this status"}
	}
	if name, ok := strings.CutPrefix(response.Ref, "#/components/responses/"); ok {
		response = api.Components.Responses[name]
	}
	for name, h := range response.Headers {
		if h.Required && header.Get(name) == "" {
			wrong = append(wrong, "no header "+name)
		}
	}
	if seen.body.Len() == 0 || !strings.Contains(header.Get("Content-Type"), "json") {
		return wrong
	}
	content := response.Content[header.Get("Content-Type")]
	if content == nil || content.Schema == nil {
		return append(wrong, "no content of type "+header.Get("Content-Type"))
	}
	body := seen.body.Bytes()
	if header.Get("Content-Encoding") == "gzip" {
		plain, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			return []string{err.Error()}
		}
		if body, err = io.ReadAll(plain); err != nil {
			return []string{err.Error()}
		}
	}
	var value any
	if err := json.Unmarshal(body, &value); err != nil {
		return []string{err.Error()}
	}
	result := &huma.ValidateResult{}
	huma.Validate(api.Components.Schemas, content.Schema, huma.NewPathBuffer(nil, 0), huma.ModeReadFromServer,
		value, result)
	for _, err := range result.Errors {
		wrong = append(wrong, err.Error())
	}
	return append(wrong, undocumented(api.Components.Schemas, content.Schema, "body", value)...)
}

// undocumented returns the fields of a body that its schema does not list. The document allows them, so that
// clients bear new ones; but the server has no field that the document does not have.
func undocumented(schemas huma.Registry, s *huma.Schema, at string, value any) (wrong []string) {
	if s.Ref != "" {
		s = schemas.SchemaFromRef(s.Ref)
	}
	switch v := value.(type) {
	case []any:
		for _, item := range v {
			if s.Items != nil {
				wrong = append(wrong, undocumented(schemas, s.Items, at+"[]", item)...)
			}
		}
	case map[string]any:
		if s.Properties == nil {
			return nil // a map, whose keys are data
		}
		for name, part := range v {
			if property := s.Properties[name]; property == nil {
				wrong = append(wrong, "a field "+at+"."+name)
			} else {
				wrong = append(wrong, undocumented(schemas, property, at+"."+name, part)...)
			}
		}
	}
	return wrong
}

// seenResponse keeps a copy of the response that it writes.
type seenResponse struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (s *seenResponse) WriteHeader(status int) {
	s.status = status
	s.ResponseWriter.WriteHeader(status)
}

func (s *seenResponse) Write(p []byte) (int, error) {
	s.body.Write(p)
	return s.ResponseWriter.Write(p)
}

// Unwrap lets http.ResponseController reach the connection.
func (s *seenResponse) Unwrap() http.ResponseWriter { return s.ResponseWriter }

// Flush implements http.Flusher, for streams.
func (s *seenResponse) Flush() {
	if f, ok := s.ResponseWriter.(http.Flusher); ok {
		f.Flush()
	}
}
