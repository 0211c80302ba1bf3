package modules

import (
	_ "embed" // of the examples
	"encoding/json"
	"sync"

	"38qa.net/backend/modules/kernel/web"
)

// examples are the requests and responses that the OpenAPI document shows, by operation. TestExamples makes
// them from the recorded site, and fails when the server responds otherwise.
//
//go:embed examples.json
var examplesJSON []byte

var examples = sync.OnceValue(func() map[string]web.Example {
	var all map[string]web.Example
	if err := json.Unmarshal(examplesJSON, &all); err != nil {
		panic(err) // the file is part of the program
	}
	return all
})
