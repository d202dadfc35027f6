package limits

import (
	"strings"

	"github.com/sluiceproxy/sluice/integration/internal/goroutines"
)

// goroutines counts those of the server under test, without the runtime's own and those that serving counts.
func (s *site) goroutines() int {
	s.t.Helper()
	return s.goroutinesThat(func(began string) bool { return !servesConnections(began) })
}

// serving counts the goroutines of the server under test that serve connections. Up to keptGoroutines of them wait for others: how many
// depends on how many connections have been served at once.
func (s *site) serving() int {
	s.t.Helper()
	return s.goroutinesThat(servesConnections)
}

// servedAtOnce is more than the clients that a case has served at once, where it asks with a few.
const servedAtOnce = 16

// keptGoroutines is how many goroutines are kept for other connections.
const keptGoroutines = 64

func servesConnections(began string) bool { return strings.Contains(began, "front.(*goroutinePool)") }

// goroutinesThat counts goroutines by the name of the function that they began with.
func (s *site) goroutinesThat(count func(began string) bool) (n int) {
	s.t.Helper()
	for began, of := range goroutines.ByFunction(s.t, s.binary, s.processes()...) {
		if count(began) {
			n += of
		}
	}
	return n
}
