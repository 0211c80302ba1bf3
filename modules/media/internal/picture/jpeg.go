package picture

import (
	"bytes"
	"encoding/binary"
)

// Markers of JPEG (ITU T.81, table B.1).
const (
	markerSOF0  = 0xc0
	markerSOF1  = 0xc1
	markerSOF2  = 0xc2
	markerDHT   = 0xc4
	markerJPG   = 0xc8
	markerDAC   = 0xcc
	markerSOF15 = 0xcf
	markerRST0  = 0xd0
	markerRST7  = 0xd7
	markerSOI   = 0xd8
	markerEOI   = 0xd9
	markerSOS   = 0xda
	markerDQT   = 0xdb
	markerDRI   = 0xdd
	markerAPP0  = 0xe0
	markerAPP1  = 0xe1
	markerAPP2  = 0xe2
	markerAPP14 = 0xee
)

// mostScans limits the number of scans (passes over the picture). A progressive JPEG has about
// ten, and each scan costs time for all pixels of the picture, however few bytes it has.
const mostScans = 100

// segment is a marker with the data that follows it.
type segment struct {
	marker  byte
	payload []byte // without the length
	scan    []byte // the coded pixels, with restart markers; only after SOS
}

// jpegSegments returns the segments between the start marker and the end marker. As decoders do,
// it skips bytes where a marker should be.
func jpegSegments(content []byte) ([]segment, error) {
	var segments []segment
	for at := 2; ; {
		skip := bytes.IndexByte(content[at:], 0xff)
		if skip < 0 {
			return nil, errCut
		}
		at += skip
		for at < len(content) && content[at] == 0xff {
			at++
		}
		if at == len(content) {
			return nil, errCut
		}
		marker := content[at]
		at++
		switch {
		case marker == markerEOI:
			return segments, nil
		case marker == 0 || marker >= markerRST0 && marker <= markerRST7:
			continue
		case marker < markerSOF0 || marker == markerSOI:
			return nil, broken("it has the marker %#x", marker)
		}
		if at+2 > len(content) {
			return nil, errCut
		}
		size := int(binary.BigEndian.Uint16(content[at:]))
		if size < 2 {
			return nil, broken("a segment is %d bytes long", size)
		}
		if at+size > len(content) {
			return nil, errCut
		}
		s := segment{marker: marker, payload: content[at+2 : at+size]}
		at += size
		if marker == markerSOS {
			n := scanLength(content[at:])
			s.scan = content[at : at+n]
			at += n
		}
		segments = append(segments, s)
		if err := checkParts(len(segments)); err != nil {
			return nil, err
		}
	}
}

// scanLength returns how many bytes precede the next marker that is not a restart marker.
func scanLength(content []byte) int {
	for at := 0; ; {
		next := bytes.IndexByte(content[at:], 0xff)
		if next < 0 || at+next+1 >= len(content) {
			return len(content)
		}
		at += next
		if m := content[at+1]; m != 0 && (m < markerRST0 || m > markerRST7) {
			return at
		}
		at += 2
	}
}

func parseJPEG(content []byte, l Limits) (*file, error) {
	segments, err := jpegSegments(content)
	if err != nil {
		return nil, err
	}
	f := &file{info: Info{Format: JPEG, Orientation: 1, Frames: 1}}
	var frame []byte
	var profile [][]byte
	coded, scans, exif := 0, 0, false
	for _, s := range segments {
		switch {
		case s.marker == markerSOF0 || s.marker == markerSOF1 || s.marker == markerSOF2:
			if frame != nil || len(s.payload) < 6 {
				return nil, broken("its frame header is odd")
			}
			frame = s.payload
		case s.marker > markerSOF2 && s.marker <= markerSOF15 && s.marker != markerDHT &&
			s.marker != markerJPG && s.marker != markerDAC:
			return nil, broken("its coding, SOF%d, is not supported", s.marker-markerSOF0)
		case s.marker == markerSOS:
			scans++
			coded += len(s.scan)
		case s.marker == markerAPP1 && !exif && bytes.HasPrefix(s.payload, []byte("Exif\x00\x00")):
			exif = true
			f.info.Orientation = exifOrientation(s.payload[6:])
		case isProfile(s):
			profile = append(profile, s.payload)
		}
	}
	if frame == nil || scans == 0 {
		return nil, broken("it has no pixels")
	}
	if frame[0] != 8 {
		return nil, broken("%d bits a sample are not supported", frame[0])
	}
	height, width := int(binary.BigEndian.Uint16(frame[1:])), int(binary.BigEndian.Uint16(frame[3:]))
	if err := l.check(width, height); err != nil {
		return nil, err
	}
	// Each block of 8 × 8 pixels takes at least one code of at least one bit. This refuses a
	// short file that declares many pixels in order to make the decoder allocate a lot of memory.
	if blocks := (width + 7) / 8 * ((height + 7) / 8); coded*8 < blocks {
		return nil, errCut
	}
	if scans > mostScans {
		return nil, broken("it has %d scans", scans)
	}
	f.info.Width, f.info.Height = width, height
	if f.info.Orientation >= 5 {
		f.info.Width, f.info.Height = height, width
	}
	f.profile = joinProfile(profile)
	f.clean = func() []byte { return writeJPEG(segments, f.profile, len(content)) }
	f.firstFrame = f.clean
	return f, nil
}

func isProfile(s segment) bool {
	return s.marker == markerAPP2 && len(s.payload) > len(iccTag)+2 &&
		bytes.HasPrefix(s.payload, []byte(iccTag))
}

// writeJPEG returns a JPEG file made of what belongs to the picture. The coded pixels are not
// changed.
func writeJPEG(segments []segment, profile []byte, size int) []byte {
	out := make([]byte, 0, size)
	out = append(out, 0xff, markerSOI)
	jfif, adobe := false, false
	var rest []segment
	for _, s := range segments {
		switch s.marker {
		case markerAPP0:
			// The thumbnail after these 14 bytes is a separate picture, which may show what was
			// cropped away.
			if !jfif && len(s.payload) >= 14 && bytes.HasPrefix(s.payload, []byte("JFIF\x00")) {
				jfif = true
				out = appendSegment(out, markerAPP0, append(bytes.Clone(s.payload[:12]), 0, 0))
			}
		case markerAPP14:
			if !adobe && len(s.payload) >= 12 && bytes.HasPrefix(s.payload, []byte("Adobe")) {
				adobe = true
				out = appendSegment(out, markerAPP14, s.payload[:12])
			}
		case markerDQT, markerDHT, markerDRI, markerSOF0, markerSOF1, markerSOF2, markerSOS:
			rest = append(rest, s)
		}
	}
	for _, p := range profileSegments(profile) {
		out = appendSegment(out, markerAPP2, p)
	}
	for _, s := range rest {
		out = appendSegment(out, s.marker, s.payload)
		out = append(out, s.scan...)
	}
	return append(out, 0xff, markerEOI)
}

func appendSegment(out []byte, marker byte, payload []byte) []byte {
	out = append(out, 0xff, marker)
	out = binary.BigEndian.AppendUint16(out, uint16(len(payload)+2))
	return append(out, payload...)
}

// withProfile returns a JPEG made by the encoder, with the profile added if it is not nil.
func withProfile(content, profile []byte) []byte {
	if profile == nil {
		return content
	}
	out := make([]byte, 0, len(content)+len(profile)+1024)
	out = append(out, content[:2]...)
	for _, p := range profileSegments(profile) {
		out = appendSegment(out, markerAPP2, p)
	}
	return append(out, content[2:]...)
}
