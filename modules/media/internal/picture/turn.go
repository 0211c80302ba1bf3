package picture

import (
	"image"

	"golang.org/x/image/draw"
)

// turn returns the picture turned or mirrored as EXIF's orientation says. Unless the orientation
// is 1, the bounds of the result start at 0, 0.
func turn(src image.Image, orientation int) image.Image {
	if orientation <= 1 {
		return src
	}
	b := src.Bounds()
	across := image.Rect(0, 0, b.Dx(), b.Dy())
	if orientation >= 5 {
		across = image.Rect(0, 0, b.Dy(), b.Dx())
	}
	t := turning{b.Dx(), b.Dy(), orientation}
	switch s := src.(type) {
	case *image.YCbCr:
		if ratio, ok := t.ratio(s.SubsampleRatio); ok {
			return t.planes(s, ratio, across)
		}
	case *image.Gray:
		return &image.Gray{Pix: t.plane(s.Pix[s.PixOffset(b.Min.X, b.Min.Y):], s.Stride, 1),
			Stride: across.Dx(), Rect: across}
	case *image.Gray16:
		return &image.Gray16{Pix: t.plane(s.Pix[s.PixOffset(b.Min.X, b.Min.Y):], s.Stride, 2),
			Stride: 2 * across.Dx(), Rect: across}
	case *image.Paletted:
		return &image.Paletted{Pix: t.plane(s.Pix[s.PixOffset(b.Min.X, b.Min.Y):], s.Stride, 1),
			Stride: across.Dx(), Rect: across, Palette: s.Palette}
	case *image.RGBA:
		return &image.RGBA{Pix: t.plane(s.Pix[s.PixOffset(b.Min.X, b.Min.Y):], s.Stride, 4),
			Stride: 4 * across.Dx(), Rect: across}
	case *image.NRGBA:
		return &image.NRGBA{Pix: t.plane(s.Pix[s.PixOffset(b.Min.X, b.Min.Y):], s.Stride, 4),
			Stride: 4 * across.Dx(), Rect: across}
	case *image.CMYK:
		return &image.CMYK{Pix: t.plane(s.Pix[s.PixOffset(b.Min.X, b.Min.Y):], s.Stride, 4),
			Stride: 4 * across.Dx(), Rect: across}
	case *image.RGBA64:
		return &image.RGBA64{Pix: t.plane(s.Pix[s.PixOffset(b.Min.X, b.Min.Y):], s.Stride, 8),
			Stride: 8 * across.Dx(), Rect: across}
	case *image.NRGBA64:
		return &image.NRGBA64{Pix: t.plane(s.Pix[s.PixOffset(b.Min.X, b.Min.Y):], s.Stride, 8),
			Stride: 8 * across.Dx(), Rect: across}
	case *image.NYCbCrA:
		return turn(redrawn(image.NewNRGBA(image.Rect(0, 0, b.Dx(), b.Dy())), src), orientation)
	}
	return turn(redrawn(image.NewRGBA(image.Rect(0, 0, b.Dx(), b.Dy())), src), orientation)
}

func redrawn(dst draw.Image, src image.Image) image.Image {
	draw.Draw(dst, dst.Bounds(), src, src.Bounds().Min, draw.Src)
	return dst
}

// turning turns planes of pixels that have the given width and height before turning.
type turning struct{ width, height, orientation int }

// plane returns a turned plane, without gaps between its rows. size is the number of bytes of a
// pixel.
func (t turning) plane(src []byte, stride, size int) []byte {
	right, bottom := (t.width-1)*size, (t.height-1)*stride
	// start is the offset of the pixel that comes into the upper left corner; x and y are the
	// distances from a pixel to its new right and lower neighbours.
	start, x, y := 0, size, stride
	switch t.orientation {
	case 2:
		start, x = right, -size
	case 3:
		start, x, y = right+bottom, -size, -stride
	case 4:
		start, y = bottom, -stride
	case 5:
		x, y = stride, size
	case 6:
		start, x, y = bottom, -stride, size
	case 7:
		start, x, y = right+bottom, -stride, -size
	case 8:
		start, x, y = right, stride, -size
	}
	columns, rows := t.width, t.height
	if t.orientation >= 5 {
		columns, rows = rows, columns
	}
	out := make([]byte, 0, columns*rows*size)
	for row := range rows {
		at := start + row*y
		for range columns {
			out = append(out, src[at:at+size]...)
			at += x
		}
	}
	return out
}

// ratio returns the subsampling ratio of the colour planes after turning. It reports false if the
// colour planes cannot be turned separately: unless the sides are multiples of the samples'
// sides, the turned samples would lie between those of the result.
func (t turning) ratio(r image.YCbCrSubsampleRatio) (image.YCbCrSubsampleRatio, bool) {
	fits := t.width%2 == 0 && t.height%2 == 0
	across := t.orientation >= 5
	switch r {
	case image.YCbCrSubsampleRatio444:
		return r, true
	case image.YCbCrSubsampleRatio420:
		return r, fits
	case image.YCbCrSubsampleRatio422:
		if across {
			return image.YCbCrSubsampleRatio440, fits
		}
		return r, fits
	case image.YCbCrSubsampleRatio440:
		if across {
			return image.YCbCrSubsampleRatio422, fits
		}
		return r, fits
	}
	return r, false
}

func (t turning) planes(
	src *image.YCbCr, ratio image.YCbCrSubsampleRatio, bounds image.Rectangle,
) *image.YCbCr {
	out := &image.YCbCr{SubsampleRatio: ratio, Rect: bounds, YStride: bounds.Dx()}
	b := src.Bounds()
	out.Y = t.plane(src.Y[src.YOffset(b.Min.X, b.Min.Y):], src.YStride, 1)
	right, down := subsampling(src.SubsampleRatio)
	colour := turning{t.width / right, t.height / down, t.orientation}
	at := src.COffset(b.Min.X, b.Min.Y)
	out.Cb = colour.plane(src.Cb[at:], src.CStride, 1)
	out.Cr = colour.plane(src.Cr[at:], src.CStride, 1)
	right, _ = subsampling(ratio)
	out.CStride = bounds.Dx() / right
	return out
}

// subsampling returns how many pixels, to the right and down, share one sample of colour.
func subsampling(r image.YCbCrSubsampleRatio) (right, down int) {
	switch r {
	case image.YCbCrSubsampleRatio422:
		return 2, 1
	case image.YCbCrSubsampleRatio420:
		return 2, 2
	case image.YCbCrSubsampleRatio440:
		return 1, 2
	case image.YCbCrSubsampleRatio411:
		return 4, 1
	case image.YCbCrSubsampleRatio410:
		return 4, 2
	}
	return 1, 1
}
