package web

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/kernel/problem"
)

// Description is what the OpenAPI document says of the API as a whole, and the names that it uses. They
// are names of the whole API, while those of Go's types need to be clear within their packages only.
type Description struct {
	Title, Version string
	// Text is Markdown; its headings are the chapters of the reference.
	Text string
	// Tags are the groups of operations, in the order of the reference.
	Tags []Tag
	// Schemas are names of schemas, by the names that follow from Go's types: those of lists begin with
	// List, and those of bodies without a type of their own end with InputBody or OutputBody.
	Schemas map[string]string
	// Enumerations are lists of words that have a name of their own in the document.
	Enumerations []Enumeration
	// Unions are for clients that hold things of several types in one list.
	Unions []Union
	// Examples are requests with their responses, by operation.
	Examples map[string]Example
}

// Example is a request to an operation, and the response that the server gave.
type Example struct {
	Path     string          `json:"path"`
	Request  json.RawMessage `json:"request,omitempty"`
	Status   int             `json:"status"`
	Response json.RawMessage `json:"response,omitempty"`
}

// Tag describes a group of operations.
type Tag struct{ Name, Text string }

// Enumeration is a list of words. Every text of a body that has to be one of exactly these words refers to
// it.
type Enumeration struct {
	Name, Text string
	Words      []string
}

// Union is a schema of things of several types, which one of their properties tells apart.
type Union struct {
	Name, Text, Property string
	// Schemas are the names of the types' schemas, by the values of the property.
	Schemas map[string]string
}

func (u Union) schema() *huma.Schema {
	s := &huma.Schema{Description: u.Text,
		Discriminator: &huma.Discriminator{PropertyName: u.Property, Mapping: map[string]string{}}}
	for _, value := range slices.Sorted(maps.Keys(u.Schemas)) {
		ref := schemaPrefix + u.Schemas[value]
		s.OneOf = append(s.OneOf, &huma.Schema{Ref: ref})
		s.Discriminator.Mapping[value] = ref
	}
	return s
}

const schemaPrefix = "#/components/schemas/"

// registry returns the registry of the document's schemas, which names them as the description says.
func (d Description) registry() huma.Registry {
	return huma.NewMapRegistry(schemaPrefix, func(t reflect.Type, hint string) string {
		name := huma.DefaultSchemaNamer(t, hint)
		if better, ok := d.Schemas[name]; ok {
			return better
		}
		if item, ok := strings.CutPrefix(name, "List"); ok && item != "" {
			if better, ok := d.Schemas[item]; ok {
				item = better
			}
			return item + "Page"
		}
		return name
	})
}

// Describe completes the OpenAPI document when all operations are registered: it replaces each enum that has
// a name by a reference to the schema of that name, drops schemas that nothing uses, lets responses have
// fields that later releases may add, leaves responses with the status 204 without content, also where an
// operation has others with some, and adds the examples.
func (s *Server) Describe() {
	schemas := s.api.OpenAPI().Components.Schemas
	named := s.settings.Description.Enumerations
	named = append(named,
		Enumeration{"ProblemCode", "Stable name of a problem, for programs; new ones may come",
			textsOf(problem.Codes())},
		Enumeration{"FieldCode", "Stable name of what is wrong with a field; new ones may come",
			textsOf(problem.FieldCodes())})
	names := map[string]string{}
	for _, e := range named {
		names[strings.Join(e.Words, ",")] = e.Name
	}
	for _, item := range s.api.OpenAPI().Paths {
		for _, op := range Operations(item) {
			if r := op.Responses[strconv.Itoa(http.StatusNoContent)]; r != nil {
				r.Content = nil
			}
		}
	}
	s.dropUnused()
	for _, schema := range schemas.Map() {
		nameEnumerations(schema, names)
	}
	for _, e := range named {
		schema := &huma.Schema{Type: huma.TypeString, Enum: anys(e.Words), Description: e.Text}
		schema.PrecomputeMessages()
		schemas.Map()[e.Name] = schema
	}
	for _, u := range s.settings.Description.Unions {
		schemas.Map()[u.Name] = u.schema()
	}
	s.openResponses()
	for path, item := range s.api.OpenAPI().Paths {
		for _, op := range Operations(item) {
			if e, ok := s.settings.Description.Examples[op.OperationID]; ok {
				e.show(path, op)
			}
		}
	}
}

