package picture

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// gifFrame is a picture of an animation: its control block (delay and transparent colour), if it
// has one, and its image block.
type gifFrame struct {
	control []byte
	image   []byte
}

// gifParts are the parts of a GIF that belong to the picture.
type gifParts struct {
	head   []byte // signature, screen descriptor and global colours
	loop   []byte // the block that says how often the animation is played
	frames []gifFrame
}

const (
	gifExtension = 0x21
	gifImage     = 0x2c
	gifTrailer   = 0x3b
	gifControl   = 0xf9
	gifPlainText = 0x01
	gifApp       = 0xff
)

func parseGIF(content []byte, l Limits) (*file, error) {
	if len(content) < 13 {
		return nil, errCut
	}
	width, height := int(binary.LittleEndian.Uint16(content[6:])),
		int(binary.LittleEndian.Uint16(content[8:]))
	if err := l.check(width, height); err != nil {
		return nil, err
	}
	f := &file{info: Info{Format: GIF, Width: width, Height: height, Orientation: 1}}
	w := gifWalk{file: f, limits: l, rest: content}
	var err error
	if w.parts.head, err = w.take(13 + colourTable(content[10])); err != nil {
		return nil, err
	}
	for done := false; !done; {
		if done, err = w.block(); err != nil {
			return nil, err
		}
	}
	parts := w.parts
	if len(parts.frames) == 0 {
		return nil, broken("it has no pixels")
	}
	f.info.Frames = len(parts.frames)
	f.clean = func() []byte { return parts.write(parts.frames...) }
	f.firstFrame = func() []byte { return parts.write(parts.frames[0]) }
	for _, frame := range parts.frames {
		f.frames = append(f.frames, func() []byte { return parts.write(frame) })
	}
	return f, nil
}

// colourTable returns the length, in bytes, of the colour table that the flags announce.
func colourTable(flags byte) int {
	if flags&0x80 == 0 {
		return 0
	}
	return 3 << (flags&7 + 1)
}

// write returns a file with these frames.
func (p gifParts) write(frames ...gifFrame) []byte {
	out := slices.Concat(p.head, p.loop)
	for _, f := range frames {
		out = append(append(out, f.control...), f.image...)
	}
	return append(out, gifTrailer)
}

// gifWalk reads a file block by block.
type gifWalk struct {
	file    *file
	limits  Limits
	rest    []byte
	parts   gifParts
	control []byte // belongs to the next frame
	sum     int64
}

func (w *gifWalk) take(n int) ([]byte, error) {
	if n > len(w.rest) {
		return nil, errCut
	}
	taken := w.rest[:n]
	w.rest = w.rest[n:]
	return taken, nil
}

// subBlocks reads data blocks, each preceded by its length, up to and including the empty one.
func (w *gifWalk) subBlocks() ([]byte, error) {
	start := w.rest
	for {
		size, err := w.take(1)
		if err != nil {
			return nil, err
		}
		if size[0] == 0 {
			return start[:len(start)-len(w.rest)], nil
		}
		if _, err := w.take(int(size[0])); err != nil {
			return nil, err
		}
	}
}

func (w *gifWalk) block() (done bool, err error) {
	kind, err := w.take(1)
	if err != nil {
		return false, err
	}
	switch kind[0] {
	case gifTrailer:
		return true, nil
	case 0: // some encoders write an empty block after a picture
		return false, nil
	case gifExtension:
		return false, w.extension()
	case gifImage:
		return false, w.image()
	}
	return false, broken("it has a block of kind %#x", kind[0])
}

// extension reads an extension block. It keeps those that control the animation, and skips
// comments and blocks of other programs.
func (w *gifWalk) extension() error {
	label, err := w.take(1)
	if err != nil {
		return err
	}
	body, err := w.subBlocks()
	if err != nil {
		return err
	}
	switch label[0] {
	case gifControl:
		if len(body) != 6 || body[0] != 4 {
			return broken("a frame's control block is odd")
		}
		w.control = append([]byte{gifExtension, gifControl}, body...)
		if body[1]&1 != 0 {
			w.file.info.Alpha = true
		}
	case gifPlainText: // drawn by no browser; the control block before it was for it
		w.control = nil
	case gifApp:
		if len(body) >= 17 && bytes.HasPrefix(body, []byte("\x0bNETSCAPE2.0\x03\x01")) &&
			w.parts.loop == nil {
			w.parts.loop = slices.Concat([]byte{gifExtension, gifApp}, body[:16], []byte{0})
		}
	}
	return nil
}

func (w *gifWalk) image() error {
	start := w.rest
	h, err := w.take(9)
	if err != nil {
		return err
	}
	x, y := int(binary.LittleEndian.Uint16(h)), int(binary.LittleEndian.Uint16(h[2:]))
	width, height := int(binary.LittleEndian.Uint16(h[4:])), int(binary.LittleEndian.Uint16(h[6:]))
	if x+width > w.file.info.Width || y+height > w.file.info.Height {
		return broken("a frame reaches beyond the picture")
	}
	if width != w.file.info.Width || height != w.file.info.Height {
		w.file.info.Alpha = true // where no frame draws
	}
	w.sum += int64(width) * int64(height)
	if err := w.limits.checkFrames(len(w.parts.frames)+1, w.sum); err != nil {
		return err
	}
	if _, err := w.take(colourTable(h[8]) + 1); err != nil {
		return err
	}
	if _, err := w.subBlocks(); err != nil {
		return err
	}
	image := append([]byte{gifImage}, start[:len(start)-len(w.rest)]...)
	w.parts.frames = append(w.parts.frames, gifFrame{w.control, image})
	w.control = nil
	return nil
}
