// Package picture inspects, cleans and scales pictures that people upload: JPEG, PNG, GIF and
// WebP. It works on bytes in memory and trusts none of them: it checks the declared sizes before
// it reads pixels, and turns a panic of a decoder into an error.
//
// Its public face: Inspect describes a file without decoding it; Clean returns the picture
// without anything that is not the picture (the place where it was taken, the camera, comments,
// data after its end); Thumbnail and Renditions return smaller JPEGs of it.
package picture

import (
	"bytes"
	"errors"
	"fmt"
)

// The supported formats, as Info names them.
const (
	JPEG = "jpeg"
	PNG  = "png"
	GIF  = "gif"
	WebP = "webp"
)

// Limits limit the work that one file can cause. A zero field means the value in [Default].
//
// Decoding takes 1.5 to 3 bytes of memory per pixel for a JPEG (14 for a progressive one), 1 for
// a GIF, 4 for most PNGs and WebPs, and 8 for PNGs with 16 bits per channel. So Pixels is the
// limit that keeps a process within its memory.
type Limits struct {
	// Bytes is the length of the longest file.
	Bytes int
	// Pixels is the greatest product of width and height. All frames of an animation together may
	// have framesFactor times as many pixels.
	Pixels int
	// Side is the greatest width and the greatest height, in pixels.
	Side int
}

// Default accepts what phones and cameras produce, and not much more.
var Default = Limits{Bytes: 32 << 20, Pixels: 40_000_000, Side: 12_000}

const (
	// framesFactor is how many times Limits.Pixels all frames of an animation may have together.
	// This is more than one because frames are decoded one at a time.
	framesFactor = 4
	// inflatedBytes is how many bytes all compressed texts and profiles in a PNG may have
	// together when they are decompressed.
	inflatedBytes = 8 << 20
	// mostParts limits the number of segments or chunks of a file, and mostFrames that of its
	// frames, because each of them costs more work than its few bytes suggest.
	mostParts  = 10_000
	mostFrames = 5_000
)

// Info describes a picture.
type Info struct {
	// Format is JPEG, PNG, GIF or WebP. It is found from the content; the name of the file is not
	// considered.
	Format string
	// Width and Height are those that a viewer sees, that is, after Orientation has been applied.
	Width, Height int
	// Orientation is EXIF's value from 1 to 8, which says how the stored pixels must be turned or
	// mirrored to be seen upright; 1 means not at all. For animations it is always 1.
	Orientation int
	// Frames is the number of frames of an animation, and 1 for a still picture.
	Frames int
	// Alpha reports whether any part of the picture may be transparent.
	Alpha bool
}

// stored returns the size of the picture as its pixels are stored, before Orientation is applied.
func (i Info) stored() (width, height int) {
	if i.Orientation >= 5 {
		return i.Height, i.Width
	}
	return i.Width, i.Height
}

// MediaType returns the picture's media type, for the header Content-Type.
func (i Info) MediaType() string { return "image/" + i.Format }

var (
	// ErrNotAnImage is returned for content of any other kind. This includes SVG, which can
	// contain scripts.
	ErrNotAnImage = errors.New("not a JPEG, PNG, GIF or WebP picture")
	// ErrTooLarge is returned for pictures beyond the limits. The error is a [*SizeError], which
	// holds the numbers.
	ErrTooLarge = errors.New("picture is too large")
	// ErrBroken is returned for content that begins like a picture but cannot be read: it is cut
	// off, damaged, or in a coding that is not supported.
	ErrBroken = errors.New("picture is broken")
)

// SizeError says which limit a picture exceeds. It is an ErrTooLarge.
type SizeError struct {
	// What is the measured quantity with its unit: "bytes", "pixels", "pixels a side", "pixels of
	// all frames", "frames", "parts" or "unpacked bytes of metadata".
	What string
	// Value is the picture's value, or the count at which counting stopped. Limit is the greatest
	// value that is accepted.
	Value, Limit int64
}

