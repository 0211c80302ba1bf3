package web

import (
	"context"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"38qa.net/backend/modules/kernel/problem"
)

// matchKey is the context key of the If-Match header, and noneMatchKey that of If-None-Match.
type (
	matchKey     struct{}
	noneMatchKey struct{}
)

// RevisionTag returns the entity tag for a response that shows a resource at a revision. The server
// completes it with a hash of the whole response, which may also change for other reasons (votes,
// views). If-Match compares the revision alone, so that it fails only if somebody else edited the
// resource.
func RevisionTag(revision string) string { return `"` + revision + `."` }

// takeMatch is a middleware that puts the headers If-Match and If-None-Match of a writing request into
// the request's context.
func takeMatch(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		if r.Method == http.MethodGet {
			return next(c)
		}
		ctx := r.Context()
		if header := r.Header.Get("If-Match"); header != "" {
			ctx = context.WithValue(ctx, matchKey{}, header)
		}
		if header := r.Header.Get("If-None-Match"); header != "" {
			ctx = context.WithValue(ctx, noneMatchKey{}, header)
		}
		c.SetRequest(r.WithContext(ctx))
		return next(c)
	}
}

// CheckMatch returns the problem precondition_failed if the request's If-Match header does not
// include the given revision, which must be that of the resource while it is locked. Requests
// without If-Match, or with "*", match any revision.
func CheckMatch(ctx context.Context, revision string) error {
	header, ok := ctx.Value(matchKey{}).(string)
	if !ok || strings.TrimSpace(header) == "*" {
		return nil
	}
	for tag := range strings.SplitSeq(header, ",") {
		// A weak tag is as good here: it is weak because of what changes with each visit, and the revision
		// in it is the same only if nobody has edited the resource.
		named, _, _ := strings.Cut(strings.Trim(strings.TrimPrefix(strings.TrimSpace(tag), "W/"), `"`), ".")
		if named == revision {
			return nil
		}
	}
	return problem.New(problem.CodePreconditionFailed)
}

// CheckMatchOrNew is like CheckMatch, for resources that a PUT may make: revision is "" if there is no
// such resource yet. It also obeys "If-None-Match: *", by which a client asks for a new resource.
func CheckMatchOrNew(ctx context.Context, revision string) error {
	_, match := ctx.Value(matchKey{}).(string)
	none, _ := ctx.Value(noneMatchKey{}).(string)
	switch {
	case revision == "" && match, revision != "" && strings.TrimSpace(none) == "*":
		return problem.New(problem.CodePreconditionFailed)
	case revision == "":
		return nil
	}
	return CheckMatch(ctx, revision)
}
