package web

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"
	"github.com/labstack/echo/v4"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/observe"
	"38qa.net/backend/modules/kernel/problem"
)

// Problem is the body of every response that is not a success (RFC 9457).
type Problem struct {
	Type     string         `json:"type" format:"uri-reference" doc:"Address of the problem's description; one per code"`
	Title    string         `json:"title" doc:"What kind of problem it is, in the language asked for"`
	StatusNo int            `json:"status" doc:"HTTP status"`
	Detail   string         `json:"detail,omitempty" doc:"What was wrong in this case"`
	Instance string         `json:"instance,omitempty" doc:"Path of the request"`
	Code     string         `json:"code" format:"problem-code" doc:"Stable name of the problem, for programs"`
	Action   string         `json:"action,omitempty" doc:"For rate_limit of an hourly limit: what was done too often"`
	Errors   []ProblemField `json:"errors,omitempty" doc:"The wrong parts of the input, the first 20 of them"`
	// MoreErrors is the number of wrong parts of the input that Errors leaves out.
	MoreErrors int `json:"moreErrors,omitempty" doc:"How many wrong parts of the input errors leaves out"`
	// RetryAfter is in the header too, which many clients do not pass on with what they throw.
	RetryAfter int `json:"retryAfter,omitempty" doc:"After how many seconds it may work, as in the header Retry-After"`

	language problem.Language
}

// ProblemField describes one wrong part of the input.
type ProblemField struct {
	Field   string       `json:"field" doc:"Name of the parameter or path of the JSON field"`
	Code    string       `json:"code" format:"field-code" doc:"Stable name of what is wrong with it; new ones may come"`
	Params  *FieldParams `json:"params,omitempty" doc:"What the message says in numbers and names, for messages of one's own"`
	Message string       `json:"message" doc:"The same in words for people, to show beside the field"`
}

// FieldParams are the numbers and names in a field's message, for clients that word the message
// themselves. The code of the field decides which of them are set.
type FieldParams struct {
	Min        *float64 `json:"min,omitempty" doc:"The least number, length or count that is allowed"`
	Max        *float64 `json:"max,omitempty" doc:"The greatest number, length or count that is allowed"`
	Allowed    []string `json:"allowed,omitempty" doc:"The values that are allowed"`
	With       string   `json:"with,omitempty" doc:"The other field that matters"`
	Characters string   `json:"characters,omitempty" doc:"The characters that are not allowed"`
	Reason     string   `json:"reason,omitempty" doc:"What is wrong, in words"`
}

// fieldParams returns the arguments of a wrong field, and nil if it has none.
func fieldParams(f problem.Field) *FieldParams {
	given := f.Params()
	if len(given) == 0 {
		return nil
	}
	number := func(name problem.Param) *float64 {
		n, err := strconv.ParseFloat(fmt.Sprint(given[name]), 64)
		if err != nil {
			return nil // not given
		}
		return &n
	}
	text := func(name problem.Param) string {
		if given[name] == nil {
			return ""
		}
		return fmt.Sprint(given[name])
	}
	params := &FieldParams{
		Min: number(problem.ParamMin), Max: number(problem.ParamMax), With: text(problem.ParamWith),
		Characters: text(problem.ParamCharacters), Reason: text(problem.ParamReason),
	}
	if allowed := text(problem.ParamAllowed); allowed != "" {
		params.Allowed = strings.Split(allowed, ", ")
	}
	return params
}

// Error returns the code and the detail, for logs.
func (p *Problem) Error() string { return p.Code + ": " + p.Detail }

// GetStatus returns the HTTP status. It implements huma.StatusError.
func (p *Problem) GetStatus() int { return p.StatusNo }

