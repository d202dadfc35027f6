package limits

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// root: the server has a master. Without the rights for that the cases are of one process.
var root = os.Getuid() == 0

// shared is what the processes have resident, pages that several of them have counted in parts: what nginx's workers have of
// their master's counts once.
func (s *site) shared() (n size) {
	for _, pid := range s.processes() {
		text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid)) // one that is gone has none
		_, rest, _ := strings.Cut(string(text), "\nPss:")
		if f := strings.Fields(rest); len(f) > 0 {
			kb, _ := strconv.ParseInt(f[0], 10, 64) // the system writes a number
			n += size(kb) << 10
		}
	}
	return n
}

// settledShared is shared once it has come down to limit, at most after a minute: what is left then the server has not been told to
// give back, though the Go runtime does so by itself when two have passed. With 0 for limit it is shared once it has not changed by
// a hundredth for a second, at most after ten.
func (s *site) settledShared(limit size) (n size) {
	patience := time.Minute
	if limit == 0 {
		patience = 10 * time.Second
	}
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	last, same := size(0), 0
	for end := time.Now().Add(patience); time.Now().Before(end); <-tick.C {
		n = s.shared()
		if same++; max(n-last, last-n) > n/100 {
			last, same = n, 0
		}
		if n <= limit || limit == 0 && same == 10 {
			break
		}
	}
	return n
}

// mainConf is a configuration of a master and a worker.
func mainConf(http string) string {
	return "-- nginx.conf --\nuser nobody nogroup;\nworker_processes 1;\npid logs/nginx.pid;\nerror_log logs/error.log;\n" +
		"events { worker_connections 2048; }\nhttp { access_log off; include temp-paths.conf;\n" + http + "}\n"
}

// servers are many servers of one address, and a word in their answers.
func servers(n int, word string) string {
	return "server_names_hash_max_size 65536;\n" + repeated(n, func(i int) string {
		return fmt.Sprintf("server { listen %%%%ADDR%%%%; server_name s%d.test www.s%d.test; location / { return 200 <%s>; } location /i/ { expires 1d; } }\n", i, i, word)
	})
}

func repeated(n int, text func(i int) string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(text(i))
	}
	return b.String()
}

// TestFirstAnswer: where many servers are to be read, the port opens when they have been: the first client does not wait.
func TestFirstAnswer(t *testing.T) {
	within(t, setup{own: root, text: mainConf(servers(10_000, "x"))}, 300*time.Millisecond, func(s *site) time.Duration {
		began := time.Now()
		s.dial().ask("a")
		return time.Since(began)
	})
}
