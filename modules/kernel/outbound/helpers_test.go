package outbound_test

import (
	"errors"
	"io"
	"log"
	"net/http"
	"testing"
)

// quiet is where servers write what clients do wrong.
var quiet = log.New(io.Discard, "", 0)

// failing is a reader that always fails.
type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("the connection broke") }

// get makes a request and returns its error, whatever the response.
func get(t *testing.T, client *http.Client, address string) error {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	res, err := client.Do(req)
	if err == nil {
		res.Body.Close()
	}
	return err
}
