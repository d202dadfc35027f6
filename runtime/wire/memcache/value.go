package memcache

// trailer follows each value.
const trailer = "\r\nEND\r\n"

// Value reads a value and the trailer behind it. Reset comes first.
type Value struct {
	left int64 // bytes of the value to come
	seen int   // bytes of the trailer that came
}

// Reset prepares for a value of n bytes.
func (v *Value) Reset(n int64) { *v = Value{left: n} }

// Left returns how many bytes of the value and the trailer are still to come.
func (v *Value) Left() int64 {
	const most = 1<<63 - 1
	rest := int64(len(trailer) - v.seen)
	return min(v.left, most-rest) + rest
}

// Part is what Next found.
type Part uint8

// The results of Next.
const (
	More       Part = iota // all bytes are used up
	End                    // the trailer is complete, and nothing follows it
	BadTrailer             // the value is complete, what follows it is not the trailer; or something follows that
)

// Next returns the bytes of the value that b begins with. All of b is used up, for nothing may follow an answer.
func (v *Value) Next(b []byte) (data []byte, p Part) {
	n := int(min(v.left, int64(len(b))))
	data, b = b[:n], b[n:]
	v.left -= int64(n)
	if rest := trailer[v.seen:]; len(b) > len(rest) || string(b) != rest[:len(b)] {
		return data, BadTrailer
	}
	v.seen += len(b)
	if v.seen == len(trailer) {
		return data, End
	}
	return data, More
}
