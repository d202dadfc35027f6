package pairs

import (
	"bufio"
	"bytes"
	"testing"
)

// FuzzState: a state file, whatever is in it, is refused or read; what was read is the same after it was written and read again,
// and fits into the zone.
func FuzzState(f *testing.F) {
	f.Add([]byte(`{"a": "1", "10.0.0.0/8": {"value": "2", "expires": 99999999999999}}`), uint8(0))
	f.Add([]byte(`{"::1": "<\u2028\ud800>", "1.2.3.4": {"expires": -1, "value": ""}}`), uint8(1))
	f.Add([]byte("{\n}\n"), uint8(2))
	f.Fuzz(func(t *testing.T, in []byte, typ uint8) {
		read := func(in []byte) (*Store, error) {
			s := NewStore()
			t.Cleanup(s.Close)
			if err := s.Begin(Options{Size: 64 << 10, Type: Type(typ % 3), Timeout: 1 << 40}); err != nil {
				t.Fatal(err)
			}
			return s, s.read(bytes.NewReader(in))
		}
		s, err := read(in)
		if err != nil {
			return
		}
		if s.room < 0 {
			t.Errorf("%d bytes more than the zone has", -s.room)
		}
		var b bytes.Buffer
		w := bufio.NewWriter(&b)
		appendState(w, s.records())
		_ = w.Flush()
		again, err := read(b.Bytes())
		if err != nil {
			t.Fatalf("%q: %v", b.Bytes(), err)
		}
		for _, p := range s.All() {
			if q, ok := again.Find(p.Key); p.Expire == 0 && (!ok || q.Value != p.Value) {
				t.Errorf("%q: %q, was %q", p.Key, q.Value, p.Value)
			}
			if v, ok := again.Get([]byte(p.Key)); Type(typ%3) == String && ok && string(v) != p.Value {
				t.Errorf("%q: got %q, was %q", p.Key, v, p.Value)
			}
		}
	})
}
