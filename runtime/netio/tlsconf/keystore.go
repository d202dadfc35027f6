package tlsconf

import (
	"crypto"
	"errors"
	"io/fs"
	"strings"
	"syscall"
)

// Errors of OpenSSL's key stores.
const (
	errNoFileStore  = "error:16000069:STORE routines::unregistered scheme:scheme=file"
	errUnsupported  = "error:1608010C:STORE routines::unsupported"
	errAuthority    = "error:1C8000DF:Provider routines::uri authority unsupported"
	errNotAbsolute  = "error:1C8000DB:Provider routines::path must be absolute:Given path="
	errNoMethod     = "error:07880106:common libcrypto routines::passed invalid argument:No password method specified"
	errNoPassphrase = "error:1C80009F:Provider routines::unable to get passphrase"
	errBadPassword  = "error:04800068:PEM routines::bad password read"
)

// stored reads the private key that "store:URI" names. Of OpenSSL's stores only
// files are here; those of hardware tokens are loaded into OpenSSL and have no
// counterpart. As in nginx, only the first password is tried.
func (read ReadFile) stored(op, uri string, passwords [][]byte) (crypto.Signer, error) {
	data, queue, err := read.storeFile(uri)
	switch {
	case err != nil && otherScheme(uri):
		return nil, unsupportedKey(op, storePrefix)
	case err != nil:
		return nil, &Error{Op: op + "OSSL_STORE_open() failed", Queue: queue, Cause: err}
	}
	queue, err = nil, errNoKey
	for {
		block, rest, ok := nextKey(data)
		if !ok {
			return nil, &Error{Op: op + "OSSL_STORE_load() failed", Queue: queue, Cause: err}
		}
		var key crypto.Signer
		if key, queue, err = storedKey(block, passwords); err == nil {
			return key, nil
		}
		data = rest
	}
}

// storeFile reads the file of a URI: a path as it is, file:/PATH, file:///PATH or
// file://localhost/PATH.
func (read ReadFile) storeFile(uri string) (data []byte, queue []string, err error) {
	queue = []string{errNoFileStore}
	path, isURI := cutFold(uri, "file:")
	if rest, ok := strings.CutPrefix(path, "//"); isURI && ok {
		if local, ok := cutFold(rest, "localhost/"); ok {
			rest = "/" + local
		}
		if !strings.HasPrefix(rest, "/") {
			return nil, append(queue, errAuthority), errors.New("uri authority unsupported")
		}
		path = rest
	} else if data, err = read.plain(uri); err == nil || !isURI {
		return data, append(queue, statErrors(uri, err)...), err
	} else {
		queue = append(queue, statErrors(uri, err)...)
	}
	if !strings.HasPrefix(path, "/") {
		return nil, append(queue, errNotAbsolute+path), errors.New("path must be absolute")
	}
	data, err = read.plain(path)
	return data, append(queue, statErrors(path, err)...), err
}

// statErrors is what OpenSSL says about a path it cannot read: what is not there
// it notices before it opens the file.
func statErrors(path string, err error) []string {
	var errno syscall.Errno
	switch {
	case err == nil:
		return nil
	case errors.As(err, &errno) && errno == syscall.EACCES:
		return fopenErrors(path, "rb", err)
	case errors.Is(err, fs.ErrNotExist):
		errno = syscall.ENOENT
	}
	return []string{systemError(errno, "stat("+path+")")}
}

// storedKey decodes a key. The queue is what OpenSSL says where it cannot.
func storedKey(block pemBlock, passwords [][]byte) (key crypto.Signer, queue []string, err error) {
	pkcs8 := block.label == "ENCRYPTED PRIVATE KEY"
	switch {
	case !block.encrypted():
		key, err = parseKey(block)
		return key, []string{errUnsupported}, err
	case len(passwords) == 0 && pkcs8:
		return nil, []string{errUnsupported, errNoMethod, errNoPassphrase}, errPassword
	case len(passwords) == 0:
		return nil, []string{errNoMethod, errBadPassword}, errPassword
	}
	key, err = decryptKey(block, passwords[0])
	queue = decryptQueue(block, passwords[0])[:2]
	if pkcs8 {
		queue = append([]string{errUnsupported}, queue...)
	}
	return key, queue, err
}

// otherScheme reports whether uri begins with a scheme that is not file.
func otherScheme(uri string) bool {
	scheme, _, ok := strings.Cut(uri, ":")
	return ok && !strings.EqualFold(scheme, "file")
}

// cutFold is strings.CutPrefix in any case.
func cutFold(s, prefix string) (after string, ok bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}
