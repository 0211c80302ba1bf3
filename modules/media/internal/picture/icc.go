package picture

import (
	"bytes"
	"encoding/binary"
)

// Colour spaces of pixels, as an ICC profile names them at offset 16.
const (
	spaceRGB  = "RGB "
	spaceGrey = "GRAY"
)

// validProfile is the profile as long as it says it is, or nil if it is none: a place for profiles is a good hiding place.
func validProfile(profile []byte) []byte {
	const header = 128
	if len(profile) < header || string(profile[36:40]) != "acsp" {
		return nil
	}
	size := binary.BigEndian.Uint32(profile)
	if size < header || int64(size) > int64(len(profile)) {
		return nil
	}
	return profile[:size]
}

// profileFor is the profile if it is one for pixels in that colour space, otherwise nil.
func profileFor(profile []byte, space string) []byte {
	if len(profile) < 20 || string(profile[16:20]) != space {
		return nil
	}
	return profile
}

const iccTag = "ICC_PROFILE\x00"

// profileSegments are the APP2 segments of a JPEG that hold the profile, without the marker and the length.
func profileSegments(profile []byte) [][]byte {
	const most = 65_533 - len(iccTag) - 2
	count := (len(profile) + most - 1) / most
	if count > 255 {
		return nil
	}
	var segments [][]byte
	for i := range count {
		part := profile[i*most : min(len(profile), (i+1)*most)]
		segments = append(segments, append(append([]byte(iccTag), byte(i+1), byte(count)), part...))
	}
	return segments
}

// joinProfile is the profile that the payloads of APP2 segments hold together, nil if a part is missing.
func joinProfile(payloads [][]byte) []byte {
	parts := map[byte][]byte{}
	var count byte
	for _, p := range payloads {
		p = p[len(iccTag):]
		parts[p[0]], count = p[2:], p[1]
	}
	var whole bytes.Buffer
	for i := range int(count) {
		part, ok := parts[byte(i+1)]
		if !ok {
			return nil
		}
		whole.Write(part)
	}
	return validProfile(whole.Bytes())
}
