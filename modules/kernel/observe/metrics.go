package observe

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"github.com/DataDog/datadog-go/v5/statsd"
)

// The metrics that the programs send. Their tags have few values each and never personal data. The
// dashboards and monitors in deploy/datadog use these names; docs/runbook.md says what to do about them.
var (
	RequestDuration = duration("request.duration",
		"How long requests took, until the response was written. Its count is the number of requests",
		"operation", "status")
	LimitRefused = count("limit.refused",
		"Requests that were refused because of a limit: requests, or one of the site's hourly limits",
		"limit")
	DatabaseConnections = gauge("database.connections",
		"Connections of this process to the database", "state")
	DatabaseWaits = count("database.waits",
		"How often something had to wait for a connection because all were in use")
	DatabaseWaitTime = duration("database.wait_time",
		"How long these waits took on average, for each period with waits")
	OutboxWaiting = gauge("outbox.waiting",
		"Events that a consumer has not handled yet", "consumer")
	OutboxAge = gauge("outbox.age",
		"Age of the oldest event that a consumer has not handled yet, in seconds", "consumer")
	MailWaiting = gauge("mail.waiting",
		"Mails that wait to be sent")
	JobDuration = duration("job.duration",
		"How long runs of jobs took", "job", "status")
	JobLateness = duration("job.lateness",
		"How long after their due times runs began", "job")
	SignIns = count("sign_in",
		"Sign-ins with a password, by their outcome: done or the code of the problem", "outcome")
	Uploads = count("upload",
		"Uploads of files, by their outcome: done or the code of the problem", "outcome")
	StreamsOpen = gauge("streams.open",
		"Streams of events that are open")
	StartDuration = duration("start.duration",
		"How long a program took from its start until it could serve", "program")
)

// Metric is a figure that is sent to Datadog.
type Metric struct {
	// Name is the metric's name in Datadog.
	Name string
	// Kind is distribution, count or gauge.
	Kind string
	// Text says what the figure is.
	Text string
	// Tags are the names of its tags.
	Tags []string
}

// Distribution is a metric of durations, of which Datadog computes percentiles.
type Distribution struct{ Metric }

// Count is a metric of how often something happened.
type Count struct{ Metric }

// Gauge is a metric of how much of something there is.
type Gauge struct{ Metric }

// defined are all metrics, in the order of their definition.
var defined []Metric

// Metrics returns all metrics that the programs can send.
func Metrics() []Metric { return slices.Clone(defined) }

func define(name, kind, text string, tags []string) Metric {
	m := Metric{namespace + name, kind, text, tags}
	defined = append(defined, m)
	return m
}

func duration(name, text string, tags ...string) Distribution {
	return Distribution{define(name, "distribution", text, tags)}
}

func count(name, text string, tags ...string) Count { return Count{define(name, "count", text, tags)} }

func gauge(name, text string, tags ...string) Gauge { return Gauge{define(name, "gauge", text, tags)} }

// namespace is the prefix of the names of all metrics.
const namespace = "q2ab."

// client is the client that metrics are sent through; nil until startMetrics is called.
var client atomic.Pointer[statsd.ClientInterface]

// startMetrics starts sending metrics to the Datadog agent's DogStatsD (DD_AGENT_HOST or
// DD_DOGSTATSD_URL) and returns the function that stops it. Metrics are sent without waiting, so a
// missing agent costs nothing. DD_ENV, DD_SERVICE and DD_VERSION become tags of each metric.
func startMetrics() (stop func() error, err error) {
	address := "" // the library reads it from the environment
	if os.Getenv("DD_AGENT_HOST") == "" && os.Getenv("DD_DOGSTATSD_URL") == "" {
		address = "127.0.0.1:8125" // the agent's own default, which traces go to by themselves too
	}
	return SendMetrics(address)
}

// SendMetrics starts sending metrics to a DogStatsD server and returns the function that stops it. The
// address is a host with a port, or "" for the one that the environment names.
func SendMetrics(address string) (stop func() error, err error) {
	c, err := statsd.New(address, statsd.WithoutTelemetry(), statsd.WithoutClientSideAggregation())
	if err != nil {
		return nil, fmt.Errorf("send figures to the Datadog agent: %w", err)
	}
	var to statsd.ClientInterface = c
	client.Store(&to)
	return func() error {
		client.Store(nil)
		return c.Close()
	}, nil
}

// send calls with with the client, unless metrics are off. What the client returns is ignored: figures
// may get lost. values are those of the metric's tags, in their order.
func (m Metric) send(values []string, with func(to statsd.ClientInterface, tags []string) error) {
	to := client.Load()
	if to == nil {
		return
	}
	tags := make([]string, len(m.Tags))
	for i, name := range m.Tags {
		tags[i] = name + ":" + cmp.Or(values[i], "none")
	}
	_ = with(*to, tags)
}

// Observe sends how long something took. values are those of the metric's tags.
func (m Distribution) Observe(d time.Duration, values ...string) {
	m.send(values, func(to statsd.ClientInterface, tags []string) error {
		return to.Distribution(m.Name, d.Seconds(), tags, 1)
	})
}

// Add sends that something happened n times more. values are those of the metric's tags.
func (m Count) Add(n int64, values ...string) {
	m.send(values, func(to statsd.ClientInterface, tags []string) error {
		return to.Count(m.Name, n, tags, 1)
	})
}

// Set sends how much of something there is now. values are those of the metric's tags.
func (m Gauge) Set(amount float64, values ...string) {
	m.send(values, func(to statsd.ClientInterface, tags []string) error {
		return to.Gauge(m.Name, amount, tags, 1)
	})
}
