package cache

import (
	"bytes"
	"hash/crc32"
	"testing"
)

// FuzzBlock: whatever is in a file is either refused, or a block that says the same when it is
// written again.
func FuzzBlock(f *testing.F) {
	m := Meta{Freshness: Freshness{1, 2, 3, 4}, Status: 200, ToHead: true, LastModified: -1, ETag: []byte(`"e"`), Vary: []byte("Accept")}
	b := appendBlock(nil, &m, []byte("key"), []byte("HTTP/1.1 200 OK\r\n\r\n"), 5, 6)
	sealBlock(b, 4, 7, 8)
	f.Add(b)
	f.Add(b[:fixedSize])
	f.Add(append([]byte(nil), magic[:]...))
	f.Fuzz(func(t *testing.T, b []byte) {
		// With a sum that is right the rest of the parser is reached.
		if len(b) >= fixedSize {
			var l layout
			if l.readFixed(b) == nil && l.bodyStart <= len(b) {
				sealBlock(b[:l.bodyStart], l.bodyLen, l.bodySum, l.stamp)
			}
		}
		var l layout
		var m Meta
		text, head, err := l.readBlock(b, &m)
		if err != nil {
			return
		}
		again := appendBlock(nil, &m, text, head, l.gen, l.epoch)
		sealBlock(again, l.bodyLen, l.bodySum, l.stamp)
		var l2 layout
		var m2 Meta
		text2, head2, err := l2.readBlock(again, &m2)
		if err != nil && len(m.ETag) <= MaxETag && len(m.Vary) <= MaxVary {
			t.Fatal(err)
		}
		if err == nil && (!bytes.Equal(text, text2) || !bytes.Equal(head, head2) || m.Freshness != m2.Freshness || m.Status != m2.Status || m.ToHead != m2.ToHead) {
			t.Errorf("%+v, then %+v", m, m2)
		}
	})
}

// FuzzPurges: whatever is in the list of purges, reading it ends.
func FuzzPurges(f *testing.F) {
	f.Add([]byte("\x01\x00\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00abc"))
	f.Add([]byte{})
	f.Fuzz(func(_ *testing.T, b []byte) {
		_, _ = parsePurges(b)
		whole := append(append([]byte(nil), magic[:]...), b...)
		sum := crc32.Checksum(whole, crcTable)
		_, _ = parsePurges(append(whole, byte(sum), byte(sum>>8), byte(sum>>16), byte(sum>>24)))
	})
}
