package modules_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/testsite"
)

// TestDocumentForGenerators checks what generators of clients make good or bad types of: every schema has a
// name of its own, lists are never null, responses are open for new fields and requests closed, words that
// many places share are named once, and every group of operations is described.
func TestDocumentForGenerators(t *testing.T) {
	t.Parallel()
	api := testsite.New(t).App.Server.API().OpenAPI()
	text, err := json.Marshal(api)
	if err != nil {
		t.Fatal(err)
	}
	document := string(text)
	if n := strings.Count(document, `"null"`); n > 0 {
		t.Errorf("%d places may be null", n)
	}
	closed := map[string]bool{}
	for name, s := range api.Components.Schemas.Map() {
		if strings.HasSuffix(name, "Body") || name == "FormFile" || strings.HasPrefix(name, "List") {
			t.Errorf("the schema %s has no name of its own", name)
		}
		union := len(s.OneOf) > 0 // is for clients
		if !union && !strings.Contains(document, `"#/components/schemas/`+name+`"`) {
			t.Errorf("nothing refers to the schema %s", name)
		}
		closed[name] = s.AdditionalProperties == false
	}
	for name, want := range map[string]bool{"Question": false, "QuestionPage": false, "Problem": false,
		"NewQuestion": true, "QuestionPatch": true, "NewVote": true} {
		if got, ok := closed[name]; !ok || got != want {
			t.Errorf("%s: there %v, closed %v, want closed %v", name, ok, got, want)
		}
	}
	for _, name := range []string{"Level", "PostState", "PostType", "Format", "ProblemCode", "FieldCode", "LiveEvent"} {
		if api.Components.Schemas.Map()[name] == nil {
			t.Errorf("there is no schema %s", name)
		}
	}
	for name, word := range map[string]string{"Question": "question", "QuestionItem": "question",
		"Answer": "answer", "Comment": "comment"} {
		kind := api.Components.Schemas.Map()[name].Properties["type"]
		if len(kind.Enum) != 1 || kind.Enum[0] != word {
			t.Errorf("type of %s is %v", name, kind.Enum)
		}
	}
	if post := api.Components.Schemas.Map()["Post"]; len(post.OneOf) != 3 ||
		post.Discriminator.Mapping["answer"] != "#/components/schemas/Answer" {
		t.Errorf("Post is %+v", post)
	}
	var tags []string
	for _, tag := range api.Tags {
		if tags = append(tags, tag.Name); tag.Description == "" {
			t.Errorf("the tag %s is not described", tag.Name)
		}
	}
	for path, item := range api.Paths {
		for method, op := range web.Operations(item) {
			if len(op.Tags) != 1 || !slices.Contains(tags, op.Tags[0]) {
				t.Errorf("%s %s has the tags %v", method, path, op.Tags)
			}
			if r := op.Responses["204"]; r != nil && len(r.Content) > 0 {
				t.Errorf("%s %s has content with the status 204", method, path)
			}
			if !strings.Contains(op.OperationID, "-") {
				t.Errorf("%s %s has an id of one word, %s, which shadows variables", method, path, op.OperationID)
			}
		}
	}
	var lists func(at string, s *huma.Schema)
	lists = func(at string, s *huma.Schema) {
		if s == nil {
			return
		}
		if s.Type == huma.TypeString && len(s.Enum) > 3 && strings.Contains(at, ".") {
			t.Errorf("the words of %s have no name: %v", at, s.Enum)
		}
		lists(at+"[]", s.Items)
		for name, property := range s.Properties {
			lists(at+"."+name, property)
		}
	}
	for name, s := range api.Components.Schemas.Map() {
		if name != "CategoryLevelChange" { // which has all levels but the least
			lists(name, s)
		}
	}
}
