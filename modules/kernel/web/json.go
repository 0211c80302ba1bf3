package web

import (
	"context"
	"fmt"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/kernel/limit"
)

// maxValues is the most values that a JSON body may hold, counting each member of an object and each element of an array.
// No operation takes a tenth of it. Without a limit a body of a megabyte holds hundreds of thousands, each of which costs
// far more than the byte or two that it takes to send.
const maxValues = 2000

// jsonFormats are Huma's formats of bodies, which refuse those with too many values before they are decoded, and decode
// few large ones at once.
func jsonFormats() map[string]huma.Format {
	turns := limit.NewTurns()
	bounded := huma.DefaultJSONFormat
	bounded.Unmarshal = func(data []byte, v any) error {
		if countValues(data, maxValues) > maxValues {
			return tooManyValues{}
		}
		if len(data) >= largeBody {
			end, err := turns.Take(context.Background()) // Huma has no context here; the work of those before takes milliseconds
			if err != nil {
				return err
			}
			defer end()
		}
		return unmarshalBody(data, v)
	}
	return map[string]huma.Format{"application/json": bounded, "json": bounded}
}

// tooManyValues is shaped like the messages of Huma's validation, see fieldOf.
type tooManyValues struct{}

func (tooManyValues) Error() string { return fmt.Sprintf("too_many|%d", maxValues) }

// countValues returns about how many values a JSON text holds; it stops counting beyond most. Texts that are no JSON are
// left to the decoder, which stops at the first mistake.
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
