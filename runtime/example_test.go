package runtime_test

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"

	"github.com/sluiceproxy/sluice/runtime"
)

// A program serves a configuration of its own, and replaces it while it runs.
func Example() {
	dir, err := os.MkdirTemp("", "embed")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	opts := runtime.Options{
		Prefix: dir + "/", ConfPath: filepath.Join(dir, "nginx.conf"), ErrorLog: "stderr", Console: os.Stdout,
	}
	configure := func(answer string) {
		_ = os.WriteFile(opts.ConfPath, []byte("error_log stderr crit;\nevents {}\nhttp { access_log off; "+
			"server { listen unix:"+dir+"/s; "+answer+" } }\n"), 0o600)
	}

	configure(`return 200 "first\n";`)
	s, err := runtime.NewServer(opts)
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := s.Start(); err != nil {
		fmt.Println(err)
		return
	}
	defer s.Quit()
	get(dir + "/s")

	configure(`retrun 200 "second\n";`)
	fmt.Println(s.Reload() != nil)
	get(dir + "/s") // the configuration before it goes on

	configure(`return 200 "third\n";`)
	fmt.Println(s.Reload())
	get(dir + "/s")
	// Output:
	// first
	// true
	// first
	// <nil>
	// third
}

// get prints the body of an answer.
func get(socket string) {
	c, err := net.Dial("unix", socket)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	_, _ = io.WriteString(c, "GET / HTTP/1.0\r\n\r\n")
	answer, err := io.ReadAll(c)
	if err != nil {
		fmt.Println(err)
		return
	}
	for i := range answer {
		if string(answer[i:i+4]) == "\r\n\r\n" {
			fmt.Print(string(answer[i+4:]))
			return
		}
	}
}
