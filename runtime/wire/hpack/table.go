package hpack

// entryOverhead is what an entry counts beside its texts (RFC 7541, section 4.1).
const entryOverhead = 32

// table is the dynamic table. The texts of its entries are one behind the other in data, the oldest first.
type table struct {
	max     int // size
	size    int
	data    []byte
	entries []place
	oldest  int // in entries: those before it are gone
}

// place is where the texts of an entry are in a table's data.
type place struct{ from, name, value int }

func (p place) size() int { return p.name + p.value + entryOverhead }

func (t *table) reset(limit int) {
	t.max, t.size, t.oldest = limit, 0, 0
	t.data, t.entries = t.data[:0], t.entries[:0]
}

// resize changes the size that the entries have together at most.
func (t *table) resize(limit int) {
	t.max = limit
	t.evict(limit)
}

// evict drops the oldest entries until the others have the size limit at most.
func (t *table) evict(limit int) {
	for t.size > limit {
		t.size -= t.entries[t.oldest].size()
		t.oldest++
	}
	if t.oldest == len(t.entries) {
		t.data, t.entries, t.oldest = t.data[:0], t.entries[:0], 0
	}
}

// add adds an entry as the latest. One that is larger than the table empties it. The texts are none of the table's own.
func (t *table) add(name, value []byte) {
	p := place{name: len(name), value: len(value)}
	if p.size() > t.max {
		t.evict(0)
		return
	}
	t.evict(t.max - p.size())
	if len(t.data)+p.name+p.value > cap(t.data) || len(t.entries) == cap(t.entries) {
		t.makeRoom(p.name + p.value)
	}
	p.from = len(t.data)
	t.data = append(append(t.data, name...), value...)
	t.entries = append(t.entries, p)
	t.size += p.size()
}

// makeRoom moves what is in the table to the beginning of its memory, and gets more of that where there is little room left.
func (t *table) makeRoom(n int) {
	live := t.entries[t.oldest:]
	first := len(t.data)
	if len(live) > 0 {
		first = live[0].from
	}
	for i := range live {
		live[i].from -= first
	}
	t.entries = t.entries[:copy(t.entries, live)]
	t.data = t.data[:copy(t.data, t.data[first:])]
	t.oldest = 0
	if need := len(t.data) + n; need > cap(t.data)/2 { // else few additions would pass before the next move
		data := make([]byte, len(t.data), max(2*need, 512))
		copy(data, t.data)
		t.data = data
	}
}

// at returns the i-th entry from the latest, which is 0. Its texts are good until the next add.
func (t *table) at(i int) (entry, bool) {
	i = len(t.entries) - 1 - i
	if i < t.oldest {
		return entry{}, false
	}
	p := t.entries[i]
	value := p.from + p.name
	return entry{t.data[p.from:value], t.data[value : value+p.value]}, true
}
