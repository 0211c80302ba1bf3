package picture

import (
	"image"
	"image/draw"
)

// averageOnWhite returns a part of a picture of any kind, drawn on white and reduced so that each
// block of factor × factor pixels becomes one pixel. Besides the result it needs memory for
// factor rows only.
func averageOnWhite(src image.Image, crop image.Rectangle, factor int) *image.RGBA {
	dst := image.NewRGBA(image.Rect(0, 0, ceil(crop.Dx(), factor), ceil(crop.Dy(), factor)))
	if factor == 1 {
		draw.Draw(dst, dst.Bounds(), white, image.Point{}, draw.Src)
		draw.Draw(dst, dst.Bounds(), src, crop.Min, draw.Over)
		return dst
	}
	band := image.NewRGBA(image.Rect(0, 0, crop.Dx(), factor))
	for y := range dst.Rect.Dy() {
		rows := min(factor, crop.Dy()-y*factor)
		draw.Draw(band, band.Rect, white, image.Point{}, draw.Src)
		draw.Draw(band, image.Rect(0, 0, crop.Dx(), rows), src, crop.Min.Add(image.Pt(0, y*factor)),
			draw.Over)
		out := dst.Pix[y*dst.Stride:]
		for x := range dst.Rect.Dx() {
			columns := min(factor, crop.Dx()-x*factor)
			var r, g, b int
			for row := range rows {
				at := row*band.Stride + 4*x*factor
				for p := band.Pix[at : at+4*columns]; len(p) >= 4; p = p[4:] {
					r, g, b = r+int(p[0]), g+int(p[1]), b+int(p[2])
				}
			}
			n := rows * columns
			out[4*x], out[4*x+1], out[4*x+2], out[4*x+3] =
				byte((r+n/2)/n), byte((g+n/2)/n), byte((b+n/2)/n), 0xff
		}
	}
	return dst
}

// averagePlanes returns a part of a JPEG's picture, reduced so that each block of factor × factor
// pixels becomes one pixel. It averages the brightness and the two planes of colour, which have
// fewer samples, separately. This saves the conversion to RGB of pixels that would be averaged
// away. The part may begin some pixels before the requested one, where a sample of colour begins.
func averagePlanes(src *image.YCbCr, crop image.Rectangle, factor int) *image.YCbCr {
	right, down := subsampling(src.SubsampleRatio)
	origin := src.Rect.Min
	crop = crop.Sub(origin)
	crop = crop.Sub(image.Pt(crop.Min.X%right, crop.Min.Y%down))
	dst := &image.YCbCr{SubsampleRatio: src.SubsampleRatio,
		Rect: image.Rect(0, 0, ceil(crop.Dx(), factor), ceil(crop.Dy(), factor))}
	dst.YStride, dst.CStride = dst.Rect.Dx(), ceil(dst.Rect.Dx(), right)
	at := crop.Min.Add(origin)
	dst.Y = averagePlane(src.Y[src.YOffset(at.X, at.Y):], src.YStride, crop.Dx(), crop.Dy(), factor)
	c := src.COffset(at.X, at.Y)
	dst.Cb = averagePlane(src.Cb[c:], src.CStride, ceil(crop.Dx(), right), ceil(crop.Dy(), down), factor)
	dst.Cr = averagePlane(src.Cr[c:], src.CStride, ceil(crop.Dx(), right), ceil(crop.Dy(), down), factor)
	return dst
}

func averagePlane(src []byte, stride, width, height, factor int) []byte {
	columns, rows := ceil(width, factor), ceil(height, factor)
	out := make([]byte, 0, columns*rows)
	sums := make([]int, width)
	for y := 0; y < height; y += factor {
		clear(sums)
		n := min(factor, height-y)
		for row := range n {
			line := src[(y+row)*stride:][:width]
			for x, v := range line {
				sums[x] += int(v)
			}
		}
		for rest := sums; len(rest) > 0; {
			block := rest[:min(factor, len(rest))]
			rest = rest[len(block):]
			sum := 0
			for _, v := range block {
				sum += v
			}
			count := n * len(block)
			out = append(out, byte((sum+count/2)/count))
		}
	}
	return out
}

func ceil(a, b int) int { return (a + b - 1) / b }
