package web

import (
	"context"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"38qa.net/backend/modules/kernel/problem"
)

// matchKey is the context key of the header If-Match.
type matchKey struct{}

// RevisionTag is the entity tag of an answer that shows a resource at a revision. The tag is completed with a hash of the
// whole answer, which may change for other reasons (votes, views): If-Match looks at the revision alone, so that it fails
// only where somebody else edited the resource.
func RevisionTag(revision string) string { return `"` + revision + `."` }

// takeMatch puts the header If-Match of a change into the request's context.
func takeMatch(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		if header := r.Header.Get("If-Match"); header != "" && r.Method != http.MethodGet {
			c.SetRequest(r.WithContext(context.WithValue(r.Context(), matchKey{}, header)))
		}
		return next(c)
	}
}

// CheckMatch is precondition_failed if the request is meant for another revision of the resource than this; it is called
// where the resource is locked. Requests without If-Match, or with "*", are meant for any.
func CheckMatch(ctx context.Context, revision string) error {
	header, ok := ctx.Value(matchKey{}).(string)
	if !ok || strings.TrimSpace(header) == "*" {
		return nil
	}
	for tag := range strings.SplitSeq(header, ",") {
		named, _, _ := strings.Cut(strings.Trim(strings.TrimSpace(tag), `"`), ".")
		if named == revision && !strings.HasPrefix(strings.TrimSpace(tag), "W/") {
			return nil
		}
	}
	return problem.New("precondition_failed")
}
