package modules_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"gopkg.in/DataDog/dd-trace-go.v1/ddtrace/mocktracer"

	"38qa.net/backend/config"
	"38qa.net/backend/modules/kernel/observe"
	"38qa.net/backend/modules/testsite"
)

// TestOneRequestIsOneTrace checks that the span of a request is the root of its trace, that the spans of its
// SQL stand under it, and that its log line names the trace. The test is not parallel, because the logger and
// the tracer belong to the whole process.
func TestOneRequestIsOneTrace(t *testing.T) {
	s := testsite.New(t, testsite.Config(func(c *config.Config) { c.DatadogEnabled = true }))
	tracer := mocktracer.Start()
	defer tracer.Stop()
	var log bytes.Buffer
	previous := slog.Default()
	slog.SetDefault(observe.NewLogger(&log, "info", "json"))
	defer slog.SetDefault(previous)

	if res := s.Request(t, http.MethodGet, "/v1/questions/1?include=answers", testsite.Visitor,
		"X-Request-Id", "trace-me"); res.StatusCode != 200 {
		t.Fatal(res.Status)
	}
	var root mocktracer.Span
	spans := tracer.FinishedSpans()
	for _, span := range spans {
		if span.OperationName() == "http.request" {
			root = span
		}
	}
	if root == nil {
		t.Fatalf("no span of the request among %d", len(spans))
	}
	if root.Tag("resource.name") != "GET /v1/questions/:id" {
		t.Errorf("resource %v", root.Tag("resource.name"))
	}
	queries := 0
	for _, span := range spans {
		if span.TraceID() != root.TraceID() {
			t.Errorf("span %s is of another trace", span.OperationName())
		}
		if resource, _ := span.Tag("resource.name").(string); strings.Contains(resource, "SELECT") {
			queries++
			if span.ParentID() != root.SpanID() {
				t.Errorf("SQL does not stand under the request: %.60s", resource)
			}
		}
	}
	if queries == 0 {
		t.Error("no SQL in the trace")
	}
	var line map[string]any
	for l := range strings.Lines(log.String()) {
		if strings.Contains(l, `"msg":"request"`) {
			if err := json.Unmarshal([]byte(l), &line); err != nil {
				t.Fatal(err)
			}
		}
	}
	if line["request_id"] != "trace-me" || line["dd.trace_id"] == nil ||
		line["route"] != "/v1/questions/:id" {
		t.Errorf("log line %v", line)
	}
	if strings.Contains(log.String(), "127.0.0.1") {
		t.Error("the log holds the client's address")
	}
}
