package picture

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"math"
	"slices"
)

const pngSignature = "\x89PNG\r\n\x1a\n"

// pngKept are the chunks that a clean PNG may have: those with pixels, with the meaning of pixel
// values, and with the animation. The iCCP chunk is written anew.
var pngKept = map[string]bool{
	"IHDR": true, "PLTE": true, "tRNS": true, "IDAT": true, "IEND": true, "gAMA": true, "cHRM": true,
	"sRGB": true, "iCCP": true,
	"sBIT": true, "pHYs": true, "acTL": true, "fcTL": true, "fdAT": true,
}

// mostDeflated is the greatest number of bytes that one byte of a deflate stream can decompress
// to.
const mostDeflated = 1032

// chunk is a chunk of a PNG file.
type chunk struct {
	name    string
	payload []byte
	raw     []byte // the whole chunk, with length, name and checksum
}

// pngChunks returns the chunks of a PNG file up to the end chunk.
func pngChunks(content []byte) ([]chunk, error) {
	var chunks []chunk
	for rest := content[len(pngSignature):]; ; {
		if len(rest) < 12 {
			return nil, errCut
		}
		size := int64(binary.BigEndian.Uint32(rest))
		if size+12 > int64(len(rest)) {
			return nil, errCut
		}
		c := chunk{name: string(rest[4:8]), payload: rest[8 : 8+size], raw: rest[:12+size]}
		chunks = append(chunks, c)
		if err := checkParts(len(chunks)); err != nil {
			return nil, err
		}
		if c.name == "IEND" {
			return chunks, nil
		}
		rest = rest[12+size:]
	}
}

func parsePNG(content []byte, l Limits) (*file, error) {
	chunks, err := pngChunks(content)
	if err != nil {
		return nil, err
	}
	if chunks[0].name != "IHDR" || len(chunks[0].payload) != 13 {
		return nil, broken("its header is odd")
	}
	h := chunks[0].payload
	width, height := int64(binary.BigEndian.Uint32(h)), int64(binary.BigEndian.Uint32(h[4:]))
	if err := l.check(int(width), int(height)); err != nil {
		return nil, err
	}
	f := &file{info: Info{Format: PNG, Width: int(width), Height: int(height), Orientation: 1, Frames: 1,
		Alpha: h[9]&4 != 0}}
	p := pngWalk{file: f, budget: inflatedBytes, limits: l}
	for _, c := range chunks {
		if err := p.visit(c); err != nil {
			return nil, err
		}
	}
	if p.pixels == 0 {
		return nil, broken("it has no pixels")
	}
	// This refuses a short file that declares many pixels in order to make the decoder allocate a
	// lot of memory.
	if p.pixels*mostDeflated < (width*bitsPerPixel(h)+7)/8*height {
		return nil, errCut
	}
	if len(p.frames) > 0 {
		f.info.Frames, p.orientation = len(p.frames), 1
	}
	if p.orientation > 1 {
		f.info.Orientation = p.orientation
		if p.orientation >= 5 {
			f.info.Width, f.info.Height = f.info.Height, f.info.Width
		}
	}
	// An interlaced picture has almost twice as many rows, each with one byte for its filter.
	unpacked := 2 * ((width*bitsPerPixel(h)+7)/8 + 2) * (height + 8)
	f.clean = func() []byte { return writePNG(chunks, f.profile, pixelLength(chunks, unpacked)) }
	f.firstFrame = func() []byte { return writePNG(chunks, f.profile, math.MaxInt) }
	if len(p.frames) > 0 {
		f.frames = append(f.frames, f.firstFrame)
	}
	for _, frame := range p.frames {
		if len(frame.pixels) > 0 { // the others are the picture itself
			f.frames = append(f.frames, func() []byte { return frame.still(h, p.colours) })
		}
	}
	return f, nil
}

