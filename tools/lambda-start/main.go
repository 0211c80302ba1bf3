// Command lambda-start measures how long the Lambda function takes from its start to its first response. It
// plays the runtime interface of AWS Lambda, and runs the real program against the database that the
// environment names:
//
//	lambda-start -program ./lambda -starts 30
//
// The time in which AWS gets the image and a network interface ready comes on top of that; it cannot be
// measured here.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"
)

func main() {
	program := flag.String("program", "./lambda", "the program to start")
	starts := flag.Int("starts", 30, "how often to start it")
	path := flag.String("path", "/v1/questions?limit=20", "what to ask it for")
	limit := flag.Duration("limit", 0, "fail if the median of the first response takes longer; 0: never")
	flag.Parse()
	if err := run(*program, *path, *starts, *limit); err != nil {
		fmt.Fprintln(os.Stderr, "lambda-start:", err)
		os.Exit(1)
	}
}

// times are how long after the start of the program it asked for its first event, and when it had
// responded to it; second is how long it took for the second event.
type times struct{ ready, first, second time.Duration }

func run(program, path string, starts int, limit time.Duration) error {
	if starts < 1 {
		return errors.New("-starts must be at least 1")
	}
	var all []times
	for i := range starts {
		t, err := start(program, path)
		if err != nil {
			return fmt.Errorf("start %d: %w", i+1, err)
		}
		all = append(all, t)
	}
	fmt.Printf("%d starts, GET %s\n%-28s %8s %8s %8s\n", starts, path, "", "median", "p90", "slowest")
	var median time.Duration
	for _, row := range []struct {
		name string
		of   func(times) time.Duration
	}{
		{"start to ready", func(t times) time.Duration { return t.ready }},
		{"start to first response", func(t times) time.Duration { return t.first }},
		{"second request", func(t times) time.Duration { return t.second }},
	} {
		list := make([]time.Duration, 0, len(all))
		for _, t := range all {
			list = append(list, row.of(t))
		}
		slices.Sort(list)
		fmt.Printf("%-28s %8s %8s %8s\n", row.name,
			ms(list[len(list)/2]), ms(list[len(list)*9/10]), ms(list[len(list)-1]))
		if strings.HasSuffix(row.name, "first response") {
			median = list[len(list)/2]
		}
	}
	if limit > 0 && median > limit {
		return fmt.Errorf("the first response takes %s, more than %s", ms(median), ms(limit))
	}
	return nil
}

func ms(d time.Duration) string { return fmt.Sprintf("%.0f ms", float64(d.Microseconds())/1000) }

// runtimeAPI plays the interface between Lambda and a function: it hands out events, one after the other,
// and takes the results.
type runtimeAPI struct {
	event   []byte
	asked   chan time.Time
	results chan result
	handed  int
	release chan struct{}
}

type result struct {
	at   time.Time
	body []byte
	err  error
}

func (a *runtimeAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case strings.HasSuffix(r.URL.Path, "/invocation/next"):
		a.asked <- time.Now()
		if a.handed++; a.handed > 2 {
			<-a.release // the measurement is over
			return
		}
		w.Header().Set("Lambda-Runtime-Aws-Request-Id", strconv.Itoa(a.handed))
		w.Header().Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(time.Now().Add(30*time.Second).UnixMilli(), 10))
		w.Header().Set("Lambda-Runtime-Invoked-Function-Arn",
			"arn:aws:lambda:ap-northeast-1:123456789012:function:q2ab")
		_, _ = w.Write(a.event)
	case strings.HasSuffix(r.URL.Path, "/response"):
		body, err := io.ReadAll(r.Body)
		w.WriteHeader(http.StatusAccepted)
		a.results <- result{time.Now(), body, err}
	default: // errors of the start and of events
		body, err := io.ReadAll(r.Body)
		w.WriteHeader(http.StatusAccepted)
		a.results <- result{time.Now(), nil, errors.Join(fmt.Errorf("%s: %s", r.URL.Path, body), err)}
	}
}

// start starts the program once, and has it handle two events.
func start(program, path string) (t times, err error) {
	target, query, _ := strings.Cut(path, "?")
	event, err := json.Marshal(events.APIGatewayV2HTTPRequest{Version: "2.0", RawPath: target, RawQueryString: query,
		Headers: map[string]string{"host": "api.example", "accept-encoding": "br, gzip"},
		RequestContext: events.APIGatewayV2HTTPRequestContext{Stage: "$default",
			HTTP: events.APIGatewayV2HTTPRequestContextHTTPDescription{Method: "GET", SourceIP: "203.0.113.9"}}})
	if err != nil {
		return t, err
	}
	api := &runtimeAPI{event: event, asked: make(chan time.Time, 4), results: make(chan result, 4),
		release: make(chan struct{})}
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return t, err
	}
	server := &http.Server{Handler: api, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(listener) }()
	defer server.Close()
	defer close(api.release)

	command := exec.CommandContext(context.Background(), program)
	command.Env = append(os.Environ(), "AWS_LAMBDA_RUNTIME_API="+listener.Addr().String())
	command.Stderr = os.Stderr
	begun := time.Now()
	if err := command.Start(); err != nil {
		return t, err
	}
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	defer func() {
		_ = command.Process.Kill()
		if err := <-ended; err == nil { // it has ended by itself, which Lambda does not let it do
			fmt.Fprintln(os.Stderr, "lambda-start: the program has ended")
		}
	}()
	wait := func() (at time.Time, err error) {
		select {
		case r := <-api.results:
			return r.at, errors.Join(r.err, check(r.body))
		case err := <-ended:
			ended <- err
			return at, fmt.Errorf("the program has ended: %w", err)
		case <-time.After(30 * time.Second):
			return at, errors.New("no response within 30 s")
		}
	}
	first, err := wait()
	if err != nil {
		return t, err
	}
	t.ready, t.first = (<-api.asked).Sub(begun), first.Sub(begun)
	again := <-api.asked
	second, err := wait()
	t.second = second.Sub(again)
	return t, err
}

// check returns an error unless the result is a success.
func check(body []byte) error {
	var response events.APIGatewayV2HTTPResponse
	if err := json.Unmarshal(body, &response); err != nil {
		return fmt.Errorf("the result %q: %w", body, err)
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("the response is %d %s", response.StatusCode, response.Body)
	}
	return nil
}
