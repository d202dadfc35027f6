package chunked

import "math"

// Status is what Decode found.
type Status uint8

const (
	// More: the input is used up and the body is not complete.
	More Status = iota
	// Data: there are bytes of the body.
	Data
	// Done: the body is complete.
	Done
	// Invalid: the framing is broken; the decoder is of no more use.
	Invalid
)

// The states of a decoder, named after what comes next.
const (
	sizeStart uint8 = iota
	sizeDigits
	extension
	extensionLF
	chunkData
	dataCR
	dataLF
	lastExtension
	lastExtensionLF
	trailerStart
	trailerEndLF
	trailerLine
	trailerLineLF
	invalid
)

// Decoder decodes one body. The zero value is ready and skips the trailer
// section; a Decoder can be copied.
type Decoder struct {
	size  int64
	state uint8

	// KeepTrailer ends the body right behind the last chunk's line. Set it
	// before the first call of Decode.
	KeepTrailer bool
}

// Reset makes d ready for another body and keeps KeepTrailer.
func (d *Decoder) Reset() { *d = Decoder{KeepTrailer: d.KeepTrailer} }

// Remaining returns how many bytes of the current chunk have not been given out
// yet.
func (d *Decoder) Remaining() int64 {
	if d.state != chunkData {
		return 0
	}
	return d.size
}

// Decode reads in from the decoder's position on. It returns with Data as soon
// as it has bytes of the body: data, a slice of in, which ends at byte n of in.
// With Done, n is where the bytes that follow the body begin; with More it is
// len(in); with Invalid it is the offset of the byte that is wrong.
func (d *Decoder) Decode(in []byte) (data []byte, n int, st Status) {
	for n < len(in) {
		if d.state == chunkData {
			if d.size > 0 {
				data = in[n:]
				if int64(len(data)) > d.size {
					data = data[:d.size]
				}
				d.size -= int64(len(data))
				return data, n + len(data), Data
			}
			d.state = dataCR
		}
		switch st = d.step(in[n]); st {
		case More:
			n++
		case Done:
			d.Reset()
			return nil, n + 1, Done
		default:
			d.state = invalid
			return nil, n, Invalid
		}
	}
	return nil, n, More
}

// step takes one byte of framing.
func (d *Decoder) step(c byte) Status {
	switch d.state {
	case sizeStart:
		v, ok := hex(c)
		if !ok {
			return Invalid
		}
		d.size = v
		d.state = sizeDigits
		return More
	case sizeDigits:
		return d.stepSize(c)
	case extension:
		return d.line(c, extension, extensionLF)
	case extensionLF:
		return d.lineFeed(c, chunkData)
	case dataCR:
		if c != '\r' {
			return Invalid
		}
		d.state = dataLF
		return More
	case dataLF:
		return d.lineFeed(c, sizeStart)
	case lastExtension:
		return d.line(c, lastExtension, lastExtensionLF)
	case lastExtensionLF:
		if c == '\n' && d.KeepTrailer {
			return Done
		}
		return d.lineFeed(c, trailerStart)
	case trailerStart:
		return d.line(c, trailerLine, trailerEndLF)
	case trailerEndLF:
		if c != '\n' {
			return Invalid
		}
		return Done
	case trailerLine:
		return d.line(c, trailerLine, trailerLineLF)
	case trailerLineLF:
		return d.lineFeed(c, trailerStart)
	}
	return Invalid
}

// stepSize takes a byte behind the first digit of a size.
func (d *Decoder) stepSize(c byte) Status {
	if d.size > math.MaxInt64/16 {
		return Invalid
	}
	if v, ok := hex(c); ok {
		d.size = d.size*16 + v
		return More
	}
	ext, lf := extension, extensionLF
	if d.size == 0 {
		ext, lf = lastExtension, lastExtensionLF
	}
	switch c {
	case '\r':
		d.state = lf
	case ';', ' ', '\t':
		d.state = ext
	default:
		return Invalid
	}
	return More
}

// line takes a byte of text up to the CR that ends it.
func (d *Decoder) line(c byte, text, end uint8) Status {
	switch c {
	case '\r':
		d.state = end
	case '\n':
		return Invalid
	default:
		d.state = text
	}
	return More
}

// lineFeed takes the line feed behind a CR.
func (d *Decoder) lineFeed(c byte, next uint8) Status {
	if c != '\n' {
		return Invalid
	}
	d.state = next
	return More
}

// hex returns the value of a hexadecimal digit.
func hex(c byte) (int64, bool) {
	switch {
	case c >= '0' && c <= '9':
		return int64(c - '0'), true
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return int64(c|0x20-'a') + 10, true
	}
	return 0, false
}

// Need returns the least number of bytes that must still come for the body to
// be complete: what is worth waiting for in one read.
func (d *Decoder) Need() int64 {
	const end = int64(len("\r\n" + LastChunk))
	switch d.state {
	case sizeStart:
		return int64(len(LastChunk))
	case sizeDigits:
		if d.size == 0 {
			return int64(len("\r\n\r\n"))
		}
		return int64(len("\r\n")) + d.size + end
	case extension:
		return int64(len("\r\n")) + d.size + end
	case extensionLF:
		return int64(len("\n")) + d.size + end
	case chunkData:
		return d.size + end
	case dataCR:
		return end
	case dataLF:
		return end - 1
	case lastExtension, trailerLine:
		return int64(len("\r\n\r\n"))
	case lastExtensionLF, trailerLineLF:
		return int64(len("\n\r\n"))
	case trailerStart:
		return int64(len("\r\n"))
	case trailerEndLF:
		return int64(len("\n"))
	}
	return 0
}
