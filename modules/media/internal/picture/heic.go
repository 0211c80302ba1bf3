package picture

import "slices"

// IsHEIC reports whether the content is a picture in the format of newer phones. Such pictures are not
// accepted, because there is no decoder for them that could be trusted with files from strangers. Phones send
// a JPEG instead to forms that ask for one.
func IsHEIC(content []byte) bool {
	return len(content) >= 12 && string(content[4:8]) == "ftyp" &&
		slices.Contains([]string{"heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1"},
			string(content[8:12]))
}
