package media_test

import (
	"testing"

	"38qa.net/backend/modules/testsite"
)

func TestMain(m *testing.M) { testsite.Main(m) }

// object is a JSON object.
type object = map[string]any

// call is a request to the API.
type call struct {
	method, path string
	body         any
}
