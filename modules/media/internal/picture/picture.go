// Package picture looks at, cleans and scales the pictures that people upload: JPEG, PNG, GIF and WebP. It works on bytes
// and trusts none of them: what is declared is checked before pixels are read, and a decoder that panics gives an error.
//
// Its public face: Inspect tells what a file is without decoding it, Clean is the same picture without anything that is
// not the picture (where it was taken, by which camera, comments, what somebody hung behind its end), Thumbnail and
// Renditions are smaller JPEGs of it.
package picture

import (
	"bytes"
	"errors"
	"fmt"
)

// The formats that are read, as Info names them.
const (
	JPEG = "jpeg"
	PNG  = "png"
	GIF  = "gif"
	WebP = "webp"
)

// Limits bound the work that one file can cause. A field that is zero is that of Default.
//
// Decoding takes 1.5 to 3 bytes of memory a pixel for a JPEG (14 for a progressive one), 1 for a GIF, 4 for most PNGs and
// WebPs and 8 for PNGs with 16 bits a channel, so Pixels is the limit that keeps a process within its memory.
type Limits struct {
	// Bytes is the longest file.
	Bytes int
	// Pixels is the largest width × height. An animation's frames together may have framesFactor times as many.
	Pixels int
	// Side is the largest width and the largest height.
	Side int
}

// Default is what a phone or a camera makes, and not much more.
var Default = Limits{Bytes: 32 << 20, Pixels: 40_000_000, Side: 12_000}

const (
	// framesFactor is how many times Pixels all frames of an animation may have together: they are decoded one by one.
	framesFactor = 4
	// inflatedBytes is how much the compressed texts and profiles within a PNG may be, unpacked and together.
	inflatedBytes = 8 << 20
	// mostParts bounds the segments or chunks of a file, and mostFrames the frames: each of them costs more than its bytes.
	mostParts  = 10_000
	mostFrames = 5_000
)

// Info is what Inspect learns of a picture.
type Info struct {
	// Format is JPEG, PNG, GIF or WebP, by content: the name of the file has no say.
	Format string
	// Width and Height are those that a viewer sees, that is after Orientation.
	Width, Height int
	// Orientation is EXIF's, 1 to 8: how the stored pixels must be turned. 1 is as they are. Animations have 1.
	Orientation int
	// Frames is 1, or how many an animation has.
	Frames int
	// Alpha tells whether it may be transparent anywhere.
	Alpha bool
}

// stored is the size of the picture as its pixels are stored, before Orientation.
func (i Info) stored() (width, height int) {
	if i.Orientation >= 5 {
		return i.Height, i.Width
	}
	return i.Width, i.Height
}

// MediaType is the value of Content-Type.
func (i Info) MediaType() string { return "image/" + i.Format }

var (
	// ErrNotAnImage is returned for content of any other kind, SVG among them: it can carry scripts.
	ErrNotAnImage = errors.New("not a JPEG, PNG, GIF or WebP picture")
	// ErrTooLarge is returned for what is beyond the limits; errors.As finds a *SizeError with the numbers.
	ErrTooLarge = errors.New("picture is too large")
	// ErrBroken is returned for what begins as a picture and is none: cut off, damaged, or in a coding that nobody uses.
	ErrBroken = errors.New("picture is broken")
)

// SizeError tells what of a picture is beyond which limit. It is an ErrTooLarge.
type SizeError struct {
	// What is measured, with its unit: "bytes", "pixels", "pixels a side", "pixels of all frames",
	// "frames", "parts", "unpacked bytes of metadata".
	What string
	// Value is the picture's, or as far as it was counted; Limit is the most that is taken.
	Value, Limit int64
}

// Error says it in a sentence.
func (e *SizeError) Error() string {
	return fmt.Sprintf("%v: %d %s, at most %d are taken", ErrTooLarge, e.Value, e.What, e.Limit)
}

// Unwrap makes it an ErrTooLarge.
func (e *SizeError) Unwrap() error { return ErrTooLarge }

// Inspect tells what the content is, by its structure alone: nothing is decoded, and hardly any memory is used. It refuses
// what is not a picture, what is beyond the limits, and what ends too early. A picture that it accepts can still be
// damaged; Clean finds that out.
func Inspect(content []byte, l Limits) (info Info, err error) {
	defer guard(&err)
	f, err := parse(content, l)
	if err != nil {
		return Info{}, err
	}
	return f.info, nil
}

// file is a parsed picture: what it is, and its parts without the ones that do not belong to it.
type file struct {
	info Info
	// clean is the file without metadata, as stored (not turned).
	clean func() []byte
	// firstFrame is the smallest file, for the decoder, that holds the picture or the first frame of the animation.
	firstFrame func() []byte
	// frames are files with one frame each, for a check of all of them; empty where firstFrame has everything.
	frames []func() []byte
	// at is where the first frame lies in the animation's canvas, if the decoder cannot tell.
	atX, atY int
	// profile is the ICC profile, nil without one.
	profile []byte
	// colours are the parts, to stand behind the header of a PNG, that say what its colours mean.
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

// check refuses sizes beyond the limits, and pictures without pixels.
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

// checkFrames refuses animations whose frames are too many or have too many pixels together.
func (l Limits) checkFrames(count int, total int64) error {
	if count > mostFrames {
		return &SizeError{"frames", int64(count), mostFrames}
	}
	if most := framesFactor * int64(l.Pixels); total > most {
		return &SizeError{"pixels of all frames", total, most}
	}
	return nil
}

// checkParts refuses files of very many segments or chunks.
func checkParts(count int) error {
	if count > mostParts {
		return &SizeError{"parts", int64(count), mostParts}
	}
	return nil
}

func broken(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrBroken, fmt.Sprintf(format, args...))
}

// errCut is the error of files that end too early.
var errCut = broken("it ends too early")

// guard turns the panic of a decoder into an error: one strange file must not end the process.
func guard(err *error) {
	if p := recover(); p != nil {
		*err = broken("reading it panicked: %v", p)
	}
}
