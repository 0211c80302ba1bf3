package picture

import "encoding/binary"

// exifOrientation returns the orientation (tag 0x0112) from the first directory of EXIF data,
// which are in the format of TIFF. It returns 1 if there is none or the data make no sense. It
// looks at nothing else in the data.
func exifOrientation(tiff []byte) int {
	const (
		tag        = 0x0112
		typeShort  = 3
		entryBytes = 12
	)
	if len(tiff) < 8 {
		return 1
	}
	var order binary.ByteOrder
	switch string(tiff[:4]) {
	case "II*\x00":
		order = binary.LittleEndian
	case "MM\x00*":
		order = binary.BigEndian
	default:
		return 1
	}
	directory := int64(order.Uint32(tiff[4:]))
	if directory < 8 || directory+2 > int64(len(tiff)) {
		return 1
	}
	entries := tiff[directory+2:]
	for n := order.Uint16(tiff[directory:]); n > 0 && len(entries) >= entryBytes; n-- {
		if order.Uint16(entries) == tag && order.Uint16(entries[2:]) == typeShort {
			if o := int(order.Uint16(entries[8:])); o >= 1 && o <= 8 {
				return o
			}
			return 1
		}
		entries = entries[entryBytes:]
	}
	return 1
}
