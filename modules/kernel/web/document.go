package web

import (
	"iter"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

// Operations are those of a path, by method.
func Operations(item *huma.PathItem) iter.Seq2[string, *huma.Operation] {
	return func(yield func(string, *huma.Operation) bool) {
		for method, op := range map[string]*huma.Operation{
			http.MethodGet: item.Get, http.MethodPost: item.Post, http.MethodPut: item.Put,
			http.MethodPatch: item.Patch, http.MethodDelete: item.Delete,
		} {
			if op != nil && !yield(method, op) {
				return
			}
		}
	}
}
