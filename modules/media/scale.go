package media

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	_ "image/gif" // decoders
	"image/jpeg"
	_ "image/png"
	"log/slog"

	"golang.org/x/image/draw"
	_ "golang.org/x/image/webp"

	"38qa.net/backend/modules/kernel/problem"
)

// Bounds of what is decoded: an image is refused before its pixels are read when it is larger.
const (
	maxPixels = 40_000_000
	maxSide   = 12_000
)

// jpegQuality is that of the old site's scaled images.
const jpegQuality = 90

// scale is the image of a blob as a JPEG with no side longer than size, on white where it is transparent. Results are kept
// in memory; at most two images are worked on at once.
func (m *Module) scale(ctx context.Context, id string, size int) ([]byte, error) {
	k := scaledKey{id, size}
	if content, ok := m.scaled.GetIfPresent(k); ok {
		return content, nil
	}
	select {
	case m.working <- struct{}{}:
		defer func() { <-m.working }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if content, ok := m.scaled.GetIfPresent(k); ok {
		return content, nil
	}
	b, err := m.read(ctx, id)
	if err != nil {
		return nil, err
	}
	content, err := scaleDown(b.content, size)
	if err != nil {
		slog.WarnContext(ctx, "image cannot be scaled", "blob", id, "error", err)
		return nil, problem.New("unsupported_image")
	}
	m.scaled.Set(k, content)
	return content, nil
}

// scaleDown decodes, scales and encodes; panics of decoders become errors.
func scaleDown(content []byte, size int) (out []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("decoder panicked: %v", p)
		}
	}()
	cfg, _, err := image.DecodeConfig(bytes.NewReader(content))
	if err != nil {
		return nil, fmt.Errorf("not an image: %w", err)
	}
	if cfg.Width > maxSide || cfg.Height > maxSide || cfg.Width*cfg.Height > maxPixels {
		return nil, fmt.Errorf("too large: %d × %d", cfg.Width, cfg.Height)
	}
	src, _, err := image.Decode(bytes.NewReader(content))
	if err != nil {
		return nil, fmt.Errorf("broken image: %w", err)
	}
	width, height := constrain(cfg.Width, cfg.Height, size)
	dst := image.NewRGBA(image.Rect(0, 0, width, height))
	draw.Draw(dst, dst.Bounds(), image.NewUniform(color.White), image.Point{}, draw.Src)
	draw.CatmullRom.Scale(dst, dst.Bounds(), src, src.Bounds(), draw.Over, nil)
	var b bytes.Buffer
	if err := jpeg.Encode(&b, dst, &jpeg.Options{Quality: jpegQuality}); err != nil {
		return nil, fmt.Errorf("encode: %w", err)
	}
	return b.Bytes(), nil
}

// constrain is the size of an image that fits into a square with sides of size, never larger than it is; sides are
// rounded down as Q2A does, to at least one pixel.
func constrain(width, height, size int) (int, int) {
	if width <= size && height <= size {
		return width, height
	}
	factor := min(float64(size)/float64(width), float64(size)/float64(height))
	return max(1, int(float64(width)*factor)), max(1, int(float64(height)*factor))
}
