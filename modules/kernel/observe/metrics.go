package observe

import (
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"github.com/DataDog/datadog-go/v5/statsd"
)

// metrics is where figures are sent; nowhere until startMetrics is called.
var metrics atomic.Pointer[statsd.ClientInterface]

// namespace begins the names of all figures.
const namespace = "q2ab."

// startMetrics sends figures to the Datadog agent's DogStatsD (DD_AGENT_HOST, or DD_DOGSTATSD_URL) and returns what stops that. Figures are
// sent without waiting: an agent that is not there costs nothing.
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

// Duration tells how long something took, as a distribution in seconds; tags are "name:value".
func Duration(name string, d time.Duration, tags ...string) {
	if to := metrics.Load(); to != nil {
		_ = (*to).Distribution(name, d.Seconds(), tags, 1) // figures may get lost
	}
}
