package picture

import (
	"encoding/binary"
	"slices"
)

// Flags of the first byte of a VP8X chunk.
const (
	webpAnimated = 1 << 1
	webpXMP      = 1 << 2
	webpEXIF     = 1 << 3
	webpAlpha    = 1 << 4
	webpICC      = 1 << 5
)

// riffChunk is a chunk of a WebP file.
type riffChunk struct {
	name    string
	payload []byte
}

// riffChunks returns the chunks in the body of a RIFF file or of an ANMF chunk.
func riffChunks(body []byte) ([]riffChunk, error) {
	var chunks []riffChunk
	for len(body) > 0 {
		if len(body) < 8 {
			return nil, errCut
		}
		name, size := string(body[:4]), int64(binary.LittleEndian.Uint32(body[4:]))
		body = body[8:]
		if size > int64(len(body)) {
			return nil, errCut
		}
		chunks = append(chunks, riffChunk{name, body[:size]})
		if err := checkParts(len(chunks)); err != nil {
			return nil, err
		}
		body = body[min(size+size&1, int64(len(body))):] // padded to an even length; the last one not always
	}
	return chunks, nil
}

func appendRIFF(out []byte, name string, payload []byte) []byte {
	out = append(out, name...)
	out = binary.LittleEndian.AppendUint32(out, uint32(len(payload)))
	out = append(out, payload...)
	if len(payload)%2 != 0 {
		out = append(out, 0)
	}
	return out
}

// webpFrame is a still picture, or a frame of an animation.
type webpFrame struct {
	head          []byte // place, size and delay within an animation
	x, y          int
	width, height int
	alpha         []byte // the ALPH chunk's payload, nil without one
	coding        string // of data: "VP8 " (lossy) or "VP8L"
	data          []byte
	transparent   bool
}

// webpFrameOf returns the picture among the chunks. It ignores other chunks.
func webpFrameOf(chunks []riffChunk) (webpFrame, error) {
	var f webpFrame
	for _, c := range chunks {
		switch {
		case f.data != nil:
		case c.name == "ALPH":
			f.alpha, f.transparent = c.payload, true
		case c.name == "VP8 ":
			if len(c.payload) < 10 || string(c.payload[3:6]) != "\x9d\x01\x2a" {
				return f, broken("its frame header is odd")
			}
			f.coding, f.data = c.name, c.payload
			f.width = int(binary.LittleEndian.Uint16(c.payload[6:])) & 0x3fff
			f.height = int(binary.LittleEndian.Uint16(c.payload[8:])) & 0x3fff
		case c.name == "VP8L":
			if len(c.payload) < 5 || c.payload[0] != 0x2f {
				return f, broken("its frame header is odd")
			}
			f.coding, f.data, f.alpha = c.name, c.payload, nil
			bits := binary.LittleEndian.Uint32(c.payload[1:])
			f.width, f.height = int(bits&0x3fff)+1, int(bits>>14&0x3fff)+1
			f.transparent = bits>>28&1 != 0
		}
	}
	if f.data == nil {
		return f, broken("it has no pixels")
	}
	return f, nil
}

func (f webpFrame) append(out []byte) []byte {
	if f.alpha != nil {
		out = appendRIFF(out, "ALPH", f.alpha)
	}
	return appendRIFF(out, f.coding, f.data)
}

// still returns a file with this frame alone. The file has a VP8X chunk only if the decoder needs
// one.
func (f webpFrame) still() []byte {
	if f.alpha == nil {
		return webpFile(f.append(nil))
	}
	return webpFile(f.append(appendRIFF(nil, "VP8X", vp8x(webpAlpha, f.width, f.height))))
}

func vp8x(flags byte, width, height int) []byte {
	w, h := width-1, height-1
	return []byte{flags, 0, 0, 0, byte(w), byte(w >> 8), byte(w >> 16), byte(h), byte(h >> 8), byte(h >> 16)}
}

func webpFile(body []byte) []byte {
	out := binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(body)+4))
	return append(append(out, "WEBP"...), body...)
}

func parseWebP(content []byte, l Limits) (*file, error) {
	size := int64(binary.LittleEndian.Uint32(content[4:]))
	if size < 4 {
		return nil, broken("it says that it has %d bytes", size)
	}
	if size+8 > int64(len(content)) {
		return nil, errCut
	}
	chunks, err := riffChunks(content[12 : 8+size])
	if err != nil {
		return nil, err
	}
	if len(chunks) == 0 {
		return nil, errCut
	}
	f := &file{info: Info{Format: WebP, Orientation: 1, Frames: 1}}
	if chunks[0].name != "VP8X" {
		frame, err := webpFrameOf(chunks)
		if err != nil {
			return nil, err
		}
		return f, webpStill(f, frame, l)
	}
	head := chunks[0].payload
	if len(head) < 10 {
		return nil, broken("its header is odd")
	}
	f.info.Width = int(uint32(head[4])|uint32(head[5])<<8|uint32(head[6])<<16) + 1
	f.info.Height = int(uint32(head[7])|uint32(head[8])<<8|uint32(head[9])<<16) + 1
	if err := l.check(f.info.Width, f.info.Height); err != nil {
		return nil, err
	}
	return f, webpExtended(f, chunks, l)
}

