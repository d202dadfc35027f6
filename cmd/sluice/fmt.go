package main

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/sluiceproxy/sluice/parser"
)

// formatFiles is `sluice fmt`: it prints configuration files in the usual layout, or, with -w, writes them back, or,
// with -check, lists those that are not laid out so. Without files it formats standard input. It returns the exit code:
// 1 when a file could not be formatted, or -check listed one.
func formatFiles(args []string) int {
	flags := flag.NewFlagSet("sluice fmt", flag.ContinueOnError)
	write := flags.Bool("w", false, "write the result to the file instead of standard output")
	check := flags.Bool("check", false, "list files whose layout differs, change nothing, and exit with 1 if there are any")
	flags.Usage = func() {
		_, _ = io.WriteString(flags.Output(), "usage: sluice fmt [-w | -check] [file ...]\n")
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		if err == flag.ErrHelp { //nolint:errorlint // what Parse documents
			return 0
		}
		return 2
	}
	f := formatter{write: *write, check: *check}
	switch {
	case f.write && f.check:
		fmt.Fprintln(os.Stderr, "sluice fmt: -w and -check exclude each other")
		return 2
	case flags.NArg() > 0:
		for _, path := range flags.Args() {
			f.file(path)
		}
	case f.write:
		fmt.Fprintln(os.Stderr, "sluice fmt: -w needs files")
		return 2
	default:
		f.stdin()
	}
	return f.code
}

type formatter struct {
	write, check bool
	code         int
}

func (f *formatter) stdin() {
	data, err := io.ReadAll(os.Stdin)
	if err != nil {
		f.fail(err)
		return
	}
	f.format("<standard input>", data)
}

func (f *formatter) file(path string) {
	data, err := os.ReadFile(path)
	if err != nil {
		f.fail(err)
		return
	}
	f.format(path, data)
}

func (f *formatter) format(path string, data []byte) {
	out, err := parser.Format(parser.Parse(path, data))
	switch {
	case err != nil:
		f.fail(err)
	case f.check:
		if !bytes.Equal(out, data) {
			fmt.Println(path)
			f.code = 1
		}
	case f.write:
		if !bytes.Equal(out, data) {
			if err := replaceFile(path, out); err != nil {
				f.fail(err)
			}
		}
	default:
		if _, err := os.Stdout.Write(out); err != nil {
			f.fail(err)
		}
	}
}

func (f *formatter) fail(err error) {
	fmt.Fprintf(os.Stderr, "sluice fmt: %s\n", err)
	f.code = 1
}

// replaceFile puts data in the place of a file at once, so that a server that reads its configuration meanwhile, or a
// full disk, never leaves half of it. A symbolic link stays; what it leads to is replaced.
func replaceFile(path string, data []byte) error {
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	_, err = tmp.Write(data)
	if e := tmp.Chmod(info.Mode().Perm()); err == nil {
		err = e
	}
	if e := tmp.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		_ = os.Remove(tmp.Name())
	}
	return err
}
