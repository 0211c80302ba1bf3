package web

import (
	"context"
	"errors"
	"net"
	"net/http"
	"syscall"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/kernel/problem"
)

// TestTroublesOfTheDatabase checks that a request that fails because the database is away or full gets a 503
// with Retry-After, and that no warning or error is logged for each such request.
func TestTroublesOfTheDatabase(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		code string
	}{
		"outage":    {&net.OpError{Op: "dial", Err: errors.New("connection refused")}, "unavailable"},
		"disk full": {syscall.ENOSPC, "no_room"},
		"refusal":   {problem.New(problem.CodeUnavailable), "unavailable"},
	} {
		t.Run(name, func(t *testing.T) {
			s, lines := New(Settings{}), captureLog(t)
			Register(s.API(), huma.Operation{
				OperationID: "fail", Method: http.MethodGet, Path: "/fail",
			}, func(context.Context, *struct{}) (*struct{}, error) {
				return nil, c.err
			})
			server := serve(t, s)
			for range 20 {
				if r := mustSend(t, server, http.MethodGet,
					"/fail", ""); r.status != http.StatusServiceUnavailable || r.code() != c.code ||
					r.header.Get("Retry-After") == "" {
					t.Errorf("%d %v %s", r.status, r.header, r.body)
				}
			}
			for _, line := range lines.with(t, "") {
				if line["level"] != "INFO" {
					t.Errorf("logged: %v", line)
				}
			}
		})
	}
}

// TestReadinessIsLoggedOnce checks that a readiness check that begins to fail is logged once, however often
// /readyz is asked.
func TestReadinessIsLoggedOnce(t *testing.T) {
	var failure error
	s, lines := New(Settings{Ready: map[string]func(context.Context) error{
		"database": func(context.Context) error { return failure },
	}}), captureLog(t)
	server := serve(t, s)
	for times := 1; times <= 2; times++ {
		failure = errors.New("away")
		for range 5 {
			if r := mustSend(t, server, http.MethodGet,
				"/readyz", ""); r.status != http.StatusServiceUnavailable {
				t.Errorf("%d %s", r.status, r.body)
			}
		}
		failure = nil
		if r := mustSend(t, server, http.MethodGet, "/readyz", ""); r.status != http.StatusOK {
			t.Errorf("%d %s", r.status, r.body)
		}
		if found := lines.with(t, "not ready"); len(found) != times {
			t.Errorf("logged: %v", found)
		}
	}
}
