package main

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/sluiceproxy/sluice"
	"github.com/sluiceproxy/sluice/runtime"
	"github.com/sluiceproxy/sluice/runtime/conf"
)

// useBuiltIn makes opts those of the configuration that the program brings along, and reports whether it did: where the
// command line names no other and there is none in nginx's place either; a program that was installed in a distribution's
// layout belongs to the system and has no other place. Its files are unpacked to a folder of the
// user's, where they can be edited; files that are there already stay as they are.
func useBuiltIn(o *options, opts *runtime.Options) (bool, error) {
	if o.conf.set || o.prefix.set || o.layout == conf.DebianLayout() {
		return false, nil
	}
	if _, err := os.Stat(opts.ConfPath); !os.IsNotExist(err) {
		return false, nil
	}
	home, ok := stateFolder(os.Geteuid())
	if !ok {
		return false, nil // nginx's message about the missing file says it all
	}
	if !o.signal.set {
		if err := unpack(home); err != nil {
			return false, err
		}
	}
	opts.Prefix = home + "/"
	opts.ConfPath = opts.Prefix + "nginx.conf"
	return true, nil
}

// stateFolder is where the built-in configuration is unpacked, by the XDG base directory specification: it is neither
// a user's preference nor a cache.
func stateFolder(uid int) (string, bool) {
	if dir := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "sluice"), true
	}
	if uid == 0 {
		return "/var/lib/sluice", true // what a worker without privileges has to read is not in root's own folder
	}
	home, err := os.UserHomeDir()
	if err != nil || !filepath.IsAbs(home) {
		return "", false
	}
	return filepath.Join(home, ".local", "state", "sluice"), true
}

// unpack puts the shipped files into home, with the folder for logs and a certificate.
func unpack(home string) error {
	assets := sluice.Assets()
	err := fs.WalkDir(assets, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		path := filepath.Join(home, filepath.FromSlash(name))
		if d.IsDir() {
			return os.MkdirAll(path, 0o755)
		}
		data, err := fs.ReadFile(assets, name)
		if err != nil {
			return err
		}
		_, err = createFile(path, data, 0o644)
		return err
	})
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(home, "logs"), 0o755); err != nil {
		return err
	}
	return selfSigned(filepath.Join(home, "certs"))
}

// createFile writes a new file. It reports false, and does nothing, when there is one of that name.
func createFile(path string, data []byte, mode fs.FileMode) (bool, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if os.IsExist(err) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	_, err = f.Write(data)
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		_ = os.Remove(path) // half a file would never be replaced
	}
	return true, err
}

// greet prints what the program does when it is started without a configuration.
func greet(w io.Writer, home string, cfg *runtime.Config) {
	fmt.Fprintf(w, "sluice %s serves the configuration it brings along.\n\n", version)
	for _, url := range urls(cfg) {
		fmt.Fprintf(w, "  listening  %s\n", url)
	}
	fmt.Fprintf(w, "  files      %s\n  logs       %s\n  stop       Ctrl-C, or sluice -s quit\n\n", home, filepath.Join(home, "logs"))
	_, _ = io.WriteString(w, "Edit nginx.conf and conf.d/ there, then: sluice -t && sluice -s reload\n")
}

// urls are the addresses that cfg listens on, as one would type them here.
func urls(cfg *runtime.Config) []string {
	var out []string
	for _, a := range cfg.HTTP.Addrs {
		scheme := "http://"
		if a.SSL {
			scheme = "https://"
		}
		addr := a.Spec.Addr.String()
		if a.Spec.Addr.IsWildcard() {
			addr = addr[strings.LastIndexByte(addr, ':'):]
			addr = "localhost" + addr
		}
		out = append(out, scheme+addr)
	}
	return out
}
