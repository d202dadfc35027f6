package limits

import "github.com/sluiceproxy/sluice/integration/internal/goroutines"

// goroutines counts those of the server under test, without the runtime's own.
func (s *site) goroutines() int {
	s.t.Helper()
	return goroutines.Count(s.t, s.binary, s.processes()...)
}
