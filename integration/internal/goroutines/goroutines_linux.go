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
	all           uint64     // address of runtime.allgs, a slice of pointers
	status, start int64      // where in a runtime.g its status is, and the address of the function it began with
	functions     []function // in order
}

// function is one of the program, at the addresses from begin on, before end.
type function struct {
	name       string
	begin, end uint64
}

// goDead are the states of a goroutine that has ended, and whose memory is kept for another.
var goDead = []uint32{6, 11}

var goLists sync.Map // path of a binary to its *goList

// Count returns how many goroutines processes of a binary have. The runtime's own ones do not count: it starts those of the
// collector when the first collection comes, and more of them with each processor that it may use.
func Count(t testing.TB, binary string, pids ...int) (n int) {
	t.Helper()
	for _, of := range ByFunction(t, binary, pids...) {
		n += of
	}
	return n
}

// ByFunction returns how many goroutines processes of a binary have that began with each function. The runtime's own ones
// are left out, as Count does.
func ByFunction(t testing.TB, binary string, pids ...int) map[string]int {
	t.Helper()
	list := goListOf(t, binary)
	all := map[string]int{}
	for _, pid := range pids {
		list.count(t, pid, all)
	}
	return all
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
	list := &goList{all: symbols[i].Value, functions: functionsOf(symbols)}
	list.status, list.start = offsets(t, f)
	goLists.Store(binary, list)
	return list
}

// functionsOf returns where the functions are, in order.
func functionsOf(symbols []elf.Symbol) (all []function) {
	for _, s := range symbols {
		if elf.ST_TYPE(s.Info) == elf.STT_FUNC {
			all = append(all, function{s.Name, s.Value, s.Value + s.Size})
		}
	}
	slices.SortFunc(all, func(a, b function) int { return cmp.Compare(a.begin, b.begin) })
	return all
}

// nameOf returns the name of the function at an address, "" where there is none.
func (l *goList) nameOf(at uint64) string {
	i, found := slices.BinarySearchFunc(l.functions, at, func(f function, at uint64) int { return cmp.Compare(f.begin, at) })
	if !found {
		i--
	}
	if i < 0 || at >= l.functions[i].end {
		return ""
	}
	return l.functions[i].name
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

// count adds those of one process to all.
func (l *goList) count(t testing.TB, pid int, all map[string]int) {
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
		if slices.Contains(goDead, binary.NativeEndian.Uint32(status[:])&^0x1000) {
			continue
		}
		// runtime.main, which every process has once, is the runtime's own as well.
		if name := l.nameOf(binary.NativeEndian.Uint64(start[:])); !strings.HasPrefix(name, "runtime.") {
			all[name]++
		}
	}
}
