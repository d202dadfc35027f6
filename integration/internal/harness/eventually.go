package harness

import "time"

// Eventually asks ok every few milliseconds until it says yes, at most for limit, and returns its last word. It is for what
// another process does in its own time.
func Eventually(limit time.Duration, ok func() bool) bool {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	end := time.After(limit)
	for !ok() {
		select {
		case <-tick.C:
		case <-end:
			return false
		}
	}
	return true
}
