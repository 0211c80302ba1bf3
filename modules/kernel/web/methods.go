package web

import (
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/labstack/echo/v4"

	"38qa.net/backend/modules/kernel/problem"
)

// methodTable knows the methods of the operations at each address. The router cannot be asked: it
// takes GET /v1/auth/sign-in for one of the old site's addresses, which match nearly everything, and
// PUT /v1/questions/similar for the question with the id "similar".
type methodTable struct {
	echo  *echo.Echo          // of a router with every path under GET
	allow map[string][]string // by the router's form of the path
}

func newMethodTable(api *huma.OpenAPI) *methodTable {
	t := &methodTable{echo: echo.New(), allow: map[string][]string{}}
	for path, item := range api.Paths {
		allow := []string{http.MethodOptions}
		for method := range Operations(item) {
			allow = append(allow, method)
		}
		if item.Get != nil {
			allow = append(allow, http.MethodHead)
		}
		slices.Sort(allow)
		path = strings.NewReplacer("{", ":", "}", "").Replace(path)
		t.allow[path] = allow
		t.echo.GET(path, echo.NotFoundHandler)
	}
	return t
}

// methods returns the methods that the request's address supports, and reports whether the address
// is one of the API's.
func (t *methodTable) methods(r *http.Request) (allow []string, known bool) {
	c := t.echo.AcquireContext()
	defer t.echo.ReleaseContext(c)
	c.Reset(r, nil)
	t.echo.Router().Find(http.MethodGet, echo.GetPath(r), c)
	allow, known = t.allow[c.Path()]
	for _, value := range c.ParamValues() { // the router lets the last one be the rest of the address
		known = known && !strings.Contains(value, "/")
	}
	return allow, known
}

// checkMethod is a middleware that refuses methods that an address of the API does not have. The
// response lists those that it has.
func (s *Server) checkMethod(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		// By now every operation is registered.
		s.tabulate.Do(func() { s.methods = newMethodTable(s.api.OpenAPI()) })
		allow, known := s.methods.methods(r)
		switch {
		case !known && strings.HasPrefix(r.URL.Path, "/v1/"):
			return problem.NotFound()
		case !known, slices.Contains(allow, r.Method) && r.Method != http.MethodOptions:
			return next(c)
		}
		c.Response().Header().Set(echo.HeaderAllow, strings.Join(allow, ", "))
		if r.Method == http.MethodOptions {
			return c.NoContent(http.StatusNoContent)
		}
		return problem.New(problem.CodeMethodNotAllowed)
	}
}
