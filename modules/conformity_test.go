package modules_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/testsite"
)

// everyStatus are the statuses with which every operation can respond, whatever it does.
var everyStatus = []string{"400", "413", "414", "422", "500", "503"}

// TestEveryOperationDocumentsItsStatuses checks that the OpenAPI document has all statuses that follow from
// an operation's kind, and that each has a description and, from 400 on, the schema of a problem.
func TestEveryOperationDocumentsItsStatuses(t *testing.T) {
	t.Parallel()
	api := testsite.New(t).App.Server.API().OpenAPI()
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
				if strings.HasPrefix(path, "/v1/admin/") || strings.HasPrefix(path, "/v1/moderation/") ||
					strings.HasPrefix(path+"/", "/v1/me/") {
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

// TestNoInputIsNull checks that the OpenAPI document lets no part of any input be null: a client leaves out
// what does not apply.
func TestNoInputIsNull(t *testing.T) {
	t.Parallel()
	api := testsite.New(t).App.Server.API().OpenAPI()
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
