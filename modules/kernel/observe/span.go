package observe

import (
	"context"
	"fmt"

	"gopkg.in/DataDog/dd-trace-go.v1/ddtrace"
	"gopkg.in/DataDog/dd-trace-go.v1/ddtrace/tracer"
)

// Span is a piece of background work in a trace. It does nothing if tracing is off.
type Span struct{ span ddtrace.Span }

// StartSpan begins a span; tags are alternating names and values. Log lines and database statements
// belong to the span if they use the returned context.
func StartSpan(ctx context.Context, name, resource string, tags ...any) (context.Context, Span) {
	options := []tracer.StartSpanOption{tracer.ResourceName(resource), tracer.SpanType("worker")}
	for i := 0; i+1 < len(tags); i += 2 {
		options = append(options, tracer.Tag(fmt.Sprint(tags[i]), tags[i+1]))
	}
	span, ctx := tracer.StartSpanFromContext(ctx, name, options...)
	return ctx, Span{span}
}

// End ends the span with the outcome of the work.
func (s Span) End(outcome string, err error) {
	s.span.SetTag("outcome", outcome)
	s.span.Finish(tracer.WithError(err))
}