// Error returns a sentence with the value and the limit.
func (e *SizeError) Error() string {
	return fmt.Sprintf("%v: %d %s, at most %d are taken", ErrTooLarge, e.Value, e.What, e.Limit)
}

// Unwrap returns ErrTooLarge.
func (e *SizeError) Unwrap() error { return ErrTooLarge }

// Inspect describes the picture by the structure of the file alone: it decodes nothing and uses
// hardly any memory. It returns an error for content that is no picture, exceeds the limits or
// ends too early. A picture that it accepts can still be damaged; Clean finds that out.
func Inspect(content []byte, l Limits) (info Info, err error) {
	defer guard(&err)
	f, err := parse(content, l)
	if err != nil {
		return Info{}, err
	}
	return f.info, nil
}

// file is a parsed picture: its description, and functions that put together those of its parts
// that belong to it.
type file struct {
	info Info
	// clean returns the file without metadata. The pixels are as stored, that is, not turned.
	clean func() []byte
	// firstFrame returns the smallest file from which the decoder can read the picture, or the
	// first frame of an animation.
	firstFrame func() []byte
	// frames return files with one frame each, with which all frames can be checked. It is empty
	// if firstFrame covers everything.
	frames []func() []byte
	// atX and atY are the position of the first frame on the animation's canvas, for formats
	// whose decoder does not report it.
	atX, atY int
	// profile is the ICC profile, or nil if there is none.
	profile []byte
	// colours are the chunks of a PNG that say what its colours mean. They belong directly after
	// its header.
	colours []byte
}

func parse(content []byte, l Limits) (*file, error) {
	l = l.withDefaults()
	if len(content) > l.Bytes {
		return nil, &SizeError{"bytes", int64(len(content)), int64(l.Bytes)}
	}
	switch {
	case bytes.HasPrefix(content, []byte("\xff\xd8\xff")):
		return parseJPEG(content, l)
	case bytes.HasPrefix(content, []byte(pngSignature)):
		return parsePNG(content, l)
	case bytes.HasPrefix(content, []byte("GIF87a")), bytes.HasPrefix(content, []byte("GIF89a")):
		return parseGIF(content, l)
	case len(content) >= 12 && string(content[:4]) == "RIFF" && string(content[8:12]) == "WEBP":
		return parseWebP(content, l)
	}
	return nil, ErrNotAnImage
}

func (l Limits) withDefaults() Limits {
	if l.Bytes <= 0 {
		l.Bytes = Default.Bytes
	}
	if l.Pixels <= 0 {
		l.Pixels = Default.Pixels
	}
	if l.Side <= 0 {
		l.Side = Default.Side
	}
	return l
}

// check refuses pictures whose size exceeds the limits, and pictures without pixels.
func (l Limits) check(width, height int) error {
	switch {
	case width <= 0 || height <= 0:
		return broken("it has %d × %d pixels", width, height)
	case width > l.Side || height > l.Side:
		return &SizeError{"pixels a side", int64(max(width, height)), int64(l.Side)}
	case int64(width)*int64(height) > int64(l.Pixels):
		return &SizeError{"pixels", int64(width) * int64(height), int64(l.Pixels)}
	}
	return nil
}

// checkFrames refuses animations with too many frames, or with too many pixels in all frames
// together.
func (l Limits) checkFrames(count int, total int64) error {
	if count > mostFrames {
		return &SizeError{"frames", int64(count), mostFrames}
	}
	if most := framesFactor * int64(l.Pixels); total > most {
		return &SizeError{"pixels of all frames", total, most}
	}
	return nil
}

// checkParts refuses files with too many segments or chunks.
func checkParts(count int) error {
	if count > mostParts {
		return &SizeError{"parts", int64(count), mostParts}
	}
	return nil
}

func broken(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrBroken, fmt.Sprintf(format, args...))
}

// errCut is the error for files that end too early.
var errCut = broken("it ends too early")

// guard turns a panic of a decoder into an error, because one malformed file must not end the
// process.
func guard(err *error) {
	if p := recover(); p != nil {
		*err = broken("reading it panicked: %v", p)
	}
}
