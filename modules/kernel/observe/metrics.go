package observe

import (
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"github.com/DataDog/datadog-go/v5/statsd"
)

// metrics is the client that metrics are sent through; nil until startMetrics is called.
var metrics atomic.Pointer[statsd.ClientInterface]

// namespace is the prefix of the names of all metrics.
const namespace = "q2ab."

// startMetrics starts sending metrics to the Datadog agent's DogStatsD (DD_AGENT_HOST or
// DD_DOGSTATSD_URL) and returns the function that stops it. Metrics are sent without waiting, so a
// missing agent costs nothing.
func startMetrics() (stop func() error, err error) {
	address := "" // the library reads it from the environment
	if os.Getenv("DD_AGENT_HOST") == "" && os.Getenv("DD_DOGSTATSD_URL") == "" {
		address = "127.0.0.1:8125" // the agent's own default, which traces go to by themselves too
	}
	client, err := statsd.New(address, statsd.WithNamespace(namespace), statsd.WithoutTelemetry())
	if err != nil {
		return nil, fmt.Errorf("send figures to the Datadog agent: %w", err)
	}
	var to statsd.ClientInterface = client
	metrics.Store(&to)
	return func() error {
		metrics.Store(nil)
		return client.Close()
	}, nil
}

// Duration sends how long something took as a value of a distribution, in seconds. Tags have the
// form "name:value". It does nothing if metrics are not sent.
func Duration(name string, d time.Duration, tags ...string) {
	if to := metrics.Load(); to != nil {
		_ = (*to).Distribution(name, d.Seconds(), tags, 1) // figures may get lost
	}
}
