package web

import (
	"iter"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// Operations returns an iterator over the operations of a path, by HTTP method.
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

// find returns the registered operation.
func find(api *huma.OpenAPI, path, method string) *huma.Operation {
	for m, op := range Operations(api.Paths[path]) {
		if m == method {
			return op
		}
	}
	panic("web: no operation " + method + " " + path)
}

// complete adds to the description of an operation what the server does for every operation of its
// kind: response statuses, and parameters in headers.
func complete(api *huma.OpenAPI, op *huma.Operation) {
	for _, p := range op.Parameters {
		completeParam(p)
	}
	if body := op.RequestBody; body != nil && body.Content["multipart/form-data"] != nil {
		body.Required = true // Huma leaves it open, and refuses requests without it
	}
	if op.Method == http.MethodPost {
		op.Parameters = append(op.Parameters, idempotencyParam())
	}
	if slices.Contains(op.Errors, http.StatusPreconditionFailed) {
		op.Parameters = append(op.Parameters,
			&huma.Param{Name: "If-Match", In: "header", Schema: textSchema(),
				Description: "The ETag of what the client knows: refused with 412 if somebody else changed it since. " +
					"Votes and views do not count as changes"})
	}
	if op.Method == http.MethodGet {
		op.Parameters = append(op.Parameters,
			&huma.Param{Name: "If-None-Match", In: "header", Schema: textSchema(),
				Description: "ETags of what the client has; 304 if it is still so"})
	}
	for _, status := range statuses(op) {
		key := strconv.Itoa(status)
		name := strings.ReplaceAll(http.StatusText(status), " ", "")
		if api.Components.Responses[name] == nil {
			if api.Components.Responses == nil {
				api.Components.Responses = map[string]*huma.Response{}
			}
			api.Components.Responses[name] = problemResponse(status)
		}
		op.Responses[key] = &huma.Response{Ref: "#/components/responses/" + name}
	}
	for _, response := range op.Responses {
		if response.Ref == "" {
			setHeader(response, headerRequestID, "Names this request in the server's log", true)
		}
	}
	if ok := op.Responses["200"]; ok != nil && op.Method == http.MethodGet &&
		ok.Content["application/json"] != nil {
		setHeader(ok, "ETag", "Changes with the response, for If-None-Match", true)
		setHeader(ok, "Cache-Control", "How long it may be kept", true)
	}
}

// statuses returns the statuses that an operation can respond with and that it does not describe
// itself: problems, and 304.
func statuses(op *huma.Operation) []int {
	given := append(slices.Clone(op.Errors),
		http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusRequestURITooLong,
		http.StatusUnprocessableEntity, http.StatusInternalServerError, http.StatusServiceUnavailable)
	if !isProbe(op.Path) {
		given = append(given, http.StatusUnauthorized, http.StatusTooManyRequests)
	}
	if strings.Contains(op.Path, "{") {
		given = append(given, http.StatusNotFound)
	}
	if op.RequestBody != nil {
		given = append(given, http.StatusRequestTimeout, http.StatusUnsupportedMediaType)
	}
	if op.Method == http.MethodPost { // Idempotency-Key
		given = append(given, http.StatusRequestTimeout, http.StatusConflict)
	}
	if op.Method == http.MethodGet {
		given = append(given, http.StatusNotModified)
	}
	slices.Sort(given)
	return slices.Compact(given)
}

// problemResponse returns the description of responses with a status that reports a problem, or of
// 304.
func problemResponse(status int) *huma.Response {
	r := &huma.Response{Description: http.StatusText(status)}
	setHeader(r, headerRequestID, "Names this request in the server's log", true)
	switch status {
	case http.StatusNotModified:
		setHeader(r, "ETag", "Of what the client has", true)
		return r
	case http.StatusUnauthorized:
		setHeader(r, "WWW-Authenticate", "How to authenticate", true)
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		setHeader(r, "Retry-After", "After how many seconds it may work", false)
	}
	r.Content = map[string]*huma.MediaType{
		"application/problem+json": {Schema: &huma.Schema{Ref: schemaPrefix + "Problem"}},
	}
	return r
}

func setHeader(r *huma.Response, name, doc string, always bool) {
	if r.Headers == nil {
		r.Headers = map[string]*huma.Param{}
	}
	if r.Headers[name] == nil {
		r.Headers[name] = &huma.Param{Schema: textSchema()}
	}
	r.Headers[name].Description, r.Headers[name].Required = doc, always
}

func textSchema() *huma.Schema { return &huma.Schema{Type: huma.TypeString} }

func idempotencyParam() *huma.Param {
	shortest, longest := 1, 255
	return &huma.Param{Name: headerIdempotencyKey, In: "header",
		Schema: &huma.Schema{Type: huma.TypeString, MinLength: &shortest, MaxLength: &longest,
			Pattern: "^[!-~]+$"},
		Description: "Makes it safe to send the request again: the same key gets the first response for 24 h, " +
			"another request with it 409"}
}

// completeParam adds to the description of a parameter the restrictions that strictParams enforces.
func completeParam(p *huma.Param) {
	if p.In != "query" && p.In != "path" || p.Schema == nil {
		return
	}
	if p.Schema.Type == huma.TypeArray {
		fewest := 1
		p.Schema.MinItems = &fewest
		if items := p.Schema.Items; items.Type == huma.TypeInteger { // all such lists are of ids
			first, last := 1.0, float64(maxID)
			items.Minimum, items.Maximum = &first, &last
			items.PrecomputeMessages()
		}
		p.Schema.PrecomputeMessages()
	}
	if p.Schema.Type == huma.TypeString && p.Schema.MinLength == nil && len(p.Schema.Enum) == 0 {
		shortest := 1
		p.Schema.MinLength = &shortest
		p.Schema.PrecomputeMessages()
	}
}
