package limits

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// size is a number of bytes.
type size int64

const mb size = 1 << 20

func (n size) String() string { return fmt.Sprintf("%.1f MB", float64(n)/float64(mb)) }

// processes are those of the server that live: the one that was started, and all that descend from it.
func (s *site) processes() []int {
	parents := map[int]int{}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat") // the pattern is in order
	for _, path := range stats {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // it has gone
		}
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path))) // the pattern says so
		f := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
		if f[0] != "Z" {
			parents[pid], _ = strconv.Atoi(f[1]) // the system writes a number
		}
	}
	all := []int{s.Pid()}
	for i := 0; i < len(all); i++ {
		for pid, parent := range parents {
			if parent == all[i] {
				all = append(all, pid)
			}
		}
	}
	return all
}

// workers are the processes that serve: those that were started by the first, or that one itself where it has none.
func (s *site) workers() []int {
	all := s.processes()
	if len(all) > 1 {
		return all[1:]
	}
	return all
}

// memory is what the processes have resident.
func (s *site) memory() size { return s.sum("VmRSS:") }

// sum adds up a figure of /proc/PID/status that is in kB.
func (s *site) sum(field string) (n size) {
	for _, pid := range s.processes() {
		text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid)) // one that is gone has none
		_, rest, _ := strings.Cut(string(text), field)
		if f := strings.Fields(rest); len(f) > 0 {
			kb, _ := strconv.ParseInt(f[0], 10, 64) // the system writes a number
			n += size(kb) << 10
		}
	}
	return n
}

// settled is memory once it changes no more, at most after ten seconds.
func (s *site) settled() (n size) {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	same := 0
	for limit := time.Now().Add(10 * time.Second); same < 10 && time.Now().Before(limit); <-tick.C {
		now := s.memory()
		if same++; now != n {
			n, same = now, 0
		}
	}
	return n
}

// growth does something and returns how far the resident memory, at its highest, was above what it was before.
func (s *site) growth(do func()) size {
	s.t.Helper()
	before := s.memory()
	for _, pid := range s.processes() {
		// 5 has the system forget how much it has been at most.
		must(s.t, os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", pid), []byte("5"), 0))
	}
	do()
	return s.sum("VmHWM:") - before
}

// descriptors is how many the processes have open.
func (s *site) descriptors() int { return s.descriptorsOf("") }

// descriptorsOf is how many of them are of something with sub in its name: a part of a path, socket:, anon_inode:.
func (s *site) descriptorsOf(sub string) (n int) {
	for _, pid := range s.processes() {
		links, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid)) // the pattern is in order
		for _, link := range links {
			target, err := os.Readlink(link)
			if !errors.Is(err, os.ErrNotExist) && strings.Contains(target, sub) {
				n++
			}
		}
	}
	return n
}

// cpu is the processor time that the processes have used, to a hundredth of a second.
func (s *site) cpu() (used time.Duration) {
	for _, pid := range s.processes() {
		text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)) // one that is gone has none
		if f := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:])); len(f) > 12 {
			user, _ := strconv.Atoi(f[11]) // the system writes numbers
			kernel, _ := strconv.Atoi(f[12])
			used += time.Duration(user+kernel) * 10 * time.Millisecond
		}
	}
	return used
}
