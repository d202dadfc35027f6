package conf

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// nginx keeps names in hash tables of a fixed size, which *_hash_max_size and
// *_hash_bucket_size bound. A configuration whose names they do not hold is refused,
// or warned of. There are no such tables here, but what they would hold is computed,
// for a 64-bit system with cache lines of 64 bytes.

const (
	pointer   = 8
	cacheLine = 64
	// largestBucket is what the 16 bits of a bucket's length allow.
	largestBucket = 1<<16 - cacheLine
	// namesAtOnce is how many names are a step of a load, see Loader.Pause: they take
	// microseconds together.
	namesAtOnce = 64
)

// Hash is one of nginx's tables.
type Hash struct {
	Name        string // as in the messages: server_names_hash
	Max, Bucket int    // what *_max_size and *_bucket_size are in effect

	pause *pause // of the load; nil for none
}

// HashOf returns the table of a name as it is set for b; largest and bucket are the
// defaults.
func (b *Block) HashOf(name string, largest, bucket int) Hash {
	return Hash{
		Name: name, Max: b.hashSize(name+"_max_size", largest),
		Bucket: aligned(b.hashSize(name+"_bucket_size", bucket), cacheLine),
		pause:  b.pauses(),
	}
}

// pauses is the pause of the load that has made the block, nil when it is over.
func (b *Block) pauses() *pause {
	if b.memory == nil {
		return nil
	}
	return b.memory.pause
}

func (b *Block) hashSize(directive string, size int) int {
	for ; b != nil; b = b.Parent {
		if n, ok := b.hashSizes[directive]; ok {
			return n
		}
	}
	return size
}

// HashHints adds the two directives that bound nginx's table, by its name in them
// without the ending.
func (m *Module) HashHints(table string) {
	m.Hint(table+"_hash_max_size", WhyHash, setHashSize)
	m.Hint(table+"_hash_bucket_size", WhyHash, setHashSize)
}

// setHashSize notes the size of a table.
func setHashSize(c *Cmd) error {
	n, ok := ParseInt(c.Arg(0))
	if !ok {
		return c.Bad("invalid number")
	}
	if c.Block.hashSizes == nil {
		c.Block.hashSizes = map[string]int{}
	}
	c.Block.hashSizes[c.Name.Value] = n
	return nil
}

// aligned rounds up to a power of two; beyond the largest number it wraps around, as in nginx.
func aligned(n, to int) int { return (n + to - 1) &^ (to - 1) }

// element is the space that a name takes in a bucket.
func element(name string) int { return pointer + aligned(len(name)+2, pointer) }

// key is the number by which a name's bucket is found.
func key(name string) (k uint64) {
	for i := range len(name) {
		c := name[i]
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		k = k*31 + uint64(c)
	}
	return k
}

// Check returns nginx's error for a table of these names. nginx's warning is passed
// to warn.
func (h Hash) Check(names []string, warn func(format string, args ...any)) error {
	switch {
	case h.Max == 0:
		return fmt.Errorf("could not build %s, you should increase %s_max_size: %d", h.Name, h.Name, h.Max)
	case h.Bucket > largestBucket || h.Bucket < 0:
		return fmt.Errorf("could not build %s, too large %s_bucket_size: %d", h.Name, h.Name, h.Bucket)
	}
	for _, name := range names {
		if h.Bucket < element(name)+pointer {
			return fmt.Errorf("could not build %s, you should increase %s_bucket_size: %d", h.Name, h.Name, h.Bucket)
		}
	}
	keys := make([]uint64, len(names))
	for i, name := range names {
		if i%namesAtOnce == 0 {
			h.pause.due()
		}
		keys[i] = key(name)
	}
	if h.fits(names, keys) {
		return nil
	}
	warn("could not build optimal %s, you should increase either %s_max_size: %d or %s_bucket_size: %d; ignoring %s_bucket_size",
		h.Name, h.Name, h.Max, h.Name, h.Bucket, h.Name)
	filled := map[uint64]int{}
	for i, name := range names {
		if i%namesAtOnce == 0 {
			h.pause.due()
		}
		at := keys[i] % uint64(h.Max)
		if filled[at] += element(name); pointer+filled[at] > largestBucket {
			return fmt.Errorf("could not build %s, you should increase %s_max_size: %d", h.Name, h.Name, h.Max)
		}
	}
	return nil
}

