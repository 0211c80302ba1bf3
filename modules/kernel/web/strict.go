package web

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humaecho"

	"38qa.net/backend/modules/kernel/problem"
)

// strictParams refuses requests whose path or query an operation does not understand: unknown
// parameters, parameters that are repeated or empty, text that is not UTF-8 or contains NUL, and
// numbers or booleans that are not written as in JSON. Only lists may be given in two forms: a=1,2 and
// a=1&a=2, since clients made from OpenAPI documents send either.
func strictParams(api huma.API) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		if e := checkParams(ctx); e != nil {
			refuse(api, ctx, e)
			return
		}
		next(ctx)
	}
}

// decodeParams decodes the percent-encoding of path parameters. The router leaves parameters encoded
// if the address contains an escape that would not be necessary, such as the %2B that browsers'
// encodeURIComponent writes; it then leaves other escapes, such as %20, as well.
func decodeParams(ctx huma.Context, next func(huma.Context)) {
	c := humaecho.Unwrap(ctx)
	if c.Request().URL.RawPath != "" {
		values := slices.Clone(c.ParamValues())
		for i, value := range values {
			if text, err := url.PathUnescape(value); err == nil {
				values[i] = text
			}
		}
		c.SetParamValues(values...)
	}
	next(ctx)
}

// refuse writes the response with a problem, in place of running the operation.
func refuse(api huma.API, ctx huma.Context, e *problem.Error) {
	p := present(ctx.Context(), e)
	for name, values := range p.GetHeaders() {
		ctx.SetHeader(name, values[0])
	}
	ctx.SetHeader("Content-Type", p.ContentType(""))
	ctx.SetStatus(p.StatusNo)
	_ = api.Marshal(ctx.BodyWriter(), "application/json", p) // fails only when the client went away
}

func checkParams(ctx huma.Context) *problem.Error {
	u := ctx.URL()
	values, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return problem.New(problem.CodeInvalidQuery)
	}
	joinLists(ctx, values)
	var fields []problem.Field
	for name, given := range values {
		switch {
		case queryParam(ctx.Operation(), name) == nil:
			fields = append(fields,
				problem.Field{Name: strings.ToValidUTF8(name, "?"), Code: problem.FieldUnknown})
		case len(given) > 1:
			fields = append(fields, problem.Field{Name: name, Code: problem.FieldDuplicate})
		case !cleanText(given[0]):
			fields = append(fields, problem.Field{Name: name, Code: problem.FieldBadEncoding})
		}
	}
	if len(fields) > 0 {
		slices.SortFunc(fields, func(a, b problem.Field) int { return strings.Compare(a.Name, b.Name) })
		e := problem.New(problem.CodeInvalidQuery)
		e.Fields = fields
		return e
	}
	for _, p := range ctx.Operation().Parameters {
		var code problem.FieldCode
		if p.In == "query" && values.Has(p.Name) {
			code = wrongSpelling(p.Schema.Type, values.Get(p.Name))
		} else if p.In == "path" {
			code = wrongSpelling(p.Schema.Type, ctx.Param(p.Name))
		}
		if !code.IsZero() {
			fields = append(fields, problem.Field{Name: p.Name, Code: code})
		}
	}
	if len(fields) > 0 {
		return problem.Invalid(fields...)
	}
	return nil
}

// queryParam returns the operation's parameter in the query with the name, and nil if there is none.
func queryParam(op *huma.Operation, name string) *huma.Param {
	for _, p := range op.Parameters {
		if p.In == "query" && p.Name == name {
			return p
		}
	}
	return nil
}

// joinLists turns lists in the form a=1&a=2 into the form a=1,2, in values and in the request.
func joinLists(ctx huma.Context, values url.Values) {
	for name, given := range values {
		p := queryParam(ctx.Operation(), name)
		if len(given) > 1 && p != nil && p.Schema.Type == huma.TypeArray {
			values[name] = []string{strings.Join(given, ",")}
			// Echo keeps the parsed query, and reads all parameters from it.
			humaecho.Unwrap(ctx).QueryParams()[name] = values[name]
		}
	}
}

// integerForm matches integers as JSON writes them; strconv would also accept +1 and 007.
var integerForm = regexp.MustCompile(`^-?(0|[1-9][0-9]*)$`)

// wrongSpelling returns the code of what is wrong with the text of a parameter of the given type, or
// the zero code.
func wrongSpelling(kind, value string) problem.FieldCode {
	switch {
	case value == "":
		return problem.FieldEmpty
	case kind == huma.TypeInteger && !integerForm.MatchString(value):
		return problem.FieldNotInteger
	case kind == huma.TypeBoolean && value != "true" && value != "false":
		return problem.FieldNotBoolean
	}
	return problem.FieldCode{}
}

func cleanText(s string) bool { return utf8.ValidString(s) && !strings.Contains(s, "\x00") }
