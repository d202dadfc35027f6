package process

import (
	"bytes"
	"os"
	"slices"
	"strconv"
	"strings"
)

// SetTitle changes what ps shows of this process. Like setproctitle(3) it writes
// over the arguments and, when it needs to, over the environment behind them, both
// of which the program has in copies; a longer title is cut. What fails leaves
// the title as it was.
func SetTitle(title string) {
	// Of these two Go keeps no copies.
	os.Args = slices.Clone(os.Args)
	for i := range os.Args {
		os.Args[i] = strings.Clone(os.Args[i])
	}
	stat, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		return
	}
	args, env, ok := titleArea(stat)
	if !ok {
		return
	}
	b := titleBytes(title, args.size(), env.to-args.from, args.to == env.from)
	mem, err := os.OpenFile("/proc/self/mem", os.O_RDWR, 0)
	if err != nil {
		return
	}
	defer mem.Close()
	_, _ = mem.WriteAt(b, args.from) // only looks suffer
}

// An area is a part of this process's memory.
type area struct{ from, to int64 }

func (a area) size() int64 { return a.to - a.from }

// titleArea finds the arguments and the environment in /proc/self/stat, whose
// second field may hold anything, in parentheses.
func titleArea(stat []byte) (args, env area, ok bool) {
	i := bytes.LastIndexByte(stat, ')')
	if i < 0 {
		return args, env, false
	}
	fields := bytes.Fields(stat[i+1:]) // from the third on
	const argStart = 48 - 3
	if len(fields) < argStart+4 {
		return args, env, false
	}
	var n [4]int64
	for k := range n {
		v, err := strconv.ParseInt(string(fields[argStart+k]), 10, 64)
		if err != nil {
			return args, env, false
		}
		n[k] = v
	}
	args, env = area{n[0], n[1]}, area{n[2], n[3]}
	return args, env, args.from > 0 && args.size() > 0 && env.size() >= 0
}

// titleBytes is what to write over an area of args bytes for the arguments in a
// place of all bytes. The system takes the arguments for a title, which may go on
// behind them, when their last byte is not zero.
func titleBytes(title string, args, all int64, joined bool) []byte {
	if !joined || all < args {
		all = args
	}
	b := make([]byte, max(args, min(int64(len(title))+1, all)))
	copy(b[:len(b)-1], title)
	return b
}

// SetCommand sets the name of the program that ps and pgrep show.
func SetCommand(name string) { _ = os.WriteFile("/proc/self/comm", []byte(name), 0) }

// CommandName is the name that SetCommand sets.
func CommandName() string {
	b, err := os.ReadFile("/proc/self/comm")
	if err != nil {
		return ""
	}
	return string(bytes.TrimSuffix(b, []byte{'\n'}))
}
