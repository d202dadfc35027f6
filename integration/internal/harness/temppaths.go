package harness

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// TempPathsFile is a file that the configurations of this package include in their http block. It keeps the temporary
// files of a server in its own folder: where a distribution's nginx puts them, only root may.
const TempPathsFile = "temp-paths.conf"

// tempPaths asks a server which directives for temporary files it has, and returns a file that uses them all.
func tempPaths(ctx context.Context, binary string) (string, error) {
	dir, err := os.MkdirTemp("", "sluice-")
	if err != nil {
		return "", err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	modules := []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"}
	for {
		var b strings.Builder
		for _, m := range modules {
			fmt.Fprintf(&b, "%s_temp_path %s_temp;\n", m, m)
		}
		conf := "events { }\nhttp {\n" + b.String() + "}\n"
		if err := os.WriteFile(filepath.Join(dir, "nginx.conf"), []byte(conf), 0o644); err != nil {
			return "", err
		}
		refused := refusedDirective(ctx, binary, dir)
		i := slices.IndexFunc(modules, func(m string) bool { return m+"_temp_path" == refused })
		if i < 0 {
			return b.String(), nil
		}
		modules = slices.Delete(modules, i, i+1)
	}
}

// refusedDirective has a server check the configuration in dir and returns the directive that it does not have, if that is
// what it complains about.
func refusedDirective(ctx context.Context, binary, dir string) string {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, "-t", "-q", "-p", dir+"/", "-c", "nginx.conf", "-e", "stderr", "-g", "pid pid;")
	cmd.WaitDelay = time.Second
	out, _ := cmd.CombinedOutput() // it also fails where the user may not write: that says nothing about directives
	for line := range bytes.Lines(out) {
		if bytes.Contains(line, []byte("unknown directive")) || bytes.Contains(line, []byte("not supported here")) {
			if _, rest, ok := bytes.Cut(line, []byte(`"`)); ok {
				name, _, _ := bytes.Cut(rest, []byte(`"`))
				return string(name)
			}
		}
	}
	return ""
}
