package web

import (
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/kernel/problem"
)

// strictQuery refuses what an operation does not understand of its address: parameters that it does not have, those
// given twice, and text that is not UTF-8 or holds a NUL.
func strictQuery(api huma.API) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		u := ctx.URL()
		if u.RawQuery == "" {
			next(ctx)
			return
		}
		values, err := url.ParseQuery(u.RawQuery)
		if err != nil {
			refuse(api, ctx, problem.New("invalid_query"))
			return
		}
		var fields []problem.Field
		for name, given := range values {
			known := slices.ContainsFunc(ctx.Operation().Parameters, func(p *huma.Param) bool { return p.In == "query" && p.Name == name })
			switch {
			case !known:
				fields = append(fields, problem.Field{Name: strings.ToValidUTF8(name, "?"), Code: "unknown"})
			case len(given) > 1:
				fields = append(fields, problem.Field{Name: name, Code: "duplicate"})
			case !cleanText(given[0]):
				fields = append(fields, problem.Field{Name: name, Code: "bad_encoding"})
			}
		}
		if len(fields) > 0 {
			slices.SortFunc(fields, func(a, b problem.Field) int { return strings.Compare(a.Name, b.Name) })
			e := problem.New("invalid_query")
			e.Fields = fields
			refuse(api, ctx, e)
			return
		}
		next(ctx)
	}
}

// refuse answers for an operation that is not run.
func refuse(api huma.API, ctx huma.Context, e *problem.Error) {
	p := present(ctx.Context(), ctx.URL().Path, e)
	ctx.SetHeader("Content-Type", p.ContentType(""))
	ctx.SetStatus(p.StatusNo)
	_ = api.Marshal(ctx.BodyWriter(), "application/json", p) // fails only when the client went away
}

func cleanText(s string) bool { return utf8.ValidString(s) && !strings.Contains(s, "\x00") }
