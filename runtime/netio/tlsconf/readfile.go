package tlsconf

import (
	"errors"
	"io"
	"os"
	"strings"
	"syscall"
)

// ReadFile reads a file that a directive names. While a configuration is loaded
// it is that of the Loader's Inputs.
type ReadFile func(name string) ([]byte, error)

// maxFile bounds what is read of a key or certificate file.
const maxFile = 16 << 20

// readFile is the ReadFile of names that are known with a connection only.
func readFile(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // nothing was written
	return io.ReadAll(io.LimitReader(f, maxFile))
}

// CertificateName makes the name of a certificate's file absolute; "data:..." is
// the certificate itself and stays.
func CertificateName(name string, absolute func(string) string) string {
	if strings.HasPrefix(name, dataPrefix) {
		return name
	}
	return absolute(name)
}

// KeyName is CertificateName for a private key, which may come from elsewhere:
// "engine:..." and "store:..." stay as well.
func KeyName(name string, absolute func(string) string) string {
	if strings.HasPrefix(name, enginePrefix) || strings.HasPrefix(name, storePrefix) {
		return name
	}
	return CertificateName(name, absolute)
}

// plain reads a file. A directory reads as empty, as it does through the C
// library.
func (read ReadFile) plain(name string) ([]byte, error) {
	data, err := read(name)
	if errors.Is(err, syscall.EISDIR) {
		return nil, nil
	}
	return data, err
}

// pem returns the text a directive's value stands for.
func (read ReadFile) pem(name, mode string) (data []byte, queue []string, err error) {
	if text, ok := strings.CutPrefix(name, dataPrefix); ok {
		return []byte(text), nil, nil
	}
	if data, err = read.plain(name); err != nil {
		return nil, fopenErrors(name, mode, err), err
	}
	return data, nil, nil
}
