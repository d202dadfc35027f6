package limits

import (
	"os"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// outOfDescriptors is why a worker leaves a reload to another one: the message found no descriptor, or the one that it found is what
// clients wait for.
var outOfDescriptors = regexp.MustCompile(`\[alert\] \d+#\d+: (recvmsg|accept4)\(\) failed \(24: Too many open files\)`)

// TestReloadNoDescriptors: where clients have all the descriptors of a worker, for as long as they want, another one takes the
// configuration of a reload at once, and a signal to end finds its way.
func TestReloadNoDescriptors(t *testing.T) {
	if os.Getuid() != 0 {
		return // there is no worker
	}
	t.Parallel()
	set := crowd(512, "user nobody nogroup; worker_rlimit_nofile 60;")
	set.own = true
	s := start(t, tested(), set)
	var held []*client
	for range 80 {
		c := s.dial()
		c.send("GET / HTTP/1.1\r\nHost: a\r\nX-")
		held = append(held, c)
	}
	s.eventually("the end of descriptors", func() bool { return strings.Contains(s.read("logs/error.log"), "accept4() failed (24: ") })
	begun := time.Now()
	_, conf, _ := strings.Cut(set.text, "--\n")
	s.reload(strings.ReplaceAll(conf, "return 200 served", "return 200 anew"), "anew")
	if took := time.Since(begun); took > 30*time.Second { // the time-out of a header, and that of a worker's answer, are a minute
		t.Errorf("the reload took %v", took)
	}
	if !outOfDescriptors.MatchString(s.read("logs/error.log")) {
		t.Error("the log does not say why another worker was started")
	}
	for _, c := range held {
		_ = c.conn.Close()
	}
	begun = time.Now()
	s.signal(syscall.SIGQUIT)
	must(t, s.Wait())
	if took := time.Since(begun); took > 30*time.Second {
		t.Errorf("the end took %v", took)
	}
}
