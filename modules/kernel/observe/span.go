package observe

import (
	"context"
	"fmt"

	"gopkg.in/DataDog/dd-trace-go.v1/ddtrace"
	"gopkg.in/DataDog/dd-trace-go.v1/ddtrace/tracer"
)

// Span is a piece of background work in the traces; without tracing it is nothing.
type Span struct{ span ddtrace.Span }

// StartSpan begins a span, with tags as names and values by turns. What is logged and asked of the database with the context belongs to it.
func StartSpan(ctx context.Context, name, resource string, tags ...any) (context.Context, Span) {
	options := []tracer.StartSpanOption{tracer.ResourceName(resource), tracer.SpanType("worker")}
	for i := 0; i+1 < len(tags); i += 2 {
		options = append(options, tracer.Tag(fmt.Sprint(tags[i]), tags[i+1]))
	}
	span, ctx := tracer.StartSpanFromContext(ctx, name, options...)
	return ctx, Span{span}
}

// End ends the span with what came of the work.
func (s Span) End(outcome string, err error) {
	s.span.SetTag("outcome", outcome)
	s.span.Finish(tracer.WithError(err))
}
