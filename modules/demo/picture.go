package demo

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"math"
)

// drawComb draws a honeycomb, the demonstration's only picture.
func drawComb(width, height int) ([]byte, error) {
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	const cell = 40.0
	for y := range height {
		for x := range width {
			row := math.Round(float64(y) / (cell * 0.866))
			shift := 0.0
			if int(row)%2 != 0 {
				shift = cell / 2
			}
			dx := math.Mod(float64(x)+shift, cell) - cell/2
			dy := float64(y) - row*cell*0.866
			shade := uint8(min(255, 120+5*math.Hypot(dx, dy)))
			img.Set(x, y, color.RGBA{shade, uint8(float64(shade) * 0.7), 30, 255})
		}
	}
	var b bytes.Buffer
	err := png.Encode(&b, img)
	return b.Bytes(), err
}
