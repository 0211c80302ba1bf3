// Package workshop works on pictures where that hurts nobody: in processes of their own with a low priority, so that those who read the site do not
// wait for a processor, for the memory of decoded pictures to be collected, or because a picture killed its decoder.
//
// Its public face: a Workshop does Orders; Work is the life of such a process.
package workshop

import (
	"errors"
	"fmt"

	"38qa.net/backend/modules/media/internal/picture"
)

// Order is what is to be made of a picture.
type Order struct {
	Content []byte
	// Clean asks for the picture without anything else.
	Clean bool
	// Versions are the thumbnails to make; with OnlySmaller, those that would be as large as the picture or larger are left out.
	Versions    []Version
	OnlySmaller bool
	// Hash asks for the BlurHash.
	Hash bool
}

// Version is a thumbnail: no side is longer than Size pixels; a square one is the middle of the picture.
type Version struct {
	Size   int
	Square bool
}

// Made is what was made by an order.
type Made struct {
	// Info is that of the picture, after cleaning if that was asked for.
	Info     picture.Info
	Clean    []byte
	Versions map[Version]picture.Rendition
	Hash     string
}

// do makes what is ordered. Its errors are those of package picture.
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
			if r.Content, r.Width, r.Height, err = picture.Thumbnail(o.Content, v.Size, true, picture.Default); err != nil {
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

// answer is what comes back from a process: what was made, or what was wrong with the picture.
type answer struct {
	Made  Made
	Wrong *wrong
}

// wrong is an error that can be sent.
type wrong struct {
	Kind string
	Text string
	Size *picture.SizeError
}

// kinds are the errors that callers tell apart.
var kinds = map[string]error{"no image": picture.ErrNotAnImage, "too large": picture.ErrTooLarge, "broken": picture.ErrBroken}

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

// err is the error as it was.
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

// sent is an error of package picture that came from another process.
type sent struct {
	text string
	is   error
}

// Error is the text that it had there.
func (s *sent) Error() string { return s.text }

// Unwrap is the kind of error.
func (s *sent) Unwrap() error { return s.is }

// died is the error for a picture whose decoder ended, twice.
func died(why error) error {
	return fmt.Errorf("%w: its decoder ended: %w", picture.ErrBroken, why)
}