// CheckLengths is Check without the number of buckets, for tables whose other names
// are not known.
func (h Hash) CheckLengths(names []string) error {
	h.Max = min(h.Max, 1)
	for _, name := range names {
		if err := h.Check([]string{name}, nil); err != nil {
			return err
		}
	}
	return nil
}

// fits reports whether there is a number of buckets with which none is too full.
func (h Hash) fits(names []string, keys []uint64) bool {
	room := h.Bucket - pointer
	first := max(len(names)/(room/(2*pointer)), 1)
	if h.Max > 10000 && len(names) > 0 && h.Max/len(names) < 100 {
		first = h.Max - 1000
	}
	var filled []uint16
	for size := first; size <= h.Max; size++ {
		if len(filled) < size {
			filled = make([]uint16, min(2*size, h.Max))
		}
		clear(filled[:size])
		if h.fill(filled, names, keys, size, room) {
			return true
		}
	}
	return false
}

// fill puts the names into so many buckets and reports whether they have room.
func (h Hash) fill(filled []uint16, names []string, keys []uint64, size, room int) bool {
	for i, name := range names {
		if i%namesAtOnce == 0 {
			h.pause.due()
		}
		at := keys[i] % uint64(size)
		n := int(filled[at]) + element(name)
		if n > room {
			return false
		}
		filled[at] = uint16(n) // room is less than largestBucket
	}
	return true
}

// CheckHosts is Check for names of hosts, wildcards among them: each kind has tables
// of its own, those of wildcards one for every level of names.
func (h Hash) CheckHosts(names []string, warn func(format string, args ...any)) error {
	var exact, head, tail []string
	for _, name := range names {
		switch {
		case len(name) > 1 && name[0] == '.':
			head = append(head, backwards(name[1:]))
		case len(name) > 2 && strings.HasPrefix(name, "*."):
			head = append(head, backwards(name[2:])+".")
		case len(name) > 2 && strings.HasSuffix(name, ".*"):
			tail = append(tail, name[:len(name)-2])
		default:
			exact = append(exact, name)
		}
	}
	var err error
	if len(exact) > 0 {
		err = h.Check(exact, warn)
	}
	for _, wild := range [][]string{head, tail} {
		if err == nil && len(wild) > 0 {
			slices.SortFunc(wild, compareHosts)
			err = h.checkLevels(wild, warn)
		}
	}
	return err
}

// backwards has the labels of a name in the other order.
func backwards(name string) string {
	labels := strings.Split(name, ".")
	slices.Reverse(labels)
	return strings.Join(labels, ".")
}

// compareHosts compares names with the dot as the first of all characters.
func compareHosts(a, b string) int {
	for i := range min(len(a), len(b)) {
		if x, y := a[i], b[i]; x != y {
			if x == '.' {
				x = ' '
			}
			if y == '.' {
				y = ' '
			}
			return cmp.Compare(x, y)
		}
	}
	return cmp.Compare(len(a), len(b))
}

// checkLevels checks the tables of sorted wildcards: first those of what follows a
// label, then that of the first labels.
func (h Hash) checkLevels(names []string, warn func(format string, args ...any)) error {
	var labels []string
	for i := 0; i < len(names); {
		label, _, dotted := strings.Cut(names[i], ".")
		prefix := label
		if dotted {
			prefix += "."
		}
		var next []string
		if names[i] != prefix {
			next = append(next, names[i][len(prefix):])
		}
		labels = append(labels, label)
		for i++; i < len(names) && strings.HasPrefix(names[i], prefix); i++ {
			if !dotted && len(names[i]) > len(label) && names[i][len(label)] != '.' {
				break
			}
			next = append(next, names[i][min(len(label)+1, len(names[i])):])
		}
		if len(next) > 0 {
			if err := h.checkLevels(next, warn); err != nil {
				return err
			}
		}
	}
	return h.Check(labels, warn)
}

// CheckHash checks a table that nginx makes at the end of the block c: what it would
// say comes there, without a place. hosts is for names that may be wildcards.
func (c *Cmd) CheckHash(h Hash, names []string, hosts bool) {
	if len(names) == 0 {
		return
	}
	check := h.Check
	if hosts {
		check = h.CheckHosts
	}
	say := func(s Severity, text string) {
		c.Loader.add(Problem{Severity: s, Text: text, Node: c.Node, End: true, seq: c.EndSeq})
	}
	err := check(names, func(format string, args ...any) { say(Warn, Sprintf(format, args...)) })
	if err != nil {
		say(Emerg, err.Error())
	}
}
