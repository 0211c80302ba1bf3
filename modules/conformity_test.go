package modules_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules"
	"38qa.net/backend/modules/kernel/web"
)

// conforming stands before the application in every test and holds each response against the OpenAPI document: its status
// and its headers are documented, and a JSON body is of the documented form. So it is of all that the tests have ever seen.
func conforming(t *testing.T, app *modules.App) http.Handler {
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
				t.Errorf("%s %s responds with %d and what the document does not say: %s", r.Method, r.URL.Path, seen.status, wrong)
			}
			return
		}
	})
}

func nonconforming(api *huma.OpenAPI, item *huma.PathItem, method string, seen *seenResponse, header http.Header) (wrong []string) {
	op := map[string]*huma.Operation{"GET": item.Get, "HEAD": item.Get, "POST": item.Post, "PUT": item.Put, "PATCH": item.Patch, "DELETE": item.Delete}[method]
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
	huma.Validate(api.Components.Schemas, content.Schema, huma.NewPathBuffer(nil, 0), huma.ModeReadFromServer, value, result)
	for _, err := range result.Errors {
		wrong = append(wrong, err.Error())
	}
	return wrong
}

// seenResponse keeps a copy of what goes out.
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

// Flush lets streams through.
func (s *seenResponse) Flush() {
	if f, ok := s.ResponseWriter.(http.Flusher); ok {
		f.Flush()
	}
}

// everyStatus are those that each operation can respond with, whatever it does.
var everyStatus = []string{"400", "413", "414", "422", "500", "503"}

// TestEveryOperationDocumentsItsStatuses holds that what follows from an operation's kind is in the document, and that each
// status has a description and, if it is a problem, the form of one.
func TestEveryOperationDocumentsItsStatuses(t *testing.T) {
	t.Parallel()
	api := openSite(t, importSQLite(t, "small"), nil).app.Server.API().OpenAPI()
	for path, item := range api.Paths {
		for method, op := range web.Operations(item) {
			t.Run(op.OperationID, func(t *testing.T) {
				want := slices.Clone(everyStatus)
				if strings.HasPrefix(path, "/v1/") {
					want = append(want, "401", "429")
				}
				if strings.Contains(path, "{") {
					want = append(want, "404")
				}
				if op.RequestBody != nil {
					want = append(want, "408", "415")
				}
				if method == http.MethodPost {
					want = append(want, "409")
				}
				if strings.HasPrefix(path, "/v1/admin/") || strings.HasPrefix(path, "/v1/moderation/") || strings.HasPrefix(path+"/", "/v1/me/") {
					want = append(want, "403")
				}
				for _, status := range want {
					if op.Responses[status] == nil {
						t.Errorf("%s %s does not document %s", method, path, status)
					}
				}
				for status, response := range op.Responses {
					if name, ok := strings.CutPrefix(response.Ref, "#/components/responses/"); ok {
						response = api.Components.Responses[name]
					}
					if response == nil || response.Description == "" {
						t.Errorf("%s %s: %s is not described", method, path, status)
					} else if status >= "400" && response.Content["application/problem+json"] == nil {
						t.Errorf("%s %s: %s is no problem document", method, path, status)
					}
				}
			})
		}
	}
}

// TestNoInputIsNull holds that no part of any input may be null: what does not apply is left out.
func TestNoInputIsNull(t *testing.T) {
	t.Parallel()
	api := openSite(t, importSQLite(t, "small"), nil).app.Server.API().OpenAPI()
	var check func(t *testing.T, at string, s *huma.Schema)
	check = func(t *testing.T, at string, s *huma.Schema) {
		if s == nil {
			return
		}
		if s.Ref != "" {
			s = api.Components.Schemas.SchemaFromRef(s.Ref)
		}
		if s.Nullable {
			t.Errorf("%s may be null: give it the tag nullable:\"false\"", at)
		}
		check(t, at+"[]", s.Items)
		for name, part := range s.Properties {
			check(t, at+"."+name, part)
		}
		if more, ok := s.AdditionalProperties.(*huma.Schema); ok {
			check(t, at+".*", more)
		}
	}
	for _, item := range api.Paths {
		for _, op := range web.Operations(item) {
			t.Run(op.OperationID, func(t *testing.T) {
				for _, p := range op.Parameters {
					check(t, p.Name, p.Schema)
				}
				if op.RequestBody != nil {
					for _, content := range op.RequestBody.Content {
						check(t, "body", content.Schema)
					}
				}
			})
		}
	}
}
