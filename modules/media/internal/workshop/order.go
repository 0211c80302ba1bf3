// Package workshop processes pictures in processes of their own with a low priority. So those who
// read the site do not have to wait for a processor or for the garbage collection of decoded
// pictures, and a picture that crashes its decoder does not crash the server.
//
// Its public face: a Workshop carries out Orders, and Work is the main function of such a
// process.
package workshop

import (
	"errors"
	"fmt"

	"38qa.net/backend/modules/media/internal/picture"
)

// Order says what to make of a picture.
type Order struct {
	Content []byte
	// Clean asks for the picture without metadata; see [picture.Clean].
	Clean bool
	// Versions are the thumbnails to make. With OnlySmaller, those that would not be smaller than
	// the picture are left out.
	Versions    []Version
	OnlySmaller bool
	// Hash asks for the picture's BlurHash.
	Hash bool
}

// Version is the size and the shape of a thumbnail: no side is longer than Size pixels, and a
// square one shows the middle of the picture.
type Version struct {
	Size   int
	Square bool
}

// Made is the result of an order.
type Made struct {
	// Info describes the picture, after cleaning if the order asked for it.
	Info     picture.Info
	Clean    []byte
	Versions map[Version]picture.Rendition
	Hash     string
}

// do carries out an order. Its errors are those of package picture.
func do(o Order) (m Made, err error) {
	m.Versions = map[Version]picture.Rendition{}
	if o.Clean {
		m.Clean, m.Info, err = picture.Clean(o.Content, picture.Default)
	} else {
		m.Info, err = picture.Inspect(o.Content, picture.Default)
	}
	if err != nil {
		return m, err
	}
	var sizes []int
	for _, v := range o.Versions {
		switch {
		case o.OnlySmaller && v.Size >= max(m.Info.Width, m.Info.Height):
		case !v.Square:
			sizes = append(sizes, v.Size)
		default:
			var r picture.Rendition
			if r.Content, r.Width, r.Height, err = picture.Thumbnail(o.Content, v.Size, true,
				picture.Default); err != nil {
				return m, err
			}
			m.Versions[v] = r
		}
	}
	if len(sizes) == 0 && !o.Hash {
		return m, nil
	}
	made, hash, err := picture.Renditions(o.Content, sizes, picture.Default)
	if err != nil {
		return m, err
	}
	for size, r := range made {
		m.Versions[Version{Size: size}] = r
	}
	if o.Hash {
		m.Hash = hash
	}
	return m, nil
}

// answer is what a worker sends back: the result, or what was wrong with the picture.
type answer struct {
	Made  Made
	Wrong *wrong
}

// wrong is an error in a form that can be sent to another process.
type wrong struct {
	Kind string
	Text string
	Size *picture.SizeError
}

// kinds are the errors that callers need to tell apart, by the names under which they are sent.
var kinds = map[string]error{"no image": picture.ErrNotAnImage, "too large": picture.ErrTooLarge,
	"broken": picture.ErrBroken}

func wrongOf(err error) *wrong {
	if err == nil {
		return nil
	}
	w := &wrong{Text: err.Error()}
	errors.As(err, &w.Size)
	for kind, is := range kinds {
		if errors.Is(err, is) {
			w.Kind = kind
		}
	}
	return w
}

// err returns the error that was sent, or nil if w is nil.
func (w *wrong) err() error {
	switch {
	case w == nil:
		return nil
	case w.Size != nil:
		return w.Size
	case kinds[w.Kind] != nil:
		return &sent{w.Text, kinds[w.Kind]}
	}
	return errors.New(w.Text)
}

// sent is an error of package picture that came from a worker.
type sent struct {
	text string
	is   error
}

// Error returns the error's text in the worker.
func (s *sent) Error() string { return s.text }

// Unwrap returns the kind of the error: one of package picture's variables.
func (s *sent) Unwrap() error { return s.is }

// died returns the error for a picture whose decoder ended twice.
func died(why error) error {
	return fmt.Errorf("%w: its decoder ended: %w", picture.ErrBroken, why)
}
