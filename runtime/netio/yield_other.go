//go:build unix && !linux

package netio

import "time"

// Yield lets everybody run who is ready, those whose sockets have become ready
// included: the scheduler asks the network when nobody is ready to run.
func Yield() { time.Sleep(20 * time.Microsecond) }
