package stubstatus

import (
	"testing"

	"github.com/sluiceproxy/sluice/runtime/httpd"
)

func TestPage(t *testing.T) {
	var s httpd.Stats
	s.Active.Store(3)
	s.Accepted.Store(10)
	s.Handled.Store(9)
	s.Requests.Store(12)
	s.Writing.Store(1)
	s.Waiting.Store(2)
	const want = "Active connections: 3 \nserver accepts handled requests\n 10 9 12 \nReading: 0 Writing: 1 Waiting: 2 \n"
	if got := string(appendPage(nil, &s)); got != want {
		t.Errorf("%q", got)
	}
	b := make([]byte, 0, 256)
	if n := testing.AllocsPerRun(100, func() { appendPage(b, &s) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
