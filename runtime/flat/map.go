package flat

// Map finds numbers by texts. The zero value is empty and ready for use.
//
// A record is a key and its number in five bytes.
type Map struct {
	index
}

// numberSize is how many bytes a number has in a record. Numbers have less than 40 bits, which is enough for a place in
// Texts and a flag.
const numberSize = 5

// Add adds a key, unless it is there. It reports whether it was added.
func (m *Map) Add(key string, v uint64) bool {
	if _, there := m.insert(key, numberSize); there {
		return false
	}
	m.records = append(m.records, byte(v), byte(v>>8), byte(v>>16), byte(v>>24), byte(v>>32))
	return true
}

// Find returns the number of a key.
func (m *Map) Find(key []byte) (v uint64, ok bool) {
	if m.n == 0 {
		return 0, false
	}
	at, ok := m.find(key)
	if !ok {
		return 0, false
	}
	b := m.records[at : at+numberSize]
	return uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 | uint64(b[4])<<32, true
}

// Clip gives back the memory that was held for more keys.
func (m *Map) Clip() { m.clip() }

// Texts are many texts, each of which is kept once and has a number. The zero value is empty and ready for use.
type Texts struct {
	index
}

// Add returns the number of a text, which is less than the bytes of all of them.
func (t *Texts) Add(text string) uint64 {
	at, _ := t.insert(text, 0)
	return at
}

// Get returns the text of a number that came from Add. It belongs to t.
func (t *Texts) Get(n uint64) []byte {
	text, _ := t.read(n)
	return text
}

// Clip ends the adding and gives back the memory that it took.
func (t *Texts) Clip() {
	t.clip()
	t.slots = nil
}
