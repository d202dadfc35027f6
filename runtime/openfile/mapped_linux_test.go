package openfile

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// TestMappedWrites: what is written through a mapping, which changes no time of the file, is served within a moment.
func TestMappedWrites(t *testing.T) {
	for _, c := range []struct {
		name string
		o    *Options
	}{
		{"contents", &Options{}},
		{"open_file_cache", &Options{Files: NewFileCache(10, time.Hour), Valid: time.Second, MinUses: 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "f")
			write(t, path, "first")
			f, err := os.OpenFile(path, os.O_RDWR, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			m, err := syscall.Mmap(int(f.Fd()), 0, 5, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = syscall.Munmap(m) }()
			copy(m, "dirty") // from here on the page is dirty, and mtime stays
			settle(t, path)
			cache := NewCache(0)
			if got, _ := get(t, cache, path, c.o); got != "dirty" {
				t.Fatalf("%q", got)
			}
			copy(m, "later")
			for deadline := time.Now().Add(10 * contentAge); ; <-time.After(20 * time.Millisecond) {
				got, _ := get(t, cache, path, c.o)
				if got == "later" {
					return
				}
				if time.Now().After(deadline) {
					t.Fatalf("still %q", got)
				}
			}
		})
	}
}
