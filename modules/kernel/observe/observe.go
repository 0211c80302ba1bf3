// Package observe sets up logging, tracing and metrics: slog with request and trace ids, and
// Datadog's tracer and statsd client.
package observe

import (
	"context"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	slogtrace "gopkg.in/DataDog/dd-trace-go.v1/contrib/log/slog"
	"gopkg.in/DataDog/dd-trace-go.v1/ddtrace/tracer"
)

// started is about when the process started.
var started = time.Now()

// SinceStart returns how long ago the process started.
func SinceStart() time.Duration { return time.Since(started) }

type requestID struct{}

// WithRequestID returns a context whose log lines contain the request id.
func WithRequestID(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestID{}, id)
}

// RequestID returns the id of the request that the context belongs to, or "".
func RequestID(ctx context.Context) string {
	id, _ := ctx.Value(requestID{}).(string)
	return id
}

// NewLogger returns a logger that writes lines of the given level and above to w, as JSON or, if
// format is "text", as text. An unknown level means info. Lines logged with a request's context
// contain its request_id and, if it is traced, dd.trace_id and dd.span_id.
func NewLogger(w io.Writer, level, format string) *slog.Logger {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		l = slog.LevelInfo
	}
	options := &slog.HandlerOptions{Level: l}
	var h slog.Handler = slog.NewJSONHandler(w, options)
	if format == "text" {
		h = slog.NewTextHandler(w, options)
	}
	return slog.New(requestHandler{slogtrace.WrapHandler(h)})
}

type requestHandler struct{ slog.Handler }

// Handle implements slog.Handler. It adds the request id.
func (h requestHandler) Handle(ctx context.Context, r slog.Record) error {
	if id := RequestID(ctx); id != "" {
		r.AddAttrs(slog.String("request_id", id))
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (h requestHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return requestHandler{h.Handler.WithAttrs(attrs)}
}

// WithGroup implements slog.Handler.
func (h requestHandler) WithGroup(name string) slog.Handler {
	return requestHandler{h.Handler.WithGroup(name)}
}

// Start sets up what exists once per process and is therefore the task of its main program: the
// default logger, which writes to standard error, and, if datadog is true, the tracer and the
// metrics. It returns the function that stops them.
func Start(level, format string, datadog bool) (stop func() error, err error) {
	slog.SetDefault(NewLogger(os.Stderr, level, format))
	if !datadog {
		return func() error { return nil }, nil
	}
	stopMetrics, err := startMetrics()
	if err != nil {
		return nil, err
	}
	stopTracing := startTracing()
	return func() error {
		stopTracing()
		return stopMetrics()
	}, nil
}

// startTracing starts Datadog's tracer and returns the function that stops it. The tracer's own
// messages go to the log, so that every line of the output remains JSON.
func startTracing() (stop func()) {
	tracer.Start(tracer.WithLogger(tracerLog{}), tracer.WithLogStartup(false))
	return tracer.Stop
}

type tracerLog struct{}

// Log writes one of the tracer's messages as a line of the log.
func (tracerLog) Log(msg string) { slog.Info("datadog", "message", strings.TrimSpace(msg)) }
