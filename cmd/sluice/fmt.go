package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/sluiceproxy/sluice/parser"
)

// formatFiles is `sluice fmt`: it prints configuration files in the usual layout, or, with -w, writes them back, or,
// with -check, lists those that are not laid out so. Without files it formats standard input. It returns the exit code:
// 1 when a file could not be formatted, or -check listed one.
func formatFiles(args []string) int {
	flags := subcommand("fmt", "[-w | -check] [-json] [-r] [file | folder | pattern ...]")
	write := flags.Bool("w", false, "write the result to the file instead of standard output")
	check := flags.Bool("check", false, "list files whose layout differs, change nothing, and exit with 1 if there are any")
	asJSON := flags.Bool("json", false, "print what became of each file as JSON, see docs/fmt.md; without -w nothing is changed")
	follow := flags.Bool("r", false, "also format what the files include; relative names follow the folder of the file named here")
	if code, ok := parseFlags(flags, args); !ok {
		return code
	}
	f := formatter{write: *write, check: *check || *asJSON && !*write, json: *asJSON}
	wrong := ""
	switch {
	case *write && *check:
		wrong = "-w and -check exclude each other"
	case flags.NArg() == 0 && *write:
		wrong = "-w needs files"
	case flags.NArg() == 0 && *follow:
		wrong = "-r needs files"
	}
	if wrong != "" {
		fmt.Fprintf(os.Stderr, "sluice fmt: %s\n", wrong)
		return codeUsage
	}
	if flags.NArg() == 0 {
		f.stdin()
	}
	found := formatTargets{follow: *follow}
	for _, name := range flags.Args() {
		if err := found.add(name); err != nil {
			f.fail(name, err)
		}
	}
	for _, t := range found.list {
		f.file(t)
	}
	return f.end()
}

// formatter formats files and keeps what became of them.
type formatter struct {
	write, check, json bool
	results            []formatResult
}

// formatResult is what became of one file.
type formatResult struct {
	File    string `json:"file"`
	Status  string `json:"status"` // ok, changed or error
	Message string `json:"message"`
	Line    int    `json:"line"` // of a syntax error, else 0
	Column  int    `json:"column"`
}

// The values of formatResult.Status.
const (
	formatOK      = "ok"
	formatChanged = "changed" // or would be
	formatError   = "error"
)

func (f *formatter) stdin() {
	const name = "<standard input>"
	data, err := io.ReadAll(os.Stdin)
	if err != nil {
		f.fail(name, err)
		return
	}
	f.format(name, data)
}

func (f *formatter) file(path string) {
	data, err := os.ReadFile(path)
	if err != nil {
		f.fail(path, err)
		return
	}
	f.format(path, data)
}

func (f *formatter) format(path string, data []byte) {
	out, err := parser.Format(parser.Parse(path, data))
	switch {
	case err != nil:
	case !f.write && !f.check:
		_, err = os.Stdout.Write(out)
	case bytes.Equal(out, data):
	case f.write:
		if err = replaceFile(path, data, out); err == nil {
			f.done(path, formatChanged)
			return
		}
	default:
		f.done(path, formatChanged)
		return
	}
	if err != nil {
		f.fail(path, err)
		return
	}
	f.done(path, formatOK)
}

func (f *formatter) done(path, status string) {
	f.results = append(f.results, formatResult{File: path, Status: status})
	if f.check && !f.json && status == formatChanged {
		fmt.Println(path)
	}
}

func (f *formatter) fail(path string, err error) {
	r := formatResult{File: path, Status: formatError, Message: err.Error()}
	if e := (*parser.Error)(nil); errors.As(err, &e) {
		r.Message, r.Line, r.Column = e.Msg, e.Pos.Line, e.Pos.Col
	}
	f.results = append(f.results, r)
	if !f.json {
		fmt.Fprintf(os.Stderr, "sluice fmt: %s\n", err)
	}
}

// end prints the report, where one is wanted, and returns the exit code.
func (f *formatter) end() int {
	count := map[string]int{}
	for _, r := range f.results {
		count[r.Status]++
	}
	if f.json {
		e := json.NewEncoder(os.Stdout)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		err := e.Encode(struct {
			Files   []formatResult `json:"files"`
			Changed int            `json:"changed"`
			Errors  int            `json:"errors"`
		}{append([]formatResult{}, f.results...), count[formatChanged], count[formatError]})
		if err != nil {
			fmt.Fprintf(os.Stderr, "sluice fmt: %s\n", err)
			return codeFound
		}
	}
	if count[formatError] > 0 || f.check && count[formatChanged] > 0 {
		return codeFound
	}
	return 0
}