// show puts the example into the description of its operation.
func (e Example) show(path string, op *huma.Operation) {
	const body = "application/json"
	if e.Request != nil && op.RequestBody != nil && op.RequestBody.Content[body] != nil {
		op.RequestBody.Content[body].Example = e.Request
	}
	if response := op.Responses[strconv.Itoa(e.Status)]; e.Response != nil && response != nil &&
		response.Content[body] != nil {
		response.Content[body].Example = e.Response
	}
	address, err := url.Parse(e.Path)
	if err != nil {
		return // TestExamples would tell
	}
	parts := strings.Split(address.EscapedPath(), "/")
	for i, part := range strings.Split(path, "/") {
		if name, ok := strings.CutPrefix(part, "{"); ok && i < len(parts) {
			value, _ := url.PathUnescape(parts[i])
			setExample(op, "path", strings.TrimSuffix(name, "}"), value)
		}
	}
	for name := range address.Query() {
		setExample(op, "query", name, address.Query().Get(name))
	}
}

func setExample(op *huma.Operation, in, name, value string) {
	for _, p := range op.Parameters {
		if p.In != in || p.Name != name {
			continue
		}
		switch p.Schema.Type {
		case huma.TypeInteger:
			if n, err := strconv.Atoi(value); err == nil {
				p.Example = n
			}
		case huma.TypeArray:
			p.Example = strings.Split(value, ",")
		default:
			p.Example = value
		}
	}
}

func textsOf[T fmt.Stringer](list []T) []string {
	texts := make([]string, len(list))
	for i, item := range list {
		texts[i] = item.String()
	}
	return texts
}

func anys(words []string) []any {
	list := make([]any, len(words))
	for i, word := range words {
		list[i] = word
	}
	return list
}

// nameEnumerations puts references in the place of the texts of a schema that have to be one of the words
// of a named enumeration.
func nameEnumerations(s *huma.Schema, names map[string]string) {
	for key, property := range s.Properties {
		name, ok := names[words(property)]
		if !ok {
			name, ok = codeFormats[property.Format]
		}
		if ok {
			s.Properties[key] = &huma.Schema{Ref: schemaPrefix + name, Description: property.Description}
			continue
		}
		if items := property.Items; items != nil {
			if name, ok := names[words(items)]; ok {
				property.Items = &huma.Schema{Ref: schemaPrefix + name}
				continue
			}
			nameEnumerations(items, names)
		}
		nameEnumerations(property, names)
	}
}

// codeFormats are the formats of texts that are codes, with the names of their enumerations.
var codeFormats = map[string]string{"problem-code": "ProblemCode", "field-code": "FieldCode"}

// words returns the words that a text has to be one of, separated by commas, or "" if there are none.
func words(s *huma.Schema) string {
	if s.Type != huma.TypeString {
		return ""
	}
	list := make([]string, len(s.Enum))
	for i, word := range s.Enum {
		list[i], _ = word.(string)
	}
	return strings.Join(list, ",")
}

// dropUnused removes the schemas to which nothing refers, which Huma makes for forms.
func (s *Server) dropUnused() {
	api := s.api.OpenAPI()
	used := map[string]bool{}
	for _, items := range []map[string]*huma.PathItem{api.Paths, api.Webhooks} {
		for _, item := range items {
			for _, op := range Operations(item) {
				if op.RequestBody != nil {
					reachContent(api, op.RequestBody.Content, used)
				}
				for _, response := range op.Responses {
					reachContent(api, response.Content, used)
				}
			}
		}
	}
	for _, response := range api.Components.Responses {
		reachContent(api, response.Content, used)
	}
	for name := range api.Components.Schemas.Map() {
		if !used[name] {
			delete(api.Components.Schemas.Map(), name)
		}
	}
}

func reachContent(api *huma.OpenAPI, content map[string]*huma.MediaType, seen map[string]bool) {
	for _, media := range content {
		reach(api.Components.Schemas, media.Schema, seen)
	}
}

// openResponses lets the schemas that no request uses have more fields than those that they list, so that a
// client which checks responses goes on working when a field is added. Requests stay closed: a field that
// the server does not know is a mistake of the client.
func (s *Server) openResponses() {
	api := s.api.OpenAPI()
	asked := map[string]bool{}
	for _, item := range api.Paths {
		for _, op := range Operations(item) {
			if op.RequestBody != nil {
				reachContent(api, op.RequestBody.Content, asked)
			}
		}
	}
	for name, schema := range api.Components.Schemas.Map() {
		if schema.AdditionalProperties == false && !asked[name] {
			schema.AdditionalProperties = nil
		}
	}
}

// reach adds to seen the names of all schemas that s refers to.
func reach(schemas huma.Registry, s *huma.Schema, seen map[string]bool) {
	if s == nil {
		return
	}
	if name, ok := strings.CutPrefix(s.Ref, schemaPrefix); ok && !seen[name] {
		seen[name] = true
		reach(schemas, schemas.Map()[name], seen)
	}
	reach(schemas, s.Items, seen)
	for _, property := range s.Properties {
		reach(schemas, property, seen)
	}
	if more, ok := s.AdditionalProperties.(*huma.Schema); ok {
		reach(schemas, more, seen)
	}
}
