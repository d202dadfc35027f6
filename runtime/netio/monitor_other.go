//go:build unix && !linux

package netio

// inUse does nothing: every system call tells the scheduler here, which keeps the
// runtime's monitor thread awake.
func inUse() {}
