package conf

import (
	"errors"
	"io"
	"net/netip"
	"os"

	"github.com/sluiceproxy/sluice/parser"
)

// Inputs is where a load gets what lies outside of it. Whatever a directive
// reads while the configuration is loaded goes through the Loader's, never
// straight to the system: a worker loads from what its master has read.
type Inputs interface {
	// ReadConf reads a configuration file. The error is a *parser.FileError.
	ReadConf(path string) ([]byte, error)
	// Glob returns the names that match the pattern of an include.
	Glob(pattern string) []string
	// ReadFile reads any other file: certificates, keys, passwords, data. The
	// error is an *fs.PathError; a folder cannot be read.
	ReadFile(path string) ([]byte, error)
	// ReadState is ReadConf for a file that the server itself writes while it runs. A
	// worker reads it anew where it can: what its master has read may be old by then.
	ReadState(path string) ([]byte, error)
	// LookupHost returns the addresses of a host's name.
	LookupHost(host string) ([]netip.Addr, error)
}

// Files are Inputs that know the files of this machine and no hosts. They are a
// Loader's until it is given others.
type Files struct{}

// live marks Files and what embeds it.
func (Files) live() {}

// Live reports whether the Loader reads the files of this machine as they are
// now, so that a caller may compare them with an earlier state.
func (l *Loader) Live() bool {
	_, live := l.Inputs.(interface{ live() })
	return live
}

// maxInput bounds what is read of one file.
const maxInput = 256 << 20

// ReadConf implements Inputs.
func (Files) ReadConf(path string) ([]byte, error) { return parser.ReadFile(path) }

// ReadState implements Inputs.
func (f Files) ReadState(path string) ([]byte, error) { return f.ReadConf(path) }

// Glob implements Inputs.
func (Files) Glob(pattern string) []string { return parser.Glob(pattern) }

// ReadFile implements Inputs.
func (Files) ReadFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // nothing was written
	return io.ReadAll(io.LimitReader(f, maxInput))
}

// LookupHost implements Inputs: no host is found.
func (Files) LookupHost(string) ([]netip.Addr, error) { return nil, errors.New("host not found") }
