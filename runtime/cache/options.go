package cache

import (
	"math"
	"time"

	"github.com/sluiceproxy/sluice/runtime/errlog"
)

// Options are the parameters of a *_cache_path directive. They do not change once a zone
// has them; a change of configuration gives it others.
type Options struct {
	Dir         string // absolute, without a slash at its end
	Levels      [3]int // digits of the names of folders, each 0 to 2
	ZoneSize    int64  // bytes, of keys_zone=
	UseTempPath bool   // entries are written in Query.Temp, else beside their place

	Inactive time.Duration
	MaxSize  int64 // bytes
	MinFree  int64 // bytes, 0: any

	Loader, Manager, Purger Pace
	// Purge is purger=on: files that a wildcard purge has removed from the cache are
	// looked for and deleted.
	Purge bool

	// Log takes what the loader and the manager have to say.
	Log *errlog.Logger
}

// Pace is how a goroutine that works through many entries makes breaks: after so many
// entries, or after Threshold of work, it sleeps.
type Pace struct {
	Files            int
	Sleep, Threshold time.Duration
}

// Defaults are the parameters that a directive does not give.
func Defaults() Options {
	pace := Pace{Files: 100, Sleep: 50 * time.Millisecond, Threshold: 200 * time.Millisecond}
	return Options{
		UseTempPath: true,
		Inactive:    10 * time.Minute,
		MaxSize:     math.MaxInt64,
		Loader:      pace,
		Manager:     pace,
		Purger:      Pace{Files: 10, Sleep: 50 * time.Millisecond, Threshold: 50 * time.Millisecond},
	}
}