// webpStill fills in f for a file with one frame. If the file has an extended header, the sizes
// in both headers must be equal.
func webpStill(f *file, frame webpFrame, l Limits) error {
	if err := l.check(frame.width, frame.height); err != nil {
		return err
	}
	if f.info.Width != 0 && (f.info.Width != frame.width || f.info.Height != frame.height) {
		return broken("its headers differ: %d × %d and %d × %d", f.info.Width, f.info.Height,
			frame.width, frame.height)
	}
	f.info.Width, f.info.Height, f.info.Alpha = frame.width, frame.height, frame.transparent
	f.firstFrame = frame.still
	f.clean = func() []byte {
		if f.profile == nil {
			return frame.still()
		}
		flags := byte(webpICC)
		if frame.transparent {
			flags |= webpAlpha
		}
		width, height := f.info.stored()
		out := appendRIFF(nil, "VP8X", vp8x(flags, width, height))
		return webpFile(frame.append(appendRIFF(out, "ICCP", f.profile)))
	}
	return nil
}

func webpExtended(f *file, chunks []riffChunk, l Limits) error {
	animated := chunks[0].payload[0]&webpAnimated != 0
	var control []byte
	var frames []webpFrame
	exif := false
	for _, c := range chunks {
		switch {
		case c.name == "ICCP":
			f.profile = validProfile(c.payload)
		case c.name == "EXIF" && !exif && !animated:
			exif = true
			tiff := c.payload
			// Some programs write this prefix, against the specification.
			if len(tiff) > 6 && string(tiff[:6]) == "Exif\x00\x00" {
				tiff = tiff[6:]
			}
			f.info.Orientation = exifOrientation(tiff)
		case c.name == "ANIM" && len(c.payload) >= 6:
			control = c.payload[:6]
		case c.name == "ANMF" && animated:
			frame, err := webpAnimationFrame(c.payload)
			if err != nil {
				return err
			}
			frames = append(frames, frame)
		}
	}
	if animated {
		return webpAnimation(f, control, frames, l)
	}
	frame, err := webpFrameOf(chunks)
	if err != nil {
		return err
	}
	if err := webpStill(f, frame, l); err != nil {
		return err
	}
	if f.info.Orientation >= 5 {
		f.info.Width, f.info.Height = f.info.Height, f.info.Width
	}
	return nil
}

func webpAnimationFrame(payload []byte) (webpFrame, error) {
	if len(payload) < 16 {
		return webpFrame{}, broken("a frame's header is odd")
	}
	number := func(at int) int { return int(payload[at]) | int(payload[at+1])<<8 | int(payload[at+2])<<16 }
	chunks, err := riffChunks(payload[16:])
	if err != nil {
		return webpFrame{}, err
	}
	f, err := webpFrameOf(chunks)
	if err != nil {
		return f, err
	}
	if f.width != number(6)+1 || f.height != number(9)+1 {
		return f, broken("a frame's headers differ")
	}
	f.head, f.x, f.y = payload[:16], 2*number(0), 2*number(3)
	return f, nil
}

func webpAnimation(f *file, control []byte, frames []webpFrame, l Limits) error {
	if control == nil || len(frames) == 0 {
		return broken("it is an animation without frames")
	}
	f.info.Frames = len(frames)
	var sum int64
	for _, frame := range frames {
		if frame.x+frame.width > f.info.Width || frame.y+frame.height > f.info.Height {
			return broken("a frame reaches beyond the picture")
		}
		sum += int64(frame.width) * int64(frame.height)
		if frame.transparent || frame.width != f.info.Width || frame.height != f.info.Height {
			f.info.Alpha = true
		}
		f.frames = append(f.frames, frame.still)
	}
	f.firstFrame, f.atX, f.atY = frames[0].still, frames[0].x, frames[0].y
	f.clean = func() []byte {
		flags := byte(webpAnimated)
		var profile []byte
		if f.profile != nil {
			flags, profile = flags|webpICC, appendRIFF(nil, "ICCP", f.profile)
		}
		if f.info.Alpha {
			flags |= webpAlpha
		}
		out := slices.Concat(appendRIFF(nil, "VP8X", vp8x(flags, f.info.Width, f.info.Height)), profile,
			appendRIFF(nil, "ANIM", control))
		for _, frame := range frames {
			out = appendRIFF(out, "ANMF", frame.append(slices.Clone(frame.head)))
		}
		return webpFile(out)
	}
	return l.checkFrames(len(frames), sum)
}
