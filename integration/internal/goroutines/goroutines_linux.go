package goroutines

import (
	"cmp"
	"debug/dwarf"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
)

// goList is where a Go binary has its goroutines.
type goList struct {
	all           uint64 // address of runtime.allgs, a slice of pointers
	status, start int64  // where in a runtime.g its status is, and the address of the function it began with
	// own are the addresses of functions of the runtime.
	own []extent
}

// extent is the addresses from begin on, before end.
type extent struct{ begin, end uint64 }

// goDead are the states of a goroutine that has ended, and whose memory is kept for another.
var goDead = []uint32{6, 11}

var goLists sync.Map // path of a binary to its *goList

// Count returns how many goroutines processes of a binary have. The runtime's own ones do not count: it starts those of the
// collector when the first collection comes, and more of them with each processor that it may use.
func Count(t testing.TB, binary string, pids ...int) (n int) {
	t.Helper()
	list := goListOf(t, binary)
	for _, pid := range pids {
		n += list.count(t, pid)
	}
	return n
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func goListOf(t testing.TB, binary string) *goList {
	t.Helper()
	if known, ok := goLists.Load(binary); ok {
		return known.(*goList)
	}
	f, err := elf.Open(binary)
	must(t, err)
	defer func() { _ = f.Close() }()
	if f.Class != elf.ELFCLASS64 || f.Type != elf.ET_EXEC {
		t.Fatalf("%s: goroutines are counted in programs of 64 bits at fixed addresses only, this is %v, %v", binary, f.Class, f.Type)
	}
	symbols, err := f.Symbols()
	if err != nil {
		t.Fatalf("%s: goroutines are counted with the help of its symbols: %v", binary, err)
	}
	i := slices.IndexFunc(symbols, func(s elf.Symbol) bool { return s.Name == "runtime.allgs" })
	if i < 0 {
		t.Fatalf("%s has no runtime.allgs", binary)
	}
	list := &goList{all: symbols[i].Value, own: runtimesOwn(symbols)}
	list.status, list.start = offsets(t, f)
	goLists.Store(binary, list)
	return list
}

// runtimesOwn returns where the functions of the runtime are, in order. runtime.main, which every process has once, is one.
func runtimesOwn(symbols []elf.Symbol) (own []extent) {
	for _, s := range symbols {
		if elf.ST_TYPE(s.Info) == elf.STT_FUNC && strings.HasPrefix(s.Name, "runtime.") {
			own = append(own, extent{s.Value, s.Value + s.Size})
		}
	}
	slices.SortFunc(own, func(a, b extent) int { return cmp.Compare(a.begin, b.begin) })
	return own
}

// isOwn tells whether a function is the runtime's.
func (l *goList) isOwn(function uint64) bool {
	i, found := slices.BinarySearchFunc(l.own, function, func(e extent, at uint64) int { return cmp.Compare(e.begin, at) })
	return found || i > 0 && function < l.own[i-1].end
}

// offsets finds the fields atomicstatus and startpc in the description of the type runtime.g.
func offsets(t testing.TB, f *elf.File) (status, start int64) {
	t.Helper()
	data, err := f.DWARF()
	must(t, err)
	r := data.Reader()
	for {
		e, err := r.Next()
		must(t, err)
		if e == nil {
			t.Fatal("the description of runtime.g is missing")
		}
		if name, _ := e.Val(dwarf.AttrName).(string); e.Tag == dwarf.TagStructType && name == "runtime.g" {
			kind, err := data.Type(e.Offset)
			must(t, err)
			for _, field := range kind.(*dwarf.StructType).Field {
				switch field.Name {
				case "atomicstatus":
					status = field.ByteOffset
				case "startpc":
					start = field.ByteOffset
				}
			}
			if status == 0 || start == 0 {
				t.Fatal("runtime.g has other fields than is thought here")
			}
			return status, start
		}
		if e.Tag != dwarf.TagCompileUnit {
			r.SkipChildren()
		}
	}
}

// count reads the list of one process.
func (l *goList) count(t testing.TB, pid int) (n int) {
	t.Helper()
	mem, err := os.Open(fmt.Sprintf("/proc/%d/mem", pid))
	must(t, err)
	defer func() { _ = mem.Close() }()
	var head [16]byte // the pointer and the length of the slice
	_, err = mem.ReadAt(head[:], int64(l.all))
	must(t, err)
	pointers := make([]byte, 8*binary.NativeEndian.Uint64(head[8:]))
	_, err = mem.ReadAt(pointers, int64(binary.NativeEndian.Uint64(head[:])))
	must(t, err)
	for p := range slices.Chunk(pointers, 8) {
		var status [4]byte
		_, err := mem.ReadAt(status[:], int64(binary.NativeEndian.Uint64(p))+l.status)
		must(t, err)
		var start [8]byte
		_, err = mem.ReadAt(start[:], int64(binary.NativeEndian.Uint64(p))+l.start)
		must(t, err)
		// The highest of its twelve bits says that the collector looks at the stack.
		if !slices.Contains(goDead, binary.NativeEndian.Uint32(status[:])&^0x1000) && !l.isOwn(binary.NativeEndian.Uint64(start[:])) {
			n++
		}
	}
	return n
}