// ContentType returns the media type of problem details. Huma calls it.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// GetHeaders returns the headers that belong to the problem. Huma calls it.
func (p *Problem) GetHeaders() http.Header {
	h := http.Header{}
	h.Set("Content-Language", string(p.language))
	if p.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(p.RetryAfter))
	}
	if p.StatusNo == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer error="invalid_token"`)
	}
	return h
}

// retryAfter is after how many seconds a client may repeat a request that failed for a reason that
// is expected to pass.
const retryAfter = 5

// maxErrors is the largest number of wrong parts of the input that a problem lists. Nobody reads
// more, and a client that sends thousands of wrong fields must not get thousands of sentences back.
const maxErrors = 20

// maxFieldName is the largest number of characters of a field's name that a problem repeats. The
// names of unknown fields are chosen by the client.
const maxFieldName = 100

func shortened(name string) string {
	if r := []rune(name[:min(len(name), 4*(maxFieldName+1))]); len(r) > maxFieldName {
		return string(r[:maxFieldName]) + "…"
	}
	return name
}

// present returns the response body for a problem, with texts in the language of the context's
// client.
func present(ctx context.Context, e *problem.Error) *Problem {
	l := ClientOf(ctx).Language
	if e.Code == problem.CodeRateLimit {
		observe.LimitRefused.Add(1, cmp.Or(e.Action, "requests"))
	}
	p := &Problem{
		Type: "/problems/" + e.Code.String(), Title: e.Title(l), StatusNo: e.Status(), Detail: e.Detail(l),
		Instance: ClientOf(ctx).path, Code: e.Code.String(), Action: e.Action, RetryAfter: e.RetryAfter, language: l,
	}
	if p.StatusNo == http.StatusServiceUnavailable && p.RetryAfter == 0 {
		p.RetryAfter = retryAfter
	}
	p.MoreErrors = e.MoreFields + max(0, len(e.Fields)-maxErrors)
	for _, f := range e.Fields[:min(len(e.Fields), maxErrors)] {
		f.Name = shortened(f.Name)
		p.Errors = append(p.Errors, ProblemField{
			Field: f.Name, Code: f.Code.String(), Params: fieldParams(f), Message: f.Message(l)})
	}
	return p
}

// asProblem returns the problem that an error is or wraps. Other errors become "internal",
// "unavailable" (if the time is over or the database cannot serve) or another problem that fits;
// those that somebody has to know of are logged here, and nowhere else.
func asProblem(ctx context.Context, err error) *problem.Error {
	var p *problem.Error
	var tooLarge *http.MaxBytesError
	var echoError *echo.HTTPError
	switch {
	case errors.As(err, &p):
		return p
	case errors.As(err, &tooLarge):
		return problem.New(problem.CodeBodyTooLarge)
	case errors.Is(err, context.DeadlineExceeded):
		slog.WarnContext(ctx, "request took too long", "error", err)
		return problem.New(problem.CodeUnavailable)
	case database.Full(err):
		return problem.New(problem.CodeNoRoom)
	case database.Unavailable(err):
		return problem.New(problem.CodeUnavailable) // database logs when that begins, and when it is over
	case database.Contended(err):
		slog.WarnContext(ctx, "others held what the request needed", "error", err)
		return problem.New(problem.CodeUnavailable)
	case errors.Is(err, context.Canceled):
		return problem.New(problem.CodeUnavailable) // the client went away; nobody reads this
	case errors.As(err, &echoError):
		switch echoError.Code {
		case http.StatusNotFound:
			return problem.NotFound()
		case http.StatusMethodNotAllowed:
			return problem.New(problem.CodeMethodNotAllowed)
		case http.StatusRequestEntityTooLarge:
			return problem.New(problem.CodeBodyTooLarge)
		case http.StatusUnsupportedMediaType:
			return problem.New(problem.CodeUnsupportedMediaType)
		}
		if echoError.Code < 500 {
			return problem.New(problem.CodeBadRequest)
		}
	}
	slog.ErrorContext(ctx, "request failed", "error", err)
	return problem.New(problem.CodeInternal)
}

// writeError writes the response for an error outside the operations of the API, for instance for an
// address that does not exist.
func writeError(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	ctx := c.Request().Context()
	p := present(ctx, asProblem(ctx, err))
	maps.Copy(c.Response().Header(), p.GetHeaders())
	body, err := json.Marshal(p)
	if err != nil {
		slog.ErrorContext(ctx, "problem not written", "error", err)
		return
	}
	_ = c.Blob(p.StatusNo, "application/problem+json", body) // fails only when the client went away
}

// Register adds an operation to the API. Its handler may return a *problem.Error, which is sent to
// the client. Of any other error the client learns nothing but a general problem; see asProblem.
func Register[I, O any](api huma.API, op huma.Operation, handle func(context.Context, *I) (*O, error)) {
	op.BodyReadTimeout = -1 // limitArrival sees to that
	// complete adds the statuses that every operation of its kind has.
	op.Errors = append(op.Errors, http.StatusBadRequest)
	huma.Register(api, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := handle(context.WithValue(ctx, operationKey{}, op.OperationID), in)
		if err != nil {
			return nil, present(ctx, asProblem(ctx, err))
		}
		return out, nil
	})
	complete(api.OpenAPI(), find(api.OpenAPI(), op.Path, op.Method))
}

// Guard returns an operation for those callers alone for whom may returns no error. Others get that error.
func Guard[I, O any](
	may func(context.Context) error, do func(context.Context, *I) (*O, error),
) func(context.Context, *I) (*O, error) {
	return func(ctx context.Context, in *I) (*O, error) {
		if err := may(ctx); err != nil {
			return nil, err
		}
		return do(ctx, in)
	}
}

type operationKey struct{}

// OperationID returns the id of the operation whose request the context belongs to, "" outside of one.
func OperationID(ctx context.Context) string {
	id, _ := ctx.Value(operationKey{}).(string)
	return id
}

// init makes Huma report errors as problems: its validation messages become codes of fields. These
// are process-wide variables of Huma, which offers no other way.
func init() {
	huma.ValidateStrictCasing = true // "TITLE" is not title
	huma.DefaultArrayNullable = false
	huma.NewErrorWithContext = func(
		ctx huma.Context, status int, msg string, errs ...error,
	) huma.StatusError {
		return fromHuma(ctx.Context(), status, msg, errs)
	}
	huma.NewError = func(status int, msg string, errs ...error) huma.StatusError {
		return fromHuma(context.Background(), status, msg, errs)
	}
	for message, code := range map[*string]string{
		&validation.MsgUnexpectedProperty: "unknown", &validation.MsgExpectedBoolean: "not_boolean",
		&validation.MsgExpectedNumber: "not_number", &validation.MsgExpectedInteger: "not_integer",
		&validation.MsgExpectedString: "not_text", &validation.MsgExpectedArray: "not_array",
		&validation.MsgExpectedObject: "not_object", &validation.MsgExpectedOneOf: "not_in_list|%s",
		&validation.MsgExpectedMinimumNumber: "too_small|%v",
		&validation.MsgExpectedMaximumNumber: "too_large|%v",
		&validation.MsgExpectedMinLength:     "too_short|%d", &validation.MsgExpectedMaxLength: "too_long|%d",
		&validation.MsgExpectedMinItems: "too_few|%d", &validation.MsgExpectedMaxItems: "too_many|%d",
		&validation.MsgExpectedRequiredProperty: "required|%s",
		&validation.MsgExpectedMatchPattern:     "wrong_form|%s",
		&validation.MsgExpectedRFC3339DateTime:  "wrong_form",
		&validation.MsgExpectedArrayItemsUnique: "duplicate",
	} {
		*message = code
	}
}

// fromHuma turns what Huma found wrong with a request into a problem.
func fromHuma(ctx context.Context, status int, msg string, errs []error) huma.StatusError {
	if status == 0 { // Huma asks for an empty one, to see its type
		return &Problem{}
	}
	if failure := arrivalFailure(ctx); failure != nil {
		return present(ctx, failure)
	}
	var e *problem.Error
	switch status {
	case http.StatusUnprocessableEntity, http.StatusBadRequest:
		e = &problem.Error{Code: problem.CodeValidation}
		if status == http.StatusBadRequest && len(errs) == 0 {
			e.Code = problem.CodeBadRequest
		}
		named := errs[:min(len(errs), maxErrors)]
		e.MoreFields = len(errs) - len(named)
		for _, err := range named {
			var detail huma.ErrorDetailer
			if errors.As(err, &detail) {
				e.Fields = append(e.Fields, fieldOf(detail.ErrorDetail()))
			}
		}
	case http.StatusRequestEntityTooLarge:
		e = problem.New(problem.CodeBodyTooLarge)
	case http.StatusUnsupportedMediaType:
		e = problem.New(problem.CodeUnsupportedMediaType)
	case http.StatusNotAcceptable:
		e = problem.New(problem.CodeNotAcceptable)
	case http.StatusNotFound:
		e = problem.NotFound()
	default:
		slog.ErrorContext(ctx, "request failed", "status", status,
			"error", errors.Join(append(errs, errors.New(msg))...))
		e = problem.New(problem.CodeInternal)
	}
	return present(ctx, e)
}

// fieldOf converts a message of Huma, in the form that init gave it, to a Field. It leaves out the
// rejected value, which may be a secret.
func fieldOf(d *huma.ErrorDetail) problem.Field {
	_, name, nested := strings.Cut(d.Location, ".")
	if !nested {
		name = d.Location
	}
	text, arg, hasArg := strings.Cut(d.Message, "|")
	code, known := problem.FieldNamed(text)
	f := problem.Field{Name: name, Code: code}
	switch {
	case (code == problem.FieldRequired || code == problem.FieldDuplicate) && hasArg:
		if d.Location == "body" {
			f.Name = arg
		} else {
			f.Name = name + "." + arg
		}
	case known && hasArg:
		f.Args = []any{strings.ReplaceAll(arg, "\"", "")}
	case known:
	case strings.HasPrefix(d.Message, "cannot read"): // Huma's words for forms, and then what the client sent
		f.Code = problem.FieldWrongForm
	case strings.HasPrefix(d.Message, "required"):
		f.Code = problem.FieldRequired
	case strings.Contains(d.Message, "integer"), strings.Contains(d.Message, "parsing"),
		strings.Contains(d.Message, "number"):
		f.Code = problem.FieldNotInteger
	case strings.Contains(d.Message, "boolean"):
		f.Code = problem.FieldNotBoolean
	default:
		f.Code = problem.FieldWrongForm
	}
	return f
}
