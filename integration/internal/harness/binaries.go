package harness

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// Binaries are the two programs that are compared.
type Binaries struct {
	// Oracle is nginx: the variable NGINX_BINARY, or the one in PATH.
	Oracle string
	// Tested is the server under test: the variable SLUICE_BINARY, or cmd/sluice built from this tree.
	Tested string
	// OracleVersion and TestedVersion are the levels of nginx that the two state, as 1.22.1.
	OracleVersion, TestedVersion string
	// TempPaths is for each of the two what belongs into TempPathsFile.
	TempPaths map[string]string
}

// Names of the environment variables that choose the programs, and the flags to build with, such as -race.
const (
	oracleVariable = "NGINX_BINARY"
	testedVariable = "SLUICE_BINARY"
	flagsVariable  = "SLUICE_BUILDFLAGS"
)

// FindBinaries finds nginx and finds or builds Sluice; what it builds goes to dir.
func FindBinaries(ctx context.Context, dir string) (*Binaries, error) {
	b := &Binaries{Oracle: os.Getenv(oracleVariable), Tested: os.Getenv(testedVariable)}
	var err error
	if b.Oracle == "" {
		if b.Oracle, err = findNginx(); err != nil {
			return nil, err
		}
	}
	if b.Tested == "" {
		if b.Tested, err = build(ctx, dir); err != nil {
			return nil, err
		}
	}
	if b.OracleVersion, err = version(ctx, b.Oracle); err != nil {
		return nil, err
	}
	if b.TestedVersion, err = version(ctx, b.Tested); err != nil {
		return nil, err
	}
	b.TempPaths = map[string]string{}
	for _, binary := range []string{b.Oracle, b.Tested} {
		if b.TempPaths[binary], err = tempPaths(ctx, binary); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// findNginx looks in PATH and in the folders of system programs, which an ordinary user's PATH may not have.
func findNginx() (string, error) {
	for _, name := range []string{"nginx", "/usr/sbin/nginx", "/usr/local/sbin/nginx", "/usr/local/nginx/sbin/nginx"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("nginx is not installed, and it is what says how a server should answer: run " +
		"`apt-get install nginx` as root (the service need not run), or set " + oracleVariable + " to the path of an nginx")
}

func build(ctx context.Context, dir string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	path := filepath.Join(dir, "sluice")
	args := append([]string{"build"}, strings.Fields(os.Getenv(flagsVariable))...)
	cmd := exec.CommandContext(ctx, "go", append(args, "-o", path, "github.com/sluiceproxy/sluice/cmd/sluice")...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the server under test: %w\n%s", err, out)
	}
	return path, nil
}

// TestedIsNginx tells whether the server under test is an nginx itself.
func (b *Binaries) TestedIsNginx() bool { return filepath.Base(b.Tested) == "nginx" }

var versionText = regexp.MustCompile(`nginx/([0-9]+\.[0-9]+\.[0-9]+)`)

// version asks a server which nginx it is, or is like.
func version(ctx context.Context, binary string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, binary, "-v").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%s -v: %w", binary, err)
	}
	m := versionText.FindSubmatch(bytes.TrimSpace(out))
	if m == nil {
		return "", fmt.Errorf("%s -v names no level of nginx: %q", binary, out)
	}
	return string(m[1]), nil
}
