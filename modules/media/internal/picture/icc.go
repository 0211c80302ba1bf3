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

// validProfile returns an ICC colour profile, cut to the length that it declares, or nil if the data is
// none. Without this check, other data could be hidden in place of a profile or after it.
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

// profileFor returns the profile if it is for pixels in the given colour space, and nil
// otherwise.
func profileFor(profile []byte, space string) []byte {
	if len(profile) < 20 || string(profile[16:20]) != space {
		return nil
	}
	return profile
}

const iccTag = "ICC_PROFILE\x00"

// profileSegments returns the contents of the APP2 segments of a JPEG that together hold the
// profile, without the marker and the length.
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

// joinProfile returns the profile that is spread over the payloads of APP2 segments, or nil if a
// part is missing.
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
