//go:build unix && !linux

package netio

import "time"

// Yield lets all goroutines run that are ready, those included whose sockets have
// become ready: the scheduler polls the network when no goroutine is ready.
func Yield() { time.Sleep(20 * time.Microsecond) }
