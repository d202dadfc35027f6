package runtime

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
)

// loadText reads a configuration with everything registered; what comes back are
// the problem and that of the checks behind the syntax, without the file's folder.
func loadText(t *testing.T, text string) (problem, late string) {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	l := conf.NewLoader(path, dir+"/")
	register(l, httpd.Env{Stats: &httpd.Stats{}})
	if err := l.Load(""); err != nil {
		return strings.ReplaceAll(err.Error(), dir, ""), ""
	}
	if err := l.CheckLate(); err != nil {
		late = strings.ReplaceAll(err.Error(), dir, "")
	}
	return "", late
}

// TestHintChecks: directives without effect are refused when nginx would refuse them.
func TestHintChecks(t *testing.T) {
	for text, want := range map[string]string{
		"worker_cpu_affinity auto;":                              "",
		"worker_cpu_affinity 01 10;":                             "",
		"worker_cpu_affinity auto 01 10;":                        `invalid number of arguments in "worker_cpu_affinity" directive`,
		"worker_cpu_affinity 012;":                               `invalid character "2" in "worker_cpu_affinity"`,
		"worker_cpu_affinity " + strings.Repeat("1", 1025) + ";": `"worker_cpu_affinity" supports up to 1024 CPUs only`,
		"debug_points ABORT;":                                    "",
		"debug_points now;":                                      `invalid value "now"`,
		"thread_pool a threads=4 max_queue=10;":                  "",
		"thread_pool a threads=0;":                               `invalid threads value "threads=0"`,
		"thread_pool a max_queue=1;":                             `"thread_pool" must have "threads" parameter`,
		"thread_pool a threads=1 max_queue=x;":                   `invalid max_queue value "max_queue=x"`,
		"thread_pool a threads=1;thread_pool a threads=1;":       `duplicate thread pool "a"`,
		"events { use nothing; }":                                `invalid event type "nothing"`,
		"http { request_pool_size 111; }":                        "the pool size must be no less than 112",
		"http { request_pool_size 4097; }":                       "the pool size must be a multiple of 16",
		"http { request_pool_size x; }":                          `"request_pool_size" directive invalid value`,
		"http { directio 4m; }":                                  "",
		"http { directio on; }":                                  `"directio" directive invalid value`,
		"http { aio threads; }":                                  "",
		"http { aio threads=pool$x; }":                           "",
		"http { aio maybe; }":                                    `"aio" directive invalid value`,
	} {
		if want != "" {
			want += " in /nginx.conf:1"
		}
		if got, _ := loadText(t, text); got != want {
			t.Errorf("%.60s: %q, want %q", text, got, want)
		}
	}
}

func TestThreadPoolsAreNamed(t *testing.T) {
	for text, want := range map[string]string{
		"http { aio threads; aio_write on; }":                   "",
		"thread_pool a threads=1; http { aio threads=a; }":      "",
		"http { aio threads=a; }\nthread_pool a threads=1;":     "",
		"http {\naio threads=a; server { aio threads=a; } }":    `unknown thread pool "a" in /nginx.conf:2`,
		"thread_pool default threads=1; http { aio threads=; }": `unknown thread pool "" in /nginx.conf:1`,
	} {
		problem, got := loadText(t, text)
		if problem != "" {
			t.Errorf("%s: %s", text, problem)
		}
		if got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}