// bitsPerPixel returns the number of bits per pixel, from the depth and the colour type in the
// IHDR chunk.
func bitsPerPixel(header []byte) int64 {
	channels := map[byte]int64{0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
	return int64(header[8]) * channels[header[9]]
}

// pngWalk collects what the chunks say about the picture.
type pngWalk struct {
	file        *file
	limits      Limits
	budget      int64 // bytes that may still be unpacked
	pixels      int64 // bytes of coded pixels
	orientation int
	frames      []*pngFrame
	frameSum    int64
	colours     []byte // the palette and its transparency
	unpacker    io.ReadCloser
}

func (p *pngWalk) visit(c chunk) error {
	switch c.name {
	case "IDAT":
		p.pixels += int64(len(c.payload))
	case "tRNS":
		p.file.info.Alpha = true
		p.colours = append(p.colours, c.raw...)
	case "PLTE":
		p.colours = append(p.colours, c.raw...)
	case "eXIf":
		if p.orientation == 0 {
			p.orientation = exifOrientation(c.payload)
		}
	case "gAMA", "cHRM", "sRGB":
		p.file.colours = append(p.file.colours, c.raw...)
	case "iCCP":
		_, packed, _ := bytes.Cut(c.payload, []byte{0, 0})
		return p.setProfile(packed)
	case "zTXt":
		_, packed, _ := bytes.Cut(c.payload, []byte{0, 0})
		_, err := p.inflate(packed)
		return ofSize(err)
	case "iTXt":
		// The keyword comes first, then the compression flag and method, then two more texts.
		parts := bytes.SplitN(c.payload, []byte{0}, 2)
		if len(parts) < 2 || len(parts[1]) < 2 || parts[1][0] != 1 {
			return nil
		}
		parts = bytes.SplitN(parts[1][2:], []byte{0}, 3)
		_, err := p.inflate(parts[len(parts)-1])
		return ofSize(err)
	case "fcTL":
		return p.frame(c.payload)
	case "fdAT":
		if len(p.frames) == 0 || len(c.payload) < 4 {
			return broken("it has pixels of no frame")
		}
		frame := p.frames[len(p.frames)-1]
		frame.pixels = append(frame.pixels, c.payload[4:])
	}
	return nil
}

func (p *pngWalk) frame(control []byte) error {
	if len(control) != 26 {
		return broken("a frame's header is odd")
	}
	width, height := int64(binary.BigEndian.Uint32(control[4:])), int64(binary.BigEndian.Uint32(control[8:]))
	x, y := int64(binary.BigEndian.Uint32(control[12:])), int64(binary.BigEndian.Uint32(control[16:]))
	if width == 0 || height == 0 || x+width > int64(p.file.info.Width) ||
		y+height > int64(p.file.info.Height) {
		return broken("a frame reaches beyond the picture")
	}
	p.frames = append(p.frames, &pngFrame{size: control[4:12]})
	p.frameSum += width * height
	return p.limits.checkFrames(len(p.frames), p.frameSum)
}

// pngFrame is a frame of an animation.
type pngFrame struct {
	size   []byte   // width and height, as a header has them
	pixels [][]byte // the parts of the compressed stream
}

// still returns a file with this frame alone.
func (f *pngFrame) still(header, colours []byte) []byte {
	out := appendChunk([]byte(pngSignature), "IHDR", slices.Concat(f.size, header[8:]))
	out = append(out, colours...)
	out = appendChunk(out, "IDAT", slices.Concat(f.pixels...))
	return appendChunk(out, "IEND", nil)
}

// unpack returns a reader that decompresses packed. It uses one decompressor for all texts,
// because each decompressor has a window of 40 kB and a file can hold thousands of short texts.
func (p *pngWalk) unpack(packed []byte) (io.Reader, error) {
	from := bytes.NewReader(packed)
	if again, ok := p.unpacker.(zlib.Resetter); ok {
		return p.unpacker, again.Reset(from, nil)
	}
	r, err := zlib.NewReader(from)
	if err == nil {
		p.unpacker = r
	}
	return r, err
}

// inflate decompresses a text or a profile in order to count its bytes. It returns a SizeError
// once all of them together exceed inflatedBytes.
func (p *pngWalk) inflate(packed []byte) (size int64, err error) {
	r, err := p.unpack(packed)
	if err != nil {
		return 0, err
	}
	size, err = io.Copy(io.Discard, io.LimitReader(r, p.budget+1))
	if p.budget -= size; p.budget < 0 {
		return 0, &SizeError{"unpacked bytes of metadata", inflatedBytes - p.budget, inflatedBytes}
	}
	return size, err
}

// setProfile sets the file's colour profile to the first valid one. It decompresses the profile a
// second time, now that its size is known.
func (p *pngWalk) setProfile(packed []byte) error {
	size, err := p.inflate(packed)
	if err != nil || p.file.profile != nil {
		return ofSize(err)
	}
	r, err := p.unpack(packed)
	if err != nil {
		return err
	}
	profile := make([]byte, size)
	if _, err := io.ReadFull(r, profile); err != nil {
		return err
	}
	p.file.profile = validProfile(profile)
	return nil
}

// ofSize returns err if it is an ErrTooLarge, and nil otherwise. A damaged text is no reason to
// refuse the picture, because texts are removed anyway.
func ofSize(err error) error {
	if errors.Is(err, ErrTooLarge) {
		return err
	}
	return nil
}

// writePNG returns a PNG file made of the chunks that belong to the picture, with the given
// profile. Of the contents of the IDAT chunks it writes only the first pixels bytes.
func writePNG(chunks []chunk, profile []byte, pixels int) []byte {
	size := len(profile) + 1024
	for _, c := range chunks {
		size += len(c.raw)
	}
	out := append(make([]byte, 0, size), pngSignature...)
	profiled := profile == nil
	for _, c := range chunks {
		switch {
		case c.name == "iCCP":
			if !profiled {
				profiled = true
				out = appendProfileChunk(out, profile)
			}
		case c.name == "IDAT" && len(c.payload) > pixels:
			if pixels > 0 {
				out = appendChunk(out, "IDAT", c.payload[:pixels])
				pixels = 0
			}
		case pngKept[c.name]:
			if c.name == "IDAT" {
				pixels -= len(c.payload)
			}
			if c.name == "IEND" {
				c.raw = appendChunk(nil, "IEND", nil)
			}
			out = append(out, c.raw...)
		}
	}
	return out
}

// pixelLength returns how many bytes of the IDAT chunks are compressed pixels; no decoder reads
// what follows the end of the compressed stream. If the stream is damaged, or decompresses to
// more than unpacked bytes, it returns the length of all IDAT chunks, and the decoder will find
// out what is wrong.
func pixelLength(chunks []chunk, unpacked int64) int {
	var parts []io.Reader
	total := 0
	for _, c := range chunks {
		if c.name == "IDAT" {
			parts = append(parts, bytes.NewReader(c.payload))
			total += len(c.payload)
		}
	}
	stream := &countingReader{from: io.MultiReader(parts...)}
	r, err := zlib.NewReader(stream)
	if err != nil {
		return total
	}
	if n, err := io.Copy(io.Discard, io.LimitReader(r, unpacked+1)); err != nil || n > unpacked {
		return total
	}
	return stream.count
}

// countingReader counts the bytes that are read from it. It implements io.ByteReader, so that the
// decompressor does not read ahead.
type countingReader struct {
	from  io.Reader
	buf   [4096]byte
	have  []byte
	count int
}

func (c *countingReader) fill() error {
	if len(c.have) > 0 {
		return nil
	}
	n, err := io.ReadAtLeast(c.from, c.buf[:], 1)
	c.have = c.buf[:n]
	return err
}

// ReadByte implements io.ByteReader.
func (c *countingReader) ReadByte() (byte, error) {
	if err := c.fill(); err != nil {
		return 0, err
	}
	b := c.have[0]
	c.have = c.have[1:]
	c.count++
	return b, nil
}

// Read implements io.Reader.
func (c *countingReader) Read(p []byte) (int, error) {
	if err := c.fill(); err != nil {
		return 0, err
	}
	n := copy(p, c.have)
	c.have = c.have[n:]
	c.count += n
	return n, nil
}

func appendChunk(out []byte, name string, payload []byte) []byte {
	out = binary.BigEndian.AppendUint32(out, uint32(len(payload)))
	start := len(out)
	out = append(append(out, name...), payload...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out[start:]))
}

// appendProfileChunk appends a chunk with the profile. It gives the profile a fixed name, because
// the name in the original file may be any text.
func appendProfileChunk(out, profile []byte) []byte {
	packed := bytes.NewBufferString("ICC Profile\x00\x00")
	w := zlib.NewWriter(packed)
	_, _ = w.Write(profile) // into memory
	_ = w.Close()
	return appendChunk(out, "iCCP", packed.Bytes())
}

// withColours returns a PNG made by the encoder, with the chunks added that say what its colours
// mean.
func withColours(content, colours, profile []byte) []byte {
	const header = len(pngSignature) + 25
	out := bytes.Clone(content[:header])
	out = append(out, colours...)
	if profile != nil {
		out = appendProfileChunk(out, profile)
	}
	return append(out, content[header:]...)
}
