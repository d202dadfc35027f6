package tlsconf

import (
	"bytes"
	"encoding/binary"
	"testing"
)

func FuzzSplitECH(f *testing.F) {
	f.Add([]byte{0, 0})
	f.Add([]byte{0, 5, 0xfe, 0x0d, 0, 1, 7})
	f.Add([]byte{0, 9, 0xfe, 0x0d, 0, 1, 7, 0xfe, 0x0d, 0, 0})
	f.Add([]byte{0, 5, 0xfe, 0x0d, 0, 2, 7})
	f.Fuzz(func(t *testing.T, list []byte) {
		configs, err := splitECH(list)
		if err != nil {
			return
		}
		var all []byte
		for _, c := range configs {
			if int(binary.BigEndian.Uint16(c[2:])) != len(c)-4 {
				t.Fatalf("configuration %x", c)
			}
			all = append(all, c...)
		}
		if !bytes.Equal(all, list[2:]) {
			t.Fatalf("%x from %x", all, list)
		}
	})
}
