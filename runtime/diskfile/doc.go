// Package diskfile makes, moves and copies files for a request or a session, and reads directories: temporary files
// (tempfile.go), moving a file into its place, also between file systems (move.go), a file replaced as a whole (replace.go),
// copies (copy.go), the names in a directory (dir.go). It corresponds to nginx's core/ngx_file.c. A failure is logged, in
// nginx's words, by the [Owner].
//
//	f, err := settings.bodyTemp.Create(r)
//	...
//	moved := diskfile.Move(r, f.Name(), path, diskfile.MoveOptions{Time: -1, MakePath: true})
//
// Package openfile opens the files that are read for requests.
package diskfile

import (
	"sync/atomic"

	"github.com/sluiceproxy/sluice/runtime/errlog"
)

// Owner is the request or session that a file is for.
type Owner interface {
	// Logf writes to the error log with the context of the request.
	Logf(lv errlog.Level, err error, format string, args ...any)
	// Numbers holds the last number that the process has given to a file.
	Numbers() *atomic.Uint64
}
