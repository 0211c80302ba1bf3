package web

import (
	"context"
	"fmt"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/kernel/limit"
)

// maxValues is the largest number of values in a JSON body, counting each member of an object and
// each element of an array. No operation needs a tenth of it. Without the limit, a body of one
// megabyte could hold hundreds of thousands of values, each of which costs far more than the one or
// two bytes that it takes to send.
const maxValues = 2000

// jsonFormats returns the body formats for Huma. They refuse bodies with too many values before
// decoding them, and decode only few large bodies at the same time.
func jsonFormats() map[string]huma.Format {
	turns := limit.NewTurns()
	bounded := huma.DefaultJSONFormat
	bounded.Unmarshal = func(data []byte, v any) error {
		if countValues(data, maxValues) > maxValues {
			return tooManyValues{}
		}
		if len(data) >= largeBody {
			// Huma passes no context, so the wait for a turn cannot be cancelled. It is short: decoding
			// one large body takes milliseconds.
			end, err := turns.Take(context.Background())
			if err != nil {
				return err
			}
			defer end()
		}
		return unmarshalBody(data, v)
	}
	return map[string]huma.Format{"application/json": bounded, "json": bounded}
}

// tooManyValues is an error whose text has the form of the messages of Huma's validation; see
// fieldOf.
type tooManyValues struct{}

func (tooManyValues) Error() string { return fmt.Sprintf("too_many|%d", maxValues) }

// countValues returns about how many values a JSON text holds. It stops counting when the number
// exceeds most. A text that is not valid JSON is left to the decoder, which stops at the first
// mistake.
func countValues(data []byte, most int) int {
	n, inString := 1, false
	for i := 0; i < len(data) && n <= most; i++ {
		switch c := data[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case !inString && (c == ',' || c == '[' || c == '{'):
			n++
		}
	}
	return n
}
